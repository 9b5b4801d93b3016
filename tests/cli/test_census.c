/* azimuth census and simulate galaxy as they are called: a planted galaxy, real
 * tables, and what is refused. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* The above come before cmocka.h. */
#include <cmocka.h>

#include "program.h"

static void a_galaxy_is_made_and_counted(void **state)
{
    (void)state;
    assert_int_equal(azimuth("simulate galaxy -o g.safetensors --rows 8192 --dims 2048 --seed 7"),
                     0);
    assert_has(out, "unique vectors               6,105");
    assert_int_equal(azimuth("census g.safetensors -o census --select 'near=radius<=1e-4'"), 0);
    assert_has(out, "13 with 2,100 tokens: 814 704 306 228 11 10 6 5 4 4 3 3 2");
    assert_has(out, "plateau 3 to ");
    assert_has(out, "100 of 125 vectors at Linf <= 1, L1 1: 24, L1 2: 37, L1 3: 24, L1 4: 13");
    assert_has(out, "96, 91 of them alone");
    assert_has(out, "1: 96/100/15  2: 86/280/32  3: 85/380/33  4: 82/486/34  5: 81/540/34");
    char *json = read_all("census/census.json");
    assert_has(json, "\"n_unique_vectors\": 6105");
    assert_has(json, "\"neighborhood_exponent_tolerance\": 5");
    az_memory_free(json);
    assert_int_equal(azimuth("census g.safetensors --duplicates"), 0);
    assert_has(out, "6,105 unique vectors; 2,087 rows in excess");
    assert_int_equal(azimuth("census g.safetensors --vector 4318"), 0);
    assert_has(out, "finest dims");
    assert_int_equal(azimuth("census g.safetensors g.safetensors"), 0);
    assert_has(out, "6,105   2,087     13");
}

/* Every picture of a census, each with its numbers and its script. */
static void pictures_are_drawn(void **state)
{
    (void)state;
    static const char *const names[] = {
        "norms",      "exponents", "distances",       "populations", "detection",
        "components", "adjacency", "cloud",           "nearest",     "extents",
        "thresholds", "degrees",   "distance-matrix", "mantissas"};
    char name[64];
    if (system("command -v gnuplot >/dev/null") != 0) skip();
    assert_int_equal(azimuth("census g.safetensors --figure picture.svg"), 0);
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        static const char *const endings[] = {"svg", "csv", "gp"};
        for (int e = 0; e < 3; e++) {
            snprintf(name, sizeof name, "picture-%s.%s", names[n], endings[e]);
            char *text = read_all(name);
            assert_true(strlen(text) > 40);
            az_memory_free(text);
        }
        snprintf(name, sizeof name, "picture-%s.svg\n", names[n]);
        assert_has(err, name);
    }
    char *text = read_all("picture-populations.csv");
    assert_has(text, "rank of the black hole,tokens\n1,814\n2,704\n3,306\n4,228\n5,11\n");
    az_memory_free(text);
    text = read_all("picture-components.gp");
    assert_has(text, "Linf <= 1 step: 100 edges, 96 components, n = 125 vectors");
    az_memory_free(text);
    text = read_all("picture-mantissas.gp");
    assert_has(text, " (E 107)' 19");
    az_memory_free(text);
}

static void mistakes_are_told(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"census nothing.safetensors", "cannot open"},
        {"census g.safetensors@lost", "there is no tensor \"lost\"; the file has: model.embed"},
        {"census g.safetensors --center 9999999", "there is no token 9999999"},
        {"census g.safetensors --select x", "NAME=EXPRESSION is expected"},
        {"census g.safetensors --core-radius -1", "a number above 0 is expected"},
        {"census g.safetensors g.safetensors -o x", "are of one matrix"},
        {"census g.safetensors --duplicates --json", "leave away"},
        {"census g.safetensors --duplicates --figure x.png", "leave away"},
        {"census g.safetensors --figure x", "--figure x: its name ends in .png, .svg or .pdf"},
        {"simulate galaxy -o x.safetensors --rows 10", "at least 8192 rows of 2048"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        int code = azimuth(cases[n][0]);
        assert_true(code == 2 || code == 3);
        assert_has(err, cases[n][1]);
        assert_string_equal(out, "");
    }
}

static void real_tables_are_counted(void **state)
{
    (void)state;
    char path[900], command[1024];
    const char *shared = getenv("AZ_SHARED");
    static const char *const names[] = {"m2v_2d_float16", "m2v_2d_float32"};
    for (int n = 0; n < 2; n++) {
        if (shared)
            snprintf(path, sizeof path, "%s/data/matrices/%s.safetensors", shared, names[n]);
        else
            snprintf(path, sizeof path, "%s/../shared/data/matrices/%s.safetensors",
                     getenv("AZ_SOURCE"), names[n]);
        if (access(path, R_OK) != 0) skip();
        snprintf(command, sizeof command, "census %s -o real", path);
        assert_int_equal(azimuth(command), 0);
        assert_has(out, "29,528 tokens x 2 dimensions");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_galaxy_is_made_and_counted),
        cmocka_unit_test(pictures_are_drawn),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(real_tables_are_counted),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
