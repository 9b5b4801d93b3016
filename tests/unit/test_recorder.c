/* The recorder's ring, writer and fingerprint, on tensors that change by hand. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab/recorder.h"
#include "store/system.h"

enum { ROWS = 300, DIMS = 17, STEPS = 200 };

static char path[64];
static struct az_pool *pool;
static uint16_t matrix[ROWS][DIMS];
static float number;
static const int64_t picked[] = {0, 17, 299};
static int64_t tenth_steps[STEPS / 10 + 1];

static int start(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/azimuth-recorder-%d.safetensors", (int)getpid());
    for (int64_t n = 0; n <= STEPS / 10; n++) tenth_steps[n] = 10 * n;
    return az_pool_create(&pool, 3, NULL) != AZ_OK;
}

static int finish(void **state)
{
    (void)state;
    az_system_fail_after(0, 0);
    az_pool_free(pool);
    unlink(path);
    return 0;
}

/* What the state of the model is after a step. */
static void set_state(int64_t step)
{
    for (size_t r = 0; r < ROWS; r++)
        for (size_t d = 0; d < DIMS; d++)
            matrix[r][d] = (uint16_t)((size_t)step * 7919 + r * DIMS + d);
    number = (float)step;
}

/* Every step; every tenth step, three rows, zeros at the start; from step 1 on. */
static void fill_sources(struct az_recorder_source sources[3])
{
    memset(sources, 0, 3 * sizeof *sources);
    sources[0].recorded = (struct az_recorded){.name = "all",
                                               .dtype = AZ_DTYPE_BF16,
                                               .frame_rank = 2,
                                               .frame_shape = {ROWS, DIMS},
                                               .frame_bytes = sizeof matrix,
                                               .frames = STEPS + 1};
    sources[0].cadence = (struct az_cadence){1, 0, 1};
    sources[0].data = matrix;
    sources[1].recorded = (struct az_recorded){.name = "some",
                                               .dtype = AZ_DTYPE_BF16,
                                               .frame_rank = 2,
                                               .frame_shape = {3, DIMS},
                                               .frame_bytes = 3 * sizeof matrix[0],
                                               .frames = STEPS / 10 + 1,
                                               .steps = tenth_steps,
                                               .token_ids = picked};
    sources[1].cadence = (struct az_cadence){10, 0, 10};
    sources[1].data = matrix;
    sources[1].row_bytes = sizeof matrix[0];
    sources[1].zeros_at_start = true;
    sources[2].recorded = (struct az_recorded){.name = "number",
                                               .dtype = AZ_DTYPE_F32,
                                               .frame_bytes = sizeof number,
                                               .frames = STEPS,
                                               .first_step = 1};
    sources[2].cadence = (struct az_cadence){1, 0, 1};
    sources[2].data = &number;
}

static struct az_hash expected_fingerprint(int64_t steps)
{
    struct az_hasher *hasher;
    assert_int_equal(az_hasher_create(&hasher, NULL), AZ_OK);
    for (int64_t step = 0; step <= steps; step++) {
        set_state(step);
        az_hasher_add(hasher, matrix, sizeof matrix);
        for (size_t n = 0; step % 10 == 0 && n < 3; n++) {
            static const uint16_t zeros[DIMS];
            az_hasher_add(hasher, step ? matrix[picked[n]] : zeros, sizeof zeros);
        }
        if (step > 0) az_hasher_add(hasher, &number, sizeof number);
    }
    struct az_hash hash = az_hasher_value(hasher);
    az_hasher_free(hasher);
    return hash;
}

static struct az_recorder *begin(struct az_recorder_source sources[3])
{
    struct az_recorder *recorder;
    struct az_error error;
    struct az_recording_plan plan = {.container = AZ_CONTAINER_SAFETENSORS};
    az_error_clear(&error);
    fill_sources(sources);
    if (az_recorder_create(&recorder, path, &plan, sources, 3, pool, &error) != AZ_OK)
        fail_msg("%s", error.message);
    return recorder;
}

static void check_frames(int64_t steps)
{
    struct az_recording *recording;
    struct az_error error;
    az_error_clear(&error);
    if (az_recording_open(&recording, path, &error) != AZ_OK) fail_msg("%s", error.message);
    const struct az_recorded *all = az_recording_find(recording, "all");
    const struct az_recorded *some = az_recording_find(recording, "some");
    const struct az_recorded *numbers = az_recording_find(recording, "number");
    assert_int_equal(all->frames, steps + 1);
    assert_int_equal(some->frames, steps / 10 + 1);
    assert_int_equal(numbers->frames, steps);
    for (int64_t step = 0; step <= steps; step++) {
        uint16_t frame[ROWS][DIMS];
        set_state(step);
        assert_int_equal(az_recording_read(recording, all, step, 1, frame, NULL), AZ_OK);
        assert_memory_equal(frame, matrix, sizeof matrix);
        if (step % 10 == 0) {
            assert_int_equal(az_recording_read(recording, some, step / 10, 1, frame, NULL), AZ_OK);
            for (size_t n = 0; n < 3 && step; n++)
                assert_memory_equal(frame[n], matrix[picked[n]], sizeof frame[n]);
            for (size_t d = 0; d < DIMS && !step; d++) assert_int_equal(frame[2][d], 0);
        }
        float value;
        if (step == 0) continue;
        assert_int_equal(az_recording_read(recording, numbers, step - 1, 1, &value, NULL), AZ_OK);
        assert_true(value == number);
    }
    az_recording_close(recording);
}

static void every_frame_is_in_its_place_and_in_the_fingerprint(void **state)
{
    (void)state;
    struct az_recorder_source sources[3];
    struct az_recorder_summary summary;
    struct az_recorder *recorder = begin(sources);
    for (int64_t step = 0; step <= STEPS; step++) {
        set_state(step);
        assert_int_equal(az_recorder_capture(recorder, step, NULL), AZ_OK);
        matrix[0][0] = 0xdead; /* a frame is a copy */
    }
    assert_int_equal(az_recorder_commit(recorder, &summary, NULL), AZ_OK);
    assert_int_equal(summary.last_step, STEPS);
    struct az_hash expected = expected_fingerprint(STEPS);
    assert_true(summary.fingerprint.high == expected.high &&
                summary.fingerprint.low == expected.low);
    check_frames(STEPS);
}

static void a_recording_that_ends_early_holds_what_was_captured(void **state)
{
    (void)state;
    struct az_recorder_source sources[3];
    struct az_recorder_summary summary;
    struct az_recorder *recorder = begin(sources);
    for (int64_t step = 0; step <= 57; step++) {
        set_state(step);
        assert_int_equal(az_recorder_capture(recorder, step, NULL), AZ_OK);
    }
    assert_int_equal(az_recorder_commit(recorder, &summary, NULL), AZ_OK);
    struct az_hash expected = expected_fingerprint(57);
    assert_true(summary.fingerprint.high == expected.high &&
                summary.fingerprint.low == expected.low);
    check_frames(57);
}

static void a_writer_that_fails_is_told_at_a_later_step_with_its_own_step(void **state)
{
    (void)state;
    struct az_recorder_source sources[3];
    struct az_recorder_summary summary;
    struct az_error error;
    struct az_recorder *recorder = begin(sources);
    az_error_clear(&error);
    az_system_fail_after(42, ENOSPC);
    enum az_status status = AZ_OK;
    for (int64_t step = 0; step <= STEPS && status == AZ_OK; step++) {
        set_state(step);
        status = az_recorder_capture(recorder, step, &error);
    }
    assert_int_equal(status, AZ_FULL);
    assert_true(error.step >= 0 && error.step <= STEPS);
    az_system_fail_after(0, 0);
    int64_t failed_step = error.step;
    assert_int_equal(az_recorder_commit(recorder, &summary, &error), AZ_FULL);
    assert_int_equal(summary.last_step, failed_step - 1);
    check_frames(failed_step - 1);
}

static void an_aborted_recording_leaves_no_file(void **state)
{
    (void)state;
    struct az_recorder_source sources[3];
    unlink(path);
    struct az_recorder *recorder = begin(sources);
    set_state(0);
    assert_int_equal(az_recorder_capture(recorder, 0, NULL), AZ_OK);
    az_recorder_abort(recorder);
    assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_frame_is_in_its_place_and_in_the_fingerprint, start,
                                        finish),
        cmocka_unit_test_setup_teardown(a_recording_that_ends_early_holds_what_was_captured, start,
                                        finish),
        cmocka_unit_test_setup_teardown(
            a_writer_that_fails_is_told_at_a_later_step_with_its_own_step, start, finish),
        cmocka_unit_test_setup_teardown(an_aborted_recording_leaves_no_file, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
