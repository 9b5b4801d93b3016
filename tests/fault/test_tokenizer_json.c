/* Faulty and foreign tokenizer.json: each is refused, and what is wrong is named. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/tokenizer.h"
#include "base/memory.h"
#include "text/tokenizer_parts.h"

/* A small tokenizer of characters, in which a test replaces a piece. */
static const char whole[] =
    "{\"version\": \"1.0\", \"truncation\": null, \"padding\": null,"
    " \"added_tokens\": [{\"id\": 0, \"content\": \"<unk>\", \"special\": true, \"lstrip\": false,"
    " \"normalized\": false}],"
    " \"normalizer\": null, \"pre_tokenizer\": {\"type\": \"Whitespace\"},"
    " \"post_processor\": null, \"decoder\": null,"
    " \"model\": {\"type\": \"BPE\", \"dropout\": null, \"unk_token\": \"<unk>\","
    " \"fuse_unk\": false, \"byte_fallback\": false,"
    " \"vocab\": {\"<unk>\": 0, \"a\": 1, \"b\": 2, \"ab\": 3, \"abb\": 4},"
    " \"merges\": [\"a b\", [\"ab\", \"b\"]]}}";

static char text[4096];

/* whole with the first `piece` replaced by `other`. */
static const char *replaced(const char *piece, const char *other)
{
    const char *at = strstr(whole, piece);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, other, at + strlen(piece));
    return text;
}

static void assert_refused(const char *json, enum az_status expected, const char *named)
{
    struct az_tokenizer *tokenizer = (void *)1;
    struct az_error error;
    enum az_status status =
        az_tokenizer_read_json(&tokenizer, "t.json", json, strlen(json), &error);
    if (status != expected || !strstr(error.message, named))
        fail_msg("%s: status %s, \"%s\"", json, az_status_name(status), error.message);
    assert_null(tokenizer);
    assert_string_equal(error.file, "t.json");
}

static void the_whole_file_is_loaded(void **state)
{
    (void)state;
    struct az_tokenizer *tokenizer;
    uint32_t *ids;
    size_t count;
    assert_int_equal(az_tokenizer_read_json(&tokenizer, "t", whole, sizeof whole - 1, NULL), AZ_OK);
    assert_int_equal(az_tokenizer_encode(tokenizer, "abbx ab", 7, &ids, &count, NULL, NULL), AZ_OK);
    assert_int_equal(count, 3);
    assert_true(ids[0] == 4 && ids[1] == 0 && ids[2] == 3);
    az_tokenizer_free_ids(ids);
    az_tokenizer_free(tokenizer);
}

static void faults_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *piece, *other, *named;
    } faults[] = {
        {"]}}", "]}", "not valid JSON"},
        {"]}}", "]}} x", "not valid JSON"},
        {"\"a\": 1", "\"a\": 1, \"a\": 5", "duplicate object key"},
        {"\"a\": 1", "\"\\u0000\": 1", "not valid JSON"},
        {"\"a\": 1", "\"\xff\": 1", "not valid JSON"},
        {"\"a\": 1", "\"a\": 2", "two tokens have the id 2"},
        {"\"a\": 1", "\"a\": -1", "the token \"a\" is not an integer"},
        {"\"a\": 1", "\"a\": 1.0", "the token \"a\" is not an integer"},
        {"\"a\": 1", "\"a\": \"1\"", "the token \"a\" is not an integer"},
        {"\"a\": 1", "\"a\": 4194304", "id 4194304 is out of range"},
        {"\"a\": 1", "\"a\": 9223372036854775807", "out of range"},
        {"\"a\": 1", "\"a\": 99999999999999999999", "not valid JSON"},
        {"\"a\": 1, ", "", "merge 0 names the token \"a\""},
        {"\"ab\": 3, ", "", "merge 0 makes \"ab\""},
        {"\"a b\"", "\"ab\"", "merge 0 is neither"},
        {"\"a b\"", "\"a  b\"", "merge 0 is neither"},
        {"\"a b\"", "\" ab\"", "names the token \"\""},
        {"\"a b\"", "[\"a\"]", "merge 0 is neither"},
        {"\"a b\"", "[\"a\", 1]", "merge 0 is neither"},
        {"\"a b\"", "\"a b\", \"a b\"", "merges 0 and 1 are the same"},
        {"[\"a b\", [\"ab\", \"b\"]]", "{}", "\"merges\" of \"model\" is not a list"},
        {"\"vocab\": {\"<unk>\": 0, \"a\": 1, \"b\": 2, \"ab\": 3, \"abb\": 4},", "\"vocab\": [],",
         "\"vocab\" of \"model\" is no object"},
        {"\"<unk>\": 0,", "\"<unk>\": 9,", "\"<unk>\" has the id 9, and 0 among the added"},
        {"\"unk_token\": \"<unk>\"", "\"unk_token\": \"?\"", "unk_token \"?\" is not in"},
        {"{\"id\": 0,", "{\"id\": -1,", "an added token has no"},
        {"{\"id\": 0,", "{", "an added token has no"},
        {"\"content\": \"<unk>\"", "\"content\": \"\"", "an added token has no"},
        {"\"content\": \"<unk>\"", "\"content\": \"b\"", "\"b\" has the id 2, and 0 among"},
        {"[{\"id\": 0,", "[7, {\"id\": 0,", "\"added_tokens\" is not an object"},
        {"[{\"id\": 0,", "[{\"id\": 0, \"content\": \"<unk>\", \"special\": true}, {\"id\": 0,",
         "there twice"},
        {"[{\"id\": 0,", "[{\"id\": 1, \"content\": \"c\", \"special\": true}, {\"id\": 0,",
         "two tokens have the id 1"},
        {"\"model\":", "\"version\":", "duplicate object key"},
    };
    for (size_t n = 0; n < sizeof faults / sizeof faults[0]; n++)
        assert_refused(replaced(faults[n].piece, faults[n].other), AZ_FORMAT, faults[n].named);
    assert_refused("", AZ_FORMAT, "not valid JSON");
    assert_refused("[]", AZ_FORMAT, "\"tokenizer\" is not an object");
    assert_refused("{}", AZ_FORMAT, "there is no \"model\"");
}

static void what_is_not_supported_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *piece, *other, *named;
    } foreign[] = {
        {"\"version\"", "\"novelty\"", "\"novelty\""},
        {"\"truncation\": null", "\"truncation\": {\"max_length\": 3}", "\"truncation\""},
        {"\"padding\": null", "\"padding\": {}", "\"padding\""},
        {"\"lstrip\": false", "\"lstrip\": true", "\"lstrip\""},
        {"\"lstrip\": false", "\"colour\": 1", "\"colour\""},
        {"[{\"id\": 0,", "[{\"id\": 9, \"content\": \"c\", \"normalized\": true}, {\"id\": 0,",
         "\"normalized\""},
        {"\"normalizer\": null", "\"normalizer\": {\"type\": \"NFKC\"}", "normalizer \"NFKC\""},
        {"{\"type\": \"Whitespace\"}", "{\"type\": \"Metaspace\"}", "pre_tokenizer \"Metaspace\""},
        {"{\"type\": \"Whitespace\"}", "null", "pre_tokenizer \"null\""},
        {"{\"type\": \"Whitespace\"}", "{\"type\": \"Whitespace\", \"x\": 1}", "\"x\""},
        {"{\"type\": \"Whitespace\"}", "{\"type\": \"Sequence\", \"pretokenizers\": []}",
         "does not cut"},
        {"{\"type\": \"Whitespace\"}",
         "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Whitespace\"},"
         " {\"type\": \"Whitespace\"}]}",
         "cuts texts twice"},
        {"{\"type\": \"Whitespace\"}", "{\"type\": \"ByteLevel\", \"add_prefix_space\": true}",
         "\"add_prefix_space\""},
        {"{\"type\": \"Whitespace\"}",
         "{\"type\": \"Split\", \"pattern\": {\"String\": \" \"}, \"behavior\": \"Isolated\"}",
         "\"String\""},
        {"{\"type\": \"Whitespace\"}",
         "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"a\"}, \"behavior\": \"Removed\"}",
         "behavior \"Removed\""},
        {"{\"type\": \"Whitespace\"}",
         "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"a\\\\b\"}, \"behavior\": \"Isolated\"}",
         "a\\b has \\b at character 1"},
        {"{\"type\": \"Whitespace\"}",
         "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"\\\\w+|[^\\\\w\\\\s]+\"},"
         " \"behavior\": \"Isolated\"}",
         "in Split is not supported"},
        {"\"post_processor\": null", "\"post_processor\": {\"type\": \"TemplateProcessing\"}",
         "post_processor \"TemplateProcessing\""},
        {"\"decoder\": null", "\"decoder\": {\"type\": \"WordPiece\"}", "decoder \"WordPiece\""},
        {"\"type\": \"BPE\"", "\"type\": \"Unigram\"", "model \"Unigram\""},
        {"\"dropout\": null", "\"dropout\": 0.1", "\"dropout\""},
        {"\"dropout\": null", "\"end_of_word_suffix\": \"</w>\"", "\"end_of_word_suffix\""},
        {"\"fuse_unk\": false", "\"fuse_unk\": true", "\"fuse_unk\""},
        {"\"byte_fallback\": false", "\"byte_fallback\": true", "\"byte_fallback\""},
        {"\"unk_token\": \"<unk>\"", "\"unk_token\": null", "\"unk_token\""},
        {"\"decoder\": null", "\"decoder\": {\"type\": \"ByteLevel\"}", "decoder \"ByteLevel\""},
    };
    for (size_t n = 0; n < sizeof foreign / sizeof foreign[0]; n++)
        assert_refused(replaced(foreign[n].piece, foreign[n].other), AZ_UNSUPPORTED,
                       foreign[n].named);
}

static void a_byte_model_needs_its_alphabet(void **state)
{
    (void)state;
    assert_refused(replaced("{\"type\": \"Whitespace\"}", "{\"type\": \"ByteLevel\"}"),
                   AZ_UNSUPPORTED, "decoder \"null\"");
    const char *bytes = "{\"pre_tokenizer\": {\"type\": \"ByteLevel\"},"
                        " \"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"type\": \"BPE\","
                        " \"vocab\": {\"%s\": 0}, \"merges\": []}}";
    snprintf(text, sizeof text, bytes, "a");
    assert_refused(text, AZ_UNSUPPORTED, "no token for the byte 00");
    snprintf(text, sizeof text, bytes, "a b");
    assert_refused(text, AZ_UNSUPPORTED, "\"a b\" is not spelled in the byte alphabet");
}

/* Every file that is cut short is refused. */
static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t length = 0; length + 1 < sizeof whole; length++) {
        struct az_tokenizer *tokenizer;
        struct az_error error;
        assert_int_equal(az_tokenizer_read_json(&tokenizer, "t", whole, length, &error), AZ_FORMAT);
        assert_true(error.line == 1);
    }
}

static void real_tokenizers_of_other_kinds_are_named(void **state)
{
    (void)state;
    static const char *const files[] = {"tokenizers/bert-base-uncased.tokenizer.json",
                                        "tokenizers/m2v_tokenizer.json"};
    for (size_t n = 0; n < sizeof files / sizeof files[0]; n++) {
        struct az_tokenizer *tokenizer;
        struct az_error error;
        if (!fixture_shared(files[n])) skip();
        assert_int_equal(az_tokenizer_load(&tokenizer, fixture_shared(files[n]), &error),
                         AZ_UNSUPPORTED);
        assert_non_null(strstr(error.message, "model \"WordPiece\""));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_file_is_loaded),
        cmocka_unit_test(faults_are_told),
        cmocka_unit_test(what_is_not_supported_is_named),
        cmocka_unit_test(a_byte_model_needs_its_alphabet),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(real_tokenizers_of_other_kinds_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
