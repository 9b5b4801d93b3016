#define _GNU_SOURCE
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/suggest.h"
#include "config/key.h"
#include "config/number.h"

static enum az_status parse(struct az_experiment *experiment, const char *text,
                            struct az_error *error)
{
    az_experiment_init(experiment);
    az_error_clear(error);
    return az_experiment_parse(experiment, "a.conf", text, strlen(text), error);
}

static void defaults_are_read_and_pass_all_checks(void **state)
{
    (void)state;
    struct az_experiment experiment;
    struct az_error error;
    az_experiment_init(&experiment);
    assert_int_equal(az_experiment_check(&experiment, &error), AZ_OK);
    assert_int_equal(experiment.train.steps, 1000);
    assert_true(experiment.optimizer.lr == 1e-3);
    assert_int_equal(experiment.record.cadence[AZ_RECORD_W].every, 1);
    assert_int_equal(experiment.record.cadence[AZ_RECORD_HIDDEN].every, 0);
    assert_int_equal(experiment.budget.memory_bytes, 24000000000);
    for (size_t k = 0; k < az_key_count; k++) {
        struct az_experiment scratch = experiment;
        assert_int_equal(az_key_parse(&az_keys[k], az_keys[k].default_text, &scratch, &error),
                         AZ_OK);
    }
}

static void a_file_sets_what_it_names_and_nothing_else(void **state)
{
    (void)state;
    struct az_experiment experiment, expected;
    struct az_error error;
    az_experiment_init(&expected);
    expected.train.steps = 77;
    expected.optimizer.lr = 3e-4;
    expected.model.tied = false;
    expected.seed.data = UINT64_MAX;
    expected.optimizer.arithmetic = AZ_ARITHMETIC_BF16_FUSED;
    expected.record.cadence[AZ_RECORD_GRADIENT] = (struct az_cadence){1, 100, 50};
    expected.budget.memory_bytes = INT64_C(3) << 29;
    snprintf(expected.path, sizeof expected.path, "a.conf");
    snprintf(expected.experiment.question, AZ_TEXT_BYTES, "Is a#b = c, \xe0\xb8\x81?");
    assert_int_equal(parse(&experiment,
                           "# a comment\r\n\n"
                           "[train]\n steps=77 # of course\n"
                           "[ optimizer ]\nlr = 3e-4\narithmetic\t= bf16-fused\n"
                           "[model]\ntied = false\n[seed]\ndata = 18446744073709551615\n"
                           "[record]\ngrad_W = 1 until 100 then 50\n[budget]\nmemory = 1.5 GiB\n"
                           "[experiment]\nquestion = Is a#b = c, \xe0\xb8\x81?",
                           &error),
                     AZ_OK);
    assert_memory_equal(&experiment, &expected, sizeof expected);
}

struct mistake {
    const char *text;
    int line;
    const char *message; /* must be part of what is said */
};

static const struct mistake mistakes[] = {
    {"", -1, "sets nothing"},
    {"# only a comment\n", 1, "sets nothing"},
    {"steps = 1\n", 1, "before any [section]"},
    {"[trian]\n", 1, "did you mean \"train\"?"},
    {"[zzz]\n", 1, "unknown section"},
    {"[train\n", 1, "closing bracket"},
    {"[train] steps = 1\n", 1, "after the section"},
    {"[train]\n[model]\n[train]\n", 3, "first on line 1"},
    {"[train]\nstpes = 1\n", 2, "did you mean \"steps\"?"},
    {"[train]\nlr = 1\n", 2, "it belongs to [optimizer]"},
    {"[train]\nfrobnicate = 1\n", 2, "unknown key"},
    {"[train]\nsteps\n", 2, "expected `key = value`"},
    {"[train]\n= 5\n", 2, "no key"},
    {"[train]\nsteps = 5\n\nsteps = 5\n", 4, "comes twice in [train], first on line 2"},
    {"[train]\nsteps =\n", 2, "(nothing)"},
    {"[train]\nsteps = 10 000\n", 2, "expected integer"},
    {"[train]\nsteps = 10;\n", 2, "expected integer"},
    {"[train]\nsteps = 1e3\n", 2, "expected integer"},
    {"[train]\nsteps = 0x10\n", 2, "expected integer"},
    {"[train]\nsteps = 99999999999999999999\n", 2, "expected integer"},
    {"[train]\nsteps = 0\n", 2, "from 1 to 1000000000"},
    {"[train]\nsteps = -5\n", 2, "from 1 to 1000000000"},
    {"[seed]\ndata = -1\n", 2, "expected seed"},
    {"[seed]\ndata = 18446744073709551616\n", 2, "expected seed"},
    {"[optimizer]\nlr = 0\n", 2, "above 0"},
    {"[optimizer]\nlr = 1e-3x\n", 2, "expected number"},
    {"[optimizer]\nlr = 0,001\n", 2, "expected number"},
    {"[optimizer]\nlr = nan\n", 2, "expected number"},
    {"[optimizer]\nlr = inf\n", 2, "expected number"},
    {"[optimizer]\nlr = 1e999\n", 2, "expected number"},
    {"[optimizer]\nlr = 0x1p-3\n", 2, "expected number"},
    {"[optimizer]\nbeta2 = 1\n", 2, "at least 0, below 1"},
    {"[optimizer]\narithmetic = bf16_fused\n", 2, "did you mean \"bf16-fused\"?"},
    {"[optimizer]\narithmetic = BF16\n", 2, "f32 | bf16 | bf16-foreach |"},
    {"[model]\nsigma = 0\n", 2, "above 0"},
    {"[model]\ntied = yes\n", 2, "true or false"},
    {"[tokenizer]\npattern = thai\n", 2, "gpt2 | marks | whitespace"},
    {"[record]\nW = every 10\n", 2, "expected cadence"},
    {"[record]\nW = 0\n", 2, "expected cadence"},
    {"[record]\nW = 1 until 100\n", 2, "expected cadence"},
    {"[record]\nW = 1 until 100 then 10 then\n", 2, "expected cadence"},
    {"[record]\nW = 1 until 0 then 10\n", 2, "expected cadence"},
    {"[budget]\nmemory = 24\n", 2, "expected bytes"},
    {"[budget]\nmemory = 24 G\n", 2, "expected bytes"},
    {"[budget]\nmemory = -1GB\n", 2, "expected bytes"},
    {"[budget]\nmemory = 10B\n", 2, "from 1MB"},
    {"[budget]\nmemory = 0.3B\n", 2, "expected bytes"},
    {"[experiment]\nname = caf\xe9\n", 2, "not UTF-8"},
    {"[experiment]\nname = \x1b[31m\n", 2, "control character 0x1b"},
};

static void every_mistake_is_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof mistakes / sizeof mistakes[0]; n++) {
        struct az_experiment experiment, untouched;
        struct az_error error;
        az_experiment_init(&untouched);
        if (parse(&experiment, mistakes[n].text, &error) != AZ_USAGE ||
            error.line != mistakes[n].line || !strstr(error.message, mistakes[n].message))
            fail_msg("%s\ngave line %d: %s", mistakes[n].text, (int)error.line, error.message);
        assert_string_equal(error.file, "a.conf");
        assert_memory_equal(&experiment, &untouched, sizeof untouched);
    }
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    struct az_experiment experiment;
    struct az_error error;
    char text[9000];
    az_experiment_init(&experiment);
    az_error_clear(&error);
    assert_int_equal(az_experiment_parse(&experiment, "b", "[train]\nsteps = 1\0\n", 18, &error),
                     AZ_USAGE);
    assert_int_equal(error.line, 2);
    assert_non_null(strstr(error.message, "NUL"));

    memset(text, 'x', sizeof text);
    memcpy(text, "[train]\n# ", 10);
    assert_int_equal(az_experiment_parse(&experiment, "b", text, sizeof text, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "8992 bytes"));

    memcpy(text, "[experiment]\nname = ", 20);
    assert_int_equal(az_experiment_parse(&experiment, "b", text, 20 + 1024, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "at most 1023"));
    assert_int_equal(az_experiment_parse(&experiment, "b", text, 20 + 1023, &error), AZ_OK);
}

static void a_missing_file_and_a_directory_are_told(void **state)
{
    (void)state;
    struct az_experiment experiment;
    struct az_error error;
    az_experiment_init(&experiment);
    assert_int_equal(az_experiment_read(&experiment, "/nonexistent.conf", &error), AZ_MISSING);
    assert_string_equal(error.file, "/nonexistent.conf");
    assert_int_equal(az_experiment_read(&experiment, "/", &error), AZ_IO);
}

static void an_override_sets_one_key_or_says_why_not(void **state)
{
    (void)state;
    struct az_experiment experiment;
    struct az_error error;
    az_experiment_init(&experiment);
    assert_int_equal(az_experiment_override(&experiment, "train.steps=5", &error), AZ_OK);
    assert_int_equal(experiment.train.steps, 5);
    assert_int_equal(az_experiment_override(&experiment, "experiment.name=a.b=c # d", &error),
                     AZ_OK);
    assert_string_equal(experiment.experiment.name, "a.b=c # d");
    static const char *const wrong[][2] = {
        {"train.steps", "section.key=value"},
        {"steps=5", "section.key=value"},
        {"train.stesp=5", "did you mean \"steps\""},
        {"optimiser.lr=5", "did you mean \"optimizer\""},
        {"train.steps= 5", "expected integer"},
        {"train.steps=x", "expected integer"},
        {"=", "section.key=value"},
    };
    for (size_t n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
        assert_int_equal(az_experiment_override(&experiment, wrong[n][0], &error), AZ_USAGE);
        assert_non_null(strstr(error.message, wrong[n][1]));
    }
}

static void parameters_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *message;
        enum az_status status;
    } cases[] = {
        {"model.heads=3", NULL, "does not divide model.width = 64", AZ_USAGE},
        {"model.jitter=1e-5", NULL, "singular-jitter", AZ_USAGE},
        {"model.init=singular-jitter", NULL, "needs model.jitter", AZ_USAGE},
        {"model.init=singular-jitter", "model.jitter=1e-5", NULL, AZ_OK},
        {"model.init=file", NULL, "needs model.init_file", AZ_USAGE},
        {"model.init_file=x", NULL, "model.init = file only", AZ_USAGE},
        {"model.init=file", "model.init_file=x", NULL, AZ_OK},
        {"record.rows=list", NULL, "needs record.row_file", AZ_USAGE},
        {"record.row_file=x", NULL, "record.rows = list only", AZ_USAGE},
        {"record.grad_U=1", NULL, "model.tied = false", AZ_USAGE},
        {"record.grad_U=1", "model.tied=false", NULL, AZ_OK},
        {"optimizer.final_lr_ratio=0.1", NULL, "linear and cosine", AZ_USAGE},
        {"optimizer.warmup_steps=1001", NULL, "more than train.steps", AZ_USAGE},
        {"optimizer.weight_decay=1000", NULL, "erase", AZ_USAGE},
        {"optimizer.arithmetic=master", "optimizer.rounding=kahan", "loses nothing", AZ_USAGE},
        {"tokenizer.vocabulary=256", NULL, "at least 257", AZ_USAGE},
        {"tokenizer.base_characters=9", NULL, "character only", AZ_USAGE},
        {"tokenizer.model=character", NULL, "from 1 to 3999", AZ_USAGE},
        {"corpus.text=", NULL, "corpus.text is empty", AZ_USAGE},
        {"tokenizer.texts=", NULL, "tokenizer.texts is empty", AZ_USAGE},
        {"tokenizer.texts=web:0", NULL, "web:0: the weight", AZ_USAGE},
        {"tokenizer.texts=web thai:7x", NULL, "thai:7x: the weight", AZ_USAGE},
        {"tokenizer.texts=web:99999999999999999999999999999999999", NULL, "the weight", AZ_USAGE},
        {"tokenizer.texts=:7", NULL, "name of the text is missing", AZ_USAGE},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        struct az_experiment experiment;
        struct az_error error;
        az_experiment_init(&experiment);
        snprintf(experiment.path, sizeof experiment.path, "c.conf");
        assert_int_equal(az_experiment_override(&experiment, cases[n].first, &error), AZ_OK);
        if (cases[n].second)
            assert_int_equal(az_experiment_override(&experiment, cases[n].second, &error), AZ_OK);
        if (az_experiment_check(&experiment, &error) != cases[n].status)
            fail_msg("%s: wrong status, %s", cases[n].first, error.message);
        if (cases[n].status == AZ_OK) continue;
        if (!strstr(error.message, cases[n].message)) fail_msg("%s", error.message);
        assert_string_equal(error.file, "c.conf");
    }
}

/* Gathers what visit says as an experiment file. */
struct gathered {
    struct az_experiment *experiment;
    size_t count;
};

static void set_again(void *context, const struct az_parameter_view *view)
{
    struct gathered *gathered = context;
    struct az_error error;
    char assignment[2048];
    snprintf(assignment, sizeof assignment, "%s.%s=%s", view->section, view->key, view->value);
    if (az_experiment_override(gathered->experiment, assignment, &error) != AZ_OK)
        fail_msg("%s: %s", assignment, error.message);
    assert_true(view->help[0]);
    gathered->count++;
}

static void visited_values_read_back_to_the_same_bits(void **state)
{
    (void)state;
    struct az_experiment experiment, again;
    struct gathered gathered = {&again, 0};
    az_experiment_init(&experiment);
    az_experiment_init(&again);
    experiment.optimizer.lr = 0.1 + 0.2;
    experiment.optimizer.eps = nextafter(1e-8, 1);
    experiment.model.sigma = 0x1.fffffffffffffp-3;
    experiment.seed.rounding = UINT64_MAX - 1;
    experiment.model.tied = false;
    experiment.train.sampler = AZ_SAMPLER_CHUNKS;
    experiment.record.cadence[AZ_RECORD_HIDDEN] = (struct az_cadence){2, 64, 16};
    experiment.budget.hdf5_bytes = 123456789;
    az_experiment_visit(&experiment, set_again, &gathered);
    assert_int_equal(gathered.count, az_key_count);
    assert_memory_equal(&experiment, &again, sizeof again);
}

/* Makes a locale with a decimal comma, whatever locales the machine has, and enters it. */
static bool enter_comma_locale(void)
{
    char folder[] = "/tmp/azimuth-locale-XXXXXX", command[256];
    if (!mkdtemp(folder)) return false;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8", folder);
    bool entered = system(command) == 0 && setenv("LOCPATH", folder, 1) == 0 &&
                   setlocale(LC_NUMERIC, "de_DE.UTF-8");
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0) print_message("%s stays behind\n", folder);
    return entered;
}

static void numbers_are_printed_as_short_as_they_can_be(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",        "1",
                                        "0.001",    "1e-8",
                                        "-2.5e-17", "1e20",
                                        "1e100",    "-1e-9",
                                        "123456",   "-0",
                                        "0.0001",   "0.30000000000000004",
                                        "1.5e-310", "1.7976931348623157e308"};
    for (size_t n = 0; n < sizeof texts / sizeof texts[0]; n++) {
        char text[AZ_NUMBER_TEXT_BYTES];
        double value, again;
        assert_true(az_number_parse(texts[n], &value));
        az_number_format(value, text);
        assert_true(az_number_parse(text, &again));
        assert_memory_equal(&again, &value, sizeof value);
        if (fabs(value) < 1e-300 && value != 0) continue; /* subnormals may be longer */
        assert_string_equal(text, texts[n]);
    }
}

static void numbers_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    char text[AZ_NUMBER_TEXT_BYTES];
    double value;
    if (!enter_comma_locale()) skip();
    bool read = az_number_parse("0.25", &value);
    az_number_format(0.1, text);
    setlocale(LC_NUMERIC, "C");
    assert_true(read && value == 0.25);
    assert_string_equal(text, "0.1");
}

static void cadences_record_the_steps_they_say(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "off", "1", "7", "1 until 100 then 100", "3 until 10 then 4", "10 until 5 then 2"};
    for (size_t n = 0; n < sizeof texts / sizeof texts[0]; n++) {
        struct az_cadence cadence;
        char text[64];
        assert_true(az_cadence_parse(texts[n], &cadence));
        az_cadence_format(&cadence, text);
        assert_string_equal(text, texts[n]);
        int64_t frames = 0;
        for (int64_t step = 0; step < 300; step++) {
            frames += az_cadence_records(&cadence, step);
            assert_int_equal(az_cadence_frames(&cadence, step), frames);
        }
        assert_int_equal(az_cadence_records(&cadence, 0), n != 0);
    }
    struct az_cadence cadence;
    assert_true(az_cadence_parse("1 until 100 then 100", &cadence));
    assert_true(az_cadence_records(&cadence, 37) && az_cadence_records(&cadence, 200));
    assert_false(az_cadence_records(&cadence, 101) || az_cadence_records(&cadence, 199));
    assert_int_equal(az_cadence_frames(&cadence, 1000), 110);
}

static void texts_have_names_and_weights(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t weight;
    } expected[] = {{"web", 1}, {"thai", 7}, {"a:b.txt", 1}, {"C:x", 12}, {"", 1}, {"", 1}};
    const char *texts = "  web thai:7\ta:b.txt C:x:12 ";
    for (size_t n = 0; n < sizeof expected / sizeof expected[0]; n++) {
        char name[AZ_TEXT_BYTES];
        int64_t weight;
        assert_int_equal(az_experiment_next_text(&texts, name, &weight, NULL), AZ_OK);
        assert_string_equal(name, expected[n].name);
        assert_int_equal(weight, expected[n].weight);
    }
}

static void edit_distance_counts_the_four_edits(void **state)
{
    (void)state;
    assert_int_equal(az_suggest_distance("steps", "steps"), 0);
    assert_int_equal(az_suggest_distance("stpes", "steps"), 1);
    assert_int_equal(az_suggest_distance("step", "steps"), 1);
    assert_int_equal(az_suggest_distance("stteps", "steps"), 1);
    assert_int_equal(az_suggest_distance("staps", "steps"), 1);
    assert_int_equal(az_suggest_distance("kitten", "sitting"), 3);
    assert_int_equal(az_suggest_distance("", "abc"), 3);
    assert_int_equal(az_suggest_distance("abc", ""), 3);
    struct az_suggest suggest;
    az_suggest_init(&suggest, "trian");
    az_suggest_offer(&suggest, "tokenizer");
    az_suggest_offer(&suggest, "train");
    assert_string_equal(az_suggest_best(&suggest), "train");
    az_suggest_init(&suggest, "xyz");
    az_suggest_offer(&suggest, "train");
    assert_null(az_suggest_best(&suggest));
}

static void a_strategy_sets_the_cadences(void **state)
{
    (void)state;
    struct az_experiment e;
    az_experiment_init(&e);
    assert_int_equal(az_experiment_override(&e, "record.strategy=project", NULL), AZ_OK);
    const struct az_cadence *cadence = e.record.cadence;
    assert_int_equal(az_cadence_frames(&cadence[AZ_RECORD_W], 1000), 1001);
    assert_int_equal(az_cadence_frames(&cadence[AZ_RECORD_HIDDEN], 1000), 1001);
    assert_int_equal(az_cadence_frames(&cadence[AZ_RECORD_MOMENTUM], 1000), 110);
    assert_int_equal(az_cadence_frames(&cadence[AZ_RECORD_VARIANCE], 1000), 110);
    assert_int_equal(az_cadence_frames(&cadence[AZ_RECORD_GRADIENT], 1000), 11);
    assert_int_equal(cadence[AZ_RECORD_PARAMETERS].every, 0);
    assert_int_equal(az_experiment_override(&e, "record.grad_W=1", NULL), AZ_OK);
    assert_int_equal(az_cadence_frames(&cadence[AZ_RECORD_GRADIENT], 1000), 1001);
    assert_int_equal(az_experiment_override(&e, "record.strategy=positions", NULL), AZ_OK);
    assert_int_equal(cadence[AZ_RECORD_GRADIENT].every, 0);
    assert_int_equal(cadence[AZ_RECORD_W].every, 1);
}

/* Whatever comes first, tied or the strategy; what was set by itself stays. */
static void a_strategy_records_u_as_w_where_it_is_not_tied(void **state)
{
    (void)state;
    static const char *const orders[2][2] = {{"model.tied=false", "record.strategy=project"},
                                             {"record.strategy=project", "model.tied=false"}};
    struct az_experiment e;
    const struct az_cadence *cadence = e.record.cadence;
    for (int n = 0; n < 2; n++) {
        az_experiment_init(&e);
        for (int k = 0; k < 2; k++)
            assert_int_equal(az_experiment_override(&e, orders[n][k], NULL), AZ_OK);
        for (int r = AZ_RECORD_W; r <= AZ_RECORD_VARIANCE; r++)
            assert_memory_equal(&cadence[AZ_RECORD_UNEMBEDDING + r], &cadence[AZ_RECORD_W + r],
                                sizeof *cadence);
        assert_int_equal(az_cadence_frames(&cadence[AZ_RECORD_UNEMBEDDING_MOMENTUM], 1000), 110);
    }
    assert_int_equal(az_experiment_override(&e, "record.U=7", NULL), AZ_OK);
    assert_int_equal(az_experiment_override(&e, "model.tied=false", NULL), AZ_OK);
    assert_int_equal(cadence[AZ_RECORD_UNEMBEDDING].every, 7);
    assert_int_equal(az_experiment_override(&e, "record.strategy=account", NULL), AZ_OK);
    assert_int_equal(cadence[AZ_RECORD_UNEMBEDDING_VARIANCE].every, 1);
    assert_int_equal(az_experiment_override(&e, "model.tied=true", NULL), AZ_OK);
    for (int r = AZ_RECORD_UNEMBEDDING; r <= AZ_RECORD_UNEMBEDDING_VARIANCE; r++)
        assert_int_equal(cadence[r].every, 0);
    assert_int_equal(az_experiment_check(&e, NULL), AZ_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_strategy_sets_the_cadences),
        cmocka_unit_test(a_strategy_records_u_as_w_where_it_is_not_tied),
        cmocka_unit_test(defaults_are_read_and_pass_all_checks),
        cmocka_unit_test(a_file_sets_what_it_names_and_nothing_else),
        cmocka_unit_test(every_mistake_is_refused_with_its_line),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(a_missing_file_and_a_directory_are_told),
        cmocka_unit_test(an_override_sets_one_key_or_says_why_not),
        cmocka_unit_test(parameters_that_contradict_each_other_are_refused),
        cmocka_unit_test(visited_values_read_back_to_the_same_bits),
        cmocka_unit_test(numbers_are_printed_as_short_as_they_can_be),
        cmocka_unit_test(numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(cadences_record_the_steps_they_say),
        cmocka_unit_test(texts_have_names_and_weights),
        cmocka_unit_test(edit_distance_counts_the_four_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
