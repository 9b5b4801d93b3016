/* Failing allocations and system calls anywhere in a run: an error is told, nothing leaks (the
 * sanitizer build sees that), and no file under a final name is less than whole. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/system.h"
#include "tiny.h"

static bool exists(const char *name) { return access(tiny_path(name), F_OK) == 0; }

/* Every point early on, then ever fewer: the long middle is the same call over and over. */
static size_t next_point(size_t n) { return n < 40 ? n + 1 : n + n / 12; }

static const char base[] = "train.steps=2 record.h=1 record.params=1";
static const char packed[] = "train.steps=2 record.h=1 record.params=1 record.container=hdf5";

static void fail_allocations(const char *overrides)
{
    struct az_experiment experiment = tiny_experiment(overrides);
    struct az_train_result result;
    struct az_error error;
    tiny_run_well(&experiment, "run"); /* fills the cache */
    size_t failures = 0;
    for (size_t n = 1;; n = next_point(n)) {
        az_memory_fail_after(n);
        enum az_status status = tiny_run(&experiment, "faulty", NULL, 2, &result, &error);
        az_memory_fail_after(0);
        if (status == AZ_OK) break;
        assert_int_equal(status, AZ_MEMORY);
        assert_true(error.message[0] != 0);
        assert_false(exists("faulty/run.json"));
        failures++;
    }
    assert_true(failures > 40);
}

static void a_failed_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    fail_allocations(base);
    fail_allocations(packed);
}

/* What is there under its final name opens and is whole. */
static void check_what_is_there(void)
{
    struct az_safetensors *file;
    static const char *const names[] = {"faulty/live_dead_tokens.safetensors",
                                        "faulty/model/model.safetensors"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        if (!exists(names[n])) continue;
        assert_int_equal(az_safetensors_open(&file, tiny_path(names[n]), NULL), AZ_OK);
        az_safetensors_close(file);
    }
    if (!exists("faulty/recording.safetensors") && !exists("faulty/recording.h5")) return;
    struct tiny_movie whole = tiny_movie_of("run", "W"), there = tiny_movie_of("faulty", "W");
    assert_memory_equal(there.bytes, whole.bytes, (size_t)there.frames * there.frame_bytes);
    tiny_movie_free(&whole);
    tiny_movie_free(&there);
}

static void fail_system_calls(const char *overrides)
{
    struct az_experiment experiment = tiny_experiment(overrides);
    struct az_train_result result;
    struct az_error error;
    tiny_run_well(&experiment, "run");
    size_t failures = 0;
    for (size_t n = 1;; n = next_point(n)) {
        az_system_fail_after(n, n % 2 ? EIO : ENOSPC);
        enum az_status status = tiny_run(&experiment, "faulty", NULL, 2, &result, &error);
        az_system_fail_after(0, 0);
        if (status == AZ_OK) break;
        assert_int_equal(status, n % 2 ? AZ_IO : AZ_FULL);
        assert_true(error.message[0] != 0);
        assert_false(exists("faulty/run.json"));
        check_what_is_there();
        failures++;
    }
    assert_true(failures > 20);
}

static void a_failed_system_call_leaves_no_broken_file(void **state)
{
    (void)state;
    fail_system_calls(base);
    fail_system_calls(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_allocation_leaves_nothing_behind),
        cmocka_unit_test(a_failed_system_call_leaves_no_broken_file),
    };
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
