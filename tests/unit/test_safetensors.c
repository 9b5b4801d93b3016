#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/safetensors.h"
#include "base/clock.h"
#include "base/memory.h"

/* ---- reading ---- */

/* A reason of the reference implementation, and words of our message for it. */
static const struct {
    const char *verdict, *words;
} reasons[] = {
    {"HeaderTooSmall", "too short for a safetensors file"},
    {"HeaderTooLarge", "100000000 is the limit"},
    {"InvalidHeaderLength", "cut short: the header has 60 bytes"},
    {"InvalidHeader", "not valid UTF-8"},
    {"InvalidHeaderDeserialization", "not valid JSON"},
    {"MetadataIncompleteBuffer", "of data"},
    {"TensorInvalidInfo", "does not fill its place"},
    {"ValidationOverflow", "overflows"},
};

static void check_vector(const char *name, const char *verdict)
{
    char vector[128];
    struct az_safetensors *file;
    struct az_error error;
    snprintf(vector, sizeof vector, "safetensors_vectors/%.100s", name);
    const char *path = fixture_shared(vector);
    enum az_status status = az_safetensors_open(&file, path, &error);
    if (strcmp(verdict, "OK") == 0) {
        assert_int_equal(status, AZ_OK);
        az_safetensors_close(file);
        return;
    }
    assert_int_equal(status, AZ_FORMAT);
    assert_null(file);
    assert_string_equal(error.file, path);
    for (size_t n = 0; n < sizeof reasons / sizeof reasons[0]; n++)
        if (strcmp(reasons[n].verdict, verdict) == 0) {
            assert_non_null(strstr(error.message, reasons[n].words));
            return;
        }
    fail_msg("no words for %s", verdict);
}

static void the_reference_vectors_get_their_verdicts(void **state)
{
    (void)state;
    const char *manifest = fixture_shared("safetensors_vectors/MANIFEST.tsv");
    if (!manifest) {
        print_message("skipped: the shared safetensors vectors are not here\n");
        skip();
    }
    FILE *file = fopen(manifest, "r");
    char name[256], verdict[64];
    int bytes, count = 0;
    for (; fscanf(file, "%255s %d %63s", name, &bytes, verdict) == 3; count++)
        check_vector(name, verdict);
    fclose(file);
    assert_int_equal(count, 16);
}

struct refusal {
    const char *header;
    size_t data_bytes;
    enum az_status status; /* AZ_OK: must load */
    const char *words;
};

#define T(name, dtype, shape, offsets)                                                             \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const struct refusal refusals[] = {
    {"{" T("a", "I32", "[2]", "[0,8]") "}", 8, AZ_OK, NULL},
    {"{" T("a", "I32", "[2]", "[0,8]") "," T("b", "U8", "[0]", "[8,8]") "}", 8, AZ_OK, NULL},
    {"{" T("b", "U8", "[1]", "[8,9]") "," T("a", "I32", "[2]", "[0,8]") "}", 9, AZ_OK, NULL},
    {"{" T("a", "F4", "[2]", "[0,1]") "}", 1, AZ_OK, NULL},
    {"{\"__metadata__\":{\"k\":\"v\"}," T("a", "U8", "[1]", "[0,1]") "}", 1, AZ_OK, NULL},
    {"{" T("a", "U8", "[1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, AZ_OK, NULL},
    {"{" T("a", "U8", "[1]", "[1,2]") "}", 2, AZ_FORMAT, "a hole before tensor \"a\""},
    {"{" T("a", "U8", "[2]", "[0,2]") "," T("b", "U8", "[2]", "[1,3]") "}", 3, AZ_FORMAT,
     "an overlap before tensor \"b\""},
    {"{" T("a", "U8", "[2]", "[0,2]") "," T("b", "U8", "[2]", "[0,2]") "}", 2, AZ_FORMAT,
     "overlap"},
    {"{" T("a", "U8", "[2]", "[0,2]") "}", 3, AZ_FORMAT, "bytes beyond the last tensor"},
    {"{" T("a", "U8", "[2]", "[0,2]") "}", 1, AZ_FORMAT, "cut short: the tensors"},
    {"{" T("a", "U8", "[2]", "[2,0]") "}", 2, AZ_FORMAT, "no [begin, end]"},
    {"{" T("a", "U8", "[2]", "[0,2,4]") "}", 2, AZ_FORMAT, "no [begin, end]"},
    {"{" T("a", "U8", "[2]", "[-2,0]") "}", 2, AZ_FORMAT, "no [begin, end]"},
    {"{" T("a", "U8", "[-2]", "[0,2]") "}", 2, AZ_FORMAT, "no list of sizes"},
    {"{" T("a", "U8", "[2.0]", "[0,2]") "}", 2, AZ_FORMAT, "no list of sizes"},
    {"{" T("a", "U8", "2", "[0,2]") "}", 2, AZ_FORMAT, "no list of sizes"},
    {"{" T("a", "U8", "[\"2\"]", "[0,2]") "}", 2, AZ_FORMAT, "no list of sizes"},
    {"{" T("a", "F4", "[3]", "[0,1]") "}", 1, AZ_FORMAT, "ends within a byte"},
    {"{" T("a", "Q8", "[1]", "[0,1]") "}", 1, AZ_UNSUPPORTED, "unknown dtype \"Q8\""},
    {"{" T("a", "u8", "[1]", "[0,1]") "}", 1, AZ_UNSUPPORTED, "unknown dtype"},
    {"{" T("a", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, AZ_UNSUPPORTED, "9 dimensions"},
    {"{" T("a", "U8", "[9223372036854775807,3,0]", "[0,0]") "}", 0, AZ_FORMAT, "overflows"},
    {"{" T("a", "U8", "[1]", "[0,9223372036854775807]") "}", 1, AZ_FORMAT, "does not fill"},
    {"{" T("a", "U8", "[1]", "[0,99999999999999999999]") "}", 1, AZ_FORMAT, "overflows 64 bits"},
    {"{" T("a", "U8", "[1]", "[0,1]") "," T("a", "U8", "[1]", "[0,1]") "}", 1, AZ_FORMAT, "twice"},
    {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
     AZ_FORMAT, "twice"},
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, AZ_FORMAT, "lacks its dtype"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, AZ_FORMAT, "lacks its dtype or data_offsets"},
    {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, AZ_FORMAT, "no list of sizes"},
    {"{\"a\":[]}", 0, AZ_FORMAT, "lacks"},
    {"{\"__metadata__\":{\"k\":1}}", 0, AZ_FORMAT, "\"k\" is no string"},
    {"{\"__metadata__\":[]}", 0, AZ_FORMAT, "not an object of strings"},
    {"[]", 0, AZ_FORMAT, "not a JSON object"},
    {"", 0, AZ_FORMAT, "not valid JSON"},
    {"{} x", 0, AZ_FORMAT, "not valid JSON"},
    {"{\"a\\u0000\":{}}", 0, AZ_FORMAT, "not valid JSON"},
    {"{\"\xc3\":{}}", 0, AZ_FORMAT, "not valid UTF-8"},
};

static void every_lie_of_a_header_is_refused_with_its_reason(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    for (size_t n = 0; n < sizeof refusals / sizeof refusals[0]; n++) {
        struct az_safetensors *file;
        struct az_error error;
        size_t length = fixture_safetensors(bytes, refusals[n].header, refusals[n].data_bytes);
        enum az_status status = az_safetensors_open_bytes(&file, bytes, length, &error);
        if (status != refusals[n].status)
            fail_msg("%s: status %s", refusals[n].header, az_status_name(status));
        if (status == AZ_OK)
            az_safetensors_close(file);
        else if (!strstr(error.message, refusals[n].words))
            fail_msg("%s: \"%s\"", refusals[n].header, error.message);
    }
}

static void names_too_long_and_headers_too_rich_are_refused(void **state)
{
    (void)state;
    static unsigned char bytes[9000000];
    static char header[8500000];
    struct az_safetensors *file;
    struct az_error error;
    memset(header, 'n', 400);
    memcpy(header, "{\"", 2);
    strcpy(header + 300, "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
    size_t length = fixture_safetensors(bytes, header, 0);
    assert_int_equal(az_safetensors_open_bytes(&file, bytes, length, &error), AZ_UNSUPPORTED);
    memset(header, '[', sizeof header - 1);
    length = fixture_safetensors(bytes, header, 0);
    assert_int_equal(az_safetensors_open_bytes(&file, bytes, length, &error), AZ_FORMAT);
    assert_non_null(strstr(error.message, "no honest file"));
    header[3000] = 0;
    length = fixture_safetensors(bytes, header, 0);
    assert_int_equal(az_safetensors_open_bytes(&file, bytes, length, &error), AZ_FORMAT);
    assert_non_null(strstr(error.message, "depth"));
}

static void control_characters_of_names_do_not_reach_the_terminal(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    struct az_safetensors *file;
    struct az_error error;
    size_t length = fixture_safetensors(bytes, "{" T("a\\u001b[2J", "U8", "[1]", "[1,2]") "}", 2);
    assert_int_equal(az_safetensors_open_bytes(&file, bytes, length, &error), AZ_FORMAT);
    assert_non_null(strstr(error.message, "\"a?[2J\""));
}

#define MANY 20000

/* The time is told and not judged: machines are slow and busy in their own ways. */
static void every_one_of_thousands_of_tensors_is_found(void **state)
{
    (void)state;
    static struct az_tensor tensors[MANY];
    struct az_safetensors *file;
    for (size_t n = 0; n < MANY; n++) {
        tensors[n] = (struct az_tensor){.dtype = AZ_DTYPE_BF16, .rank = 1, .shape = {2}};
        tensors[n].data = "abcd";
        snprintf(tensors[n].name, sizeof tensors[n].name, "layer.%zu.weight", n * 7919 % MANY);
    }
    const char *path = fixture_path("many.safetensors");
    assert_int_equal(az_safetensors_save(path, tensors, MANY, NULL, NULL), AZ_OK);
    int64_t begin_ns = az_clock_ns();
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    for (size_t n = 0; n < MANY; n++)
        assert_ptr_equal(az_safetensors_find(file, tensors[n].name), az_safetensors_at(file, n));
    print_message("%d tensors opened and found in %.1f ms\n", MANY,
                  (double)(az_clock_ns() - begin_ns) / 1e6);
    az_safetensors_close(file);
}

static void a_missing_tensor_is_told_with_what_is_there(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    struct az_safetensors *file;
    struct az_error error;
    const struct az_tensor *tensor;
    size_t length = fixture_safetensors(
        bytes, "{" T("W", "U8", "[1]", "[0,1]") "," T("losses", "U8", "[1]", "[1,2]") "}", 2);
    assert_int_equal(az_safetensors_open_bytes(&file, bytes, length, NULL), AZ_OK);
    assert_int_equal(az_safetensors_require(file, "W", &tensor, &error), AZ_OK);
    assert_int_equal(az_safetensors_require(file, "grad_W", &tensor, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "\"grad_W\"; the file has: W, losses"));
    assert_null(az_safetensors_metadata(file, "format"));
    az_safetensors_close(file);
}

/* ---- writing ---- */

static const uint8_t first[6] = {1, 2, 3, 4, 5, 6};
static const float second[2] = {1.5f, -2};

static void make_pair(struct az_tensor tensors[2])
{
    tensors[0] = (struct az_tensor){
        .name = "first", .dtype = AZ_DTYPE_U8, .rank = 2, .shape = {3, 2}, .data = first};
    tensors[1] = (struct az_tensor){
        .name = "second", .dtype = AZ_DTYPE_F32, .rank = 1, .shape = {2}, .data = second};
}

static void a_file_has_the_layout_that_the_format_asks_for(void **state)
{
    (void)state;
    struct az_tensor tensors[2];
    static const char *const metadata[] = {"key", "a \"value\"", NULL};
    unsigned char bytes[1024];
    const char *path = fixture_path("a.safetensors");
    make_pair(tensors);
    assert_int_equal(az_safetensors_save(path, tensors, 2, metadata, NULL), AZ_OK);
    const char *header = "{\"__metadata__\":{\"key\":\"a \\\"value\\\"\"},"
                         "\"second\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                         "\"first\":{\"dtype\":\"U8\",\"shape\":[3,2],\"data_offsets\":[8,14]}}";
    size_t padded = (strlen(header) + 7) / 8 * 8;
    assert_int_equal(fixture_read(path, bytes, sizeof bytes), 8 + padded + 14);
    assert_int_equal(bytes[0], padded);
    assert_memory_equal(bytes + 8, header, strlen(header));
    for (size_t n = strlen(header); n < padded; n++) assert_int_equal(bytes[8 + n], ' ');
    assert_memory_equal(bytes + 8 + padded, second, 8);
    assert_memory_equal(bytes + 8 + padded + 8, first, 6);
    assert_int_equal(tensors[0].offset_bytes, 8 + padded + 8);
    assert_int_equal(tensors[1].bytes, 8);
}

static void a_file_appears_at_commit_and_an_abort_leaves_nothing(void **state)
{
    (void)state;
    struct az_tensor tensors[2];
    struct az_safetensors_writer *writer;
    const char *path = fixture_path("b.safetensors");
    int before = fixture_count_files();
    make_pair(tensors);
    assert_int_equal(az_safetensors_create(&writer, path, tensors, 2, NULL, NULL), AZ_OK);
    assert_int_equal(access(path, F_OK), -1);
    az_safetensors_abort(writer);
    assert_int_equal(fixture_count_files(), before);
    assert_int_equal(az_safetensors_create(&writer, path, tensors, 2, NULL, NULL), AZ_OK);
    assert_int_equal(az_safetensors_write(writer, 0, 4, first, 2, NULL), AZ_OK);
    assert_int_equal(az_safetensors_write(writer, 0, 5, first, 2, NULL), AZ_USAGE);
    assert_int_equal(az_safetensors_write(writer, 0, UINT64_MAX, first, 2, NULL), AZ_USAGE);
    assert_int_equal(az_safetensors_write(writer, 2, 0, first, 2, NULL), AZ_USAGE);
    assert_int_equal(az_safetensors_commit(writer, NULL), AZ_OK);
    struct az_safetensors *file;
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    assert_memory_equal(az_safetensors_find(file, "first")->data, "\0\0\0\0\1\2", 6);
    az_safetensors_close(file);
}

static void metadata_can_be_amended_by_text_of_the_same_length(void **state)
{
    (void)state;
    struct az_tensor tensors[2];
    struct az_safetensors_writer *writer;
    struct az_safetensors *file;
    static const char *const metadata[] = {"a", "0000", "quoted", "\"\"", "aa", "0000", NULL};
    const char *path = fixture_path("c.safetensors");
    make_pair(tensors);
    assert_int_equal(az_safetensors_create(&writer, path, tensors, 2, metadata, NULL), AZ_OK);
    assert_int_equal(az_safetensors_amend(writer, "aa", "1234", NULL), AZ_OK);
    assert_int_equal(az_safetensors_amend(writer, "aa", "123", NULL), AZ_USAGE);
    assert_int_equal(az_safetensors_amend(writer, "aa", "12\"4", NULL), AZ_USAGE);
    assert_int_equal(az_safetensors_amend(writer, "quoted", "12", NULL), AZ_USAGE);
    assert_int_equal(az_safetensors_amend(writer, "none", "1234", NULL), AZ_USAGE);
    assert_int_equal(az_safetensors_commit(writer, NULL), AZ_OK);
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    assert_string_equal(az_safetensors_metadata(file, "a"), "0000");
    assert_string_equal(az_safetensors_metadata(file, "aa"), "1234");
    az_safetensors_close(file);
}

static void shrinking_keeps_what_remains(void **state)
{
    (void)state;
    struct az_tensor tensors[3];
    struct az_safetensors_writer *writer;
    struct az_safetensors *file;
    const char *path = fixture_path("d.safetensors");
    static const char *const metadata[] = {"note", "0", NULL};
    make_pair(tensors);
    tensors[2] = (struct az_tensor){.name = "scalar", .dtype = AZ_DTYPE_F32};
    assert_int_equal(az_safetensors_create(&writer, path, tensors, 3, metadata, NULL), AZ_OK);
    assert_int_equal(az_safetensors_write(writer, 0, 0, first, 6, NULL), AZ_OK);
    assert_int_equal(az_safetensors_write(writer, 1, 0, second, 8, NULL), AZ_OK);
    assert_int_equal(az_safetensors_write(writer, 2, 0, second, 4, NULL), AZ_OK);
    assert_int_equal(az_safetensors_amend(writer, "note", "1", NULL), AZ_OK);
    const int64_t dims[3] = {2, 1, 99};
    assert_int_equal(az_safetensors_shrink(writer, dims, NULL), AZ_OK);
    assert_int_equal(az_safetensors_amend(writer, "note", "2", NULL), AZ_OK);
    assert_int_equal(az_safetensors_write(writer, 0, 3, "\x09", 1, NULL), AZ_OK);
    assert_int_equal(az_safetensors_write(writer, 0, 4, first, 1, NULL), AZ_USAGE);
    assert_int_equal(az_safetensors_commit(writer, NULL), AZ_OK);
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    assert_int_equal(az_safetensors_find(file, "first")->shape[0], 2);
    assert_memory_equal(az_safetensors_find(file, "first")->data, "\1\2\3\x09", 4);
    assert_memory_equal(az_safetensors_find(file, "second")->data, second, 4);
    assert_memory_equal(az_safetensors_find(file, "scalar")->data, second, 4);
    assert_string_equal(az_safetensors_metadata(file, "note"), "2");
    az_safetensors_close(file);
}

static void what_cannot_be_written_is_refused_beforehand(void **state)
{
    (void)state;
    struct az_tensor tensors[2];
    struct az_safetensors_writer *writer;
    struct az_error error;
    const char *path = fixture_path("e.safetensors");
    static const char *const odd[] = {"key", NULL};
    make_pair(tensors);
    strcpy(tensors[1].name, "first");
    assert_int_equal(az_safetensors_create(&writer, path, tensors, 2, NULL, &error), AZ_USAGE);
    strcpy(tensors[1].name, "\xff");
    assert_int_equal(az_safetensors_create(&writer, path, tensors, 2, NULL, &error), AZ_USAGE);
    strcpy(tensors[1].name, "__metadata__");
    assert_int_equal(az_safetensors_create(&writer, path, tensors, 2, NULL, &error), AZ_USAGE);
    make_pair(tensors);
    tensors[1].shape[0] = -1;
    assert_int_equal(az_safetensors_create(&writer, path, tensors, 2, NULL, &error), AZ_USAGE);
    tensors[1].shape[0] = INT64_MAX / 2;
    assert_int_not_equal(az_safetensors_create(&writer, path, tensors, 2, NULL, &error), AZ_OK);
    tensors[1].shape[0] = INT64_C(1) << 50;
    assert_int_equal(az_safetensors_create(&writer, path, tensors, 2, NULL, &error), AZ_FULL);
    make_pair(tensors);
    assert_int_equal(az_safetensors_create(&writer, path, tensors, 2, odd, &error), AZ_USAGE);
    assert_int_equal(az_safetensors_create(&writer, "/dev/null", tensors, 2, NULL, &error),
                     AZ_USAGE);
    assert_null(writer);
    assert_int_equal(access(fixture_path("e.safetensors.part"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_vectors_get_their_verdicts),
        cmocka_unit_test(every_lie_of_a_header_is_refused_with_its_reason),
        cmocka_unit_test(names_too_long_and_headers_too_rich_are_refused),
        cmocka_unit_test(control_characters_of_names_do_not_reach_the_terminal),
        cmocka_unit_test(every_one_of_thousands_of_tensors_is_found),
        cmocka_unit_test(a_missing_tensor_is_told_with_what_is_there),
        cmocka_unit_test(a_file_has_the_layout_that_the_format_asks_for),
        cmocka_unit_test(a_file_appears_at_commit_and_an_abort_leaves_nothing),
        cmocka_unit_test(metadata_can_be_amended_by_text_of_the_same_length),
        cmocka_unit_test(shrinking_keeps_what_remains),
        cmocka_unit_test(what_cannot_be_written_is_refused_beforehand),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
