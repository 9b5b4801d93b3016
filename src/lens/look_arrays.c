#include <string.h>

#include "base/memory.h"
#include "lens/look.h"

#define COMPANIONS 3 /* steps, token_ids, phase_end_step */

struct az_look_arrays {
    struct az_safetensors_writer *writer;
    int64_t *ends; /* [rows][4] */
};

static void describe(struct az_tensor *tensor, const char *name, enum az_dtype dtype, int rank,
                     int64_t first, int64_t second)
{
    *tensor = (struct az_tensor){.dtype = dtype, .rank = rank, .shape = {first, second}};
    strncpy(tensor->name, name, sizeof tensor->name - 1);
}

enum az_status az_look_arrays_create(struct az_look *look, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tensor tensors[AZ_MOTION_QUANTITIES + COMPANIONS];
    struct az_look_arrays *arrays;
    const struct az_lens_subject *subject = look->subject;
    const char *metadata[] = {
        "format", "azimuth-motion-1", "recording", az_recording_path(look->recording),
        "matrix", subject->matrix,    NULL};
    AZ_TRY(az_memory_allocate(&look->arrays, 1, sizeof *look->arrays, "the arrays", error));
    arrays = look->arrays;
    AZ_TRY(az_memory_allocate(&arrays->ends, (size_t)subject->rows, 4 * sizeof *arrays->ends,
                              "the arrays", error));
    for (enum az_motion_quantity q = 0; q < AZ_MOTION_QUANTITIES; q++)
        describe(&tensors[q], az_motion_name(q),
                 az_look_key_is_float(q) ? AZ_DTYPE_F32 : AZ_DTYPE_I32, 2, subject->moves,
                 subject->rows);
    describe(&tensors[AZ_MOTION_QUANTITIES], "steps", AZ_DTYPE_I64, 1, subject->moves, 0);
    describe(&tensors[AZ_MOTION_QUANTITIES + 1], "token_ids", AZ_DTYPE_I64, 1, subject->rows, 0);
    describe(&tensors[AZ_MOTION_QUANTITIES + 2], "phase_end_step", AZ_DTYPE_I64, 2, subject->rows,
             4);
    AZ_TRY(az_safetensors_create(&arrays->writer, path, tensors, AZ_MOTION_QUANTITIES + COMPANIONS,
                                 metadata, error));
    AZ_TRY(az_safetensors_write(arrays->writer, AZ_MOTION_QUANTITIES, 0, subject->steps + 1,
                                (size_t)subject->moves * sizeof(int64_t), error));
    AZ_TRY(az_safetensors_write(arrays->writer, AZ_MOTION_QUANTITIES + 1, 0, subject->tokens,
                                (size_t)subject->rows * sizeof(int64_t), error));
out:
    return status;
}

enum az_status az_look_arrays_write(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t move_bytes = (size_t)look->sets.rows * sizeof(uint32_t);
    for (size_t q = 0; q < AZ_MOTION_QUANTITIES; q++)
        AZ_TRY(az_safetensors_write(look->arrays->writer, q,
                                    (uint64_t)look->block.number * move_bytes, look->keys[q],
                                    (size_t)look->block.moves * move_bytes, error));
out:
    return status;
}

enum az_status az_look_arrays_commit(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_look_arrays *arrays = look->arrays;
    for (int64_t row = 0; row < look->sets.rows; row++)
        for (int life = AZ_LIFE_HYPERNOVA; life >= AZ_LIFE_LATE; life--)
            arrays->ends[4 * row + AZ_LIFE_HYPERNOVA - life] =
                look->lens->lifecycle->tokens[row].end_step[life];
    AZ_TRY(az_safetensors_write(arrays->writer, AZ_MOTION_QUANTITIES + 2, 0, arrays->ends,
                                (size_t)look->sets.rows * 4 * sizeof *arrays->ends, error));
    struct az_safetensors_writer *writer = arrays->writer;
    arrays->writer = NULL;
    AZ_TRY(az_safetensors_commit(writer, error));
out:
    return status;
}

void az_look_arrays_abort(struct az_look_arrays *arrays)
{
    if (!arrays) return;
    az_safetensors_abort(arrays->writer);
    az_memory_free(arrays->ends);
    az_memory_free(arrays);
}
