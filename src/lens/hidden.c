#include "azimuth/hidden.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lens/hidden_state.h"
#include "lens/subject.h"

#define BLOCK_BYTES ((uint64_t)16 << 20) /* of a step of all that is read, times steps */
#define MOST_STEPS 64
#define MOST_DIMS 512 /* beyond, eigenvalues would take longer than all the rest */

const char *az_hidden_name(enum az_hidden_quantity quantity)
{
    static const char *const names[] = {
#define AZ_HIDDEN_NAME(id, name, meaning) name,
        AZ_HIDDEN_TABLE(AZ_HIDDEN_NAME)
#undef AZ_HIDDEN_NAME
    };
    return names[quantity];
}

const char *az_hidden_meaning(enum az_hidden_quantity quantity)
{
    static const char *const meanings[] = {
#define AZ_HIDDEN_MEANING(id, name, meaning) meaning,
        AZ_HIDDEN_TABLE(AZ_HIDDEN_MEANING)
#undef AZ_HIDDEN_MEANING
    };
    return meanings[quantity];
}

const char *az_hidden_vector_name(enum az_hidden_vector vector)
{
    static const char *const names[] = {
#define AZ_HIDDEN_NAME(id, name) name,
        AZ_HIDDEN_VECTOR_TABLE(AZ_HIDDEN_NAME)
#undef AZ_HIDDEN_NAME
    };
    return names[vector];
}

const void *az_hidden_frame(const struct az_hidden_look *look, enum az_hidden_feed_name feed,
                            int64_t n)
{
    const struct az_hidden_feed *of = &look->feeds[feed], *after = &look->feeds[AZ_FEED_AFTER];
    int64_t at = n + 1;
    if (!of->tensor || of->list[look->number + n + 1] < 0) return NULL;
    if (feed == AZ_FEED_BEFORE && !of->pass) { /* what came after the step before */
        of = after;
        at = n;
    }
    return of->block.bytes + (size_t)at * (size_t)of->tensor->frame_bytes;
}

/* ---- what was recorded ---- */

static bool is_untied(const struct az_recording *recording)
{
    const char *tied = az_recording_text(recording, "model.tied");
    return tied && strcmp(tied, "false") == 0;
}

static enum az_status find_matrix(struct az_hidden_look *look, const char *name,
                                  struct az_error *error)
{
    bool has_u = az_recording_find(look->recording, "U") != NULL;
    if (!name && has_u) name = "U";
    if (!name && !is_untied(look->recording) && az_recording_find(look->recording, "W")) name = "W";
    if (!name) return AZ_OK;
    snprintf(look->hidden->matrix, sizeof look->hidden->matrix, "%.31s", name);
    return az_subject_matrix(look->recording, name, &look->matrix, error);
}

/* Nothing but the mean over the positions, as some of the notebooks recorded it. */
static enum az_status find_means(struct az_hidden_look *look, struct az_error *error)
{
    const struct az_recorded *means = az_recording_find(look->recording, "h_mean");
    if (!means) return AZ_OK;
    bool fits = means->frame_rank == 1 && (uint64_t)means->frame_shape[0] <= AZ_ROW_MOST_DIMS;
    if (!fits || (means->dtype != AZ_DTYPE_F32 && means->dtype != AZ_DTYPE_BF16))
        return az_error_raise(error, AZ_UNSUPPORTED,
                              "h_mean is recorded as %s, in frames of %d dimensions; F32 or BF16 "
                              "is expected, and one dimension, of at most %zu",
                              az_dtype_name(means->dtype), means->frame_rank, AZ_ROW_MOST_DIMS);
    look->hidden->dims = means->frame_shape[0];
    look->hidden->means = true;
    look->feeds[AZ_FEED_STATES].tensor = means;
    return AZ_OK;
}

static enum az_status find_states(struct az_hidden_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *h = az_recording_find(look->recording, "h");
    if (!h) return find_means(look, error);
    if (h->dtype != AZ_DTYPE_BF16)
        AZ_RAISE(AZ_UNSUPPORTED, "h is recorded as %s; BF16 is expected", az_dtype_name(h->dtype));
    int64_t dims = h->frame_rank > 0 ? h->frame_shape[h->frame_rank - 1] : 0;
    int64_t rows = dims > 0 ? (int64_t)(h->frame_bytes / sizeof(struct az_bf16)) / dims : 0;
    if (rows < 1 || (uint64_t)dims > AZ_ROW_MOST_DIMS)
        AZ_RAISE(AZ_FORMAT, "h has frames without positions, or of more than %zu dimensions",
                 AZ_ROW_MOST_DIMS);
    look->hidden->dims = dims;
    look->hidden->positions = rows;
    look->feeds[AZ_FEED_STATES].tensor = h;
out:
    return status;
}

static enum az_status find_gradient(struct az_hidden_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char name[AZ_TENSOR_NAME_BYTES];
    if (look->matrix)
        snprintf(name, sizeof name, "grad_%.31s", look->matrix->name);
    else
        snprintf(name, sizeof name, "%s", is_untied(look->recording) ? "grad_U" : "grad_W");
    const struct az_recorded *gradient = az_recording_find(look->recording, name);
    if (!gradient || gradient->frame_rank != 2) return AZ_OK;
    if (gradient->dtype != AZ_DTYPE_BF16 && gradient->dtype != AZ_DTYPE_F32)
        AZ_RAISE(AZ_UNSUPPORTED, "%s is recorded as %s; BF16 or F32 is expected", name,
                 az_dtype_name(gradient->dtype));
    look->feeds[AZ_FEED_GRADIENT].tensor = gradient;
out:
    return status;
}

static enum az_status check_dims(struct az_hidden_look *look, const struct az_recorded *tensor,
                                 struct az_error *error)
{
    struct az_hidden *hidden = look->hidden;
    if (!tensor) return AZ_OK;
    int64_t dims = tensor->frame_shape[1];
    if (!hidden->dims) hidden->dims = dims;
    if (dims == hidden->dims && dims > 0) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "%s has rows of %" PRId64 " dimensions and %s of %" PRId64
                          ": they do not belong together; --matrix names the unembedding",
                          tensor->name, dims,
                          hidden->positions ? "h"
                          : hidden->means   ? "h_mean"
                                            : "the matrix",
                          hidden->dims);
}

/* Rows of a tensor that are dead (live). */
static enum az_status list_rows(const struct az_token_sets *sets, enum az_lens_set set,
                                int64_t **rows, size_t *count, struct az_error *error)
{
    *count = sets->present[set] ? (size_t)sets->counts[set] : 0;
    enum az_status status = az_memory_allocate(rows, *count, sizeof **rows, "the rows", error);
    size_t n = 0;
    for (int64_t row = 0; status == AZ_OK && *count && row < sets->rows; row++)
        if (sets->members[set] >> sets->classes[row] & 1) (*rows)[n++] = row;
    return status;
}

static enum az_status find_rows(struct az_hidden_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hidden *hidden = look->hidden;
    struct az_token_sets of_matrix = {0}, of_gradient = {0};
    const struct az_recorded *gradient = look->feeds[AZ_FEED_GRADIENT].tensor;
    if (look->matrix) {
        AZ_TRY(az_token_sets_read(&of_matrix, look->recording, look->matrix, NULL, error));
        AZ_TRY(list_rows(&of_matrix, AZ_LENS_DEAD, &look->dead, &look->dead_count, error));
        AZ_TRY(list_rows(&of_matrix, AZ_LENS_LIVE, &look->live, &look->live_count, error));
        hidden->rows = of_matrix.rows;
        hidden->vocabulary = of_matrix.vocabulary;
        hidden->live = (int64_t)look->live_count;
        hidden->dead = (int64_t)look->dead_count;
    }
    if (gradient) {
        AZ_TRY(az_token_sets_read(&of_gradient, look->recording, gradient, NULL, error));
        AZ_TRY(list_rows(&of_gradient, AZ_LENS_DEAD, &look->gradient_dead,
                         &look->gradient_dead_count, error));
        if (!look->matrix) hidden->dead = (int64_t)look->gradient_dead_count;
        if (!look->matrix) hidden->vocabulary = of_gradient.vocabulary;
    }
    hidden->gradients = look->gradient_dead_count > 0;
    hidden->probabilities = hidden->positions && look->matrix && !look->matrix->token_ids &&
                            look->dead_count && look->live_count;
out:
    az_token_sets_free(&of_matrix);
    az_token_sets_free(&of_gradient);
    return status;
}

/* h_mean is known, so that it points somewhere. */
static bool points(const struct az_hidden *hidden)
{
    return hidden->positions > 0 || hidden->means;
}

static enum az_status find_tensors(struct az_hidden_look *look,
                                   const struct az_hidden_options *options, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hidden *hidden = look->hidden;
    AZ_TRY(find_states(look, error));
    AZ_TRY(find_matrix(look, options->matrix, error));
    AZ_TRY(find_gradient(look, error));
    AZ_TRY(check_dims(look, look->matrix, error));
    AZ_TRY(check_dims(look, look->feeds[AZ_FEED_GRADIENT].tensor, error));
    AZ_TRY(find_rows(look, error));
    if (!points(hidden) && !hidden->gradients)
        AZ_RAISE(AZ_MISSING, "hidden states were not recorded: %s; train with -P record.h=1",
                 look->feeds[AZ_FEED_GRADIENT].tensor
                     ? "there is no h, no h_mean, and of gradients no row that is known to be dead"
                     : "there is neither h, nor h_mean, nor the gradient of the unembedding");
    if (options->need_tokens && !(points(hidden) && look->matrix))
        AZ_RAISE(AZ_MISSING,
                 "which tokens h_mean points at cannot be told: that needs rows of the "
                 "unembedding, and %s not recorded",
                 points(hidden) ? "these were" : "h (or h_mean) was");
    look->feeds[AZ_FEED_BEFORE].tensor = look->feeds[AZ_FEED_AFTER].tensor = look->matrix;
    const char *compute = az_recording_text(look->recording, "model.compute");
    look->rounded = !compute || strcmp(compute, "f32") != 0;
    hidden->beta1 = (double)NAN;
    if (az_recording_number(look->recording, "optimizer.beta1", &hidden->beta1, NULL) != AZ_OK)
        hidden->beta1 = (double)NAN;
out:
    return status;
}

/* ---- steps and frames ---- */

/* Steps of h, or else of the gradient, whose first frame is of no step. */
static enum az_status choose_steps(struct az_hidden_look *look,
                                   const struct az_hidden_options *options, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hidden *hidden = look->hidden;
    const struct az_recorded *of = look->feeds[AZ_FEED_STATES].tensor;
    int64_t first = options->first_step > 1 ? options->first_step : 1;
    struct az_pass_plan plan;
    if (!of) of = look->feeds[AZ_FEED_GRADIENT].tensor;
    AZ_TRY(az_subject_frames(look->recording, of, first, options->last_step, 1, &plan, error));
    plan.every = options->every > 1 ? options->every : 1;
    hidden->count = az_pass_length(&plan);
    AZ_TRY(az_memory_allocate(&hidden->steps, (size_t)hidden->count, sizeof *hidden->steps,
                              "results", error));
    for (int64_t n = 0; n < hidden->count; n++) {
        int64_t frame = plan.first + n * plan.every;
        hidden->steps[n].step = az_recording_step_of(of, frame < plan.last ? frame : plan.last);
        int64_t gap = n ? hidden->steps[n].step - hidden->steps[n - 1].step : 1;
        if (gap > hidden->longest_gap_steps) hidden->longest_gap_steps = gap;
    }
out:
    return status;
}

/* The last frame at or before a step; -1: there is none. */
static int64_t frame_up_to(const struct az_recorded *tensor, int64_t step)
{
    int64_t low = 0, high = tensor->frames;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (az_recording_step_of(tensor, middle) <= step)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

static enum az_status list_frames(struct az_hidden_look *look, enum az_hidden_feed_name name,
                                  struct az_error *error)
{
    struct az_hidden_feed *feed = &look->feeds[name];
    const struct az_hidden *hidden = look->hidden;
    if (!feed->tensor) return AZ_OK;
    enum az_status status = az_memory_allocate(&feed->list, (size_t)hidden->count + 1,
                                               sizeof *feed->list, "the frames", error);
    if (status != AZ_OK) return status;
    feed->list[0] =
        name == AZ_FEED_AFTER ? frame_up_to(feed->tensor, hidden->steps[0].step - 1) : -1;
    for (int64_t n = 0; n < hidden->count; n++) {
        int64_t step = hidden->steps[n].step;
        feed->list[n + 1] = name == AZ_FEED_BEFORE ? frame_up_to(feed->tensor, step - 1)
                                                   : az_recording_frame_of(feed->tensor, step);
    }
    return AZ_OK;
}

/* All blocks have the same number of steps, so that they go side by side. */
static enum az_status open_feeds(struct az_hidden_look *look, int64_t *most, struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint64_t bytes = 1;
    bool shifted = true;
    for (int f = 0; f < AZ_FEEDS; f++) {
        struct az_hidden_feed *feed = &look->feeds[f];
        AZ_TRY(list_frames(look, (enum az_hidden_feed_name)f, error));
        if (feed->tensor) bytes += feed->tensor->frame_bytes;
    }
    const int64_t *before = look->feeds[AZ_FEED_BEFORE].list;
    for (int64_t n = 1; look->matrix && n <= look->hidden->count; n++)
        shifted = shifted && before[n] == look->feeds[AZ_FEED_AFTER].list[n - 1];
    int64_t moves = (int64_t)(BLOCK_BYTES / bytes);
    if (moves < look->threads) moves = look->threads;
    if (moves > MOST_STEPS) moves = MOST_STEPS;
    for (int f = 0; f < AZ_FEEDS; f++) {
        struct az_hidden_feed *feed = &look->feeds[f];
        if (!feed->tensor || (f == AZ_FEED_BEFORE && shifted)) continue;
        struct az_pass_plan plan = {.recording = look->recording,
                                    .tensor = feed->tensor,
                                    .list = feed->list,
                                    .listed = look->hidden->count + 1,
                                    .block_bytes =
                                        (size_t)moves * (size_t)feed->tensor->frame_bytes};
        *most = az_pass_most_moves(&plan);
        AZ_TRY(az_pass_open(&feed->pass, &plan, error));
    }
out:
    return status;
}

/* ---- memory ---- */

static enum az_status allocate_results(struct az_hidden_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hidden *hidden = look->hidden;
    size_t count = (size_t)hidden->count, row_bytes = look->dims * sizeof(double), tokens;
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++)
        AZ_TRY(az_memory_allocate(&hidden->vectors[v], count, row_bytes, "results", error));
    if (!points(hidden) || !look->matrix) goto out;
    tokens = AZ_HIDDEN_TOKENS * sizeof(struct az_hidden_token);
    AZ_TRY(az_memory_allocate(&hidden->towards, count, tokens, "results", error));
    AZ_TRY(az_memory_allocate(&hidden->away, count, tokens, "results", error));
    for (size_t n = 0; n < count * AZ_HIDDEN_TOKENS; n++)
        hidden->towards[n].token = hidden->away[n].token = -1;
out:
    return status;
}

static enum az_status allocate_thread(struct az_hidden_look *look,
                                      struct az_hidden_scratch *scratch, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t row_bytes = look->dims * sizeof(double);
    double **rows[] = {&scratch->chunk, &scratch->centred, &scratch->values, &scratch->diagonal};
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++)
        AZ_TRY(az_memory_allocate(rows[n], 1, row_bytes, "scratch", error));
    AZ_TRY(az_memory_allocate(&scratch->chunks, look->chunks, 2 * row_bytes, "scratch", error));
    if (look->positions && look->dims <= MOST_DIMS)
        AZ_TRY(az_memory_allocate(&scratch->covariance, look->dims, row_bytes, "scratch", error));
    if (look->hidden->probabilities)
        AZ_TRY(az_hidden_softmax_create(&scratch->softmax, look, error));
out:
    return status;
}

static enum az_status allocate(struct az_hidden_look *look, int64_t most, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t row_bytes = look->dims * sizeof(double);
    AZ_TRY(allocate_results(look, error));
    AZ_TRY(az_memory_allocate(&look->push, (size_t)most, row_bytes, "a block", error));
    AZ_TRY(az_memory_allocate(&look->drift, (size_t)most, row_bytes, "a block", error));
    AZ_TRY(az_memory_allocate(&look->last_drift, 1, row_bytes, "drifts", error));
    AZ_TRY(az_memory_allocate(&look->running, 2, row_bytes, "the running mean", error));
    AZ_TRY(az_memory_allocate(&look->scratch, (size_t)look->threads, sizeof *look->scratch,
                              "scratch", error));
    for (int n = 0; n < look->threads; n++) AZ_TRY(allocate_thread(look, &look->scratch[n], error));
out:
    return status;
}

static void free_look(struct az_hidden_look *look)
{
    for (int n = 0; look->scratch && n < look->threads; n++) {
        struct az_hidden_scratch *scratch = &look->scratch[n];
        void *blocks[] = {scratch->chunks, scratch->chunk,    scratch->centred,
                          scratch->values, scratch->diagonal, scratch->covariance};
        for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) az_memory_free(blocks[k]);
        az_hidden_softmax_free(&scratch->softmax);
    }
    for (int f = 0; f < AZ_FEEDS; f++) {
        az_pass_close(look->feeds[f].pass);
        az_memory_free(look->feeds[f].list);
    }
    void *blocks[] = {look->scratch, look->push, look->drift, look->last_drift,
                      look->running, look->dead, look->live,  look->gradient_dead};
    for (size_t n = 0; n < sizeof blocks / sizeof *blocks; n++) az_memory_free(blocks[n]);
    az_pool_free(look->pool);
    az_recording_close(look->recording);
}

/* ---- the pass ---- */

static void look_at_step(void *context, size_t n, int thread)
{
    az_hidden_look_at(context, (int64_t)n, thread);
}

static enum az_status next_block(struct az_hidden_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    look->number += look->steps;
    look->steps = 0;
    for (int f = 0; f < AZ_FEEDS; f++) {
        struct az_hidden_feed *feed = &look->feeds[f];
        if (!feed->pass) continue;
        AZ_TRY(az_pass_next(feed->pass, &feed->block, error));
        if (feed->block.bytes) look->steps = feed->block.moves;
    }
out:
    return status;
}

static enum az_status whole_pass(struct az_hidden_look *look, struct az_progress *progress,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    double all = (double)look->hidden->count;
    az_progress_begin(progress);
    for (;;) {
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped at step %" PRId64 " of %.0f",
                     look->number + look->steps, all);
        AZ_TRY(next_block(look, error));
        if (look->steps == 0) break;
        az_pool_run(look->pool, look_at_step, look, (size_t)look->steps);
        for (int64_t n = 0; n < look->steps; n++) az_hidden_follow(look, n);
        az_progress_tell(progress, "looking", "step", (double)(look->number + look->steps), all,
                         "");
    }
    az_progress_end(progress, "looking", "step", all, all, "");
out:
    return status;
}

static enum az_status prepare(struct az_hidden_look *look, const char *path,
                              const struct az_hidden_options *options, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t most = 1;
    AZ_TRY(az_kernels_default(&look->kernels, options->isa, error));
    AZ_TRY(az_rows_select(&look->rows, options->isa, error));
    AZ_TRY(az_recording_open(&look->recording, path, error));
    AZ_TRY(find_tensors(look, options, error));
    AZ_TRY(choose_steps(look, options, error));
    look->dims = (size_t)look->hidden->dims;
    look->positions = (size_t)look->hidden->positions;
    look->chunks = (look->positions + AZ_HIDDEN_POSITIONS - 1) / AZ_HIDDEN_POSITIONS;
    AZ_TRY(az_pool_create(&look->pool, options->threads, error));
    look->threads = az_pool_threads(look->pool);
    AZ_TRY(open_feeds(look, &most, error));
    AZ_TRY(allocate(look, most, error));
out:
    return status;
}

enum az_status az_hidden_look(struct az_hidden **hidden, const char *path,
                              const struct az_hidden_options *options, struct az_progress *progress,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hidden_look look = {0};
    *hidden = NULL;
    AZ_TRY(az_memory_allocate(&look.hidden, 1, sizeof *look.hidden, "results", error));
    AZ_TRY(prepare(&look, path, options, error));
    AZ_TRY(whole_pass(&look, progress, error));
    az_hidden_finish(look.hidden, look.running);
    *hidden = look.hidden;
    look.hidden = NULL;
out:
    if (status != AZ_OK && status != AZ_USAGE && status != AZ_INTERRUPTED)
        az_error_at(error, look.recording ? az_recording_path(look.recording) : path, -1, -1, -1);
    free_look(&look);
    az_hidden_free(look.hidden);
    return status;
}

void az_hidden_free(struct az_hidden *hidden)
{
    if (!hidden) return;
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++) az_memory_free(hidden->vectors[v]);
    az_memory_free(hidden->steps);
    az_memory_free(hidden->towards);
    az_memory_free(hidden->away);
    az_memory_free(hidden);
}
