#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/tokenizer.h"
#include "base/memory.h"
#include "text/byte_alphabet.h"
#include "text/splitter.h"
#include "text/tokenizer_parts.h"
#include "text/utf8.h"

#define THAI_KIN "\xe0\xb8\x81\xe0\xb8\xb4\xe0\xb8\x99" /* consonant, vowel mark, consonant */

static void the_byte_alphabet_is_that_of_gpt2(void **state)
{
    (void)state;
    static const struct {
        unsigned byte;
        uint32_t character;
    } known[] = {{' ', 0x120}, {'\n', 0x10a}, {'!', '!'},    {'~', '~'},   {0x7f, 0x121},
                 {0, 0x100},   {0xa0, 0x142}, {0xad, 0x143}, {0xff, 0xff}, {0xa1, 0xa1}};
    for (size_t n = 0; n < sizeof known / sizeof known[0]; n++)
        assert_int_equal(az_byte_alphabet_character((unsigned char)known[n].byte),
                         known[n].character);
    uint32_t last = 0;
    for (unsigned place = 0; place < 256; place++) {
        unsigned char byte = az_byte_alphabet_at(place);
        uint32_t character = az_byte_alphabet_character(byte);
        assert_true(character > last);
        assert_int_equal(az_byte_alphabet_byte(character), byte);
        last = character;
    }
    assert_int_equal(last, 0x143);
    assert_int_equal(az_byte_alphabet_byte(0x144), -1);
    assert_int_equal(az_byte_alphabet_byte(' '), -1);
    assert_int_equal(az_byte_alphabet_byte(0xad), -1);
}

/* The words that a pattern cuts a text into, with | between. */
static const char *words_of(const char *pattern, const char *text)
{
    static char words[256];
    struct az_splitter splitter;
    struct az_walk walk;
    const char *word;
    size_t length, used = 0;
    words[0] = 0;
    if (strcmp(pattern, az_pattern_text(AZ_PATTERN_WHITESPACE)) == 0)
        assert_int_equal(az_splitter_init_named(&splitter, AZ_PATTERN_WHITESPACE, NULL), AZ_OK);
    else
        assert_int_equal(az_splitter_init(&splitter, pattern, AZ_DIALECT_ONIGURUMA, NULL), AZ_OK);
    assert_int_equal(az_walk_init(&walk, &splitter, NULL), AZ_OK);
    az_walk_begin(&walk, text, strlen(text));
    for (;;) {
        assert_int_equal(az_walk_next(&walk, &word, &length, NULL), AZ_OK);
        if (length == 0) break;
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%.*s", used ? "|" : "",
                                 (int)length, word);
    }
    az_walk_free(&walk);
    az_splitter_free(&splitter);
    return words;
}

static void patterns_cut_texts_as_they_say(void **state)
{
    (void)state;
    const char *gpt2 = az_pattern_text(AZ_PATTERN_GPT2);
    const char *marks = az_pattern_text(AZ_PATTERN_MARKS);
    const char *whitespace = az_pattern_text(AZ_PATTERN_WHITESPACE);
    assert_string_equal(words_of(gpt2, "it's  12 x!\n\n a"), "it|'s| | 12| x|!|\n\n| a");
    assert_string_equal(words_of(gpt2, THAI_KIN),
                        "\xe0\xb8\x81|\xe0\xb8\xb4|\xe0\xb8\x99"); /* torn at the mark */
    assert_string_equal(words_of(marks, "x " THAI_KIN "1"), "x| " THAI_KIN "|1");
    assert_string_equal(words_of(whitespace, " a_b \t" THAI_KIN "...1 "), "a_b|" THAI_KIN "|...|1");
    assert_string_equal(words_of(whitespace, " \n"), "");
    /* What lies between matches is a word, unless it is white space's pattern. */
    assert_string_equal(words_of("\\p{L}+", "12ab.c!"), "12|ab|.|c|!");
    /* U+180E is no white space; U+0085 is. */
    assert_string_equal(words_of("\\s", "a\xe1\xa0\x8e\xc2\x85"), "a\xe1\xa0\x8e|\xc2\x85");
    /* U+1C89, a letter since Unicode 16. */
    assert_string_equal(words_of("\\p{L}+", "a\xe1\xb2\x89."), "a\xe1\xb2\x89|.");
    /* Oniguruma's own: lines, words, classes in classes. */
    assert_string_equal(words_of("^a|a$", "aba\na"), "a|b|a|\n|a");
    assert_string_equal(words_of("\\ba\\B.", "ab cab ax"), "ab| cab |ax");
    assert_string_equal(words_of("[^(\\s|[.,]x)]+", "ab.c, d)ex"), "ab|.|c|, |d|)|e|x");
    assert_string_equal(words_of("[^\\S ]", "a b\tc"), "a b|\t|c");
    assert_string_equal(words_of("\\w+", "a\xc2\xb2_\xe2\x80\x8d"), "a\xc2\xb2_|\xe2\x80\x8d");
    assert_string_equal(words_of("(?<=x)\\d", "x12 2"), "x|1|2 2");
    /* Scripts, what is in two classes, and in none of several. */
    assert_string_equal(words_of("\\p{Han}+", "a\xe4\xb8\x80\xe3\x80\x85!"),
                        "a|\xe4\xb8\x80\xe3\x80\x85|!");
    assert_string_equal(words_of("[\\p{L}&&[^\\p{Thai}a-c]]+", "abcde\xe0\xb8\x81"),
                        "abc|de|\xe0\xb8\x81");
    assert_string_equal(words_of("[^\\S\\n]|[[:^alpha:]&&[!-~]]", "a \nb1"), "a| |\nb|1");
    assert_string_equal(words_of("[\\W]", "a\xc2\xb2"), "a|\xc2\xb2");
    assert_string_equal(words_of("(?i:k[^a]\\p{Lu})", "K\xe2\x84\xaa"
                                                      "BkABkb"),
                        "K\xe2\x84\xaa"
                        "B|kABkb");
}

static void patterns_that_could_differ_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *named;
    } bad[] = {{"\\p{Hanoi}", "\\p{Hanoi}"},
               {"\\p{Script=Han}", "\\p{Script=Han}"},
               {"\\pL", "\\p"},
               {"[[:alfa:]]", "a named class"},
               {"[a&&]", "a side without &&"},
               {"[&&a]", "a side without &&"},
               {"[\\d-z]", "a class before -"},
               {"[a-\\d]", "\\d"},
               {"[z-a]", "a range that ends before ]"},
               {"[--a]", "an end of a range"},
               {"[a[^\\s\\S]]", "a class without characters"},
               {"[[[[[[[[[[[[[a]]]]]]]]]]]]]", "too many classes"},
               {"(?i:[\\p{L}])", "several in another case, [\\p{L}]"},
               {"(?i:fish)", "in any case"},
               {"(?i:\xc3\xa9)", "in any case"},
               {"\\xe9", "\\x"},
               {"\\x{d800}", "\\x"},
               {"\\x{110000}", "\\x"},
               {"\\G", "\\G"},
               {"\\1", "\\1"},
               {"(?<n>a)\\k<n>", "\\k"},
               {"a{1,3}+", "{1,3}+"},
               {"a{3}?", "{3}?"},
               {"a{,3}", "{,3}"},
               {"(?s:a)", "(?s"},
               {"[]a]", "empty class"},
               {"a*", "nothing"},
               {"(a", "does not end"},
               {"a)", ")"},
               {"a\\", "\\"},
               {"\\p", "\\p"},
               {"\\p{L", "\\p"},
               {"[a", "does not end"},
               {"[a[b]", "does not end"}};
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        struct az_splitter splitter;
        struct az_error error;
        assert_int_equal(az_splitter_init(&splitter, bad[n].pattern, AZ_DIALECT_ONIGURUMA, &error),
                         AZ_UNSUPPORTED);
        assert_non_null(strstr(error.message, bad[n].named));
        assert_non_null(strstr(error.message, bad[n].pattern));
    }
}

/* A pattern of many classes, each of which would take its time. */
static void a_pattern_has_so_many_classes(void **state)
{
    (void)state;
    char pattern[257 * 10 + 1] = "";
    struct az_splitter splitter;
    struct az_error error;
    for (size_t n = 0; n < 257; n++) memcpy(pattern + 10 * n, "[\\p{Han}a]", 11);
    assert_int_equal(az_splitter_init(&splitter, pattern, AZ_DIALECT_ONIGURUMA, &error),
                     AZ_UNSUPPORTED);
    assert_non_null(strstr(error.message, "more than 256 classes"));
}

static void a_pattern_that_takes_too_long_is_stopped(void **state)
{
    (void)state;
    struct az_splitter splitter;
    struct az_walk walk;
    struct az_error error;
    const char *word;
    char text[64];
    size_t length;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 'c';
    assert_int_equal(az_splitter_init(&splitter, "(?:a+)+[bd]", AZ_DIALECT_ONIGURUMA, NULL), AZ_OK);
    assert_int_equal(az_walk_init(&walk, &splitter, NULL), AZ_OK);
    az_walk_begin(&walk, text, sizeof text);
    assert_int_equal(az_walk_next(&walk, &word, &length, &error), AZ_UNSUPPORTED);
    assert_non_null(strstr(error.message, "byte 0"));
    az_walk_free(&walk);
    az_splitter_free(&splitter);
}

static struct az_tokenizer *trained(const char *pattern, enum az_token_model model,
                                    int64_t vocabulary, const char *special, const char *text)
{
    struct az_tokenizer *tokenizer;
    struct az_weighted_text texts = {text, strlen(text), 1};
    struct az_tokenizer_plan plan = {.model = model,
                                     .pattern = pattern,
                                     .vocabulary = vocabulary,
                                     .base_characters = 5,
                                     .special_tokens = special};
    assert_int_equal(az_tokenizer_train(&tokenizer, &plan, &texts, 1, NULL, NULL), AZ_OK);
    return tokenizer;
}

static void assert_token(const struct az_tokenizer *tokenizer, size_t id, const char *expected)
{
    size_t length;
    const char *bytes = az_tokenizer_bytes(tokenizer, id, &length);
    assert_non_null(bytes);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(bytes, expected, length);
    assert_int_equal(az_tokenizer_find(tokenizer, expected, length), id);
}

static void assert_ids(const struct az_tokenizer *tokenizer, const char *text, size_t count, ...)
{
    uint32_t *ids;
    size_t found;
    va_list expected;
    assert_int_equal(az_tokenizer_encode(tokenizer, text, strlen(text), &ids, &found, NULL, NULL),
                     AZ_OK);
    assert_int_equal(found, count);
    va_start(expected, count);
    for (size_t n = 0; n < count; n++) assert_int_equal(ids[n], va_arg(expected, int));
    va_end(expected);
    az_tokenizer_free_ids(ids);
}

static void a_byte_model_begins_with_special_tokens_then_bytes(void **state)
{
    (void)state;
    /* (a, b) and (b, c) are as frequent; the greater pair is merged first, then (a, bc). */
    struct az_tokenizer *tokenizer =
        trained("gpt2", AZ_TOKEN_MODEL_BYTE, 261, "<|a|> <b>", "abc abc<|a|>abc");
    struct az_tokenizer_info info = az_tokenizer_describe(tokenizer);
    assert_token(tokenizer, 0, "<|a|>");
    assert_token(tokenizer, 1, "<b>");
    assert_token(tokenizer, 2, "!");
    assert_token(tokenizer, 258, "bc");
    assert_token(tokenizer, 259, "abc");
    assert_token(tokenizer, 260, " abc");
    assert_int_equal(az_tokenizer_size(tokenizer), 261);
    assert_true(az_tokenizer_special(tokenizer, 1));
    assert_false(az_tokenizer_special(tokenizer, 2) || az_tokenizer_special(tokenizer, 999));
    assert_int_equal(info.tokens, 261);
    assert_int_equal(info.merges, 3);
    assert_int_equal(info.special_tokens, 2);
    assert_string_equal(info.pattern, "gpt2");
    assert_ids(tokenizer, "abc abc", 2, 259, 260);
    assert_ids(tokenizer, "<b>abc<<|a|>", 4, 1, 259, 2 + '<' - '!', 0);
    assert_ids(tokenizer, "", 0);
    az_tokenizer_free(tokenizer);
}

static void a_character_model_has_base_characters_and_an_unknown_token(void **state)
{
    (void)state;
    /* d and e occur once each: of these the lower code point is in the base. */
    struct az_tokenizer *tokenizer =
        trained("whitespace", AZ_TOKEN_MODEL_CHARACTER, 8, "", "ab ab ab\nccc ccc fff ed");
    assert_token(tokenizer, 0, "<unk>");
    assert_token(tokenizer, 1, "a");
    assert_token(tokenizer, 4, "d");
    assert_token(tokenizer, 5, "f");
    assert_token(tokenizer, 6, "cc"); /* four times: overlaps count */
    assert_token(tokenizer, 7, "ab");
    assert_ids(tokenizer, " ab\te cccx", 5, 7, 0, 6, 3, 0);
    char *text;
    size_t length;
    uint32_t ids[] = {7, 0, 6, 3};
    assert_int_equal(az_tokenizer_decode(tokenizer, ids, 4, &text, &length, NULL), AZ_OK);
    assert_string_equal(text, "ab <unk> cc c");
    az_tokenizer_free_text(text);
    ids[2] = 8;
    struct az_error error;
    assert_int_equal(az_tokenizer_decode(tokenizer, ids, 4, &text, &length, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "id 8 (place 2"));
    assert_null(text);
    az_tokenizer_free(tokenizer);
}

static void weights_multiply_counts(void **state)
{
    (void)state;
    struct az_weighted_text texts[] = {{"xy xy xy", 8, 1}, {"pq", 2, 4}};
    struct az_tokenizer_plan plan = {
        .model = AZ_TOKEN_MODEL_BYTE, .pattern = "gpt2", .vocabulary = 257, .special_tokens = ""};
    struct az_tokenizer *tokenizer;
    assert_int_equal(az_tokenizer_train(&tokenizer, &plan, texts, 2, NULL, NULL), AZ_OK);
    assert_token(tokenizer, 256, "pq");
    az_tokenizer_free(tokenizer);
    texts[1].weight = 2;
    assert_int_equal(az_tokenizer_train(&tokenizer, &plan, texts, 2, NULL, NULL), AZ_OK);
    assert_token(tokenizer, 256, "xy");
    az_tokenizer_free(tokenizer);
}

static void assert_plan_refused(struct az_tokenizer_plan plan, int64_t weight, const char *words)
{
    struct az_weighted_text text = {"aab ab", 6, weight};
    struct az_tokenizer *tokenizer = (void *)1;
    struct az_error error;
    assert_int_equal(az_tokenizer_train(&tokenizer, &plan, &text, 1, NULL, &error), AZ_USAGE);
    assert_null(tokenizer);
    assert_non_null(strstr(error.message, words));
}

static void plans_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const struct az_tokenizer_plan byte = {.model = AZ_TOKEN_MODEL_BYTE,
                                           .pattern = "gpt2",
                                           .vocabulary = 258,
                                           .special_tokens = "<|endoftext|>"};
    struct az_tokenizer_plan plan = byte;
    assert_plan_refused(byte, 0, "weight of text 1 is 0");
    assert_plan_refused(byte, INT64_MAX / 2, "smaller weights");
    plan.vocabulary = 300;
    assert_plan_refused(plan, 1, "at most 260"); /* ab, then aab and " ab" */
    plan.vocabulary = 256;
    assert_plan_refused(plan, 1, "1 special tokens and 256 base bytes");
    plan = byte;
    plan.pattern = "gpt3";
    assert_plan_refused(plan, 1, "no pattern 'gpt3'");
    plan = byte;
    plan.special_tokens = "<a> <a>";
    assert_plan_refused(plan, 1, "named twice");
    plan.special_tokens = "a";
    assert_plan_refused(plan, 1, "byte alphabet");
    plan = (struct az_tokenizer_plan){
        .model = AZ_TOKEN_MODEL_CHARACTER, .pattern = "gpt2", .vocabulary = 9};
    assert_plan_refused(plan, 1, "base_characters is 0");
    plan.base_characters = 9;
    assert_plan_refused(plan, 1, "at most 7"); /* <unk>, space, a, b, ab, aab, " ab" */
}

static void a_loaded_tokenizer_is_the_saved_one(void **state)
{
    (void)state;
    static const enum az_token_model models[] = {AZ_TOKEN_MODEL_BYTE, AZ_TOKEN_MODEL_CHARACTER};
    const char *text = "the cat \"sat\" on\tthe m\xc3\xa0t\\ " THAI_KIN " <e>the\x01 1+1=2 the the";
    for (size_t n = 0; n < 6; n++) {
        struct az_tokenizer *saved =
            trained(az_pattern_name(n % 3), models[n / 3], n < 3 ? 262 : 9, "<e>", text);
        struct az_tokenizer *loaded;
        char *first, *second;
        size_t first_bytes, second_bytes;
        assert_int_equal(az_tokenizer_save(saved, fixture_path("t.json"), NULL), AZ_OK);
        assert_int_equal(az_tokenizer_load(&loaded, fixture_path("t.json"), NULL), AZ_OK);
        assert_int_equal(az_tokenizer_write_json(saved, &first, &first_bytes, NULL), AZ_OK);
        assert_int_equal(az_tokenizer_write_json(loaded, &second, &second_bytes, NULL), AZ_OK);
        assert_string_equal(first, second);
        assert_int_equal(loaded->unknown, saved->unknown);
        assert_int_equal(loaded->decoder.count, saved->decoder.count);
        assert_int_equal(loaded->model, saved->model);
        az_memory_free(first);
        az_memory_free(second);
        az_tokenizer_free(saved);
        az_tokenizer_free(loaded);
    }
}

static void invalid_utf8_is_not_encoded(void **state)
{
    (void)state;
    struct az_tokenizer *tokenizer = trained("gpt2", AZ_TOKEN_MODEL_BYTE, 256, "", "x");
    uint32_t *ids;
    size_t count;
    struct az_error error;
    assert_int_equal(az_tokenizer_encode(tokenizer, "ab\xff", 3, &ids, &count, NULL, &error),
                     AZ_FORMAT);
    assert_null(ids);
    assert_non_null(strstr(error.message, "byte 2"));
    az_tokenizer_free(tokenizer);
}

/* A word of a million letters takes no longer than its length asks for. */
static void very_long_words_are_encoded_and_come_back(void **state)
{
    (void)state;
    struct az_tokenizer *tokenizer =
        trained("gpt2", AZ_TOKEN_MODEL_BYTE, 260, "", "ababababababababababab");
    size_t length = 1000000, count, back_bytes;
    char *text = malloc(length), *back;
    uint32_t *ids;
    for (size_t n = 0; n < length; n++) text[n] = n % 2 ? 'b' : 'a';
    assert_int_equal(az_tokenizer_encode(tokenizer, text, length, &ids, &count, NULL, NULL), AZ_OK);
    assert_int_equal(count, length / 16);
    assert_int_equal(az_tokenizer_decode(tokenizer, ids, count, &back, &back_bytes, NULL), AZ_OK);
    assert_int_equal(back_bytes, length);
    assert_memory_equal(back, text, length);
    az_tokenizer_free_ids(ids);
    az_tokenizer_free_text(back);
    free(text);
    az_tokenizer_free(tokenizer);
}

static int stop_now = 1;

static void work_stops_when_asked(void **state)
{
    (void)state;
    struct az_progress progress;
    struct az_tokenizer *tokenizer;
    struct az_weighted_text text = {"ab ab", 5, 1};
    struct az_tokenizer_plan plan = {
        .model = AZ_TOKEN_MODEL_BYTE, .pattern = "gpt2", .vocabulary = 258, .special_tokens = ""};
    az_progress_init(&progress, NULL, NULL, &stop_now);
    assert_int_equal(az_tokenizer_train(&tokenizer, &plan, &text, 1, &progress, NULL),
                     AZ_INTERRUPTED);
    assert_null(tokenizer);
}

/* Training, saving, loading, encoding and decoding with the nth allocation failing. */
static enum az_status everything(void)
{
    enum az_status status = AZ_OK;
    struct az_error *error = NULL;
    struct az_tokenizer *tokenizer = NULL, *loaded = NULL;
    struct az_weighted_text text = {"ab ab \xc3\xa0", 8, 1};
    struct az_tokenizer_plan plan = {.model = AZ_TOKEN_MODEL_CHARACTER,
                                     .pattern = "marks",
                                     .vocabulary = 7,
                                     .base_characters = 4};
    char *json = NULL, *back = NULL;
    uint32_t *ids = NULL;
    size_t bytes, count;
    AZ_TRY(az_tokenizer_train(&tokenizer, &plan, &text, 1, NULL, error));
    AZ_TRY(az_tokenizer_write_json(tokenizer, &json, &bytes, error));
    AZ_TRY(az_tokenizer_read_json(&loaded, "json", json, bytes, error));
    AZ_TRY(az_tokenizer_encode(loaded, text.bytes, text.length_bytes, &ids, &count, NULL, error));
    AZ_TRY(az_tokenizer_decode(loaded, ids, count, &back, &bytes, error));
    assert_string_equal(back, text.bytes);
out:
    az_memory_free(json);
    az_tokenizer_free_ids(ids);
    az_tokenizer_free_text(back);
    az_tokenizer_free(tokenizer);
    az_tokenizer_free(loaded);
    return status;
}

static void a_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    size_t n = 0;
    enum az_status status;
    do {
        az_memory_fail_after(++n);
        status = everything();
        az_memory_fail_after(0);
        assert_true(status == AZ_OK || status == AZ_MEMORY);
    } while (status != AZ_OK);
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_byte_alphabet_is_that_of_gpt2),
        cmocka_unit_test(patterns_cut_texts_as_they_say),
        cmocka_unit_test(patterns_that_could_differ_are_refused),
        cmocka_unit_test(a_pattern_has_so_many_classes),
        cmocka_unit_test(a_pattern_that_takes_too_long_is_stopped),
        cmocka_unit_test(a_byte_model_begins_with_special_tokens_then_bytes),
        cmocka_unit_test(a_character_model_has_base_characters_and_an_unknown_token),
        cmocka_unit_test(weights_multiply_counts),
        cmocka_unit_test(plans_that_cannot_be_are_refused),
        cmocka_unit_test(a_loaded_tokenizer_is_the_saved_one),
        cmocka_unit_test(invalid_utf8_is_not_encoded),
        cmocka_unit_test(very_long_words_are_encoded_and_come_back),
        cmocka_unit_test(work_stops_when_asked),
        cmocka_unit_test(a_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
