/* A census survives every failing allocation and every failing system call: refused, with nothing
 * leaked and no file half written. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* The above come before cmocka.h. */
#include <cmocka.h>
#include <errno.h>

#include "../store_fixture.h"
#include "azimuth/galaxy.h"
#include "base/memory.h"
#include "sky/census_files.h"
#include "store/system.h"

enum { ROWS = 40, DIMS = 3 };

static struct az_pool *pool;

/* Forty rows of three components, a few of them equal, into W.safetensors. */
static void write_matrix(void)
{
    uint16_t words[ROWS][DIMS];
    for (int row = 0; row < ROWS; row++)
        for (int d = 0; d < DIMS; d++) words[row][d] = (uint16_t)(0x3f80 + (row / 2 + d) % 5);
    struct az_tensor tensor = {
        .name = "W", .dtype = AZ_DTYPE_BF16, .rank = 2, .shape = {ROWS, DIMS}, .data = words};
    assert_int_equal(az_safetensors_save(fixture_path("W.safetensors"), &tensor, 1, NULL, NULL),
                     AZ_OK);
}

static enum az_status survey(struct az_error *error)
{
    struct az_matrix *matrix;
    struct az_census *census = NULL;
    static const char *const selections[] = {"few=black_holes & radius<=1"};
    struct az_census_options options = AZ_CENSUS_DEFAULTS;
    options.suspects = true;
    options.selections = selections;
    options.selection_count = 1;
    enum az_status status = az_matrix_open(&matrix, fixture_path("W.safetensors"), error);
    if (status == AZ_OK) status = az_census_take(&census, matrix, &options, pool, NULL, error);
    if (status == AZ_OK) status = az_census_write(census, fixture_directory, NULL, error);
    az_census_free(census);
    az_matrix_close(matrix);
    return status;
}

static void censuses_survive_every_failed_allocation(void **state)
{
    (void)state;
    size_t n = 0;
    enum az_status status;
    do {
        struct az_error error = {0};
        fixture_empty();
        write_matrix();
        az_memory_fail_after(++n);
        status = survey(&error);
        az_memory_fail_after(0);
        assert_true(status == AZ_OK || status == AZ_MEMORY);
        if (status != AZ_OK) assert_true(error.message[0] != 0);
    } while (status != AZ_OK && n < 3000);
    print_message("%zu allocations failed in turn\n", n - 1);
    assert_in_range(n, 50, 2999);
}

static void censuses_survive_every_failed_call(void **state)
{
    (void)state;
    size_t n = 0;
    enum az_status status;
    do {
        struct az_error error = {0};
        fixture_empty();
        write_matrix();
        az_system_fail_after(++n, EIO);
        status = survey(&error);
        az_system_fail_after(0, 0);
        assert_true(status == AZ_OK || status == AZ_IO);
        assert_int_equal(access(fixture_path("census.json"), F_OK), status == AZ_OK ? 0 : -1);
    } while (status != AZ_OK && n < 3000);
    print_message("%zu calls failed in turn\n", n - 1);
    assert_in_range(n, 20, 2999);
}

static void galaxies_survive_every_failed_allocation(void **state)
{
    (void)state;
    struct az_galaxy_options options = {AZ_GALAXY_LEAST_ROWS, AZ_GALAXY_LEAST_DIMS, 1};
    size_t n = 0;
    enum az_status status;
    do { /* the last ones only write the plan: the matrix is whole by then */
        fixture_empty();
        az_memory_fail_after(++n);
        status = az_galaxy_write(fixture_path("g.safetensors"), &options, pool, NULL, NULL, NULL);
        az_memory_fail_after(0);
        assert_true(status == AZ_OK || status == AZ_MEMORY);
    } while (status != AZ_OK && n < 24);
    fixture_empty();
}

static int setup(void **state)
{
    return fixture_make(state) || az_pool_create(&pool, 2, NULL) != AZ_OK;
}

static int teardown(void **state)
{
    az_pool_free(pool);
    return fixture_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(censuses_survive_every_failed_allocation),
        cmocka_unit_test(censuses_survive_every_failed_call),
        cmocka_unit_test(galaxies_survive_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
