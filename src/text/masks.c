#include <string.h>

#include "azimuth/corpus.h"
#include "azimuth/safetensors.h"
#include "base/memory.h"

enum { LIVE_MASK, DEAD_MASK, LIVE_INDICES, DEAD_INDICES, COUNTS, TENSORS };

static const struct {
    const char *name;
    enum az_dtype dtype;
} table[TENSORS] = {
    [LIVE_MASK] = {"live_mask", AZ_DTYPE_BOOL},
    [DEAD_MASK] = {"dead_mask", AZ_DTYPE_BOOL},
    [LIVE_INDICES] = {"live_indices", AZ_DTYPE_I64},
    [DEAD_INDICES] = {"dead_indices", AZ_DTYPE_I64},
    [COUNTS] = {"token_occurrence_counts", AZ_DTYPE_I64},
};

struct masks {
    uint8_t *live, *dead;
    int64_t *indices; /* the live ones, then the dead ones */
    size_t live_count;
};

static void fill(struct masks *masks, const uint64_t *counts, size_t vocabulary)
{
    size_t live = 0, dead = masks->live_count;
    for (size_t v = 0; v < vocabulary; v++) {
        masks->live[v] = counts[v] > 0;
        masks->dead[v] = counts[v] == 0;
        masks->indices[counts[v] ? live++ : dead++] = (int64_t)v;
    }
}

static enum az_status write_all(const char *path, const struct masks *masks, const uint64_t *counts,
                                size_t vocabulary, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors_writer *writer = NULL;
    size_t live = masks->live_count,
           sizes[TENSORS] = {vocabulary, vocabulary, live, vocabulary - live, vocabulary};
    const void *data[TENSORS] = {masks->live, masks->dead, masks->indices, masks->indices + live,
                                 counts};
    struct az_tensor tensors[TENSORS];
    memset(tensors, 0, sizeof tensors);
    for (size_t n = 0; n < TENSORS; n++) {
        memcpy(tensors[n].name, table[n].name, strlen(table[n].name) + 1);
        tensors[n].dtype = table[n].dtype;
        tensors[n].rank = 1;
        tensors[n].shape[0] = (int64_t)sizes[n];
    }
    AZ_TRY(az_safetensors_create(&writer, path, tensors, TENSORS, NULL, error));
    for (size_t n = 0; n < TENSORS; n++)
        AZ_TRY(az_safetensors_write(writer, n, 0, data[n], tensors[n].bytes, error));
    status = az_safetensors_commit(writer, error);
    writer = NULL;
out:
    az_safetensors_abort(writer);
    return status;
}

enum az_status az_masks_write(const char *path, const uint64_t *counts, size_t vocabulary,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct masks masks = {0};
    AZ_TRY(az_memory_allocate(&masks.live, vocabulary, 1, "the live mask", error));
    AZ_TRY(az_memory_allocate(&masks.dead, vocabulary, 1, "the dead mask", error));
    AZ_TRY(az_memory_allocate(&masks.indices, vocabulary, sizeof *masks.indices,
                              "the live and dead indices", error));
    for (size_t v = 0; v < vocabulary; v++) masks.live_count += counts[v] > 0;
    fill(&masks, counts, vocabulary);
    AZ_TRY(write_all(path, &masks, counts, vocabulary, error));
out:
    az_memory_free(masks.live);
    az_memory_free(masks.dead);
    az_memory_free(masks.indices);
    return status;
}
