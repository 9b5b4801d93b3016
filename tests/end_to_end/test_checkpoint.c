/* What a run goes on from: damaged, of another run, in use, without its companions, on a full disk,
 * with failing allocations and system calls. Each is told by name, and nothing is lost by trying.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "again.h"
#include "base/memory.h"
#include "left.h"
#include "store/system.h"

static const char base[] = "train.steps=4 checkpoint.every=1 model.width=8 record.h=1";
static struct az_train_result straight;

static void shell(const char *format, const char *a, const char *b)
{
    char command[1200];
    snprintf(command, sizeof command, format, a, b);
    assert_int_equal(system(command), 0);
}

/* The run that never stopped, and one that stopped after two steps, to be copied. */
static void make_runs(const struct az_experiment *experiment)
{
    struct again whole = {.threads = 2}, part = {.at_step = 2, .ending = ON_REQUEST};
    struct az_train_result result;
    again_remove("straight");
    again_remove("stopped");
    again_run_well(experiment, "straight", &whole, &straight, "straight");
    again_run_well(experiment, "stopped", &part, &result, "stopped");
}

static void copy_stopped(void)
{
    again_remove("resumed");
    shell("cp -r '%s' '%s'", tiny_path("stopped"), tiny_path("resumed"));
}

static bool pending; /* a failure that was asked for did not come before the run's end */

static enum az_status go_on(const struct az_experiment *experiment, struct az_error *error)
{
    struct again way = {.threads = 2, .resume = true};
    struct az_train_result result;
    enum az_status status = again_run(experiment, "resumed", &way, &result, error);
    pending = az_system_fail_pending();
    az_memory_fail_after(0); /* what follows is the test's */
    az_system_fail_after(0, 0);
    if (status == AZ_OK) again_same_run(&straight, &result, "going on");
    return status;
}

static void go_on_well(const struct az_experiment *experiment)
{
    struct az_error error;
    if (go_on(experiment, &error) != AZ_OK) fail_msg("%s", error.message);
}

static void check_refused(const struct az_experiment *experiment, enum az_status expected,
                          const char *reason)
{
    struct az_error error;
    assert_int_equal(go_on(experiment, &error), expected);
    if (!strstr(error.message, reason)) fail_msg("%s", error.message);
}

/* ---- a checkpoint that is not what was written ---- */

static void change_byte(const char *name, long at, int bits)
{
    FILE *file = fopen(tiny_path(name), "r+b");
    assert_non_null(file);
    fseek(file, at, at < 0 ? SEEK_END : SEEK_SET);
    int byte = fgetc(file);
    fseek(file, -1, SEEK_CUR);
    fputc(byte ^ bits, file);
    fclose(file);
}

static long length_of(const char *name)
{
    FILE *file = fopen(tiny_path(name), "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    fclose(file);
    return length;
}

/* Where a bit of the header flips, the file is malformed, of another format, or of other
 * parameters; where one of the data does, its hash is another. Padding of the header is nothing. */
static void a_flipped_bit_is_found(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment(base);
    struct az_error error;
    make_runs(&experiment);
    copy_stopped();
    long length = length_of("resumed/checkpoint.safetensors"), found = 0;
    for (long at = 3; at < length; at += 1 + length / 150, found++) {
        change_byte("resumed/checkpoint.safetensors", at, 1 << at % 7);
        enum az_status status = go_on(&experiment, &error);
        if (status != AZ_FORMAT && status != AZ_USAGE && status != AZ_UNSUPPORTED)
            fail_msg("byte %ld of %ld: %s", at, length, az_status_name(status));
        assert_true(error.message[0] && strstr(error.file, "checkpoint.safetensors"));
        change_byte("resumed/checkpoint.safetensors", at, 1 << at % 7);
    }
    assert_true(found > 100);
    go_on_well(&experiment);
}

static void a_checkpoint_cut_short_is_refused(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment(base);
    make_runs(&experiment);
    copy_stopped();
    char path[600];
    snprintf(path, sizeof path, "%s", tiny_path("resumed/checkpoint.safetensors"));
    long length = length_of("resumed/checkpoint.safetensors");
    for (long left = length - 1; left > 0; left = left * 2 / 3) {
        assert_int_equal(truncate(path, left), 0);
        struct az_error error;
        assert_int_equal(go_on(&experiment, &error), AZ_FORMAT);
    }
}

/* What docs/formats.md says that it holds. */
static void python_opens_it(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment(base);
    make_runs(&experiment);
    left_run_python("safetensors numpy", "open_checkpoint.py", tiny_path("straight"), "");
}

/* ---- files that do not belong together ---- */

static void what_is_missing_or_of_another_run_is_named(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment(base), other;
    struct again way = {.threads = 1, .at_step = 2, .ending = ON_REQUEST};
    struct az_train_result result;
    struct az_error error;
    make_runs(&experiment);
    again_remove("resumed");
    check_refused(&experiment, AZ_MISSING, "is not a directory");
    assert_int_equal(mkdir(tiny_path("resumed"), 0777), 0);
    check_refused(&experiment, AZ_MISSING, "it is not the directory of a run");
    assert_int_equal(az_train_read_experiment(tiny_path("resumed"), &other, &error), AZ_MISSING);

    copy_stopped();
    unlink(tiny_path("resumed/recording.safetensors"));
    check_refused(&experiment, AZ_MISSING, "recording.safetensors");
    copy_stopped();
    unlink(tiny_path("resumed/metrics.csv"));
    check_refused(&experiment, AZ_MISSING, "cannot open the table");
    copy_stopped();
    shell("sed -i 2d '%s/metrics.csv' %s", tiny_path("resumed"), "");
    check_refused(&experiment, AZ_FORMAT, "does not have the 2 rows");
    copy_stopped();
    shell("cp '%s' '%s/checkpoint.safetensors'", tiny_path("resumed/model/model.safetensors"),
          tiny_path("resumed"));
    check_refused(&experiment, AZ_FORMAT, "is not a checkpoint");

    other = tiny_experiment("train.steps=4 model.width=8 record.h=1 checkpoint.every=1 "
                            "optimizer.lr=0.002");
    again_remove("other");
    again_run_well(&other, "other", &way, &result, "other");
    copy_stopped();
    shell("cp '%s/checkpoint.safetensors' '%s'", tiny_path("other"), tiny_path("resumed"));
    check_refused(&experiment, AZ_USAGE, "optimizer.lr (0.002, not 0.001)");
    check_refused(&other, AZ_USAGE, "begun with optimizer.lr = 0.001");
    copy_stopped();
    go_on_well(&experiment);
}

static void a_text_that_has_changed_is_told(void **state)
{
    (void)state;
    char own[600];
    snprintf(own, sizeof own, "%s corpus.text=%s", base, tiny_path("own.txt"));
    shell("cp '%s' '%s'", tiny_path("text.txt"), tiny_path("own.txt"));
    struct az_experiment experiment = tiny_experiment(own);
    make_runs(&experiment);
    copy_stopped();
    shell("echo more >> '%s' %s", tiny_path("own.txt"), "");
    check_refused(&experiment, AZ_FORMAT, "the training text is not the one");
    shell("cp '%s' '%s'", tiny_path("text.txt"), tiny_path("own.txt"));
    go_on_well(&experiment);
}

static void a_directory_where_a_run_goes_on_is_left_alone(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment(base);
    make_runs(&experiment);
    copy_stopped();
    int other = open(tiny_path("resumed"), O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(other, LOCK_EX), 0);
    check_refused(&experiment, AZ_IO, "a run is going on in");
    close(other);
    go_on_well(&experiment);
}

/* It begins from a model that holds a NaN. */
static void a_run_that_diverged_does_not_go_on(void **state)
{
    (void)state;
    char from[700];
    struct az_experiment experiment = tiny_experiment(base);
    make_runs(&experiment);
    FILE *file = fopen(tiny_path("straight/model/model.safetensors"), "r+b");
    assert_non_null(file);
    fseek(file, -8, SEEK_END);
    fwrite("\xff\xff\xff\xff\xff\xff\xff\xff", 1, 8, file);
    fclose(file);
    snprintf(from, sizeof from, "%s model.init=file model.init_file=%s", base,
             tiny_path("straight/model/model.safetensors"));
    experiment = tiny_experiment(from);
    struct again way = {.threads = 2};
    struct az_train_result result;
    again_remove("resumed");
    again_run_well(&experiment, "resumed", &way, &result, "diverging");
    assert_non_null(strstr(result.ended, "diverged"));
    check_refused(&experiment, AZ_USAGE, "the run diverged at step 1");
}

/* ---- failures on the way ---- */

/* Every point early on, then ever fewer. */
static size_t next_point(size_t n) { return n < 30 ? n + 1 : n + n / 10; }

/* Until nothing fails any more; what is left after each failure goes on to the straight run. (A
 * failure need not be one of the run: a cache that cannot be read is made anew.) */
static void fail_everywhere(const struct az_experiment *experiment, void (*break_call)(size_t n))
{
    size_t failures = 0;
    bool reached = true;
    for (size_t n = 1; reached; n = next_point(n)) {
        struct az_error error;
        copy_stopped();
        break_call(n);
        enum az_status status = go_on(experiment, &error);
        reached = status != AZ_OK || (break_call != az_memory_fail_after && !pending);
        if (status == AZ_OK) continue;
        assert_true(error.message[0] != 0);
        go_on_well(experiment);
        failures++;
    }
    print_message("%zu failures\n", failures);
    assert_true(failures > 40);
}

static void fail_in_both_containers(void (*break_call)(size_t n))
{
    char packed[200];
    snprintf(packed, sizeof packed, "%s record.container=hdf5", base);
    for (int n = 0; n < 2; n++) {
        struct az_experiment experiment = tiny_experiment(n ? packed : base);
        make_runs(&experiment);
        fail_everywhere(&experiment, break_call);
    }
}

static void fill_disk(size_t n) { az_system_fail_after(n, ENOSPC); }
static void fail_once(size_t n) { az_system_fail_once(n, EIO); }

static void a_failed_allocation_loses_nothing(void **state)
{
    (void)state;
    fail_in_both_containers(az_memory_fail_after);
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    fail_in_both_containers(fill_disk);
}

static void a_failed_call_loses_nothing(void **state)
{
    (void)state;
    fail_in_both_containers(fail_once);
}

/* From the second step on no file may grow: in a child, since the limit cannot be taken back. */
static void limit_files(void *context, const struct az_progress_state *state)
{
    struct az_progress *progress = context;
    struct rlimit limit = {4096, 4096};
    progress->told_ns = 0;
    if (strcmp(state->stage, "training") == 0 && state->done >= 2) setrlimit(RLIMIT_FSIZE, &limit);
}

static enum az_status run_limited(const struct az_experiment *experiment)
{
    struct az_progress progress;
    struct az_train_result result;
    struct az_error error;
    struct az_train_options options = {
        .directory = tiny_path("resumed"), .cache_directory = tiny_path("cache"), .threads = 2};
    az_progress_init(&progress, limit_files, &progress, NULL);
    az_error_clear(&error);
    return az_train_run(experiment, &options, &result, &progress, &error);
}

static void a_run_whose_files_may_not_grow_goes_on_when_they_may(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment(base);
    make_runs(&experiment);
    again_remove("resumed");
    pid_t child = fork();
    if (child == 0) _exit((int)run_limited(&experiment));
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), AZ_FULL);
    go_on_well(&experiment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(a_checkpoint_cut_short_is_refused),
        cmocka_unit_test(python_opens_it),
        cmocka_unit_test(what_is_missing_or_of_another_run_is_named),
        cmocka_unit_test(a_text_that_has_changed_is_told),
        cmocka_unit_test(a_directory_where_a_run_goes_on_is_left_alone),
        cmocka_unit_test(a_run_that_diverged_does_not_go_on),
        cmocka_unit_test(a_failed_allocation_loses_nothing),
        cmocka_unit_test(a_full_disk_loses_nothing),
        cmocka_unit_test(a_failed_call_loses_nothing),
        cmocka_unit_test(a_run_whose_files_may_not_grow_goes_on_when_they_may),
    };
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
