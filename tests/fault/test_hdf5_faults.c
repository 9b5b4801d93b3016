/* Every allocation and every system call of an HDF5 recording fails in turn, while it is written,
 * gone on with, and read: the failure is told by the right status, what is left opens and has the
 * frames it promises, bit for bit. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/recording.h"
#include "base/memory.h"
#include "store/system.h"

enum { V = 40, D = 33, T = 6, MOVIES = 2, HALF = 3, FRAME_BYTES = V * D * 2 };

static const struct az_recorded movies[MOVIES] = {
    {.name = "W", .dtype = AZ_DTYPE_BF16, .frame_rank = 2, .frame_shape = {V, D}, .frames = T + 1},
    {.name = "losses", .dtype = AZ_DTYPE_F32, .frames = T + 1},
};
static const char *const metadata[] = {"optimizer.lr", "0.001", NULL};
static struct az_recording_plan plan = {.container = AZ_CONTAINER_HDF5,
                                        .tensors = movies,
                                        .tensor_count = MOVIES,
                                        .metadata = metadata};

static void fill(unsigned char *bytes, int64_t frame)
{
    for (size_t n = 0; n < FRAME_BYTES; n++)
        bytes[n] = (unsigned char)((n * 2654435761u >> 9) + (size_t)frame);
}

static enum az_status write_frames(struct az_recording_writer *writer, int64_t first, int64_t last,
                                   struct az_error *error)
{
    unsigned char bytes[FRAME_BYTES];
    enum az_status status = AZ_OK;
    for (int64_t n = first; n <= last && status == AZ_OK; n++) {
        fill(bytes, n);
        for (size_t m = 0; m < MOVIES && status == AZ_OK; m++)
            status = az_recording_write(writer, m, n, bytes, error);
    }
    return status;
}

/* *promised: the step that a sync has told. */
static enum az_status finish(struct az_recording_writer *writer, int64_t first, int64_t last,
                             int64_t *promised, struct az_error *error)
{
    const int64_t frames[MOVIES] = {last + 1, last + 1};
    enum az_status status = write_frames(writer, first, HALF, error);
    if (status == AZ_OK) status = az_recording_sync(writer, promised, error);
    if (status == AZ_OK) status = write_frames(writer, HALF + 1, last, error);
    if (status == AZ_OK) return az_recording_commit(writer, frames, error);
    az_recording_leave(writer);
    return status;
}

static enum az_status record(const char *path, int64_t last, int64_t *promised,
                             struct az_error *error)
{
    struct az_recording_writer *writer;
    enum az_status status = az_recording_create(&writer, path, &plan, error);
    return status == AZ_OK ? finish(writer, 0, last, promised, error) : status;
}

/* Frames of the file, all of them equal to what was written; -1: it is not there. */
static int64_t frames_in(const char *path)
{
    struct az_recording *recording;
    unsigned char expected[FRAME_BYTES], found[FRAME_BYTES];
    if (az_recording_open(&recording, path, NULL) != AZ_OK) return -1;
    const struct az_recorded *w = az_recording_find(recording, "W");
    int64_t frames = w->frames;
    for (int64_t n = 0; n < frames; n++) {
        fill(expected, n);
        assert_int_equal(az_recording_read(recording, w, n, 1, found, NULL), AZ_OK);
        assert_memory_equal(found, expected, FRAME_BYTES);
    }
    az_recording_close(recording);
    return frames;
}

static void check_what_is_left(const char *path, enum az_status status, int64_t last,
                               int64_t promised)
{
    char part[600];
    snprintf(part, sizeof part, "%s.part", path);
    int64_t whole = frames_in(path), in_part = frames_in(part);
    assert_int_equal(whole, status == AZ_OK ? last + 1 : -1);
    if (status != AZ_OK && promised >= 0) assert_in_range(in_part, promised + 1, T + 1);
}

static void writing_survives_every_failure(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", fixture_path("faults.h5"));
    for (int kind = 0; kind < 3; kind++)
        for (int64_t last = T - 1; last <= T; last++) {
            size_t n = 0;
            enum az_status status;
            do {
                struct az_error error;
                int64_t promised = -1;
                fixture_empty();
                n++;
                if (kind == 0) az_memory_fail_after(n);
                if (kind == 1) az_system_fail_after(n, ENOSPC);
                if (kind == 2) az_system_fail_once(n, EIO);
                status = record(path, last, &promised, &error);
                az_memory_fail_after(0);
                az_system_fail_after(0, 0);
                static const enum az_status codes[] = {AZ_MEMORY, AZ_FULL, AZ_IO};
                assert_true(status == AZ_OK || status == codes[kind]);
                check_what_is_left(path, status, last, promised);
            } while (status != AZ_OK && n < 1000);
            assert_in_range(n, 15, 999);
        }
}

static void going_on_survives_every_failure(void **state)
{
    (void)state;
    char path[512], part[600];
    snprintf(path, sizeof path, "%s", fixture_path("on.h5"));
    snprintf(part, sizeof part, "%s.part", path);
    for (int kind = 0; kind < 2; kind++) {
        size_t n = 0;
        enum az_status status;
        do {
            struct az_recording_writer *writer;
            struct az_error error;
            int64_t promised = -1;
            fixture_empty();
            n++;
            assert_int_equal(record(path, T - 1, &promised, NULL), AZ_OK);
            if (kind == 0) az_memory_fail_after(n);
            if (kind == 1) az_system_fail_after(n, EIO);
            status = az_recording_reopen(&writer, path, &plan, 2, NULL, &error);
            if (status == AZ_OK) status = finish(writer, 3, T, &promised, &error);
            az_memory_fail_after(0);
            az_system_fail_after(0, 0);
            assert_true(status == AZ_OK || status == (kind ? AZ_IO : AZ_MEMORY));
            /* Nothing before the step is ever lost, under one of the names. */
            int64_t whole = frames_in(path), in_part = frames_in(part);
            assert_in_range(whole > in_part ? whole : in_part, 3, T + 1);
            if (status == AZ_OK) assert_int_equal(whole, T + 1);
        } while (status != AZ_OK && n < 1000);
        assert_in_range(n, 15, 999);
    }
}

static enum az_status read_all(const char *path, struct az_error *error)
{
    struct az_recording *recording;
    unsigned char bytes[FRAME_BYTES];
    enum az_status status = az_recording_open(&recording, path, error);
    if (status != AZ_OK) return status;
    const struct az_recorded *w = az_recording_find(recording, "W");
    for (int64_t n = 0; n < w->frames && status == AZ_OK; n++)
        status = az_recording_read(recording, w, n, 1, bytes, error);
    az_recording_close(recording);
    return status;
}

static void reading_survives_every_failure(void **state)
{
    (void)state;
    char path[512];
    int64_t promised;
    snprintf(path, sizeof path, "%s", fixture_path("read.h5"));
    assert_int_equal(record(path, T, &promised, NULL), AZ_OK);
    for (int kind = 0; kind < 2; kind++) {
        enum az_status status;
        size_t n = 0;
        do {
            n++;
            if (kind == 0) az_memory_fail_after(n);
            if (kind == 1) az_system_fail_after(n, EIO);
            status = read_all(path, NULL);
            az_memory_fail_after(0);
            az_system_fail_after(0, 0);
            assert_true(status == AZ_OK || status == (kind ? AZ_IO : AZ_MEMORY));
        } while (status != AZ_OK && n < 1000);
        assert_in_range(n, 10, 999);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_survives_every_failure),
        cmocka_unit_test(going_on_survives_every_failure),
        cmocka_unit_test(reading_survives_every_failure),
    };
    int failed = cmocka_run_group_tests_name("none", tests, fixture_make, fixture_remove);
    plan.compression = AZ_COMPRESSION_FAST;
    return failed + cmocka_run_group_tests_name("fast", tests, fixture_make, fixture_remove);
}
