/* What theory says of a run before it is looked at: checks on whole recordings. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tiny.h"

static size_t rows_of(const struct tiny_movie *movie)
{
    return (size_t)movie->about.frame_shape[0];
}

static size_t dims_of(const struct tiny_movie *movie)
{
    return (size_t)movie->about.frame_shape[1];
}

/* Adam's first step is lr * sign(g) in every coordinate that has a gradient: a displacement of
 * lr * sqrt(D) in all, a norm of sqrt(D) in units of lr. */
static void the_first_step_moves_every_token_by_lr_times_the_root_of_its_dimensions(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("train.steps=1");
    tiny_run_well(&experiment, "run");
    struct tiny_movie w = tiny_movie_of("run", "W");
    size_t dims = dims_of(&w);
    for (size_t row = 0; row < rows_of(&w); row++) {
        double sum = 0;
        for (size_t d = row * dims; d < (row + 1) * dims; d++)
            sum += pow(tiny_at(&w, 1, d) - tiny_at(&w, 0, d), 2);
        double norm = sqrt(sum) / experiment.optimizer.lr;
        assert_true(fabs(norm / sqrt((double)dims) - 1) < 0.05); /* bf16 rounds each coordinate */
    }
    tiny_movie_free(&w);
}

/* Before it has learnt anything a model gives every token the probability 1 / V. */
static void the_first_loss_is_the_logarithm_of_the_vocabulary(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("train.steps=1");
    struct az_train_result result = tiny_run_well(&experiment, "run");
    struct tiny_movie losses = tiny_movie_of("run", "losses");
    assert_true(isnan(tiny_at(&losses, 0, 0)));
    assert_true(tiny_at(&losses, 1, 0) == (double)result.first_loss);
    assert_true(fabs((double)result.first_loss - log(420)) < 0.05);
    tiny_movie_free(&losses);
}

static void dead_rows_of_an_untied_input_embedding_never_move(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("model.tied=false record.U=1");
    tiny_run_well(&experiment, "run");
    struct tiny_movie w = tiny_movie_of("run", "W"), u = tiny_movie_of("run", "U");
    int64_t *dead;
    size_t count = tiny_integers("run", "dead_indices", &dead);
    size_t row_bytes = dims_of(&w) * sizeof(struct az_bf16);
    assert_true(count > 20);
    for (size_t n = 0; n < count; n++) {
        const unsigned char *first = w.bytes + (size_t)dead[n] * row_bytes;
        for (int64_t t = 1; t < w.frames; t++)
            assert_memory_equal(first, first + (size_t)t * w.frame_bytes, row_bytes);
        const unsigned char *output = u.bytes + (size_t)dead[n] * row_bytes;
        assert_memory_not_equal(output, output + u.frame_bytes, row_bytes);
    }
    free(dead);
    tiny_movie_free(&w);
    tiny_movie_free(&u);
}

static void dead_tokens_that_start_at_one_point_stay_at_one_point(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("model.init=singular train.steps=40");
    tiny_run_well(&experiment, "run");
    struct tiny_movie w = tiny_movie_of("run", "W");
    int64_t *dead;
    size_t count = tiny_integers("run", "dead_indices", &dead);
    size_t row_bytes = dims_of(&w) * sizeof(struct az_bf16);
    for (int64_t t = 0; t < w.frames; t++) {
        const unsigned char *frame = w.bytes + (size_t)t * w.frame_bytes;
        for (size_t n = 1; n < count; n++)
            assert_memory_equal(frame + (size_t)dead[0] * row_bytes,
                                frame + (size_t)dead[n] * row_bytes, row_bytes);
    }
    assert_memory_not_equal(w.bytes + (size_t)dead[0] * row_bytes,
                            w.bytes + 40 * w.frame_bytes + (size_t)dead[0] * row_bytes, row_bytes);
    free(dead);
    tiny_movie_free(&w);
}

/* v * 0.999 rounds back to v: the ratchet. In float32 it decays. */
static void second_moments_in_bf16_never_decrease_at_beta2_0_999(void **state)
{
    (void)state;
    static const char *const overrides[] = {"optimizer.arithmetic=bf16 train.steps=60",
                                            "optimizer.arithmetic=f32 train.steps=60"};
    size_t decreases[2] = {0, 0};
    for (int n = 0; n < 2; n++) {
        struct az_experiment experiment = tiny_experiment(overrides[n]);
        tiny_run_well(&experiment, "run");
        struct tiny_movie v = tiny_movie_of("run", "variance_W");
        for (int64_t t = 1; t < v.frames; t++)
            for (size_t i = 0; i < rows_of(&v) * dims_of(&v); i++)
                decreases[n] += tiny_at(&v, t, i) < tiny_at(&v, t - 1, i);
        tiny_movie_free(&v);
    }
    assert_int_equal(decreases[0], 0);
    assert_true(decreases[1] > 1000);
}

static void weight_decay_below_the_lattice_changes_no_bit_where_it_rounds_by_itself(void **state)
{
    (void)state;
    char text[3][AZ_HASH_TEXT_BYTES];
    static const char *const overrides[] = {"optimizer.arithmetic=bf16",
                                            "optimizer.arithmetic=bf16 optimizer.weight_decay=1",
                                            "optimizer.arithmetic=bf16 optimizer.weight_decay=10"};
    for (int n = 0; n < 3; n++) {
        struct az_experiment experiment = tiny_experiment(overrides[n]);
        az_hash_text(tiny_run_well(&experiment, "run").fingerprint, text[n]);
    }
    assert_string_equal(text[0], text[1]);
    assert_string_not_equal(text[0], text[2]);
}

/* At the start every token has the same probability, so that the gradient of every dead row of the
 * unembedding is the mean of h over the scored positions, times that probability. */
static void the_first_gradient_of_dead_tokens_points_along_the_mean_hidden_state(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("train.steps=1 record.h=1");
    tiny_run_well(&experiment, "run");
    struct tiny_movie g = tiny_movie_of("run", "grad_W"), h = tiny_movie_of("run", "h");
    size_t dims = dims_of(&g), positions = h.frame_bytes / sizeof(struct az_bf16) / dims;
    double mean[64] = {0}, mean_square = 0;
    int64_t *dead;
    size_t count = tiny_integers("run", "dead_indices", &dead);
    assert_true(dims <= 64 && count > 20);
    for (size_t n = 0; n < positions; n++) {
        double square = 0;
        for (size_t d = 0; d < dims; d++) {
            double value = tiny_at(&h, 0, n * dims + d);
            mean[d] += value;
            square += value * value;
        }
        /* it comes out of a layer norm whose gain is 1 */
        assert_true(fabs(sqrt(square / (double)dims) - 1) < 0.02);
    }
    for (size_t d = 0; d < dims; d++) mean_square += mean[d] * mean[d];
    for (size_t n = 0; n < count; n++) {
        double product = 0, square = 0;
        for (size_t d = 0; d < dims; d++) {
            double value = tiny_at(&g, 1, (size_t)dead[n] * dims + d);
            product += value * mean[d];
            square += value * value;
        }
        assert_true(product / sqrt(square * mean_square) > 0.98);
    }
    free(dead);
    tiny_movie_free(&g);
    tiny_movie_free(&h);
}

/* Pushed the same way, dead tokens leave together, and the way narrows the cloud. Adam's step is
 * lr in each coordinate at first, and a little more while the gradient grows, which v follows more
 * slowly than m. */
static void the_dead_cloud_goes_out_and_contracts(void **state)
{
    (void)state;
    enum { STEPS = 400 };
    struct az_experiment experiment = tiny_experiment("train.steps=400");
    struct az_lens_options options = {.threads = 2, .kinematics = true};
    struct az_lens *lens;
    tiny_run_well(&experiment, "run");
    assert_int_equal(az_lens_look(&lens, tiny_path("run"), &options, NULL, NULL), AZ_OK);
    const struct az_kinematics_frame *frames = lens->kinematics->frames[AZ_LENS_DEAD];
    double limit = experiment.optimizer.lr * sqrt((double)lens->subject.dims);
    assert_true(frames[1].centroid_speed_w < limit && frames[1].centroid_speed_w > 0.8 * limit);
    for (int64_t n = 2; n <= STEPS; n++) assert_true(frames[n].centroid_speed_w < 1.1 * limit);
    assert_true(frames[STEPS].centroid_norm_w > 20 * frames[0].centroid_norm_w);
    assert_true(frames[STEPS].cloud_radius_w < 0.9 * frames[0].cloud_radius_w);
    az_lens_free(lens);
}

/* In units of the spacing at its start a hop is a whole number: but for one across a binade
 * downward, where the gaps are smaller. */
static void hops_are_whole_spacings_but_across_a_binade_downward(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("train.steps=60");
    tiny_run_well(&experiment, "run");
    struct tiny_movie w = tiny_movie_of("run", "W");
    int64_t hops = 0, halves = 0;
    for (int64_t t = 1; t < w.frames; t++) {
        for (size_t i = 0; i < rows_of(&w) * dims_of(&w); i++) {
            double from = tiny_at(&w, t - 1, i), to = tiny_at(&w, t, i);
            struct az_bf16 start = az_bf16_from_f32((float)from);
            double spacings = (to - from) / (double)az_bf16_ulp(start);
            bool downward = ilogb(to) < ilogb(from);
            hops += to != from;
            if (spacings == nearbyint(spacings)) continue;
            assert_true(downward || signbit(from) != signbit(to));
            halves++;
        }
    }
    assert_true(hops > 10000 && halves > 10 && halves < hops / 20);
    tiny_movie_free(&w);
}

static void the_loss_falls(void **state)
{
    (void)state;
    struct az_experiment experiment = tiny_experiment("train.steps=150 optimizer.lr=0.003");
    struct az_train_result result = tiny_run_well(&experiment, "run");
    assert_true((double)result.last_loss < (double)result.first_loss - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_step_moves_every_token_by_lr_times_the_root_of_its_dimensions),
        cmocka_unit_test(the_first_loss_is_the_logarithm_of_the_vocabulary),
        cmocka_unit_test(dead_rows_of_an_untied_input_embedding_never_move),
        cmocka_unit_test(dead_tokens_that_start_at_one_point_stay_at_one_point),
        cmocka_unit_test(second_moments_in_bf16_never_decrease_at_beta2_0_999),
        cmocka_unit_test(weight_decay_below_the_lattice_changes_no_bit_where_it_rounds_by_itself),
        cmocka_unit_test(the_first_gradient_of_dead_tokens_points_along_the_mean_hidden_state),
        cmocka_unit_test(the_dead_cloud_goes_out_and_contracts),
        cmocka_unit_test(hops_are_whole_spacings_but_across_a_binade_downward),
        cmocka_unit_test(the_loss_falls),
    };
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
