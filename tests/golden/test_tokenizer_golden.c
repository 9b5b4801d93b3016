/* Ids of small tokenizers are those that the `tokenizers` package gave when the goldens were made
 * (tests/golden/make_tokenizer_golden.py); and the merges of the reference trainer are reproduced,
 * where its data are (skipped, 77, elsewhere). */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "../store_fixture.h"
#include "azimuth/tokenizer.h"
#include "base/memory.h"
#include "store/file.h"
#include "store/json.h"
#include "text/tokenizer_parts.h"

static void check_ids(const struct az_tokenizer *tokenizer, const json_t *text,
                      const json_t *expected)
{
    uint32_t *ids;
    size_t count;
    assert_int_equal(az_tokenizer_encode(tokenizer, json_string_value(text),
                                         json_string_length(text), &ids, &count, NULL, NULL),
                     AZ_OK);
    assert_int_equal(count, json_array_size(expected));
    for (size_t n = 0; n < count; n++)
        assert_int_equal(ids[n], json_integer_value(json_array_get(expected, n)));
    az_tokenizer_free_ids(ids);
}

static void ids_are_those_of_the_tokenizers_package(void **state)
{
    (void)state;
    char path[1024];
    json_t *cases;
    snprintf(path, sizeof path, "%s/tests/golden/tokenizers.json", getenv("AZ_SOURCE_ROOT"));
    assert_int_equal(az_json_read(path, 0, &cases, NULL), AZ_OK);
    assert_int_equal(json_array_size(cases), 6);
    for (size_t n = 0; n < json_array_size(cases); n++) {
        const json_t *one = json_array_get(cases, n);
        char *text = json_dumps(json_object_get(one, "tokenizer"), 0);
        struct az_tokenizer *tokenizer;
        assert_int_equal(az_tokenizer_read_json(&tokenizer, "golden", text, strlen(text), NULL),
                         AZ_OK);
        const json_t *texts = json_object_get(one, "texts"), *ids = json_object_get(one, "ids");
        for (size_t k = 0; k < json_array_size(texts); k++)
            check_ids(tokenizer, json_array_get(texts, k), json_array_get(ids, k));
        az_tokenizer_free(tokenizer);
        free(text);
    }
    json_decref(cases);
}

/* One text of a family: ids without and with special tokens, and what those decode to. */
static void check_family(const struct az_tokenizer *tokenizer, const char *name,
                         const json_t *family, size_t n)
{
    const json_t *text = json_array_get(json_object_get(family, "texts"), n);
    const json_t *back = json_array_get(json_object_get(family, "back"), n);
    static const char *const keys[] = {"ids", "special_ids"};
    for (int special = 0; special < 2; special++) {
        struct az_encode_options options = {.special_tokens = special == 1};
        const json_t *expected = json_array_get(json_object_get(family, keys[special]), n);
        uint32_t *ids;
        size_t count, length;
        char *decoded;
        assert_int_equal(az_tokenizer_encode_with(tokenizer, &options, json_string_value(text),
                                                  json_string_length(text), &ids, &count, NULL,
                                                  NULL),
                         AZ_OK);
        bool same = count == json_array_size(expected);
        for (size_t k = 0; same && k < count; k++)
            same = ids[k] == json_integer_value(json_array_get(expected, k));
        if (!same) fail_msg("%s: text %zu has other ids", name, n);
        assert_int_equal(
            az_tokenizer_decode_with(tokenizer, ids, count, true, &decoded, &length, NULL), AZ_OK);
        /* Bytes that are no characters come back as they are; `tokenizers` has U+FFFD there. */
        bool broken = strstr(json_string_value(back), "\xef\xbf\xbd") != NULL;
        if (special && !broken &&
            (length != json_string_length(back) ||
             memcmp(decoded, json_string_value(back), length) != 0))
            fail_msg("%s: text %zu decodes to \"%s\"", name, n, decoded);
        az_tokenizer_free_ids(ids);
        az_tokenizer_free_text(decoded);
    }
}

static void families_of_tokenizers_give_the_same(void **state)
{
    (void)state;
    char path[1024], *file;
    size_t bytes;
    json_t *families, *family;
    size_t n;
    snprintf(path, sizeof path, "%s/tests/golden/tokenizer_families.json",
             getenv("AZ_SOURCE_ROOT"));
    assert_int_equal(az_file_read(path, 0, &file, &bytes, NULL), AZ_OK);
    families = json_loadb(file, bytes, JSON_ALLOW_NUL, NULL); /* a text has one */
    assert_int_equal(json_array_size(families), 14);
    json_array_foreach(families, n, family)
    {
        const char *name = json_string_value(json_object_get(family, "name"));
        char *text = json_dumps(json_object_get(family, "tokenizer"), 0);
        struct az_tokenizer *tokenizer;
        struct az_error error;
        if (az_tokenizer_read_json(&tokenizer, name, text, strlen(text), &error) != AZ_OK)
            fail_msg("%s: %s", name, error.message);
        for (size_t k = 0; k < json_array_size(json_object_get(family, "texts")); k++)
            check_family(tokenizer, name, family, k);
        az_tokenizer_free(tokenizer);
        free(text);
    }
    json_decref(families);
    az_memory_free(file);
}

/* The reference's vocabulary, as our model spells it, and its merges, a line each. */
static void assert_reference(const json_t *model, const json_t *vocabulary, char *merges)
{
    assert_true(json_equal(json_object_get(model, "vocab"), vocabulary));
    const json_t *ours = json_object_get(model, "merges");
    size_t count = 0;
    for (char *line = strtok(merges, "\n"); line; line = strtok(NULL, "\n"), count++) {
        char *space = strchr(line, ' ');
        const json_t *pair = json_array_get(ours, count);
        assert_non_null(space);
        *space = 0;
        assert_string_equal(json_string_value(json_array_get(pair, 0)), line);
        assert_string_equal(json_string_value(json_array_get(pair, 1)), space + 1);
    }
    assert_int_equal(count, json_array_size(ours));
    assert_int_equal(count, 243);
}

static void the_reference_trainer_is_reproduced(void **state)
{
    (void)state;
    char *corpus, *merges, *text;
    size_t corpus_bytes, length;
    json_t *vocabulary, *ours;
    struct az_tokenizer *tokenizer;
    if (!fixture_shared("bpe_training/corpus.en")) skip();
    assert_int_equal(
        az_file_read(fixture_shared("bpe_training/corpus.en"), 0, &corpus, &corpus_bytes, NULL),
        AZ_OK);
    assert_int_equal(az_file_read(fixture_shared("bpe_training/train-bpe-reference-merges.txt"), 0,
                                  &merges, &length, NULL),
                     AZ_OK);
    assert_int_equal(az_json_read(fixture_shared("bpe_training/train-bpe-reference-vocab.json"), 0,
                                  &vocabulary, NULL),
                     AZ_OK);
    struct az_weighted_text texts = {corpus, corpus_bytes, 1};
    struct az_tokenizer_plan plan = {.model = AZ_TOKEN_MODEL_BYTE,
                                     .pattern = "gpt2",
                                     .vocabulary = 500,
                                     .special_tokens = "<|endoftext|>"};
    assert_int_equal(az_tokenizer_train(&tokenizer, &plan, &texts, 1, NULL, NULL), AZ_OK);
    assert_int_equal(az_tokenizer_write_json(tokenizer, &text, &length, NULL), AZ_OK);
    assert_int_equal(az_json_parse("ours", text, length, &ours, NULL), AZ_OK);
    assert_reference(json_object_get(ours, "model"), vocabulary, merges);
    json_decref(ours);
    json_decref(vocabulary);
    az_tokenizer_free(tokenizer);
    az_memory_free(text);
    az_memory_free(merges);
    az_memory_free(corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_those_of_the_tokenizers_package),
        cmocka_unit_test(families_of_tokenizers_give_the_same),
        cmocka_unit_test(the_reference_trainer_is_reproduced),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed == 0 && !fixture_shared("bpe_training/corpus.en")) {
        printf("skipped: the reference data (shared/data/bpe_training) are not there\n");
        return 77;
    }
    return failed;
}
