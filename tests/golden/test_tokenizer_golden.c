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
        cmocka_unit_test(the_reference_trainer_is_reproduced),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed == 0 && !fixture_shared("bpe_training/corpus.en")) {
        printf("skipped: the reference data (shared/data/bpe_training) are not there\n");
        return 77;
    }
    return failed;
}
