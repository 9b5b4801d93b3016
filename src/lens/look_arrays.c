#include "base/memory.h"
#include "lens/look.h"
#include "lens/token_arrays.h"

enum az_status az_look_arrays_create(struct az_look *look, const char *path, struct az_error *error)
{
    struct az_token_array table[AZ_MOTION_QUANTITIES];
    const struct az_lens_subject *subject = look->subject;
    const char *metadata[] = {
        "format", "azimuth-motion-1", "recording", az_recording_path(look->recording),
        "matrix", subject->matrix,    NULL};
    for (enum az_motion_quantity q = 0; q < AZ_MOTION_QUANTITIES; q++)
        table[q] = (struct az_token_array){az_motion_name(q), az_look_key_is_float(q)};
    return az_token_arrays_create(&look->arrays, path, metadata, subject, subject->steps + 1,
                                  subject->moves, table, AZ_MOTION_QUANTITIES, "phase_end_step", 4,
                                  error);
}

enum az_status az_look_arrays_write(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t q = 0; q < AZ_MOTION_QUANTITIES; q++)
        AZ_TRY(az_token_arrays_write(look->arrays, q, look->block.number, look->keys[q],
                                     look->block.moves, error));
out:
    return status;
}

enum az_status az_look_arrays_commit(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_token_arrays *arrays = look->arrays;
    int64_t *ends = NULL;
    AZ_TRY(
        az_memory_allocate(&ends, (size_t)look->sets.rows, 4 * sizeof *ends, "the arrays", error));
    for (int64_t row = 0; row < look->sets.rows; row++)
        for (int life = AZ_LIFE_HYPERNOVA; life >= AZ_LIFE_LATE; life--)
            ends[4 * row + AZ_LIFE_HYPERNOVA - life] =
                look->lens->lifecycle->tokens[row].end_step[life];
    look->arrays = NULL;
    AZ_TRY(az_token_arrays_commit(arrays, ends, error));
out:
    az_memory_free(ends);
    return status;
}
