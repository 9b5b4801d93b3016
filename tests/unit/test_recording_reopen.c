/* Going on with a recording: in place after a kill, by a copy after an early end; the result is the
 * file that an uninterrupted writer leaves. And parts of frames: boxes and rows. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/recording.h"
#include "base/memory.h"

enum { V = 5, D = 3, T = 6, ROWS = 2, MOVIES = 3 };

static const int64_t some_steps[4] = {0, 2, 3, 6};
static const int64_t some_ids[ROWS] = {1, 4};
static struct az_recorded movies[MOVIES] = {
    {.name = "W", .dtype = AZ_DTYPE_BF16, .frame_rank = 2, .frame_shape = {V, D}, .frames = T + 1},
    {.name = "momentum_W",
     .dtype = AZ_DTYPE_F32,
     .frame_rank = 2,
     .frame_shape = {ROWS, D},
     .frames = 4,
     .steps = some_steps,
     .token_ids = some_ids},
    {.name = "losses", .dtype = AZ_DTYPE_F32, .frames = T + 1},
};
static const size_t frame_bytes[MOVIES] = {V * D * 2, ROWS *D * 4, 4};
static const char *const metadata[] = {"fingerprint", "0000", "optimizer.lr", "0.001", NULL};

static enum az_container container = AZ_CONTAINER_SAFETENSORS;

static struct az_recording_plan plan_of(void)
{
    return (struct az_recording_plan){
        .container = container, .tensors = movies, .tensor_count = MOVIES, .metadata = metadata};
}

static void fill(unsigned char *bytes, size_t movie, int64_t frame)
{
    for (size_t n = 0; n < frame_bytes[movie]; n++)
        bytes[n] = (unsigned char)(n * 13 + (size_t)frame * 31 + movie * 101 + 1);
}

static int64_t frames_through(size_t movie, int64_t step)
{
    int64_t frames = 0;
    while (frames < movies[movie].frames && az_recording_step_of(&movies[movie], frames) <= step)
        frames++;
    return frames;
}

/* Frames of the steps first..last. */
static void write_steps(struct az_recording_writer *writer, int64_t first, int64_t last)
{
    unsigned char bytes[64];
    for (size_t m = 0; m < MOVIES; m++)
        for (int64_t n = frames_through(m, first - 1); n < frames_through(m, last); n++) {
            fill(bytes, m, n);
            assert_int_equal(az_recording_write(writer, m, n, bytes, NULL), AZ_OK);
        }
}

static void commit(struct az_recording_writer *writer, int64_t last)
{
    int64_t frames[MOVIES];
    for (size_t m = 0; m < MOVIES; m++) frames[m] = frames_through(m, last);
    assert_int_equal(az_recording_amend(writer, "fingerprint", "cafe", NULL), AZ_OK);
    assert_int_equal(az_recording_commit(writer, frames, NULL), AZ_OK);
}

static void record(const char *path, const struct az_recording_plan *plan, int64_t last)
{
    struct az_recording_writer *writer;
    assert_int_equal(az_recording_create(&writer, path, plan, NULL), AZ_OK);
    write_steps(writer, 0, last);
    commit(writer, last);
}

/* A child records through `last`, says so, writes on beyond it, and is killed. */
static void record_and_kill(const char *path, const struct az_recording_plan *plan, int64_t last)
{
    pid_t child = fork();
    if (child == 0) {
        struct az_recording_writer *writer;
        int64_t through;
        if (az_recording_create(&writer, path, plan, NULL) != AZ_OK) _exit(1);
        write_steps(writer, 0, last);
        if (az_recording_sync(writer, &through, NULL) != AZ_OK || through != last) _exit(2);
        if (last < T) write_steps(writer, last + 1, last + 1);
        raise(SIGKILL);
    }
    int result;
    waitpid(child, &result, 0);
    assert_true(WIFSIGNALED(result));
}

static void check(const char *path, int64_t last)
{
    struct az_recording *recording;
    unsigned char expected[64], found[64];
    assert_int_equal(az_recording_open(&recording, path, NULL), AZ_OK);
    for (size_t m = 0; m < MOVIES; m++) {
        const struct az_recorded *tensor = az_recording_find(recording, movies[m].name);
        struct az_frame_sums sums;
        assert_int_equal(tensor->frames, frames_through(m, last));
        for (int64_t n = 0; n < tensor->frames; n++) {
            fill(expected, m, n);
            assert_int_equal(az_recording_read(recording, tensor, n, 1, found, NULL), AZ_OK);
            assert_memory_equal(found, expected, frame_bytes[m]);
            assert_int_equal(az_recording_step_of(tensor, n), az_recording_step_of(&movies[m], n));
            assert_int_equal(az_recording_sums(recording, tensor, n, &sums), m < 2);
            if (m < 2) assert_int_not_equal(sums.plain, 0);
        }
    }
    az_recording_close(recording);
}

static void same_bytes(const char *a, const char *b)
{
    static unsigned char left[1 << 16], right[1 << 16];
    FILE *one = fopen(a, "rb"), *two = fopen(b, "rb");
    size_t length = fread(left, 1, sizeof left, one);
    assert_in_range(length, 1, sizeof left - 1);
    assert_int_equal(fread(right, 1, sizeof right, two), length);
    assert_memory_equal(left, right, length);
    fclose(one);
    fclose(two);
}

/* What az_recording_held says beforehand is true: the file is gone on in, or copied. */
static struct az_recording_writer *reopen(const char *path, const struct az_recording_plan *plan,
                                          int64_t step)
{
    char part[600];
    struct stat before, after;
    struct az_recording_writer *writer;
    uint64_t held_bytes;
    snprintf(part, sizeof part, "%s.part", path);
    assert_int_equal(stat(access(part, F_OK) == 0 ? part : path, &before), 0);
    assert_int_equal(az_recording_held(path, plan, step, &held_bytes, NULL), AZ_OK);
    assert_int_equal(az_recording_reopen(&writer, path, plan, step, NULL, NULL), AZ_OK);
    assert_int_equal(stat(part, &after), 0);
    assert_int_equal(held_bytes,
                     after.st_ino == before.st_ino ? (uint64_t)before.st_blocks * 512 : 0);
    return writer;
}

static void it_goes_on_where_it_was(void **state)
{
    (void)state;
    struct az_recording_plan plan = plan_of();
    char straight[512], path[512];
    snprintf(straight, sizeof straight, "%s", fixture_path("straight.safetensors"));
    snprintf(path, sizeof path, "%s", fixture_path("again.safetensors"));
    record(straight, &plan, T);
    for (int killed = 0; killed < 2; killed++)
        for (int64_t last = 0; last <= T; last++)
            for (int64_t step = 0; step <= last; step++) {
                if (killed)
                    record_and_kill(path, &plan, last);
                else
                    record(path, &plan, last);
                struct az_recording_writer *writer = reopen(path, &plan, step);
                check(fixture_path("again.safetensors.part"), step);
                if (step < T) write_steps(writer, step + 1, T);
                commit(writer, T);
                check(path, T);
                if (container == AZ_CONTAINER_SAFETENSORS) same_bytes(path, straight);
                unlink(path);
            }
    fixture_empty();
}

static void it_leaves_again_and_goes_on_again(void **state)
{
    (void)state;
    struct az_recording_plan plan = plan_of();
    const char *path = fixture_path("twice.safetensors");
    struct az_recording_writer *writer;
    record(path, &plan, 2);
    assert_int_equal(az_recording_reopen(&writer, path, &plan, 1, NULL, NULL), AZ_OK);
    write_steps(writer, 2, 4);
    az_recording_leave(writer);
    check(fixture_path("twice.safetensors.part"), 4);
    assert_int_equal(az_recording_reopen(&writer, path, &plan, 4, NULL, NULL), AZ_OK);
    write_steps(writer, 5, 5);
    commit(writer, 5);
    check(path, 5);
    assert_int_equal(fixture_count_files(), 1);
    fixture_empty();
}

static void what_does_not_fit_is_refused_and_left_alone(void **state)
{
    (void)state;
    struct az_recording_plan plan = plan_of();
    const char *path = fixture_path("other.safetensors");
    struct az_recording_writer *writer;
    struct az_error error;
    uint64_t held_bytes;
    assert_int_equal(az_recording_reopen(&writer, path, &plan, 0, NULL, &error), AZ_MISSING);
    assert_int_equal(az_recording_held(path, &plan, 0, &held_bytes, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "nor its .part is there"));
    record(path, &plan, 2);
    assert_int_equal(az_recording_reopen(&writer, path, &plan, 3, NULL, &error), AZ_FORMAT);
    assert_non_null(strstr(error.message, "to go on after step 3 it needs 4"));
    assert_int_equal(az_recording_held(path, &plan, 3, &held_bytes, &error), AZ_FORMAT);
    const char *const other[] = {"fingerprint", "0000", "optimizer.lr", "0.002", NULL};
    plan.metadata = other;
    assert_int_equal(az_recording_reopen(&writer, path, &plan, 1, NULL, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "optimizer.lr = 0.001, not 0.002"));
    plan.metadata = metadata;
    static const int64_t more_steps[4] = {0, 1, 3, 6};
    struct az_recorded changed[MOVIES];
    memcpy(changed, movies, sizeof changed);
    plan.tensors = changed;
    changed[1].steps = more_steps;
    assert_int_equal(az_recording_reopen(&writer, path, &plan, 2, NULL, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "record.momentum_W has changed"));
    changed[1] = movies[1];
    changed[0].dtype = AZ_DTYPE_F32;
    assert_int_equal(az_recording_reopen(&writer, path, &plan, 2, NULL, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "no W of the type"));
    check(path, 2);
    assert_int_equal(fixture_count_files(), 1);
    fixture_empty();
}

static void boxes_of_frames_are_read(void **state)
{
    (void)state;
    struct az_recording_plan plan = plan_of();
    const char *path = fixture_path("boxes.safetensors");
    struct az_recording *recording;
    unsigned char whole[(T + 1) * V * D * 2], box[sizeof whole], *at;
    record(path, &plan, T);
    assert_int_equal(az_recording_open(&recording, path, NULL), AZ_OK);
    const struct az_recorded *w = az_recording_find(recording, "W");
    assert_int_equal(az_recording_read(recording, w, 0, T + 1, whole, NULL), AZ_OK);
    for (int64_t v = 0; v < V; v++)
        for (int64_t rows = 0; v + rows <= V; rows++)
            for (int64_t d = 0; d < D; d++)
                for (int64_t dims = 0; d + dims <= D; dims++) {
                    const int64_t begin[2] = {v, d}, size[2] = {rows, dims};
                    assert_int_equal(
                        az_recording_read_box(recording, w, 1, T, begin, size, box, NULL), AZ_OK);
                    at = box;
                    for (int64_t t = 1; t <= T; t++)
                        for (int64_t row = v; row < v + rows; row++, at += 2 * dims)
                            assert_memory_equal(at, whole + ((t * V + row) * D + d) * 2,
                                                (size_t)(2 * dims));
                }
    assert_int_equal(az_recording_read_rows(recording, w, 0, T + 1, 4, 1, box, NULL), AZ_OK);
    assert_memory_equal(box + T * D * 2, whole + (T * V + 4) * D * 2, D * 2);
    assert_int_equal(az_recording_read_rows(recording, w, 0, 1, 4, 2, box, NULL), AZ_USAGE);
    assert_int_equal(az_recording_read_rows(recording, w, 0, 1, -1, 1, box, NULL), AZ_USAGE);
    assert_int_equal(az_recording_read_rows(recording, az_recording_find(recording, "losses"), 0, 1,
                                            0, 1, box, NULL),
                     AZ_USAGE);
    az_recording_close(recording);
}

/* HDF5 without compression: room for all frames is there from the start, and is not taken again. */
static void room_that_was_reserved_is_used(void **state)
{
    (void)state;
    enum { LONG = 4000, WIDE = 600, STOPPED = 1700, KEPT = 1600 };
    static const struct az_recorded wide = {.name = "W",
                                            .dtype = AZ_DTYPE_BF16,
                                            .frame_rank = 2,
                                            .frame_shape = {1, WIDE},
                                            .frames = LONG + 1};
    struct az_recording_plan plan = {.container = AZ_CONTAINER_HDF5,
                                     .compression = AZ_COMPRESSION_NONE,
                                     .tensors = &wide,
                                     .tensor_count = 1,
                                     .metadata = metadata};
    struct az_recording_writer *writer;
    struct az_recording *recording;
    struct stat begun, again;
    uint16_t frame[WIDE] = {0};
    char path[512], part[600];
    snprintf(path, sizeof path, "%s", fixture_path("plain.h5"));
    snprintf(part, sizeof part, "%s.part", path);
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    for (int64_t n = 0; n <= STOPPED; n++) {
        frame[7] = (uint16_t)n;
        assert_int_equal(az_recording_write(writer, 0, n, frame, NULL), AZ_OK);
    }
    az_recording_leave(writer);
    assert_int_equal(stat(part, &begun), 0);
    assert_int_equal(az_recording_reopen(&writer, path, &plan, KEPT, NULL, NULL), AZ_OK);
    assert_int_equal(stat(part, &again), 0);
    assert_in_range(again.st_size, begun.st_size, begun.st_size + (1 << 19)); /* headers, lists */
    for (int64_t n = KEPT + 1; n <= LONG; n++) {
        frame[7] = (uint16_t)n;
        assert_int_equal(az_recording_write(writer, 0, n, frame, NULL), AZ_OK);
    }
    assert_int_equal(az_recording_commit(writer, &wide.frames, NULL), AZ_OK);
    assert_int_equal(az_recording_open(&recording, path, NULL), AZ_OK);
    for (int64_t n = 0; n <= LONG; n++) {
        assert_int_equal(
            az_recording_read(recording, az_recording_at(recording, 0), n, 1, frame, NULL), AZ_OK);
        assert_int_equal(frame[7], (uint16_t)n);
    }
    az_recording_close(recording);
    fixture_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_on_where_it_was),
        cmocka_unit_test(what_does_not_fit_is_refused_and_left_alone),
        cmocka_unit_test(it_leaves_again_and_goes_on_again),
        cmocka_unit_test(boxes_of_frames_are_read),
        cmocka_unit_test(room_that_was_reserved_is_used),
    };
    int failed = cmocka_run_group_tests_name("safetensors", tests, fixture_make, fixture_remove);
    container = AZ_CONTAINER_HDF5;
    return failed + cmocka_run_group_tests_name("HDF5", tests, fixture_make, fixture_remove);
}
