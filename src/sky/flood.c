#include "sky/flood.h"

#include <string.h>

#include "base/memory.h"
#include "sky/lattice_row.h"
#include "sky/union_find.h"

/* A few components of each vector, side by side: nearly all pairs part there. */
enum { KEYS = 8, VECTORS_PER_CHUNK = 1024 };

struct filling {
    const struct az_matrix *matrix;
    const struct az_duplicates *found;
    struct az_flood *flood;
    uint32_t reach;
    int32_t *keys;     /* [unique][KEYS] */
    int32_t *frontier; /* [frontier_count] */
    int64_t frontier_count;
    uint16_t wave;
};

static const void *row_of(const struct filling *filling, int64_t vector)
{
    return (const char *)filling->matrix->data +
           (size_t)filling->found->first[vector] * filling->matrix->row_bytes;
}

/* The bits of component d of a row that may be unaligned. */
static int32_t order_at(const struct az_matrix *matrix, const char *row, int64_t d)
{
    uint32_t bits = 0;
    size_t size = az_dtype_bytes(matrix->dtype);
    memcpy(&bits, row + (size_t)d * size, size);
    return az_bits_ord(matrix->dtype, bits);
}

static bool near(int32_t a, int32_t b, uint32_t reach)
{
    return (a > b ? (uint32_t)a - (uint32_t)b : (uint32_t)b - (uint32_t)a) <= reach;
}

static bool touch(const struct filling *filling, int64_t a, int64_t b)
{
    const int32_t *left = filling->keys + a * KEYS, *right = filling->keys + b * KEYS;
    for (int k = 0; k < KEYS; k++)
        if (!near(left[k], right[k], filling->reach)) return false;
    const char *row = row_of(filling, a), *other = row_of(filling, b);
    for (int64_t d = 0; d < filling->matrix->dims; d++)
        if (!near(order_at(filling->matrix, row, d), order_at(filling->matrix, other, d),
                  filling->reach))
            return false;
    return true;
}

static void take_keys(void *context, size_t chunk, int thread)
{
    (void)thread;
    const struct filling *filling = context;
    int64_t v = (int64_t)chunk * VECTORS_PER_CHUNK, end = v + VECTORS_PER_CHUNK;
    for (; v < end && v < filling->flood->unique; v++)
        for (int k = 0; k < KEYS; k++)
            filling->keys[v * KEYS + k] =
                order_at(filling->matrix, row_of(filling, v), k * filling->matrix->dims / KEYS);
}

/* Dry vectors that touch the frontier come in with this wave. */
static void wet(void *context, size_t chunk, int thread)
{
    (void)thread;
    const struct filling *filling = context;
    int64_t v = (int64_t)chunk * VECTORS_PER_CHUNK, end = v + VECTORS_PER_CHUNK;
    for (; v < end && v < filling->flood->unique; v++) {
        if (filling->flood->wave[v] != AZ_FLOOD_DRY) continue;
        for (int64_t f = 0; f < filling->frontier_count; f++) {
            if (!touch(filling, v, filling->frontier[f])) continue;
            filling->flood->wave[v] = filling->wave;
            break;
        }
    }
}

/* The vectors of the last wave become the frontier. */
static void advance(struct filling *filling)
{
    filling->frontier_count = 0;
    for (int64_t v = 0; v < filling->flood->unique; v++)
        if (filling->flood->wave[v] == filling->wave)
            filling->frontier[filling->frontier_count++] = (int32_t)v;
}

static enum az_status spread(struct filling *filling, struct az_pool *pool,
                             struct az_progress *progress, struct az_error *error)
{
    struct az_flood *flood = filling->flood;
    size_t chunks = (size_t)(flood->unique + VECTORS_PER_CHUNK - 1) / VECTORS_PER_CHUNK;
    az_pool_run(pool, take_keys, filling, chunks);
    az_progress_begin(progress);
    advance(filling);
    while (filling->frontier_count && filling->wave + 1 < AZ_FLOOD_DRY) {
        flood->vectors += filling->frontier_count;
        filling->wave++;
        az_pool_run(pool, wet, filling, chunks);
        advance(filling);
        az_progress_tell(progress, "flood fill", "vector", (double)flood->vectors, 0, "");
        if (az_progress_stopped(progress))
            return az_error_raise(error, AZ_INTERRUPTED, "stopped on request");
    }
    flood->waves = flood->vectors ? filling->wave : 0;
    az_progress_end(progress, "flood fill", "vector", (double)flood->vectors,
                    (double)flood->vectors, "");
    return AZ_OK;
}

/* Who touches whom among the members, and so the components. */
static enum az_status connect(struct filling *filling, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_flood *flood = filling->flood;
    size_t n = (size_t)flood->vectors;
    int32_t *parent = NULL;
    AZ_TRY(az_memory_allocate(&flood->members, n, sizeof(int32_t), "members of the flood", error));
    AZ_TRY(
        az_memory_allocate(&flood->component, n, sizeof(int32_t), "members of the flood", error));
    AZ_TRY(az_memory_allocate(&flood->touches, n, sizeof(bool), "members of the flood", error));
    AZ_TRY(az_memory_allocate(&parent, n, sizeof(int32_t), "members of the flood", error));
    for (int64_t v = 0, at = 0; v < flood->unique; v++) {
        if (flood->wave[v] == AZ_FLOOD_DRY) continue;
        flood->members[at++] = (int32_t)v;
        flood->tokens += filling->found->population[v];
        flood->black_holes += filling->found->population[v] > 1;
    }
    az_union_init(parent, flood->vectors);
    for (int32_t a = 0; a < flood->vectors; a++)
        for (int32_t b = a + 1; b < flood->vectors; b++)
            if (touch(filling, flood->members[a], flood->members[b])) {
                flood->touches[a] = flood->touches[b] = true;
                az_union_merge(parent, a, b);
            }
    for (int32_t a = 0; a < flood->vectors; a++) {
        int32_t root = az_union_root(parent, a);
        flood->component[a] = root == a ? (int32_t)flood->components++ : flood->component[root];
    }
out:
    az_memory_free(parent);
    return status;
}

enum az_status az_flood_fill(struct az_flood *flood, const struct az_matrix *matrix,
                             const struct az_duplicates *found, const int32_t *seeds,
                             int64_t seed_count, uint32_t reach, struct az_pool *pool,
                             struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct filling filling = {.matrix = matrix, .found = found, .flood = flood, .reach = reach};
    size_t n = (size_t)found->unique;
    *flood = (struct az_flood){.unique = found->unique};
    AZ_TRY(az_memory_allocate(&flood->wave, n, sizeof *flood->wave, "the flood", error));
    AZ_TRY(az_memory_allocate(&filling.keys, n, KEYS * sizeof(int32_t), "the flood", error));
    AZ_TRY(az_memory_allocate(&filling.frontier, n, sizeof(int32_t), "the flood", error));
    for (size_t v = 0; v < n; v++) flood->wave[v] = AZ_FLOOD_DRY;
    for (int64_t s = 0; s < seed_count; s++) flood->wave[seeds[s]] = 0;
    AZ_TRY(spread(&filling, pool, progress, error));
    AZ_TRY(connect(&filling, error));
out:
    az_memory_free(filling.keys);
    az_memory_free(filling.frontier);
    return status;
}

void az_flood_free(struct az_flood *flood)
{
    az_memory_free(flood->wave);
    az_memory_free(flood->members);
    az_memory_free(flood->component);
    az_memory_free(flood->touches);
    *flood = (struct az_flood){0};
}
