/* Run straight = run, stop, go on. Every axis of an experiment varies; each run is stopped twice,
 * in turn by request and by SIGKILL, and goes on with another instruction set and number of
 * threads. Then all files must be those of the straight run, byte for byte. */
#define _GNU_SOURCE
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/key.h"
#include "tiny.h"

enum { STEPS = 9, CHANGES_BYTES = 600 };

/* ---- runs that stop at a step ---- */

enum ending { TO_THE_END, ON_REQUEST, BY_KILL };

struct stopper {
    struct az_progress progress;
    volatile int stop;
    double at_step;
    enum ending ending;
};

static void stop_at(void *context, const struct az_progress_state *state)
{
    struct stopper *stopper = context;
    stopper->progress.told_ns = 0; /* tell every step */
    if (strcmp(state->stage, "training") != 0 || state->done < stopper->at_step) return;
    if (stopper->ending == BY_KILL) raise(SIGKILL);
    stopper->stop = 1;
}

/* How a run is to be made: the machine must not matter. */
struct way {
    const char *isa;
    int threads;
    bool resume;
    int64_t at_step; /* where it stops */
    enum ending ending;
};

static enum az_status run(const struct az_experiment *experiment, const char *name,
                          const struct way *way, struct az_train_result *result,
                          struct az_error *error)
{
    struct stopper stopper = {.at_step = (double)way->at_step, .ending = way->ending};
    char directory[512], cache[512];
    snprintf(directory, sizeof directory, "%s", tiny_path(name));
    snprintf(cache, sizeof cache, "%s", tiny_path("cache"));
    struct az_train_options options = {.directory = directory,
                                       .resume = way->resume,
                                       .cache_directory = cache,
                                       .isa = way->isa,
                                       .threads = way->threads};
    az_progress_init(&stopper.progress, stop_at, &stopper, &stopper.stop);
    if (way->ending == TO_THE_END) stopper.progress.update = NULL;
    az_error_clear(error);
    return az_train_run(experiment, &options, result, &stopper.progress, error);
}

static void run_well(const struct az_experiment *experiment, const char *name,
                     const struct way *way, struct az_train_result *result, const char *changes)
{
    struct az_error error;
    if (run(experiment, name, way, result, &error) != AZ_OK)
        fail_msg("%s: %s", changes, error.message);
}

static void run_and_kill(const struct az_experiment *experiment, const char *name,
                         const struct way *way, const char *changes)
{
    int ended;
    pid_t child = fork();
    if (child == 0) {
        struct az_train_result result;
        struct az_error error;
        enum az_status status = run(experiment, name, way, &result, &error);
        fprintf(stderr, "%s: %s\n", changes, status == AZ_OK ? "was not killed" : error.message);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    if (!WIFSIGNALED(ended)) fail_msg("%s", changes);
}

/* ---- comparing ---- */

/* metrics.csv without its last column, the only one that tells of time. */
static char *untimed(const char *path, size_t *length)
{
    FILE *file = fopen(path, "r");
    char line[512], *text = NULL;
    size_t bytes = 0;
    if (!file) fail_msg("%s is not there", path);
    FILE *memory = open_memstream(&text, &bytes);
    while (fgets(line, sizeof line, file)) {
        char *comma = strrchr(line, ',');
        assert_non_null(comma);
        *comma = 0;
        fprintf(memory, "%s\n", line);
    }
    fclose(file);
    fclose(memory);
    *length = bytes;
    return text;
}

static char *whole(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s is not there", path);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

static void same_file(const char *name, char *(*read)(const char *, size_t *), const char *changes)
{
    char a[600], b[600];
    size_t one, two;
    snprintf(a, sizeof a, "%s/%s", tiny_path("straight"), name);
    snprintf(b, sizeof b, "%s/%s", tiny_path("resumed"), name);
    char *left = read(a, &one), *right = read(b, &two);
    if (one != two || memcmp(left, right, one) != 0)
        fail_msg("%s: %s is not that of the run that never stopped", changes, name);
    free(left);
    free(right);
}

static int count_files(const char *name)
{
    char command[700];
    int count = -1;
    snprintf(command, sizeof command, "find '%s' -type f | wc -l", tiny_path(name));
    FILE *pipe = popen(command, "r");
    assert_int_equal(fscanf(pipe, "%d", &count), 1);
    pclose(pipe);
    return count;
}

static void same_run(const struct az_train_result *a, const struct az_train_result *b,
                     const char *changes)
{
    static const char *const files[] = {"checkpoint.safetensors", "model/model.safetensors",
                                        "model/config.json", "tokenizer.json",
                                        "live_dead_tokens.safetensors"};
    if (memcmp(&a->fingerprint, &b->fingerprint, sizeof a->fingerprint) != 0)
        fail_msg("%s: another fingerprint", changes);
    assert_memory_equal(&a->first_loss, &b->first_loss, sizeof a->first_loss);
    assert_memory_equal(&a->last_loss, &b->last_loss, sizeof a->last_loss);
    assert_int_equal(a->steps, b->steps);
    assert_int_equal(a->dead, b->dead);
    assert_int_equal(a->frozen, b->frozen);
    same_file(strrchr(a->recording, '/') + 1, whole, changes);
    same_file("metrics.csv", untimed, changes);
    for (size_t n = 0; n < sizeof files / sizeof *files; n++) same_file(files[n], whole, changes);
    assert_int_equal(count_files("resumed"), count_files("straight"));
}

static void remove_run(const char *name)
{
    char command[700];
    snprintf(command, sizeof command, "rm -rf '%s'", tiny_path(name));
    assert_int_equal(system(command), 0);
}

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
    struct way way = {.isa = isa_number(turn), .threads = 1 + (int)turn % 3};
    remove_run("straight");
    remove_run("resumed");
    run_well(experiment, "straight", &way, &straight, changes);
    for (unsigned part = 0; part < 2; part++) {
        way.isa = isa_number(turn + 1 + part);
        way.threads = 1 + (int)(turn + 1 + part) % 3;
        way.resume = part > 0;
        way.at_step = part ? second : first;
        way.ending = (turn + part) % 2 ? BY_KILL : ON_REQUEST;
        if (way.ending == BY_KILL) {
            run_and_kill(experiment, "resumed", &way, changes);
        } else {
            run_well(experiment, "resumed", &way, &resumed, changes);
            if (resumed.steps != way.at_step) fail_msg("%s: did not stop", changes);
        }
    }
    way = (struct way){.isa = isa_number(turn), .threads = 2, .resume = true};
    run_well(experiment, "resumed", &way, &resumed, changes);
    assert_true(resumed.resumed);
    same_run(&straight, &resumed, changes);
    assert_int_equal(run(experiment, "resumed", &way, &resumed, &error), AZ_USAGE);
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
    struct way way = {.threads = 1};
    run_well(&experiment, "straight.kept", &way, &result, "the file to begin with");
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
        "train.steps=400 model.context=4 checkpoint.every=5 record.h=off record.params=off "
        "record.grad_W=off record.momentum_W=off record.variance_W=off record.W=50",
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
    struct way way = {.threads = 2, .at_step = at_step, .ending = ON_REQUEST};
    struct az_train_result result;
    remove_run(name);
    run_well(experiment, name, &way, &result, name);
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
    struct way way = {.threads = 2}, again = {.threads = 1, .resume = true};
    remove_run("straight");
    run_well(&experiment, "straight", &way, &straight, "9 steps");
    for (int n = 0; n < 3; n++) {
        experiment.train.steps = begun[n];
        stop(&experiment, "resumed", stopped[n]);
        experiment.train.steps = 9;
        run_well(&experiment, "resumed", &again, &resumed, "to 9 steps");
        same_run(&straight, &resumed, "to 9 steps");
    }
}

static void check_refused(const struct az_experiment *experiment, enum az_status expected,
                          const char *reason)
{
    struct az_train_result result;
    struct az_error error;
    struct way way = {.threads = 1, .resume = true};
    assert_int_equal(run(experiment, "resumed", &way, &result, &error), expected);
    if (!strstr(error.message, reason)) fail_msg("%s", error.message);
}

static void what_would_change_bits_is_refused_by_name(void **state)
{
    (void)state;
    struct az_experiment begun = tiny_experiment("train.steps=6"), changed = begun;
    struct az_train_result straight, resumed;
    struct way way = {.threads = 2}, again = {.threads = 2, .resume = true};
    remove_run("straight");
    run_well(&begun, "straight", &way, &straight, "6 steps");
    stop(&begun, "resumed", 3);
    changed.optimizer.lr = 0.002;
    changed.seed.data = 7;
    check_refused(&changed, AZ_USAGE, "optimizer.lr (0.001, not 0.002), seed.data (42, not 7)");
    changed = begun;
    changed.train.steps = 2;
    check_refused(&changed, AZ_USAGE, "less than the 3 steps that are done");
    begun.checkpoint.every = 2; /* changes nothing but the text of the parameter */
    begun.budget.memory_bytes /= 2;
    run_well(&begun, "resumed", &again, &resumed, "another budget");
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
    check_refused(&changed, AZ_USAGE, "tokens dead");
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
