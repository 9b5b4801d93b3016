/* The run directory, frames against the live state's rules, early ends, refusals. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/table.h"
#include "tiny.h"

static bool exists(const char *name) { return access(tiny_path(name), F_OK) == 0; }

/* ---- the directory ---- */

static void a_run_leaves_every_file_of_its_directory_and_no_other(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("");
    tiny_run_well(&experiment, "run");
    static const char *const files[] = {"run/run.json",
                                        "run/recording.safetensors",
                                        "run/metrics.csv",
                                        "run/checkpoint.safetensors",
                                        "run/tokenizer.json",
                                        "run/model/config.json",
                                        "run/model/model.safetensors",
                                        "run/live_dead_tokens.safetensors"};
    for (size_t n = 0; n < sizeof files / sizeof *files; n++)
        if (!exists(files[n])) fail_msg("%s is not there", files[n]);
    char command[600];
    snprintf(command, sizeof command, "test \"$(find '%s' -type f | wc -l)\" = 8",
             tiny_path("run"));
    assert_int_equal(system(command), 0);
}

static json_t *manifest(void)
{
    json_error_t error;
    json_t *root = json_load_file(tiny_path("run/run.json"), 0, &error);
    if (!root) fail_msg("run.json:%d: %s", error.line, error.text);
    return root;
}

static double number_at(json_t *root, const char *section, const char *key)
{
    json_t *value =
        json_object_get(json_object_get(json_object_get(root, "parameters"), section), key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void the_manifest_holds_every_parameter_exactly(void **state)
{
    (void)state;
    struct az_experiment experiment =
        tiny_experiment("optimizer.lr=0.0012345678901234567 optimizer.eps=1.1e-9 seed.data=7");
    struct az_train_result result = tiny_run_well(&experiment, "run");
    json_t *root = manifest();
    assert_true(number_at(root, "optimizer", "lr") == 0.0012345678901234567);
    assert_true(number_at(root, "optimizer", "eps") == 1.1e-9);
    assert_true(number_at(root, "seed", "data") == 7);
    char text[AZ_HASH_TEXT_BYTES];
    az_hash_text(result.fingerprint, text);
    assert_string_equal(json_string_value(json_object_get(root, "fingerprint")), text);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(root, "azimuth"), "version")),
        az_build_version());
    json_t *timings = json_object_get(root, "timings");
    assert_true(json_number_value(json_object_get(timings, "steps_per_second")) > 0);
    assert_int_equal(json_integer_value(json_object_get(root, "steps")), TINY_STEPS);
    json_decref(root);
}

/* jansson, as other readers, has no numbers beyond 2^63 - 1: greater ones are text. */
static void the_manifest_holds_seeds_of_any_size(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment(
        "train.steps=2 seed.embedding=9223372036854775807 seed.body=9223372036854775808 "
        "seed.data=18446744073709551615");
    tiny_run_well(&experiment, "run");
    json_t *root = manifest();
    json_t *seed = json_object_get(json_object_get(root, "parameters"), "seed");
    assert_int_equal(json_integer_value(json_object_get(seed, "embedding")), INT64_MAX);
    assert_string_equal(json_string_value(json_object_get(seed, "body")), "9223372036854775808");
    assert_string_equal(json_string_value(json_object_get(seed, "data")), "18446744073709551615");
    json_decref(root);
    struct az_recording *recording;
    assert_int_equal(az_recording_open(&recording, tiny_path("run"), NULL), AZ_OK);
    assert_string_equal(az_recording_text(recording, "seed.data"), "18446744073709551615");
    az_recording_close(recording);
}

static void metrics_have_a_row_for_each_step(void **state)
{
    (void)state;
    struct az_experiment experiment =
        tiny_experiment("optimizer.schedule=linear optimizer.final_lr_ratio=0.5");
    struct az_train_result result = tiny_run_well(&experiment, "run");
    struct az_table metrics;
    const double *step, *loss, *lr, *clip, *share, *rate;
    assert_int_equal(az_table_read(&metrics, tiny_path("run/metrics.csv"), NULL), AZ_OK);
    assert_int_equal(metrics.rows, TINY_STEPS);
    assert_int_equal(az_table_column(&metrics, "step", &step, NULL), AZ_OK);
    assert_int_equal(az_table_column(&metrics, "loss", &loss, NULL), AZ_OK);
    assert_int_equal(az_table_column(&metrics, "lr", &lr, NULL), AZ_OK);
    assert_int_equal(az_table_column(&metrics, "clip", &clip, NULL), AZ_OK);
    assert_int_equal(az_table_column(&metrics, "dead_moving_share", &share, NULL), AZ_OK);
    assert_int_equal(az_table_column(&metrics, "steps_per_second", &rate, NULL), AZ_OK);
    for (int row = 0; row < TINY_STEPS; row++) {
        assert_true(step[row] == row + 1);
        assert_true(clip[row] == 1 && share[row] > 0.5 && share[row] <= 1 && rate[row] > 0);
    }
    assert_true((float)loss[TINY_STEPS - 1] == result.last_loss);
    assert_true(lr[TINY_STEPS - 1] == 0.0005);
    az_table_free(&metrics);
}

/* A second run into a directory is refused, and every file stays that was there. */
static void check_refused(const struct az_experiment *experiment, const char *name,
                          const char *files[], enum az_status expected, const char *words)
{
    char directory[4096];
    snprintf(directory, sizeof directory, "%s", tiny_path(name));
    struct az_train_options options = {.directory = directory,
                                       .cache_directory = tiny_path("cache")};
    struct az_train_result result;
    struct az_error error;
    az_error_clear(&error);
    assert_int_equal(az_train_run(experiment, &options, &result, NULL, &error), expected);
    assert_non_null(strstr(error.message, words));
    for (size_t n = 0; files[n]; n++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", name, files[n]);
        assert_true(exists(path));
    }
}

static void a_directory_that_holds_a_run_is_refused_and_keeps_its_files(void **state)
{
    (void)state;
    const char *files[] = {"run.json",
                           "recording.safetensors",
                           "metrics.csv",
                           "checkpoint.safetensors",
                           "tokenizer.json",
                           "live_dead_tokens.safetensors",
                           "model/model.safetensors",
                           NULL};
    struct az_experiment experiment = tiny_experiment("train.steps=2");
    tiny_run_well(&experiment, "run");
    check_refused(&experiment, "run", files, AZ_USAGE, "(run.json): choose another directory");
    /* A run that is going on has not written run.json yet. */
    int lock = open(tiny_path("run"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0);
    assert_int_equal(unlink(tiny_path("run/run.json")), 0);
    check_refused(&experiment, "run", files + 1, AZ_IO, "a run is going on");
    close(lock);
}

static void a_directory_with_a_tokenizer_of_someone_elses_keeps_it(void **state)
{
    (void)state;
    const char *files[] = {"tokenizer.json", NULL};
    struct az_experiment experiment = tiny_experiment("train.steps=2");
    mkdir(tiny_path("taken"), 0700);
    FILE *file = fopen(tiny_path("taken/tokenizer.json"), "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    check_refused(&experiment, "taken", files, AZ_USAGE, "(tokenizer.json)");
}

/* ---- frames ---- */

static void frame_0_is_the_start_and_frame_t_follows_step_t(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("");
    tiny_run_well(&experiment, "run");
    struct tiny_movie w = tiny_movie_of("run", "W"), g = tiny_movie_of("run", "grad_W");
    struct tiny_movie m = tiny_movie_of("run", "momentum_W");
    assert_int_equal(w.frames, TINY_STEPS + 1);
    size_t count = (size_t)(w.about.frame_shape[0] * w.about.frame_shape[1]);
    for (size_t i = 0; i < count; i++) {
        assert_true(tiny_at(&g, 0, i) == 0 && tiny_at(&m, 0, i) == 0);
        /* m1 = 0.1 g1: the gradient of step 1 lies in frame 1. */
        float expected = (1 - 0.9f) * (float)tiny_at(&g, 1, i);
        assert_true(fabs(tiny_at(&m, 1, i) - (double)expected) <= 1e-6 * fabs((double)expected));
        /* A step against the gradient. */
        double change = tiny_at(&w, 1, i) - tiny_at(&w, 0, i);
        assert_true(change * tiny_at(&g, 1, i) <= 0);
    }
    tiny_movie_free(&w);
    tiny_movie_free(&g);
    tiny_movie_free(&m);
}

/* The last frame is the model that is exported. */
static void the_exported_model_is_the_last_frame(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("record.params=8");
    tiny_run_well(&experiment, "run");
    struct tiny_movie w = tiny_movie_of("run", "W");
    struct tiny_movie bias = tiny_movie_of("run", "params/transformer.h.1.mlp.c_fc.bias");
    assert_int_equal(bias.frames, 2);
    struct az_safetensors *model;
    assert_int_equal(az_safetensors_open(&model, tiny_path("run/model/model.safetensors"), NULL),
                     AZ_OK);
    const struct az_tensor *wte = az_safetensors_find(model, "transformer.wte.weight");
    const struct az_tensor *fc = az_safetensors_find(model, "transformer.h.1.mlp.c_fc.bias");
    assert_true(wte && fc);
    assert_memory_equal(wte->data, w.bytes + TINY_STEPS * w.frame_bytes, w.frame_bytes);
    assert_memory_equal(fc->data, bias.bytes + bias.frame_bytes, bias.frame_bytes);
    az_safetensors_close(model);
    tiny_movie_free(&w);
    tiny_movie_free(&bias);
}

static void cadences_and_rows_pick_frames_and_rows_of_the_whole_movie(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("train.steps=25 record.h=1");
    tiny_run_well(&experiment, "whole");
    FILE *file = fopen(tiny_path("rows.txt"), "w");
    assert_non_null(file);
    fputs("# some rows\n419\n7\n\n300\n", file);
    fclose(file);
    char overrides[700];
    snprintf(overrides, sizeof overrides,
             "train.steps=25 record.W=2 record.h=10 record.rows=list record.row_file=%s",
             tiny_path("rows.txt"));
    experiment = tiny_experiment(overrides);
    experiment.record.cadence[AZ_RECORD_GRADIENT] = (struct az_cadence){1, 5, 10};
    tiny_run_well(&experiment, "part");
    struct tiny_movie whole = tiny_movie_of("whole", "W"), part = tiny_movie_of("part", "W");
    static const size_t rows[] = {7, 300, 419};
    size_t row_bytes = (size_t)whole.about.frame_shape[1] * sizeof(struct az_bf16);
    assert_int_equal(part.frames, 13);
    assert_int_equal(part.frame_bytes, 3 * row_bytes);
    for (int64_t frame = 0; frame < part.frames; frame++)
        for (size_t n = 0; n < 3; n++)
            assert_memory_equal(part.bytes + (size_t)frame * part.frame_bytes + n * row_bytes,
                                whole.bytes + (size_t)(2 * frame) * whole.frame_bytes +
                                    rows[n] * row_bytes,
                                row_bytes);
    tiny_movie_free(&whole);
    tiny_movie_free(&part);
    whole = tiny_movie_of("whole", "h");
    part = tiny_movie_of("part", "h");
    assert_int_equal(whole.frames, 25);
    assert_int_equal(part.frames, 2);
    assert_memory_equal(part.bytes, whole.bytes + 9 * whole.frame_bytes, whole.frame_bytes);
    assert_memory_equal(part.bytes + part.frame_bytes, whole.bytes + 19 * whole.frame_bytes,
                        whole.frame_bytes);
    tiny_movie_free(&whole);
    tiny_movie_free(&part);
    part = tiny_movie_of("part", "grad_W");
    assert_int_equal(part.frames, 1 + 5 + 2); /* 0; 1 until 5; 10, 20 */
    tiny_movie_free(&part);
}

/* ---- early ends ---- */

struct stopper {
    volatile int stop;
    double at_step;
};

static void stop_at(void *context, const struct az_progress_state *state)
{
    struct stopper *stopper = context;
    if (strcmp(state->stage, "training") == 0 && state->done >= stopper->at_step) stopper->stop = 1;
}

static void a_stopped_run_keeps_every_frame_up_to_there(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("train.steps=20000 record.W=10");
    struct stopper stopper = {.at_step = 1};
    struct az_progress progress;
    az_progress_init(&progress, stop_at, &stopper, &stopper.stop);
    struct az_train_options options = {.directory = tiny_path("stopped"),
                                       .cache_directory = tiny_path("cache")};
    struct az_train_result result;
    struct az_error error;
    az_error_clear(&error);
    if (az_train_run(&experiment, &options, &result, &progress, &error) != AZ_OK)
        fail_msg("%s", error.message);
    assert_true(result.steps >= 1 && result.steps < 20000);
    assert_non_null(strstr(result.ended, "stopped on request"));
    struct tiny_movie g = tiny_movie_of("stopped", "grad_W"), w = tiny_movie_of("stopped", "W");
    assert_int_equal(g.frames, result.steps + 1);
    assert_int_equal(w.frames, result.steps / 10 + 1);
    char overrides[64];
    snprintf(overrides, sizeof overrides, "train.steps=%d record.W=10", (int)result.steps);
    experiment = tiny_experiment(overrides);
    tiny_run_well(&experiment, "straight");
    struct tiny_movie straight = tiny_movie_of("straight", "grad_W");
    assert_memory_equal(g.bytes, straight.bytes, (size_t)g.frames * g.frame_bytes);
    tiny_movie_free(&g);
    tiny_movie_free(&w);
    tiny_movie_free(&straight);
}

static void a_run_that_diverges_ends_at_the_step_where_it_did(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("optimizer.lr=100 train.steps=500");
    experiment.optimizer.lr = 1e30;
    struct az_train_result result = tiny_run_well(&experiment, "run");
    assert_true(result.steps < 500);
    assert_non_null(strstr(result.ended, "not finite"));
    assert_true(!isfinite((double)result.last_loss));
}

/* ---- what cannot be written ---- */

/* Runs in a child, whose limits do not touch us. limit: largest file in bytes, 0 none. */
struct verdict {
    enum az_status status;
    char message[1024];
};

/* After the first step; the writer has time to put away the first two frames. */
static void limit_files(void *context, const struct az_progress_state *state)
{
    if (strcmp(state->stage, "training") != 0) return;
    rlim_t bytes = *(rlim_t *)context;
    struct rlimit limit = {bytes, bytes};
    usleep(200000);
    setrlimit(RLIMIT_FSIZE, &limit);
}

static struct verdict run_limited(const struct az_experiment *experiment, const char *directory,
                                  rlim_t at_start, rlim_t while_training)
{
    int ends[2];
    struct verdict verdict = {AZ_OK, ""};
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct az_progress progress;
        struct rlimit limit = {at_start, at_start};
        struct az_error error;
        struct az_train_result result;
        struct az_train_options options = {.directory = directory,
                                           .cache_directory = tiny_path("cache")};
        if (at_start) setrlimit(RLIMIT_FSIZE, &limit);
        az_progress_init(&progress, while_training ? limit_files : NULL, &while_training, NULL);
        az_error_clear(&error);
        verdict.status = az_train_run(experiment, &options, &result, &progress, &error);
        snprintf(verdict.message, sizeof verdict.message, "%s", error.message);
        _exit(write(ends[1], &verdict, sizeof verdict) != sizeof verdict);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &verdict, sizeof verdict), sizeof verdict);
    close(ends[0]);
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    return verdict;
}

static void a_disk_too_small_for_the_recording_is_told_before_the_first_step(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("");
    tiny_run_well(&experiment, "run"); /* fills the cache */
    struct verdict verdict = run_limited(&experiment, tiny_path("small"), 300000, 0);
    assert_int_equal(verdict.status, AZ_FULL);
    assert_false(exists("small"));
}

/* The room is taken beforehand, so only a limit that sinks during the run can do this. */
static void frames_that_are_whole_survive_a_frame_that_cannot_be_written(void **state)
{
    (void)state;
    struct az_experiment experiment =
        tiny_experiment("train.steps=90 record.momentum_W=off record.variance_W=off");
    tiny_run_well(&experiment, "run");
    struct verdict verdict = run_limited(&experiment, tiny_path("cut"), 0, 1000000);
    assert_int_equal(verdict.status, AZ_FULL);
    assert_true(exists("cut/recording.safetensors"));
    assert_false(exists("cut/recording.safetensors.part"));
    assert_true(exists("cut/run.json") && !exists("cut/model"));
    struct tiny_movie whole = tiny_movie_of("run", "W"), cut = tiny_movie_of("cut", "W");
    assert_true(cut.frames > 1 && cut.frames < whole.frames);
    assert_memory_equal(cut.bytes, whole.bytes, (size_t)cut.frames * cut.frame_bytes);
    tiny_movie_free(&whole);
    tiny_movie_free(&cut);
}

static void a_directory_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("");
    struct az_train_result result;
    struct az_error error;
    assert_int_equal(tiny_run(&experiment, "text.txt/run", NULL, 0, &result, &error), AZ_IO);
    assert_non_null(strstr(error.file, "text.txt"));
    struct az_train_options options = {.directory = "/proc/azimuth"};
    az_error_clear(&error);
    assert_int_not_equal(az_train_run(&experiment, &options, &result, NULL, &error), AZ_OK);
}

static void bad_row_files_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
        int64_t line;
    } bad[] = {{"1\n2\nx\n", "not a token id", 3},
               {"1\n420\n", "beyond the vocabulary", 2},
               {"5\n6\n5\n", "there twice", 3},
               {"# nothing\n", "holds no token id", -1},
               {"1 2\n", "not a token id", 1},
               {"-1\n", "not a token id", 1},
               {"99999999999999999999999\n", "beyond the vocabulary", 1}};
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
        FILE *file = fopen(tiny_path("rows.txt"), "w");
        assert_non_null(file);
        fputs(bad[n].text, file);
        fclose(file);
        char overrides[700];
        snprintf(overrides, sizeof overrides, "record.rows=list record.row_file=%s",
                 tiny_path("rows.txt"));
        struct az_experiment experiment = tiny_experiment(overrides);
        struct az_train_result result;
        struct az_error error;
        assert_int_equal(tiny_run(&experiment, "refused", NULL, 0, &result, &error), AZ_USAGE);
        if (!strstr(error.message, bad[n].expected)) fail_msg("%s", error.message);
        assert_int_equal(error.line, bad[n].line);
        assert_false(exists("refused"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_leaves_every_file_of_its_directory_and_no_other),
        cmocka_unit_test(the_manifest_holds_every_parameter_exactly),
        cmocka_unit_test(the_manifest_holds_seeds_of_any_size),
        cmocka_unit_test(metrics_have_a_row_for_each_step),
        cmocka_unit_test(a_directory_that_holds_a_run_is_refused_and_keeps_its_files),
        cmocka_unit_test(a_directory_with_a_tokenizer_of_someone_elses_keeps_it),
        cmocka_unit_test(frame_0_is_the_start_and_frame_t_follows_step_t),
        cmocka_unit_test(the_exported_model_is_the_last_frame),
        cmocka_unit_test(cadences_and_rows_pick_frames_and_rows_of_the_whole_movie),
        cmocka_unit_test(a_stopped_run_keeps_every_frame_up_to_there),
        cmocka_unit_test(a_run_that_diverges_ends_at_the_step_where_it_did),
        cmocka_unit_test(a_disk_too_small_for_the_recording_is_told_before_the_first_step),
        cmocka_unit_test(frames_that_are_whole_survive_a_frame_that_cannot_be_written),
        cmocka_unit_test(a_directory_that_cannot_be_made_is_told),
        cmocka_unit_test(bad_row_files_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
