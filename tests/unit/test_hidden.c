/* Hidden states: planted ones whose every number is known, and random ones against sums written
 * down as the definitions say, the softmax over the whole vocabulary included. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../hidden_fixture.h"

/* ---- planted ---- */

static void planted_states_are_told_exactly(void **state)
{
    (void)state;
    plant_simple();
    struct az_hidden *hidden = look(&(struct recorded){.no_gradient = true}, &two);
    assert_int_equal(hidden->count, STEPS);
    assert_int_equal(hidden->positions, POSITIONS);
    assert_int_equal(hidden->dead, DEAD);
    assert_true(hidden->probabilities && !hidden->gradients);
    double up = 100 * exp(1) / (100 * exp(1) + 200), down = 100 / (100 + 200 * exp(1));
    for (int64_t n = 0; n < STEPS; n++) {
        const double *of = hidden->steps[n].of,
                     *mean = hidden->vectors[AZ_HIDDEN_H_MEAN] + n * DIMS;
        const double *h_dead = hidden->vectors[AZ_HIDDEN_H_DEAD] + n * DIMS;
        double k = (double)((n + 1) % 8), last = (double)(n % 8), size = sqrt(64 + k * k);
        double tilt = 2 * (up - down) / (up + down);
        assert_int_equal(hidden->steps[n].step, n + 1);
        assert_true(mean[0] == 8 && mean[1] == k && mean[2] == 0 && mean[20] == 0);
        assert_near(of[AZ_HIDDEN_NORM], size, 1e-14);
        assert_near(of[AZ_HIDDEN_VARIANCE], 4, 1e-13);
        assert_near(of[AZ_HIDDEN_RMS], sqrt(68 + k * k), 1e-13);
        assert_near(of[AZ_HIDDEN_RESULTANT], size / sqrt(68 + k * k), 1e-13);
        assert_near(of[AZ_HIDDEN_RANK], 1, 1e-12);
        assert_near(of[AZ_HIDDEN_PARTICIPATION], 1, 1e-12);
        assert_near(of[AZ_HIDDEN_AGAIN], n ? (64 + k * last) / size / sqrt(64 + last * last) : NAN,
                    1e-14);
        assert_near(of[AZ_HIDDEN_DEAD_SHARE], (up + down) / 2, 1e-7);
        assert_near(h_dead[2], tilt, 1e-6);
        assert_near(of[AZ_HIDDEN_DEAD_NORM], sqrt(size * size + tilt * tilt), 1e-6);
        assert_near(of[AZ_HIDDEN_DEAD_MEAN], size / sqrt(size * size + tilt * tilt), 1e-7);
        /* dc = (0, 0, 0, -1/128, ...), across all hidden states */
        assert_near(of[AZ_HIDDEN_SPEED], 1.0 / 128, 1e-15);
        assert_near(of[AZ_HIDDEN_CARRIED], 1, 1e-15);
        assert_near(of[AZ_HIDDEN_MEAN_DRIFT], 0, 0);
        assert_near(of[AZ_HIDDEN_TURN], n ? 1 : NAN, 1e-15);
        assert_near(of[AZ_HIDDEN_GRADIENT], NAN, 0);
        assert_near(of[AZ_HIDDEN_MEAN_LIVE], NAN, 0); /* the live centroid is the origin */
    }
    az_hidden_free(hidden);
}

/* Dead rows move along -h_mean and the gradient along h_mean: every angle is 0. */
static void a_push_against_h_mean_is_seen_as_that(void **state)
{
    (void)state;
    plant_simple();
    memset(gradient, 0, sizeof gradient);
    for (int64_t t = 0; t <= STEPS; t++) {
        for (int64_t row = 0; row < ROWS; row += 3) {
            for (int64_t d = 0; d < 4; d++) at(t, row, d)->bits = 0;
            *at(t, row, 0) = az_bf16_from_f32(-(float)t / 64);
            for (int64_t d = 0; d < 2; d++)
                gradient[t][row * DIMS + d] = (float)(row + 1) * (d ? 0 : 8);
        }
        for (int64_t p = 0; p < POSITIONS; p++) h_at(t, p)[1].bits = 0;
    }
    struct az_hidden *hidden = look(&(struct recorded){.bf16_gradient = true}, &two);
    for (int64_t n = 0; n < STEPS; n++) {
        const double *of = hidden->steps[n].of;
        assert_near(of[AZ_HIDDEN_MEAN_DRIFT], 1, 1e-15);
        assert_near(of[AZ_HIDDEN_DEAD_DRIFT], 1, 1e-7);
        assert_near(of[AZ_HIDDEN_PUSH_DRIFT], 1, 1e-7);
        assert_near(of[AZ_HIDDEN_AGAINST], 1, 0);
        assert_near(of[AZ_HIDDEN_GRADIENT], 1, 1e-7);
        assert_near(of[AZ_HIDDEN_MEAN_DEAD], -1, 1e-15);
    }
    az_hidden_free(hidden);
}

/* ---- random, against the definitions ---- */

static void compare_step(const struct az_hidden_step *step)
{
    int64_t t = step->step;
    const double *of = step->of;
    assert_near(of[AZ_HIDDEN_VARIANCE], slow.variance[t], 1e-9);
    assert_near(of[AZ_HIDDEN_RESULTANT], slow.resultant[t], 1e-12);
    assert_near(of[AZ_HIDDEN_AGAIN], t > 1 ? cosine(slow.mean[t - 1], slow.mean[t]) : NAN, 1e-12);
    assert_near(of[AZ_HIDDEN_DEAD_SHARE] / slow.share[t], 1, 1e-4);
    assert_near(of[AZ_HIDDEN_DEAD_AGAIN], t > 1 ? cosine(slow.push[t - 1], slow.push[t]) : NAN,
                1e-6);
    assert_near(of[AZ_HIDDEN_DEAD_MEAN], cosine(slow.push[t], slow.mean[t]), 1e-6);
    assert_near(of[AZ_HIDDEN_MEAN_DRIFT], -cosine(slow.mean[t], slow.drift[t]), 1e-9);
    assert_near(of[AZ_HIDDEN_DEAD_DRIFT], -cosine(slow.push[t], slow.drift[t]), 1e-5);
    assert_near(of[AZ_HIDDEN_PUSH_DRIFT], -cosine(slow.running[t], slow.drift[t]), 1e-5);
    assert_near(of[AZ_HIDDEN_TURN], t > 1 ? cosine(slow.drift[t - 1], slow.drift[t]) : NAN, 1e-9);
    assert_near(of[AZ_HIDDEN_MEAN_DEAD], cosine(slow.mean[t], slow.dead[t]), 1e-12);
    assert_near(of[AZ_HIDDEN_MEAN_LIVE], cosine(slow.mean[t], slow.live[t]), 1e-12);
    assert_near(of[AZ_HIDDEN_DEAD_LIVE], cosine(slow.dead[t], slow.live[t]), 1e-12);
    assert_true(of[AZ_HIDDEN_GRADIENT] > 1 - 1e-6);
    double squares = 0, fourths = 0, against = 0, all = 0;
    for (int d = 0; d < DIMS; d++) {
        double x = slow.drift[t][d];
        squares += x * x;
        fourths += x * x * x * x;
        all += fabs(x);
        against += x * slow.push[t][d] < 0 ? fabs(x) : 0;
    }
    assert_near(of[AZ_HIDDEN_CARRIED], squares * squares / fourths, 1e-6);
    assert_near(of[AZ_HIDDEN_AGAINST], against / all, 1e-6);
}

static void random_states_agree_with_the_definitions(void **state)
{
    (void)state;
    plant_random();
    for (int rounded = 0; rounded < 2; rounded++) {
        compute_slowly(rounded);
        struct az_hidden *hidden =
            look(&(struct recorded){.compute = rounded ? "bf16" : "f32"}, &two);
        for (int64_t n = 0; n < STEPS; n++) compare_step(&hidden->steps[n]);
        az_hidden_free(hidden);
    }
}

/* Where h was not recorded, h_dead has the direction of the dead rows' gradients. */
static void gradients_give_the_direction_of_h_dead(void **state)
{
    (void)state;
    plant_random();
    compute_slowly(true);
    struct az_hidden *hidden = look(&(struct recorded){.no_h = true, .untied = true}, &two);
    assert_string_equal(hidden->matrix, "U");
    assert_int_equal(hidden->count, STEPS);
    assert_int_equal(hidden->positions, 0);
    assert_true(!hidden->probabilities && hidden->gradients && !hidden->towards);
    for (int64_t n = 0; n < STEPS; n++) {
        const double *of = hidden->steps[n].of, *drift = slow.drift[n + 1];
        assert_true(cosine(hidden->vectors[AZ_HIDDEN_H_DEAD] + n * DIMS, slow.push[n + 1]) >
                    1 - 1e-9);
        assert_true(isnan(of[AZ_HIDDEN_NORM]) && isnan(of[AZ_HIDDEN_DEAD_NORM]));
        assert_near(of[AZ_HIDDEN_DEAD_DRIFT], -cosine(slow.push[n + 1], drift), 1e-5);
        assert_near(of[AZ_HIDDEN_PUSH_DRIFT], -cosine(slow.running[n + 1], drift), 1e-5);
    }
    az_hidden_free(hidden);
}

/* ---- tokens ---- */

static void tokens_are_ranked_by_cosine(void **state)
{
    (void)state;
    plant_random();
    compute_slowly(true);
    for (int64_t d = 0; d < DIMS; d++) { /* one row along h_mean of step 9, one against it */
        *at(8, 44, d) = az_bf16_from_f32((float)(0.01 * slow.mean[9][d]));
        *at(8, 45, d) = az_bf16_from_f32((float)(-3 * slow.mean[9][d]));
        at(8, 46, d)->bits = 0;
    }
    struct az_hidden *hidden = look(&(struct recorded){.no_gradient = true}, &two);
    const struct az_hidden_token *towards = hidden->towards + 8 * AZ_HIDDEN_TOKENS;
    const struct az_hidden_token *away = hidden->away + 8 * AZ_HIDDEN_TOKENS;
    assert_int_equal(towards[0].token, 44);
    assert_int_equal(away[0].token, 45);
    assert_true(towards[0].cosine > 0.9999 && away[0].cosine < -0.9999);
    for (int k = 1; k < AZ_HIDDEN_TOKENS; k++) {
        int64_t better = 0;
        double row[DIMS];
        for (int64_t token = 0; token < ROWS; token++) {
            for (int64_t d = 0; d < DIMS; d++) row[d] = wide(*at(8, token, d));
            better += cosine(row, slow.mean[9]) > towards[k].cosine + 1e-12;
            if (token == towards[k].token)
                assert_near(cosine(row, slow.mean[9]), towards[k].cosine, 1e-12);
        }
        assert_int_equal(better, k);
        assert_true(away[k].cosine >= away[k - 1].cosine);
    }
    az_hidden_free(hidden);
}

/* ---- lags, tracks ---- */

/* h_mean turns by the same angle at every step, in a plane: cosines of lags are cos(k angle). */
static void memory_of_a_steady_turn(void **state)
{
    (void)state;
    memset(states, 0, sizeof states);
    const double angle = 0.02;
    for (int64_t t = 1; t <= STEPS; t++)
        for (int64_t p = 0; p < POSITIONS; p++) {
            h_at(t, p)[3] = az_bf16_from_f32((float)(100 * cos(angle * (double)t)));
            h_at(t, p)[9] = az_bf16_from_f32((float)(100 * sin(angle * (double)t)));
        }
    struct az_hidden *hidden = look(&(struct recorded){.no_w = true, .no_gradient = true}, &two);
    const struct az_hidden_track *track = &hidden->tracks[AZ_HIDDEN_H_MEAN];
    assert_int_equal(track->directions, STEPS);
    assert_near(track->net_degrees, 59 * angle * 57.29577951308232, 0.3);
    assert_near(track->path_degrees, 59 * angle * 57.29577951308232, 0.3);
    assert_near(track->straightness, 1, 1e-6);
    assert_near(track->spread_most_degrees, track->net_degrees / 2, 0.3);
    assert_int_equal(hidden->tracks[AZ_HIDDEN_H_DEAD].directions, 0);
    static const int64_t lags[] = {1, 2, 5, 10, 20, 50};
    for (int window = 0; window <= AZ_LENS_WINDOWS; window++) {
        for (int n = 0; n < 6; n++) {
            const struct az_hidden_lag *lag = &hidden->lags[AZ_HIDDEN_H_MEAN][window][n];
            int64_t from = window == 1 ? 11 : 1, to = window == 0 ? 10 : STEPS;
            if (to > STEPS - lags[n]) to = STEPS - lags[n];
            bool any = (window < 2 || window == AZ_LENS_WINDOWS) && to >= from;
            assert_int_equal(lag->lag_frames, lags[n]);
            assert_int_equal(lag->pairs, any ? to - from + 1 : 0);
            assert_near(lag->mean_cosine, any ? cos((double)lags[n] * angle) : NAN, 1e-3);
            assert_near(lag->least_cosine, any ? cos((double)lags[n] * angle) : NAN, 4e-3);
        }
    }
    az_hidden_free(hidden);
}

/* Pearson's, from the vectors themselves, over all coordinates as one list. */
static void pearson_is_over_all_coordinates(void **state)
{
    (void)state;
    plant_random();
    struct az_hidden *hidden = look(&(struct recorded){.no_gradient = true}, &two);
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++) {
        const double *x = hidden->vectors[v];
        double product = 0, from = 0, to = 0;
        int64_t lag = 5, pairs = STEPS - 5;
        for (int64_t d = 0; d < DIMS; d++) {
            double a = 0, b = 0;
            for (int64_t n = 0; n < pairs; n++) {
                a += x[n * DIMS + d] / (double)pairs;
                b += x[(n + lag) * DIMS + d] / (double)pairs;
            }
            for (int64_t n = 0; n < pairs; n++) {
                double p = x[n * DIMS + d] - a, q = x[(n + lag) * DIMS + d] - b;
                product += p * q;
                from += p * p;
                to += q * q;
            }
        }
        assert_near(hidden->lags[v][AZ_LENS_WINDOWS][2].pearson, product / sqrt(from * to), 1e-9);
    }
    az_hidden_free(hidden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_states_are_told_exactly),
        cmocka_unit_test(a_push_against_h_mean_is_seen_as_that),
        cmocka_unit_test(random_states_agree_with_the_definitions),
        cmocka_unit_test(gradients_give_the_direction_of_h_dead),
        cmocka_unit_test(tokens_are_ranked_by_cosine),
        cmocka_unit_test(memory_of_a_steady_turn),
        cmocka_unit_test(pearson_is_over_all_coordinates),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
