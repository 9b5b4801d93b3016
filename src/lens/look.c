#include "lens/look.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lens/dead_rows.h"
#include "lens/subject.h"
#include "lens/token_arrays.h"

#define SET_NAME(id, name) [id] = name,
#define MOTION_NAME(id, name) [id] = name,

const char *az_lens_set_name(enum az_lens_set set)
{
    static const char *const names[] = {AZ_LENS_SET_TABLE(SET_NAME)};
    return names[set];
}

const char *az_motion_name(enum az_motion_quantity quantity)
{
    static const char *const names[] = {AZ_MOTION_TABLE(MOTION_NAME)};
    return names[quantity];
}

int az_lens_window(int64_t step)
{
    int window = 0;
    for (int64_t end = 10; step > end && window + 1 < AZ_LENS_WINDOWS; end *= 10) window++;
    return window;
}

/* ---- the subject ---- */

static enum az_status choose_frames(struct az_look *look, const struct az_lens_options *options,
                                    struct az_pass_plan *plan, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *tensor = look->tensor;
    struct az_lens_subject *subject = look->subject;
    AZ_TRY(az_subject_frames(look->recording, tensor, options->first_step, options->last_step, 2,
                             plan, error));
    int64_t first = plan->first, end = plan->last + 1;
    int64_t *steps;
    subject->moves = end - first - 1;
    AZ_TRY(az_memory_allocate(&steps, (size_t)(end - first), sizeof *steps, "the steps", error));
    subject->steps = steps;
    for (int64_t n = 0; n <= subject->moves; n++) {
        steps[n] = az_recording_step_of(tensor, first + n);
        if (n == 0) continue;
        look->window_moves[az_lens_window(steps[n])]++;
        int64_t gap = steps[n] - steps[n - 1];
        if (gap > subject->longest_gap_steps) subject->longest_gap_steps = gap;
    }
    int64_t length = steps[subject->moves] - steps[0], tenth = length / 10;
    subject->guard_steps = options->guard_steps ? options->guard_steps : tenth > 100 ? tenth : 100;
out:
    return status;
}

/* ---- memory ---- */

static enum az_status allocate_results(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_lens *lens = look->lens;
    size_t moves = (size_t)look->subject->moves, rows = (size_t)look->sets.rows;
    AZ_TRY(az_memory_allocate(&lens->motion, 1, sizeof *lens->motion, "results", error));
    AZ_TRY(az_memory_allocate(&lens->lifecycle, 1, sizeof *lens->lifecycle, "results", error));
    struct az_motion *motion = lens->motion;
    struct az_lifecycle *life = lens->lifecycle;
    AZ_TRY(az_memory_allocate(&life->tokens, rows, sizeof *life->tokens, "results", error));
    life->span_count = moves < AZ_LIFE_MOST_SPANS ? (int64_t)moves : AZ_LIFE_MOST_SPANS;
    AZ_TRY(az_memory_allocate(&life->spans, (size_t)life->span_count, rows, "results", error));
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        if (!look->sets.present[set]) continue;
        AZ_TRY(az_memory_allocate(&motion->steps[set], moves, sizeof *motion->steps[set], "results",
                                  error));
        AZ_TRY(az_memory_allocate(&motion->sizes[set], AZ_LENS_WINDOWS, sizeof *motion->sizes[set],
                                  "results", error));
        AZ_TRY(az_memory_allocate(&motion->strata[set], AZ_LENS_WINDOWS,
                                  sizeof *motion->strata[set], "results", error));
        AZ_TRY(az_memory_allocate(&life->states[set], moves, sizeof *life->states[set], "results",
                                  error));
        AZ_TRY(az_memory_allocate(&life->phases[set], moves, sizeof *life->phases[set], "results",
                                  error));
    }
out:
    return status;
}

static enum az_status allocate_block(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)look->sets.rows, moves = (size_t)look->most_moves, chunk_rows;
    size_t slots = (moves + 1) * (size_t)look->chunks * AZ_TOKEN_CLASSES;
    size_t threads = (size_t)az_pool_threads(look->pool);
    AZ_TRY(az_size_multiply(rows, moves, &chunk_rows, error));
    for (int q = 0; q < AZ_MOTION_QUANTITIES; q++)
        AZ_TRY(az_memory_allocate(&look->keys[q], chunk_rows, sizeof(uint32_t), "a block", error));
    AZ_TRY(az_memory_allocate(&look->squares, chunk_rows, sizeof(double), "a block", error));
    AZ_TRY(az_memory_allocate(&look->sums, slots, sizeof *look->sums, "a block", error));
    AZ_TRY(az_memory_allocate(&look->norms, rows, sizeof *look->norms, "the rows", error));
    AZ_TRY(az_memory_allocate(&look->zeros, rows, sizeof *look->zeros, "the rows", error));
    AZ_TRY(az_memory_allocate(&look->states, rows, sizeof *look->states, "the rows", error));
    AZ_TRY(az_memory_allocate(&look->still_run, rows, sizeof(int64_t), "the rows", error));
    AZ_TRY(az_memory_allocate(&look->counts, threads, sizeof *look->counts, "counts", error));
    AZ_TRY(az_memory_allocate(&look->kinds, threads * az_look_padded(look->dims),
                              sizeof *look->kinds, "hops", error));
    AZ_TRY(az_memory_allocate(&look->sorting, 2 * threads, rows * sizeof(uint32_t), "quantiles",
                              error));
out:
    return status;
}

static enum az_status allocate_kinematics(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)look->sets.rows, frames = (size_t)look->most_moves + 1;
    size_t chunks = (size_t)look->chunks, row_bytes = look->dims * sizeof(double);
    size_t all = (size_t)look->subject->moves + 1, sets = frames * AZ_LENS_SETS;
    AZ_TRY(az_memory_allocate(&look->lens->kinematics, 1, sizeof *look->lens->kinematics, "results",
                              error));
    struct az_kinematics *results = look->lens->kinematics;
    AZ_TRY(az_memory_allocate(&results->tokens, rows, sizeof *results->tokens, "results", error));
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        if (!look->sets.present[set]) continue;
        AZ_TRY(az_memory_allocate(&results->frames[set], all, sizeof *results->frames[set],
                                  "results", error));
        AZ_TRY(az_memory_allocate(&results->centroids[set], all, row_bytes, "results", error));
    }
    AZ_TRY(az_memory_allocate(&look->positions, frames * chunks * AZ_TOKEN_CLASSES, row_bytes,
                              "sums of positions", error));
    AZ_TRY(az_memory_allocate(&look->drifts, frames * chunks * AZ_TOKEN_CLASSES, row_bytes,
                              "sums of drifts", error));
    AZ_TRY(az_memory_allocate(&look->clouds, sets * chunks, sizeof *look->clouds, "sums", error));
    AZ_TRY(az_memory_allocate(&look->set_drifts, sets, row_bytes, "drifts", error));
    AZ_TRY(az_memory_allocate(&look->last_drift, AZ_LENS_SETS, row_bytes, "drifts", error));
    AZ_TRY(az_memory_allocate(&look->chunk_positions, chunks * AZ_TOKEN_CLASSES, row_bytes,
                              "sums of positions", error));
    AZ_TRY(az_memory_allocate(&look->start, (size_t)look->tensor->frame_bytes, 1, "the first frame",
                              error));
    AZ_TRY(az_look_velocity_create(look, error));
    AZ_TRY(az_look_shapes_create(look, error));
out:
    return status;
}

static void free_look(struct az_look *look)
{
    void *blocks[] = {look->squares,    look->sums,       look->positions,       look->drifts,
                      look->clouds,     look->norms,      look->zeros,           look->states,
                      look->still_run,  look->start,      look->counts,          look->sorting,
                      look->set_drifts, look->last_drift, look->chunk_positions, look->kinds};
    for (size_t n = 0; n < sizeof blocks / sizeof *blocks; n++) az_memory_free(blocks[n]);
    for (int q = 0; q < AZ_MOTION_QUANTITIES; q++) az_memory_free(look->keys[q]);
    az_look_velocity_free(look->velocity);
    az_token_arrays_abort(look->arrays);
    az_token_sets_free(&look->sets);
    az_pool_free(look->pool);
    az_recording_close(look->recording);
}

/* ---- the pass ---- */

static enum az_status one_block(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    look->from = look->block.number == 0 ? 0 : 1;
    az_look_move(look);
    az_look_sum(look);
    az_look_quantiles(look);
    if (look->kinematics) {
        az_look_cloud(look);
        az_look_velocity(look);
        AZ_TRY(az_look_shapes(look, error));
    }
    if (look->arrays) AZ_TRY(az_look_arrays_write(look, error));
    if (look->kinematics && look->block.number + look->block.moves == look->subject->moves)
        AZ_TRY(az_look_finish_paths(look, error));
out:
    return status;
}

static enum az_status whole_pass(struct az_look *look, const struct az_pass_plan *plan,
                                 struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_pass *pass = NULL;
    double megabytes = (double)look->tensor->frame_bytes / 1e6, all = (double)az_pass_length(plan);
    AZ_TRY(az_pass_open(&pass, plan, error));
    az_progress_begin(progress);
    for (;;) {
        double done = (double)look->block.number;
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped at frame %.0f of %.0f", done, all);
        AZ_TRY(az_pass_next(pass, &look->block, error));
        if (!look->block.bytes) break;
        AZ_TRY(one_block(look, error));
        done = (double)(look->block.number + look->block.moves + 1);
        az_progress_tell(progress, "looking", "MB", done * megabytes, all * megabytes, "");
    }
    az_progress_end(progress, "looking", "MB", all * megabytes, all * megabytes, "");
out:
    az_pass_close(pass);
    return status;
}

static enum az_status prepare(struct az_look *look, const char *path,
                              const struct az_lens_options *options, struct az_pass_plan *plan,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_rows_select(&look->rows, options->isa, error));
    AZ_TRY(az_recording_open(&look->recording, path, error));
    AZ_TRY(az_subject_matrix(look->recording, options->matrix, &look->tensor, error));
    AZ_TRY(az_token_sets_read(&look->sets, look->recording, look->tensor, options->named, error));
    AZ_TRY(choose_frames(look, options, plan, error));
    AZ_TRY(az_subject_describe(look->subject, look->tensor, &look->sets, NULL, error));
    AZ_TRY(az_pool_create(&look->pool, options->threads, error));
    look->kinematics = options->kinematics;
    look->dims = (size_t)look->subject->dims;
    look->chunks = (look->sets.rows + AZ_LOOK_CHUNK_ROWS - 1) / AZ_LOOK_CHUNK_ROWS;
    look->most_moves = az_pass_most_moves(plan);
    AZ_TRY(allocate_results(look, error));
    AZ_TRY(allocate_block(look, error));
    if (options->kinematics) AZ_TRY(allocate_kinematics(look, error));
    if (options->arrays) AZ_TRY(az_look_arrays_create(look, options->arrays, error));
out:
    return status;
}

enum az_status az_lens_look(struct az_lens **lens_pointer, const char *path,
                            const struct az_lens_options *options, struct az_progress *progress,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_look look = {0};
    struct az_pass_plan plan;
    *lens_pointer = NULL;
    AZ_TRY(az_memory_allocate(&look.lens, 1, sizeof *look.lens, "results", error));
    look.subject = &look.lens->subject;
    AZ_TRY(prepare(&look, path, options, &plan, error));
    AZ_TRY(whole_pass(&look, &plan, progress, error));
    az_look_finish_motion(&look);
    AZ_TRY(az_look_finish_lives(&look, error));
    if (look.arrays) AZ_TRY(az_look_arrays_commit(&look, error));
    *lens_pointer = look.lens;
    look.lens = NULL;
out:
    if (status != AZ_OK && status != AZ_USAGE && status != AZ_INTERRUPTED)
        az_error_at(error, look.recording ? az_recording_path(look.recording) : path, -1, -1, -1);
    free_look(&look);
    az_lens_free(look.lens);
    return status;
}

void az_lens_free(struct az_lens *lens)
{
    if (!lens) return;
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        if (lens->motion) {
            az_memory_free(lens->motion->steps[set]);
            az_memory_free(lens->motion->sizes[set]);
            az_memory_free(lens->motion->strata[set]);
        }
        if (lens->lifecycle) {
            az_memory_free(lens->lifecycle->states[set]);
            az_memory_free(lens->lifecycle->phases[set]);
        }
        if (lens->kinematics) {
            az_memory_free(lens->kinematics->frames[set]);
            az_memory_free(lens->kinematics->centroids[set]);
            az_memory_free(lens->kinematics->shapes[set]);
            az_memory_free(lens->kinematics->spectra[set]);
        }
    }
    if (lens->lifecycle) {
        az_memory_free(lens->lifecycle->tokens);
        az_memory_free(lens->lifecycle->stragglers);
        az_memory_free(lens->lifecycle->spans);
    }
    if (lens->kinematics) az_memory_free(lens->kinematics->tokens);
    az_memory_free(lens->motion);
    az_memory_free(lens->lifecycle);
    az_memory_free(lens->kinematics);
    az_subject_free(&lens->subject);
    az_memory_free(lens);
}
