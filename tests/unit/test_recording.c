#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
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
#include "store/recording_sums.h"
#include "store/system.h"

/* A small recording: W and losses at every step, moments at some steps and for some rows, h from
 * step 1. V = 5, D = 3, T = 6. */
enum { V = 5, D = 3, T = 6, ROWS = 2, H = 4, MOVIES = 4 };

static const int64_t some_steps[3] = {0, 2, 6};
static const int64_t some_ids[ROWS] = {1, 4};
static const float learning_rate = 0.001f;
static const int64_t dead_count = 2;

static struct az_recorded movies[MOVIES] = {
    {.name = "W", .dtype = AZ_DTYPE_BF16, .frame_rank = 2, .frame_shape = {V, D}, .frames = T + 1},
    {.name = "momentum_W",
     .dtype = AZ_DTYPE_F32,
     .frame_rank = 2,
     .frame_shape = {ROWS, D},
     .frames = 3,
     .steps = some_steps,
     .token_ids = some_ids},
    {.name = "h",
     .dtype = AZ_DTYPE_BF16,
     .frame_rank = 3,
     .frame_shape = {1, 2, 2},
     .frames = T,
     .first_step = 1},
    {.name = "losses", .dtype = AZ_DTYPE_F32, .frames = T + 1},
};
static const size_t frame_bytes[MOVIES] = {V * D * 2, ROWS *D * 4, H * 2, 4};

static const struct az_tensor constants[] = {
    {.name = "learning_rate", .dtype = AZ_DTYPE_F32, .data = &learning_rate},
    {.name = "n_dead", .dtype = AZ_DTYPE_I64, .data = &dead_count},
};
static const char *const metadata[] = {
    "optimizer.beta2", "0.999", "optimizer.arithmetic", "bf16", "fingerprint", "0000", NULL};

static struct az_recording_plan plan = {.tensors = movies,
                                        .tensor_count = MOVIES,
                                        .constants = constants,
                                        .constant_count = 2,
                                        .metadata = metadata};

static void fill(unsigned char *bytes, size_t movie, int64_t frame)
{
    for (size_t n = 0; n < frame_bytes[movie]; n++)
        bytes[n] = (unsigned char)(n * 13 + (size_t)frame * 31 + movie * 101 + 1);
}

static void write_frame(struct az_recording_writer *writer, size_t movie, int64_t frame)
{
    unsigned char bytes[64];
    fill(bytes, movie, frame);
    assert_int_equal(az_recording_write(writer, movie, frame, bytes, NULL), AZ_OK);
}

/* Every frame whose step is at most `step`, in an order that is not theirs. */
static void write_through(struct az_recording_writer *writer, int64_t step)
{
    for (size_t m = 0; m < MOVIES; m++)
        for (int64_t n = movies[m].frames - 1; n >= 0; n--)
            if (az_recording_step_of(&movies[m], n) <= step) write_frame(writer, m, n);
}

static void check_frames(const struct az_recording *recording, const int64_t frames[MOVIES])
{
    for (size_t m = 0; m < MOVIES; m++) {
        unsigned char expected[64], found[64];
        const struct az_recorded *tensor;
        assert_int_equal(az_recording_require(recording, movies[m].name, &tensor, NULL), AZ_OK);
        assert_int_equal(tensor->frames, frames[m]);
        assert_int_equal(tensor->frame_bytes, frame_bytes[m]);
        for (int64_t n = 0; n < frames[m]; n++) {
            fill(expected, m, n);
            assert_int_equal(az_recording_read(recording, tensor, n, 1, found, NULL), AZ_OK);
            assert_memory_equal(found, expected, frame_bytes[m]);
            struct az_frame_sums sums = {0, 0}, written;
            az_frame_sums_add(&sums, 0, found, frame_bytes[m]);
            assert_int_equal(az_recording_sums(recording, tensor, n, &written),
                             movies[m].frame_rank > 0);
            if (movies[m].frame_rank > 0) assert_memory_equal(&sums, &written, sizeof sums);
            int64_t step = az_recording_step_of(&movies[m], n);
            assert_int_equal(az_recording_step_of(tensor, n), step);
            assert_int_equal(az_recording_frame_of(tensor, step), n);
        }
        assert_int_equal(az_recording_read(recording, tensor, frames[m], 1, found, NULL), AZ_USAGE);
    }
}

static struct az_recording_writer *begin(const char *path)
{
    struct az_recording_writer *writer;
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    return writer;
}

static struct az_recording *reopen(const char *path)
{
    struct az_recording *recording;
    struct az_error error;
    az_error_clear(&error);
    if (az_recording_open(&recording, path, &error) != AZ_OK) fail_msg("%s", error.message);
    return recording;
}

static void what_was_recorded_is_read_back(void **state)
{
    (void)state;
    const char *path = fixture_path("recording.safetensors");
    struct az_recording_writer *writer = begin(path);
    const int64_t frames[MOVIES] = {T + 1, 3, T, T + 1};
    struct stat about;
    uint64_t planned;
    double value;
    write_through(writer, T);
    assert_int_equal(az_recording_amend(writer, "fingerprint", "cafe", NULL), AZ_OK);
    assert_int_equal(az_recording_commit(writer, frames, NULL), AZ_OK);
    assert_int_equal(az_recording_plan_bytes(&plan, &planned, NULL), AZ_OK);
    stat(path, &about);
    if (plan.container == AZ_CONTAINER_SAFETENSORS) assert_int_equal(about.st_size, planned);
    assert_in_range(about.st_size, 1, planned + 65536);
    struct az_recording *recording = reopen(fixture_directory);
    assert_string_equal(az_recording_path(recording), path);
    check_frames(recording, frames);
    assert_false(az_recording_cut_short(recording));
    assert_int_equal(az_recording_last_step(recording), T);
    assert_int_equal(az_recording_count(recording), MOVIES);
    assert_memory_equal(az_recording_find(recording, "momentum_W")->token_ids, some_ids, 16);
    assert_null(az_recording_find(recording, "W")->token_ids);
    assert_null(az_recording_find(recording, "W")->steps);
    assert_null(az_recording_find(recording, "n_dead"));
    assert_int_equal(az_recording_frame_of(az_recording_find(recording, "momentum_W"), 1), -1);
    assert_string_equal(az_recording_text(recording, "fingerprint"), "cafe");
    assert_string_equal(az_recording_text(recording, "format"), "azimuth-recording-1");
    assert_null(az_recording_text(recording, "none"));
    assert_int_equal(az_recording_number(recording, "learning_rate", &value, NULL), AZ_OK);
    assert_true(value == 0.001);
    assert_int_equal(az_recording_number(recording, "adam_beta2", &value, NULL), AZ_OK);
    assert_true(value == 0.999);
    assert_int_equal(az_recording_number(recording, "n_dead", &value, NULL), AZ_OK);
    assert_true(value == 2);
    struct az_error error;
    assert_int_equal(az_recording_number(recording, "optimizer.eps", &value, &error), AZ_MISSING);
    const struct az_recorded *tensor;
    assert_int_equal(az_recording_require(recording, "grad_W", &tensor, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "W"));
    assert_non_null(strstr(error.message, "losses"));
    az_recording_close(recording);
}

static void a_run_that_ends_early_leaves_a_shorter_recording(void **state)
{
    (void)state;
    const char *path = fixture_path("recording.safetensors");
    for (int64_t last = 0; last < T; last++) {
        struct az_recording_writer *writer = begin(path);
        const int64_t frames[MOVIES] = {last + 1, last >= 2 ? 2 : 1, last, last + 1};
        write_through(writer, last);
        assert_int_equal(az_recording_amend(writer, "fingerprint", "beef", NULL), AZ_OK);
        assert_int_equal(az_recording_commit(writer, frames, NULL), AZ_OK);
        struct az_recording *recording = reopen(path);
        check_frames(recording, frames);
        assert_false(az_recording_cut_short(recording));
        assert_string_equal(az_recording_text(recording, "fingerprint"), "beef");
        az_recording_close(recording);
    }
}

static void a_frame_that_was_never_written_is_not_promised(void **state)
{
    (void)state;
    struct az_error error;
    const char *path = fixture_path("never.safetensors");
    struct az_recording_writer *writer = begin(path);
    const int64_t frames[MOVIES] = {1, 1, 0, 1};
    write_frame(writer, 0, 0);
    write_frame(writer, 3, 0);
    assert_int_equal(az_recording_write(writer, 0, T + 1, "", &error), AZ_USAGE);
    assert_int_equal(az_recording_write(writer, 0, -1, "", &error), AZ_USAGE);
    assert_int_equal(az_recording_write(writer, MOVIES, 0, "", &error), AZ_USAGE);
    assert_int_equal(az_recording_commit(writer, frames, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "frame 0 of momentum_W was never written"));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(unlink(fixture_path("never.safetensors.part")), 0);
}

/* A child records through `step`, is killed, and its .part is opened. */
static void kill_after(int64_t step, bool sync, struct az_recording **recording)
{
    pid_t child = fork();
    if (child == 0) {
        struct az_recording_writer *writer = begin(fixture_path("killed.safetensors"));
        int64_t through;
        if (step >= 0) write_through(writer, step);
        /* Beyond a hole: frames that are there and yet not whole up to them. */
        if (step + 2 <= T) write_frame(writer, 0, step + 2);
        if (sync && (az_recording_sync(writer, &through, NULL) != AZ_OK || through != step))
            _exit(1);
        if (!sync) usleep(2500000);
        raise(SIGKILL);
    }
    int result;
    waitpid(child, &result, 0);
    assert_true(WIFSIGNALED(result));
    assert_int_equal(access(fixture_path("killed.safetensors"), F_OK), -1);
    *recording = reopen(fixture_path("killed.safetensors.part"));
}

static void a_killed_run_leaves_the_frames_that_are_whole(void **state)
{
    (void)state;
    struct az_recording *recording;
    for (int64_t step = -1; step <= T; step++) {
        const int64_t frames[MOVIES] = {step + 1,
                                        step < 0   ? 0
                                        : step < 2 ? 1
                                        : step < 6 ? 2
                                                   : 3,
                                        step < 0 ? 0 : step, step + 1};
        kill_after(step, true, &recording);
        check_frames(recording, frames);
        assert_int_equal(az_recording_cut_short(recording), step < T);
        az_recording_close(recording);
    }
    const int64_t frames[MOVIES] = {4, 2, 3, 4};
    kill_after(3, false, &recording);
    check_frames(recording, frames);
    az_recording_close(recording);
}

static void a_part_that_was_renamed_by_hand_does_not_lie(void **state)
{
    (void)state;
    struct az_recording *recording;
    const int64_t frames[MOVIES] = {3, 2, 2, 3};
    kill_after(2, true, &recording);
    az_recording_close(recording);
    rename(fixture_path("killed.safetensors.part"), fixture_path("renamed.safetensors"));
    recording = reopen(fixture_path("renamed.safetensors"));
    check_frames(recording, frames);
    assert_true(az_recording_cut_short(recording));
    az_recording_close(recording);
}

static void a_directory_with_a_cut_recording_says_so(void **state)
{
    (void)state;
    struct az_recording *recording;
    struct az_error error;
    fixture_empty();
    assert_int_equal(az_recording_open(&recording, fixture_directory, &error), AZ_MISSING);
    fixture_write(fixture_path("recording.safetensors.part"), "x", 1);
    assert_int_equal(az_recording_open(&recording, fixture_directory, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "recording.safetensors.part"));
    assert_int_equal(az_recording_open(&recording, fixture_path("none"), &error), AZ_MISSING);
    fixture_write(fixture_path("a.h5"), "\x89HDF\r\n\x1a\n........", 16);
    assert_int_equal(az_recording_open(&recording, fixture_path("a.h5"), &error), AZ_FORMAT);
    assert_non_null(strstr(error.message, "names bytes 0 to 48, but has only 16"));
}

/* ---- files of others ---- */

static void thimble_1_opens(void **state)
{
    (void)state;
    const char *path = fixture_path("thimble.safetensors");
    static uint16_t weights[4 * V * D];
    static float moments[4 * V * D], losses[4] = {NAN, 3, 2, 1};
    float lr = 1e-3f, beta2 = 0.999f;
    int64_t vocabulary = V;
    for (int n = 0; n < 4 * V * D; n++) {
        weights[n] = (uint16_t)(n * 7);
        moments[n] = (float)n;
    }
    struct az_tensor tensors[] = {
        {.name = "W", .dtype = AZ_DTYPE_BF16, .rank = 3, .shape = {4, V, D}, .data = weights},
        {.name = "grad_W", .dtype = AZ_DTYPE_BF16, .rank = 3, .shape = {4, V, D}, .data = weights},
        {.name = "momentum_W",
         .dtype = AZ_DTYPE_F32,
         .rank = 3,
         .shape = {4, V, D},
         .data = moments},
        {.name = "variance_W",
         .dtype = AZ_DTYPE_F32,
         .rank = 3,
         .shape = {4, V, D},
         .data = moments},
        {.name = "losses", .dtype = AZ_DTYPE_F32, .rank = 1, .shape = {4}, .data = losses},
        {.name = "learning_rate", .dtype = AZ_DTYPE_F32, .data = &lr},
        {.name = "adam_beta2", .dtype = AZ_DTYPE_F32, .data = &beta2},
        {.name = "vocab_size", .dtype = AZ_DTYPE_I64, .data = &vocabulary},
    };
    assert_int_equal(az_safetensors_save(path, tensors, 8, NULL, NULL), AZ_OK);
    struct az_recording *recording = reopen(path);
    uint16_t row[2 * V * D];
    double value;
    assert_int_equal(az_recording_count(recording), 5);
    const struct az_recorded *w = az_recording_find(recording, "W");
    assert_int_equal(w->frames, 4);
    assert_int_equal(w->frame_rank, 2);
    assert_int_equal(w->frame_shape[1], D);
    assert_int_equal(az_recording_read(recording, w, 2, 2, row, NULL), AZ_OK);
    assert_memory_equal(row, weights + 2 * V * D, sizeof row);
    assert_int_equal(az_recording_number(recording, "optimizer.lr", &value, NULL), AZ_OK);
    assert_true(value == 0.001);
    assert_int_equal(az_recording_number(recording, "optimizer.beta2", &value, NULL), AZ_OK);
    assert_true(value == 0.999);
    assert_int_equal(az_recording_number(recording, "vocab_size", &value, NULL), AZ_OK);
    assert_true(value == V);
    assert_non_null(az_recording_tensor(recording, "vocab_size"));
    assert_false(az_recording_cut_short(recording));
    az_recording_close(recording);
}

#define M(name, dtype, shape, offsets)                                                             \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const struct {
    const char *header;
    size_t data_bytes;
    enum az_status status;
    const char *words;
} refusals[] = {
    {"{" M("W", "BF16", "[2,3,4]", "[0,48]") "," M("losses", "F32", "[2]", "[48,56]") "}", 56,
     AZ_OK, NULL},
    {"{" M("a", "BF16", "[2,3]", "[0,12]") "," M("b", "U8", "[1]", "[12,13]") "}", 13, AZ_FORMAT,
     "not a recording: it has no W, losses or h; it has: a, b"},
    {"{" M("W", "BF16", "[3,4]", "[0,24]") "}", 24, AZ_FORMAT, "W has 2 dimensions and not 3"},
    {"{" M("W", "F16", "[1,3,4]", "[0,24]") "}", 24, AZ_OK, NULL},
    {"{" M("W", "U16", "[1,3,4]", "[0,24]") "}", 24, AZ_OK, NULL},
    {"{" M("W", "U16", "[1,2,1]", "[0,4]") "," M("dead_indices", "I64", "[2]", "[4,20]") "}", 20,
     AZ_FORMAT, "dead_indices is not ascending"},
    {"{" M("losses", "U16", "[4]", "[0,8]") "}", 8, AZ_FORMAT, "U16; F32 is expected"},
    {"{" M("W", "F64", "[1,1,4]", "[0,32]") "}", 32, AZ_FORMAT, "F32 or F16 is expected"},
    {"{" M("losses", "BF16", "[4]", "[0,8]") "}", 8, AZ_FORMAT, "F32 is expected"},
    {"{" M("W", "BF16", "[4,0,3]", "[0,0]") "}", 0, AZ_FORMAT, "frames of W are empty"},
    {"{" M("W", "BF16", "[0,1000000,10000]", "[0,0]") "}", 0, AZ_FORMAT, "at most"},
    {"{" M("W", "BF16", "[2,3,1]", "[0,12]") "," M("momentum_W", "BF16", "[2,1,3]", "[12,24]") "}",
     24, AZ_FORMAT, "they must agree"},
    {"{" M("W", "BF16", "[2,3,1]", "[0,12]") "," M("momentum_W", "BF16", "[1,3,1]", "[12,18]") "}",
     18, AZ_FORMAT, "neither says at which steps"},
    {"{" M("W", "BF16", "[2,1,1]", "[0,4]") "," M("W.steps", "I64", "[1]", "[4,12]") "}", 12,
     AZ_FORMAT, "W.steps is not the list of 2"},
    {"{" M("W", "BF16", "[2,1,1]", "[0,4]") "," M("W.steps", "I32", "[2]", "[4,12]") "}", 12,
     AZ_FORMAT, "W.steps is not the list of 2"},
    {"{" M("W", "BF16", "[2,1,1]", "[0,4]") "," M("W.steps", "I64", "[2]", "[4,20]") "}", 20,
     AZ_FORMAT, "not ascending"},
    {"{" M("W", "BF16", "[1,2,1]", "[0,4]") "," M("W.token_ids", "I64", "[2]", "[4,20]") "}", 20,
     AZ_FORMAT, "W.token_ids is not ascending"},
    {"{" M("W", "BF16", "[1,2,1]", "[0,4]") "," M("W.sums", "I64", "[1]", "[4,12]") "}", 12,
     AZ_FORMAT, "W.sums is not the list of 1 pairs"},
    {"{\"__metadata__\":{\"format\":\"azimuth-recording-9\"}," M("W", "BF16", "[1,1,1]",
                                                                 "[0,2]") "}",
     2, AZ_UNSUPPORTED, "azimuth-recording-9"},
    {"{\"__metadata__\":{\"recorded_through_step\":\"1x\"}," M("W", "BF16", "[1,1,1]", "[0,2]") "}",
     2, AZ_FORMAT, "cannot be trusted"},
    {"{\"__metadata__\":{\"recorded_through_step\":\"-9223372036854775807\"}," M(
         "W", "BF16", "[1,1,1]", "[0,2]") "}",
     2, AZ_OK, NULL},
    {"{\"__metadata__\":{\"movies\":\"x\"}," M("x", "U8", "[]", "[0,1]") "}", 1, AZ_FORMAT,
     "x has 0 dimensions"},
};

static void what_is_no_recording_is_refused_with_its_reason(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    const char *path = fixture_path("bad.safetensors");
    for (size_t n = 0; n < sizeof refusals / sizeof refusals[0]; n++) {
        struct az_recording *recording;
        struct az_error error;
        size_t length = fixture_safetensors(bytes, refusals[n].header, refusals[n].data_bytes);
        fixture_write(path, bytes, length);
        enum az_status status = az_recording_open(&recording, path, &error);
        if (status != refusals[n].status)
            fail_msg("%s: %s", refusals[n].header, status ? error.message : "opened");
        if (status == AZ_OK) {
            az_recording_close(recording);
            continue;
        }
        assert_string_equal(error.file, path);
        if (!strstr(error.message, refusals[n].words))
            fail_msg("%s: \"%s\"", refusals[n].header, error.message);
    }
}

static void an_unfinished_file_without_a_note_is_not_trusted(void **state)
{
    (void)state;
    unsigned char bytes[256];
    struct az_recording *recording;
    struct az_error error;
    size_t length = fixture_safetensors(bytes, "{" M("W", "BF16", "[1,1,1]", "[0,2]") "}", 2);
    fixture_write(fixture_path("x.part"), bytes, length);
    assert_int_equal(az_recording_open(&recording, fixture_path("x.part"), &error), AZ_FORMAT);
}

/* ---- plans ---- */

static enum az_status try_plan(const struct az_recorded *tensor, const char *const *pairs)
{
    const struct az_recording_plan one = {.tensors = tensor, .tensor_count = 1, .metadata = pairs};
    uint64_t bytes;
    return az_recording_plan_bytes(&one, &bytes, NULL);
}

static void a_plan_that_cannot_be_is_refused(void **state)
{
    (void)state;
    static const int64_t falling[7] = {0, 2, 1, 3, 4, 5, 6};
    static const char *const twice[] = {"format", "mine", NULL};
    struct az_recorded w = movies[0];
    assert_int_equal(try_plan(&w, NULL), AZ_OK);
    assert_int_equal(try_plan(&w, twice), AZ_USAGE);
    w.steps = falling;
    assert_int_equal(try_plan(&w, NULL), AZ_USAGE);
    w = movies[0];
    w.token_ids = falling;
    assert_int_equal(try_plan(&w, NULL), AZ_USAGE);
    w = movies[0];
    w.frame_rank = 1;
    assert_int_equal(try_plan(&w, NULL), AZ_USAGE);
    w = movies[0];
    w.frames = -1;
    assert_int_equal(try_plan(&w, NULL), AZ_USAGE);
    w = movies[0];
    strcpy(w.name, "a b");
    assert_int_equal(try_plan(&w, NULL), AZ_USAGE);
    strcpy(w.name, "");
    assert_int_equal(try_plan(&w, NULL), AZ_USAGE);
}

static void a_movie_that_begins_elsewhere_says_where(void **state)
{
    (void)state;
    struct az_recorded late = {
        .name = "params/b", .dtype = AZ_DTYPE_F32, .frames = 3, .first_step = 5};
    const struct az_recording_plan one = {.tensors = &late, .tensor_count = 1};
    struct az_recording_writer *writer;
    const int64_t frames = 2;
    const char *path = fixture_path("late.safetensors");
    assert_int_equal(az_recording_create(&writer, path, &one, NULL), AZ_OK);
    for (int64_t n = 0; n < 2; n++)
        assert_int_equal(az_recording_write(writer, 0, n, "abcd", NULL), AZ_OK);
    assert_int_equal(az_recording_commit(writer, &frames, NULL), AZ_OK);
    struct az_recording *recording = reopen(path);
    const struct az_recorded *found = az_recording_find(recording, "params/b");
    assert_int_equal(found->frames, 2);
    assert_int_equal(az_recording_step_of(found, 1), 6);
    assert_int_equal(az_recording_frame_of(found, 5), 0);
    az_recording_close(recording);
}

static int as_hdf5(void **state)
{
    plan.container = AZ_CONTAINER_HDF5;
    return fixture_make(state);
}

int main(void)
{
    const struct CMUnitTest any[] = {
        cmocka_unit_test(what_was_recorded_is_read_back),
        cmocka_unit_test(a_run_that_ends_early_leaves_a_shorter_recording),
        cmocka_unit_test(a_frame_that_was_never_written_is_not_promised),
        cmocka_unit_test(a_killed_run_leaves_the_frames_that_are_whole),
        cmocka_unit_test(a_part_that_was_renamed_by_hand_does_not_lie),
        cmocka_unit_test(a_movie_that_begins_elsewhere_says_where),
    };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(a_directory_with_a_cut_recording_says_so),
        cmocka_unit_test(thimble_1_opens),
        cmocka_unit_test(what_is_no_recording_is_refused_with_its_reason),
        cmocka_unit_test(an_unfinished_file_without_a_note_is_not_trusted),
        cmocka_unit_test(a_plan_that_cannot_be_is_refused),
    };
    int failed = cmocka_run_group_tests_name("safetensors", any, fixture_make, fixture_remove);
    failed += cmocka_run_group_tests_name("others", others, fixture_make, fixture_remove);
    return failed + cmocka_run_group_tests_name("HDF5", any, as_hdf5, fixture_remove);
}
