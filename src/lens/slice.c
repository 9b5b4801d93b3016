#include "lens/slice.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lens/dead_rows.h"
#include "lens/token_sets.h"

/* ---- frames ---- */

static bool takes_step(const struct az_selection *selection, int64_t step)
{
    int64_t every = selection->every ? selection->every : 1;
    return step >= selection->first_step && (!selection->end_step || step < selection->end_step) &&
           (step - selection->first_step) % every == 0;
}

static enum az_status take_frames(struct az_slice *slice, const struct az_selection *selection,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *tensor = slice->tensor;
    size_t capacity = (size_t)tensor->frames;
    slice->out.frames = 0;
    AZ_TRY(az_memory_allocate(&slice->frames, capacity, sizeof(int64_t), "frames", error));
    AZ_TRY(az_memory_allocate(&slice->steps, capacity, sizeof(int64_t), "steps", error));
    for (int64_t frame = 0; frame < tensor->frames; frame++) {
        int64_t step = az_recording_step_of(tensor, frame);
        if (!takes_step(selection, step)) continue;
        slice->frames[slice->out.frames] = frame;
        slice->steps[slice->out.frames++] = step;
    }
    slice->out.steps = slice->steps;
    if (slice->out.frames == tensor->frames && !tensor->steps) slice->out.steps = NULL;
    if (slice->out.frames) slice->out.first_step = slice->steps[0];
out:
    return status;
}

/* ---- rows ---- */

/* taken[row] = 1 for "3,5,100:110". */
static enum az_status take_listed(const struct az_slice *slice, const char *text, uint8_t *taken,
                                  struct az_error *error)
{
    for (const char *at = text; *at;) {
        char *end;
        long long first = strtoll(at, &end, 10), last = first;
        if (*end == ':') {
            const char *second = end + 1;
            last = isdigit((unsigned char)*second) ? strtoll(second, &end, 10) - 1 : -1;
        }
        if (last < first || (*end && *end != ','))
            return az_error_raise(error, AZ_USAGE,
                                  "'%.60s' is no list of tokens: 3,5,100:110 would be one", text);
        for (int64_t token = first; token <= last; token++) {
            int64_t row = az_recorded_row(slice->tensor, token);
            if (row < 0)
                return az_error_raise(error, AZ_USAGE, "%s has no row of token %" PRId64,
                                      slice->tensor->name, token);
            taken[row] = 1;
        }
        at = end + (*end == ',');
    }
    return AZ_OK;
}

static enum az_status take_set(const struct az_slice *slice, const struct az_recording *recording,
                               const char *name, uint8_t *taken, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_token_sets sets;
    bool dead = strcmp(name, "dead") == 0, live = strcmp(name, "live") == 0;
    AZ_TRY(az_token_sets_read(&sets, recording, slice->tensor, dead || live ? NULL : name, error));
    if ((dead || live) && !sets.dead_known)
        AZ_RAISE(AZ_MISSING, "nothing says which tokens are dead: no dead_indices or dead_mask in "
                             "the recording, no live_dead_tokens.safetensors beside it");
    for (int64_t row = 0; row < sets.rows; row++) {
        bool is_live = sets.classes[row] & AZ_TOKEN_CLASS_LIVE;
        taken[row] = dead   ? !is_live
                     : live ? is_live
                            : (sets.classes[row] & AZ_TOKEN_CLASS_NAMED) != 0;
    }
out:
    az_token_sets_free(&sets);
    return status;
}

/* The box is narrowed to the first and the last row that is taken. */
static enum az_status keep_rows(struct az_slice *slice, const uint8_t *taken,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *tensor = slice->tensor;
    int64_t count = 0, all = tensor->frame_shape[0];
    for (int64_t row = 0; row < all; row++) count += taken[row];
    if (count == 0) AZ_RAISE(AZ_USAGE, "no row of %s is among those that are wanted", tensor->name);
    AZ_TRY(az_memory_allocate(&slice->rows, (size_t)count, sizeof(int64_t), "rows", error));
    AZ_TRY(az_memory_allocate(&slice->token_ids, (size_t)count, sizeof(int64_t), "tokens", error));
    int64_t first = 0, last = all - 1, n = 0;
    while (!taken[first]) first++;
    while (!taken[last]) last--;
    for (int64_t row = first; row <= last; row++) {
        if (!taken[row]) continue;
        slice->rows[n] = row - first;
        slice->token_ids[n++] = az_recorded_token(tensor, row);
    }
    slice->begin[0] = first;
    slice->size[0] = last - first + 1;
    slice->out.frame_shape[0] = count;
    slice->out.token_ids = count < all || tensor->token_ids ? slice->token_ids : NULL;
out:
    return status;
}

static enum az_status take_rows(struct az_slice *slice, const struct az_recording *recording,
                                const char *wanted, struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint8_t *taken = NULL;
    if (!wanted || slice->tensor->frame_rank != 2) return AZ_OK;
    AZ_TRY(az_memory_allocate(&taken, (size_t)slice->tensor->frame_shape[0], 1, "rows", error));
    AZ_TRY(isdigit((unsigned char)wanted[0]) ? take_listed(slice, wanted, taken, error)
                                             : take_set(slice, recording, wanted, taken, error));
    AZ_TRY(keep_rows(slice, taken, error));
out:
    az_memory_free(taken);
    return status;
}

/* ---- dimensions ---- */

static enum az_status take_dims(struct az_slice *slice, const struct az_selection *selection,
                                struct az_error *error)
{
    int last = slice->tensor->frame_rank - 1;
    if (last < 0 || (!selection->first_dim && !selection->dims)) return AZ_OK;
    int64_t all = slice->tensor->frame_shape[last];
    int64_t count = selection->dims ? selection->dims : all - selection->first_dim;
    if (selection->first_dim >= all || count > all - selection->first_dim)
        return az_error_raise(error, AZ_USAGE,
                              "a row of %s has the dimensions 0 to %" PRId64 "; %" PRId64
                              " to %" PRId64 " are wanted",
                              slice->tensor->name, all - 1, selection->first_dim,
                              selection->first_dim + count - 1);
    slice->begin[last] = selection->first_dim;
    slice->size[last] = slice->out.frame_shape[last] = count;
    return AZ_OK;
}

static size_t bytes_of(const struct az_slice *slice, const int64_t *shape)
{
    size_t bytes = az_dtype_bytes(slice->tensor->dtype);
    for (int n = 0; n < slice->tensor->frame_rank; n++) bytes *= (size_t)shape[n];
    return bytes;
}

/* ---- the whole ---- */

enum az_status az_slice_make(struct az_slice *slice, const struct az_recording *recording,
                             const struct az_recorded *tensor, const struct az_selection *selection,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    *slice = (struct az_slice){.tensor = tensor, .out = *tensor};
    memcpy(slice->size, tensor->frame_shape, sizeof slice->size);
    if (!az_dtype_bytes(tensor->dtype))
        AZ_RAISE(AZ_UNSUPPORTED, "%s is of type %s, whose elements are less than a byte",
                 tensor->name, az_dtype_name(tensor->dtype));
    AZ_TRY(take_frames(slice, selection, error));
    AZ_TRY(take_rows(slice, recording, selection->rows, error));
    AZ_TRY(take_dims(slice, selection, error));
    slice->box_bytes = bytes_of(slice, slice->size);
    slice->out.frame_bytes = bytes_of(slice, slice->out.frame_shape);
out:
    return status;
}

void az_slice_free(struct az_slice *slice)
{
    az_memory_free(slice->frames);
    az_memory_free(slice->steps);
    az_memory_free(slice->token_ids);
    az_memory_free(slice->rows);
    *slice = (struct az_slice){0};
}

enum az_status az_slice_read(const struct az_slice *slice, const struct az_recording *recording,
                             int64_t n, unsigned char *box, unsigned char *bytes,
                             struct az_error *error)
{
    unsigned char *to = slice->rows ? box : bytes;
    enum az_status status = az_recording_read_box(recording, slice->tensor, slice->frames[n], 1,
                                                  slice->begin, slice->size, to, error);
    if (status != AZ_OK || !slice->rows) return status;
    size_t rows = (size_t)slice->out.frame_shape[0], row_bytes = slice->out.frame_bytes / rows;
    for (size_t row = 0; row < rows; row++)
        memcpy(bytes + row * row_bytes, box + (size_t)slice->rows[row] * row_bytes, row_bytes);
    return AZ_OK;
}

bool az_slice_is_whole(const struct az_slice *slice)
{
    return slice->out.frames == slice->tensor->frames &&
           slice->out.frame_bytes == slice->tensor->frame_bytes;
}
