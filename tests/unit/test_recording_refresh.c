/* A recording that another process writes is followed: more frames appear, each of them whole,
 * until it has its final name. */
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

enum { V = 40, D = 16, T = 300, EVERY = 3, MOVIES = 3, FRAME_BYTES = V * D * 4 };

static int64_t some_steps[T / EVERY + 1];
static struct az_recorded movies[MOVIES] = {
    {.name = "W", .dtype = AZ_DTYPE_BF16, .frame_rank = 2, .frame_shape = {V, D}, .frames = T + 1},
    {.name = "variance_W",
     .dtype = AZ_DTYPE_F32,
     .frame_rank = 2,
     .frame_shape = {V, D},
     .frames = T / EVERY + 1,
     .steps = some_steps},
    {.name = "losses", .dtype = AZ_DTYPE_F32, .frames = T + 1},
};
static const size_t frame_bytes[MOVIES] = {V * D * 2, V *D * 4, 4};
static const char *const metadata[] = {"fingerprint", "0000", NULL};

static void fill(unsigned char *bytes, size_t movie, int64_t step)
{
    for (size_t n = 0; n < frame_bytes[movie]; n++)
        bytes[n] = (unsigned char)(n * 13 / 5 + (size_t)step * 31 + movie * 101);
}

static struct az_recording_plan plan_of(enum az_container container)
{
    for (int64_t n = 0; n <= T / EVERY; n++) some_steps[n] = EVERY * n;
    return (struct az_recording_plan){.container = container,
                                      .compression = AZ_COMPRESSION_FAST,
                                      .tensors = movies,
                                      .tensor_count = MOVIES,
                                      .metadata = metadata};
}

/* In a process of its own: a step in 2 ms, on the disk every 10. */
static int write_slowly(const char *path, const struct az_recording_plan *plan)
{
    static unsigned char bytes[FRAME_BYTES];
    struct az_recording_writer *writer;
    static const int64_t frames[MOVIES] = {T + 1, T / EVERY + 1, T + 1};
    if (az_recording_create(&writer, path, plan, NULL) != AZ_OK) return 1;
    for (int64_t step = 0; step <= T; step++) {
        for (size_t m = 0; m < MOVIES; m++) {
            if (m == 1 && step % EVERY) continue;
            fill(bytes, m, step);
            int64_t frame = m == 1 ? step / EVERY : step;
            if (az_recording_write(writer, m, frame, bytes, NULL) != AZ_OK) return 2;
        }
        if (step % 10 == 0 && az_recording_sync(writer, NULL, NULL) != AZ_OK) return 3;
        usleep(2000);
    }
    return az_recording_commit(writer, frames, NULL) == AZ_OK ? 0 : 4;
}

static struct az_recording *open_when_there(const char *part)
{
    struct az_recording *recording;
    for (int n = 0; n < 5000; n++) {
        if (az_recording_open(&recording, part, NULL) == AZ_OK) return recording;
        usleep(2000);
    }
    fail_msg("%s does not open", part);
    return NULL;
}

/* All frames from number `first` on; how many there are. */
static int64_t check_frames(const struct az_recording *recording, size_t movie, int64_t first)
{
    static unsigned char expected[FRAME_BYTES], found[FRAME_BYTES];
    const struct az_recorded *tensor = az_recording_find(recording, movies[movie].name);
    for (int64_t n = first; n < tensor->frames; n++) {
        fill(expected, movie, az_recording_step_of(tensor, n));
        assert_int_equal(az_recording_step_of(tensor, n), movie == 1 ? EVERY * n : n);
        assert_int_equal(az_recording_read(recording, tensor, n, 1, found, NULL), AZ_OK);
        assert_memory_equal(found, expected, frame_bytes[movie]);
    }
    return tensor->frames;
}

static void follow(enum az_container container, const char *name)
{
    struct az_recording_plan plan = plan_of(container);
    char path[512], part[600];
    int64_t seen[MOVIES] = {0}, grown = 0;
    snprintf(path, sizeof path, "%s", fixture_path(name));
    snprintf(part, sizeof part, "%s.part", path);
    pid_t child = fork();
    if (child == 0) _exit(write_slowly(path, &plan));
    struct az_recording *recording = open_when_there(part);
    const struct az_recorded *w = az_recording_find(recording, "W");
    while (az_recording_cut_short(recording)) {
        struct az_error error;
        az_error_clear(&error);
        if (az_recording_refresh(recording, &error) != AZ_OK) fail_msg("%s", error.message);
        assert_ptr_equal(az_recording_find(recording, "W"), w);
        grown += w->frames > seen[0];
        for (size_t m = 0; m < MOVIES; m++) {
            int64_t frames = check_frames(recording, m, seen[m]);
            assert_true(frames >= seen[m]);
            seen[m] = frames;
        }
        usleep(1000);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    assert_int_equal(az_recording_refresh(recording, NULL), AZ_OK);
    assert_string_equal(az_recording_path(recording), path);
    assert_int_equal(check_frames(recording, 0, 0), T + 1);
    assert_int_equal(check_frames(recording, 1, 0), T / EVERY + 1);
    assert_true(grown > 5);
    az_recording_close(recording);
    fixture_empty();
}

static void a_recording_is_followed_while_it_grows(void **state)
{
    (void)state;
    follow(AZ_CONTAINER_SAFETENSORS, "growing.safetensors");
    follow(AZ_CONTAINER_HDF5, "growing.h5");
}

static void what_is_another_or_gone_leaves_everything_as_it_was(void **state)
{
    (void)state;
    struct az_recording_plan plan = plan_of(AZ_CONTAINER_HDF5);
    const char *path = fixture_path("replaced.h5");
    struct az_recording *recording;
    struct az_error error;
    assert_int_equal(write_slowly(path, &plan), 0);
    assert_int_equal(az_recording_open(&recording, path, NULL), AZ_OK);
    unlink(path);
    az_error_clear(&error);
    assert_int_equal(az_recording_refresh(recording, &error), AZ_MISSING);
    assert_int_equal(check_frames(recording, 2, 0), T + 1);
    plan.tensor_count = 2;
    struct az_recording_writer *writer;
    static const int64_t none[2];
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    assert_int_equal(az_recording_commit(writer, none, NULL), AZ_OK);
    assert_int_equal(az_recording_refresh(recording, &error), AZ_FORMAT);
    assert_non_null(strstr(error.message, "is another recording now"));
    assert_int_equal(check_frames(recording, 0, 0), T + 1);
    az_recording_close(recording);
    fixture_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recording_is_followed_while_it_grows),
        cmocka_unit_test(what_is_another_or_gone_leaves_everything_as_it_was),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
