#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/bf16.h"
#include "azimuth/simulate.h"
#include "sky/groups.h"
#include "sky/lattice_point.h"
#include "sky/snow.h"

static double center[AZ_CENTER_DIMS];
static struct az_pool *one_thread, *three_threads;

static int start(void **state)
{
    (void)state;
    return az_pool_create(&one_thread, 1, NULL) != AZ_OK ||
           az_pool_create(&three_threads, 3, NULL) != AZ_OK;
}

static int stop(void **state)
{
    (void)state;
    az_pool_free(one_thread);
    az_pool_free(three_threads);
    return 0;
}

static struct az_snow plan_of(double scale, int64_t rows)
{
    return (struct az_snow){.center = center,
                            .dims = AZ_CENTER_DIMS,
                            .scale = scale,
                            .population = rows,
                            .survivors = rows,
                            .seed = 7};
}

/* Rounding once: values just beside a midpoint that float32 would move onto it. */
static void test_nearest(void **state)
{
    (void)state;
    double midpoint = 1 + 0x1p-8; /* between 1 and 1 + 2^-7: ties to 1 */
    assert_int_equal(az_lattice_nearest(midpoint).bits, 0x3f80);
    assert_int_equal(az_lattice_nearest(midpoint + 0x1p-40).bits, 0x3f81);
    assert_int_equal(az_lattice_nearest(midpoint - 0x1p-40).bits, 0x3f80);
    assert_int_equal(az_lattice_nearest(-midpoint - 0x1p-40).bits, 0xbf81);
    assert_int_equal(az_lattice_nearest(-midpoint + 0x1p-40).bits, 0xbf80);
    assert_int_equal(az_lattice_nearest(0).bits, 0);
    for (int bits = 0; bits < 0x7f80; bits++) {
        struct az_bf16 x = {(uint16_t)bits};
        double value = (double)az_bf16_to_f32(x), above = az_lattice_value(bits + 1);
        if (bits + 1 == 0x7f80) break;
        assert_int_equal(az_lattice_nearest(value).bits, bits);
        double middle = (value + above) / 2;
        assert_int_equal(az_lattice_nearest(nextafter(middle, value)).bits, bits);
        assert_int_equal(az_lattice_nearest(nextafter(middle, above)).bits, bits + 1);
    }
}

static void test_groups(void **state)
{
    (void)state;
    static const char rows[] = "aabbaaccbbaa";
    struct az_groups groups;
    assert_int_equal(az_groups_create(&groups, 6, NULL), AZ_OK);
    az_groups_find(&groups, rows, 6, 2);
    assert_int_equal(groups.count, 3);
    assert_int_equal(groups.population[0], 3);
    assert_int_equal(groups.population[1], 2);
    assert_int_equal(groups.population[2], 1);
    assert_int_equal(groups.first[2], 3);
    az_groups_free(&groups);
}

/* The published exponents, each as often as it should be, at the published places. */
static void test_center(void **state)
{
    (void)state;
    static const int counts[] = {2, 1, 0, 2, 2, 12, 18, 58, 93, 212, 341, 632, 805, 300, 61, 19, 2};
    int found[256] = {0};
    double norm = 0;
    az_center_fill(AZ_CENTER_VECTOR, 3, center);
    for (int d = 0; d < AZ_CENTER_DIMS; d++) {
        struct az_bf16 x = az_lattice_nearest(center[d]);
        assert_true((double)az_bf16_to_f32(x) == center[d]);
        found[x.bits >> 7 & 255]++;
        norm += center[d] * center[d];
    }
    for (int e = 107; e <= 123; e++) assert_int_equal(found[e], counts[e - 107]);
    assert_true(center[1008] == -ldexp(1 + 104 / 128.0, 107 - 127));
    assert_true(fabs(sqrt(norm) - 0.3709) < 0.02); /* the norm of the core follows from them */
}

/* One dimension, three rows that cannot move and the law of one that can. */
static void test_one_dimension(void **state)
{
    (void)state;
    double x = 1;
    struct az_snow plan = plan_of(1e-6, 3);
    struct az_snow_trial trial;
    struct az_snow_law law;
    plan.center = &x;
    plan.dims = 1;
    assert_int_equal(az_snow_run(&plan, 1, 1, &trial, one_thread, NULL, NULL), AZ_OK);
    assert_int_equal(trial.unique, 1);
    assert_int_equal(trial.largest, 3);
    assert_int_equal(trial.components, 1);
    plan.scale = 0x1p-8; /* the upper midpoint is one scale away, the lower half of one */
    assert_int_equal(az_snow_law(&plan, &law, NULL), AZ_OK);
    double above = 0.5 * erfc(1 / sqrt(2.0));
    double below = 0.5 * erfc(0.5 / sqrt(2.0));
    assert_true(fabs(law.modal - 3 * (1 - above - below)) < 1e-12);
}

/* The drawn means lie within four standard errors of the law, for several scales and noises. */
static void test_law(void **state)
{
    (void)state;
    enum { TRIALS = 40 };
    static const double scales[] = {1.5e-9, 2.78e-9, 1e-8};
    struct az_snow_trial trials[TRIALS];
    az_center_fill(AZ_CENTER_CENTROID, 42, center);
    for (size_t n = 0; n < 6; n++) {
        struct az_snow plan = plan_of(scales[n % 3], 500);
        struct az_snow_law law;
        double unique = 0, holes = 0, unique2 = 0, holes2 = 0, pairs = 0;
        plan.noise = n < 3 ? AZ_NOISE_GAUSSIAN : AZ_NOISE_LAPLACE;
        assert_int_equal(az_snow_law(&plan, &law, NULL), AZ_OK);
        assert_int_equal(az_snow_run(&plan, 1, TRIALS, trials, three_threads, NULL, NULL), AZ_OK);
        for (int t = 0; t < TRIALS; t++) {
            double u = (double)trials[t].unique, h = (double)trials[t].black_holes;
            unique += u / TRIALS;
            holes += h / TRIALS;
            unique2 += u * u / TRIALS;
            holes2 += h * h / TRIALS;
            pairs += (double)trials[t].in_black_holes;
        }
        assert_true(fabs(unique - law.unique) <
                    4 * sqrt((unique2 - unique * unique) / TRIALS) + law.lost + 1e-9);
        assert_true(fabs(holes - law.black_holes) <
                    4 * sqrt((holes2 - holes * holes) / TRIALS) + law.lost + 1e-9);
        assert_true(pairs > 0 && law.lost < 0.1);
    }
}

/* Published counts of the notebooks (reference/cartography, I3, I4 and I7): mean and tolerance. */
static void test_notebooks(void **state)
{
    (void)state;
    static const struct {
        enum az_center center;
        enum az_noise noise;
        double scale, rows, unique, unique_error, holes, holes_error, modal, modal_error;
    } published[] = {
        {AZ_CENTER_VECTOR, AZ_NOISE_GAUSSIAN, 9.54e-9, 2200, 186, 20, 127, 15, 103, 25},
        {AZ_CENTER_VECTOR, AZ_NOISE_GAUSSIAN, 1e-8, 2200, 210, 20, 146, 15, 88, 25},
        {AZ_CENTER_VECTOR, AZ_NOISE_GAUSSIAN, 2.024e-8, 2200, 1179, 55, 410, 28, 10, 4},
        {AZ_CENTER_CENTROID, AZ_NOISE_GAUSSIAN, 1.4e-9, 2221, 0, 0, 4.9, 0.7, 1664, 20},
        {AZ_CENTER_CENTROID, AZ_NOISE_GAUSSIAN, 1.6e-9, 2221, 0, 0, 6.0, 0.6, 1573, 20},
        {AZ_CENTER_CENTROID, AZ_NOISE_GAUSSIAN, 2.78e-9, 2221, 0, 0, 15.4, 1.6, 1122, 28},
        {AZ_CENTER_CENTROID, AZ_NOISE_GAUSSIAN, 5.99e-9, 2221, 112.1, 8, 84.3, 6, 303, 20},
        {AZ_CENTER_CENTROID, AZ_NOISE_LAPLACE, 5.99e-9, 2221, 0, 0, 145, 15, 239, 20},
    };
    for (size_t n = 0; n < sizeof published / sizeof *published; n++) {
        struct az_snow plan = plan_of(published[n].scale, (int64_t)published[n].rows);
        struct az_snow_law law;
        plan.noise = published[n].noise;
        az_center_fill(published[n].center, 42, center);
        assert_int_equal(az_snow_law(&plan, &law, NULL), AZ_OK);
        if (published[n].unique > 0)
            assert_true(fabs(law.unique - published[n].unique) < published[n].unique_error);
        assert_true(fabs(law.black_holes - published[n].holes) < published[n].holes_error);
        assert_true(fabs(law.modal - published[n].modal) < published[n].modal_error);
    }
}

/* I1 ran about the core's centroid less the mean of all rows, where other coordinates are fine: its
 * 11.42 +- 1.36 unique vectors lie within what such vectors give, and are not those of the model's
 * own frame. */
static void test_centred_frame(void **state)
{
    (void)state;
    struct az_snow plan = plan_of(1.5e-9, 2100);
    struct az_snow_law law;
    double least = INFINITY, most = 0;
    az_center_fill(AZ_CENTER_CENTROID, 42, center);
    assert_int_equal(az_snow_law(&plan, &law, NULL), AZ_OK);
    assert_true(fabs(law.unique - 5.84) < 0.42);
    for (uint64_t seed = 0; seed < 40; seed++) {
        az_center_fill(AZ_CENTER_CENTRED, seed, center);
        assert_int_equal(az_snow_law(&plan, &law, NULL), AZ_OK);
        least = fmin(least, law.unique);
        most = fmax(most, law.unique);
    }
    assert_true(least < 11.42 + 1.36 && most > 11.42);
}

/* The same numbers from one thread and from three, and for survivors drawn with others. */
static void test_threads(void **state)
{
    (void)state;
    enum { TRIALS = 5 };
    struct az_snow_trial a[4 * TRIALS], b[4 * TRIALS];
    struct az_snow plans[4];
    az_center_fill(AZ_CENTER_CENTROID, 1, center);
    for (int n = 0; n < 4; n++) {
        plans[n] = plan_of(5e-9, 60);
        plans[n].noise = (enum az_noise)n;
        plans[n].population = 200;
        if (n >= AZ_NOISE_BALL) plans[n].scale *= sqrt(AZ_CENTER_DIMS);
    }
    assert_int_equal(az_snow_run(plans, 4, TRIALS, a, one_thread, NULL, NULL), AZ_OK);
    assert_int_equal(az_snow_run(plans, 4, TRIALS, b, three_threads, NULL, NULL), AZ_OK);
    assert_memory_equal(a, b, sizeof a);
    assert_true(a[0].unique > 1 && a[0].unique < 60);
}

static void test_bad_plans(void **state)
{
    (void)state;
    struct az_snow plan = plan_of(1e-9, 10);
    struct az_snow_trial trial;
    struct az_snow_law law;
    az_center_fill(AZ_CENTER_VECTOR, 1, center);
    plan.scale = 0;
    assert_int_equal(az_snow_run(&plan, 1, 1, &trial, one_thread, NULL, NULL), AZ_USAGE);
    plan = plan_of(1e-9, 10);
    plan.survivors = 11;
    assert_int_equal(az_snow_run(&plan, 1, 1, &trial, one_thread, NULL, NULL), AZ_USAGE);
    plan = plan_of(1e-9, 10);
    center[5] = NAN;
    assert_int_equal(az_snow_run(&plan, 1, 1, &trial, one_thread, NULL, NULL), AZ_USAGE);
    center[5] = 0;
    plan.noise = AZ_NOISE_BALL;
    assert_int_equal(az_snow_law(&plan, &law, NULL), AZ_UNSUPPORTED);
}

/* A walk without noise and rounding losses: all rows are one vector, on the way of the drift. */
static void test_walk(void **state)
{
    (void)state;
    static const double target[40] = {1};
    struct az_walk walk = {.target = target,
                           .dims = 40,
                           .length = 0.25,
                           .decay = 0.5,
                           .rows = 1100,
                           .steps = 4,
                           .culled_per_step = 100,
                           .census_every = 3};
    struct az_walk_census a[3], b[3];
    assert_int_equal(az_walk_censuses(&walk), 3);
    assert_int_equal(az_walk_run(&walk, a, one_thread, NULL, NULL), AZ_OK);
    assert_int_equal(a[1].step, 3);
    assert_int_equal(a[1].alive, 800);
    assert_int_equal(a[2].step, 4);
    assert_int_equal(a[2].alive, 700);
    assert_int_equal(a[2].unique, 1);
    assert_int_equal(a[2].largest, 700);
    assert_true(fabs(a[2].mean_norm - 0.46875) < 1e-12);
    assert_true(fabs(a[2].centroid_norm - 0.46875) < 1e-12);
    assert_true(fabs(a[2].exact_norm - 0.46875) < 1e-12);
    walk.sigma = 1e-3;
    assert_int_equal(az_walk_run(&walk, a, one_thread, NULL, NULL), AZ_OK);
    assert_int_equal(az_walk_run(&walk, b, three_threads, NULL, NULL), AZ_OK);
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(a[2].unique, 700);
    walk.culled_per_step = 275;
    assert_int_equal(az_walk_run(&walk, a, one_thread, NULL, NULL), AZ_USAGE);
}

/* I8: pachinko stalls at radius .2484 without a black hole. I9: drift leaves no black hole either;
 * its radii, .3833 of the rows and .3700 of their centroid, follow from an initial noise of .0021.
 * Rows do not depend on each other, so a few of them show it. */
static void test_notebooks_walks(void **state)
{
    (void)state;
    az_center_fill(AZ_CENTER_VECTOR, 42, center);
    struct az_walk walk = {.target = center,
                           .dims = AZ_CENTER_DIMS,
                           .sigma = 1e-4,
                           .length = 0.003,
                           .decay = 0.99,
                           .rows = 36,
                           .steps = 300,
                           .census_every = 300};
    struct az_walk_census census[2];
    assert_int_equal(az_walk_run(&walk, census, three_threads, NULL, NULL), AZ_OK);
    assert_true(fabs(census[1].mean_norm - 0.2484) < 0.001);
    assert_true(census[1].exact_norm > 0.28);
    assert_int_equal(census[1].black_holes, 0);
    walk.sigma = 0.0021;
    walk.length = 0.003709;
    walk.decay = 1;
    walk.steps = walk.census_every = 100;
    assert_int_equal(az_walk_run(&walk, census, three_threads, NULL, NULL), AZ_OK);
    assert_true(fabs(census[1].mean_norm - 0.3833) < 0.001);
    assert_true(fabs(census[1].centroid_norm - 0.3700) < 0.001);
    assert_int_equal(census[1].black_holes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_center),
        cmocka_unit_test(test_one_dimension),
        cmocka_unit_test(test_law),
        cmocka_unit_test(test_notebooks),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_bad_plans),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_centred_frame),
        cmocka_unit_test(test_notebooks_walks),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
