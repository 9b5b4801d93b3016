/* Hidden states of every kind of recording: the same bits on any number of threads, steps and
 * cadences, what is missing, what is wrong, memory that runs out. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../hidden_fixture.h"
#include "base/memory.h"

/* ---- the same bits ---- */

static void assert_same(const struct az_hidden *a, const struct az_hidden *b)
{
    size_t vectors = (size_t)a->count * DIMS * sizeof(double);
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->steps, b->steps, (size_t)a->count * sizeof *a->steps);
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++)
        assert_memory_equal(a->vectors[v], b->vectors[v], vectors);
    assert_memory_equal(a->lags, b->lags, sizeof a->lags);
    assert_memory_equal(a->tracks, b->tracks, sizeof a->tracks);
    assert_memory_equal(a->towards, b->towards,
                        (size_t)a->count * AZ_HIDDEN_TOKENS * sizeof *a->towards);
}

static void neither_threads_nor_isa_nor_container_show(void **state)
{
    (void)state;
    plant_random();
    compute_slowly(true);
    static const struct az_hidden_options ways[] = {
        {.threads = 1}, {.threads = 3}, {.threads = 1, .isa = "reference"}};
    struct az_hidden *first = look(&(struct recorded){0}, &two);
    for (size_t n = 0; n < sizeof ways / sizeof *ways; n++) {
        struct az_hidden *other = look(&(struct recorded){0}, &ways[n]);
        assert_same(first, other);
        az_hidden_free(other);
    }
    struct az_hidden *packed =
        look(&(struct recorded){.name = "h.h5", .container = AZ_CONTAINER_HDF5}, &two);
    assert_same(first, packed);
    az_hidden_free(packed);
    az_hidden_free(first);
}

/* ---- steps and cadences ---- */

static void some_steps_are_looked_at(void **state)
{
    (void)state;
    plant_random();
    compute_slowly(true);
    struct az_hidden *all = look(&(struct recorded){0}, &two);
    struct az_hidden_options some = {.threads = 2, .every = 7, .first_step = 11, .last_step = 50};
    struct az_hidden *hidden = look(&(struct recorded){0}, &some);
    static const int64_t steps[] = {11, 18, 25, 32, 39, 46, 50};
    assert_int_equal(hidden->count, 7);
    assert_int_equal(hidden->longest_gap_steps, 7);
    for (int64_t n = 0; n < 7; n++) {
        const double *of = hidden->steps[n].of, *whole = all->steps[steps[n] - 1].of;
        assert_int_equal(hidden->steps[n].step, steps[n]);
        assert_true(of[AZ_HIDDEN_DEAD_SHARE] == whole[AZ_HIDDEN_DEAD_SHARE]);
        assert_true(of[AZ_HIDDEN_DEAD_DRIFT] == whole[AZ_HIDDEN_DEAD_DRIFT]);
        assert_true(of[AZ_HIDDEN_SPEED] == whole[AZ_HIDDEN_SPEED]);
        assert_true(isnan(of[AZ_HIDDEN_PUSH_DRIFT])); /* a running mean needs every step */
        assert_near(of[AZ_HIDDEN_AGAIN],
                    n ? cosine(slow.mean[steps[n - 1]], slow.mean[steps[n]]) : NAN, 1e-12);
        assert_true(hidden->towards[n * AZ_HIDDEN_TOKENS].token ==
                    all->towards[(steps[n] - 1) * AZ_HIDDEN_TOKENS].token);
    }
    az_hidden_free(hidden);
    az_hidden_free(all);
}

/* W at every fifth step only: h met it at steps 1, 6, 11 ...; it moved towards 5, 10, 15 ... */
static void a_matrix_with_a_cadence(void **state)
{
    (void)state;
    plant_random();
    compute_slowly(true);
    struct az_hidden *hidden = look(&(struct recorded){.no_gradient = true, .w_every = 5}, &two);
    for (int64_t t = 1; t <= STEPS; t++) {
        const double *of = hidden->steps[t - 1].of;
        double drift[DIMS];
        for (int d = 0; d < DIMS; d++)
            drift[d] = t % 5 ? NAN : slow.dead[t][d] - slow.dead[t - 5][d];
        assert_true(isnan(of[AZ_HIDDEN_DEAD_SHARE]) == (t % 5 != 1));
        assert_near(of[AZ_HIDDEN_MEAN_DRIFT], -cosine(slow.mean[t], drift), 1e-9);
        assert_near(of[AZ_HIDDEN_MEAN_DEAD], t % 5 ? NAN : cosine(slow.mean[t], slow.dead[t]),
                    1e-12);
        assert_true(hidden->towards[(t - 1) * AZ_HIDDEN_TOKENS].token >= 0);
    }
    az_hidden_free(hidden);
    hidden = look(&(struct recorded){.h_every = 3}, &two); /* gradients at every step, h not */
    assert_int_equal(hidden->count, STEPS / 3);
    assert_int_equal(hidden->steps[1].step, 6);
    assert_near(hidden->steps[1].of[AZ_HIDDEN_DEAD_SHARE] / slow.share[6], 1, 1e-4);
    assert_near(hidden->steps[1].of[AZ_HIDDEN_MEAN_DRIFT], -cosine(slow.mean[6], slow.drift[6]),
                1e-9);
    az_hidden_free(hidden);
}

/* ---- a mean that was recorded as such ---- */

static struct az_hidden *look_at_means(const char *path)
{
    struct az_hidden *hidden;
    struct az_error error;
    az_error_clear(&error);
    if (az_hidden_look(&hidden, path, &two, NULL, &error) != AZ_OK) fail_msg("%s", error.message);
    assert_true(hidden->means && !hidden->positions && !hidden->probabilities);
    return hidden;
}

static void a_recorded_mean_tells_all_but_the_spread(void **state)
{
    static const enum az_hidden_quantity same[] = {
        AZ_HIDDEN_NORM,      AZ_HIDDEN_AGAIN,     AZ_HIDDEN_SPEED,
        AZ_HIDDEN_TURN,      AZ_HIDDEN_CARRIED,   AZ_HIDDEN_MEAN_DRIFT,
        AZ_HIDDEN_MEAN_DEAD, AZ_HIDDEN_MEAN_LIVE, AZ_HIDDEN_DEAD_LIVE};
    static const enum az_hidden_quantity unknown[] = {
        AZ_HIDDEN_RMS,           AZ_HIDDEN_VARIANCE,   AZ_HIDDEN_RESULTANT, AZ_HIDDEN_RANK,
        AZ_HIDDEN_PARTICIPATION, AZ_HIDDEN_DEAD_SHARE, AZ_HIDDEN_DEAD_NORM, AZ_HIDDEN_DEAD_MEAN};
    (void)state;
    plant_random();
    compute_slowly(true);
    struct az_hidden *all = look(&(struct recorded){0}, &two);
    struct az_hidden *means =
        look_at_means(write_means("means.safetensors", STEPS, true, AZ_DTYPE_F32));
    assert_int_equal(means->count, STEPS);
    assert_int_equal(means->steps[0].step, 1);
    for (int64_t n = 0; n < STEPS; n++) {
        const double *of = means->steps[n].of, *whole = all->steps[n].of;
        for (size_t k = 0; k < sizeof same / sizeof *same; k++)
            assert_near(of[same[k]], whole[same[k]], 1e-6);
        for (size_t k = 0; k < sizeof unknown / sizeof *unknown; k++)
            assert_true(isnan(of[unknown[k]]));
        assert_true(means->towards[n * AZ_HIDDEN_TOKENS].token ==
                    all->towards[n * AZ_HIDDEN_TOKENS].token);
    }
    assert_near(means->tracks[AZ_HIDDEN_H_MEAN].path_degrees,
                all->tracks[AZ_HIDDEN_H_MEAN].path_degrees, 1e-3);
    /* With a frame of the start, as W has one, step t is frame t all the same. */
    struct az_hidden *start =
        look_at_means(write_means("start.safetensors", STEPS + 1, true, AZ_DTYPE_F32));
    assert_same(means, start);
    az_hidden_free(start);
    az_hidden_free(means);
    az_hidden_free(all);
}

static void a_recorded_mean_alone_or_of_another_type(void **state)
{
    static const struct az_hidden_options tokens = {.need_tokens = true};
    struct az_hidden *hidden;
    struct az_error error;
    (void)state;
    plant_random();
    compute_slowly(true);
    const char *path = write_means("alone.safetensors", STEPS, false, AZ_DTYPE_BF16);
    hidden = look_at_means(path);
    assert_true(!hidden->towards && hidden->matrix[0] == 0);
    double squares = 0;
    for (int d = 0; d < DIMS; d++)
        squares += pow(wide(az_bf16_from_f32((float)slow.mean[5][d])), 2);
    assert_near(hidden->steps[4].of[AZ_HIDDEN_NORM], sqrt(squares), 1e-12);
    az_hidden_free(hidden);
    assert_int_equal(az_hidden_look(&hidden, path, &tokens, NULL, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "rows of the unembedding, and these were not recorded"));
    path = write_means("half.safetensors", STEPS, true, AZ_DTYPE_F16);
    assert_int_equal(az_hidden_look(&hidden, path, &two, NULL, &error), AZ_UNSUPPORTED);
    assert_non_null(strstr(error.message, "h_mean is recorded as F16"));
    path = write_means("short.safetensors", STEPS - 1, true, AZ_DTYPE_F32);
    assert_int_equal(az_hidden_look(&hidden, path, &two, NULL, &error), AZ_FORMAT);
    assert_non_null(strstr(error.message, "neither says at which steps"));
}

/* ---- what is not there, what is wrong ---- */

static void what_is_not_recorded_is_not_told(void **state)
{
    (void)state;
    plant_random();
    compute_slowly(true);
    struct az_hidden *hidden = look(&(struct recorded){.no_gradient = true, .no_dead = true}, &two);
    assert_true(!hidden->probabilities && !hidden->dead && hidden->towards);
    assert_true(isnan(hidden->steps[3].of[AZ_HIDDEN_DEAD_NORM]));
    assert_true(isnan(hidden->steps[3].of[AZ_HIDDEN_SPEED]));
    az_hidden_free(hidden);
    /* some rows of W: no softmax, so h_dead comes from the gradients */
    hidden = look(&(struct recorded){.w_rows = 60}, &two);
    assert_true(!hidden->probabilities && hidden->gradients);
    assert_int_equal(hidden->dead, 20);
    assert_true(cosine(hidden->vectors[AZ_HIDDEN_H_DEAD] + 4 * DIMS, slow.push[5]) > 1 - 1e-6);
    assert_true(hidden->towards[0].token < 60);
    az_hidden_free(hidden);
    /* W of an untied model is not what h meets */
    hidden = look(&(struct recorded){.no_w = true}, &two);
    assert_string_equal(hidden->matrix, "");
    assert_true(!hidden->towards && !isnan(hidden->steps[0].of[AZ_HIDDEN_DEAD_MEAN]));
    az_hidden_free(hidden);
}

static void a_nan_stays_where_it_is(void **state)
{
    (void)state;
    plant_random();
    h_at(20, 17)[4].bits = 0x7fc0;
    at(30, 3, 0)->bits = 0x7f80;
    struct az_hidden *hidden = look(&(struct recorded){.no_gradient = true}, &two);
    assert_true(isnan(hidden->steps[19].of[AZ_HIDDEN_NORM]));
    assert_true(isnan(hidden->steps[19].of[AZ_HIDDEN_RANK]));
    assert_int_equal(hidden->towards[19 * AZ_HIDDEN_TOKENS].token, -1);
    assert_true(isnan(hidden->steps[20].of[AZ_HIDDEN_AGAIN]));
    assert_true(!isnan(hidden->steps[21].of[AZ_HIDDEN_AGAIN]));
    assert_true(isnan(hidden->steps[29].of[AZ_HIDDEN_MEAN_DEAD]));
    assert_true(!isnan(hidden->steps[32].of[AZ_HIDDEN_MEAN_DEAD]));
    az_hidden_free(hidden);
}

static void refuse(const struct recorded *how, const struct az_hidden_options *options,
                   enum az_status expected, const char *part)
{
    struct az_hidden *hidden;
    struct az_error error;
    az_error_clear(&error);
    assert_int_equal(az_hidden_look(&hidden, write_states(how), options, NULL, &error), expected);
    assert_null(hidden);
    if (!strstr(error.message, part)) fail_msg("%s", error.message);
}

static void what_cannot_be_told_is_refused(void **state)
{
    (void)state;
    refuse(&(struct recorded){.no_h = true, .no_gradient = true}, &two, AZ_MISSING,
           "neither h, nor h_mean, nor the gradient of the unembedding; train with");
    refuse(&(struct recorded){.no_h = true, .no_dead = true}, &two, AZ_MISSING,
           "no row that is known to be dead");
    refuse(&(struct recorded){.no_h = true}, &(struct az_hidden_options){.need_tokens = true},
           AZ_MISSING, "and h (or h_mean) was not recorded");
    refuse(&(struct recorded){.wide_h = true}, &two, AZ_UNSUPPORTED, "h is recorded as F32");
    refuse(&(struct recorded){0}, &(struct az_hidden_options){.first_step = STEPS + 1}, AZ_USAGE,
           "0 frames in these steps");
    refuse(&(struct recorded){0}, &(struct az_hidden_options){.matrix = "U"}, AZ_MISSING,
           "U was not recorded");
    refuse(&(struct recorded){0}, &(struct az_hidden_options){.matrix = "h"}, AZ_USAGE,
           "h has frames of 3 dimensions");
    refuse(&(struct recorded){0}, &(struct az_hidden_options){.isa = "abacus"}, AZ_USAGE, "abacus");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    plant_random();
    struct az_hidden *hidden = NULL;
    enum az_status status = AZ_MEMORY;
    const char *path = write_states(&(struct recorded){0});
    struct az_hidden_options options = {.threads = 2, .every = 20};
    size_t n = 0;
    while (status == AZ_MEMORY) {
        az_memory_fail_after(++n);
        status = az_hidden_look(&hidden, path, &options, NULL, NULL);
        az_memory_fail_after(0);
        assert_true((status == AZ_OK) == (hidden != NULL));
    }
    assert_int_equal(status, AZ_OK);
    assert_true(n > 30);
    az_hidden_free(hidden);
}

static void stop_at_once(void **state)
{
    (void)state;
    struct az_progress progress;
    struct az_hidden *hidden;
    static const volatile int stop = 1;
    az_progress_init(&progress, NULL, NULL, &stop);
    assert_int_equal(
        az_hidden_look(&hidden, write_states(&(struct recorded){0}), &two, &progress, NULL),
        AZ_INTERRUPTED);
    assert_null(hidden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neither_threads_nor_isa_nor_container_show),
        cmocka_unit_test(some_steps_are_looked_at),
        cmocka_unit_test(a_matrix_with_a_cadence),
        cmocka_unit_test(a_recorded_mean_tells_all_but_the_spread),
        cmocka_unit_test(a_recorded_mean_alone_or_of_another_type),
        cmocka_unit_test(what_is_not_recorded_is_not_told),
        cmocka_unit_test(a_nan_stays_where_it_is),
        cmocka_unit_test(what_cannot_be_told_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(stop_at_once),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
