/* motion, lifecycle and kinematics as a user runs them: tables, files, pictures, refusals. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lens_fixture.h"
#include "../tokens_fixture.h"
#include "program.h"

static char recording[512];

static int prepare(void **state)
{
    if (enter(state) != 0 || fixture_make(state) != 0) return -1;
    plant();
    snprintf(recording, sizeof recording, "%s",
             write_planted(&(struct planted){0}, "planted.safetensors"));
    return 0;
}

static int clean(void **state)
{
    fixture_remove(state);
    return leave(state);
}

static int on_recording(const char *command, const char *options)
{
    char words[1500];
    snprintf(words, sizeof words, "%s %s %s", command, recording, options);
    return azimuth(words);
}

/* The first line that begins so. */
static void assert_line(const char *text, const char *beginning, const char *part)
{
    char line[1000];
    for (const char *at = text; at && *at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, beginning, strlen(beginning)) != 0) continue;
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        assert_has(line, part);
        return;
    }
    fail_msg("no line begins with \"%s\" in:\n%s", beginning, text);
}

static void tables_are_printed_for_the_set_that_was_asked_for(void **state)
{
    (void)state;
    assert_int_equal(on_recording("motion", ""), 0);
    assert_has(out, "300 tokens of 21 dimensions, 61 frames from step 0 to 60");
    assert_has(out, "told of: dead, 100 tokens");
    assert_int_equal(on_recording("motion", "--set live --from 10 --to 20"), 0);
    assert_has(out, "11 frames from step 10 to 20\ntold of: live, 200 tokens");
    assert_int_equal(on_recording("lifecycle", "--set all --guard 10"), 0);
    assert_line(out, "hypernova ", "2");
    assert_has(out, "told of: all, 300 tokens");
    assert_has(out, "the guard");
    assert_int_equal(on_recording("kinematics", ""), 0);
    assert_has(out, "velocity autocorrelation");
    assert_has(out, "T_tot - T_bulk - T_thermal");
    write_file("ids", "2 5");
    assert_int_equal(on_recording("lifecycle", "--set ids"), 0);
    assert_has(out, "told of: ids, 2 tokens");
}

static void files_have_a_row_for_each_token_and_step(void **state)
{
    (void)state;
    assert_int_equal(on_recording("lifecycle", "--guard 10 --set all --csv tokens.csv --steps "
                                               "steps.csv --stragglers late.csv"),
                     0);
    char *text = read_all("tokens.csv");
    assert_line(text, "2,", "2,,,,-,live,2,5,9,20,21,0,14,14,1,1,5,1,6,");
    az_memory_free(text);
    text = read_all("steps.csv");
    assert_line(text, "live,20,200,", "live,20,200,");
    az_memory_free(text);
    text = read_all("late.csv");
    assert_line(text, "6,", ",dead,61,1,");
    az_memory_free(text);
    assert_int_equal(on_recording("motion", "--csv m.csv --sizes s.csv --strata w.csv"), 0);
    text = read_all("m.csv");
    assert_line(text, "set,", "l2_cells_q50");
    assert_line(text, "live,60,200,", "live,60,200,");
    az_memory_free(text);
    assert_int_equal(on_recording("kinematics",
                                  "--csv k.csv --tokens t.csv --velocity v.csv --shape c.csv "
                                  "--arrays a.safetensors"),
                     0);
    text = read_all("v.csv");
    assert_line(text, "dead,11 to 60,1,", "dead,11 to 60,1,");
    az_memory_free(text);
}

static void structure_is_told_frame_by_frame(void **state)
{
    (void)state;
    assert_int_equal(on_recording("structure", "--set dead --every 20 --csv f.csv --tokens t.csv "
                                               "--arrays s.safetensors"),
                     0);
    assert_has(out, "4 frames from step 0 to 60\ntold of: dead, 100 tokens");
    char *text = read_all("f.csv");
    assert_line(text, "40,", "40,100,100,100,0,");
    az_memory_free(text);
    text = read_all("t.csv");
    assert_line(text, "3,", "3,1,1,3,0,0");
    az_memory_free(text);
    assert_int_equal(on_recording("structure", "--json"), 0);
    assert_has(out, "\"black_holes\": 0");
    assert_int_equal(on_recording("structure", "--every 0"), 2);
    assert_int_equal(on_recording("structure", "--from 61"), 2);
    assert_has(err, "of steps 0 to 60 in all; one is needed");
}

static void programs_read_json(void **state)
{
    (void)state;
    assert_int_equal(on_recording("motion", "--json"), 0);
    assert_has(out, "\"linf_cells_max\"");
    assert_int_equal(on_recording("lifecycle", "--json"), 0);
    assert_has(out, "\"fimbulwinter_step\": 61");
    assert_int_equal(on_recording("kinematics", "--json"), 0);
    assert_has(out, "\"centroid_net_w\"");
}

static void pictures_stand_with_their_numbers(void **state)
{
    (void)state;
    char path[600];
    if (system("command -v gnuplot >/dev/null") != 0) {
        print_message("gnuplot is not installed (apt-get install gnuplot-nox)\n");
        skip();
    }
    static const char *const names[] = {"m-displacement", "m-hops",    "l-phases", "s-structure",
                                        "l-worldlines",   "l-onsets",  "l-map",    "k-radius",
                                        "k-bulk",         "k-velocity"};
    assert_int_equal(on_recording("motion", "--figure m.svg"), 0);
    assert_int_equal(on_recording("lifecycle", "--figure l.svg"), 0);
    assert_int_equal(on_recording("kinematics", "--figure k.svg"), 0);
    assert_int_equal(on_recording("structure", "--figure s.svg"), 0);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        static const char *const endings[] = {"svg", "csv", "gp"};
        for (int k = 0; k < 3; k++) {
            snprintf(path, sizeof path, "%s/%s.%s", directory, names[n], endings[k]);
            if (!az_file_exists(path)) fail_msg("%s is not there", path);
        }
    }
    write_file("one", "3"); /* a token alone has no thermal motion: that panel is left out */
    assert_int_equal(on_recording("kinematics", "--set one --figure one.svg"), 0);
    snprintf(path, sizeof path, "%s/one-bulk.csv", directory);
    if (az_file_exists(path)) {
        char *bulk = read_all("one-bulk.csv");
        assert_null(strstr(bulk, "ratio"));
        az_memory_free(bulk);
    }
    assert_int_equal(on_recording("motion", "--figure m"), 2);
    assert_has(err, ".png, .svg or .pdf");
}

static void tokens_have_their_text_bytes_and_script(void **state)
{
    (void)state;
    write_file("t.json", tokens_fixture_json());
    assert_int_equal(on_recording("lifecycle", "--tokenizer t.json --csv t.csv --guard 5"), 0);
    char *text = read_all("t.csv");
    assert_line(text, "token,", "token,text,bytes,length_bytes,script,kind,");
    assert_line(text, "261,", "\xe0\xb8\x81\xe0\xb8\xb1,e0b881e0b8b1,6,Thai,dead,");
    assert_line(text, "258,", "\\xe0\\xb8,e0b8,2,Common,dead,");
    az_memory_free(text);
    assert_int_equal(on_recording("lifecycle", "--tokenizer t.json --guard 60 --json"), 0);
    assert_has(out, "\"bytes\": \"e0b881e0b8b1\"");
}

/* As PyTorch leaves it: a file, and no run directory about it. */
static void a_recording_alone_has_its_report(void **state)
{
    (void)state;
    char path[600];
    if (system("command -v gnuplot >/dev/null") != 0) skip();
    assert_int_equal(on_recording("report", "-o page.html"), 0);
    assert_string_equal(out, "page.html\n");
    char *page = read_all("page.html");
    static const char *const parts[] = {
        "planted.safetensors</h1>",    "Not accounted for: that needs W, grad_W",
        "<h2>Lifecycle</h2>",          "<h2>Kinematics</h2>",
        "Not looked at: momentum_W, ", "<h2>What the file says</h2>"};
    for (size_t n = 0; n < sizeof parts / sizeof *parts; n++) assert_has(page, parts[n]);
    az_memory_free(page);
    snprintf(path, sizeof path, "%s/page-figures/lifecycle-map.csv", directory);
    assert_true(az_file_exists(path));
    assert_int_equal(azimuth("report nothing.safetensors"), 3);
    assert_has(err, "cannot open the recording");
}

/* Cells of a row of numbers separated by commas, after the first `skip`. */
static int64_t cell(const char *row, int skip)
{
    for (; skip > 0; skip--) row = strchr(row, ',') + 1;
    return strtoll(row, NULL, 10);
}

/* With as many bins as steps, each row of the figure is of the tokens that froze at its step. */
static void onsets_are_drawn_where_tokens_froze(void **state)
{
    (void)state;
    static int64_t froze[STEPS + 2];
    if (system("command -v gnuplot >/dev/null") != 0) skip();
    snprintf(recording, sizeof recording, "%s",
             write_planted(&(struct planted){0}, "planted.safetensors"));
    assert_int_equal(on_recording("lifecycle", "--guard 5 --csv l.csv --figure l.svg"), 0);
    char *text = read_all("l.csv"), *row = text, *picture;
    while ((row = strchr(row, '\n')) != NULL && *++row)
        if (cell(row, 11) == 0) froze[cell(row, 10)]++; /* censored, freeze_step */
    az_memory_free(text);
    picture = text = read_all("l-onsets.csv");
    int64_t sum = 0;
    for (int64_t step = 0; step < STEPS; step++) {
        picture = strchr(picture, '\n') + 1;
        assert_int_equal(cell(picture, 0), step);
        assert_int_equal(cell(picture, 1), froze[step]);
        sum += froze[step];
    }
    assert_true(sum > 0);
    az_memory_free(text);
}

static void wrong_inputs_say_so(void **state)
{
    (void)state;
    write_file("ids", "2 300");
    assert_int_equal(on_recording("motion", "--set ids"), 3);
    assert_has(err, "ids:1: the set has the id 300");
    assert_int_equal(on_recording("motion", "--set nobody"), 2);
    assert_has(err, "there is no set \"nobody\": it is dead, live, all, or a file");
    assert_int_equal(on_recording("motion", "--set nobody.txt"), 3);
    assert_has(err, "nobody.txt: cannot open the file");
    assert_int_equal(on_recording("motion", "--from 60"), 2);
    assert_has(err, "W has 1 frame in these steps");
    assert_int_equal(on_recording("lifecycle", "--matrix U"), 3);
    assert_has(err, "U was not recorded; what was: W");
    assert_int_equal(on_recording("kinematics", "--from 100"), 2);
    assert_has(err, "of steps 0 to 60 in all; a motion needs two of them");
    assert_int_equal(azimuth("motion nothing"), 3);
    snprintf(recording, sizeof recording, "%s",
             write_planted(&(struct planted){.no_dead = true}, "planted.safetensors"));
    assert_int_equal(on_recording("motion", "--set dead"), 2);
    assert_has(err, "does not say which tokens are dead");
    assert_int_equal(on_recording("lifecycle", ""), 0);
    assert_has(out, "told of: all, 300 tokens");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_printed_for_the_set_that_was_asked_for),
        cmocka_unit_test(files_have_a_row_for_each_token_and_step),
        cmocka_unit_test(structure_is_told_frame_by_frame),
        cmocka_unit_test(programs_read_json),
        cmocka_unit_test(pictures_stand_with_their_numbers),
        cmocka_unit_test(a_recording_alone_has_its_report),
        cmocka_unit_test(tokens_have_their_text_bytes_and_script),
        cmocka_unit_test(onsets_are_drawn_where_tokens_froze),
        cmocka_unit_test(wrong_inputs_say_so),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
