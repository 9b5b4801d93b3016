#include "lab/train_motion.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CHUNK 128 /* tokens */

static size_t chunks_of(size_t count) { return (count + CHUNK - 1) / CHUNK; }

enum az_status az_train_motion_memory(size_t count, size_t dims, bool tied, size_t *bytes,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t matrices = tied ? 1 : 2;
    AZ_TRY(az_size_multiply(dims, matrices * sizeof(struct az_bf16), bytes, error));
    AZ_TRY(az_size_add(*bytes, sizeof(int64_t), bytes, error));
    AZ_TRY(az_size_multiply(*bytes, count, bytes, error));
    AZ_TRY(az_size_add(*bytes, chunks_of(count) * sizeof(size_t), bytes, error));
out:
    return status;
}

static void copy_row(struct az_train_motion *motion, size_t n, int which)
{
    const struct az_bf16 *row = motion->matrix[which] + (size_t)motion->tokens[n] * motion->dims;
    memcpy(motion->previous[which] + n * motion->dims, row, motion->dims * sizeof *row);
}

void az_train_motion_begin(struct az_train_motion *motion)
{
    for (int which = 0; which < 2 && motion->matrix[which]; which++)
        for (size_t n = 0; n < motion->count; n++) copy_row(motion, n, which);
}

enum az_status az_train_motion_create(struct az_train_motion **motion_pointer, size_t count,
                                      size_t dims, const int64_t *tokens,
                                      const struct az_bf16 *embedding,
                                      const struct az_bf16 *unembedding, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_train_motion *motion = NULL;
    *motion_pointer = NULL;
    AZ_TRY(az_memory_allocate(&motion, 1, sizeof *motion, "the dead tokens", error));
    *motion = (struct az_train_motion){
        .count = count, .dims = dims, .tokens = tokens, .matrix = {embedding, unembedding}};
    AZ_TRY(az_memory_allocate(&motion->last_motion_step, count, sizeof *motion->last_motion_step,
                              "the dead tokens", error));
    AZ_TRY(az_memory_allocate(&motion->moved_by_chunk, chunks_of(count),
                              sizeof *motion->moved_by_chunk, "the dead tokens", error));
    for (int which = 0; which < 2 && motion->matrix[which]; which++) {
        AZ_TRY(az_memory_allocate(&motion->previous[which], count, dims * sizeof(struct az_bf16),
                                  "the dead tokens' rows", error));
    }
    az_train_motion_begin(motion);
    *motion_pointer = motion;
out:
    if (status != AZ_OK) az_train_motion_free(motion);
    return status;
}

void az_train_motion_free(struct az_train_motion *motion)
{
    if (!motion) return;
    az_memory_free(motion->previous[0]);
    az_memory_free(motion->previous[1]);
    az_memory_free(motion->last_motion_step);
    az_memory_free(motion->moved_by_chunk);
    az_memory_free(motion);
}

static bool token_moved(struct az_train_motion *motion, size_t n)
{
    bool moved = false;
    for (int which = 0; which < 2 && motion->matrix[which]; which++) {
        const struct az_bf16 *before = motion->previous[which] + n * motion->dims;
        const struct az_bf16 *after =
            motion->matrix[which] + (size_t)motion->tokens[n] * motion->dims;
        if (!az_bf16_row_moved(before, after, motion->dims)) continue;
        moved = true;
        copy_row(motion, n, which);
    }
    return moved;
}

static void move_chunk(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct az_train_motion *motion = context;
    size_t end = (chunk + 1) * CHUNK < motion->count ? (chunk + 1) * CHUNK : motion->count;
    size_t moved = 0;
    for (size_t n = chunk * CHUNK; n < end; n++) {
        if (!token_moved(motion, n)) continue;
        motion->last_motion_step[n] = motion->step;
        moved++;
    }
    motion->moved_by_chunk[chunk] = moved;
}

void az_train_motion_step(struct az_train_motion *motion, int64_t step, struct az_pool *pool)
{
    size_t chunks = chunks_of(motion->count);
    motion->step = step;
    az_pool_run(pool, move_chunk, motion, chunks);
    motion->moved = 0;
    for (size_t chunk = 0; chunk < chunks; chunk++) motion->moved += motion->moved_by_chunk[chunk];
}

int64_t az_train_motion_still_steps(const struct az_train_motion *motion, int64_t step)
{
    int64_t last = 0;
    for (size_t n = 0; n < motion->count; n++)
        if (motion->last_motion_step[n] > last) last = motion->last_motion_step[n];
    return motion->count ? step - last : 0;
}

static int compare_steps(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

enum az_status az_train_motion_freeze(const struct az_train_motion *motion, int64_t steps,
                                      struct az_train_result *result, struct az_error *error)
{
    int64_t guard = steps / 10 > 100 ? steps / 10 : 100;
    int64_t *freeze = NULL;
    enum az_status status =
        az_memory_allocate(&freeze, motion->count, sizeof *freeze, "the freeze steps", error);
    if (status != AZ_OK) return status;
    size_t frozen = 0;
    for (size_t n = 0; n < motion->count; n++)
        if (steps - motion->last_motion_step[n] >= guard)
            freeze[frozen++] = motion->last_motion_step[n] + 1;
    qsort(freeze, frozen, sizeof *freeze, compare_steps);
    result->dead = motion->count;
    result->frozen = frozen;
    result->guard_steps = guard;
    result->first_freeze_step = frozen ? freeze[0] : 0;
    result->median_freeze_step = frozen ? freeze[(frozen - 1) / 2] : 0;
    result->last_freeze_step = frozen ? freeze[frozen - 1] : 0;
    az_memory_free(freeze);
    return AZ_OK;
}
