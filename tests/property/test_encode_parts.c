/* Scanners written by hand cut as the regular expressions do; ids depend neither on the parts in
 * which a text is encoded nor on the number of threads; byte-level models give the text back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/tokenizer.h"
#include "base/memory.h"
#include "store/file.h"
#include "text/encode.h"
#include "text/unicode.h"
#include "text/utf8.h"

#define SEED 20251122u

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % limit;
}

/* Characters that patterns treat in ways of their own, and some of each class. */
static const uint32_t hard[] = {
    '\'',    ' ',     ' ',     '\n',    '\r',   '\t',     's',    'S',    't',     'r',
    'e',     'v',     'L',     'l',     'm',    'd',      'a',    'Z',    '0',     '9',
    '.',     '/',     '-',     '_',     0x85,   0xa0,     0xb2,   0xbd,   0x17f,   0x1c5,
    0x212a,  0x2b0,   0x301,   0x345,   0x660,  0xaa,     0xe01,  0xe34,  0xe48,   0x2160,
    0x3000,  0x4e00,  0x30a1,  0x200d,  0x200b, 0x180e,   0x1c89, 0xa7cb, 0x10d4e, 0x10d69,
    0x1d2c0, 0x1f468, 0x1f3fd, 0x31350, 0xfffd, 0x10ffff, 0x2581,
};

/* Text of about `bytes`; calm: with words as in prose, and now and then a very long one. */
static char *random_text(size_t bytes, bool calm, size_t *length)
{
    char *text = malloc(bytes + 8);
    *length = 0;
    while (*length < bytes) {
        uint32_t code = hard[random_below(sizeof hard / sizeof hard[0])];
        if (calm && random_below(8)) code = random_below(6) ? 'a' + random_below(26) : ' ';
        if (!calm && random_below(12) == 0) code = random_below(0x110000);
        size_t run = calm && random_below(200000) == 0 ? 300000 : 1;
        for (; run > 0 && *length < bytes; run--) *length += az_utf8_encode(code, text + *length);
    }
    return text;
}

static void scanners_cut_as_the_regular_expressions(void **state)
{
    (void)state;
    enum az_dialect dialect;
    const char *pattern;
    for (size_t n = 0; (pattern = az_scanner_pattern(n, &dialect)); n++) {
        struct az_splitter by_hand, by_pattern;
        struct az_walk a, b;
        if (az_pattern_with_text(pattern) == AZ_PATTERN_WHITESPACE) continue; /* another \w */
        assert_int_equal(az_splitter_init(&by_hand, pattern, dialect, NULL), AZ_OK);
        assert_int_equal(az_splitter_init(&by_pattern, pattern, dialect, NULL), AZ_OK);
        assert_non_null(by_hand.scan);
        by_pattern.scan = NULL;
        assert_int_equal(az_walk_init(&a, &by_hand, NULL), AZ_OK);
        assert_int_equal(az_walk_init(&b, &by_pattern, NULL), AZ_OK);
        for (int round = 0; round < 3000; round++) {
            size_t length, a_bytes, b_bytes;
            char *text = random_text(1 + random_below(40), round % 4 == 0, &length);
            const char *a_word, *b_word;
            az_walk_begin(&a, text, length);
            az_walk_begin(&b, text, length);
            do {
                assert_int_equal(az_walk_next(&a, &a_word, &a_bytes, NULL), AZ_OK);
                assert_int_equal(az_walk_next(&b, &b_word, &b_bytes, NULL), AZ_OK);
                if (a_bytes != b_bytes || (a_bytes && a_word != b_word))
                    fail_msg("%s: \"%.*s\" is cut at byte %zu and not at %zu", pattern, (int)length,
                             text, (size_t)(a_word - text) + a_bytes,
                             (size_t)(b_word - text) + b_bytes);
            } while (a_bytes);
            free(text);
        }
        az_walk_free(&a);
        az_walk_free(&b);
        az_splitter_free(&by_hand);
        az_splitter_free(&by_pattern);
    }
}

/* ---- parts and threads ---- */

static json_t *read_families(void)
{
    char path[1024], *file;
    size_t bytes;
    snprintf(path, sizeof path, "%s/tests/golden/tokenizer_families.json",
             getenv("AZ_SOURCE_ROOT"));
    assert_int_equal(az_file_read(path, 0, &file, &bytes, NULL), AZ_OK);
    json_t *families = json_loadb(file, bytes, JSON_ALLOW_NUL, NULL);
    az_memory_free(file);
    assert_non_null(families);
    return families;
}

/* The specification: segments cut from their start to their end, one after another. */
static void encode_at_once(const struct az_tokenizer *tokenizer, const char *text, size_t length,
                           struct az_ids *ids)
{
    struct az_segments segments = {0};
    struct az_coder coder;
    assert_int_equal(az_segments_find(&segments, tokenizer, NULL, text, length, NULL), AZ_OK);
    assert_int_equal(az_coder_init(&coder, tokenizer, 0, NULL), AZ_OK);
    coder.ids = ids;
    for (size_t n = 0; n < segments.count; n++) {
        const struct az_segment *segment = &segments.list[n];
        if (segment->id != AZ_TOKEN_NONE)
            assert_int_equal(az_ids_add(ids, &segment->id, 1, NULL), AZ_OK);
        else
            assert_int_equal(az_cut_text(&coder.cut, segment->text, segment->length_bytes,
                                         segment->first_bytes, az_coder_word, &coder, NULL),
                             AZ_OK);
    }
    az_coder_free(&coder);
    az_segments_free(&segments);
}

static void check_parts(const char *name, const struct az_tokenizer *tokenizer, const char *text,
                        size_t length, struct az_pool *const pools[3])
{
    struct az_ids expected = {0};
    encode_at_once(tokenizer, text, length, &expected);
    for (int n = 0; n < 3; n++) {
        struct az_encode_options options = {.pool = pools[n]};
        uint32_t *ids;
        size_t count;
        struct az_error error;
        if (az_tokenizer_encode_with(tokenizer, &options, text, length, &ids, &count, NULL,
                                     &error) != AZ_OK)
            fail_msg("%s: %s", name, error.message);
        if (count != expected.count || memcmp(ids, expected.list, count * sizeof *ids) != 0)
            fail_msg("%s: %zu ids with pool %d, %zu at once", name, count, n, expected.count);
        if (tokenizer->model == AZ_TOKEN_MODEL_BYTE && tokenizer->normaliser.count == 0 && n == 0 &&
            tokenizer->cutter.steps[0].kind == AZ_CUTTER_PATTERN && tokenizer->added_count <= 2) {
            char *back;
            size_t bytes;
            assert_int_equal(az_tokenizer_decode(tokenizer, ids, count, &back, &bytes, NULL),
                             AZ_OK);
            assert_int_equal(bytes, length);
            assert_memory_equal(back, text, length);
            az_tokenizer_free_text(back);
        }
        az_tokenizer_free_ids(ids);
    }
    az_ids_free(&expected);
}

static void parts_and_threads_change_no_id(void **state)
{
    (void)state;
    json_t *families = read_families(), *family;
    struct az_pool *pools[3] = {NULL};
    size_t n, lengths[3];
    char *texts[3];
    for (int k = 0; k < 3; k++)
        texts[k] = random_text(k < 2 ? 1500000 : 700000, k < 2, &lengths[k]);
    assert_int_equal(az_pool_create(&pools[1], 2, NULL), AZ_OK);
    assert_int_equal(az_pool_create(&pools[2], 5, NULL), AZ_OK);
    json_array_foreach(families, n, family)
    {
        const char *name = json_string_value(json_object_get(family, "name"));
        char *json = json_dumps(json_object_get(family, "tokenizer"), 0);
        struct az_tokenizer *tokenizer;
        assert_int_equal(az_tokenizer_read_json(&tokenizer, name, json, strlen(json), NULL), AZ_OK);
        for (int k = 0; k < 3; k++) check_parts(name, tokenizer, texts[k], lengths[k], pools);
        az_tokenizer_free(tokenizer);
        free(json);
    }
    for (int k = 0; k < 3; k++) {
        free(texts[k]);
        az_pool_free(pools[k]);
    }
    json_decref(families);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scanners_cut_as_the_regular_expressions),
        cmocka_unit_test(parts_and_threads_change_no_id),
    };
    random_state = SEED;
    printf("seed %u\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
