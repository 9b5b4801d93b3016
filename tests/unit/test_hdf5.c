/* HDF5 recordings: what is written is read, in whole and in boxes, in every compression; a writer
 * that is killed at any moment leaves what it promised; it goes on where it was; a live file can be
 * followed. Frames are large enough to be packed, in several chunks along every dimension. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/recording.h"
#include "base/memory.h"
#include "base/random.h"
#include "store/hdf5_reader.h"
#include "store/recording_state.h"
#include "store/recording_sums.h"

enum { V = 130, D = 33, T = 75, ROWS = 70, S = 40, MOVIES = 5, LARGEST = V * D * 4 };

static int64_t some_steps[T + 1], some_ids[ROWS];
static struct az_recorded movies[MOVIES] = {
    {.name = "W", .dtype = AZ_DTYPE_BF16, .frame_rank = 2, .frame_shape = {V, D}, .frames = T + 1},
    {.name = "variance_W",
     .dtype = AZ_DTYPE_F32,
     .frame_rank = 2,
     .frame_shape = {ROWS, D},
     .steps = some_steps,
     .token_ids = some_ids},
    {.name = "h",
     .dtype = AZ_DTYPE_BF16,
     .frame_rank = 3,
     .frame_shape = {3, S, D},
     .frames = T,
     .first_step = 1},
    {.name = "params/a/b",
     .dtype = AZ_DTYPE_BF16,
     .frame_rank = 1,
     .frame_shape = {700},
     .frames = T + 1},
    {.name = "losses", .dtype = AZ_DTYPE_F32, .frames = T + 1},
};
static const int64_t dead_count = 2;
static const struct az_tensor constants[] = {
    {.name = "n_dead", .dtype = AZ_DTYPE_I64, .data = &dead_count}};
static const char *const metadata[] = {
    "fingerprint", "0000", "optimizer.lr", "0.001", "experiment.name", "", "empty", "", NULL};
static struct az_recording_plan plan = {.container = AZ_CONTAINER_HDF5,
                                        .tensors = movies,
                                        .tensor_count = MOVIES,
                                        .constants = constants,
                                        .constant_count = 1,
                                        .metadata = metadata};

/* Rows below V / 2 freeze at step 20; the others are noise. */
static void fill(unsigned char *bytes, size_t movie, int64_t frame)
{
    size_t length = 1;
    for (int n = 0; n < movies[movie].frame_rank; n++)
        length *= (size_t)movies[movie].frame_shape[n];
    length *= az_dtype_bytes(movies[movie].dtype);
    int64_t step = az_recording_step_of(&movies[movie], frame);
    int64_t seed = movie < 2 && step > 20 ? 20 : step;
    for (size_t n = 0; n < length; n++)
        bytes[n] = (unsigned char)(((uint64_t)n * 2654435761u >> 7) +
                                   (uint64_t)(n < length / 2 ? seed : step) * 31 + movie);
}

static size_t bytes_of(const struct az_recorded *movie)
{
    size_t bytes = az_dtype_bytes(movie->dtype);
    for (int n = 0; n < movie->frame_rank; n++) bytes *= (size_t)movie->frame_shape[n];
    return bytes;
}

static int64_t frames_through(size_t movie, int64_t step)
{
    int64_t frames = 0;
    while (frames < movies[movie].frames && az_recording_step_of(&movies[movie], frames) <= step)
        frames++;
    return frames;
}

/* Step by step, as a run does. */
static enum az_status write_steps(struct az_recording_writer *writer, int64_t first, int64_t last)
{
    unsigned char *bytes = malloc(LARGEST);
    enum az_status status = AZ_OK;
    for (int64_t step = first; step <= last; step++)
        for (size_t m = 0; m < MOVIES && status == AZ_OK; m++)
            for (int64_t n = frames_through(m, step - 1); n < frames_through(m, step); n++) {
                fill(bytes, m, n);
                status = az_recording_write(writer, m, n, bytes, NULL);
            }
    free(bytes);
    return status;
}

static void commit(struct az_recording_writer *writer, int64_t last)
{
    int64_t frames[MOVIES];
    struct az_error error;
    az_error_clear(&error);
    for (size_t m = 0; m < MOVIES; m++) frames[m] = frames_through(m, last);
    assert_int_equal(az_recording_amend(writer, "fingerprint", "cafe", NULL), AZ_OK);
    if (az_recording_commit(writer, frames, &error) != AZ_OK) fail_msg("%s", error.message);
}

static void record(const char *path, int64_t last)
{
    struct az_recording_writer *writer;
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    assert_int_equal(write_steps(writer, 0, last), AZ_OK);
    commit(writer, last);
}

static struct az_recording *open_file(const char *path)
{
    struct az_recording *recording;
    struct az_error error;
    az_error_clear(&error);
    if (az_recording_open(&recording, path, &error) != AZ_OK) fail_msg("%s", error.message);
    return recording;
}

/* Every frame of the file, at least those through `least`; returns the last step. */
static int64_t check(const char *path, int64_t least)
{
    struct az_recording *recording = open_file(path);
    unsigned char *expected = malloc(LARGEST), *found = malloc(LARGEST);
    int64_t last = az_recording_last_step(recording);
    assert_in_range(last + 1, least + 1, T + 1);
    for (size_t m = 0; m < MOVIES; m++) {
        const struct az_recorded *tensor = az_recording_find(recording, movies[m].name);
        size_t bytes = bytes_of(&movies[m]);
        assert_int_equal(tensor->frames, frames_through(m, last));
        for (int64_t n = 0; n < tensor->frames; n++) {
            struct az_frame_sums sums = {0, 0}, written;
            fill(expected, m, n);
            assert_int_equal(az_recording_read(recording, tensor, n, 1, found, NULL), AZ_OK);
            assert_memory_equal(found, expected, bytes);
            az_frame_sums_add(&sums, 0, found, bytes);
            assert_int_equal(az_recording_sums(recording, tensor, n, &written), m < 4);
            if (m < 4) assert_memory_equal(&sums, &written, sizeof sums);
        }
    }
    free(expected);
    free(found);
    az_recording_close(recording);
    return last;
}

static void every_frame_is_read_back(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", fixture_path("whole.h5"));
    double number;
    record(path, T);
    assert_int_equal(check(path, T), T);
    struct az_recording *recording = open_file(path);
    assert_string_equal(az_recording_text(recording, "fingerprint"), "cafe");
    assert_string_equal(az_recording_text(recording, "empty"), "");
    assert_int_equal(az_recording_number(recording, "learning_rate", &number, NULL), AZ_OK);
    assert_true(number == 0.001);
    assert_int_equal(az_recording_number(recording, "n_dead", &number, NULL), AZ_OK);
    assert_true(number == 2);
    assert_false(az_recording_cut_short(recording));
    assert_memory_equal(az_recording_find(recording, "variance_W")->token_ids, some_ids,
                        sizeof some_ids);
    az_recording_close(recording);
}

/* 400 boxes of every movie, against the whole read at once; half of them by a reader that keeps no
 * more than two chunks, and so takes the memory of one for the next. */
static void boxes_are_parts_of_the_whole(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", fixture_path("boxes.h5"));
    uint64_t drawn = 0;
    record(path, T);
    struct az_recording *recording = open_file(path), *tight = open_file(path);
    ((struct az_hdf5_reader *)tight->file)->keep_bytes = 300000;
    for (size_t m = 0; m < MOVIES; m++) {
        const struct az_recorded *tensor = az_recording_find(recording, movies[m].name);
        const struct az_recorded *same = az_recording_find(tight, movies[m].name);
        size_t bytes = bytes_of(tensor), element = az_dtype_bytes(tensor->dtype);
        unsigned char *whole = malloc(bytes * (size_t)tensor->frames), *box = malloc(bytes * T);
        assert_int_equal(az_recording_read(recording, tensor, 0, tensor->frames, whole, NULL),
                         AZ_OK);
        for (int round = 0; round < 400; round++) {
            int64_t shape[4] = {tensor->frames, 1, 1, 1}, begin[4] = {0}, size[4] = {1, 1, 1, 1};
            for (int n = 0; n < tensor->frame_rank; n++) shape[n + 1] = tensor->frame_shape[n];
            for (int n = 0; n <= tensor->frame_rank; n++) {
                begin[n] =
                    (int64_t)az_random_below(1, AZ_STREAM_SIMULATION, drawn++, (uint64_t)shape[n]);
                size[n] = (int64_t)az_random_below(1, AZ_STREAM_SIMULATION, drawn++,
                                                   (uint64_t)(shape[n] - begin[n]));
            }
            assert_int_equal(az_recording_read_box(round % 2 ? tight : recording,
                                                   round % 2 ? same : tensor, begin[0], size[0],
                                                   begin + 1, size + 1, box, NULL),
                             AZ_OK);
            const unsigned char *at = box;
            for (int64_t t = begin[0]; t < begin[0] + size[0]; t++)
                for (int64_t i = begin[1]; i < begin[1] + size[1]; i++)
                    for (int64_t j = begin[2]; j < begin[2] + size[2]; j++) {
                        size_t offset =
                            (size_t)(((t * shape[1] + i) * shape[2] + j) * shape[3] + begin[3]);
                        assert_memory_equal(at, whole + offset * element,
                                            (size_t)size[3] * element);
                        at += (size_t)size[3] * element;
                    }
        }
        free(whole);
        free(box);
    }
    az_recording_close(tight);
    az_recording_close(recording);
}

static void it_ends_early(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", fixture_path("early.h5"));
    static const int64_t lasts[] = {0, 1, 31, 32, 74};
    for (size_t n = 0; n < sizeof lasts / sizeof lasts[0]; n++) {
        record(path, lasts[n]);
        assert_int_equal(check(path, lasts[n]), lasts[n]);
    }
}

/* A child records, syncs now and then and says so; it is killed after some microseconds. */
static void kill_after(const char *path, unsigned microseconds, int64_t first, int64_t *promised)
{
    int channel[2];
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    if (child == 0) {
        struct az_recording_writer *writer;
        if (first ? az_recording_reopen(&writer, path, &plan, first - 1, NULL, NULL)
                  : az_recording_create(&writer, path, &plan, NULL))
            _exit(1);
        for (int64_t step = first; step <= T; step++) {
            int64_t through;
            if (write_steps(writer, step, step) != AZ_OK) _exit(2);
            if (step % 7 == 3 && (az_recording_sync(writer, &through, NULL) != AZ_OK ||
                                  write(channel[1], &through, sizeof through) < 0))
                _exit(3);
        }
        raise(SIGKILL);
    }
    close(channel[1]);
    usleep(microseconds);
    kill(child, SIGKILL);
    int result;
    waitpid(child, &result, 0);
    if (!WIFSIGNALED(result)) fail_msg("the child ended with %d", result);
    for (int64_t through; read(channel[0], &through, sizeof through) == sizeof through;)
        *promised = through;
    close(channel[0]);
}

static void a_killed_writer_leaves_what_it_promised(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", fixture_path("killed.h5"));
    int64_t first = 0, promised = -1, rounds = 0;
    for (unsigned n = 0; n < 8; n++) {
        unsigned wait = (unsigned)az_random_below(2, AZ_STREAM_SIMULATION, n, 250000);
        kill_after(path, wait, first, &promised);
        if (access(fixture_path("killed.h5.part"), F_OK) != 0) continue;
        struct az_recording *recording;
        enum az_status status = az_recording_open(&recording, fixture_path("killed.h5.part"), NULL);
        if (status == AZ_OK) az_recording_close(recording);
        if (promised < 0 && status != AZ_OK) continue; /* it was not begun yet */
        assert_int_equal(status, AZ_OK);
        int64_t last = check(fixture_path("killed.h5.part"), promised);
        rounds += last >= 0;
        first = last + 1 > T ? 0 : last + 1; /* goes on there, or begins anew */
        if (first == 0) promised = -1;
    }
    assert_in_range(rounds, 2, 8);
}

static void it_goes_on_to_the_same_frames(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", fixture_path("again.h5"));
    static const int64_t ends[][2] = {{0, 0}, {40, 31}, {40, 32}, {33, 33}, {T, 5}, {T, T}};
    for (size_t n = 0; n < sizeof ends / sizeof ends[0]; n++) {
        struct az_recording_writer *writer;
        struct az_error error;
        int64_t step = ends[n][1], middle = step + (T - step) / 2;
        az_error_clear(&error);
        record(path, ends[n][0]);
        if (az_recording_reopen(&writer, path, &plan, step, NULL, &error) != AZ_OK)
            fail_msg("%s", error.message);
        assert_int_equal(check(fixture_path("again.h5.part"), step), step);
        assert_int_equal(write_steps(writer, step + 1, middle), AZ_OK);
        az_recording_leave(writer);
        assert_int_equal(check(fixture_path("again.h5.part"), middle), middle);
        assert_int_equal(az_recording_reopen(&writer, path, &plan, middle, NULL, NULL), AZ_OK);
        assert_int_equal(write_steps(writer, middle + 1, T), AZ_OK);
        commit(writer, T);
        assert_int_equal(check(path, T), T);
        unlink(path);
    }
}

static void a_live_file_is_followed(void **state)
{
    (void)state;
    struct az_recording_writer *writer;
    char path[512];
    snprintf(path, sizeof path, "%s", fixture_path("live.h5"));
    int64_t through, before = -1;
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    struct az_recording *early = NULL;
    for (int64_t step = 0; step <= T; step++) {
        assert_int_equal(write_steps(writer, step, step), AZ_OK);
        if (step % 10) continue;
        assert_int_equal(az_recording_sync(writer, &through, NULL), AZ_OK);
        assert_int_equal(through, step);
        assert_int_equal(check(fixture_path("live.h5.part"), before), step);
        before = step;
        if (step == 40) early = open_file(fixture_path("live.h5.part"));
    }
    /* One that was opened long ago reads what it knows of, whatever was packed since. */
    const struct az_recorded *w = az_recording_find(early, "W");
    unsigned char *expected = malloc(LARGEST), *found = malloc(LARGEST);
    assert_int_equal(w->frames, 41);
    for (int64_t n = 0; n < 32 && plan.compression != AZ_COMPRESSION_SMALL; n++) {
        fill(expected, 0, n);
        assert_int_equal(az_recording_read(early, w, n, 1, found, NULL), AZ_OK);
        assert_memory_equal(found, expected, bytes_of(w));
    }
    free(expected);
    free(found);
    az_recording_close(early);
    commit(writer, T);
    check(path, T);
}

static void frames_far_out_of_order_are_refused(void **state)
{
    (void)state;
    struct az_recording_writer *writer;
    struct az_error error;
    unsigned char *bytes = calloc(1, LARGEST);
    char path[512];
    snprintf(path, sizeof path, "%s", fixture_path("order.h5"));
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    enum az_status status = az_recording_write(writer, 2, T - 1, bytes, &error);
    bool packed = plan.compression != AZ_COMPRESSION_NONE;
    assert_int_equal(status, packed ? AZ_USAGE : AZ_OK);
    if (packed) assert_non_null(strstr(error.message, "out of its order"));
    az_recording_abort(writer);
    assert_int_equal(access(fixture_path("order.h5.part"), F_OK), -1);
    free(bytes);
}

static int make(void **state)
{
    int64_t frames = 0;
    for (int64_t step = 0; step <= T; step++)
        if (step <= 50 || step % 10 == 0) some_steps[frames++] = step;
    movies[1].frames = frames;
    for (int64_t n = 0; n < ROWS; n++) some_ids[n] = 3 * n + 1;
    return fixture_make(state);
}

int main(void)
{
    static const char *const names[] = {"none", "fast", "small"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_read_back),
        cmocka_unit_test(boxes_are_parts_of_the_whole),
        cmocka_unit_test(it_ends_early),
        cmocka_unit_test(a_killed_writer_leaves_what_it_promised),
        cmocka_unit_test(it_goes_on_to_the_same_frames),
        cmocka_unit_test(a_live_file_is_followed),
        cmocka_unit_test(frames_far_out_of_order_are_refused),
    };
    int failed = 0;
    for (int n = 0; n < 3; n++) {
        plan.compression = (enum az_compression)n;
        failed += cmocka_run_group_tests_name(names[n], tests, make, fixture_remove);
    }
    return failed;
}
