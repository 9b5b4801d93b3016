/* A run is the same in every container: recorded as safetensors and as HDF5 with each compression,
 * it is accounted for to the last bit, and every command that looks at it writes the same tables.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "program.h"
#include "recordings.h"

#define STEPS "75" /* chunks of 32 and 64 steps, and a last one that is not full */
static const char *const compressions[] = {"none", "fast", "small"};
enum { COMPRESSIONS = sizeof compressions / sizeof *compressions };

static const struct {
    const char *command, *options;
    const char *tables[4]; /* options that write one */
} looks[] = {
    {"motion", "", {"--csv", "--sizes", "--strata"}},
    {"lifecycle", "--guard 10", {"--csv", "--steps", "--stragglers"}},
    {"kinematics", "", {"--csv", "--tokens", "--velocity", "--shape"}},
    {"structure", "", {"--csv", "--tokens"}},
    {"ledger", "--guard 10 --token 3", {"--csv", "--tokens", "--entries"}},
};

/* run: safetensors; run-none, run-fast, run-small: HDF5. */
static int train_all(void **state)
{
    char words[256];
    if (enter_and_train(state) != 0) return -1;
    if (azimuth("train tiny.conf -o long -P train.steps=" STEPS) != 0) return -1;
    for (size_t n = 0; n < COMPRESSIONS; n++) {
        snprintf(words, sizeof words,
                 "train tiny.conf -o run-%s -P train.steps=" STEPS
                 " -P record.container=hdf5 -P record.compression=%s",
                 compressions[n], compressions[n]);
        if (azimuth(words) != 0) return -1;
    }
    return 0;
}

static void every_container_is_accounted_for(void **state)
{
    (void)state;
    char words[64];
    assert_int_equal(azimuth("account long"), 0);
    assert_has(out, STEPS " of " STEPS " steps exact: arithmetic bf16");
    for (size_t n = 0; n < COMPRESSIONS; n++) {
        snprintf(words, sizeof words, "account run-%s", compressions[n]);
        assert_int_equal(azimuth(words), 0);
        assert_has(out, STEPS " of " STEPS " steps exact: arithmetic bf16");
        snprintf(words, sizeof words, "compare long run-%s", compressions[n]);
        assert_int_equal(azimuth(words), 0);
    }
}

/* Runs look n on a run; its tables are named PREFIX-0.csv and so on. */
static void look(size_t n, const char *run, const char *prefix)
{
    char words[512];
    int length = snprintf(words, sizeof words, "%s %s %s", looks[n].command, run, looks[n].options);
    for (int k = 0; k < 4 && looks[n].tables[k]; k++)
        length += snprintf(words + length, sizeof words - (size_t)length, " %s %s-%d.csv",
                           looks[n].tables[k], prefix, k);
    int code = azimuth(words);
    if (code != 0) fail_msg("%s: %d, %s", words, code, err);
}

static void every_container_gives_the_same_tables(void **state)
{
    (void)state;
    char run[64], name[64], *expected[4];
    for (size_t n = 0; n < sizeof looks / sizeof *looks; n++) {
        int count = 0;
        look(n, "long", "expected");
        for (; count < 4 && looks[n].tables[count]; count++) {
            snprintf(name, sizeof name, "expected-%d.csv", count);
            expected[count] = read_all(name);
            assert_non_null(strchr(expected[count], '\n'));
        }
        for (size_t c = 0; c < COMPRESSIONS; c++) {
            snprintf(run, sizeof run, "run-%s", compressions[c]);
            look(n, run, "found");
            for (int k = 0; k < count; k++) {
                snprintf(name, sizeof name, "found-%d.csv", k);
                char *found = read_all(name);
                if (strcmp(found, expected[k]) != 0)
                    fail_msg("%s %s of %s is another than that of safetensors", looks[n].command,
                             looks[n].tables[k], run);
                az_memory_free(found);
            }
        }
        for (int k = 0; k < count; k++) az_memory_free(expected[k]);
    }
}

/* What az_exchange_array reads frame by frame is what the other container has. */
static void every_container_exports_the_same_arrays(void **state)
{
    (void)state;
    static const char *const arrays[] = {"W -o %s.csv --rows dead --steps 20:40",
                                         "variance_W -o %s.csv --dims 3:7 --steps ::9",
                                         "grad_W -o %s.csv --bits --rows 3,200:270"};
    char words[256], tail[128];
    for (size_t n = 0; n < sizeof arrays / sizeof *arrays; n++) {
        snprintf(tail, sizeof tail, arrays[n], "expected");
        snprintf(words, sizeof words, "export long %s", tail);
        assert_int_equal(azimuth(words), 0);
        char *expected = read_all("expected.csv");
        for (size_t c = 0; c < COMPRESSIONS; c++) {
            snprintf(tail, sizeof tail, arrays[n], "found");
            snprintf(words, sizeof words, "export run-%s %s", compressions[c], tail);
            assert_int_equal(azimuth(words), 0);
            char *found = read_all("found.csv");
            assert_string_equal(found, expected);
            az_memory_free(found);
        }
        az_memory_free(expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_container_is_accounted_for),
        cmocka_unit_test(every_container_gives_the_same_tables),
        cmocka_unit_test(every_container_exports_the_same_arrays),
    };
    return cmocka_run_group_tests(tests, train_all, leave);
}
