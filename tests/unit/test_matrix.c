/* Matrices out of files: every kind, every name, and what is refused with which words. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* The above come before cmocka.h. */
#include <cmocka.h>
#include <math.h>

#include "../store_fixture.h"
#include "azimuth/bf16.h"
#include "azimuth/matrix.h"
#include "azimuth/recording.h"

enum { ROWS = 3, DIMS = 2 };

static const uint16_t words[ROWS * DIMS] = {0x3f80, 0xbf80, 0x0000, 0x8000, 0x4049, 0x7f80};

static struct az_matrix *opened(const char *name)
{
    struct az_matrix *matrix;
    struct az_error error = {0};
    enum az_status status = az_matrix_open(&matrix, name, &error);
    if (status != AZ_OK) print_message("%s: %s\n", name, error.message);
    assert_int_equal(status, AZ_OK);
    return matrix;
}

/* Refused with this status and a message that has this in it. */
static void refused(const char *name, enum az_status expected, const char *words_of_message)
{
    struct az_matrix *matrix;
    struct az_error error = {0};
    enum az_status status = az_matrix_open(&matrix, name, &error);
    if (!strstr(error.message, words_of_message)) print_message("%s\n", error.message);
    assert_int_equal(status, expected);
    assert_null(matrix);
    assert_non_null(strstr(error.message, words_of_message));
}

static struct az_tensor tensor_of(const char *name, enum az_dtype dtype, const void *data)
{
    struct az_tensor tensor = {.dtype = dtype, .rank = 2, .shape = {ROWS, DIMS}, .data = data};
    snprintf(tensor.name, sizeof tensor.name, "%s", name);
    return tensor;
}

static void save(const char *file, struct az_tensor *tensors, size_t count)
{
    struct az_error error;
    assert_int_equal(az_safetensors_save(fixture_path(file), tensors, count, NULL, &error), AZ_OK);
}

static void check_words(const struct az_matrix *matrix)
{
    uint16_t scratch[DIMS];
    float values[DIMS];
    assert_int_equal(matrix->rows, ROWS);
    assert_int_equal(matrix->dims, DIMS);
    for (int64_t row = 0; row < ROWS; row++) {
        assert_memory_equal(az_matrix_row(matrix, row, scratch), words + row * DIMS, 2 * DIMS);
        az_matrix_row_f32(matrix, row, values);
        for (int d = 0; d < DIMS; d++)
            assert_int_equal(az_f32_bits(values[d]), (uint32_t)words[row * DIMS + d] << 16);
    }
}

static void names_are_found_in_their_order(void **state)
{
    (void)state;
    struct az_tensor tensors[] = {tensor_of("other", AZ_DTYPE_BF16, words),
                                  tensor_of("model.embed_tokens.weight", AZ_DTYPE_F16, words),
                                  tensor_of("lm_head.weight", AZ_DTYPE_BF16, words)};
    fixture_empty();
    save("untied.safetensors", tensors, 3);
    struct az_matrix *matrix = opened(fixture_path("untied.safetensors"));
    assert_string_equal(matrix->tensor, "lm_head.weight");
    assert_string_equal(matrix->other, "model.embed_tokens.weight");
    assert_int_equal(matrix->step, -1);
    check_words(matrix);
    az_matrix_close(matrix);

    save("tied.safetensors", tensors, 2);
    matrix = opened(fixture_path("tied.safetensors"));
    assert_string_equal(matrix->tensor, "model.embed_tokens.weight");
    assert_string_equal(matrix->other, "");
    assert_int_equal(matrix->dtype, AZ_DTYPE_F16);
    az_matrix_close(matrix);

    save("only.safetensors", tensors, 1);
    matrix = opened(fixture_path("only.safetensors"));
    assert_string_equal(matrix->tensor, "other");
    az_matrix_close(matrix);
}

static void a_tensor_is_taken_by_its_name(void **state)
{
    (void)state;
    char name[600];
    float singles[ROWS * DIMS] = {1, 2, 3, 4, 5, NAN};
    struct az_tensor tensors[] = {tensor_of("a", AZ_DTYPE_U16, words),
                                  tensor_of("b", AZ_DTYPE_F32, singles),
                                  tensor_of("c", AZ_DTYPE_I32, singles)};
    fixture_empty();
    save("many.safetensors", tensors, 3);
    const char *path = fixture_path("many.safetensors");
    refused(path, AZ_MISSING, "b, c, a");
    snprintf(name, sizeof name, "%s@a", path);
    struct az_matrix *matrix = opened(name);
    assert_int_equal(matrix->dtype, AZ_DTYPE_BF16);
    assert_true(matrix->raw_bits);
    check_words(matrix);
    az_matrix_close(matrix);
    snprintf(name, sizeof name, "%s@b", path);
    matrix = opened(name);
    assert_int_equal(matrix->dtype, AZ_DTYPE_F32);
    assert_memory_equal(matrix->data, singles, sizeof singles);
    az_matrix_close(matrix);
    snprintf(name, sizeof name, "%s@c", path);
    refused(name, AZ_FORMAT, "I32");
    snprintf(name, sizeof name, "%s@nothing", path);
    refused(name, AZ_MISSING, "b, c, a");
    snprintf(name, sizeof name, "%s@W:x", path);
    refused(name, AZ_USAGE, "no step");
}

static void write_text(const char *file, const char *text)
{
    fixture_write(fixture_path(file), text, strlen(text));
}

static void shards_are_read_through_their_index(void **state)
{
    (void)state;
    struct az_tensor first = tensor_of("model.embed_tokens.weight", AZ_DTYPE_BF16, words);
    struct az_tensor second = tensor_of("lm_head.weight", AZ_DTYPE_BF16, words);
    fixture_empty();
    save("one.safetensors", &first, 1);
    save("two.safetensors", &second, 1);
    write_text("model.safetensors.index.json",
               "{\"metadata\": {}, \"weight_map\": {\"model.embed_tokens.weight\": "
               "\"one.safetensors\", \"lm_head.weight\": \"two.safetensors\", \"lost\": "
               "\"one.safetensors\", \"gone\": \"three.safetensors\"}}");
    struct az_matrix *matrix = opened(fixture_directory);
    assert_string_equal(matrix->tensor, "lm_head.weight");
    assert_string_equal(matrix->other, "model.embed_tokens.weight");
    assert_non_null(strstr(matrix->path, "two.safetensors"));
    check_words(matrix);
    az_matrix_close(matrix);
    matrix = opened(fixture_path("model.safetensors.index.json"));
    az_matrix_close(matrix);
    char name[600];
    snprintf(name, sizeof name, "%s@model.embed_tokens.weight", fixture_directory);
    matrix = opened(name);
    assert_non_null(strstr(matrix->path, "one.safetensors"));
    az_matrix_close(matrix);
    snprintf(name, sizeof name, "%s@lost", fixture_directory);
    refused(name, AZ_MISSING, "no tensor \"lost\"");
    snprintf(name, sizeof name, "%s@gone", fixture_directory);
    refused(name, AZ_MISSING, "cannot open");
    snprintf(name, sizeof name, "%s@never", fixture_directory);
    refused(name, AZ_MISSING, "lm_head.weight, lost, gone");
}

static void lying_indices_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"weight_map\": {\"W\": \"../secret.safetensors\"}}", "plain file name"},
        {"{\"weight_map\": {\"W\": \"/etc/passwd\"}}", "plain file name"},
        {"{\"weight_map\": {\"W\": \"..\"}}", "plain file name"},
        {"{\"weight_map\": {\"W\": \"\"}}", "plain file name"},
        {"{\"weight_map\": {\"W\": 7}}", "no text"},
        {"{\"weight_map\": {}}", "without tensors"},
        {"{\"weight_map\": []}", "weight_map"},
        {"{\"weight_map\": {\"W\": \"a\"}", "}"},
        {"{\"weight_map\": {\"W\": \"a\", \"W\": \"b\"}}", "duplicate"},
        {"{}", "weight_map"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        fixture_empty();
        write_text("x.index.json", cases[n].text);
        refused(fixture_path("x.index.json"), AZ_FORMAT, cases[n].message);
    }
}

/* A file of version 1 with this header and data. */
static void write_npy(const char *file, const char *header, const void *data, size_t data_bytes)
{
    unsigned char bytes[512] = "\x93NUMPY\x01";
    size_t length = strlen(header);
    bytes[8] = (unsigned char)length;
    memcpy(bytes + 10, header, length);
    if (data_bytes) memcpy(bytes + 10 + length, data, data_bytes);
    fixture_write(fixture_path(file), bytes, 10 + length + data_bytes);
}

static void npy_files_are_read(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{'descr': '<u2', 'fortran_order': False, 'shape': (3, 2), }   \n",
        "{'shape': (3, 2), 'fortran_order': False, 'descr': '|V2'}\n",
        "{\"descr\":\"<u2\",\"fortran_order\":False,\"shape\":(3L,2L,)}",
    };
    for (size_t n = 0; n < sizeof headers / sizeof headers[0]; n++) {
        fixture_empty();
        write_npy("a.npy", headers[n], words, sizeof words);
        struct az_matrix *matrix = opened(fixture_path("a.npy"));
        assert_string_equal(matrix->tensor, "");
        assert_int_equal(matrix->dtype, AZ_DTYPE_BF16);
        check_words(matrix);
        az_matrix_close(matrix);
    }
}

static void bad_npy_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *message;
        enum az_status status;
        size_t data_bytes;
    } cases[] = {
        {"{'descr': '>f2', 'fortran_order': False, 'shape': (3, 2)}", "big-endian", AZ_FORMAT, 12},
        {"{'descr': '<f2', 'fortran_order': True, 'shape': (3, 2)}", "column", AZ_FORMAT, 12},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (3, 2)}", "<c8", AZ_UNSUPPORTED, 12},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", "fields",
         AZ_UNSUPPORTED, 12},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1)}", "F64", AZ_FORMAT, 8},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (6,)}", "2 dimensions", AZ_FORMAT, 12},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (0, 2)}", "empty", AZ_FORMAT, 0},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (3, 2)}", "cut short", AZ_FORMAT, 11},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (3, 2)}", "cut short", AZ_FORMAT, 13},
        {"{'descr': '<f2', 'fortran_order': False}", "malformed", AZ_FORMAT, 12},
        {"{'descr': '<f2', 'descr': '<f2', 'shape': (3, 2)}", "malformed", AZ_FORMAT, 12},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (3 2)}", "malformed", AZ_FORMAT, 12},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (3, 2)} x", "malformed", AZ_FORMAT, 12},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (3, 2)", "malformed", AZ_FORMAT, 12},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (4294967296, 4294967296, 2)}",
         "overflows", AZ_FORMAT, 12},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (-3, 2)}", "malformed", AZ_FORMAT, 12},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (99999999999999999999, 2)}",
         "malformed", AZ_FORMAT, 12},
    };
    char name[600];
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        fixture_empty();
        write_npy("a.npy", cases[n].header, words, 0);
        unsigned char data[16] = {0};
        write_npy("a.npy", cases[n].header, data, cases[n].data_bytes);
        refused(fixture_path("a.npy"), cases[n].status, cases[n].message);
    }
    snprintf(name, sizeof name, "%s@W", fixture_path("a.npy"));
    refused(name, AZ_USAGE, "after the @");
    fixture_write(fixture_path("short.npy"), "\x93NUMPY\x01\x00\xff\xff{", 11);
    refused(fixture_path("short.npy"), AZ_FORMAT, "65535");
    fixture_write(fixture_path("new.npy"), "\x93NUMPY\x09\x00\x00\x00{", 11);
    refused(fixture_path("new.npy"), AZ_UNSUPPORTED, "version 9");
}

/* Old writers did not pad the header, so the data may begin at an odd place. */
static void unaligned_data_are_read(void **state)
{
    (void)state;
    unsigned char bytes[256];
    size_t length = fixture_safetensors(
        bytes, "{\"W\":{\"dtype\":\"BF16\",\"shape\":[3,2],\"data_offsets\":[0,12]}} ", 12);
    if ((length - 12) % 2 == 0)
        length = fixture_safetensors(
            bytes, "{\"W\":{\"dtype\":\"BF16\",\"shape\":[3,2],\"data_offsets\":[0,12]}}", 12);
    memcpy(bytes + length - 12, words, 12);
    fixture_empty();
    fixture_write(fixture_path("odd.safetensors"), bytes, length);
    struct az_matrix *matrix = opened(fixture_path("odd.safetensors"));
    assert_int_equal((uintptr_t)matrix->data % 2, 1);
    check_words(matrix);
    az_matrix_close(matrix);
}

static void half_precision_is_exact(void **state)
{
    (void)state;
    assert_true(az_f16_to_f32(0x3c00) == 1.0f);
    assert_true(az_f16_to_f32(0xc000) == -2.0f);
    assert_true(az_f16_to_f32(0x7bff) == 65504.0f);
    assert_true(az_f16_to_f32(0x0001) == 0x1p-24f);
    assert_true(az_f16_to_f32(0x83ff) == -1023 * 0x1p-24f);
    assert_int_equal(az_f32_bits(az_f16_to_f32(0x8000)), 0x80000000);
    assert_true(az_f16_to_f32(0xfc00) == -INFINITY);
    assert_true(isnan(az_f16_to_f32(0x7c01)));
    for (uint32_t bits = 0x0400; bits < 0x7c00; bits++) /* every normal, by its definition */
        assert_true(az_f16_to_f32((uint16_t)bits) ==
                    ldexpf(1.0f + (float)(bits & 1023) / 1024.0f, (int)(bits >> 10) - 15));
}

static void save_recording(const char *file)
{
    enum { FRAMES = 4 };
    struct az_error error;
    uint16_t frame[ROWS * DIMS];
    const struct az_recorded tensors[] = {{.name = "W",
                                           .dtype = AZ_DTYPE_BF16,
                                           .frame_rank = 2,
                                           .frame_shape = {ROWS, DIMS},
                                           .frames = FRAMES}};
    struct az_recording_plan plan = {
        .container = AZ_CONTAINER_SAFETENSORS, .tensors = tensors, .tensor_count = 1};
    struct az_recording_writer *writer;
    int64_t frames = FRAMES;
    assert_int_equal(az_recording_create(&writer, fixture_path(file), &plan, &error), AZ_OK);
    for (int64_t t = 0; t < FRAMES; t++) {
        memcpy(frame, words, sizeof frame);
        if (t != 2) frame[0] = (uint16_t)(100 + t);
        assert_int_equal(az_recording_write(writer, 0, t, frame, &error), AZ_OK);
    }
    assert_int_equal(az_recording_commit(writer, &frames, &error), AZ_OK);
}

static void a_frame_of_a_recording_is_a_matrix(void **state)
{
    (void)state;
    char name[600];
    fixture_empty();
    save_recording("recording.safetensors");
    const char *path = fixture_path("recording.safetensors");
    struct az_matrix *matrix = opened(path);
    assert_int_equal(matrix->step, 3);
    assert_int_equal(*(const uint16_t *)matrix->data, 103);
    az_matrix_close(matrix);
    static const char *const ways[] = {"%s@2", "%s@W:2"};
    for (int n = 0; n < 4; n++) {
        snprintf(name, sizeof name, n % 2 ? ways[1] : ways[0], n < 2 ? path : fixture_directory);
        matrix = opened(name);
        assert_int_equal(matrix->step, 2);
        check_words(matrix);
        az_matrix_close(matrix);
    }
    snprintf(name, sizeof name, "%s@4", path);
    refused(name, AZ_MISSING, "no frame of step 4; it has 4 frames from step 0 to step 3");
    snprintf(name, sizeof name, "%s@h", path);
    refused(name, AZ_MISSING, "W");
}

static void what_is_no_matrix_is_refused(void **state)
{
    (void)state;
    fixture_empty();
    refused(fixture_directory, AZ_MISSING, "no matrix in this directory");
    refused(fixture_path("absent"), AZ_MISSING, "cannot open");
    refused("/dev/null", AZ_FORMAT, "no regular file");
    struct az_tensor empty = tensor_of("W", AZ_DTYPE_BF16, words);
    empty.shape[0] = 0;
    save("empty.safetensors", &empty, 1);
    refused(fixture_path("empty.safetensors"), AZ_FORMAT, "empty");
    struct az_tensor odd[] = {{.name = "a", .dtype = AZ_DTYPE_I32, .rank = 1, .shape = {3}},
                              {.name = "b", .dtype = AZ_DTYPE_I32, .rank = 1, .shape = {3}}};
    odd[0].data = odd[1].data = words;
    save("none.safetensors", odd, 2);
    refused(fixture_path("none.safetensors"), AZ_MISSING, "The file has: a, b");
    save("one.safetensors", odd, 1);
    refused(fixture_path("one.safetensors"), AZ_FORMAT, "a is I32 with 1 dimensions; a matrix of");
}

static struct az_hash hash_of(const struct az_matrix *matrix, int threads)
{
    struct az_pool *pool;
    struct az_hash hash;
    assert_int_equal(az_pool_create(&pool, threads, NULL), AZ_OK);
    assert_int_equal(az_matrix_hash(matrix, pool, &hash, NULL, NULL), AZ_OK);
    az_pool_free(pool);
    return hash;
}

static void the_hash_is_of_the_content(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    static uint16_t many[MANY][DIMS];
    struct az_matrix *matrix;
    char whole[128];
    for (int row = 0; row < MANY; row++) many[row][0] = (uint16_t)row;
    assert_int_equal(az_matrix_wrap(&matrix, AZ_DTYPE_BF16, MANY, DIMS, many, NULL), AZ_OK);
    struct az_hash one = hash_of(matrix, 1), three = hash_of(matrix, 3);
    assert_memory_equal(&one, &three, sizeof one);
    many[MANY - 1][1] ^= 1;
    three = hash_of(matrix, 1);
    assert_memory_not_equal(&one, &three, sizeof one);
    az_matrix_close(matrix);
    assert_int_equal(az_matrix_wrap(&matrix, AZ_DTYPE_BF16, ROWS, DIMS, words, NULL), AZ_OK);
    one = hash_of(matrix, 2);
    matrix->dtype = AZ_DTYPE_F16;
    three = hash_of(matrix, 2);
    assert_memory_not_equal(&one, &three, sizeof one);
    /* The definition, word for word, over bytes put together here. */
    int length = snprintf(whole, sizeof whole, "BF16 3 2\n");
    for (int row = 0; row < ROWS; row++, length += 16) {
        struct az_hash of_row = az_hash_bytes(words + row * DIMS, 2 * DIMS);
        memcpy(whole + length, &of_row.low, 8);
        memcpy(whole + length + 8, &of_row.high, 8);
    }
    three = az_hash_bytes(whole, (size_t)length);
    assert_memory_equal(&one, &three, sizeof one);
    az_matrix_close(matrix);
}

static void real_tables_open(void **state)
{
    (void)state;
    const char *names[] = {"matrices/m2v_2d_float16.safetensors",
                           "matrices/m2v_2d_float32.safetensors",
                           "matrices/m2v_vocabquant.safetensors"};
    if (!fixture_shared(names[0])) skip();
    for (int n = 0; n < 3; n++) {
        struct az_matrix *matrix = opened(fixture_shared(names[n]));
        assert_string_equal(matrix->tensor, "embeddings");
        assert_int_equal(matrix->rows, n < 2 ? 29528 : 128);
        az_matrix_close(matrix);
    }
    refused(fixture_shared("matrices/m2v_2d_int8.safetensors"), AZ_FORMAT, "embeddings is I8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_their_order),
        cmocka_unit_test(a_tensor_is_taken_by_its_name),
        cmocka_unit_test(shards_are_read_through_their_index),
        cmocka_unit_test(lying_indices_are_refused),
        cmocka_unit_test(npy_files_are_read),
        cmocka_unit_test(bad_npy_files_are_refused),
        cmocka_unit_test(unaligned_data_are_read),
        cmocka_unit_test(half_precision_is_exact),
        cmocka_unit_test(a_frame_of_a_recording_is_a_matrix),
        cmocka_unit_test(what_is_no_matrix_is_refused),
        cmocka_unit_test(the_hash_is_of_the_content),
        cmocka_unit_test(real_tables_open),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
