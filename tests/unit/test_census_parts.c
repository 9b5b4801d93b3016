/* Parts of the census: a published block, selections, plateaus, files, suspects. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* The above come before cmocka.h. */
#include <cmocka.h>

#include "sky_fixture.h"

/* Block G8: mantissas of four black holes in ten dimensions, with distances worked out by hand. */
static void the_published_block_is_reproduced(void **state)
{
    (void)state;
    /* 2079 is printed as 113; the printed distances need 112 there or in 2040. */
    static const int exponents[10] = {117, 118, 118, 107, 114, 107, 114, 118, 113, 112};
    static const int signs[10] = {1, 1, 0, 0, 1, 1, 0, 1, 0, 0};
    static const int mantissas[4][10] = {{96, 104, 95, 104, 10, 22, 109, 28, 45, 113},
                                         {96, 104, 97, 104, 11, 24, 109, 27, 44, 112},
                                         {96, 105, 97, 108, 11, 24, 101, 28, 45, 113},
                                         {95, 104, 95, 104, 10, 22, 109, 27, 45, 113}};
    static const struct {
        int a, b;
        uint32_t linf;
        uint64_t l1;
        uint32_t l0;
        double l2;
    } pairs[] = {{0, 1, 2, 8, 6, 3.4137e-5}, {0, 2, 8, 18, 6, 3.4975e-5},
                 {0, 3, 1, 2, 2, 1.7060e-5}, {1, 2, 8, 16, 6, 2.2894e-5},
                 {1, 3, 2, 8, 6, 3.1476e-5}, {2, 3, 8, 20, 8, 3.8914e-5}};
    struct az_census_options options = AZ_CENSUS_DEFAULTS;
    struct az_matrix *matrix;
    the_sky = (struct sky){.dtype = AZ_DTYPE_BF16, .rows = 8, .dims = 10};
    for (int64_t row = 0; row < 8; row++)
        for (int64_t d = 0; d < 10; d++)
            put(&the_sky, row, d,
                (uint32_t)(signs[d] << 15 | exponents[d] << 7 | mantissas[row / 2][d]));
    struct az_census *census = take(&the_sky, &matrix, &options);
    assert_int_equal(census->found.black_holes, 4);
    assert_true(census->compared);
    for (size_t n = 0; n < sizeof pairs / sizeof pairs[0]; n++) {
        const struct az_crystal *crystal = &census->crystal;
        int64_t at = pairs[n].a * crystal->count + pairs[n].b;
        struct az_steps apart = az_orders_distance(crystal->orders + pairs[n].a * 10,
                                                   crystal->orders + pairs[n].b * 10, 10);
        assert_int_equal(crystal->linf[at], pairs[n].linf);
        assert_int_equal(apart.l1, pairs[n].l1);
        assert_int_equal(apart.l0, pairs[n].l0);
        assert_true(fabs(crystal->l2[at] - pairs[n].l2) < 1e-9); /* all printed digits */
    }
    assert_int_equal(census->extents.active, 10);
    drop(census, matrix);
}

static void selections_combine(void **state)
{
    (void)state;
    static const char *const texts[] = {"few=population>=2 - token<=9", "both=few & token>=5",
                                        "all=(few | token<=9) & norm>=0"};
    struct az_census_options options = AZ_CENSUS_DEFAULTS;
    struct az_matrix *matrix;
    fill_cloud(&the_sky, AZ_DTYPE_BF16, 100, 2, 1);
    options.selections = texts;
    options.selection_count = 3;
    struct az_census *census = take(&the_sky, &matrix, &options);
    const uint8_t *few = az_census_mask(census, "few"), *all = az_census_mask(census, "all");
    for (int64_t row = 0; row < 100; row++) {
        bool hole = census->found.population[census->found.vector_of[row]] > 1;
        assert_int_equal(few[row], hole && row > 9);
        assert_int_equal(all[row], few[row] || row <= 9);
    }
    assert_null(az_census_mask(census, "nothing"));
    drop(census, matrix);
    static const char *const wrong[] = {"a",
                                        "=b",
                                        "a=",
                                        "a=b",
                                        "a=norm<1",
                                        "a=norm<=x",
                                        "a=(norm<=1",
                                        "a=norm<=1)",
                                        "norm=norm<=1",
                                        "black_holes=norm<=1",
                                        "a=norm<=1 +",
                                        "a=((((((((((((((((((norm<=1))))))))))))))))))"};
    for (size_t n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
        struct az_error error = {0};
        options.selections = &wrong[n];
        options.selection_count = 1;
        assert_int_equal(az_matrix_wrap(&matrix, the_sky.dtype, the_sky.rows, the_sky.dims,
                                        the_sky.words, &error),
                         AZ_OK);
        enum az_status status = az_census_take(&census, matrix, &options, pool, NULL, &error);
        assert_true(status == AZ_USAGE || status == AZ_MISSING);
        assert_null(census);
        assert_true(strlen(error.message) > 10);
        az_matrix_close(matrix);
    }
}

/* A curve by its counts: knee, plateau and threshold, and each reason for refusing. */
static void plateaus_are_found_or_refused(void **state)
{
    (void)state;
    static uint16_t exponents[20000];
    static uint32_t beyond[20000 * AZ_SIGHTING_DEEP];
    static uint8_t flags[20000];
    static const struct {
        int increments[16];
        int threshold, low, high;
        const char *reason;
    } cases[] = {
        /* as published of Qwen 3 4B, a tenth: 2139 38 18 10 6 1 3 9 13 46 203 1154 6636 */
        {{2139, 38, 18, 10, 6, 1, 3, 9, 13, 46, 203, 1154, 6636}, 5, 3, 8, NULL},
        {{10, 0, 0, 0, 0, 300}, -1, 0, 0, "centre itself"},
        {{10, 2, 2, 2, 2, 2, 2, 300}, -1, 0, 0, "no plateau"},
        {{500, 1, 1, 1, 1}, -1, 0, 0, "no knee"},
        {{10, 30, 500}, -1, 0, 0, "doubles at once"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        struct az_sighting sighting = {.exponents = exponents, .beyond = beyond};
        struct az_curve curve;
        for (int t = 0; t < 16; t++)
            for (int k = 0; k < cases[n].increments[t]; k++)
                exponents[sighting.rows++] = (uint16_t)t;
        az_curve_of(&curve, &sighting, flags, 10);
        assert_int_equal(curve.plateau, cases[n].threshold >= 0);
        if (curve.plateau) {
            assert_int_equal(curve.threshold, cases[n].threshold);
            assert_int_equal(curve.low, cases[n].low);
            assert_int_equal(curve.high, cases[n].high);
        } else {
            assert_non_null(strstr(curve.reason, cases[n].reason));
        }
    }
}

static void results_are_written_and_read_back(void **state)
{
    (void)state;
    struct az_census_options options = AZ_CENSUS_DEFAULTS;
    struct az_matrix *matrix;
    struct az_safetensors *masks;
    struct az_error error = {0};
    options.suspects = true;
    fill_cloud(&the_sky, AZ_DTYPE_BF16, 500, 4, 1);
    fixture_empty();
    struct az_census *census = take(&the_sky, &matrix, &options);
    assert_true(census->suspected);
    if (az_census_write(census, fixture_directory, NULL, &error) != AZ_OK)
        fail_msg("%s", error.message);
    assert_int_equal(az_safetensors_open(&masks, fixture_path("masks.safetensors"), &error), AZ_OK);
    const struct az_tensor *holes = az_safetensors_find(masks, "black_hole_mask");
    const struct az_tensor *hole_of = az_safetensors_find(masks, "token_to_black_hole");
    assert_memory_equal(holes->data, az_census_mask(census, "black_holes"), 500);
    for (int64_t row = 0; row < 500; row++)
        assert_int_equal(((const int64_t *)hole_of->data)[row] >= 0,
                         ((const uint8_t *)holes->data)[row]);
    az_safetensors_close(masks);
    assert_int_equal(access(fixture_path("catalog.sqlite"), R_OK), 0);
    assert_int_equal(access(fixture_path("suspects.csv"), R_OK), 0);
    drop(census, matrix);
}

/* Equal rows get equal scores, and the reference itself comes first. */
static void suspects_begin_with_the_reference(void **state)
{
    (void)state;
    struct az_census_options options = AZ_CENSUS_DEFAULTS;
    struct az_matrix *matrix;
    options.suspects = true;
    the_sky = (struct sky){.dtype = AZ_DTYPE_F32, .rows = 200, .dims = 16};
    for (int64_t row = 0; row < 200; row++)
        for (int64_t d = 0; d < 16; d++) {
            union {
                float value;
                uint32_t bits;
            } both = {.value = (float)az_random_normal(5, AZ_STREAM_SIMULATION,
                                                       (uint64_t)(row < 7 ? d : row * 16 + d))};
            put(&the_sky, row, d, both.bits);
        }
    struct az_census *census = take(&the_sky, &matrix, &options);
    assert_int_equal(census->suspects.reference_rows, 7);
    assert_int_equal(census->suspects.ranked, 200);
    for (int64_t n = 0; n < 7; n++) {
        assert_int_equal(census->suspects.ranking[n].row, n);
        assert_true(census->suspects.ranking[n].score == 0);
    }
    assert_true(census->suspects.ranking[7].score > 0);
    drop(census, matrix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_block_is_reproduced),
        cmocka_unit_test(selections_combine),
        cmocka_unit_test(plateaus_are_found_or_refused),
        cmocka_unit_test(results_are_written_and_read_back),
        cmocka_unit_test(suspects_begin_with_the_reference),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
