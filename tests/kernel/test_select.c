#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/kernel.h"

static void the_reference_is_always_there(void **state)
{
    (void)state;
    struct az_kernels kernels;
    assert_int_equal(az_kernels_select(&kernels, AZ_ISA_REFERENCE, NULL), AZ_OK);
    assert_int_equal(kernels.isa, AZ_ISA_REFERENCE);
    assert_string_equal(kernels.name, "reference");
}

static void the_default_is_the_highest_available(void **state)
{
    (void)state;
    struct az_kernels kernels;
    unsetenv("AZ_ISA");
    assert_int_equal(az_kernels_default(&kernels, NULL, NULL), AZ_OK);
    assert_true(az_isa_available(kernels.isa));
    for (enum az_isa isa = kernels.isa + 1; isa < AZ_ISA_COUNT; isa++)
        assert_false(az_isa_available(isa));
}

static void the_environment_caps_the_default_and_a_name_overrules_it(void **state)
{
    (void)state;
    struct az_kernels kernels;
    struct az_error error;
    az_error_clear(&error);
    setenv("AZ_ISA", "reference", 1);
    assert_int_equal(az_kernels_default(&kernels, NULL, NULL), AZ_OK);
    assert_int_equal(kernels.isa, AZ_ISA_REFERENCE);
    setenv("AZ_ISA", "sse9", 1);
    assert_int_equal(az_kernels_default(&kernels, NULL, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "AZ_ISA: 'sse9'"));
    assert_int_equal(az_kernels_default(&kernels, "reference", NULL), AZ_OK);
    unsetenv("AZ_ISA");
}

static void what_is_not_there_is_refused_with_a_list_of_what_is(void **state)
{
    (void)state;
    struct az_kernels kernels;
    struct az_error error;
    for (enum az_isa isa = 0; isa < AZ_ISA_COUNT; isa++) {
        az_error_clear(&error);
        enum az_status expected = az_isa_available(isa) ? AZ_OK : AZ_USAGE;
        assert_int_equal(az_kernels_default(&kernels, az_isa_name(isa), &error), expected);
        if (expected == AZ_OK)
            assert_int_equal(kernels.isa, isa);
        else
            assert_non_null(strstr(error.message, " reference"));
    }
    assert_int_equal(az_kernels_select(&kernels, AZ_ISA_COUNT, &error), AZ_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_is_always_there),
        cmocka_unit_test(the_default_is_the_highest_available),
        cmocka_unit_test(the_environment_caps_the_default_and_a_name_overrules_it),
        cmocka_unit_test(what_is_not_there_is_refused_with_a_list_of_what_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
