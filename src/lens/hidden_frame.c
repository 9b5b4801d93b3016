/* One step: hidden states, the matrix about it and its gradient, each for itself. */
#include <math.h>
#include <string.h>

#include "lens/dead_rows.h"
#include "lens/eigenvalues.h"
#include "lens/hidden_state.h"

static double length(const double *vector, size_t dims)
{
    double squares = 0;
    for (size_t d = 0; d < dims; d++) squares += vector[d] * vector[d];
    return sqrt(squares);
}

static void forget(double *vector, size_t dims)
{
    for (size_t d = 0; d < dims; d++) vector[d] = (double)NAN;
}

/* ---- hidden states ---- */

/* From the lower half of the covariance, which is overwritten. */
static void spectrum(struct az_hidden_scratch *scratch, size_t dims, double *of)
{
    double sum = 0, squares = 0, entropy = 0, *values = scratch->values;
    if (az_eigenvalues(scratch->covariance, dims, values, scratch->diagonal, NULL) != AZ_OK) return;
    for (size_t d = 0; d < dims; d++) {
        double value = values[d] > 0 ? values[d] : 0; /* below 0 by rounding only */
        sum += value;
        squares += value * value;
    }
    if (!(sum > 0)) return;
    for (size_t d = 0; d < dims; d++)
        if (values[d] > 0) entropy -= values[d] / sum * log(values[d] / sum);
    of[AZ_HIDDEN_RANK] = exp(entropy);
    of[AZ_HIDDEN_PARTICIPATION] = sum * sum / squares;
}

static void spread(struct az_hidden_look *look, const struct az_bf16 *h, const double *mean,
                   struct az_hidden_scratch *scratch, double *of)
{
    size_t dims = look->dims;
    double squares = 0, count = (double)look->positions, *centred = scratch->centred;
    if (scratch->covariance) memset(scratch->covariance, 0, dims * dims * sizeof(double));
    for (size_t n = 0; n < look->positions; n++) {
        for (size_t d = 0; d < dims; d++)
            centred[d] = (double)az_bf16_to_f32(h[n * dims + d]) - mean[d];
        for (size_t d = 0; d < dims; d++) squares += centred[d] * centred[d];
        for (size_t d = 0; scratch->covariance && d < dims; d++)
            look->rows.add_scaled(centred[d], centred, d + 1, scratch->covariance + d * dims);
    }
    of[AZ_HIDDEN_VARIANCE] = squares / count;
    of[AZ_HIDDEN_RMS] = sqrt(squares / count + of[AZ_HIDDEN_NORM] * of[AZ_HIDDEN_NORM]);
    if (scratch->covariance) spectrum(scratch, dims, of);
}

static void look_at_states(struct az_hidden_look *look, const struct az_bf16 *h, double *mean,
                           struct az_hidden_scratch *scratch, double *of)
{
    size_t dims = look->dims;
    for (size_t chunk = 0; chunk < look->chunks; chunk++) {
        size_t from = chunk * AZ_HIDDEN_POSITIONS, left = look->positions - from;
        az_hidden_sum_states(h + from * dims,
                             left < AZ_HIDDEN_POSITIONS ? left : AZ_HIDDEN_POSITIONS, dims,
                             scratch->chunks + 2 * chunk * dims);
    }
    of[AZ_HIDDEN_RESULTANT] =
        az_hidden_mean(scratch->chunks, look->chunks, look->positions, dims, mean);
    of[AZ_HIDDEN_NORM] = length(mean, dims);
    spread(look, h, mean, scratch, of);
}

/* The mean as it was recorded: of the positions apart nothing is known. */
static void take_mean(const struct az_hidden_look *look, const void *frame, double *mean,
                      double *of)
{
    const struct az_bf16 *narrow = frame;
    const float *wide = frame;
    bool is_narrow = look->feeds[AZ_FEED_STATES].tensor->dtype == AZ_DTYPE_BF16;
    for (size_t d = 0; d < look->dims; d++)
        mean[d] = (double)(is_narrow ? az_bf16_to_f32(narrow[d]) : wide[d]);
    of[AZ_HIDDEN_NORM] = length(mean, look->dims);
}

/* ---- the force on dead tokens ---- */

/* push: mean over positions of p_dead h; h_dead: that by the mean of p_dead. */
static void push_of_states(struct az_hidden_look *look, const struct az_bf16 *h,
                           const struct az_bf16 *matrix, double *push, double *h_dead,
                           struct az_hidden_scratch *scratch, double *of)
{
    size_t dims = look->dims;
    const float *shares = scratch->softmax.shares;
    double sum = 0, count = (double)look->positions;
    az_hidden_shares(look, h, matrix, &scratch->softmax);
    memset(push, 0, dims * sizeof *push);
    for (size_t n = 0; n < look->positions; n++) {
        double share = (double)shares[n];
        sum += share;
        for (size_t d = 0; d < dims; d++)
            push[d] += share * (double)az_bf16_to_f32(h[n * dims + d]);
    }
    for (size_t d = 0; d < dims; d++) {
        h_dead[d] = push[d] / sum;
        push[d] /= count;
    }
    of[AZ_HIDDEN_DEAD_SHARE] = sum / count;
    of[AZ_HIDDEN_DEAD_NORM] = length(h_dead, dims);
}

/* total = sum of rows (after: of their motions), chunk by chunk. */
static void sum_rows(const struct az_hidden_rows *of, const struct az_hidden_rows *after,
                     size_t count, size_t dims, double *chunk, double *total)
{
    memset(total, 0, dims * sizeof *total);
    for (size_t from = 0; from < count; from += AZ_HIDDEN_ROWS) {
        size_t rows = count - from < AZ_HIDDEN_ROWS ? count - from : AZ_HIDDEN_ROWS;
        if (after)
            az_hidden_sum_motions(of, after, from, rows, dims, chunk);
        else
            az_hidden_sum_rows(of, from, rows, dims, chunk);
        for (size_t d = 0; d < dims; d++) total[d] += chunk[d];
    }
}

/* Where h_dead is known already: how well the gradient agrees. Else it is its direction. */
static void push_of_gradient(struct az_hidden_look *look, const void *gradient, double *push,
                             double *h_dead, struct az_hidden_scratch *scratch, double *of)
{
    size_t dims = look->dims;
    double *sum = scratch->centred;
    struct az_hidden_rows rows = {
        gradient, look->feeds[AZ_FEED_GRADIENT].tensor->dtype == AZ_DTYPE_F32, look->gradient_dead};
    sum_rows(&rows, NULL, look->gradient_dead_count, dims, scratch->chunk, sum);
    if (!isnan(h_dead[0])) {
        of[AZ_HIDDEN_GRADIENT] = az_hidden_cosine(h_dead, sum, dims);
        return;
    }
    double size = length(sum, dims);
    for (size_t d = 0; size > 0 && d < dims; d++) h_dead[d] = sum[d] / size;
    memcpy(push, sum, dims * sizeof *push);
}

/* ---- the matrix ---- */

static void divide(double *vector, size_t dims, double by)
{
    for (size_t d = 0; d < dims; d++) vector[d] /= by;
}

static void look_at_rows(struct az_hidden_look *look, int64_t step, const struct az_bf16 *before,
                         const struct az_bf16 *after, double *drift,
                         struct az_hidden_scratch *scratch)
{
    size_t dims = look->dims;
    const struct az_hidden *hidden = look->hidden;
    double *dead = az_hidden_row(hidden, AZ_HIDDEN_DEAD_CENTROID, step);
    double *live = az_hidden_row(hidden, AZ_HIDDEN_LIVE_CENTROID, step);
    struct az_hidden_rows was = {before, false, look->dead}, is = {after, false, look->dead};
    struct az_hidden_rows lives = {after, false, look->live};
    if (look->dead_count) {
        sum_rows(&is, NULL, look->dead_count, dims, scratch->chunk, dead);
        divide(dead, dims, (double)look->dead_count);
    }
    if (look->live_count) {
        sum_rows(&lives, NULL, look->live_count, dims, scratch->chunk, live);
        divide(live, dims, (double)look->live_count);
    }
    if (!look->dead_count || !before) return;
    sum_rows(&was, &is, look->dead_count, dims, scratch->chunk, drift);
    divide(drift, dims, (double)look->dead_count);
}

/* ---- tokens ---- */

/* Keeps the greatest of sign * cosine, in descending order; of equals the lower token. */
static void keep(struct az_hidden_token *best, int64_t token, double cosine, double sign)
{
    int at = AZ_HIDDEN_TOKENS;
    while (at > 0 && (best[at - 1].token < 0 || sign * cosine > sign * best[at - 1].cosine)) at--;
    if (at == AZ_HIDDEN_TOKENS) return;
    memmove(best + at + 1, best + at, (size_t)(AZ_HIDDEN_TOKENS - 1 - at) * sizeof *best);
    best[at] = (struct az_hidden_token){token, cosine};
}

static void point_at_tokens(struct az_hidden_look *look, int64_t step, const struct az_bf16 *matrix,
                            const double *mean, double size)
{
    size_t dims = look->dims;
    struct az_hidden_token *towards = look->hidden->towards + step * AZ_HIDDEN_TOKENS;
    struct az_hidden_token *away = look->hidden->away + step * AZ_HIDDEN_TOKENS;
    for (int k = 0; k < AZ_HIDDEN_TOKENS; k++) towards[k].token = away[k].token = -1;
    for (int64_t row = 0; row < look->matrix->frame_shape[0]; row++) {
        double dot = 0, squares = 0;
        for (size_t d = 0; d < dims; d++) {
            double x = (double)az_bf16_to_f32(matrix[(size_t)row * dims + d]);
            dot += x * mean[d];
            squares += x * x;
        }
        double cosine = dot / (sqrt(squares) * size);
        if (!isfinite(cosine)) continue;
        int64_t token = az_recorded_token(look->matrix, row);
        keep(towards, token, cosine, 1);
        keep(away, token, cosine, -1);
    }
}

/* ---- the whole ---- */

/* The matrix before the step is the one that its hidden states met, not an earlier one. */
static bool has_met(const struct az_hidden_look *look, int64_t step)
{
    int64_t before = look->feeds[AZ_FEED_BEFORE].list[step + 1];
    return az_recording_step_of(look->matrix, before) == look->hidden->steps[step].step - 1;
}

void az_hidden_look_at(struct az_hidden_look *look, int64_t n, int thread)
{
    size_t dims = look->dims;
    struct az_hidden *hidden = look->hidden;
    struct az_hidden_scratch *scratch = &look->scratch[thread];
    int64_t step = look->number + n;
    double *of = hidden->steps[step].of, *push = look->push + (size_t)n * dims;
    double *drift = look->drift + (size_t)n * dims;
    double *mean = az_hidden_row(hidden, AZ_HIDDEN_H_MEAN, step);
    double *h_dead = az_hidden_row(hidden, AZ_HIDDEN_H_DEAD, step);
    const void *h = az_hidden_frame(look, AZ_FEED_STATES, n);
    const void *before = az_hidden_frame(look, AZ_FEED_BEFORE, n);
    const void *after = az_hidden_frame(look, AZ_FEED_AFTER, n);
    const void *gradient = az_hidden_frame(look, AZ_FEED_GRADIENT, n);
    for (int q = 0; q < AZ_HIDDEN_QUANTITIES; q++) of[q] = (double)NAN;
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++)
        forget(az_hidden_row(hidden, (enum az_hidden_vector)v, step), dims);
    forget(push, dims);
    forget(drift, dims);
    if (h && hidden->means) take_mean(look, h, mean, of);
    if (h && !hidden->means) look_at_states(look, h, mean, scratch, of);
    if (h && before) point_at_tokens(look, step, before, mean, of[AZ_HIDDEN_NORM]);
    if (h && before && hidden->probabilities && has_met(look, step))
        push_of_states(look, h, before, push, h_dead, scratch, of);
    if (gradient && look->gradient_dead_count)
        push_of_gradient(look, gradient, push, h_dead, scratch, of);
    if (after) look_at_rows(look, step, before, after, drift, scratch);
}
