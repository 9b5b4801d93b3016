#include "lens/subject.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lens/dead_rows.h"
#include "lens/rows.h"

enum az_status az_subject_matrix(const struct az_recording *recording, const char *name,
                                 const struct az_recorded **tensor_pointer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_recording_require(recording, name ? name : "W", tensor_pointer, error));
    const struct az_recorded *tensor = *tensor_pointer;
    if (tensor->frame_rank != 2)
        AZ_RAISE(AZ_USAGE, "%s has frames of %d dimensions; what moves are rows of a matrix",
                 tensor->name, tensor->frame_rank);
    if (tensor->dtype != AZ_DTYPE_BF16)
        AZ_RAISE(AZ_UNSUPPORTED,
                 "%s is recorded as %s; motion is counted in cells of the bf16 lattice, and BF16 "
                 "is expected",
                 tensor->name, az_dtype_name(tensor->dtype));
    if (tensor->frame_shape[0] < 1 || tensor->frame_shape[1] < 1 ||
        (uint64_t)tensor->frame_shape[1] > AZ_ROW_MOST_DIMS)
        AZ_RAISE(AZ_UNSUPPORTED, "%s has rows of %" PRId64 " dimensions; 1 to %zu are expected",
                 tensor->name, tensor->frame_shape[1], AZ_ROW_MOST_DIMS);
out:
    return status;
}

/* The first frame at or after a step. */
static int64_t frame_from(const struct az_recorded *tensor, int64_t step)
{
    int64_t frame = 0;
    while (frame < tensor->frames && az_recording_step_of(tensor, frame) < step) frame++;
    return frame;
}

enum az_status az_subject_frames(const struct az_recording *recording,
                                 const struct az_recorded *tensor, int64_t first_step,
                                 int64_t last_step, int64_t least, struct az_pass_plan *plan,
                                 struct az_error *error)
{
    int64_t last = last_step ? last_step : INT64_MAX - 1;
    int64_t first = frame_from(tensor, first_step), end = frame_from(tensor, last + 1);
    if (tensor->frames < 1)
        return az_error_raise(error, AZ_USAGE, "%s has no frames", tensor->name);
    if (end - first < least)
        return az_error_raise(
            error, AZ_USAGE,
            "%s has %" PRId64 " frame%s%s, of steps %" PRId64 " to %" PRId64 " in all; %s",
            tensor->name, end - first > 0 ? end - first : 0, end - first == 1 ? "" : "s",
            first_step || last_step ? " in these steps" : "", az_recording_step_of(tensor, 0),
            az_recording_step_of(tensor, tensor->frames - 1),
            least > 1 ? "a motion needs two of them, from which it is seen" : "one is needed");
    *plan = (struct az_pass_plan){
        .recording = recording, .tensor = tensor, .first = first, .last = end - 1, .every = 1};
    return AZ_OK;
}

enum az_status az_subject_describe(struct az_lens_subject *subject,
                                   const struct az_recorded *tensor,
                                   const struct az_token_sets *sets, const int64_t *rows,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t *tokens;
    uint8_t *in;
    snprintf(subject->matrix, sizeof subject->matrix, "%.31s", tensor->name);
    subject->rows = sets->rows;
    subject->dims = tensor->frame_shape[1];
    subject->vocabulary = sets->vocabulary;
    memcpy(subject->named, sets->named, sizeof subject->named);
    memcpy(subject->present, sets->present, sizeof subject->present);
    memcpy(subject->counts, sets->counts, sizeof subject->counts);
    AZ_TRY(az_memory_allocate(&tokens, (size_t)subject->rows, sizeof *tokens, "rows", error));
    subject->tokens = tokens;
    AZ_TRY(az_memory_allocate(&in, (size_t)subject->rows, sizeof *in, "the rows", error));
    subject->sets = in;
    for (int64_t row = 0; row < subject->rows; row++) {
        tokens[row] = az_recorded_token(tensor, rows ? rows[row] : row);
        for (int set = 0; set < AZ_LENS_SETS; set++)
            in[row] |= (uint8_t)((sets->members[set] >> sets->classes[row] & 1) << set);
    }
out:
    return status;
}

void az_subject_free(struct az_lens_subject *subject)
{
    az_memory_free((void *)(uintptr_t)subject->steps);
    az_memory_free((void *)(uintptr_t)subject->tokens);
    az_memory_free((void *)(uintptr_t)subject->sets);
}
