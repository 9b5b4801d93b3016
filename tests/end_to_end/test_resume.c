/* Run straight = run, stop, go on. Every axis of an experiment varies; each run is stopped twice,
 * in turn by request and by SIGKILL, and goes on with another instruction set and number of
 * threads. Then all files must be those of the straight run, byte for byte. */
#define _GNU_SOURCE
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "config/key.h"

enum { STEPS = 9, CHANGES_BYTES = 600 };

/* ---- one cell of the matrix ---- */

static const char *isa_number(unsigned n)
{
    enum az_isa there[AZ_ISA_COUNT];
    unsigned count = 0;
    for (int i = 0; i < AZ_ISA_COUNT; i++)
        if (az_isa_available((enum az_isa)i)) there[count++] = (enum az_isa)i;
    return az_isa_name(there[n % count]);
}

/* Stops twice; the second time it has already gone on once. */
static void check(const struct az_experiment *experiment, const char *changes)
{
    static unsigned turn;
    struct az_train_result straight, resumed;
    struct az_error error;
    turn++;
    int64_t first = 1 + turn % 4, second = first + 1 + turn / 4 % 3;
    struct again way = {.isa = isa_number(turn), .threads = 1 + (int)turn % 3};
    again_remove("straight");
    again_remove("resumed");
    again_run_well(experiment, "straight", &way, &straight, changes);
    for (unsigned part = 0; part < 2; part++) {
        way.isa = isa_number(turn + 1 + part);
        way.threads = 1 + (int)(turn + 1 + part) % 3;
        way.resume = part > 0;
        way.at_step = part ? second : first;
        way.ending = (turn + part) % 2 ? BY_KILL : ON_REQUEST;
        if (way.ending == BY_KILL) {
            again_run_and_kill(experiment, "resumed", &way, changes);
        } else {
            again_run_well(experiment, "resumed", &way, &resumed, changes);
            if (resumed.steps != way.at_step) fail_msg("%s: did not stop", changes);
        }
    }
    way = (struct again){.isa = isa_number(turn), .threads = 2, .resume = true};
    again_run_well(experiment, "resumed", &way, &resumed, changes);
    assert_true(resumed.resumed);
    again_same_run(&straight, &resumed, changes);
    assert_int_equal(again_run(experiment, "resumed", &way, &resumed, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "the run is complete"));
}

static void check_tiny(const char *changes)
{
    char all[CHANGES_BYTES];
    snprintf(all, sizeof all,
             "train.steps=%d record.h=1 record.params=1 checkpoint.every=3 model.width=16 %s",
             STEPS, changes);
    struct az_experiment experiment = tiny_experiment(all);
    struct az_error error;
    enum az_status status = az_experiment_check(&experiment, &error);
    if (status == AZ_UNSUPPORTED) {
        print_message("%s: not in this build\n", changes);
        return;
    }
    if (status != AZ_OK) fail_msg("%s: %s", changes, error.message);
    check(&experiment, changes);
}

/* ---- the axes ---- */

/* What a choice needs besides itself. */
static const struct {
    const char *choice, *with;
} companions[] = {
    {"tokenizer.model=character", "tokenizer.base_characters=40 tokenizer.vocabulary=300"},
    {"model.init=singular-jitter", "model.jitter=1e-3"},
    {"model.init=bf16", "model.jitter=1e-3"},
    {"model.init=file", "model.init_file=%s/straight.kept/model/model.safetensors"},
    {"optimizer.arithmetic=master", "optimizer.rounding=stochastic"},
    {"optimizer.schedule=linear", "optimizer.warmup_steps=3 optimizer.final_lr_ratio=0.1"},
    {"optimizer.schedule=cosine", "optimizer.clip_norm=0.5"},
    {"record.rows=list", "record.row_file=%s/rows.txt"},
    {"model.tied=false", "record.U=2 record.grad_U=1 record.momentum_U=3 record.variance_U=1"},
};

static void check_choice(const struct az_key *key, const char *value)
{
    char choice[200], with[CHANGES_BYTES] = "", changes[CHANGES_BYTES];
    snprintf(choice, sizeof choice, "%s.%s=%s", key->section, key->name, value);
    for (size_t n = 0; n < sizeof companions / sizeof *companions; n++) {
        const char *place, *more = companions[n].with;
        if (strcmp(choice, companions[n].choice) != 0) continue;
        if ((place = strstr(more, "%s")) != NULL)
            snprintf(with, sizeof with, "%.*s%s%s", (int)(place - more), more, tiny_path(""),
                     place + 2);
        else
            snprintf(with, sizeof with, "%s", more);
    }
    snprintf(changes, sizeof changes, "%s %s", choice, with);
    check_tiny(changes);
}

/* The table of parameters says what there is to choose, so a new choice is tested unasked. */
static void every_choice_of_every_parameter(void **state)
{
    (void)state;
    FILE *rows = fopen(tiny_path("rows.txt"), "w");
    fputs("3\n7\n300\n", rows);
    fclose(rows);
    struct az_experiment experiment = tiny_experiment("train.steps=1 model.width=16");
    struct az_train_result result;
    struct again way = {.threads = 1};
    again_run_well(&experiment, "straight.kept", &way, &result, "the file to begin with");
    unsigned choices = 0;
    for (size_t k = 0; k < az_key_count; k++) {
        const struct az_key *key = &az_keys[k];
        for (const struct az_choice *c = key->choices; c && c->name; c++, choices++)
            check_choice(key, c->name);
        for (int on = 0; key->type == AZ_KEY_SWITCH && on < 2; on++, choices++)
            check_choice(key, on ? "true" : "false");
    }
    print_message("%u choices\n", choices);
    assert_true(choices >= 30);
}

/* Arithmetic and rounding together: each pair has a state of its own. */
static void every_arithmetic_with_every_rounding(void **state)
{
    (void)state;
    char changes[CHANGES_BYTES];
    for (int a = 0; a < AZ_ARITHMETIC_COUNT; a++)
        for (int r = 1; r < AZ_ROUNDING_COUNT; r++) {
            if (a == AZ_ARITHMETIC_MASTER && r == AZ_ROUNDING_KAHAN) continue; /* refused */
            snprintf(changes, sizeof changes,
                     "optimizer.arithmetic=%s optimizer.rounding=%s optimizer.weight_decay=0.1",
                     az_arithmetic_name((enum az_arithmetic)a),
                     az_rounding_name((enum az_rounding)r));
            check_tiny(changes);
        }
}

static void cadences_checkpoints_and_the_rest(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "record.W=2 record.grad_W=4 record.momentum_W=off record.h=3 record.params=off",
        "checkpoint.every=0",
        "checkpoint.every=1 train.target_offset=2",
        "checkpoint.every=100 train.batch=1",
        ("train.steps=400 model.context=4 checkpoint.every=5 record.h=off record.params=off "
         "record.grad_W=off record.momentum_W=off record.variance_W=off record.W=50"),
        "optimizer.clip_norm=0.1 optimizer.beta1=0 optimizer.eps=1e-3",
        "seed.embedding=1 seed.body=2 seed.data=3 seed.rounding=4",
        "model.compute=f32 model.tied=false optimizer.arithmetic=master",
        "train.sampler=chunks model.context=600 train.batch=3", /* several epochs */
    };
    for (size_t n = 0; n < sizeof changes / sizeof *changes; n++) check_tiny(changes[n]);
    static const char quoted[] = "record.W=1 until 4 then 2";
    struct az_experiment experiment = tiny_experiment("train.steps=9 checkpoint.every=4");
    assert_int_equal(az_experiment_override(&experiment, quoted, NULL), AZ_OK);
    check(&experiment, quoted);
}

/* The presets, made small: their optimizers, initial values, samplers and recordings. */
static void every_family_of_presets(void **state)
{
    (void)state;
    glob_t found;
    char pattern[512];
    snprintf(pattern, sizeof pattern, "%s/experiments/*.conf", getenv("AZ_SOURCE_ROOT"));
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 7);
    for (size_t n = 0; n < found.gl_pathc; n++) {
        struct az_experiment small = tiny_experiment("train.steps=9 checkpoint.every=4");
        struct az_experiment experiment;
        struct az_error error;
        az_experiment_init(&experiment);
        if (az_experiment_read(&experiment, found.gl_pathv[n], &error) != AZ_OK)
            fail_msg("%s", error.message);
        experiment.corpus = small.corpus;
        experiment.tokenizer.vocabulary = small.tokenizer.vocabulary;
        if (experiment.tokenizer.model == AZ_TOKEN_MODEL_CHARACTER)
            experiment.tokenizer.base_characters = 40;
        memcpy(experiment.tokenizer.texts, small.tokenizer.texts, AZ_TEXT_BYTES);
        experiment.model.layers = 2;
        experiment.model.width = 16;
        experiment.model.heads = 2;
        experiment.model.context = small.model.context;
        experiment.train.batch = small.train.batch;
        experiment.train.steps = STEPS;
        experiment.checkpoint = small.checkpoint;
        check(&experiment, found.gl_pathv[n]);
    }
    globfree(&found);
}

/* ---- longer and shorter ---- */

static void stop(const struct az_experiment *experiment, const char *name, int64_t at_step)
{
    struct again way = {.threads = 2, .at_step = at_step, .ending = ON_REQUEST};
    struct az_train_result result;
    again_remove(name);
    again_run_well(experiment, name, &way, &result, name);
}

/* Six steps go through the whole text, so that no token comes to life later. */
#define EPOCHS "train.steps=9 train.sampler=chunks model.context=200 train.batch=8 model.width=16"

/* A run of 6 steps that goes on to 9 is the run of 9 steps, recording and all. */
static void a_run_is_made_longer_to_the_same_bits(void **state)
{
    (void)state;
    static const int64_t begun[] = {6, 6, 12};
    static const int64_t stopped[] = {6, 3, 5};
    struct az_experiment experiment = tiny_experiment("checkpoint.every=3 " EPOCHS);
    struct az_train_result straight, resumed;
    struct again way = {.threads = 2}, again = {.threads = 1, .resume = true};
    again_remove("straight");
    again_run_well(&experiment, "straight", &way, &straight, "9 steps");
    for (int n = 0; n < 3; n++) {
        experiment.train.steps = begun[n];
        stop(&experiment, "resumed", stopped[n]);
        experiment.train.steps = 9;
        again_run_well(&experiment, "resumed", &again, &resumed, "to 9 steps");
        again_same_run(&straight, &resumed, "to 9 steps");
    }
}

static void check_refused(const struct az_experiment *experiment, enum az_status expected,
                          const char *reason)
{
    struct az_train_result result;
    struct az_error error;
    struct again way = {.threads = 1, .resume = true};
    assert_int_equal(again_run(experiment, "resumed", &way, &result, &error), expected);
    if (!strstr(error.message, reason)) fail_msg("%s", error.message);
}

static void what_would_change_bits_is_refused_by_name(void **state)
{
    (void)state;
    struct az_experiment begun = tiny_experiment("train.steps=6"), changed = begun;
    struct az_train_result straight, resumed;
    struct again way = {.threads = 2}, again = {.threads = 2, .resume = true};
    again_remove("straight");
    again_run_well(&begun, "straight", &way, &straight, "6 steps");
    stop(&begun, "resumed", 3);
    changed.optimizer.lr = 0.002;
    changed.seed.data = 7;
    check_refused(&changed, AZ_USAGE, "optimizer.lr (0.001, not 0.002), seed.data (42, not 7)");
    changed = begun;
    changed.train.steps = 2;
    check_refused(&changed, AZ_USAGE, "less than the 3 steps that are done");
    begun.checkpoint.every = 2; /* changes nothing but the text of the parameter */
    begun.budget.memory_bytes /= 2;
    again_run_well(&begun, "resumed", &again, &resumed, "another budget");
    assert_memory_equal(&straight.fingerprint, &resumed.fingerprint, sizeof straight.fingerprint);

    begun = tiny_experiment("train.steps=6 optimizer.schedule=cosine");
    stop(&begun, "resumed", 3);
    changed = begun;
    changed.train.steps = 8;
    check_refused(&changed, AZ_USAGE, "optimizer.schedule spreads the learning rate");
    begun = tiny_experiment("train.steps=2 train.batch=1 record.rows=dead");
    stop(&begun, "resumed", 2);
    changed = begun;
    changed.train.steps = 500;
    check_refused(&changed, AZ_USAGE, "tokens are dead, with the 2 that the run was begun with");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_choice_of_every_parameter),
        cmocka_unit_test(every_arithmetic_with_every_rounding),
        cmocka_unit_test(cadences_checkpoints_and_the_rest),
        cmocka_unit_test(every_family_of_presets),
        cmocka_unit_test(a_run_is_made_longer_to_the_same_bits),
        cmocka_unit_test(what_would_change_bits_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
