/* The planted galaxy: its table holds what was published, its bytes depend on nothing but the seed,
 * and the census finds every planted thing and nothing else. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* The above come before cmocka.h. */
#include <cmocka.h>
#include <math.h>

#include "../store_fixture.h"
#include "azimuth/census.h"
#include "azimuth/safetensors.h"
#include "sky/census_state.h"
#include "sky/galaxy_parts.h"

static struct az_pool *pool;

static int setup(void **state)
{
    return fixture_make(state) || az_pool_create(&pool, 2, NULL) != AZ_OK;
}

static int teardown(void **state)
{
    az_pool_free(pool);
    return fixture_remove(state);
}

static int steps(int a, int b)
{
    int most = 0;
    for (int k = 0; k < AZ_GALAXY_ACTIVE; k++) {
        int gap = abs(az_galaxy_offsets[a][k] - az_galaxy_offsets[b][k]);
        most = gap > most ? gap : most;
    }
    return most;
}

static int sum_of_steps(int a, int b)
{
    int sum = 0;
    for (int k = 0; k < AZ_GALAXY_ACTIVE; k++)
        sum += abs(az_galaxy_offsets[a][k] - az_galaxy_offsets[b][k]);
    return sum;
}

/* Block G3 of the reference: the matrix, and L1 of the ten pairs that touch. */
static void black_holes_stand_as_published(void **state)
{
    (void)state;
    static const struct {
        int a, b, l1;
    } touching[] = {{0, 2, 4}, {0, 3, 1}, {0, 4, 2}, {0, 5, 3}, {2, 3, 3},
                    {2, 4, 2}, {3, 4, 1}, {3, 5, 2}, {4, 5, 1}, {6, 7, 1}};
    int tokens = 0, pairs = 0;
    for (int a = 0; a < AZ_GALAXY_HOLES; a++) {
        tokens += az_galaxy_holes[a].population;
        for (int b = 0; b < AZ_GALAXY_HOLES; b++) {
            assert_int_equal(steps(a, b), az_galaxy_steps[a][b]);
            pairs += b > a && steps(a, b) == 1;
        }
    }
    assert_int_equal(tokens, 2100);
    assert_int_equal(pairs, 10);
    for (int n = 0; n < 10; n++)
        assert_int_equal(sum_of_steps(touching[n].a, touching[n].b), touching[n].l1);
}

/* Block G8: mantissas of the four large black holes in the ten dimensions where they differ. */
static void mantissas_are_as_published(void **state)
{
    (void)state;
    static const int holes[4] = {AZ_GALAXY_CENTER, 6, 10, 0};
    static const int published[4][10] = {{96, 104, 95, 104, 10, 22, 109, 28, 45, 113},
                                         {96, 104, 97, 104, 11, 24, 109, 27, 44, 112},
                                         {96, 105, 97, 108, 11, 24, 101, 28, 45, 113},
                                         {95, 104, 95, 104, 10, 22, 109, 27, 45, 113}};
    static const double l2[4] = {0, 3.4137e-5, 3.4975e-5, 1.7060e-5};
    for (int n = 0; n < 4; n++) {
        double squares = 0;
        for (int k = 0; k < AZ_GALAXY_ACTIVE; k++) {
            double offset = az_galaxy_offsets[holes[n]][k];
            double ulp = ldexp(1, az_galaxy_dims[k].exponent - 134);
            squares += offset * ulp * offset * ulp;
            if (k < 10)
                assert_int_equal(az_galaxy_dims[k].mantissa + (int)offset, published[n][k]);
            else
                assert_int_equal(offset, 0);
        }
        assert_true(fabs(sqrt(squares) - l2[n]) < 1e-9);
    }
}

static int component_of(int *parent, int n)
{
    while (parent[n] != n) n = parent[n];
    return n;
}

/* Block G4: pairs at each distance, and components and the largest at each threshold. */
static void thresholds_are_as_published(void **state)
{
    (void)state;
    static const int expected[][4] = {{1, 96, 100, 15}, {2, 86, 280, 32}, {3, 85, 380, 33},
                                      {4, 82, 486, 34}, {5, 81, 540, 34}, {8, 79, 0, 47}};
    for (size_t row = 0; row < sizeof expected / sizeof expected[0]; row++) {
        int parent[AZ_GALAXY_CLOSE], sizes[AZ_GALAXY_CLOSE] = {0}, edges = 0, largest = 0;
        int components = AZ_GALAXY_NEAR - AZ_GALAXY_CLOSE;
        for (int n = 0; n < AZ_GALAXY_CLOSE; n++) parent[n] = n;
        for (int a = 0; a < AZ_GALAXY_CLOSE; a++)
            for (int b = a + 1; b < AZ_GALAXY_CLOSE; b++)
                if (steps(a, b) <= expected[row][0]) {
                    edges++;
                    parent[component_of(parent, a)] = component_of(parent, b);
                }
        for (int n = 0; n < AZ_GALAXY_CLOSE; n++) {
            int root = component_of(parent, n);
            components += root == n;
            if (++sizes[root] > largest) largest = sizes[root];
        }
        assert_int_equal(components, expected[row][1]);
        if (expected[row][2]) assert_int_equal(edges, expected[row][2]);
        assert_int_equal(largest, expected[row][3]);
    }
}

static struct az_galaxy_truth write_galaxy(const char *path, uint64_t seed, int threads)
{
    struct az_galaxy_options options = {AZ_GALAXY_LEAST_ROWS, AZ_GALAXY_LEAST_DIMS, seed};
    struct az_galaxy_truth truth;
    struct az_error error = {0};
    struct az_pool *own;
    assert_int_equal(az_pool_create(&own, threads, NULL), AZ_OK);
    if (az_galaxy_write(path, &options, own, &truth, NULL, &error) != AZ_OK)
        fail_msg("%s", error.message);
    az_pool_free(own);
    return truth;
}

static struct az_hash file_hash(const char *path)
{
    struct az_hash hash;
    assert_int_equal(az_hash_file(path, &hash, NULL), AZ_OK);
    return hash;
}

static void bytes_depend_on_the_seed_alone(void **state)
{
    (void)state;
    char text[AZ_HASH_TEXT_BYTES];
    fixture_empty();
    write_galaxy(fixture_path("one.safetensors"), 42, 1);
    struct az_hash one = file_hash(fixture_path("one.safetensors"));
    struct az_hash plan = file_hash(fixture_path("one.plan.safetensors"));
    write_galaxy(fixture_path("one.safetensors"), 42, 3);
    struct az_hash three = file_hash(fixture_path("one.safetensors"));
    assert_memory_equal(&one, &three, sizeof one);
    three = file_hash(fixture_path("one.plan.safetensors"));
    assert_memory_equal(&plan, &three, sizeof plan);
    write_galaxy(fixture_path("one.safetensors"), 43, 2);
    three = file_hash(fixture_path("one.safetensors"));
    assert_memory_not_equal(&one, &three, sizeof one);
    az_hash_text(one, text);
    assert_string_equal(text, "b803b009b457a976303d6a321c4197fe"); /* the same on every machine */
}

/* Every row of the plan against what the census says of it. */
static void check_rows(const struct az_census *census, const char *plan_path)
{
    struct az_safetensors *plan;
    struct az_error error;
    assert_int_equal(az_safetensors_open(&plan, plan_path, &error), AZ_OK);
    const int32_t *vector = az_safetensors_find(plan, "token_vector")->data;
    const int32_t *exponents = az_safetensors_find(plan, "vector_exponents")->data;
    const double *radius = az_safetensors_find(plan, "vector_radius")->data;
    const uint8_t *near = az_census_mask(census, "neighborhood");
    const uint8_t *holes = az_census_mask(census, "black_holes");
    for (int64_t row = 0; row < census->matrix->rows; row++) {
        int32_t planted = vector[row];
        assert_int_equal(near[row], planted >= 0 && planted < AZ_GALAXY_NEAR);
        assert_int_equal(holes[row], planted >= 0 && planted < AZ_GALAXY_HOLES);
        if (planted < 0) {
            assert_true(census->sighting.exponents[row] > 5);
            continue;
        }
        assert_int_equal(census->sighting.exponents[row], exponents[planted]);
        assert_true(fabs(census->sighting.radii[row] - radius[planted]) <= 1e-12 * radius[planted]);
    }
    az_safetensors_close(plan);
}

static void check_truth(const struct az_census *census, const struct az_galaxy_truth *truth)
{
    struct az_census_counts counts;
    az_census_count(census, &counts);
    assert_int_equal(counts.unique, truth->unique);
    assert_int_equal(counts.excess, truth->excess);
    assert_int_equal(counts.black_holes, truth->black_holes);
    assert_int_equal(counts.black_hole_tokens, truth->black_hole_tokens);
    assert_int_equal(counts.center_token, truth->center_token);
    assert_int_equal(counts.threshold, 5);
    assert_int_equal(counts.neighborhood_tokens, truth->near_tokens);
    assert_int_equal(counts.neighborhood_vectors, truth->near_vectors);
    assert_int_equal(counts.edges, truth->edges);
    assert_int_equal(counts.components, truth->components);
    assert_int_equal(counts.flood_vectors, truth->flood_vectors);
    assert_int_equal(counts.flood_tokens, truth->flood_tokens);
    assert_int_equal(census->geography.core_vectors, truth->core_vectors);
    assert_int_equal(census->geography.core_tokens, truth->core_tokens);
    assert_int_equal(census->geography.oort_vectors, truth->oort_vectors);
    assert_int_equal(census->geography.oort_tokens, truth->oort_tokens);
    for (int t = 0; t < 6; t++) assert_int_equal(census->curve.within[t], truth->within[t]);
}

/* Block G1: identities that must hold together, and its figures. */
static void check_identities(const struct az_census *census)
{
    const struct az_duplicates *found = &census->found;
    const struct az_crystal *crystal = &census->crystal;
    int64_t vectors = 0, tokens = 0, edges = 0, seeded = 0;
    assert_int_equal(found->unique + found->excess, census->matrix->rows);
    assert_int_equal(found->excess, found->black_hole_tokens - found->black_holes);
    for (int64_t c = 0; c < crystal->component_count; c++) {
        vectors += crystal->components[c].vectors;
        tokens += crystal->components[c].tokens;
        edges += crystal->components[c].edges;
        if (crystal->components[c].black_holes) seeded += crystal->components[c].vectors;
    }
    assert_int_equal(vectors, 125);
    assert_int_equal(tokens, 2212);
    assert_int_equal(edges, 100);
    assert_int_equal(seeded, census->flood.vectors); /* flood = components that have black holes */
    assert_int_equal(found->zero_pairs, 651034);
    assert_int_equal(census->curve.low, 3);
    assert_int_equal(crystal->components[0].vectors, 15);
    assert_int_equal(crystal->components[0].tokens, 1070);
    assert_int_equal(crystal->components[1].tokens, 712);
    assert_int_equal(crystal->components[2].tokens, 312);
}

static void the_census_finds_what_was_planted(void **state)
{
    (void)state;
    struct az_census_options options = AZ_CENSUS_DEFAULTS;
    struct az_matrix *matrix;
    struct az_census *census;
    struct az_error error = {0};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        fixture_empty();
        struct az_galaxy_truth truth = write_galaxy(fixture_path("g.safetensors"), seed, 2);
        assert_int_equal(az_matrix_open(&matrix, fixture_path("g.safetensors"), &error), AZ_OK);
        assert_int_equal(az_census_take(&census, matrix, &options, pool, NULL, &error), AZ_OK);
        check_truth(census, &truth);
        check_identities(census);
        check_rows(census, fixture_path("g.plan.safetensors"));
        az_census_free(census);
        az_matrix_close(matrix);
    }
}

static void sizes_without_room_are_refused(void **state)
{
    (void)state;
    struct az_error error = {0};
    struct az_galaxy_options options = {AZ_GALAXY_LEAST_ROWS - 1, AZ_GALAXY_LEAST_DIMS, 1};
    assert_int_equal(
        az_galaxy_write(fixture_path("x.safetensors"), &options, pool, NULL, NULL, &error),
        AZ_USAGE);
    assert_non_null(strstr(error.message, "at least 8192 rows of 2048"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(black_holes_stand_as_published),
        cmocka_unit_test(mantissas_are_as_published),
        cmocka_unit_test(thresholds_are_as_published),
        cmocka_unit_test(bytes_depend_on_the_seed_alone),
        cmocka_unit_test(the_census_finds_what_was_planted),
        cmocka_unit_test(sizes_without_room_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
