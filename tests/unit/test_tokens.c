/* Script, class, escapes and reachability of tokens, with hard cases, and the tree of merges. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "../tokens_fixture.h"
#include "azimuth/tokens.h"

static void scripts_and_classes_of_hard_cases(void **state)
{
    (void)state;
    static const struct {
        const char *text, *script;
        enum az_token_class token_class;
        size_t characters;
    } cases[] = {
        {"", "Common", AZ_TOKEN_EMPTY, 0},
        {" the", "Latin", AZ_TOKEN_LETTERS, 4},
        {" \xe0\xb8\x81\xe0\xb8\xb1", "Thai", AZ_TOKEN_LETTERS, 3},
        {"\xe0\xb8\xb1", "Thai", AZ_TOKEN_LETTERS, 1},   /* U+0E31, a mark alone */
        {"\xe0\xb9\x91", "Thai", AZ_TOKEN_NUMBER, 1},    /* a Thai digit */
        {"\xe0\xb8\xbf", "Common", AZ_TOKEN_SYMBOL, 1},  /* baht is in the Thai block, not script */
        {"\xcc\x81", "Common", AZ_TOKEN_LETTERS, 1},     /* combining acute, Inherited */
        {"\xe3\x83\xbc", "Common", AZ_TOKEN_LETTERS, 1}, /* prolonged sound mark */
        {"a\xd0\xb1", "Mixed", AZ_TOKEN_LETTERS, 2},
        {"ab\xd0\xb1", "Latin", AZ_TOKEN_LETTERS, 3},
        {"ab\xd0\xb1\xd0\xb3\xce\xb1", "Mixed", AZ_TOKEN_LETTERS, 5},
        {"a\xd0\xb1\xce\xb1\xce\xb2", "Greek", AZ_TOKEN_LETTERS, 4}, /* a tie, then a majority */
        {"\xe4\xb8\xad\xe6\x96\x87", "Han", AZ_TOKEN_LETTERS, 2},
        {" 2024", "Common", AZ_TOKEN_NUMBER, 5},
        {"\xef\xbc\x91\xef\xbc\x90", "Common", AZ_TOKEN_NUMBER, 2}, /* full-width 10 */
        {"\xe2\x85\xa3", "Latin", AZ_TOKEN_NUMBER, 1},              /* Roman four */
        {"1a", "Latin", AZ_TOKEN_LETTERS, 2},
        {".\n", "Common", AZ_TOKEN_PUNCTUATION, 2},
        {"=>", "Common", AZ_TOKEN_SYMBOL, 2},
        {"=)", "Common", AZ_TOKEN_PUNCTUATION, 2},
        {"\xf0\x9f\x98\x80\xe2\x80\x8d", "Common", AZ_TOKEN_SYMBOL, 2}, /* emoji and a joiner */
        {"\xe2\x80\x8d", "Common", AZ_TOKEN_CONTROL, 1}, /* zero width joiner, Inherited */
        {"\x01", "Common", AZ_TOKEN_CONTROL, 1},
        {" \n\t", "Common", AZ_TOKEN_WHITESPACE, 3},
        {"\xe3\x80\x80", "Common", AZ_TOKEN_WHITESPACE, 1}, /* ideographic space */
        {"\xef\xbf\xbd", "Common", AZ_TOKEN_SYMBOL, 1}, /* U+FFFD itself is a symbol, not invalid */
        {"\xf3\xb0\x80\x80", "Common", AZ_TOKEN_SYMBOL, 1}, /* private use */
        {"\xe0\xb8", "Common", AZ_TOKEN_INVALID, 0},
        {"\x81", "Common", AZ_TOKEN_INVALID, 0},
        {"\xe0\xb8\x81\xe0\xb8", "Thai", AZ_TOKEN_INVALID, 1}, /* a whole one and a piece */
        {"\xc0\xaf", "Common", AZ_TOKEN_INVALID, 0},           /* overlong */
        {"\xed\xa0\x80", "Common", AZ_TOKEN_INVALID, 0},       /* a surrogate */
        {"\xf4\x90\x80\x80", "Common", AZ_TOKEN_INVALID, 0},   /* beyond U+10FFFF */
        {"a\xff", "Latin", AZ_TOKEN_INVALID, 1},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        struct az_token_kind kind = az_token_classify(cases[n].text, strlen(cases[n].text));
        if (strcmp(az_script_name(kind.script), cases[n].script) != 0 ||
            kind.token_class != cases[n].token_class || kind.characters != cases[n].characters)
            fail_msg("case %zu, %s: %s %s of %zu characters", n, cases[n].text,
                     az_script_name(kind.script), az_token_class_name(kind.token_class),
                     kind.characters);
    }
    struct az_token_kind nul = az_token_classify("\0", 1);
    assert_int_equal(nul.token_class, AZ_TOKEN_CONTROL);
}

static void escapes_show_what_there_is_and_read_back(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } cases[] = {
        {" the", 4, " the"},
        {"a\\n\n\t\r", 6, "a\\\\n\\n\\t\\r"},
        {"a\0b", 3, "a\\u{0}b"},
        {"\xe0\xb8", 2, "\\xe0\\xb8"},
        {"\xe0\xb8\x81", 3, "\xe0\xb8\x81"},
        {"\xe2\x80\x8d", 3, "\\u{200d}"},
        {"\xc2\xa0", 2, "\\u{a0}"},
        {"\x1b[0m", 4, "\\u{1b}[0m"},
        {"\xf4\x8f\xbf\xbf", 4, "\\u{10ffff}"},
        {"\xff\xf0\x9f\x98\x80", 5, "\\xff\xf0\x9f\x98\x80"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        char text[64];
        size_t length = az_token_escape(cases[n].bytes, cases[n].length, text, sizeof text);
        assert_string_equal(text, cases[n].text);
        assert_int_equal(length, strlen(cases[n].text));
        assert_true(az_token_unescape(text, &length));
        assert_int_equal(length, cases[n].length);
        assert_memory_equal(text, cases[n].bytes, length);
        for (size_t capacity = 0; capacity < strlen(cases[n].text); capacity++) {
            memset(text, 'x', sizeof text);
            assert_int_equal(az_token_escape(cases[n].bytes, cases[n].length, text, capacity),
                             strlen(cases[n].text));
            if (capacity) assert_true(strlen(text) < capacity);
            if (capacity) assert_memory_equal(text, cases[n].text, strlen(text));
            assert_int_equal(text[capacity], 'x');
        }
    }
    static const char *const bad[] = {"\\",          "\\q",    "\\x4",         "\\xg0",
                                      "\\u",         "\\u{",   "\\u{}",        "\\u{d800}",
                                      "\\u{110000}", "\\u{41", "\\u{00000041}"};
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        char text[32];
        size_t length;
        snprintf(text, sizeof text, "%s", bad[n]);
        if (az_token_unescape(text, &length)) fail_msg("%s was read", bad[n]);
    }
}

static struct az_tokenizer *load_fixture(void)
{
    struct az_tokenizer *tokenizer;
    struct az_error error;
    const char *path = fixture_path("tokenizer.json"), *json = tokens_fixture_json();
    fixture_write(path, json, strlen(json));
    if (az_tokenizer_load(&tokenizer, path, &error) != AZ_OK) fail_msg("%s", error.message);
    return tokenizer;
}

static void every_kind_of_reachability_is_found(void **state)
{
    (void)state;
    static const struct {
        size_t id;
        enum az_reach reach;
        size_t count;
        uint32_t first, last;
        const char *reason;
    } cases[] = {
        {'a', AZ_REACH_OK, 1, 'a', 'a', ""},
        {TOKEN_AB, AZ_REACH_OK, 1, TOKEN_AB, TOKEN_AB, ""},
        {TOKEN_TEN, AZ_REACH_SPLIT, 2, '1', '0', "cut at byte 1, U+0031 | U+0030"},
        {TOKEN_THAI_LEAD, AZ_REACH_INVALID_UTF8, 1, TOKEN_THAI_LEAD, TOKEN_THAI_LEAD,
         "within \"\\u{e00}\""},
        {TOKEN_KO_KAI, AZ_REACH_OK, 1, TOKEN_KO_KAI, TOKEN_KO_KAI, ""},
        {TOKEN_MAI_HAN, AZ_REACH_OK, 1, TOKEN_MAI_HAN, TOKEN_MAI_HAN, ""},
        {TOKEN_THAI, AZ_REACH_SPLIT, 2, TOKEN_KO_KAI, TOKEN_MAI_HAN,
         "cut at byte 3, U+0E01 | U+0E31, at a combining mark"},
        {TOKEN_RING, AZ_REACH_OK, 1, TOKEN_RING, TOKEN_RING, ""},
        {TOKEN_ANGSTROM, AZ_REACH_NORMALISED, 2, 0xc3, 0x85, "the normaliser changes its text"},
        {TOKEN_XY, AZ_REACH_OK, 1, TOKEN_XY, TOKEN_XY, ""},
        {TOKEN_XYZ, AZ_REACH_MERGE, 2, 'x', TOKEN_YZ,
         "one word, of which the model makes 2 tokens"},
        {TOKEN_NEVER, AZ_REACH_SPLIT, 2, 'q', '!', "cut at byte 1, U+0071 | U+0021"},
        {TOKEN_NEVER_WHOLE, AZ_REACH_MERGE, 2, 'q', 'q',
         "one word, of which the model makes 2 tokens"},
        {TOKEN_TAIL, AZ_REACH_INVALID_UTF8, 1, TOKEN_TAIL, TOKEN_TAIL, "within \"\xe1\xb8\x81\""},
        {0xff, AZ_REACH_INVALID_UTF8, 1, 0xff, 0xff, "no longer text was found that gives it"},
        {0xc3, AZ_REACH_INVALID_UTF8, 1, 0xc3, 0xc3, "within \"\xc3\x80\""},
        {TOKEN_HOLE, AZ_REACH_ORPHAN, 0, 0, 0, ""},
        {TOKEN_SPECIAL, AZ_REACH_SPECIAL, 1, TOKEN_SPECIAL, TOKEN_SPECIAL, ""},
        {TOKENS_FIXTURE_SIZE, AZ_REACH_ORPHAN, 0, 0, 0, ""},
        {999, AZ_REACH_ORPHAN, 0, 0, 0, ""},
    };
    struct az_tokenizer *tokenizer = load_fixture();
    struct az_tokens tokens;
    assert_int_equal(az_tokens_survey(&tokens, tokenizer, 1000, true, NULL, NULL, NULL), AZ_OK);
    assert_int_equal(tokens.rows, 1000);
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        const struct az_token_row *row = &tokens.row[cases[n].id];
        char reason[AZ_REASON_BYTES];
        az_tokens_reason(&tokens, cases[n].id, reason);
        if (row->reach != cases[n].reach || row->encoding_count != cases[n].count)
            fail_msg("id %zu is %s, %u ids", cases[n].id, az_reach_name(row->reach),
                     (unsigned)row->encoding_count);
        assert_string_equal(reason, cases[n].reason);
        if (row->encoding_count == 0) continue;
        assert_int_equal(tokens.encodings[row->encoding], cases[n].first);
        assert_int_equal(tokens.encodings[row->encoding + row->encoding_count - 1], cases[n].last);
    }
    az_tokens_free(&tokens);
    az_tokenizer_free(tokenizer);
}

/* Every text that is said to give a token does. */
static void a_piece_comes_within_the_text_that_is_named(void **state)
{
    (void)state;
    struct az_tokenizer *tokenizer = load_fixture();
    struct az_tokens tokens;
    size_t found = 0;
    assert_int_equal(az_tokens_survey(&tokens, tokenizer, 0, true, NULL, NULL, NULL), AZ_OK);
    for (uint32_t id = 0; id < tokens.rows; id++) {
        char text[64];
        uint32_t *ids;
        size_t count, places = 0, length = az_tokens_within(&tokens, id, text, sizeof text);
        if (!length) continue;
        assert_int_equal(tokens.row[id].reach, AZ_REACH_INVALID_UTF8);
        assert_int_equal(az_tokens_within(&tokens, id, text, length - 1), 0);
        assert_int_equal(az_tokenizer_encode(tokenizer, text, length, &ids, &count, NULL, NULL),
                         AZ_OK);
        for (size_t n = 0; n < count; n++) places += ids[n] == id;
        assert_true(places > 0);
        az_tokenizer_free_ids(ids);
        found++;
    }
    /* All 130 but c0, c1 and f5 to ff, of which no text is made. */
    assert_int_equal(found, 117);
    az_tokens_free(&tokens);
    az_tokenizer_free(tokenizer);
}

static void rows_and_threads_do_not_change_a_row(void **state)
{
    (void)state;
    struct az_tokenizer *tokenizer = load_fixture();
    struct az_tokens one, two;
    struct az_pool *pool;
    struct az_error error;
    assert_int_equal(az_pool_create(&pool, 3, NULL), AZ_OK);
    assert_int_equal(az_tokens_survey(&one, tokenizer, 0, true, NULL, NULL, NULL), AZ_OK);
    assert_int_equal(one.rows, TOKENS_FIXTURE_SIZE);
    assert_int_equal(az_tokens_survey(&two, tokenizer, 70000, true, pool, NULL, NULL), AZ_OK);
    assert_memory_equal(one.row, two.row, one.rows * sizeof *one.row);
    az_tokens_free(&two);
    assert_int_equal(az_tokens_survey(&two, tokenizer, 0, false, pool, NULL, NULL), AZ_OK);
    for (size_t id = 0; id < two.rows; id++) {
        assert_int_equal(two.row[id].token_class, one.row[id].token_class);
        assert_int_equal(two.row[id].script, one.row[id].script);
    }
    az_tokens_free(&two);
    assert_int_equal(az_tokens_survey(&two, tokenizer, 271, true, pool, NULL, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "271 rows"));
    az_tokens_free(&two);
    assert_int_equal(az_tokens_survey(&two, tokenizer, SIZE_MAX, true, pool, NULL, &error),
                     AZ_USAGE);
    az_tokens_free(&two);
    az_tokens_free(&one);
    az_pool_free(pool);
    az_tokenizer_free(tokenizer);
}

static void the_tree_is_what_the_encoder_merges(void **state)
{
    (void)state;
    struct az_tokenizer *tokenizer = load_fixture();
    struct az_merge_tree tree;
    assert_int_equal(az_merge_tree_build(&tree, tokenizer, "\xe0\xb8\x81\xe0\xb8\xb1", 6, NULL),
                     AZ_OK);
    assert_int_equal(tree.root_count, 1);
    const struct az_merge_node *root = &tree.nodes[tree.roots[0]];
    assert_int_equal(root->id, TOKEN_THAI);
    assert_int_equal(root->rank, 5);
    assert_int_equal(tree.nodes[root->left].id, TOKEN_KO_KAI);
    assert_int_equal(tree.nodes[tree.nodes[root->left].right].rank, AZ_MERGE_NONE);
    assert_int_equal(tree.node_count, 11);
    az_merge_tree_free(&tree);
    assert_int_equal(az_merge_tree_build(&tree, tokenizer, "xyz", 3, NULL), AZ_OK);
    assert_int_equal(tree.root_count, 2);
    assert_int_equal(tree.nodes[tree.roots[1]].id, TOKEN_YZ);
    az_merge_tree_free(&tree);
    assert_int_equal(az_merge_tree_build(&tree, tokenizer, "", 0, NULL), AZ_OK);
    assert_int_equal(tree.root_count, 0);
    az_merge_tree_free(&tree);
    az_tokenizer_free(tokenizer);
}

/* WordPiece: what goes on a word is given within one, or not at all. */
static void pieces_of_words_are_found_within_words(void **state)
{
    (void)state;
    static const char *const json =
        "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[],"
        "\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
        "\"post_processor\":null,\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\","
        "\"cleanup\":true},\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\","
        "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100,\"vocab\":{"
        "\"[UNK]\":0,\"b\":1,\"##ing\":2,\"ing\":3,\"##!\":4,\"##q\":5}}}";
    const char *path = fixture_path("wordpiece.json");
    struct az_tokenizer *tokenizer;
    struct az_tokens tokens;
    struct az_error error;
    char text[16];
    fixture_write(path, json, strlen(json));
    if (az_tokenizer_load(&tokenizer, path, &error) != AZ_OK) fail_msg("%s", error.message);
    assert_int_equal(az_tokens_survey(&tokens, tokenizer, 0, true, NULL, NULL, NULL), AZ_OK);
    assert_int_equal(tokens.row[1].reach, AZ_REACH_OK);
    assert_int_equal(tokens.row[2].reach, AZ_REACH_CONTINUATION);
    assert_int_equal(tokens.row[3].reach, AZ_REACH_OK);
    assert_int_equal(tokens.row[4].reach, AZ_REACH_MERGE); /* ! is a word of its own */
    assert_int_equal(tokens.row[5].reach, AZ_REACH_CONTINUATION);
    assert_int_equal(az_tokens_within(&tokens, 2, text, sizeof text), 4);
    assert_memory_equal(text, "bing", 4);
    az_tokens_free(&tokens);
    az_tokenizer_free(tokenizer);
}

/* Facts of the notebooks, counted again. */
static void qwen_has_the_rows_that_were_counted(void **state)
{
    (void)state;
    const char *path = fixture_shared("tokenizers/qwen3.tokenizer.json");
    struct az_tokenizer *tokenizer;
    struct az_tokens tokens;
    size_t counts[AZ_REACH_COUNT] = {0}, thai = 0, thai_split = 0, thai_marks = 0, within = 0;
    if (!path) skip();
    assert_int_equal(az_tokenizer_load(&tokenizer, path, NULL), AZ_OK);
    assert_int_equal(az_tokens_survey(&tokens, tokenizer, 151936, true, NULL, NULL, NULL), AZ_OK);
    for (size_t id = 0; id < tokens.rows; id++) {
        const struct az_token_row *row = &tokens.row[id];
        bool is_thai = row->token_class == AZ_TOKEN_LETTERS &&
                       strcmp(az_script_name(row->script), "Thai") == 0;
        counts[row->reach]++;
        within += row->reach == AZ_REACH_INVALID_UTF8 && row->within.found;
        thai += is_thai;
        thai_split += is_thai && row->reach == AZ_REACH_SPLIT;
        thai_marks += is_thai && row->reach == AZ_REACH_SPLIT && row->cut_at_mark;
    }
    assert_int_equal(counts[AZ_REACH_ORPHAN], 267);
    assert_int_equal(counts[AZ_REACH_OK] + counts[AZ_REACH_SPECIAL], 148312);
    assert_int_equal(counts[AZ_REACH_INVALID_UTF8], 1448);
    assert_int_equal(counts[AZ_REACH_NORMALISED], 248);
    assert_int_equal(counts[AZ_REACH_SPLIT], 1661);
    assert_int_equal(counts[AZ_REACH_MERGE], 0);
    assert_int_equal(within, 1419);
    assert_int_equal(thai, 2566);
    assert_int_equal(thai_split, 1578);
    assert_int_equal(thai_marks, 1578);
    az_tokens_free(&tokens);
    az_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_and_classes_of_hard_cases),
        cmocka_unit_test(escapes_show_what_there_is_and_read_back),
        cmocka_unit_test(every_kind_of_reachability_is_found),
        cmocka_unit_test(a_piece_comes_within_the_text_that_is_named),
        cmocka_unit_test(rows_and_threads_do_not_change_a_row),
        cmocka_unit_test(the_tree_is_what_the_encoder_merges),
        cmocka_unit_test(pieces_of_words_are_found_within_words),
        cmocka_unit_test(qwen_has_the_rows_that_were_counted),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
