#include "lens/dead_rows.h"

#include <stdio.h>
#include <string.h>

#include "base/raise.h"

int64_t az_recorded_row(const struct az_recorded *tensor, int64_t token)
{
    int64_t rows = tensor->frame_shape[0];
    if (!tensor->token_ids) return token >= 0 && token < rows ? token : -1;
    int64_t low = 0, high = rows;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (tensor->token_ids[middle] < token)
            low = middle + 1;
        else
            high = middle;
    }
    return low < rows && tensor->token_ids[low] == token ? low : -1;
}

struct marking {
    const struct az_recorded *tensor;
    uint8_t *kinds, dead;
    int64_t *count;
};

static void mark_row(struct marking *marking, int64_t row)
{
    if (row < 0 || marking->kinds[row] == marking->dead) return;
    marking->kinds[row] = marking->dead;
    ++*marking->count;
}

/* list: the ids; mask: a byte for each token. Either may be NULL. */
static enum az_status mark(struct marking *marking, const struct az_tensor *list,
                           const struct az_tensor *mask, struct az_error *error)
{
    if (!list && !mask) return AZ_OK;
    if (list && (list->dtype != AZ_DTYPE_I64 || list->rank != 1 || !list->data))
        return az_error_raise(error, AZ_FORMAT, "dead_indices is not a list of I64");
    if (!list && (az_dtype_bytes(mask->dtype) != 1 || mask->rank != 1 || !mask->data))
        return az_error_raise(error, AZ_FORMAT, "dead_mask is not a list of BOOL");
    *marking->count = 0;
    for (int64_t n = 0; list && n < list->shape[0]; n++) {
        int64_t token;
        memcpy(&token, (const unsigned char *)list->data + 8 * n, sizeof token);
        mark_row(marking, az_recorded_row(marking->tensor, token));
    }
    for (int64_t token = 0; !list && token < mask->shape[0]; token++)
        if (((const uint8_t *)mask->data)[token])
            mark_row(marking, az_recorded_row(marking->tensor, token));
    return AZ_OK;
}

static enum az_status mark_beside(const struct az_recording *recording, struct marking *marking,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors *masks = NULL;
    char path[4096];
    const char *file = az_recording_path(recording), *slash = strrchr(file, '/');
    int folder = slash ? (int)(slash - file) + 1 : 0;
    int length = snprintf(path, sizeof path, "%.*slive_dead_tokens.safetensors", folder, file);
    if (length < 0 || (size_t)length >= sizeof path) return AZ_OK;
    status = az_safetensors_open(&masks, path, error);
    if (status == AZ_MISSING) {
        if (error) az_error_clear(error);
        return AZ_OK;
    }
    AZ_TRY(status);
    AZ_TRY(mark(marking, az_safetensors_find(masks, "dead_indices"),
                az_safetensors_find(masks, "dead_mask"), error));
out:
    az_safetensors_close(masks);
    return status;
}

enum az_status az_dead_rows_mark(const struct az_recording *recording,
                                 const struct az_recorded *tensor, uint8_t *kinds, uint8_t dead,
                                 int64_t *count, struct az_error *error)
{
    const struct az_tensor *list = az_recording_tensor(recording, "dead_indices");
    const struct az_tensor *mask = az_recording_tensor(recording, "dead_mask");
    struct marking marking = {tensor, kinds, dead, count};
    *count = -1;
    return list || mask ? mark(&marking, list, mask, error)
                        : mark_beside(recording, &marking, error);
}
