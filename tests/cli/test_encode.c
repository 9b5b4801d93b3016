/* azimuth tokenizer encode and decode: every option, standard input and files, and what is refused.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tokens_fixture.h"
#include "program.h"

/* Words, and [CLS] and [SEP] about a text. */
static const char words_json[] =
    "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":["
    "{\"id\":0,\"content\":\"[CLS]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
    "\"normalized\":false,\"special\":true},"
    "{\"id\":1,\"content\":\"[SEP]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
    "\"normalized\":false,\"special\":true}],\"normalizer\":null,"
    "\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"post_processor\":{\"type\":\"BertProcessing\","
    "\"sep\":[\"[SEP]\",1],\"cls\":[\"[CLS]\",0]},\"decoder\":null,\"model\":{\"type\":"
    "\"WordLevel\",\"vocab\":{\"[CLS]\":0,\"[SEP]\":1,\"the\":2,\"cat\":3,\"[UNK]\":4},"
    "\"unk_token\":\"[UNK]\"}}";

/* The 256 bytes in base64 and, behind them, "ab" and "ab12". */
static void write_tiktoken(const char *name)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[1 << 12];
    size_t used = 0;
    for (int byte = 0; byte < 256; byte++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%c%c== %d\n", digits[byte >> 2],
                                 digits[(byte & 3) << 4], byte);
    snprintf(text + used, sizeof text - used, "YWI= 256\nMTI= 257\n");
    write_file(name, text);
}

static int enter_with_tokenizers(void **state)
{
    if (enter(state) != 0) return -1;
    write_file("t.json", tokens_fixture_json());
    write_file("words.json", words_json);
    write_tiktoken("small.tiktoken");
    write_file("text.txt", "abab 10\xe0\xb8\x81<|end|>\n");
    write_file("empty.txt", "");
    return 0;
}

static void assert_file_is(const char *name, const void *bytes, size_t length)
{
    char path[256], *text;
    size_t found;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(az_file_read(path, 0, &text, &found, NULL), AZ_OK);
    assert_int_equal(found, length);
    assert_memory_equal(text, bytes, length);
    az_memory_free(text);
}

static bool is_there(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return az_file_exists(path);
}

#define IDS "256\n256\n32\n49\n48\n259\n271\n10\n"
#define IDS_JSON "[256,256,32,49,48,259,271,10]\n"

static void a_text_comes_from_a_file_or_from_standard_input(void **state)
{
    (void)state;
    assert_int_equal(azimuth("tokenizer encode t.json text.txt"), 0);
    assert_string_equal(out, IDS);
    assert_string_equal(err, "");
    assert_int_equal(azimuth_reading("text.txt", "tokenizer encode t.json"), 0);
    assert_string_equal(out, IDS);
    assert_int_equal(azimuth_reading("text.txt", "tokenizer encode t.json - --threads 3"), 0);
    assert_string_equal(out, IDS);
    assert_int_equal(azimuth("tokenizer encode t.json text.txt -o ids.txt"), 0);
    assert_string_equal(out, "");
    assert_file_is("ids.txt", IDS, strlen(IDS));
    assert_int_equal(azimuth("tokenizer decode t.json ids.txt"), 0);
    assert_string_equal(out, "abab 10\xe0\xb8\x81<|end|>\n");
    assert_int_equal(azimuth_reading("ids.txt", "tokenizer decode t.json - -o back.txt"), 0);
    assert_string_equal(out, "");
    assert_file_is("back.txt", "abab 10\xe0\xb8\x81<|end|>\n", 18);
}

static void ids_are_written_and_read_in_three_formats(void **state)
{
    (void)state;
    static const unsigned char binary[] = {0,  1, 0, 0, 0, 1, 0, 0, 32, 0, 0, 0, 49, 0, 0, 0,
                                           48, 0, 0, 0, 3, 1, 0, 0, 15, 1, 0, 0, 10, 0, 0, 0};
    static const char *const formats[] = {"text", "json", "binary"};
    assert_int_equal(azimuth("tokenizer encode t.json text.txt --format text"), 0);
    assert_string_equal(out, IDS);
    assert_int_equal(azimuth("tokenizer encode t.json text.txt --format=json"), 0);
    assert_string_equal(out, IDS_JSON);
    assert_int_equal(azimuth("tokenizer encode t.json text.txt --format binary -o ids.bin"), 0);
    assert_file_is("ids.bin", binary, sizeof binary);
    for (int n = 0; n < 3; n++) {
        char command[256];
        snprintf(command, sizeof command, "tokenizer encode t.json text.txt --format %s -o x",
                 formats[n]);
        assert_int_equal(azimuth(command), 0);
        snprintf(command, sizeof command, "tokenizer decode t.json --format %s", formats[n]);
        assert_int_equal(azimuth_reading("x", command), 0);
        assert_string_equal(out, "abab 10\xe0\xb8\x81<|end|>\n");
    }
    write_file("loose.txt", " 256\t32\r\n\n 49");
    assert_int_equal(azimuth("tokenizer decode t.json loose.txt"), 0);
    assert_string_equal(out, "ab 1");
    assert_int_equal(azimuth_reading("ids.bin", "tokenizer decode t.json --format text"), 3);
    assert_has(err, "a NUL byte: expected token ids; ids as binary are read with --format binary");
}

static void nothing_gives_nothing(void **state)
{
    (void)state;
    assert_int_equal(azimuth("tokenizer encode t.json"), 0);
    assert_string_equal(out, "");
    assert_int_equal(azimuth("tokenizer encode t.json empty.txt --format json"), 0);
    assert_string_equal(out, "[]\n");
    assert_int_equal(azimuth("tokenizer encode words.json empty.txt --special --format json"), 0);
    assert_string_equal(out, "[0,1]\n");
    assert_int_equal(azimuth("tokenizer encode t.json empty.txt --format binary -o none.bin"), 0);
    assert_file_is("none.bin", "", 0);
    assert_int_equal(azimuth("tokenizer decode t.json --format binary"), 0);
    assert_string_equal(out, "");
    write_file("none.json", "[]");
    assert_int_equal(azimuth("tokenizer decode t.json none.json --format json"), 0);
    assert_string_equal(out, "");
}

/* A piece of a character is decoded to its bytes. */
static void bytes_come_back_as_they_were(void **state)
{
    (void)state;
    write_file("piece.txt", "258 255 256");
    assert_int_equal(azimuth("tokenizer decode t.json piece.txt -o piece.bin"), 0);
    assert_file_is("piece.bin",
                   "\xe0\xb8\xff"
                   "ab",
                   5);
}

static void special_tokens_are_added_and_left_out(void **state)
{
    (void)state;
    write_file("words.txt", "the cat dog");
    assert_int_equal(azimuth("tokenizer encode words.json words.txt --format json"), 0);
    assert_string_equal(out, "[2,3,4]\n");
    assert_int_equal(azimuth("tokenizer encode words.json words.txt --special --format json"), 0);
    assert_string_equal(out, "[0,2,3,4,1]\n");
    write_file("ids.json", out);
    assert_int_equal(azimuth("tokenizer decode words.json ids.json --format json"), 0);
    assert_string_equal(out, "[CLS] the cat [UNK] [SEP]");
    assert_int_equal(azimuth("tokenizer decode words.json ids.json --format json --skip-special"),
                     0);
    assert_string_equal(out, "the cat [UNK]");
    assert_int_equal(azimuth("tokenizer encode t.json text.txt --special"), 0);
    assert_string_equal(out, IDS); /* it adds none */
}

static void a_tiktoken_file_is_cut_as_the_pattern_says(void **state)
{
    (void)state;
    write_file("cut.txt", "ab12 12");
    assert_int_equal(azimuth("tokenizer encode small.tiktoken cut.txt --format json"), 2);
    assert_has(err, "small.tiktoken: a .tiktoken file with 258 ranks does not say how it cuts "
                    "texts; give the pattern: gpt2, cl100k, o200k, or a regular expression");
    assert_int_equal(
        azimuth("tokenizer encode small.tiktoken cut.txt --format json --pattern gpt2"), 0);
    assert_string_equal(out, "[256,257,32,257]\n");
    assert_int_equal(
        azimuth("tokenizer encode small.tiktoken cut.txt --format json --pattern '[a-z]|[0-9]| '"),
        0);
    assert_string_equal(out, "[97,98,49,50,32,49,50]\n");
    assert_int_equal(azimuth("tokenizer encode small.tiktoken cut.txt --pattern '[\xf7"
                             "a]'"),
                     3);
    assert_has(err, "the pattern is not UTF-8 at its byte 1");
    write_file("ids.txt", "256 257");
    assert_int_equal(azimuth("tokenizer decode small.tiktoken ids.txt --pattern cl100k"), 0);
    assert_string_equal(out, "ab12");
    assert_int_equal(azimuth("tokenizer inspect small.tiktoken ab --pattern gpt2"), 0);
    assert_has(out, "id            256\n");
    assert_int_equal(azimuth("tokenizer survey small.tiktoken --pattern gpt2"), 0);
    assert_has(out, "258 tokens; 258 rows, 0 of them orphans");
    assert_int_equal(
        azimuth("tokenizer reach small.tiktoken --pattern '[a-z]|[0-9]| ' --catalog p.db"), 0);
    assert_has(out, "split                 93");
    assert_int_equal(azimuth("tokenizer usage small.tiktoken cut.txt --pattern gpt2"), 0);
    assert_has(out, "4 tokens of 7 bytes");
}

struct refusal {
    const char *input, *arguments, *message;
    int exit_code;
};

static void assert_refused(const struct refusal *cases, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        int exit_code = azimuth_reading(cases[n].input, cases[n].arguments);
        if (exit_code != cases[n].exit_code) fail_msg("%s: %d", cases[n].arguments, exit_code);
        assert_has(err, cases[n].message);
        assert_string_equal(out, "");
    }
}

static void what_cannot_be_encoded_is_told(void **state)
{
    (void)state;
    write_file("bad.txt", "ab\xff");
    write_file("empty.json", "{}");
    static const struct refusal cases[] = {
        {"/dev/null", "tokenizer encode", "TOKENIZER [FILE] is missing; see azimuth help", 2},
        {"/dev/null", "tokenizer encode t.json text.txt text.txt", "unexpected argument", 2},
        {"/dev/null", "tokenizer encode t.json no.txt", "no.txt: cannot open the file: No such", 3},
        {"/dev/null", "tokenizer encode t.json .", ".: cannot open the file: Is a directory", 3},
        {"/dev/null", "tokenizer encode no.json text.txt", "no.json: cannot open the file", 3},
        {"/dev/null", "tokenizer encode . text.txt",
         ". holds neither a tokenizer.json nor a vocab.json with its merges.txt; a .tiktoken file "
         "is named itself",
         3},
        {"/dev/null", "tokenizer encode text.txt text.txt", "text.txt:1:byte 4: not valid JSON", 3},
        {"/dev/null", "tokenizer encode empty.txt text.txt", "empty.txt:1:byte 0: not valid JSON",
         3},
        {"/dev/null", "tokenizer encode empty.json text.txt", "empty.json: there is no \"model\"",
         3},
        {"/dev/null", "tokenizer encode t.json bad.txt",
         "bad.txt: expected a text in UTF-8; byte 2 begins what is none", 3},
        {"bad.txt", "tokenizer encode t.json",
         "/dev/stdin: expected a text in UTF-8; byte 2 begins what is none", 3},
        {"/dev/null", "tokenizer encode t.json text.txt --format xml",
         "--format is \"xml\"; it is text, json or binary", 2},
        {"/dev/null", "tokenizer encode t.json text.txt --format", "--format needs a value: NAME",
         2},
        {"/dev/null", "tokenizer encode t.json text.txt --threads 0",
         "--threads 0: expected an integer from 1 to 1024", 2},
        {"/dev/null", "tokenizer encode t.json text.txt --pattern gpt2",
         "a pattern is given for t.json; only .tiktoken files need one", 2},
        {"/dev/null", "tokenizer encode small.tiktoken text.txt --pattern '('",
         "small.tiktoken: ", 3},
        {"/dev/null", "tokenizer encode t.json text.txt --skip-special", "--skip-special", 2},
        {"/dev/null", "tokenizer encode t.json text.txt -o no/such",
         "--output no/such: there is no directory no\n", 3},
        {"/dev/null", "tokenizer encode t.json bad.txt -o bad.ids", "bad.txt: ", 3},
    };
    assert_refused(cases, sizeof cases / sizeof cases[0]);
    assert_false(is_there("bad.ids") || is_there("bad.ids.part"));
}

static void what_cannot_be_decoded_is_told(void **state)
{
    (void)state;
    write_file("list.json", "[1,2.5]");
    write_file("open.json", "[1,2");
    write_file("empty.json", "{}");
    write_file("minus.txt", "1\n2 -3\n");
    write_file("high.txt", "1 272");
    write_file("hole.txt", "270");
    write_file("three", "abc");
    static const struct refusal cases[] = {
        {"/dev/null", "tokenizer decode t.json no.txt", "no.txt: cannot open the file", 3},
        {"/dev/null", "tokenizer decode t.json text.txt",
         "text.txt:1: expected a token id, found \"abab\"", 3},
        {"minus.txt", "tokenizer decode t.json", "/dev/stdin:2: expected a token id, found \"-3\"",
         3},
        {"/dev/null", "tokenizer decode t.json high.txt",
         "high.txt: there is no token with id 272 (place 1 of the list); ids lie below 272", 2},
        {"/dev/null", "tokenizer decode t.json hole.txt", "hole.txt: there is no token with id 270",
         2},
        {"/dev/null", "tokenizer decode t.json list.json --format json",
         "list.json: entry 1 of the list is no token id", 3},
        {"/dev/null", "tokenizer decode t.json empty.json --format json",
         "empty.json: expected a list of token ids", 3},
        {"/dev/null", "tokenizer decode t.json open.json --format json",
         "open.json:1:byte 4: not valid JSON", 3},
        {"three", "tokenizer decode t.json --format binary",
         "/dev/stdin: 3 bytes are no whole number of ids; an id has 4, the lowest first", 3},
        {"/dev/null", "tokenizer decode t.json high.txt --format hex", "--format is \"hex\"", 2},
        {"/dev/null", "tokenizer decode t.json high.txt --special", "--special", 2},
    };
    assert_refused(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_comes_from_a_file_or_from_standard_input),
        cmocka_unit_test(ids_are_written_and_read_in_three_formats),
        cmocka_unit_test(nothing_gives_nothing),
        cmocka_unit_test(bytes_come_back_as_they_were),
        cmocka_unit_test(special_tokens_are_added_and_left_out),
        cmocka_unit_test(a_tiktoken_file_is_cut_as_the_pattern_says),
        cmocka_unit_test(what_cannot_be_encoded_is_told),
        cmocka_unit_test(what_cannot_be_decoded_is_told),
    };
    return cmocka_run_group_tests(tests, enter_with_tokenizers, leave);
}
