#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "azimuth/bf16.h"
#include "azimuth/lifecycle.h"
#include "azimuth/pool.h"
#include "azimuth/recording.h"
#include "base/memory.h"
#include "lens/dead_rows.h"

#define POSITIONS 512 /* of a frame of h, evenly spaced, for probabilities */
#define DEGREES 57.29577951308232

/* One point of the history: hidden states of a step and the matrix that they met. */
struct point {
    const struct az_bf16 *w, *h; /* [vocabulary][dims], [positions][dims] (h_mean: 0) */
    int64_t vocabulary, dims, positions;
    const int64_t *tokens;
    int64_t token_count;
    double *shares; /* [POSITIONS][token_count] probabilities */
};

static double value(struct az_bf16 x) { return (double)az_bf16_to_f32(x); }

static double product(const struct az_bf16 *a, const struct az_bf16 *b, int64_t dims)
{
    float sums[8] = {0};
    int64_t d = 0;
    for (; d + 8 <= dims; d += 8)
        for (int k = 0; k < 8; k++) sums[k] += az_bf16_to_f32(a[d + k]) * az_bf16_to_f32(b[d + k]);
    double sum = 0;
    for (int k = 0; k < 8; k++) sum += (double)sums[k];
    for (; d < dims; d++) sum += value(a[d]) * value(b[d]);
    return sum;
}

static int64_t position_of(const struct point *point, int64_t n)
{
    return point->positions <= POSITIONS ? n : n * point->positions / POSITIONS;
}

static int64_t samples_of(const struct point *point)
{
    return point->positions < POSITIONS ? point->positions : POSITIONS;
}

/* Softmax over the vocabulary at one position, of the wanted tokens. */
static void share_at_position(void *context, size_t number, int thread)
{
    (void)thread;
    struct point *point = context;
    const struct az_bf16 *h = point->h + position_of(point, (int64_t)number) * point->dims;
    double most = -INFINITY, sum = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t token = 0; token < point->vocabulary; token++) {
            double logit = product(point->w + token * point->dims, h, point->dims);
            if (pass == 0)
                most = fmax(most, logit);
            else
                sum += exp(logit - most);
        }
    }
    double *shares = point->shares + number * (size_t)point->token_count;
    for (int64_t n = 0; n < point->token_count; n++)
        shares[n] =
            exp(product(point->w + point->tokens[n] * point->dims, h, point->dims) - most) / sum;
}

static void mean_hidden(const struct point *point, double *mean)
{
    memset(mean, 0, (size_t)point->dims * sizeof *mean);
    for (int64_t n = 0; n < point->positions; n++)
        for (int64_t d = 0; d < point->dims; d++) mean[d] += value(point->h[n * point->dims + d]);
    for (int64_t d = 0; d < point->dims; d++) mean[d] /= (double)point->positions;
}

/* h_mean as it was recorded. */
static void take_mean(const struct az_recorded *means, const void *frame, double *mean)
{
    const struct az_bf16 *narrow = frame;
    const float *wide = frame;
    for (int64_t d = 0; d < means->frame_shape[0]; d++)
        mean[d] = means->dtype == AZ_DTYPE_BF16 ? value(narrow[d]) : (double)wide[d];
}

static double angle_between(const struct az_bf16 *w, const double *h, int64_t dims)
{
    double dot = 0, w2 = 0, h2 = 0;
    for (int64_t d = 0; d < dims; d++) {
        dot += value(w[d]) * h[d];
        w2 += value(w[d]) * value(w[d]);
        h2 += h[d] * h[d];
    }
    double lengths = sqrt(w2) * sqrt(h2);
    return lengths > 0 ? acos(fmin(fmax(dot / lengths, -1), 1)) * DEGREES : NAN;
}

/* ---- reading ---- */

struct reader {
    const struct az_recording *recording;
    const struct az_recorded *w, *h; /* h, else h_mean */
    struct az_pool *pool;
    struct az_bf16 *w_frame, *h_frame;
    double *mean, *shares;
    bool means; /* h_mean was recorded, h was not */
    bool whole; /* h is there, and every row of the vocabulary */
};

static enum az_status one_point(struct reader *reader, struct az_straggling *straggling,
                                int64_t step, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t dims = reader->w->frame_shape[1], count = straggling->token_count;
    int64_t number = straggling->point_count;
    AZ_TRY(az_recording_read(reader->recording, reader->w,
                             az_recording_frame_of(reader->w, step - 1), 1, reader->w_frame,
                             error));
    AZ_TRY(az_recording_read(reader->recording, reader->h, az_recording_frame_of(reader->h, step),
                             1, reader->h_frame, error));
    struct point point = {.w = reader->w_frame,
                          .h = reader->h_frame,
                          .vocabulary = reader->w->frame_shape[0],
                          .dims = dims,
                          .positions =
                              reader->means ? 0 : (int64_t)(reader->h->frame_bytes / 2) / dims,
                          .tokens = straggling->rows,
                          .token_count = count,
                          .shares = reader->shares};
    if (reader->means)
        take_mean(reader->h, reader->h_frame, reader->mean);
    else
        mean_hidden(&point, reader->mean);
    if (reader->whole)
        az_pool_run(reader->pool, share_at_position, &point, (size_t)samples_of(&point));
    for (int64_t n = 0; n < count; n++) {
        double sum = 0;
        for (int64_t k = 0; k < samples_of(&point); k++) sum += reader->shares[k * count + n];
        straggling->angle_h_degrees[number * count + n] =
            angle_between(reader->w_frame + straggling->rows[n] * dims, reader->mean, dims);
        straggling->p_mean[number * count + n] =
            reader->whole ? sum / (double)samples_of(&point) : NAN;
    }
    straggling->steps[straggling->point_count++] = step;
out:
    return status;
}

/* The step nearest below `wanted` that has both its h and the matrix before it; 0: none. */
static int64_t step_near(const struct reader *reader, int64_t wanted, int64_t above)
{
    for (int64_t step = wanted; step > above; step--)
        if (az_recording_frame_of(reader->h, step) >= 0 &&
            az_recording_frame_of(reader->w, step - 1) >= 0)
            return step;
    return 0;
}

static enum az_status allocate(struct reader *reader, struct az_straggling *straggling,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t values = AZ_STRAGGLER_POINTS * (size_t)straggling->token_count;
    AZ_TRY(
        az_memory_allocate(&straggling->angle_h_degrees, values, sizeof(double), "history", error));
    AZ_TRY(az_memory_allocate(&straggling->p_mean, values, sizeof(double), "history", error));
    AZ_TRY(az_memory_allocate(&reader->w_frame, (size_t)reader->w->frame_bytes, 1, "W", error));
    AZ_TRY(az_memory_allocate(&reader->h_frame, (size_t)reader->h->frame_bytes, 1, "h", error));
    AZ_TRY(az_memory_allocate(&reader->mean, (size_t)reader->w->frame_shape[1], sizeof(double), "h",
                              error));
    AZ_TRY(az_memory_allocate(&reader->shares, POSITIONS * (size_t)straggling->token_count,
                              sizeof(double), "probabilities", error));
out:
    return status;
}

/* h meets the unembedding: W where the model is tied, else U. False: nothing can be told. */
static bool find_states(struct reader *reader, const char *matrix)
{
    reader->w = az_recording_find(reader->recording, matrix);
    reader->h = az_recording_find(reader->recording, "h");
    reader->means = !reader->h;
    if (reader->means) reader->h = az_recording_find(reader->recording, "h_mean");
    bool untied = az_recording_find(reader->recording, "U") && strcmp(matrix, "W") == 0;
    if (!reader->h || !reader->w || untied || reader->h->frame_rank < 1) return false;
    enum az_dtype dtype = reader->h->dtype;
    reader->whole = !reader->means && reader->w->token_ids == NULL;
    return (dtype == AZ_DTYPE_BF16 || (reader->means && dtype == AZ_DTYPE_F32)) &&
           reader->h->frame_shape[reader->h->frame_rank - 1] == reader->w->frame_shape[1];
}

enum az_status az_straggling_find(struct az_straggling *straggling, const char *path,
                                  const struct az_lens *lens, int threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording *recording = NULL;
    struct reader reader = {0};
    const struct az_lifecycle *lifecycle = lens->lifecycle;
    *straggling = (struct az_straggling){.rows = lifecycle->stragglers};
    straggling->token_count = lifecycle->straggler_count < AZ_STRAGGLER_MOST
                                  ? lifecycle->straggler_count
                                  : AZ_STRAGGLER_MOST;
    AZ_TRY(az_recording_open(&recording, path, error));
    reader.recording = recording;
    if (!find_states(&reader, lens->subject.matrix) || straggling->token_count == 0) goto out;
    AZ_TRY(az_pool_create(&reader.pool, threads, error));
    AZ_TRY(allocate(&reader, straggling, error));
    int64_t first = lens->subject.steps[0], last = lens->subject.steps[lens->subject.moves];
    int64_t above = first;
    for (int n = 0; n < AZ_STRAGGLER_POINTS; n++) {
        int64_t wanted = first + 1 + (last - first - 1) * n / (AZ_STRAGGLER_POINTS - 1);
        int64_t step = step_near(&reader, wanted, above);
        if (step) AZ_TRY(one_point(&reader, straggling, step, error));
        if (step) above = step;
    }
out:
    az_memory_free(reader.w_frame);
    az_memory_free(reader.h_frame);
    az_memory_free(reader.mean);
    az_memory_free(reader.shares);
    az_pool_free(reader.pool);
    az_recording_close(recording);
    return status;
}

void az_straggling_free(struct az_straggling *straggling)
{
    az_memory_free(straggling->angle_h_degrees);
    az_memory_free(straggling->p_mean);
    *straggling = (struct az_straggling){0};
}
