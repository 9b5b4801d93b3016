#include "azimuth/divergence.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lens/divergence_state.h"
#include "lens/subject.h"

const char *az_divergence_name(enum az_divergence_quantity quantity)
{
#define DIVERGENCE_NAME(id, name) [id] = name,
    static const char *const names[] = {AZ_DIVERGENCE_TABLE(DIVERGENCE_NAME)};
#undef DIVERGENCE_NAME
    return names[quantity];
}

/* ---- what both have ---- */

static enum az_status find_rows(struct az_divergence_state *state,
                                const struct az_divergence_options *options, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *a, *b;
    for (int side = 0; side < AZ_COMPARE_SIDES; side++) {
        status = az_subject_matrix(state->recordings[side], options->matrix, &state->tensors[side],
                                   error);
        if (status == AZ_OK) continue;
        if (status != AZ_USAGE)
            az_error_at(error, az_recording_path(state->recordings[side]), -1, -1, -1);
        goto out;
    }
    a = state->tensors[AZ_COMPARE_A];
    b = state->tensors[AZ_COMPARE_B];
    AZ_TRY(az_compare_match(&state->match, state->recordings[AZ_COMPARE_A],
                            state->recordings[AZ_COMPARE_B], a, b, error));
    if (!state->match.told.comparable)
        AZ_RAISE(AZ_USAGE,
                 "%s has %" PRId64 " rows of %" PRId64 " dimensions in A, %" PRId64 " of %" PRId64
                 " in B, and no token is in both with as many dimensions",
                 a->name, a->frame_shape[0], a->frame_shape[1], b->frame_shape[0],
                 b->frame_shape[1]);
    state->dims = (size_t)a->frame_shape[1];
out:
    return status;
}

/* The sets as A has them, or B where A does not know who is dead; of them the common rows. */
static enum az_status find_sets(struct az_divergence_state *state, const char *named,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int side = 0; side < AZ_COMPARE_SIDES && !state->sets.dead_known; side++) {
        az_token_sets_free(&state->sets);
        AZ_TRY(az_token_sets_read(&state->sets, state->recordings[side], state->tensors[side],
                                  named, error));
        az_token_sets_keep(&state->sets, state->match.rows[side], state->match.told.rows);
    }
    if (named && !state->sets.present[AZ_LENS_NAMED])
        AZ_RAISE(AZ_USAGE, "%s: none of its tokens is in both recordings", named);
out:
    return status;
}

static int64_t step_of(const struct az_divergence_state *state, enum az_compare_side side,
                       int64_t frame)
{
    const struct az_recorded *tensor = state->tensors[side];
    return frame < tensor->frames ? az_recording_step_of(tensor, frame) : INT64_MAX;
}

static enum az_status find_steps(struct az_divergence_state *state,
                                 const struct az_divergence_options *options,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_divergence *told = state->told;
    int64_t *steps, next[AZ_COMPARE_SIDES] = {0}, count = 0;
    int64_t a = state->tensors[0]->frames, b = state->tensors[1]->frames, least = a < b ? a : b;
    int64_t last = options->last_step ? options->last_step : INT64_MAX - 1;
    AZ_TRY(az_memory_allocate(&steps, (size_t)least, sizeof *steps, "the steps", error));
    told->subject.steps = steps;
    for (int side = 0; side < AZ_COMPARE_SIDES; side++)
        AZ_TRY(az_memory_allocate(&state->frames[side], (size_t)least, sizeof(int64_t), "the steps",
                                  error));
    for (;;) {
        int64_t at[] = {step_of(state, AZ_COMPARE_A, next[0]),
                        step_of(state, AZ_COMPARE_B, next[1])};
        int64_t step = at[0] < at[1] ? at[0] : at[1];
        if (step > last) break;
        bool both = at[0] == at[1], wanted = step >= options->first_step;
        if (both && wanted) {
            steps[count] = step;
            for (int side = 0; side < AZ_COMPARE_SIDES; side++)
                state->frames[side][count] = next[side];
            count++;
        }
        told->only_a += wanted && at[0] < at[1];
        told->only_b += wanted && at[1] < at[0];
        for (int side = 0; side < AZ_COMPARE_SIDES; side++) next[side] += at[side] == step;
    }
    if (count == 0)
        AZ_RAISE(AZ_USAGE, "%s: the recordings have no step in common%s", state->tensors[0]->name,
                 options->first_step || options->last_step ? " among these" : "");
    told->subject.moves = count - 1;
    for (int64_t n = 1; n < count; n++)
        if (steps[n] - steps[n - 1] > told->subject.longest_gap_steps)
            told->subject.longest_gap_steps = steps[n] - steps[n - 1];
out:
    return status;
}

/* ---- memory ---- */

static enum az_status allocate(struct az_divergence_state *state, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_divergence *told = state->told;
    size_t rows = (size_t)state->sets.rows, frames = (size_t)state->most_moves + 1, all;
    size_t threads = (size_t)az_pool_threads(state->pool);
    AZ_TRY(az_memory_allocate(&told->tokens, rows, sizeof *told->tokens, "results", error));
    for (size_t row = 0; row < rows; row++) told->tokens[row].first_step = -1;
    for (int set = 0; set < AZ_LENS_SETS; set++)
        if (state->sets.present[set])
            AZ_TRY(az_memory_allocate(&told->steps[set], (size_t)told->subject.moves + 1,
                                      sizeof *told->steps[set], "results", error));
    AZ_TRY(az_size_multiply(rows, frames, &all, error));
    for (int q = 0; q < AZ_DIVERGENCE_QUANTITIES; q++)
        AZ_TRY(az_memory_allocate(&state->keys[q], all, sizeof(uint32_t), "a block", error));
    AZ_TRY(az_memory_allocate(&state->sums, frames * (size_t)state->chunks * AZ_TOKEN_CLASSES,
                              sizeof *state->sums, "a block", error));
    AZ_TRY(az_memory_allocate(&state->sorting, 2 * threads, rows * sizeof(uint32_t), "quantiles",
                              error));
    AZ_TRY(az_memory_allocate(&state->rows, rows, sizeof *state->rows, "the rows", error));
    for (int side = 0; side < AZ_COMPARE_SIDES; side++)
        AZ_TRY(az_memory_allocate(&state->starts[side], state->tensors[side]->frame_bytes, 1,
                                  "the first frame", error));
out:
    return status;
}

static enum az_status open_arrays(struct az_divergence_state *state, const char *path,
                                  struct az_error *error)
{
    struct az_token_array table[AZ_DIVERGENCE_QUANTITIES];
    const struct az_lens_subject *subject = &state->told->subject;
    const char *metadata[] = {"format", "azimuth-divergence-1",
                              "a",      az_recording_path(state->recordings[AZ_COMPARE_A]),
                              "b",      az_recording_path(state->recordings[AZ_COMPARE_B]),
                              "matrix", subject->matrix,
                              NULL};
    for (enum az_divergence_quantity q = 0; q < AZ_DIVERGENCE_QUANTITIES; q++)
        table[q] = (struct az_token_array){az_divergence_name(q), az_divergence_is_float(q)};
    return az_token_arrays_create(&state->arrays, path, metadata, subject, subject->steps,
                                  subject->moves + 1, table, AZ_DIVERGENCE_QUANTITIES, "first_step",
                                  1, error);
}

static void free_state(struct az_divergence_state *state)
{
    for (int side = 0; side < AZ_COMPARE_SIDES; side++) {
        az_memory_free(state->frames[side]);
        az_memory_free(state->starts[side]);
    }
    for (int q = 0; q < AZ_DIVERGENCE_QUANTITIES; q++) az_memory_free(state->keys[q]);
    az_memory_free(state->sums);
    az_memory_free(state->sorting);
    az_memory_free(state->rows);
    az_token_arrays_abort(state->arrays);
    az_token_sets_free(&state->sets);
    az_compare_match_free(&state->match);
    az_pool_free(state->pool);
}

/* ---- the pass ---- */

/* Blocks of both have the same number of frames. */
static void plan_passes(const struct az_divergence_state *state,
                        struct az_pass_plan plans[AZ_COMPARE_SIDES])
{
    int64_t least = INT64_MAX;
    for (int side = 0; side < AZ_COMPARE_SIDES; side++) {
        plans[side] = (struct az_pass_plan){.recording = state->recordings[side],
                                            .tensor = state->tensors[side],
                                            .list = state->frames[side],
                                            .listed = state->told->subject.moves + 1};
        int64_t moves = az_pass_most_moves(&plans[side]);
        if (moves < least) least = moves;
    }
    for (int side = 0; side < AZ_COMPARE_SIDES; side++)
        plans[side].block_bytes = (size_t)least * state->tensors[side]->frame_bytes;
}

static enum az_status one_block(struct az_divergence_state *state, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t number = state->blocks[0].number;
    state->from = number == 0 ? 0 : 1;
    for (int side = 0; side < AZ_COMPARE_SIDES && number == 0; side++)
        memcpy(state->starts[side], state->blocks[side].bytes, state->tensors[side]->frame_bytes);
    az_divergence_block(state);
    for (size_t q = 0; q < AZ_DIVERGENCE_QUANTITIES && state->arrays; q++)
        AZ_TRY(az_token_arrays_write(state->arrays, q, number + state->from,
                                     state->keys[q] + state->from * state->sets.rows,
                                     state->blocks[0].moves + 1 - state->from, error));
out:
    return status;
}

static enum az_status whole_pass(struct az_divergence_state *state,
                                 const struct az_pass_plan *plans, struct az_progress *progress,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_pass *passes[AZ_COMPARE_SIDES] = {NULL, NULL};
    double all = (double)state->told->subject.moves + 1;
    for (int side = 0; side < AZ_COMPARE_SIDES; side++)
        AZ_TRY(az_pass_open(&passes[side], &plans[side], error));
    az_progress_begin(progress);
    for (;;) {
        double done = (double)(state->blocks[0].number + state->blocks[0].moves);
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped at frame %.0f of %.0f", done, all);
        for (int side = 0; side < AZ_COMPARE_SIDES; side++)
            AZ_TRY(az_pass_next(passes[side], &state->blocks[side], error));
        if (!state->blocks[0].bytes) break;
        AZ_TRY(one_block(state, error));
        az_progress_tell(progress, "comparing", "frame",
                         (double)(state->blocks[0].number + state->blocks[0].moves + 1), all, "");
    }
    az_progress_end(progress, "comparing", "frame", all, all, "");
out:
    for (int side = 0; side < AZ_COMPARE_SIDES; side++) az_pass_close(passes[side]);
    return status;
}

static enum az_status commit_arrays(struct az_divergence_state *state, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_token_arrays *arrays = state->arrays;
    int64_t *firsts = NULL;
    AZ_TRY(az_memory_allocate(&firsts, (size_t)state->sets.rows, sizeof *firsts, "results", error));
    for (int64_t row = 0; row < state->sets.rows; row++)
        firsts[row] = state->told->tokens[row].first_step;
    state->arrays = NULL;
    AZ_TRY(az_token_arrays_commit(arrays, firsts, error));
out:
    az_memory_free(firsts);
    return status;
}

static enum az_status prepare(struct az_divergence_state *state,
                              const struct az_divergence_options *options,
                              struct az_pass_plan plans[AZ_COMPARE_SIDES], struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_rows_select(&state->code, options->isa, error));
    AZ_TRY(find_rows(state, options, error));
    AZ_TRY(find_sets(state, options->named, error));
    AZ_TRY(find_steps(state, options, error));
    AZ_TRY(az_subject_describe(&state->told->subject, state->tensors[0], &state->sets,
                               state->match.rows[0], error));
    AZ_TRY(az_pool_create(&state->pool, options->threads, error));
    state->chunks = (state->sets.rows + AZ_DIVERGENCE_CHUNK_ROWS - 1) / AZ_DIVERGENCE_CHUNK_ROWS;
    plan_passes(state, plans);
    state->most_moves = az_pass_most_moves(&plans[0]);
    AZ_TRY(allocate(state, error));
    if (options->arrays) AZ_TRY(open_arrays(state, options->arrays, error));
out:
    return status;
}

enum az_status az_divergence_look(struct az_divergence **divergence, const struct az_recording *a,
                                  const struct az_recording *b,
                                  const struct az_divergence_options *options,
                                  struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_divergence_state state = {.recordings = {a, b}};
    struct az_pass_plan plans[AZ_COMPARE_SIDES];
    *divergence = NULL;
    AZ_TRY(az_memory_allocate(&state.told, 1, sizeof *state.told, "results", error));
    AZ_TRY(prepare(&state, options, plans, error));
    AZ_TRY(whole_pass(&state, plans, progress, error));
    if (state.arrays) AZ_TRY(commit_arrays(&state, error));
    *divergence = state.told;
    state.told = NULL;
out:
    free_state(&state);
    az_divergence_free(state.told);
    return status;
}

void az_divergence_free(struct az_divergence *divergence)
{
    if (!divergence) return;
    for (int set = 0; set < AZ_LENS_SETS; set++) az_memory_free(divergence->steps[set]);
    az_memory_free(divergence->tokens);
    az_subject_free(&divergence->subject);
    az_memory_free(divergence);
}
