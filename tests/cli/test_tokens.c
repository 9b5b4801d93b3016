/* azimuth tokenizer inspect, survey, reach, usage: what they print and write, and what they refuse.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tokens_fixture.h"
#include "azimuth/safetensors.h"
#include "catalog.h"

static int enter_with_tokenizer(void **state)
{
    if (enter(state) != 0) return -1;
    write_file("t.json", tokens_fixture_json());
    return 0;
}

static void assert_file_has(const char *name, const char *part)
{
    char *text = read_all(name);
    assert_has(text, part);
    az_memory_free(text);
}

static void a_token_is_inspected_by_id_and_by_text(void **state)
{
    (void)state;
    assert_int_equal(azimuth("tokenizer inspect t.json 261 xyz"), 0);
    assert_has(out, "id            261\ntext          \"\xe0\xb8\x81\xe0\xb8\xb1\"\n"
                    "bytes         e0 b8 81 e0 b8 b1 (6)\nscript        Thai\n"
                    "class         letters, 2 characters\n"
                    "reachability  split: cut at byte 3, U+0E01 | U+0E31, at a combining mark\n"
                    "encodes to    259 \"\xe0\xb8\x81\" 260 \"\xe0\xb8\xb1\"\n"
                    "merges that build it\n");
    assert_has(out, "    \"\xe0\xb8\x81\"  id 259  merge 3\n      \"\\xe0\\xb8\"  id 258  merge 2\n"
                    "        \"\\xe0\"  id 224\n");
    assert_has(out,
               "what the merges make of its bytes\n  \"x\"  id 120\n  \"yz\"  id 264  merge 8\n");
    assert_int_equal(azimuth("tokenizer inspect t.json '\\xe0\\xb8' --json"), 0);
    assert_has(out, "\"id\": 258");
    assert_has(out, "\"reason\": \"within \\\"\\\\u{e00}\\\"\"");
    assert_int_equal(azimuth("tokenizer inspect t.json 10 --text"), 0);
    assert_has(out, "id            257\n");
    assert_int_equal(azimuth("tokenizer inspect t.json '<|end|>'"), 0);
    assert_has(out, "reachability  special\nencodes to    271 \"<|end|>\"\n");
}

static void a_survey_is_printed_and_written(void **state)
{
    (void)state;
    assert_int_equal(azimuth("tokenizer survey t.json --rows 300 --csv s.csv --safetensors "
                             "s.safetensors --catalog s.db"),
                     0);
    assert_has(out, "t.json: 271 tokens; 300 rows, 29 of them orphans\n");
    assert_has(out, "invalid                      130  43.33 %");
    assert_has(
        out,
        "orphan                        29   9.67 %        0.00        0       270       299\n");
    assert_file_has("s.csv", "id,text,bytes,script,class,length_bytes,characters\n");
    assert_file_has("s.csv", "34,\"\"\"\",22,Common,punctuation,1,1\n");
    assert_file_has("s.csv", "258,\\xe0\\xb8,e0b8,Common,invalid,2,0\n");
    assert_file_has("s.csv", "299,,,Common,orphan,0,0\n");
    assert_int_equal(azimuth("tokenizer survey t.json --json --threads 1"), 0);
    assert_has(out, "\"rows\": 272,");
    assert_has(out, "\"name\": \"Thai\",\n      \"is_script\": true,\n      \"rows\": 3,");
}

static void reachability_is_printed_and_written(void **state)
{
    (void)state;
    char path[256];
    assert_int_equal(azimuth("tokenizer reach t.json --rows 300 --csv r.csv --safetensors "
                             "r.safetensors --catalog r.db"),
                     0);
    assert_has(out, "orphan                29");
    assert_has(out, "split                  3   1.00 %   the pre-tokenizer cuts its text\n");
    assert_has(out, "merge                  2");
    assert_has(out, "split, at a combining mark: 1 of 3\n"
                    "invalid_utf8, given by a longer text: 117 of 130\n");
    assert_file_has("r.csv", "266,xyz,78797a,Latin,letters,3,3,merge,120 264,\"one word, of which "
                             "the model makes 2 tokens\"\n");
    assert_string_equal(ask("r.db", "SELECT count(*) FROM tokens"), "300");
    assert_string_equal(ask("r.db", "SELECT encoding FROM tokens WHERE text = '10'"), "49 48");
    assert_string_equal(ask("r.db", "SELECT group_concat(id) FROM tokens WHERE reachability = "
                                    "'normalised'"),
                        "263");
    assert_string_equal(ask("r.db", "SELECT within FROM tokens WHERE id = 258"), "\\u{e00}");
    assert_string_equal(ask("r.db", "SELECT count(*) FROM tokens WHERE bytes IS NULL"), "29");
    assert_string_equal(ask("r.db", "SELECT hex(bytes) FROM tokens WHERE id = 255"), "FF");
    assert_string_equal(ask("r.db", "SELECT command || parameters FROM provenance"),
                        "tokenizer reach{\"rows\":\"300\"}");
    assert_string_equal(ask("r.db", "SELECT path FROM inputs"), "t.json");
    struct az_safetensors *file;
    snprintf(path, sizeof path, "%s/r.safetensors", directory);
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    const struct az_tensor *mask = az_safetensors_find(file, "unreachable_mask");
    const struct az_tensor *ids = az_safetensors_find(file, "unreachable");
    assert_int_equal(mask->shape[0], 300);
    const uint8_t *bits = mask->data;
    assert_true(bits[257] && bits[299] && !bits[256] && !bits[271]);
    int64_t last;
    memcpy(&last, (const char *)ids->data + ids->bytes - 8, 8);
    assert_int_equal(last, 299);
    assert_has(az_safetensors_metadata(file, "reachability"),
               "orphan special ok invalid_utf8 continuation");
    az_safetensors_close(file);
}

/* A survey that goes where reachability is makes it again; of another tokenizer it does not. */
static void a_survey_keeps_the_reachability_of_a_catalog(void **state)
{
    (void)state;
    static const char reached[] = "SELECT count(*) || ' of ' || sum(encoding IS NOT NULL) || ' of '"
                                  " || group_concat(DISTINCT reachability) FROM tokens";
    static const char first[] = "SELECT min(reachability) || count(reachability) FROM tokens";
    assert_int_equal(azimuth("tokenizer survey t.json --catalog k.db"), 0);
    assert_string_equal(ask("k.db", first), "(null)");
    assert_int_equal(azimuth("tokenizer reach t.json --catalog k.db"), 0);
    char before[256];
    snprintf(before, sizeof before, "%s", ask("k.db", reached));
    assert_int_equal(azimuth("tokenizer usage t.json set.txt --catalog k.db"), 0);
    assert_int_equal(azimuth("tokenizer survey t.json --catalog k.db --csv k.csv --json"), 0);
    assert_string_equal(ask("k.db", reached), before);
    assert_string_equal(ask("k.db", "SELECT command FROM provenance WHERE result = 'tokens'"),
                        "tokenizer survey");
    assert_string_equal(ask("k.db", "SELECT count(*) FROM usage"), "272");
    assert_null(strstr(out, "reachability"));
    assert_file_has("k.csv", "id,text,bytes,script,class,length_bytes,characters\n");
    assert_int_equal(azimuth("tokenizer survey t.json --rows 300 --catalog k.db"), 0);
    assert_string_equal(ask("k.db", "SELECT count(reachability) FROM tokens"), "300");
    char other[1 << 16];
    snprintf(other, sizeof other, "%s\n", tokens_fixture_json());
    write_file("other.json", other);
    assert_int_equal(azimuth("tokenizer survey other.json --catalog k.db"), 0);
    assert_string_equal(ask("k.db", first), "(null)");
}

/* The number of rows out of a matrix, the tokenizer out of a folder. */
static void rows_and_tokenizer_come_from_where_a_model_has_them(void **state)
{
    (void)state;
    static uint16_t values[2 * 280];
    struct az_tensor tensors[] = {{.name = "lm_head.weight",
                                   .dtype = AZ_DTYPE_BF16,
                                   .rank = 2,
                                   .shape = {280, 2},
                                   .data = values}};
    char path[256], command[512];
    snprintf(path, sizeof path, "%s/model.safetensors", directory);
    assert_int_equal(az_safetensors_save(path, tensors, 1, NULL, NULL), AZ_OK);
    snprintf(command, sizeof command, "cd %s && mkdir -p model && cp t.json model/tokenizer.json",
             directory);
    assert_int_equal(system(command), 0);
    assert_int_equal(azimuth("tokenizer reach model --rows model.safetensors --catalog m.db "
                             "--safetensors m.safetensors"),
                     0);
    assert_has(out, "271 tokens; 280 rows, 9 of them orphans\n");
    assert_string_equal(ask("m.db", "SELECT count(*) FROM tokens"), "280");
    assert_int_equal(azimuth("tokenizer survey t.json --rows model.safetensors@lm_head.weight"), 0);
    assert_has(out, "280 rows");
    write_file("text.txt", "ab");
    assert_int_equal(
        azimuth("tokenizer usage model/ text.txt --rows model.safetensors --catalog m.db"), 0);
    assert_string_equal(ask("m.db", "SELECT count(DISTINCT hash) FROM inputs WHERE role = "
                                    "'tokenizer'"),
                        "1");
}

static void usage_is_counted_and_written(void **state)
{
    (void)state;
    char path[256];
    write_file("text.txt", "abab 10 xyz\nq! \xe0\xb8\x81\xe0\xb8\xb1<|end|>\n");
    write_file("set.txt", "256 257\n");
    assert_int_equal(azimuth("tokenizer usage t.json text.txt text.txt --rows 300 --csv u.csv "
                             "--safetensors u.safetensors --catalog u.db --set set.txt"),
                     0);
    assert_has(out, "32 tokens of 58 bytes, 1.812 bytes a token\n");
    assert_has(out, "all                          300        12   4.00 %     1.000         1");
    assert_has(out, "set.txt                        2         1  50.00 %    12.500     0.079       "
                    "      4");
    assert_has(out, "Thai                           3         2  66.67 %");
    assert_has(out, " others ");
    assert_file_has("u.csv", "id,text,script,class,count\n");
    assert_file_has("u.csv", "256,ab,Latin,letters,4\n");
    assert_file_has("u.csv", "299,,Common,orphan,0\n");
    assert_string_equal(ask("u.db", "SELECT sum(count) || '.' || count(*) FROM usage"), "32.300");
    assert_string_equal(ask("u.db", "SELECT group_concat(role) FROM inputs WHERE result = 'usage'"),
                        "tokenizer,set,corpus,corpus");
    assert_string_equal(ask("u.db",
                            "SELECT kind || rows || '.' || live || '.' || occurrences || '.' "
                            "|| live_enrichment FROM usage_sets WHERE name = 'set.txt'"),
                        "set2.1.4.12.5");
    assert_string_equal(ask("u.db", "SELECT group_concat(id) FROM usage_set_tokens JOIN usage_sets "
                                    "USING (number) WHERE name = 'set.txt'"),
                        "256,257");
    assert_string_equal(ask("u.db", "SELECT count(*) || '.' || sum(live_enrichment_low <= "
                                    "live_enrichment AND live_enrichment <= live_enrichment_high "
                                    "AND log10_p <= 0) FROM usage_sets"),
                        "13.13");
    struct az_safetensors *file;
    snprintf(path, sizeof path, "%s/u.safetensors", directory);
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    assert_int_equal(az_safetensors_find(file, "live_indices")->shape[0], 12);
    assert_int_equal(az_safetensors_find(file, "dead_mask")->shape[0], 300);
    az_safetensors_close(file);
    assert_int_equal(azimuth("tokenizer usage t.json text.txt --json --set u.safetensors:dead_mask "
                             "--rows 300"),
                     0);
    assert_has(
        out,
        "\"name\": \"u.safetensors:dead_mask\",\n      \"kind\": \"set\",\n      \"rows\": 288,\n"
        "      \"live\": 0,");
}

static void figures_are_drawn(void **state)
{
    (void)state;
    if (system("command -v gnuplot >/dev/null") != 0) skip();
    assert_int_equal(azimuth("tokenizer reach t.json --figure f.svg"), 0);
    assert_file_has("f.svg", "Thai  1 of 3 (33.3 %)");
    assert_int_equal(azimuth("tokenizer survey t.json --figure f.svg"), 0);
    assert_file_has("f.svg", "invalid  130 (47.8 %)");
    assert_file_has("f.svg", "What there is at each id, in the colours above, n = 272 rows");
    assert_file_has("f.csv",
                    "\"share of all rows, end\",rows,\"low, rows\",token id,invalid  130 (47.8 %)");
    write_file("text.txt", "abab 10 xyz\n");
    assert_int_equal(azimuth("tokenizer usage t.json text.txt --figure f.svg"), 0);
    assert_file_has("f.svg", "Occurrences by rank, n = 7 live tokens");
    assert_file_has("f.svg", "number  2 of 11");
    assert_file_has("f.svg", "live: 95 % interval");
}

/* One script and every row reachable: the colour bar has its whole range, whose numbers are short,
 * and a picture of nothing is no failure. */
static void a_tokenizer_of_one_script_is_drawn(void **state)
{
    (void)state;
    if (system("command -v gnuplot >/dev/null") != 0) skip();
    write_file("one.json", "{\"version\": \"1.0\", \"added_tokens\": [], \"normalizer\": null,"
                           " \"pre_tokenizer\": {\"type\": \"Whitespace\"},"
                           " \"post_processor\": null, \"decoder\": null,"
                           " \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"alpha\","
                           " \"vocab\": {\"alpha\": 0, \"beta\": 1, \"gamma\": 2}}}");
    assert_int_equal(azimuth("tokenizer survey one.json --figure one.svg"), 0);
    assert_file_has("one.gp", "set cbrange [1:2]");
    assert_int_equal(azimuth("tokenizer reach one.json --figure none.svg"), 0);
    assert_has(err, "none.svg: not drawn, every row encodes to itself\n");
    assert_has(out, "Latin                          3            3");
}

static void what_cannot_be_done_is_refused(void **state)
{
    (void)state;
    write_file("foreign.db", "no database");
    write_file("bad.txt", "ab\xff");
    static const struct {
        const char *arguments, *message;
        int exit_code;
    } cases[] = {
        {"tokenizer inspect t.json", "TOKEN", 2},
        {"tokenizer inspect t.json 272", "no token has the id 272; ids lie below 272", 2},
        {"tokenizer inspect t.json 270", "no token has the id 270", 2},
        {"tokenizer inspect t.json abab", "no token is \"abab\"; it encodes to 2 tokens", 2},
        {"tokenizer inspect t.json 'a\\q'", "begins no escape", 2},
        {"tokenizer inspect nothing.json 1", "nothing.json", 3},
        {"tokenizer survey t.json --rows 271", "too small for a tokenizer with ids up to 271", 2},
        {"tokenizer survey t.json --rows x",
         "--rows x: expected an integer from 1 to 4194304 or a matrix, and there is no file of "
         "that "
         "name",
         2},
        {"tokenizer survey t.json --rows -1", "--rows -1: expected an integer from 1", 2},
        {"tokenizer survey t.json --rows bad.txt", "bad.txt: ", 3},
        {"tokenizer survey t.json --pattern gpt2", "only .tiktoken files need one", 2},
        {"tokenizer survey t.json --rows 99999999", "--rows", 2},
        {"tokenizer survey foreign.db", "foreign.db", 3},
        {"tokenizer reach t.json --catalog foreign.db", "is there and is no SQLite file", 3},
        {"tokenizer reach t.json --csv no/such/folder", "no/such/folder", 3},
        {"tokenizer reach t.json --csv f.csv --figure f.png", "name one of them otherwise", 2},
        {"tokenizer usage t.json", "TEXT", 2},
        {"tokenizer usage t.json nothing.txt",
         "nothing.txt: neither a built-in text (azimuth corpus --list) nor a file that can be "
         "read: No such",
         3},
        {"tokenizer usage t.json bad.txt", "bad.txt:byte 2: invalid UTF-8", 3},
        {"tokenizer usage t.json t.json --rows 200", "too small", 2},
        {"tokenizer usage t.json t.json --set bad.txt", "bad.txt:1: expected a token id", 3},
        {"tokenizer usage t.json t.json --csv f.csv --figure f.png", "name one of them", 2},
        {"tokenizer reach t.json --figure f.gif", "ends in .png, .svg or .pdf", 2},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        int exit_code = azimuth(cases[n].arguments);
        if (exit_code != cases[n].exit_code) fail_msg("%s: %d", cases[n].arguments, exit_code);
        assert_has(err, cases[n].message);
        assert_string_equal(out, "");
    }
    assert_file_has("foreign.db", "no database");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_inspected_by_id_and_by_text),
        cmocka_unit_test(a_survey_is_printed_and_written),
        cmocka_unit_test(reachability_is_printed_and_written),
        cmocka_unit_test(usage_is_counted_and_written),
        cmocka_unit_test(a_survey_keeps_the_reachability_of_a_catalog),
        cmocka_unit_test(rows_and_tokenizer_come_from_where_a_model_has_them),
        cmocka_unit_test(figures_are_drawn),
        cmocka_unit_test(a_tokenizer_of_one_script_is_drawn),
        cmocka_unit_test(what_cannot_be_done_is_refused),
    };
    return cmocka_run_group_tests(tests, enter_with_tokenizer, leave);
}
