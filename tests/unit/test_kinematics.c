/* Kinematics on planted recordings, and what must hold of every look at a recording. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lens_fixture.h"
#include "azimuth/kernel.h"
#include "azimuth/kinematics.h"
#include "azimuth/lifecycle.h"
#include "azimuth/motion.h"
#include "lens/eigenvalues.h"

static double value(int64_t step, int64_t row, int64_t d)
{
    return (double)az_bf16_to_f32(*at(step, row, d));
}

static bool in_set(enum az_lens_set set, int64_t row)
{
    return set == AZ_LENS_ALL || is_dead(row) == (set == AZ_LENS_DEAD);
}

static void assert_near(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance * fmax(fabs(expected), 1e-12)))
        fail_msg("%.17g, not %.17g", found, expected);
}

static void centroid_of(enum az_lens_set set, int64_t step, double *centroid)
{
    int64_t count = 0;
    memset(centroid, 0, DIMS * sizeof *centroid);
    for (int64_t row = 0; row < ROWS; row++) {
        if (!in_set(set, row)) continue;
        count++;
        for (int64_t d = 0; d < DIMS; d++) centroid[d] += value(step, row, d);
    }
    for (int64_t d = 0; d < DIMS; d++) centroid[d] /= (double)count;
}

static double norm(const double *x)
{
    double squares = 0;
    for (int64_t d = 0; d < DIMS; d++) squares += x[d] * x[d];
    return sqrt(squares);
}

/* ---- positions and motions ---- */

static void check_frame(const struct az_lens *lens, enum az_lens_set set, int64_t step)
{
    const struct az_kinematics_frame *frame = &lens->kinematics->frames[set][step];
    double before[DIMS], now[DIMS], drift[DIMS];
    double origin = 0, cloud = 0, total = 0, thermal = 0, radial = 0, count = 0;
    double along_squares = 0, across_squares = 0;
    int64_t movers = 0, outward = 0;
    centroid_of(set, step - 1, before);
    centroid_of(set, step, now);
    for (int64_t d = 0; d < DIMS; d++) drift[d] = now[d] - before[d];
    for (int64_t row = 0; row < ROWS; row++) {
        double x[DIMS], dx[DIMS], from_centroid[DIMS], peculiar[DIMS], along = 0;
        if (!in_set(set, row)) continue;
        for (int64_t d = 0; d < DIMS; d++) {
            x[d] = value(step, row, d);
            dx[d] = x[d] - value(step - 1, row, d);
            from_centroid[d] = x[d] - now[d];
            peculiar[d] = dx[d] - drift[d];
            along += dx[d] * (x[d] - dx[d]);
        }
        count++;
        origin += norm(x);
        cloud += norm(from_centroid);
        total += norm(dx) * norm(dx);
        thermal += norm(peculiar) * norm(peculiar);
        movers += norm(dx) > 0;
        outward += along > 0;
        for (int64_t d = 0; d < DIMS; d++) x[d] -= dx[d];
        if (norm(dx) > 0) radial += along / (norm(dx) * norm(x));
        along_squares += along * along / (norm(x) * norm(x));
        for (int64_t d = 0; d < DIMS; d++) {
            double across = dx[d] - along * x[d] / (norm(x) * norm(x));
            across_squares += across * across;
        }
    }
    assert_near(frame->centroid_norm_w, norm(now), 1e-12);
    assert_near(frame->centroid_speed_w, norm(drift), 1e-9);
    assert_near(frame->origin_radius_w, origin / count, 1e-12);
    assert_near(frame->cloud_radius_w, cloud / count, 1e-12);
    assert_near(frame->total_w2, total / count, 1e-12);
    assert_near(frame->thermal_w2, thermal / count, 1e-9);
    assert_int_equal(frame->movers, movers);
    assert_int_equal(frame->outward, outward);
    if (movers == 0) return;
    assert_near(frame->radial_share, radial / (double)movers, 1e-9);
    assert_near(frame->movers_radial_w2, along_squares / (double)movers, 1e-9);
    assert_near(frame->movers_tangential_w2, across_squares / (double)movers, 1e-9);
}

static void every_frame_is_that_of_the_definitions(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){0});
    for (enum az_lens_set set = AZ_LENS_ALL; set <= AZ_LENS_LIVE; set++) {
        for (int64_t step = 1; step <= STEPS; step++) check_frame(lens, set, step);
        assert_true(lens->kinematics->sets[set].identity_error < 1e-12);
    }
    az_lens_free(lens);
}

static void paths_are_sums_of_the_token_s_motions(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){0});
    for (int64_t row = 0; row < ROWS; row++) {
        const struct az_token_path *path = &lens->kinematics->tokens[row];
        enum az_lens_set home = is_dead(row) ? AZ_LENS_DEAD : AZ_LENS_LIVE;
        double net[DIMS], c0[DIMS], c1[DIMS], length = 0, peculiar_length = 0;
        centroid_of(home, 0, c0);
        centroid_of(home, STEPS, c1);
        for (int64_t d = 0; d < DIMS; d++) net[d] = value(STEPS, row, d) - value(0, row, d);
        assert_near(path->net_w, norm(net), 1e-12);
        for (int64_t d = 0; d < DIMS; d++) net[d] -= c1[d] - c0[d];
        assert_near(path->peculiar_net_w, norm(net), 1e-9);
        for (int64_t step = 1; step <= STEPS; step++) {
            double dx[DIMS], own[DIMS];
            centroid_of(home, step - 1, c0);
            centroid_of(home, step, c1);
            for (int64_t d = 0; d < DIMS; d++) {
                dx[d] = value(step, row, d) - value(step - 1, row, d);
                own[d] = dx[d] - (c1[d] - c0[d]);
            }
            length += norm(dx);
            peculiar_length += norm(own);
        }
        assert_near(path->path_w, length, 1e-12);
        assert_near(path->peculiar_path_w, peculiar_length, 1e-9);
    }
    az_lens_free(lens);
}

static void velocities_are_compared_at_their_lags(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){0});
    assert_int_equal(lens->kinematics->velocity_every, 1);
    for (int n = 0; n < AZ_VELOCITY_LAGS; n++) {
        const struct az_velocity_lag *found = &lens->kinematics->sets[AZ_LENS_DEAD].velocity[1][n];
        double products = 0, squares = 0, cosines = 0;
        int64_t pairs = 0;
        for (int64_t t = 11; t + found->lag_frames <= STEPS; t++) {
            for (int64_t row = 0; row < ROWS; row++) {
                double v0[DIMS], v1[DIMS], product = 0;
                if (!is_dead(row)) continue;
                for (int64_t d = 0; d < DIMS; d++) {
                    int64_t s = t + found->lag_frames;
                    v0[d] = value(t, row, d) - value(t - 1, row, d);
                    v1[d] = value(s, row, d) - value(s - 1, row, d);
                    product += v0[d] * v1[d];
                }
                products += product;
                squares += norm(v0) * norm(v0);
                if (norm(v0) == 0 || norm(v1) == 0) continue;
                pairs++;
                cosines += product / (norm(v0) * norm(v1));
            }
        }
        assert_int_equal(found->pairs, pairs);
        if (squares == 0) {
            assert_true(isnan(found->products_ratio));
            continue;
        }
        assert_near(found->products_ratio, products / squares, 1e-9);
        assert_near(found->mean_cosine, cosines / (double)pairs, 1e-9);
    }
    az_lens_free(lens);
}

static void the_cloud_s_shape_is_that_of_its_covariance(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){0});
    const struct az_kinematics *kinematics = lens->kinematics;
    double c[DIMS], squares = 0, trace = 0;
    centroid_of(AZ_LENS_ALL, 0, c);
    for (int64_t a = 0; a < DIMS; a++) {
        for (int64_t b = 0; b < DIMS; b++) {
            double sum = 0;
            for (int64_t row = 0; row < ROWS; row++)
                sum += (value(0, row, a) - c[a]) * (value(0, row, b) - c[b]);
            squares += sum * sum / ROWS / ROWS;
            if (a == b) trace += sum / ROWS;
        }
    }
    const struct az_cloud_shape *shape = &kinematics->shapes[AZ_LENS_ALL][0];
    assert_near(shape->trace_w2, trace, 1e-12);
    assert_near(shape->participation_dims, trace * trace / squares, 1e-10);
    assert_int_equal(kinematics->shapes[AZ_LENS_ALL][kinematics->shape_count - 1].step, STEPS);
    double matrix[] = {4, 1, 1, 1, 3, 2, 1, 2, 3}, values[3], scratch[3];
    assert_int_equal(az_eigenvalues(matrix, 3, values, scratch, NULL), AZ_OK);
    assert_near(values[0], 6, 1e-14);
    assert_near(values[1], 3, 1e-14);
    assert_near(values[2], 1, 1e-14);
    az_lens_free(lens);
}

/* ---- identities ---- */

static void assert_same(const struct az_lens *a, const struct az_lens *b)
{
    size_t moves = STEPS;
    for (int set = AZ_LENS_ALL; set <= AZ_LENS_LIVE; set++) {
        assert_memory_equal(a->motion->steps[set], b->motion->steps[set],
                            moves * sizeof *a->motion->steps[set]);
        assert_memory_equal(a->kinematics->frames[set], b->kinematics->frames[set],
                            (moves + 1) * sizeof *a->kinematics->frames[set]);
        assert_memory_equal(a->kinematics->spectra[set], b->kinematics->spectra[set],
                            (size_t)a->kinematics->shape_count * DIMS * sizeof(double));
    }
    assert_memory_equal(a->kinematics->sets, b->kinematics->sets, sizeof a->kinematics->sets);
    assert_memory_equal(a->lifecycle->tokens, b->lifecycle->tokens,
                        ROWS * sizeof *a->lifecycle->tokens);
    assert_memory_equal(a->kinematics->tokens, b->kinematics->tokens,
                        ROWS * sizeof *a->kinematics->tokens);
}

static void threads_and_instruction_sets_do_not_show(void **state)
{
    (void)state;
    const char *path = write_planted(&(struct planted){0}, "planted.safetensors");
    struct az_lens_options options = {.threads = 1, .kinematics = true, .isa = "reference"};
    struct az_lens *first = look_with(path, &options);
    for (enum az_isa isa = 0; isa < AZ_ISA_COUNT; isa++) {
        if (!az_isa_available(isa)) continue;
        for (options.threads = 1; options.threads <= 5; options.threads += 2) {
            options.isa = az_isa_name(isa);
            struct az_lens *other = look_with(path, &options);
            assert_same(first, other);
            az_lens_free(other);
        }
    }
    az_lens_free(first);
}

static void the_motion_of_a_permuted_vocabulary_is_the_permuted_motion(void **state)
{
    (void)state;
    int64_t order[ROWS];
    for (int64_t n = 0; n < ROWS; n++) order[n] = n * 7 % ROWS;
    order[0] = 0;
    struct az_lens *plain = look_at(&(struct planted){0});
    struct az_lens *mixed = look_at(&(struct planted){.order = order});
    for (int64_t n = 0; n < ROWS; n++)
        assert_memory_equal(&mixed->lifecycle->tokens[n], &plain->lifecycle->tokens[order[n]],
                            sizeof(struct az_token_life));
    for (int set = AZ_LENS_ALL; set <= AZ_LENS_LIVE; set++) {
        assert_memory_equal(mixed->motion->steps[set], plain->motion->steps[set],
                            STEPS * sizeof *plain->motion->steps[set]);
        assert_memory_equal(mixed->motion->strata[set], plain->motion->strata[set],
                            AZ_LENS_WINDOWS * sizeof *plain->motion->strata[set]);
    }
    az_lens_free(plain);
    az_lens_free(mixed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_that_of_the_definitions),
        cmocka_unit_test(paths_are_sums_of_the_token_s_motions),
        cmocka_unit_test(velocities_are_compared_at_their_lags),
        cmocka_unit_test(the_cloud_s_shape_is_that_of_its_covariance),
        cmocka_unit_test(threads_and_instruction_sets_do_not_show),
        cmocka_unit_test(the_motion_of_a_permuted_vocabulary_is_the_permuted_motion),
    };
    plant();
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
