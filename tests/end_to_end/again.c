#define _GNU_SOURCE
#include "again.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- runs that stop at a step ---- */

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

enum az_status again_run(const struct az_experiment *experiment, const char *name,
                         const struct again *way, struct az_train_result *result,
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

void again_run_well(const struct az_experiment *experiment, const char *name,
                    const struct again *way, struct az_train_result *result, const char *changes)
{
    struct az_error error;
    if (again_run(experiment, name, way, result, &error) != AZ_OK)
        fail_msg("%s: %s", changes, error.message);
}

void again_run_and_kill(const struct az_experiment *experiment, const char *name,
                        const struct again *way, const char *changes)
{
    int ended;
    pid_t child = fork();
    if (child == 0) {
        struct az_train_result result;
        struct az_error error;
        enum az_status status = again_run(experiment, name, way, &result, &error);
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

/* HDF5 may hold the same frames in other places: where a chunk lies tells when it was written. */
static void same_movies(const char *a_path, const char *b_path, const char *changes)
{
    struct az_recording *a, *b;
    assert_int_equal(az_recording_open(&a, a_path, NULL), AZ_OK);
    assert_int_equal(az_recording_open(&b, b_path, NULL), AZ_OK);
    assert_false(az_recording_cut_short(b));
    assert_int_equal(az_recording_count(a), az_recording_count(b));
    for (size_t n = 0; n < az_recording_count(a); n++) {
        const struct az_recorded *left = az_recording_at(a, n);
        const struct az_recorded *right = az_recording_find(b, left->name);
        if (!right || left->frames != right->frames || left->frame_bytes != right->frame_bytes)
            fail_msg("%s: %s has other frames", changes, left->name);
        size_t bytes = (size_t)left->frames * left->frame_bytes;
        unsigned char *one = malloc(bytes + 1), *two = malloc(bytes + 1);
        assert_int_equal(az_recording_read(a, left, 0, left->frames, one, NULL), AZ_OK);
        assert_int_equal(az_recording_read(b, right, 0, right->frames, two, NULL), AZ_OK);
        if (memcmp(one, two, bytes) != 0) fail_msg("%s: %s is another", changes, left->name);
        free(one);
        free(two);
        for (int64_t frame = 0; frame < left->frames; frame++) {
            struct az_frame_sums sums = {0, 0}, expected = {0, 0};
            assert_int_equal(az_recording_sums(a, left, frame, &expected),
                             az_recording_sums(b, right, frame, &sums));
            assert_memory_equal(&sums, &expected, sizeof sums);
        }
    }
    assert_string_equal(az_recording_text(a, "fingerprint"), az_recording_text(b, "fingerprint"));
    az_recording_close(a);
    az_recording_close(b);
}

static void same_recording(const char *file, const char *changes)
{
    char a[600], b[600];
    if (strstr(file, ".h5") == NULL) {
        same_file(file, whole, changes);
        return;
    }
    snprintf(a, sizeof a, "%s/%s", tiny_path("straight"), file);
    snprintf(b, sizeof b, "%s/%s", tiny_path("resumed"), file);
    same_movies(a, b, changes);
}

static int count_files(const char *name)
{
    char command[700];
    int count = -1;
    snprintf(command, sizeof command, "find '%s/' -type f | wc -l", tiny_path(name));
    FILE *pipe = popen(command, "r");
    assert_int_equal(fscanf(pipe, "%d", &count), 1);
    pclose(pipe);
    return count;
}

void again_same_files(const char *recording, const char *changes)
{
    static const char *const files[] = {"checkpoint.safetensors", "model/model.safetensors",
                                        "model/config.json", "tokenizer.json",
                                        "live_dead_tokens.safetensors"};
    same_recording(recording, changes);
    same_file("metrics.csv", untimed, changes);
    for (size_t n = 0; n < sizeof files / sizeof *files; n++) same_file(files[n], whole, changes);
    assert_int_equal(count_files("resumed"), count_files("straight"));
}

void again_same_run(const struct az_train_result *a, const struct az_train_result *b,
                    const char *changes)
{
    if (memcmp(&a->fingerprint, &b->fingerprint, sizeof a->fingerprint) != 0)
        fail_msg("%s: another fingerprint", changes);
    assert_memory_equal(&a->first_loss, &b->first_loss, sizeof a->first_loss);
    assert_memory_equal(&a->last_loss, &b->last_loss, sizeof a->last_loss);
    assert_int_equal(a->steps, b->steps);
    assert_int_equal(a->dead, b->dead);
    assert_int_equal(a->frozen, b->frozen);
    again_same_files(strrchr(a->recording, '/') + 1, changes);
}

void again_remove(const char *name)
{
    char command[700];
    snprintf(command, sizeof command, "rm -rf '%s'", tiny_path(name));
    assert_int_equal(system(command), 0);
}
