/* A recording that is taken up again becomes the file that would have been written in one go, byte
 * for byte: after a kill, after an early end, with another number of steps; and when any allocation
 * or system call fails on the way, no frame is lost. */
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

enum { V = 3, D = 2, T = 6, LONGER = 9, MOVIES = 4, FILE_BYTES = 1 << 16 };

static const int64_t some_steps[] = {0, 2, 4, 6, 8};
static const int64_t some_ids[V] = {2, 5, 7};
static const int64_t dead_count = 2;
static const struct az_tensor constants[] = {
    {.name = "n_dead", .dtype = AZ_DTYPE_I64, .data = &dead_count}};

/* A path of the fixture's directory that lasts. */
static const char *path_of(char path[512], const char *name)
{
    snprintf(path, 512, "%s", fixture_path(name));
    return path;
}

/* A plan and what it borrows. */
struct made {
    struct az_recorded movies[MOVIES];
    char steps[24];
    const char *metadata[5];
    struct az_recording_plan plan;
};

static void make(struct made *made, int64_t steps)
{
    *made = (struct made){
        .movies = {{.name = "W", .dtype = AZ_DTYPE_BF16, .frames = steps + 1},
                   {.name = "momentum_W", .dtype = AZ_DTYPE_F32, .frames = steps / 2 + 1},
                   {.name = "h", .dtype = AZ_DTYPE_BF16, .frames = steps, .first_step = 1},
                   {.name = "losses", .dtype = AZ_DTYPE_F32, .frames = steps + 1}},
        .metadata = {"train.steps", made->steps, "fingerprint", "0000", NULL}};
    const int64_t shape[] = {V, D}, hidden[] = {1, 2, 2};
    for (int m = 0; m < 2; m++) {
        made->movies[m].frame_rank = 2;
        memcpy(made->movies[m].frame_shape, shape, sizeof shape);
    }
    made->movies[1].steps = some_steps;
    made->movies[1].token_ids = some_ids;
    made->movies[2].frame_rank = 3;
    memcpy(made->movies[2].frame_shape, hidden, sizeof hidden);
    snprintf(made->steps, sizeof made->steps, "%lld", (long long)steps);
    made->plan = (struct az_recording_plan){.tensors = made->movies,
                                            .tensor_count = MOVIES,
                                            .constants = constants,
                                            .constant_count = 1,
                                            .metadata = made->metadata};
}

/* Frames of the steps first..last. */
static enum az_status write_frames(struct az_recording_writer *writer, const struct made *made,
                                   int64_t first, int64_t last, struct az_error *error)
{
    unsigned char bytes[64];
    for (size_t m = 0; m < MOVIES; m++)
        for (int64_t n = 0; n < made->movies[m].frames; n++) {
            int64_t step = az_recording_step_of(&made->movies[m], n);
            if (step < first || step > last) continue;
            for (size_t b = 0; b < sizeof bytes; b++)
                bytes[b] = (unsigned char)(b * 13 + (size_t)n * 31 + m * 101 + 1);
            enum az_status status = az_recording_write(writer, m, n, bytes, error);
            if (status != AZ_OK) return status;
        }
    return AZ_OK;
}

/* Ends the recording with the frames up to `last`. */
static enum az_status commit(struct az_recording_writer *writer, const struct made *made,
                             int64_t last, struct az_error *error)
{
    int64_t frames[MOVIES] = {0};
    for (size_t m = 0; m < MOVIES; m++)
        while (frames[m] < made->movies[m].frames &&
               az_recording_step_of(&made->movies[m], frames[m]) <= last)
            frames[m]++;
    enum az_status status = az_recording_amend(writer, "fingerprint", "cafe", error);
    if (status == AZ_OK) return az_recording_commit(writer, frames, error);
    az_recording_leave(writer);
    return status;
}

enum ending { KILLED, EARLY, WHOLE };

/* A recording of `steps` that got as far as `last`. */
static void begin(const char *path, int64_t steps, int64_t last, enum ending ending)
{
    struct made made;
    struct az_recording_writer *writer;
    make(&made, steps);
    assert_int_equal(az_recording_create(&writer, path, &made.plan, NULL), AZ_OK);
    assert_int_equal(write_frames(writer, &made, 0, last, NULL), AZ_OK);
    if (ending == KILLED)
        az_recording_leave(writer);
    else
        assert_int_equal(commit(writer, &made, ending == WHOLE ? steps : last, NULL), AZ_OK);
}

/* Takes it up after step `through` and writes the rest. */
static enum az_status go_on(const char *path, int64_t steps, int64_t through,
                            struct az_error *error)
{
    struct made made;
    struct az_recording_writer *writer;
    make(&made, steps);
    enum az_status status = az_recording_reopen(&writer, path, &made.plan, through, NULL, error);
    if (status != AZ_OK) return status;
    status = write_frames(writer, &made, through + 1, steps, error);
    if (status == AZ_OK) return commit(writer, &made, steps, error);
    az_recording_leave(writer);
    return status;
}

static unsigned char found[FILE_BYTES];

/* The file is the one that is written in one go, and the only one. */
static void check_file(const char *path, int64_t steps)
{
    static unsigned char expected[LONGER + 1][FILE_BYTES];
    static long lengths[LONGER + 1];
    char straight[512];
    if (!lengths[steps]) {
        begin(path_of(straight, "straight.safetensors"), steps, steps, WHOLE);
        lengths[steps] = fixture_read(straight, expected[steps], FILE_BYTES);
        unlink(straight);
    }
    assert_int_equal(fixture_read(path, found, FILE_BYTES), lengths[steps]);
    assert_memory_equal(found, expected[steps], (size_t)lengths[steps]);
    assert_int_equal(fixture_count_files(), 1);
}

static void what_is_taken_up_ends_as_if_it_had_never_stopped(void **state)
{
    (void)state;
    char path_text[512];
    const char *path = path_of(path_text, "again.safetensors");
    static const int64_t lengths[] = {T, LONGER, 5};
    for (enum ending ending = KILLED; ending <= WHOLE; ending++)
        for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++)
            for (int64_t last = 0; last <= lengths[n] && last <= T; last++)
                for (int64_t through = last / 2; through <= last; through += 1 + last / 2) {
                    struct az_error error;
                    az_error_clear(&error);
                    fixture_empty();
                    begin(path, T, ending == WHOLE ? T : last, ending);
                    if (go_on(path, lengths[n], through, &error) != AZ_OK)
                        fail_msg("ending %d, steps %lld, last %lld, through %lld: %s", (int)ending,
                                 (long long)lengths[n], (long long)last, (long long)through,
                                 error.message);
                    check_file(path, lengths[n]);
                }
}

static void a_damaged_frame_is_not_copied(void **state)
{
    (void)state;
    char path_text[512];
    const char *path = path_of(path_text, "flipped.safetensors");
    struct az_error error;
    fixture_empty();
    begin(path, T, 3, EARLY);
    long length = fixture_read(path, found, FILE_BYTES);
    found[length - 1] ^= 4; /* the last frame of h, the last tensor */
    fixture_write(path, found, (size_t)length);
    az_error_clear(&error);
    assert_int_equal(go_on(path, T, 3, &error), AZ_FORMAT);
    assert_non_null(strstr(error.message, "the frame of step 3 of h is not what was recorded"));
}

/* Whatever fails, trying again succeeds, and the file is the straight one. */
static void check_after(enum az_status status, const char *path, int64_t steps, int64_t through)
{
    struct az_error error;
    az_error_clear(&error);
    if (status != AZ_OK && go_on(path, steps, through, &error) != AZ_OK)
        fail_msg("%s", error.message);
    check_file(path, steps);
}

static void nothing_is_lost_when_anything_fails(void **state)
{
    (void)state;
    char path_text[512];
    const char *path = path_of(path_text, "faulty.safetensors");
    size_t failures = 0;
    for (int copied = 0; copied < 2; copied++)
        for (int way = 0; way < 3; way++) {
            int64_t steps = copied ? LONGER : T;
            enum az_status status = AZ_IO;
            for (size_t n = 1; status != AZ_OK; n++, failures++) {
                struct az_error error;
                az_error_clear(&error);
                fixture_empty();
                begin(path, T, 4, copied ? EARLY : KILLED);
                if (way == 0) az_memory_fail_after(n);
                if (way == 1) az_system_fail_after(n, ENOSPC);
                if (way == 2) az_system_fail_once(n, EIO);
                status = go_on(path, steps, 3, &error);
                az_memory_fail_after(0);
                az_system_fail_after(0, 0);
                check_after(status, path, steps, 3);
            }
        }
    print_message("%zu failures\n", failures);
    assert_true(failures > 300);
}

/* An early end, cut off at any call: the frames are in one of the two files. */
static void a_recording_that_is_being_cut_short_is_never_without_its_frames(void **state)
{
    (void)state;
    char path_text[512];
    const char *path = path_of(path_text, "cut.safetensors");
    char part[600];
    struct made made;
    struct az_recording *recording;
    enum az_status status = AZ_IO;
    size_t n;
    snprintf(part, sizeof part, "%s.part", path);
    for (n = 1; status != AZ_OK; n++) {
        struct az_recording_writer *writer;
        fixture_empty();
        make(&made, T);
        assert_int_equal(az_recording_create(&writer, path, &made.plan, NULL), AZ_OK);
        assert_int_equal(write_frames(writer, &made, 0, 4, NULL), AZ_OK);
        assert_int_equal(az_recording_sync(writer, NULL, NULL), AZ_OK);
        az_system_fail_after(n, EIO);
        status = commit(writer, &made, 4, NULL);
        az_system_fail_after(0, 0);
        const char *there = status == AZ_OK ? path : part;
        struct az_error error;
        az_error_clear(&error);
        if (az_recording_open(&recording, there, &error) != AZ_OK)
            fail_msg("call %zu: %s", n, error.message);
        assert_int_equal(az_recording_last_step(recording), 4);
        az_recording_close(recording);
        check_after(AZ_IO, path, T, 4);
    }
    assert_true(n > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_up_ends_as_if_it_had_never_stopped),
        cmocka_unit_test(a_damaged_frame_is_not_copied),
        cmocka_unit_test(nothing_is_lost_when_anything_fails),
        cmocka_unit_test(a_recording_that_is_being_cut_short_is_never_without_its_frames),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
