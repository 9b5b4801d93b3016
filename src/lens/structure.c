#include "azimuth/structure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/pool.h"
#include "base/memory.h"
#include "lens/dead_rows.h"
#include "lens/pass.h"
#include "lens/structure_frame.h"
#include "lens/subject.h"
#include "lens/token_sets.h"

struct structure {
    struct az_structure *result;
    struct az_recording *recording;
    const struct az_recorded *tensor;
    struct az_token_sets sets;
    struct az_pool *pool;
    struct az_structure_scratch *scratch; /* [threads] */
    int threads;
    int64_t *members; /* [count] rows of the matrix */
    size_t count;
    uint32_t *groups; /* [most_moves + 1][count] */
    uint8_t *marks;   /* [most_moves + 1][count] */
    struct az_pass_block block;
    int64_t from;
};

static enum az_status choose_rows(struct structure *structure,
                                  const struct az_structure_options *options,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    enum az_lens_set set = options->set == AZ_LENS_SETS ? AZ_LENS_ALL : options->set;
    const struct az_token_sets *sets = &structure->sets;
    struct az_structure *result = structure->result;
    if (!sets->present[set])
        AZ_RAISE(AZ_USAGE, "%s: no recorded row is one of these, or the recording does not say",
                 az_lens_set_name(set));
    structure->count = (size_t)sets->counts[set];
    result->set = set;
    result->token_count = sets->counts[set];
    AZ_TRY(az_memory_allocate(&structure->members, structure->count, sizeof *structure->members,
                              "the rows", error));
    AZ_TRY(az_memory_allocate(&result->tokens, structure->count, sizeof *result->tokens, "the rows",
                              error));
    size_t n = 0;
    for (int64_t row = 0; row < sets->rows; row++) {
        if (!(sets->members[set] >> sets->classes[row] & 1)) continue;
        result->tokens[n].token = az_recorded_token(structure->tensor, row);
        structure->members[n++] = row;
    }
out:
    return status;
}

/* ---- stages of a block ---- */

static struct az_structure_frame *frame_at(struct structure *structure, int64_t frame)
{
    return &structure->result->frames[structure->block.number + frame];
}

static void find_frame(void *context, size_t number, int thread)
{
    struct structure *structure = context;
    int64_t frame = structure->from + (int64_t)number;
    struct az_structure_frame *to = frame_at(structure, frame);
    to->step = az_recording_step_of(structure->tensor, structure->block.frames[frame]);
    az_structure_frame_find(
        &structure->scratch[thread], az_pass_rows(&structure->block, structure->tensor, frame),
        structure->members, to, structure->groups + (size_t)frame * structure->count);
}

static void compare_frame(void *context, size_t number, int thread)
{
    struct structure *structure = context;
    size_t after = (number + 1) * structure->count;
    az_structure_compare(&structure->scratch[thread], structure->groups + after - structure->count,
                         structure->groups + after, frame_at(structure, (int64_t)number + 1),
                         structure->marks + after);
}

static void mark_tokens(struct structure *structure)
{
    for (int64_t frame = 1; frame <= structure->block.moves; frame++) {
        const uint8_t *marks = structure->marks + (size_t)frame * structure->count;
        int64_t step = frame_at(structure, frame)->step;
        for (size_t n = 0; n < structure->count; n++) {
            struct az_structure_token *token = &structure->result->tokens[n];
            if ((marks[n] & 1) && !token->first_left_step) token->first_left_step = step;
            if ((marks[n] & 2) && !token->first_joined_step) token->first_joined_step = step;
        }
    }
}

/* Populations of the first or the last frame. */
static enum az_status tell_tokens(struct structure *structure, int64_t frame, bool start,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    const uint32_t *groups = structure->groups + (size_t)frame * structure->count;
    int64_t *population = NULL, *lowest = NULL;
    AZ_TRY(az_memory_allocate(&population, structure->count, sizeof *population, "groups", error));
    AZ_TRY(az_memory_allocate(&lowest, structure->count, sizeof *lowest, "groups", error));
    for (size_t n = structure->count; n-- > 0;) {
        population[groups[n]]++;
        lowest[groups[n]] = structure->result->tokens[n].token;
    }
    for (size_t n = 0; n < structure->count; n++) {
        struct az_structure_token *token = &structure->result->tokens[n];
        if (start) token->population_start = population[groups[n]];
        token->population_end = population[groups[n]];
        token->group_end = lowest[groups[n]];
    }
out:
    az_memory_free(population);
    az_memory_free(lowest);
    return status;
}

static enum az_status one_block(struct structure *structure, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t moves = structure->block.moves;
    bool first = structure->block.number == 0;
    structure->from = first ? 0 : 1;
    az_pool_run(structure->pool, find_frame, structure, (size_t)(moves + 1 - structure->from));
    az_pool_run(structure->pool, compare_frame, structure, (size_t)moves);
    mark_tokens(structure);
    if (first) AZ_TRY(tell_tokens(structure, 0, true, error));
    if (structure->block.number + moves + 1 == structure->result->frame_count)
        AZ_TRY(tell_tokens(structure, moves, false, error));
    memmove(structure->groups, structure->groups + (size_t)moves * structure->count,
            structure->count * sizeof *structure->groups);
out:
    return status;
}

/* ---- the whole ---- */

static enum az_status prepare(struct structure *structure, const char *path,
                              const struct az_structure_options *options, struct az_pass_plan *plan,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_structure *result = structure->result;
    AZ_TRY(az_recording_open(&structure->recording, path, error));
    AZ_TRY(az_subject_matrix(structure->recording, options->matrix, &structure->tensor, error));
    AZ_TRY(az_token_sets_read(&structure->sets, structure->recording, structure->tensor,
                              options->named, error));
    AZ_TRY(az_subject_frames(structure->recording, structure->tensor, options->first_step,
                             options->last_step, 1, plan, error));
    plan->every = options->every > 0 ? options->every : 1;
    result->frame_count = az_pass_length(plan);
    result->dims = structure->tensor->frame_shape[1];
    result->vocabulary = structure->sets.vocabulary;
    snprintf(result->matrix, sizeof result->matrix, "%.31s", structure->tensor->name);
    memcpy(result->named, structure->sets.named, sizeof result->named);
    AZ_TRY(choose_rows(structure, options, error));
    AZ_TRY(az_pool_create(&structure->pool, options->threads, error));
    structure->threads = az_pool_threads(structure->pool);
    AZ_TRY(az_memory_allocate(&structure->scratch, (size_t)structure->threads,
                              sizeof *structure->scratch, "scratch", error));
    for (int n = 0; n < structure->threads; n++)
        AZ_TRY(az_structure_scratch_create(&structure->scratch[n], structure->count,
                                           (size_t)result->dims, error));
    size_t frames = (size_t)az_pass_most_moves(plan) + 1;
    AZ_TRY(az_memory_allocate(&structure->groups, frames * structure->count, sizeof(uint32_t),
                              "groups", error));
    AZ_TRY(az_memory_allocate(&structure->marks, frames, structure->count, "groups", error));
    AZ_TRY(az_memory_allocate(&result->frames, (size_t)result->frame_count, sizeof *result->frames,
                              "results", error));
out:
    return status;
}

static enum az_status whole_pass(struct structure *structure, const struct az_pass_plan *plan,
                                 struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_pass *pass = NULL;
    double all = (double)structure->result->frame_count;
    AZ_TRY(az_pass_open(&pass, plan, error));
    az_progress_begin(progress);
    for (;;) {
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped at frame %" PRId64 " of %.0f",
                     structure->block.number, all);
        AZ_TRY(az_pass_next(pass, &structure->block, error));
        if (!structure->block.bytes) break;
        AZ_TRY(one_block(structure, error));
        double done = (double)(structure->block.number + structure->block.moves + 1);
        az_progress_tell(progress, "looking", "frame", done, all, "");
    }
    az_progress_end(progress, "looking", "frame", all, all, "");
out:
    az_pass_close(pass);
    return status;
}

enum az_status az_structure_look(struct az_structure **structure_pointer, const char *path,
                                 const struct az_structure_options *options,
                                 struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct structure structure = {0};
    struct az_pass_plan plan;
    *structure_pointer = NULL;
    AZ_TRY(az_memory_allocate(&structure.result, 1, sizeof *structure.result, "results", error));
    AZ_TRY(prepare(&structure, path, options, &plan, error));
    AZ_TRY(whole_pass(&structure, &plan, progress, error));
    *structure_pointer = structure.result;
    structure.result = NULL;
out:
    if (status != AZ_OK && status != AZ_USAGE && status != AZ_INTERRUPTED)
        az_error_at(error, structure.recording ? az_recording_path(structure.recording) : path, -1,
                    -1, -1);
    for (int n = 0; structure.scratch && n < structure.threads; n++)
        az_structure_scratch_free(&structure.scratch[n]);
    az_memory_free(structure.scratch);
    az_memory_free(structure.members);
    az_memory_free(structure.groups);
    az_memory_free(structure.marks);
    az_token_sets_free(&structure.sets);
    az_pool_free(structure.pool);
    az_recording_close(structure.recording);
    az_structure_free(structure.result);
    return status;
}

void az_structure_free(struct az_structure *structure)
{
    if (!structure) return;
    az_memory_free(structure->frames);
    az_memory_free(structure->tokens);
    az_memory_free(structure);
}
