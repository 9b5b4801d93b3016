/* hidden_fixture.h: recordings of hidden states, beside the movie of lens_fixture.h, and what the
 * definitions say of random ones, written down without regard to time. Include it after cmocka.h.
 */
#ifndef AZ_TESTS_HIDDEN_FIXTURE_H
#define AZ_TESTS_HIDDEN_FIXTURE_H

#include "azimuth/hidden.h"
#include "azimuth/safetensors.h"
#include "lens_fixture.h"

/* More positions than a chunk of sums has, and no multiple of a tile of logits. */
enum { BATCH = 4, CONTEXT = 131, POSITIONS = BATCH * CONTEXT, DEAD = ROWS / 3 };

static struct az_bf16 states[STEPS + 1][POSITIONS * DIMS];
static float gradient[STEPS + 1][SIZE];

static inline struct az_bf16 *h_at(int64_t step, int64_t position)
{
    return states[step] + position * DIMS;
}

static inline double wide(struct az_bf16 x) { return (double)az_bf16_to_f32(x); }

/* ---- writing ---- */

struct recorded {
    const char *name;
    bool no_h, no_w, no_gradient, no_dead, bf16_gradient, wide_h, untied;
    int64_t w_every, h_every, w_rows;
    enum az_container container;
    const char *compute;
};

static int64_t cadence[3][STEPS + 1], dead_tokens[DEAD], first_rows[ROWS];

static inline struct az_recorded tensor(const char *name, enum az_dtype dtype, int64_t every,
                                        int which, int64_t first_step)
{
    struct az_recorded of = {.name = "",
                             .dtype = dtype,
                             .frame_rank = 2,
                             .frame_shape = {ROWS, DIMS},
                             .first_step = first_step};
    snprintf(of.name, sizeof of.name, "%s", name);
    for (int64_t step = first_step; step <= STEPS; step++)
        if (step % (every ? every : 1) == 0) cadence[which][of.frames++] = step;
    if (every > 1) of.steps = cadence[which];
    return of;
}

/* Frame of a step as it lies in the file. */
static inline const void *frame_of(const struct az_recorded *of, int64_t step)
{
    static unsigned char bytes[4 * POSITIONS * DIMS];
    for (size_t n = 0; of->name[0] == 'g' && of->dtype == AZ_DTYPE_BF16 && n < SIZE; n++)
        ((struct az_bf16 *)(void *)bytes)[n] = az_bf16_from_f32(gradient[step][n]);
    for (size_t n = 0; of->name[0] == 'h' && of->dtype == AZ_DTYPE_F32 && n < POSITIONS * DIMS; n++)
        ((float *)(void *)bytes)[n] = az_bf16_to_f32(states[step][n]);
    if (of->name[0] == 'g') return of->dtype == AZ_DTYPE_BF16 ? (void *)bytes : gradient[step];
    if (of->name[0] == 'h') return of->dtype == AZ_DTYPE_F32 ? (void *)bytes : states[step];
    return movie[step];
}

static inline const char *write_states(const struct recorded *how)
{
    static const int64_t vocabulary = ROWS;
    struct az_recorded tensors[3];
    int64_t frames[3];
    size_t count = 0;
    const char *metadata[] = {"optimizer.beta1",
                              "0.9",
                              "model.tied",
                              how->untied ? "false" : "true",
                              "model.compute",
                              how->compute ? how->compute : "bf16",
                              NULL};
    for (int64_t n = 0; n < DEAD; n++) dead_tokens[n] = 3 * n;
    for (int64_t n = 0; n < ROWS; n++) first_rows[n] = n;
    if (!how->no_w)
        tensors[count++] = tensor(how->untied ? "U" : "W", AZ_DTYPE_BF16, how->w_every, 0, 0);
    if (!how->no_w && how->w_rows) {
        tensors[0].frame_shape[0] = how->w_rows;
        tensors[0].token_ids = first_rows;
    }
    if (!how->no_gradient)
        tensors[count++] = tensor(how->untied ? "grad_U" : "grad_W",
                                  how->bf16_gradient ? AZ_DTYPE_BF16 : AZ_DTYPE_F32, 1, 1, 0);
    if (!how->no_h) {
        tensors[count] =
            tensor("h", how->wide_h ? AZ_DTYPE_F32 : AZ_DTYPE_BF16, how->h_every, 2, 1);
        tensors[count].frame_rank = 3;
        tensors[count].frame_shape[0] = BATCH;
        tensors[count].frame_shape[1] = CONTEXT;
        tensors[count++].frame_shape[2] = DIMS;
    }
    struct az_tensor constants[] = {
        {.name = "vocab_size", .dtype = AZ_DTYPE_I64, .data = &vocabulary},
        {.name = "dead_indices",
         .dtype = AZ_DTYPE_I64,
         .rank = 1,
         .shape = {DEAD},
         .data = dead_tokens}};
    struct az_recording_plan plan = {.container = how->container,
                                     .tensors = tensors,
                                     .tensor_count = count,
                                     .constants = constants,
                                     .constant_count = how->no_dead ? 1 : 2,
                                     .metadata = metadata};
    struct az_recording_writer *writer;
    const char *path = fixture_path(how->name ? how->name : "h.safetensors");
    assert_int_equal(az_recording_create(&writer, path, &plan, NULL), AZ_OK);
    for (size_t n = 0; n < count; n++) {
        frames[n] = tensors[n].frames;
        for (int64_t frame = 0; frame < frames[n]; frame++) {
            int64_t step =
                tensors[n].steps ? tensors[n].steps[frame] : tensors[n].first_step + frame;
            assert_int_equal(
                az_recording_write(writer, n, frame, frame_of(&tensors[n], step), NULL), AZ_OK);
        }
    }
    assert_int_equal(az_recording_commit(writer, frames, NULL), AZ_OK);
    return path;
}

static inline struct az_hidden *look(const struct recorded *how,
                                     const struct az_hidden_options *options)
{
    struct az_hidden *hidden;
    struct az_error error;
    az_error_clear(&error);
    if (az_hidden_look(&hidden, write_states(how), options, NULL, &error) != AZ_OK)
        fail_msg("%s", error.message);
    return hidden;
}

static const struct az_hidden_options two = {.threads = 2};

static inline void assert_near(double found, double expected, double tolerance)
{
    if (isnan(expected) ? !isnan(found) : !(fabs(found - expected) <= tolerance))
        fail_msg("%.17g, expected %.17g", found, expected);
}

/* ---- planted states ---- */

/* h = (8, t mod 8, +-2, 0, ...): half of the positions each. Dead rows are (0, 0, .5, 0, ...), live
 * ones zero, so a dead token's logit is 1 or -1 and a live one's 0. Dead rows take two cells along
 * dimension 0, downward, at each step. */
static inline void plant_simple(void)
{
    memset(movie, 0, sizeof movie);
    memset(states, 0, sizeof states);
    for (int64_t t = 0; t <= STEPS; t++) {
        for (int64_t p = 0; p < POSITIONS; p++) {
            h_at(t, p)[0] = az_bf16_from_f32(8);
            h_at(t, p)[1] = az_bf16_from_f32((float)(t % 8));
            h_at(t, p)[2] = az_bf16_from_f32(p % 2 ? 2 : -2);
        }
        for (int64_t row = 0; row < ROWS; row += 3) {
            *at(t, row, 2) = az_bf16_from_f32(0.5);
            *at(t, row, 3) = az_bf16_from_f32(2 - (float)t / 128);
        }
    }
}

/* ---- random states ---- */

static inline void plant_random(void)
{
    plant();
    for (int64_t t = 1; t <= STEPS; t++) {
        for (int64_t i = 0; i < POSITIONS * DIMS; i++) {
            double base = cos(0.05 * (double)t + (double)(i % DIMS)) * 1.5;
            double x = base + 0.7 * az_random_normal(5, NOISE_STREAM,
                                                     (uint64_t)(t * POSITIONS * DIMS + i));
            states[t][i] = az_bf16_from_f32((float)x);
        }
    }
    /* logits of some size */
    for (int64_t t = 0; t <= STEPS; t++)
        for (int64_t row = NOISE; row < ROWS; row++)
            *at(t, row, 5) = az_bf16_from_f32(az_bf16_to_f32(*at(t, row, 5)) +
                                              (row % 3 ? 0.3f : -0.6f) + (float)(row % 7) * 0.2f);
}

/* push[d] = mean of p_dead h; returns the mean of p_dead. sums: of each dead row's gradient. */
static inline double softmax_push(int64_t step, bool rounded, double *push)
{
    double all = 0;
    memset(push, 0, DIMS * sizeof *push);
    memset(gradient[step], 0, sizeof gradient[step]);
    for (int64_t p = 0; p < POSITIONS; p++) {
        double logits[ROWS], sum = 0, dead = 0;
        for (int64_t row = 0; row < ROWS; row++) {
            double dot = 0;
            for (int64_t d = 0; d < DIMS; d++)
                dot += wide(*at(step - 1, row, d)) * wide(h_at(step, p)[d]);
            logits[row] = rounded ? wide(az_bf16_from_f32((float)dot)) : dot;
            sum += exp(logits[row]);
        }
        for (int64_t row = 0; row < ROWS; row += 3) {
            double share = exp(logits[row]) / sum;
            dead += share;
            for (int64_t d = 0; d < DIMS; d++)
                gradient[step][row * DIMS + d] +=
                    (float)(share * wide(h_at(step, p)[d]) / POSITIONS);
        }
        for (int64_t d = 0; d < DIMS; d++) push[d] += dead * wide(h_at(step, p)[d]) / POSITIONS;
        all += dead / POSITIONS;
    }
    return all;
}

static inline double cosine(const double *a, const double *b)
{
    double dot = 0, aa = 0, bb = 0;
    for (int d = 0; d < DIMS; d++) {
        dot += a[d] * b[d];
        aa += a[d] * a[d];
        bb += b[d] * b[d];
    }
    return dot / sqrt(aa * bb);
}

static inline void centroid(int64_t step, bool dead, double *c)
{
    memset(c, 0, DIMS * sizeof *c);
    for (int64_t row = 0; row < ROWS; row++)
        for (int64_t d = 0; is_dead(row) == dead && d < DIMS; d++)
            c[d] += wide(*at(step, row, d)) / (dead ? DEAD : ROWS - DEAD);
}

static struct {
    double mean[STEPS + 1][DIMS], push[STEPS + 1][DIMS], share[STEPS + 1];
    double dead[STEPS + 1][DIMS], live[STEPS + 1][DIMS], drift[STEPS + 1][DIMS];
    double running[STEPS + 1][DIMS], variance[STEPS + 1], resultant[STEPS + 1];
} slow;

static inline void compute_slowly(bool rounded)
{
    memset(&slow, 0, sizeof slow);
    for (int64_t t = 0; t <= STEPS; t++) {
        centroid(t, true, slow.dead[t]);
        centroid(t, false, slow.live[t]);
        if (t == 0) continue;
        double unit[DIMS] = {0}, squares = 0;
        for (int64_t p = 0; p < POSITIONS; p++) {
            double size = 0;
            for (int d = 0; d < DIMS; d++) size += wide(h_at(t, p)[d]) * wide(h_at(t, p)[d]);
            for (int d = 0; d < DIMS; d++) {
                slow.mean[t][d] += wide(h_at(t, p)[d]) / POSITIONS;
                unit[d] += wide(h_at(t, p)[d]) / sqrt(size) / POSITIONS;
            }
            squares += size / POSITIONS;
        }
        slow.share[t] = softmax_push(t, rounded, slow.push[t]);
        for (int d = 0; d < DIMS; d++) {
            slow.drift[t][d] = slow.dead[t][d] - slow.dead[t - 1][d];
            slow.running[t][d] = 0.9 * slow.running[t - 1][d] + 0.1 * slow.push[t][d];
            slow.resultant[t] += unit[d] * unit[d];
            squares -= slow.mean[t][d] * slow.mean[t][d];
        }
        slow.resultant[t] = sqrt(slow.resultant[t]);
        slow.variance[t] = squares;
    }
}

/* As the notebooks wrote it: h_mean (of slow), dead_indices and perhaps W, by their names alone.
 * With STEPS + 1 frames h_mean has a frame 0, as W has. */
static inline const char *write_means(const char *name, int64_t frames, bool matrix,
                                      enum az_dtype dtype)
{
    static float means[STEPS + 1][DIMS];
    static struct az_bf16 narrow[STEPS + 1][DIMS];
    for (int64_t t = 1; t <= STEPS; t++)
        for (int d = 0; d < DIMS; d++) {
            means[t][d] = (float)slow.mean[t][d];
            narrow[t][d] = az_bf16_from_f32(means[t][d]);
        }
    for (int64_t n = 0; n < DEAD; n++) dead_tokens[n] = 3 * n;
    const void *data =
        dtype == AZ_DTYPE_F32 ? (const void *)means[frames <= STEPS] : narrow[frames <= STEPS];
    struct az_tensor tensors[] = {
        {.name = "h_mean", .dtype = dtype, .rank = 2, .shape = {frames, DIMS}, .data = data},
        {.name = "dead_indices",
         .dtype = AZ_DTYPE_I64,
         .rank = 1,
         .shape = {DEAD},
         .data = dead_tokens},
        {.name = "W",
         .dtype = AZ_DTYPE_BF16,
         .rank = 3,
         .shape = {STEPS + 1, ROWS, DIMS},
         .data = movie},
    };
    const char *path = fixture_path(name);
    assert_int_equal(az_safetensors_save(path, tensors, matrix ? 3 : 2, NULL, NULL), AZ_OK);
    return path;
}

#endif
