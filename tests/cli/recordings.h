/* recordings.h: recordings for the tests of the tools: a tiny run in "run", copies of it that are
 * damaged, an unfinished file, what PyTorch wrote. Include it after program.h. */
#ifndef AZ_TESTS_CLI_RECORDINGS_H
#define AZ_TESTS_CLI_RECORDINGS_H

#include "azimuth/recording.h"
#include "azimuth/safetensors.h"

static inline const char *in_directory(const char *name)
{
    static char paths[4][320];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

/* 30 steps of 270 tokens of 8 dimensions, everything recorded, in bf16. */
static inline int enter_and_train(void **state)
{
    if (enter(state) != 0) return -1;
    write_file("good.txt",
               "the cat sat on the mat and the dog sat on the log, the frog on the bog\n");
    write_file("tiny.conf", "[corpus]\ntext = good.txt\n"
                            "[tokenizer]\ntexts = good.txt\nvocabulary = 270\n"
                            "[model]\nlayers = 1\nwidth = 8\nheads = 2\ncontext = 8\n"
                            "[train]\nsteps = 30\nbatch = 2\n"
                            "[optimizer]\narithmetic = bf16\n"
                            "[record]\nW = 1\ngrad_W = 1\nmomentum_W = 1\nvariance_W = 1\n");
    if (setenv("AZ_CACHE", "cache", 1) != 0) return -1;
    return azimuth("train tiny.conf -o run");
}

static inline void copy_golden(const char *golden, const char *name)
{
    char path[1024], *bytes;
    size_t length;
    snprintf(path, sizeof path, "%s/tests/golden/%s", getenv("AZ_SOURCE"), golden);
    assert_int_equal(az_file_read(path, 0, &bytes, &length, NULL), AZ_OK);
    assert_int_equal(az_file_write(in_directory(name), bytes, length, NULL), AZ_OK);
    az_memory_free(bytes);
}

/* A copy of a file in which one bit of a tensor's byte is another. */
static inline void flip(const char *name, const char *copy, const char *tensor,
                        uint64_t offset_bytes, int bit)
{
    struct az_safetensors *file;
    char *bytes;
    size_t length;
    assert_int_equal(az_safetensors_open(&file, in_directory(name), NULL), AZ_OK);
    const struct az_tensor *found = az_safetensors_find(file, tensor);
    assert_non_null(found);
    assert_true(offset_bytes < found->bytes);
    uint64_t at = found->offset_bytes + offset_bytes;
    az_safetensors_close(file);
    assert_int_equal(az_file_read(in_directory(name), 0, &bytes, &length, NULL), AZ_OK);
    bytes[at] = (char)(bytes[at] ^ 1 << bit);
    assert_int_equal(az_file_write(in_directory(copy), bytes, length, NULL), AZ_OK);
    az_memory_free(bytes);
}

static inline void truncate_file(const char *name, const char *copy, size_t less_bytes)
{
    char *bytes;
    size_t length;
    assert_int_equal(az_file_read(in_directory(name), 0, &bytes, &length, NULL), AZ_OK);
    assert_int_equal(az_file_write(in_directory(copy), bytes, length - less_bytes, NULL), AZ_OK);
    az_memory_free(bytes);
}

/* NAME.part: room for frames 0..20 of a W of 3 x 4, of which those up to a step are there. */
static inline void write_unfinished(const char *name, int64_t through_step)
{
    const struct az_recorded w = {
        .name = "W", .dtype = AZ_DTYPE_BF16, .frame_rank = 2, .frame_shape = {3, 4}, .frames = 21};
    const struct az_recording_plan plan = {.tensors = &w, .tensor_count = 1};
    struct az_recording_writer *writer;
    assert_int_equal(az_recording_create(&writer, in_directory(name), &plan, NULL), AZ_OK);
    for (int64_t t = 0; t <= through_step; t++) {
        uint16_t frame[12];
        for (int n = 0; n < 12; n++) frame[n] = (uint16_t)(100 * t + n);
        assert_int_equal(az_recording_write(writer, 0, t, frame, NULL), AZ_OK);
    }
    az_recording_leave(writer);
}

#endif
