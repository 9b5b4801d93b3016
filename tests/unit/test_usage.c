/* Counts of tokens are those of the whole text, however it is cut; sets of rows are read or
 * refused.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/safetensors.h"
#include "azimuth/usage.h"
#include "base/memory.h"

#define TEXT_BYTES ((size_t)7 << 19)

static struct az_tokenizer *tokenizer;
static struct az_pool *pool;
static char *text;

/* Words and runs of white space that merge across line ends. */
static void fill_text(char *bytes, size_t length, const char *alphabet)
{
    size_t letters = strlen(alphabet);
    uint64_t value = 7;
    for (size_t n = 0; n < length; n++) {
        value = value * 6364136223846793005u + 1442695040888963407u;
        bytes[n] = alphabet[(value >> 33) % letters];
    }
}

static int prepare(void **state)
{
    static const struct az_tokenizer_plan plan = {.model = AZ_TOKEN_MODEL_BYTE,
                                                  .pattern = "gpt2",
                                                  .vocabulary = 700,
                                                  .special_tokens = "<s>"};
    if (fixture_make(state) != 0) return -1;
    if (az_memory_allocate(&text, TEXT_BYTES + 1, 1, "a text", NULL) != AZ_OK) return -1;
    fill_text(text, TEXT_BYTES, "ab  \n\n\n\t");
    struct az_weighted_text sample = {text, 100000, 1};
    if (az_tokenizer_train(&tokenizer, &plan, &sample, 1, NULL, NULL) != AZ_OK) return -1;
    return az_pool_create(&pool, 3, NULL) == AZ_OK ? 0 : -1;
}

static int finish(void **state)
{
    az_tokenizer_free(tokenizer);
    az_pool_free(pool);
    az_memory_free(text);
    return fixture_remove(state);
}

/* Counts a file with and without threads and compares with the ids of the whole. */
static void check(const char *path, size_t length, size_t least_pieces)
{
    struct az_usage one, all;
    struct az_hash hash, whole = az_hash_bytes(text, length);
    struct az_error error;
    uint64_t *counts;
    uint32_t *ids;
    size_t count;
    fixture_write(path, text, length);
    assert_int_equal(az_tokenizer_encode(tokenizer, text, length, &ids, &count, NULL, NULL), AZ_OK);
    assert_int_equal(az_usage_init(&one, tokenizer, 0, NULL), AZ_OK);
    assert_int_equal(az_usage_init(&all, tokenizer, 800, NULL), AZ_OK);
    assert_int_equal(az_memory_allocate(&counts, 800, sizeof *counts, "counts", NULL), AZ_OK);
    for (size_t n = 0; n < count; n++) counts[ids[n]]++;
    size_t live = 0;
    for (size_t id = 0; id < 800; id++) live += counts[id] > 0;
    if (az_usage_add(&one, path, &hash, NULL, NULL, &error) != AZ_OK) fail_msg("%s", error.message);
    if (az_usage_add(&all, path, NULL, pool, NULL, &error) != AZ_OK) fail_msg("%s", error.message);
    assert_int_equal(one.tokens, count);
    assert_int_equal(one.bytes, length);
    assert_int_equal(one.live, live);
    assert_int_equal(all.live, live);
    assert_true(hash.low == whole.low && hash.high == whole.high);
    assert_true(one.pieces >= least_pieces);
    assert_int_equal(all.pieces, one.pieces);
    assert_memory_equal(one.counts, counts, one.rows * sizeof *counts);
    assert_memory_equal(all.counts, counts, all.rows * sizeof *counts);
    az_tokenizer_free_ids(ids);
    az_memory_free(counts);
    az_usage_free(&one);
    az_usage_free(&all);
}

static void counts_are_those_of_the_whole_text(void **state)
{
    (void)state;
    const char *path = fixture_path("text.txt");
    check(path, TEXT_BYTES, 3);
    check(path, 1, 1);
    check(path, (size_t)1 << 20, 1);
    fill_text(text, TEXT_BYTES, "abc d<>s"); /* no line end at all */
    check(path, TEXT_BYTES / 2, 1);
    fill_text(text, TEXT_BYTES, "\n"); /* nothing but line ends: one word */
    check(path, TEXT_BYTES / 2, 1);
    for (size_t n = 0; n < TEXT_BYTES; n += 100) text[n] = 'a'; /* cuts only after one line end */
    check(path, TEXT_BYTES / 2, 1);
    fill_text(text, TEXT_BYTES, "ab  \n\n\n\t");
}

static void texts_add_up(void **state)
{
    (void)state;
    struct az_usage usage, twice;
    const char *path = fixture_path("some.txt");
    fixture_write(path, text, 5000);
    assert_int_equal(az_usage_init(&usage, tokenizer, 0, NULL), AZ_OK);
    assert_int_equal(az_usage_init(&twice, tokenizer, 0, NULL), AZ_OK);
    assert_int_equal(az_usage_add(&usage, path, NULL, NULL, NULL, NULL), AZ_OK);
    for (int n = 0; n < 2; n++)
        assert_int_equal(az_usage_add(&twice, path, NULL, pool, NULL, NULL), AZ_OK);
    assert_int_equal(twice.tokens, 2 * usage.tokens);
    assert_int_equal(twice.live, usage.live);
    for (size_t id = 0; id < usage.rows; id++)
        assert_int_equal(twice.counts[id], 2 * usage.counts[id]);
    az_usage_free(&usage);
    az_usage_free(&twice);
}

static void what_is_no_text_is_refused_with_its_place(void **state)
{
    (void)state;
    struct az_usage usage;
    struct az_error error;
    const char *path = fixture_path("bad.txt");
    assert_int_equal(az_usage_init(&usage, tokenizer, 256, &error), AZ_USAGE);
    assert_int_equal(az_usage_init(&usage, tokenizer, 0, NULL), AZ_OK);
    char kept = text[3000000];
    text[3000000] = '\xff';
    fixture_write(path, text, TEXT_BYTES);
    text[3000000] = kept;
    assert_int_equal(az_usage_add(&usage, path, NULL, pool, NULL, &error), AZ_FORMAT);
    assert_int_equal(error.offset, 3000000);
    assert_string_equal(error.file, path);
    fixture_write(path, "", 0);
    assert_int_equal(az_usage_add(&usage, path, NULL, pool, NULL, &error), AZ_FORMAT);
    assert_non_null(strstr(error.message, "empty"));
    assert_int_equal(az_usage_add(&usage, fixture_path("none"), NULL, pool, NULL, &error),
                     AZ_MISSING);
    assert_int_equal(az_usage_add(&usage, fixture_directory, NULL, pool, NULL, &error), AZ_IO);
    az_usage_free(&usage);
}

static void shares_are_of_rows_and_of_occurrences(void **state)
{
    (void)state;
    uint64_t counts[10] = {90, 0, 5, 5, 0, 0, 0, 0, 0, 0};
    struct az_usage usage = {.rows = 10, .live = 3, .counts = counts, .tokens = 100};
    struct az_usage_share share =
        az_usage_of(&usage, (const uint8_t[]){0, 0, 1, 1, 1, 1, 0, 0, 0, 0});
    assert_int_equal(share.rows, 4);
    assert_int_equal(share.live, 2);
    assert_int_equal(share.tokens, 10);
    assert_true(share.live_share == 0.5);
    assert_true(fabs(share.live_enrichment - 0.5 / 0.3) < 1e-12);
    assert_true(fabs(share.token_enrichment - 0.1 / 0.4) < 1e-12);
    /* 3 of 10 live; of 4 without looking: 0 in 35, 1 in 105, 2 in 63, 3 in 7 of 210 draws */
    assert_true(fabs(pow(10, share.log10_p) - 105 / 210.0) < 1e-12);
    /* scipy.stats.binomtest(2, 4).proportion_ci(method='exact') */
    assert_true(fabs(share.live_low - 0.06758598648854298 / 0.3) < 1e-12);
    assert_true(fabs(share.live_high - 0.932414013511457 / 0.3) < 1e-12);
    share = az_usage_of(&usage, (const uint8_t[10]){0});
    assert_int_equal(share.rows, 0);
    assert_true(isnan(share.live_share) && isnan(share.token_enrichment));
    assert_true(share.log10_p == 0 && isnan(share.live_low) && isnan(share.live_high));
}

static void sets_are_read(void **state)
{
    (void)state;
    uint8_t member[8], mask[6] = {1, 0, 0, 2, 0, 1};
    int64_t ids[3] = {7, 0, 7};
    int32_t narrow[2] = {1, 6};
    char name[600];
    struct az_tensor tensors[] = {
        {.name = "mask", .dtype = AZ_DTYPE_U8, .rank = 1, .shape = {6}, .data = mask},
        {.name = "ids", .dtype = AZ_DTYPE_I64, .rank = 1, .shape = {3}, .data = ids},
        {.name = "narrow", .dtype = AZ_DTYPE_I32, .rank = 1, .shape = {2}, .data = narrow},
    };
    const char *path = fixture_path("sets.safetensors"), *list = fixture_path("list.txt");
    static const struct {
        const char *tensor;
        uint8_t member[8];
    } cases[] = {{"mask", {1, 0, 0, 1, 0, 1, 0, 0}},
                 {"ids", {1, 0, 0, 0, 0, 0, 0, 1}},
                 {"narrow", {0, 1, 0, 0, 0, 0, 1, 0}}};
    assert_int_equal(az_safetensors_save(path, tensors, 3, NULL, NULL), AZ_OK);
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        snprintf(name, sizeof name, "%s:%s", path, cases[n].tensor);
        assert_int_equal(az_token_set_read(member, 8, name, NULL, NULL), AZ_OK);
        assert_memory_equal(member, cases[n].member, 8);
    }
    assert_int_equal(az_safetensors_save(path, tensors, 1, NULL, NULL), AZ_OK);
    assert_int_equal(az_token_set_read(member, 8, path, NULL, NULL), AZ_OK);
    assert_memory_equal(member, cases[0].member, 8);
    fixture_write(list, " 7\n0 7\t\n", 8);
    assert_int_equal(az_token_set_read(member, 8, list, NULL, NULL), AZ_OK);
    assert_memory_equal(member, cases[1].member, 8);
    fixture_write(list, "", 0);
    assert_int_equal(az_token_set_read(member, 8, list, NULL, NULL), AZ_OK);
    assert_int_equal(member[0] + member[7], 0);
}

static void what_is_no_set_is_refused(void **state)
{
    (void)state;
    uint8_t member[8], mask[9] = {0};
    int64_t ids[1] = {8};
    int32_t narrow[1] = {-1};
    float real[1] = {1};
    char name[600];
    struct az_error error;
    struct az_tensor tensors[] = {
        {.name = "mask", .dtype = AZ_DTYPE_BOOL, .rank = 1, .shape = {9}, .data = mask},
        {.name = "ids", .dtype = AZ_DTYPE_I64, .rank = 1, .shape = {1}, .data = ids},
        {.name = "narrow", .dtype = AZ_DTYPE_I32, .rank = 1, .shape = {1}, .data = narrow},
        {.name = "real", .dtype = AZ_DTYPE_F32, .rank = 1, .shape = {1}, .data = real},
        {.name = "square", .dtype = AZ_DTYPE_U8, .rank = 2, .shape = {3, 3}, .data = mask},
        {.name = "scalar", .dtype = AZ_DTYPE_I64, .rank = 0, .data = ids},
    };
    const char *path = fixture_path("bad.safetensors"), *list = fixture_path("bad.txt");
    static const char *const messages[] = {"of 9 rows", "the id 8", "the id -1",
                                           "1 of F32",  "2 of U8",  "0 of I64"};
    assert_int_equal(az_safetensors_save(path, tensors, 6, NULL, NULL), AZ_OK);
    for (size_t n = 0; n < 6; n++) {
        snprintf(name, sizeof name, "%s:%.20s", path, tensors[n].name);
        assert_int_equal(az_token_set_read(member, 8, name, NULL, &error), AZ_FORMAT);
        if (!strstr(error.message, messages[n])) fail_msg("%s", error.message);
        assert_string_equal(error.file, path);
    }
    assert_int_equal(az_token_set_read(member, 8, path, NULL, &error), AZ_USAGE);
    snprintf(name, sizeof name, "%s:nothing", path);
    assert_int_equal(az_token_set_read(member, 8, name, NULL, &error), AZ_MISSING);
    static const char *const lists[] = {"1\n8", "1\n-1", "1\nx", "1\n99999999999999999999",
                                        "1\n1.5"};
    for (size_t n = 0; n < sizeof lists / sizeof lists[0]; n++) {
        fixture_write(list, lists[n], strlen(lists[n]));
        assert_int_equal(az_token_set_read(member, 8, list, NULL, &error), AZ_FORMAT);
        assert_int_equal(error.line, 2);
    }
    fixture_write(list, "1\0", 2);
    assert_int_equal(az_token_set_read(member, 8, list, NULL, &error), AZ_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_the_whole_text),
        cmocka_unit_test(texts_add_up),
        cmocka_unit_test(what_is_no_text_is_refused_with_its_place),
        cmocka_unit_test(shares_are_of_rows_and_of_occurrences),
        cmocka_unit_test(sets_are_read),
        cmocka_unit_test(what_is_no_set_is_refused),
    };
    return cmocka_run_group_tests(tests, prepare, finish);
}
