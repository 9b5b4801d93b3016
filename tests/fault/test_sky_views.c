/* Frames, maps and neighbours survive every failing allocation: refused, with nothing leaked. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* The above come before cmocka.h. */
#include <cmocka.h>

#include "azimuth/frame.h"
#include "azimuth/neighbours.h"
#include "azimuth/sky.h"
#include "base/memory.h"
#include "base/random.h"

enum { ROWS = 90, DIMS = 20, WIDE = 512 };

static struct az_pool *pool;
static struct az_matrix *narrow, *wide; /* WIDE: so many that leading components are looked for */
static struct az_bf16 narrow_bits[ROWS * DIMS];
static float wide_values[ROWS * WIDE];
static struct az_frame *whole;
static enum az_metric metric;

static enum az_status find_frame(struct az_error *error)
{
    struct az_frame_plan plan = {.unique_rows = true, .cache = ""};
    struct az_frame *frame = NULL;
    struct az_isotropy isotropy;
    struct az_causal causal;
    enum az_status status = az_frame_find(&frame, narrow, &plan, pool, NULL, error);
    if (status == AZ_OK) status = az_frame_isotropy(frame, narrow, &isotropy, pool, NULL, error);
    if (status == AZ_OK) status = az_frame_causal(frame, narrow, 1e-6, 50, 1, &causal, pool, error);
    az_frame_free(frame);
    return status;
}

static enum az_status find_leading(struct az_error *error)
{
    struct az_frame_plan plan = {.leading = 3, .cache = ""};
    struct az_frame *frame = NULL;
    enum az_status status = az_frame_find(&frame, wide, &plan, pool, NULL, error);
    az_frame_free(frame);
    return status;
}

static enum az_status project(struct az_error *error)
{
    static double flattened[ROWS];
    struct az_sky_plan plan = {.causal = true, .ridge = 1e-6};
    struct az_sky *sky = NULL;
    enum az_status status = az_sky_project(&sky, narrow, whole, &plan, pool, NULL, error);
    if (status == AZ_OK) status = az_sky_flatten(sky, flattened, error);
    az_sky_free(sky);
    return status;
}

static enum az_status find_neighbours(struct az_error *error)
{
    static const int64_t queries[] = {3, 80};
    struct az_neighbours_plan plan = {.k = 4, .metric = metric, .frame = whole, .ridge = 1e-6};
    struct az_neighbours *all = NULL, *some = NULL;
    enum az_status status = az_neighbours_find(&all, narrow, &plan, NULL, pool, NULL, error);
    plan.queries = queries;
    plan.query_count = 2;
    if (status == AZ_OK) status = az_neighbours_find(&some, narrow, &plan, NULL, pool, NULL, error);
    az_neighbours_free(all);
    az_neighbours_free(some);
    return status;
}

/* Lists of candidates that cannot grow are no failure: those rows are compared with all. */
static void survive(enum az_status (*act)(struct az_error *error), size_t least)
{
    size_t n = 0;
    enum az_status status;
    do {
        struct az_error error = {0};
        az_memory_fail_after(++n);
        status = act(&error);
        az_memory_fail_after(0);
        assert_true(status == AZ_OK || status == AZ_MEMORY);
        assert_true(status == AZ_OK || error.message[0] != 0);
    } while (status != AZ_OK && n < 1000);
    print_message("%zu allocations failed in turn\n", n - 1);
    assert_in_range(n, least, 999);
}

static void frames_survive_every_failed_allocation(void **state)
{
    (void)state;
    survive(find_frame, 25);
    survive(find_leading, 25);
}

static void maps_survive_every_failed_allocation(void **state)
{
    (void)state;
    survive(project, 8);
}

static void neighbours_survive_every_failed_allocation(void **state)
{
    (void)state;
    for (int m = 0; m < AZ_METRIC_COUNT; m++) {
        metric = (enum az_metric)m;
        survive(find_neighbours, 60);
    }
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS * DIMS; i++)
        narrow_bits[i] =
            az_bf16_from_f32((float)az_random_normal(1, AZ_STREAM_SIMULATION, i / 41 * 41 + i % 5));
    for (size_t i = 0; i < ROWS * WIDE; i++)
        wide_values[i] =
            (float)(az_random_normal(2, AZ_STREAM_SIMULATION, i) / (1.0 + (double)(i % WIDE)));
    struct az_frame_plan plan = {.cache = ""};
    return az_pool_create(&pool, 2, NULL) != AZ_OK ||
           az_matrix_wrap(&narrow, AZ_DTYPE_BF16, ROWS, DIMS, narrow_bits, NULL) != AZ_OK ||
           az_matrix_wrap(&wide, AZ_DTYPE_F32, ROWS, WIDE, wide_values, NULL) != AZ_OK ||
           az_frame_find(&whole, narrow, &plan, pool, NULL, NULL) != AZ_OK;
}

static int teardown(void **state)
{
    (void)state;
    az_frame_free(whole);
    az_matrix_close(narrow);
    az_matrix_close(wide);
    az_pool_free(pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_survive_every_failed_allocation),
        cmocka_unit_test(maps_survive_every_failed_allocation),
        cmocka_unit_test(neighbours_survive_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
