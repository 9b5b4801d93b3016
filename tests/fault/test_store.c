/* Every allocation and every system call of the store fails in turn: the failure is told by the
 * right status, nothing is leaked (the sanitizers look), and no half file has a final name. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/recording.h"
#include "base/memory.h"
#include "store/system.h"

enum { V = 3, D = 2, T = 4, MOVIES = 3 };

static const int64_t some_steps[2] = {0, 4};
static const int64_t some_ids[V] = {2, 5, 7};
static const int64_t dead_count = 2;
static const struct az_recorded movies[MOVIES] = {
    {.name = "W", .dtype = AZ_DTYPE_BF16, .frame_rank = 2, .frame_shape = {V, D}, .frames = T + 1},
    {.name = "momentum_W",
     .dtype = AZ_DTYPE_F32,
     .frame_rank = 2,
     .frame_shape = {V, D},
     .frames = 2,
     .steps = some_steps,
     .token_ids = some_ids},
    {.name = "losses", .dtype = AZ_DTYPE_F32, .frames = T + 1},
};
static const struct az_tensor constants[] = {
    {.name = "n_dead", .dtype = AZ_DTYPE_I64, .data = &dead_count}};
static const struct az_recording_plan plan = {
    .tensors = movies, .tensor_count = MOVIES, .constants = constants, .constant_count = 1};

/* Records frames 0..last_step and commits. */
static enum az_status record(const char *path, int64_t last_step, struct az_error *error)
{
    unsigned char bytes[64] = "the bytes of a frame are of no matter here";
    struct az_recording_writer *writer;
    int64_t frames[MOVIES] = {0};
    enum az_status status = az_recording_create(&writer, path, &plan, error);
    if (status != AZ_OK) return status;
    for (size_t m = 0; m < MOVIES && status == AZ_OK; m++)
        for (int64_t n = 0; n < movies[m].frames && status == AZ_OK; n++) {
            if (az_recording_step_of(&movies[m], n) > last_step) break;
            status = az_recording_write(writer, m, n, bytes, error);
            frames[m]++;
        }
    if (status == AZ_OK && last_step == T) status = az_recording_sync(writer, NULL, error);
    if (status == AZ_OK) return az_recording_commit(writer, frames, error);
    az_recording_abort(writer);
    return status;
}

static enum az_status reopen(const char *path, struct az_error *error)
{
    struct az_recording *recording;
    double value;
    unsigned char bytes[64];
    enum az_status status = az_recording_open(&recording, path, error);
    if (status != AZ_OK) return status;
    const struct az_recorded *w = az_recording_find(recording, "W");
    status = az_recording_read(recording, w, w->frames - 1, 1, bytes, error);
    if (status == AZ_OK) status = az_recording_number(recording, "n_dead", &value, error);
    az_recording_close(recording);
    return status;
}

/* A .part left by a failed commit must be honest: it opens, or is refused. */
static void check_what_is_left(const char *path, enum az_status status)
{
    struct az_recording *recording;
    char part[600];
    snprintf(part, sizeof part, "%s.part", path);
    assert_int_equal(access(path, F_OK), status == AZ_OK ? 0 : -1);
    if (status == AZ_OK) {
        assert_int_equal(access(part, F_OK), -1);
        assert_int_equal(reopen(path, NULL), AZ_OK);
        return;
    }
    if (access(part, F_OK) != 0 || az_recording_open(&recording, part, NULL) != AZ_OK) return;
    const struct az_recorded *w = az_recording_find(recording, "W");
    assert_true(w->frames <= T + 1);
    az_recording_close(recording);
}

static void recording_survives_every_failed_allocation(void **state)
{
    (void)state;
    const char *path = fixture_path("memory.safetensors");
    for (int64_t last_step = T - 2; last_step <= T; last_step += 2) {
        size_t n = 0;
        enum az_status status;
        do {
            struct az_error error;
            fixture_empty();
            az_memory_fail_after(++n);
            status = record(path, last_step, &error);
            az_memory_fail_after(0);
            assert_true(status == AZ_OK || status == AZ_MEMORY);
            check_what_is_left(path, status);
        } while (status != AZ_OK && n < 1000);
        print_message("%zu allocations failed in turn\n", n - 1);
        assert_in_range(n, 20, 999);
    }
}

static void recording_survives_every_failed_call(void **state)
{
    (void)state;
    static const struct {
        int code;
        enum az_status status;
    } codes[] = {{EIO, AZ_IO}, {ENOSPC, AZ_FULL}, {EDQUOT, AZ_FULL}, {EACCES, AZ_IO}};
    const char *path = fixture_path("calls.safetensors");
    for (size_t c = 0; c < sizeof codes / sizeof codes[0]; c++)
        for (int64_t last_step = T - 2; last_step <= T; last_step += 2) {
            size_t n = 0;
            enum az_status status;
            do {
                struct az_error error;
                fixture_empty();
                az_system_fail_once(++n, codes[c].code);
                status = record(path, last_step, &error);
                az_system_fail_once(0, 0);
                check_what_is_left(path, status);
                fixture_empty();
                az_system_fail_after(n, codes[c].code);
                status = record(path, last_step, &error);
                az_system_fail_after(0, 0);
                assert_true(status == AZ_OK || status == codes[c].status);
                check_what_is_left(path, status);
                if (status != AZ_OK) assert_non_null(strstr(error.file, "calls.safetensors"));
            } while (status != AZ_OK && n < 1000);
            assert_in_range(n, 20, 999);
        }
}

static void reading_survives_every_failure(void **state)
{
    (void)state;
    const char *path = fixture_path("read.safetensors");
    assert_int_equal(record(path, T, NULL), AZ_OK);
    enum az_status status;
    size_t n = 0;
    do {
        az_memory_fail_after(++n);
        status = reopen(path, NULL);
        az_memory_fail_after(0);
        assert_true(status == AZ_OK || status == AZ_MEMORY);
    } while (status != AZ_OK && n < 1000);
    assert_in_range(n, 8, 999);
    n = 0;
    do {
        az_system_fail_after(++n, EIO);
        status = reopen(path, NULL);
        az_system_fail_after(0, 0);
        assert_true(status == AZ_OK || status == AZ_IO);
    } while (status != AZ_OK && n < 1000);
    assert_in_range(n, 6, 999);
}

/* The system tells a failed flush once, and it may tell the thread that notes progress. */
static void a_flush_that_failed_beside_the_run_is_not_forgotten(void **state)
{
    (void)state;
    const char *path = fixture_path("flush.safetensors");
    unsigned char bytes[64] = {0};
    struct az_recording_writer *writer;
    struct az_error error;
    const int64_t frames[MOVIES] = {1, 1, 1};
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    for (size_t m = 0; m < MOVIES; m++)
        assert_int_equal(az_recording_write(writer, m, 0, bytes, NULL), AZ_OK);
    az_system_fail_once(1, EIO);
    enum az_status status = AZ_OK;
    for (int n = 0; n < 100 && az_system_fail_pending(); n++) usleep(100000);
    for (int n = 0; n < 100 && status == AZ_OK; n++) {
        status = az_recording_write(writer, 0, 1, bytes, &error);
        usleep(10000);
    }
    assert_int_equal(status, AZ_IO);
    assert_non_null(strstr(error.message, "flush"));
    assert_int_equal(az_recording_sync(writer, NULL, &error), AZ_IO);
    assert_int_equal(az_recording_commit(writer, frames, &error), AZ_IO);
    assert_int_equal(access(path, F_OK), -1);
}

/* In a child with the signal's deadly default: the limit is told before anything is written. */
static void a_recording_beyond_the_size_limit_is_full_before_it_begins(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {500, 500};
        struct az_recording_writer *writer;
        struct az_error error;
        setrlimit(RLIMIT_FSIZE, &limit);
        enum az_status status =
            az_recording_create(&writer, fixture_path("limit.safetensors"), &plan, &error);
        _exit(status == AZ_FULL && !writer && strstr(error.message, "reserve") ? 0 : 1);
    }
    int result;
    waitpid(child, &result, 0);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
    assert_int_equal(access(fixture_path("limit.safetensors.part"), F_OK), -1);
}

/* A file that another program cuts while it is read gives an error, not a signal. */
static void a_file_cut_while_it_is_read_is_told(void **state)
{
    (void)state;
    const char *path = fixture_path("cut.safetensors");
    struct az_recording *recording;
    struct az_error error;
    unsigned char bytes[64];
    assert_int_equal(record(path, T, NULL), AZ_OK);
    assert_int_equal(az_recording_open(&recording, path, NULL), AZ_OK);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(truncate(path, about.st_size - 1), 0); /* W is the last of the file */
    const struct az_recorded *w = az_recording_find(recording, "W");
    assert_int_equal(az_recording_read(recording, w, T, 1, bytes, &error), AZ_FORMAT);
    assert_non_null(strstr(error.message, "cut short"));
    az_recording_close(recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recording_survives_every_failed_allocation),
        cmocka_unit_test(recording_survives_every_failed_call),
        cmocka_unit_test(reading_survives_every_failure),
        cmocka_unit_test(a_flush_that_failed_beside_the_run_is_not_forgotten),
        cmocka_unit_test(a_recording_beyond_the_size_limit_is_full_before_it_begins),
        cmocka_unit_test(a_file_cut_while_it_is_read_is_told),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
