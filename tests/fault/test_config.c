#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/experiment.h"
#include "base/memory.h"

/* Each allocation of reading an experiment fails in turn. */
static void reading_without_memory_fails_and_leaves_the_experiment_alone(void **state)
{
    (void)state;
    static struct az_experiment experiment, untouched;
    char path[1024];
    size_t failures = 0;
    snprintf(path, sizeof path, "%s/experiments/demo.conf", getenv("AZ_SOURCE"));
    az_experiment_init(&experiment);
    untouched = experiment;
    for (size_t n = 1;; n++) {
        struct az_error error;
        az_memory_fail_after(n);
        enum az_status status = az_experiment_read(&experiment, path, &error);
        az_memory_fail_after(0);
        if (status == AZ_OK) break;
        assert_int_equal(status, AZ_MEMORY);
        assert_string_equal(error.file, path);
        assert_memory_equal(&experiment, &untouched, sizeof experiment);
        failures++;
    }
    assert_true(failures >= 3);
    assert_string_equal(experiment.path, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_without_memory_fails_and_leaves_the_experiment_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
