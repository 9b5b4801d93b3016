/* azimuth hidden as a user runs it: tables, files, pictures, the report, refusals. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../hidden_fixture.h"
#include "program.h"

static char recording[512];

static int prepare(void **state)
{
    if (enter(state) != 0 || fixture_make(state) != 0) return -1;
    return setenv("AZ_CACHE", "cache", 1);
}

static int clean(void **state)
{
    fixture_remove(state);
    return leave(state);
}

static void take(const struct recorded *how)
{
    snprintf(recording, sizeof recording, "%s", write_states(how));
}

static int hidden(const char *options)
{
    char words[1500];
    snprintf(words, sizeof words, "hidden %s %s", recording, options);
    return azimuth(words);
}

/* Line number n of a file (1 is the first) begins so. */
static void assert_row(const char *name, int n, const char *beginning)
{
    char *text = read_all(name), *line = text;
    for (int k = 1; k < n && line; k++) line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL;
    if (!line || strncmp(line, beginning, strlen(beginning)) != 0)
        fail_msg("%s, line %d: %.*s", name, n, line ? (int)strcspn(line, "\n") : 0,
                 line ? line : "");
    az_memory_free(text);
}

static void tables_and_files_hold_the_planted_numbers(void **state)
{
    (void)state;
    plant_simple();
    take(&(struct recorded){.no_gradient = true});
    assert_int_equal(hidden("--csv s.csv --tokens t.csv --lags l.csv --arrays a.safetensors"), 0);
    assert_has(out, "60 steps from 1 to 60, h at 524 positions of 21 dimensions\n"
                    "matrix W, 100 dead tokens\nh_dead: the mean of h weighted");
    assert_has(out, "      60   8.944    0.9759      1.00");
    assert_has(out, "from its mean: mean, most");
    assert_row("s.csv", 1, "step,h_mean_norm,h_rms,h_variance,");
    assert_row("s.csv", 5, "4,8.94427190999");
    assert_row("t.csv", 1, "step,side,rank,token,text,cosine");
    assert_row("l.csv", 2, "h_mean,1 to 10,1,10,");
    struct az_safetensors *arrays;
    char path[600];
    snprintf(path, sizeof path, "%s/a.safetensors", directory);
    assert_int_equal(az_safetensors_open(&arrays, path, NULL), AZ_OK);
    const struct az_tensor *mean = az_safetensors_find(arrays, "h_mean");
    assert_int_equal(mean->shape[0], 60);
    assert_int_equal(mean->shape[1], DIMS);
    assert_true(((const double *)mean->data)[3 * DIMS + 1] == 4);
    assert_non_null(az_safetensors_find(arrays, "h_dead"));
    az_safetensors_close(arrays);
    assert_int_equal(hidden("--every 20 --from 5"), 0);
    assert_has(out, "4 steps from 5 to 60, up to 20 apart");
    assert_int_equal(hidden("--to 3 --json"), 0);
    assert_has(out, "\"h_dead\": \"states\"");
    assert_has(out, "\"h_variance\": \"mean of |h - h_mean|^2\"");
    assert_has(out, "\"h_variance\": 4");
    assert_has(out, "\"cos_h_dead_gradient\": null");
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    plant_random();
    compute_slowly(true);
    take(&(struct recorded){.no_h = true});
    assert_int_equal(hidden("--lags l.csv"), 0);
    assert_has(out, "h_dead: its direction only, that of the sum of the dead tokens' gradients");
    assert_has(out, "h itself was not recorded (-P record.h=1)");
    assert_row("l.csv", 2, "h_dead,");
    assert_int_equal(hidden("--tokens t.csv"), 3);
    assert_has(err, "and h (or h_mean) was not recorded");
    take(&(struct recorded){.no_w = true});
    assert_int_equal(hidden("--tokens t.csv"), 3);
    assert_has(err, "and these were not recorded");
    assert_int_equal(hidden(""), 0);
    assert_has(out, "the unembedding was not recorded");
    take(&(struct recorded){.no_h = true, .no_gradient = true});
    assert_int_equal(hidden(""), 3);
    assert_has(err, "train with -P record.h=1");
    assert_int_equal(hidden("--every 0"), 2);
    take(&(struct recorded){0});
    assert_int_equal(hidden("--figure h"), 2);
    assert_has(err, ".png, .svg or .pdf");
    assert_int_equal(hidden("--matrix grad_W"), 3);
    assert_has(err, "recorded as F32");
}

/* What some notebooks wrote: W and h_mean. */
static void a_recorded_mean_tells_what_it_can(void **state)
{
    (void)state;
    plant_random();
    compute_slowly(true);
    snprintf(recording, sizeof recording, "%s",
             write_means("mean.safetensors", STEPS + 1, true, AZ_DTYPE_F32));
    assert_int_equal(hidden("--tokens t.csv --arrays a.safetensors"), 0);
    assert_has(out, "60 steps from 1 to 60, h_mean of 21 dimensions");
    assert_has(out, "h_mean as it was recorded; h itself was not: its spread");
    assert_has(out, "h_dead: not known: that needs h at every position");
    assert_row("t.csv", 2, "1,towards,1,");
    assert_int_equal(hidden("--json"), 0);
    assert_has(out, "\"h\": \"h_mean\"");
    assert_has(out, "\"h_variance\": null");
    char words[600];
    snprintf(words, sizeof words, "lifecycle %s --guard 1 --stragglers s.csv", recording);
    assert_int_equal(azimuth(words), 0);
    assert_has(out, "angle h");
    char *rows = read_all("s.csv");
    assert_null(strstr(rows, "nan")); /* of the probability nothing is known */
    az_memory_free(rows);
}

static void assert_picture(const char *name, bool there)
{
    static const char *const endings[] = {"svg", "gp", "csv"};
    char path[600];
    for (int k = 0; k < 3; k++) {
        snprintf(path, sizeof path, "%s/%s.%s", directory, name, endings[k]);
        if (az_file_exists(path) != there) fail_msg("%s is%s there", path, there ? " not" : "");
    }
}

static void pictures_show_what_is_known(void **state)
{
    (void)state;
    if (system("command -v gnuplot >/dev/null") != 0) {
        print_message("gnuplot is not installed (apt-get install gnuplot-nox)\n");
        skip();
    }
    plant_random();
    compute_slowly(true);
    take(&(struct recorded){0});
    assert_int_equal(hidden("--every 3 --figure all.svg"), 0);
    assert_picture("all-states", true);
    assert_picture("all-angles", true);
    assert_picture("all-track", true);
    take(&(struct recorded){.no_h = true, .w_rows = 60});
    assert_int_equal(hidden("--figure some.svg"), 0);
    assert_picture("some-states", true);
    assert_picture("some-angles", true);
    assert_picture("some-track", false);
    take(&(struct recorded){.no_w = true, .no_gradient = true});
    assert_int_equal(hidden("--to 1 --figure one.svg"), 0); /* one step: nothing turns */
    assert_picture("one-states", true);
    assert_picture("one-angles", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_and_files_hold_the_planted_numbers),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(a_recorded_mean_tells_what_it_can),
        cmocka_unit_test(pictures_show_what_is_known),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
