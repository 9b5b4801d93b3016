/* The census of many small skies, against a slow and obvious one written here. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* The above come before cmocka.h. */
#include <cmocka.h>

#include "sky_fixture.h"

/* ---- the slow census ---- */

static void check_duplicates(const struct sky *sky, const struct az_census *census)
{
    static int32_t class_of[MOST_ROWS];
    const struct az_duplicates *found = &census->found;
    bool distinct = census->options.distinct_zero;
    int64_t unique = 0, pairs = 0;
    for (int64_t row = 0; row < sky->rows; row++) {
        class_of[row] = has_nan(sky, row) ? -1 : (int32_t)row;
        for (int64_t other = 0; other < row && class_of[row] == row; other++)
            if (equal(sky, row, other, distinct)) class_of[row] = class_of[other];
        unique += class_of[row] == row;
        for (int64_t other = 0; other < row; other++)
            pairs += class_of[row] >= 0 && class_of[row] == class_of[other];
        assert_int_equal(found->vector_of[row] < 0, class_of[row] < 0);
    }
    assert_int_equal(found->unique, unique);
    assert_int_equal(found->zero_pairs, pairs);
    assert_int_equal(found->excess, sky->rows - found->nan_rows - unique);
    for (int64_t row = 0; row < sky->rows; row++)
        if (class_of[row] >= 0)
            assert_int_equal(found->first[found->vector_of[row]], class_of[row]);
    for (int64_t v = 1; v < found->unique; v++) {
        bool ordered = found->population[v - 1] > found->population[v] ||
                       (found->population[v - 1] == found->population[v] &&
                        found->first[v - 1] < found->first[v]);
        assert_true(ordered);
    }
}

static void check_rows(const struct sky *sky, const struct az_census *census)
{
    double mean[MOST_DIMS] = {0};
    int64_t finite = 0;
    for (int64_t row = 0; row < sky->rows; row++) {
        double squares = 0;
        for (int64_t d = 0; d < sky->dims; d++) {
            double value = value_of(sky, bits_at(sky, row, d));
            squares += value * value;
        }
        double norm = census->scan.norms[row];
        if (isnan(squares))
            assert_true(isnan(norm));
        else if (isinf(squares))
            assert_true(isinf(norm));
        else
            assert_true(fabs(norm - sqrt(squares)) <= 1e-14 * norm);
        if (!isfinite(squares)) continue;
        finite++;
        for (int64_t d = 0; d < sky->dims; d++) mean[d] += value_of(sky, bits_at(sky, row, d));
    }
    assert_int_equal(census->scan.finite_rows, finite);
    for (int64_t d = 0; d < sky->dims && finite; d++)
        assert_true(fabs(census->scan.mean[d] - mean[d] / (double)finite) <= 1e-12);
}

static void check_sighting(const struct sky *sky, const struct az_census *census)
{
    int64_t center = census->center, l1, l0;
    for (int64_t row = 0; row < sky->rows; row++) {
        int exponents = 0;
        uint32_t signs = 0;
        double squares = 0;
        for (int64_t d = 0; d < sky->dims; d++) {
            uint32_t a = bits_at(sky, row, d), c = bits_at(sky, center, d);
            int gap = abs(exponent_of(sky, a) - exponent_of(sky, c));
            double apart = value_of(sky, a) - value_of(sky, c);
            exponents = gap > exponents ? gap : exponents;
            signs += ((a ^ c) & sign_of(sky)) != 0;
            squares += apart * apart;
        }
        assert_int_equal(census->sighting.exponents[row], exponents);
        assert_int_equal(census->sighting.sign_mismatches[row], signs);
        assert_int_equal(census->sighting.steps[row], steps(sky, row, center, &l1, &l0));
        if (!isfinite(squares)) continue;
        assert_true(fabs(census->sighting.radii[row] - sqrt(squares)) <=
                    1e-13 * sqrt(squares) + 1e-300);
    }
}

static int root_of(const int *parent, int n)
{
    while (parent[n] != n) n = parent[n];
    return n;
}

/* Edges, components and levels of the vectors that were compared. */
static void check_crystal(const struct sky *sky, const struct az_census *census)
{
    static int parent[AZ_CRYSTAL_MOST];
    const struct az_crystal *crystal = &census->crystal;
    int64_t l1, l0, edges = 0;
    if (!census->compared) return;
    for (int64_t level = 0; level < census->level_count && level < 6; level++) {
        int64_t threshold = census->levels[level].threshold, count = 0, components = 0;
        for (int v = 0; v < crystal->count; v++) parent[v] = v;
        for (int a = 0; a < crystal->count; a++)
            for (int b = a + 1; b < crystal->count; b++) {
                int64_t linf = steps(sky, census->found.first[crystal->vectors[a]],
                                     census->found.first[crystal->vectors[b]], &l1, &l0);
                if (linf > threshold) continue;
                count++;
                parent[root_of(parent, a)] = root_of(parent, b);
                if (linf > crystal->reach || threshold != crystal->reach) continue;
                const struct az_crystal_edge *edge = &crystal->edges[edges++];
                assert_int_equal(edge->a, a);
                assert_int_equal(edge->b, b);
                assert_int_equal(edge->steps.linf, linf);
                assert_int_equal(edge->steps.l1, l1);
                assert_int_equal(edge->steps.l0, l0);
            }
        for (int v = 0; v < crystal->count; v++) components += root_of(parent, v) == v;
        assert_int_equal(census->levels[level].components, components);
        assert_int_equal(census->levels[level].edges, count);
        if (threshold == crystal->reach) assert_int_equal(crystal->component_count, components);
    }
    assert_int_equal(edges, crystal->edge_count);
}

/* Everything that can be reached from the black holes, found by growing until nothing changes. */
static void check_flood(const struct sky *sky, const struct az_census *census)
{
    static bool wet[MOST_ROWS];
    const struct az_duplicates *found = &census->found;
    int64_t l1, l0, reached = 0;
    for (int64_t v = 0; v < found->unique; v++) wet[v] = v < found->black_holes;
    for (bool changed = true; changed;) {
        changed = false;
        for (int64_t a = 0; a < found->unique; a++)
            for (int64_t b = 0; b < found->unique && wet[a]; b++)
                if (!wet[b] &&
                    steps(sky, found->first[a], found->first[b], &l1, &l0) <= census->options.reach)
                    wet[b] = changed = true;
    }
    for (int64_t v = 0; v < found->unique; v++) {
        reached += wet[v];
        if (census->flood.wave) assert_int_equal(census->flood.wave[v] != AZ_FLOOD_DRY, wet[v]);
    }
    assert_int_equal(census->flood.vectors, reached);
}

static void check_all(const struct sky *sky, const struct az_census_options *options)
{
    struct az_matrix *matrix;
    struct az_census *census = take(sky, &matrix, options);
    check_duplicates(sky, census);
    check_rows(sky, census);
    if (census->center >= 0) check_sighting(sky, census);
    check_crystal(sky, census);
    check_flood(sky, census);
    drop(census, matrix);
}

static void many_skies_are_as_the_slow_census_says(void **state)
{
    (void)state;
    static const enum az_dtype dtypes[] = {AZ_DTYPE_BF16, AZ_DTYPE_F16, AZ_DTYPE_F32};
    static const int shapes[][3] = {{1, 1, 1},   {2, 1, 0},   {40, 1, 3},   {60, 2, 1},
                                    {90, 3, 1},  {200, 5, 1}, {150, 9, 1},  {120, 24, 1},
                                    {300, 4, 2}, {257, 3, 4}, {100, 7, 200}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int t = 0; t < 3; t++)
            for (int distinct = 0; distinct < 2; distinct++) {
                struct az_census_options options = AZ_CENSUS_DEFAULTS;
                options.distinct_zero = distinct;
                options.reach = 1 + (int64_t)(s % 2);
                fill_cloud(&the_sky, dtypes[t], shapes[s][0], shapes[s][1], shapes[s][2]);
                check_all(&the_sky, &options);
            }
}

/* Rows with NaN and infinity among the others: reported, never grouped, never a centre. */
static void rows_that_are_no_numbers_are_left_out(void **state)
{
    (void)state;
    static const enum az_dtype dtypes[] = {AZ_DTYPE_BF16, AZ_DTYPE_F16, AZ_DTYPE_F32};
    for (int t = 0; t < 3; t++) {
        struct az_census_options options = AZ_CENSUS_DEFAULTS;
        struct az_matrix *matrix;
        fill_cloud(&the_sky, dtypes[t], 64, 3, 1);
        uint32_t infinity = (uint32_t)((1 << (dtypes[t] == AZ_DTYPE_F16 ? 5 : 8)) - 1)
                            << mantissa_bits(&the_sky);
        for (int64_t row = 0; row < 20; row++) put(&the_sky, row, row % 3, infinity + (row < 12));
        for (int64_t row = 12; row < 20; row++)
            for (int64_t d = 0; d < 3; d++)
                put(&the_sky, row, d, infinity | (row % 2 ? sign_of(&the_sky) : 0));
        check_all(&the_sky, &options);
        struct az_census *census = take(&the_sky, &matrix, &options);
        assert_int_equal(census->scan.nan_rows, 12);
        assert_int_equal(census->scan.infinite_rows, 8);
        assert_int_equal(census->found.nan_rows, 12);
        assert_true(census->center >= 20);
        drop(census, matrix);
        for (int64_t row = 0; row < 64; row++) put(&the_sky, row, 0, infinity + 1);
        census = take(&the_sky, &matrix, &options);
        assert_int_equal(census->center, -1);
        assert_int_equal(census->found.unique, 0);
        assert_true(isnan(census->norms.mean));
        drop(census, matrix);
    }
}

static void thousands_of_black_holes_are_found(void **state)
{
    (void)state;
    struct az_census_options options = AZ_CENSUS_DEFAULTS;
    struct az_matrix *matrix;
    the_sky = (struct sky){.dtype = AZ_DTYPE_BF16, .rows = 3000, .dims = 2};
    for (int64_t row = 0; row < 3000; row++) {
        put(&the_sky, row, 0, (uint32_t)(row % 1500) * 7 + 1);
        put(&the_sky, row, 1, 0x3f80);
    }
    struct az_census *census = take(&the_sky, &matrix, &options);
    check_duplicates(&the_sky, census);
    assert_int_equal(census->found.black_holes, 1500);
    assert_int_equal(census->flood.components, 1500);
    for (int64_t v = 0; v < census->flood.vectors; v++) assert_false(census->flood.touches[v]);
    drop(census, matrix);
}

static void counts_do_not_depend_on_threads(void **state)
{
    (void)state;
    struct az_census_options options = AZ_CENSUS_DEFAULTS;
    struct az_pool *shared = pool;
    char *texts[2];
    size_t lengths[2];
    fill_cloud(&the_sky, AZ_DTYPE_BF16, 3000, 6, 1);
    for (int n = 0; n < 2; n++) {
        struct az_matrix *matrix;
        assert_int_equal(az_pool_create(&pool, n ? 5 : 1, NULL), AZ_OK);
        struct az_census *census = take(&the_sky, &matrix, &options);
        assert_int_equal(az_census_json(census, &texts[n], &lengths[n], NULL), AZ_OK);
        drop(census, matrix);
        az_pool_free(pool);
    }
    pool = shared;
    assert_int_equal(lengths[0], lengths[1]);
    assert_memory_equal(texts[0], texts[1], lengths[0]);
    az_memory_free(texts[0]);
    az_memory_free(texts[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_skies_are_as_the_slow_census_says),
        cmocka_unit_test(rows_that_are_no_numbers_are_left_out),
        cmocka_unit_test(thousands_of_black_holes_are_found),
        cmocka_unit_test(counts_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
