/* A flipped bit anywhere in a recording of dead rows at a cadence, in every container and
 * compression: the file is refused, or the damage is told, or everything that can be read is what
 * was written. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/hash.h"
#include "azimuth/recording.h"
#include "azimuth/verify.h"

enum { V = 12, DEAD = 4, D = 256, T = 19, W_FRAMES = 12, MOVIES = 3, FRAME_BYTES = DEAD * D * 2 };

static const int64_t dead[DEAD] = {1, 4, 7, 9}, live[V - DEAD] = {0, 2, 3, 5, 6, 8, 10, 11};
static const int64_t steps[W_FRAMES] = {0, 1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 18};
static const int64_t vocabulary = V;
static const struct az_recorded movies[MOVIES] = {
    {.name = "W",
     .dtype = AZ_DTYPE_BF16,
     .frame_rank = 2,
     .frame_shape = {DEAD, D},
     .frames = W_FRAMES,
     .steps = steps,
     .token_ids = dead},
    {.name = "grad_W",
     .dtype = AZ_DTYPE_BF16,
     .frame_rank = 2,
     .frame_shape = {DEAD, D},
     .frames = T + 1,
     .token_ids = dead},
    {.name = "losses", .dtype = AZ_DTYPE_F32, .frames = T + 1}};
static const size_t frame_bytes[MOVIES] = {FRAME_BYTES, FRAME_BYTES, 4};
static const struct az_tensor constants[] = {
    {.name = "vocab_size", .dtype = AZ_DTYPE_I64, .bytes = 8, .data = &vocabulary},
    {.name = "dead_indices",
     .dtype = AZ_DTYPE_I64,
     .rank = 1,
     .shape = {DEAD},
     .bytes = sizeof dead,
     .data = dead},
    {.name = "live_indices",
     .dtype = AZ_DTYPE_I64,
     .rank = 1,
     .shape = {V - DEAD},
     .bytes = sizeof live,
     .data = live}};
static const char *const metadata[] = {"fingerprint", "00000000000000000000000000000000",
                                       "record.rows", "dead",
                                       "record.W",    "1 until 4 then 2",
                                       NULL};

static const struct format {
    const char *name;
    enum az_container container;
    enum az_compression compression;
} formats[] = {{"whole.safetensors", AZ_CONTAINER_SAFETENSORS, AZ_COMPRESSION_NONE},
               {"none.h5", AZ_CONTAINER_HDF5, AZ_COMPRESSION_NONE},
               {"fast.h5", AZ_CONTAINER_HDF5, AZ_COMPRESSION_FAST},
               {"small.h5", AZ_CONTAINER_HDF5, AZ_COMPRESSION_SMALL}};

static void fill(unsigned char *bytes, size_t movie, int64_t step)
{
    for (size_t n = 0; n < frame_bytes[movie]; n++)
        bytes[n] = (unsigned char)(n * n / 7 + (size_t)step / 3 + movie * 101);
}

static void record(const char *path, const struct format *format)
{
    static unsigned char bytes[FRAME_BYTES];
    char text[AZ_HASH_TEXT_BYTES];
    int64_t frames[MOVIES] = {0};
    struct az_hasher *hasher;
    struct az_recording_writer *writer;
    struct az_recording_plan plan = {.container = format->container,
                                     .compression = format->compression,
                                     .tensors = movies,
                                     .tensor_count = MOVIES,
                                     .constants = constants,
                                     .constant_count = 3,
                                     .metadata = metadata};
    assert_int_equal(az_hasher_create(&hasher, NULL), AZ_OK);
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    for (int64_t step = 0; step <= T; step++)
        for (size_t m = 0; m < MOVIES; m++) {
            if (frames[m] == movies[m].frames ||
                az_recording_step_of(&movies[m], frames[m]) != step)
                continue;
            fill(bytes, m, step);
            az_hasher_add(hasher, bytes, frame_bytes[m]);
            assert_int_equal(az_recording_write(writer, m, frames[m]++, bytes, NULL), AZ_OK);
        }
    az_hash_text(az_hasher_value(hasher), text);
    az_hasher_free(hasher);
    assert_int_equal(az_recording_amend(writer, "fingerprint", text, NULL), AZ_OK);
    assert_int_equal(az_recording_commit(writer, frames, NULL), AZ_OK);
}

/* Every frame, its step and its tokens. */
static bool is_as_written(const struct az_recording *recording)
{
    static unsigned char expected[FRAME_BYTES], found[FRAME_BYTES];
    bool same = az_recording_count(recording) == MOVIES;
    for (size_t m = 0; same && m < MOVIES; m++) {
        const struct az_recorded *tensor = az_recording_find(recording, movies[m].name);
        same = tensor && tensor->frames == movies[m].frames &&
               tensor->frame_bytes == frame_bytes[m] && tensor->dtype == movies[m].dtype &&
               !tensor->token_ids == !movies[m].token_ids;
        if (same && tensor->token_ids) same = memcmp(tensor->token_ids, dead, sizeof dead) == 0;
        for (int64_t n = 0; same && n < movies[m].frames; n++) {
            int64_t step = az_recording_step_of(&movies[m], n);
            fill(expected, m, step);
            same = az_recording_step_of(tensor, n) == step &&
                   az_recording_read(recording, tensor, n, 1, found, NULL) == AZ_OK &&
                   memcmp(found, expected, frame_bytes[m]) == 0;
        }
    }
    return same;
}

enum outcome { REFUSED, FOUND, HARMLESS, UNNOTICED };

static enum outcome look(const char *path)
{
    struct az_recording *recording;
    struct az_verify_result result;
    struct az_verify_options options = {.threads = 1};
    if (az_recording_open(&recording, path, NULL) != AZ_OK) return REFUSED;
    enum az_status status = az_verify(recording, &options, &result, NULL, NULL);
    enum outcome outcome = FOUND;
    if (status == AZ_OK) outcome = is_as_written(recording) ? HARMLESS : UNNOTICED;
    if (status == AZ_DIFFERENCE && result.bad) assert_non_null(result.first.tensor);
    if (status == AZ_DIFFERENCE && !result.bad)
        assert_true(result.lists[0] || result.fingerprint == AZ_FINGERPRINT_OTHER);
    az_recording_close(recording);
    return outcome;
}

static void flip(int fd, off_t at, int bit)
{
    unsigned char byte;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= (unsigned char)(1 << bit);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void flip_everywhere(const struct format *format)
{
    int counts[4] = {0};
    char path[512];
    struct stat about;
    snprintf(path, sizeof path, "%s", fixture_path(format->name));
    record(path, format);
    assert_int_equal(look(path), HARMLESS);
    int fd = open(path, O_RDWR);
    assert_int_equal(fstat(fd, &about), 0);
    /* Closely where structures and lists lie, in the data now and then. */
    for (off_t at = 0; at < about.st_size; at += at < 6000 || at > about.st_size - 6000 ? 7 : 331) {
        int bit = (int)(at / 7) % 8;
        flip(fd, at, bit);
        enum outcome outcome = look(path);
        counts[outcome]++;
        if (outcome == UNNOTICED) {
            char around[65] = "";
            assert_true(pread(fd, around, 64, at > 32 ? at - 32 : 0) > 0);
            fail_msg("%s: bit %d of byte %lld of %lld, in the middle of \"%s\"", format->name, bit,
                     (long long)at, (long long)about.st_size, around);
        }
        flip(fd, at, bit);
    }
    close(fd);
    assert_int_equal(look(path), HARMLESS);
    print_message("%s: %d refused, %d found, %d harmless\n", format->name, counts[REFUSED],
                  counts[FOUND], counts[HARMLESS]);
    assert_true(counts[REFUSED] > 20 && counts[FOUND] > 20);
    fixture_empty();
}

static void a_flipped_bit_is_refused_found_or_harmless(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof formats / sizeof formats[0]; n++) flip_everywhere(&formats[n]);
}

/* The first bad frame, by step, token and dimension of the rows that are there. */
static void the_first_bad_frame_is_named(void **state)
{
    (void)state;
    struct az_recording *recording;
    struct az_verify_result result;
    struct az_verify_options options = {.threads = 2};
    struct az_safetensors *file;
    char path[512];
    snprintf(path, sizeof path, "%s", fixture_path("named.safetensors"));
    record(path, &formats[0]);
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    off_t w = (off_t)az_safetensors_find(file, "W")->offset_bytes;
    off_t grad = (off_t)az_safetensors_find(file, "grad_W")->offset_bytes;
    az_safetensors_close(file);
    int fd = open(path, O_RDWR);
    flip(fd, w + 9 * FRAME_BYTES + (2 * D + 5) * 2, 3);     /* step 14 */
    flip(fd, grad + 11 * FRAME_BYTES + (3 * D + 6) * 2, 4); /* step 11: earlier */
    close(fd);
    assert_int_equal(az_recording_open(&recording, path, NULL), AZ_OK);
    assert_int_equal(az_verify(recording, &options, &result, NULL, NULL), AZ_DIFFERENCE);
    assert_int_equal(result.bad, 2);
    assert_string_equal(result.first.tensor->name, "grad_W");
    assert_int_equal(result.first.step, 11);
    assert_int_equal(result.first.token, dead[3]);
    assert_int_equal(result.first.dim, 6);
    assert_int_equal(result.first.bit, 4);
    assert_int_equal(result.fingerprint, AZ_FINGERPRINT_OTHER);
    az_recording_close(recording);
    fixture_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_is_refused_found_or_harmless),
        cmocka_unit_test(the_first_bad_frame_is_named),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
