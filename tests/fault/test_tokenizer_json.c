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
        {"\"truncation\": null", "\"truncation\": 3", "\"truncation\" is neither"},
        {"\"lstrip\": false", "\"lstrip\": 1", "\"lstrip\" of \"added_tokens\" is neither"},
        {"\"decoder\": null", "\"decoder\": {\"type\": \"WordPiece\"}",
         "\"prefix\" of \"WordPiece\""},
        {"\"post_processor\": null", "\"post_processor\": {\"type\": \"TemplateProcessing\"}",
         "no list \"single\""},
        {"\"post_processor\": null",
         "\"post_processor\": {\"type\": \"BertProcessing\", \"cls\": [\"c\", 9], \"sep\": [\"s\", "
         "1]}",
         "adds the id 9, which is no token"},
        {"\"normalizer\": null",
         "\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"!\"}",
         "not base64"},
        {"\"normalizer\": null",
         "\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"/////w==\"}",
         "a multiple of 4 that fits"},
        {"\"a b\"", "[\"a\"]", "merge 0 is neither"},
        {"\"a b\"", "[\"a\", 1]", "merge 0 is neither"},
        {"\"a b\"", "\"a b\", \"a b\"", "merges 0 and 1 are the same"},
        {"[\"a b\", [\"ab\", \"b\"]]", "{}", "\"merges\" of \"model\" is not a list"},
        {"\"vocab\": {\"<unk>\": 0, \"a\": 1, \"b\": 2, \"ab\": 3, \"abb\": 4},", "\"vocab\": [],",
         "\"vocab\" of \"model\" is no object"},
        {"\"unk_token\": \"<unk>\"", "\"unk_token\": \"?\"", "unk_token \"?\" is not in"},
        {"{\"id\": 0,", "{\"id\": -1,", "an added token has no"},
        {"{\"id\": 0,", "{", "an added token has no"},
        {"\"content\": \"<unk>\"", "\"content\": \"\"", "an added token has no"},
        {"[{\"id\": 0,", "[7, {\"id\": 0,", "\"added_tokens\" is not an object"},
        {"[{\"id\": 0,", "[{\"id\": 0, \"content\": \"<unk>\", \"special\": true}, {\"id\": 0,",
         "there twice"},
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
        {"\"lstrip\": false", "\"colour\": 1", "\"colour\""},
        {"\"<unk>\": 0,", "\"<unk>\": 9,", "has the id 0, but `tokenizers` gives it 9"},
        {"\"content\": \"<unk>\"", "\"content\": \"b\"", "gives it 2, as in the model"},
        {"[{\"id\": 0,", "[{\"id\": 9, \"content\": \"c\"}, {\"id\": 0,",
         "gives it 5, the next free"},
        {"\"normalizer\": null", "\"normalizer\": {\"type\": \"NFX\"}", "normalizer \"NFX\""},
        {"\"normalizer\": null",
         "\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"(a)\\\\1\"}, "
         "\"content\": \"\"}",
         "has \\1"},
        {"{\"type\": \"Whitespace\"}", "{\"type\": \"Whitespaces\"}",
         "pre_tokenizer \"Whitespaces\""},
        {"{\"type\": \"Whitespace\"}", "{\"type\": \"Whitespace\", \"x\": 1}", "\"x\""},
        {"{\"type\": \"Whitespace\"}",
         "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"ByteLevel\"},"
         " {\"type\": \"Whitespace\"}]}",
         "\"Whitespace\" after ByteLevel"},
        {"{\"type\": \"Whitespace\"}",
         "{\"type\": \"Split\", \"pattern\": {\"String\": \"\"}, \"behavior\": \"Isolated\"}",
         "the empty pattern"},
        {"{\"type\": \"Whitespace\"}",
         "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"a\"}, \"behavior\": \"Merged\"}",
         "behavior \"Merged\""},
        {"{\"type\": \"Whitespace\"}",
         "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"a\\\\G\"}, \"behavior\": \"Isolated\"}",
         "a\\G has \\G at character 1"},
        {"\"post_processor\": null", "\"post_processor\": {\"type\": \"Poster\"}",
         "post_processor \"Poster\""},
        {"\"post_processor\": null",
         "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"Sequence\": "
         "{\"id\": \"B\"}}]}",
         "not the text once"},
        {"\"decoder\": null", "\"decoder\": {\"type\": \"Letter\"}", "decoder \"Letter\""},
        {"\"type\": \"BPE\"", "\"type\": \"Lookup\"", "model \"Lookup\""},
        {"\"dropout\": null", "\"dropout\": 0.1", "\"dropout\""},
    };
    for (size_t n = 0; n < sizeof foreign / sizeof foreign[0]; n++)
        assert_refused(replaced(foreign[n].piece, foreign[n].other), AZ_UNSUPPORTED,
                       foreign[n].named);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_file_is_loaded),
        cmocka_unit_test(faults_are_told),
        cmocka_unit_test(what_is_not_supported_is_named),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
