/* The lists of candidates: each row's best so far, by what their distance can be at least and at
 * most (neighbours_tiles.c says how that is known). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sky/neighbours_parts.h"

#define MOST_CANDIDATES 4096

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void az_candidates_compact(struct az_candidates *found, uint32_t place)
{
    size_t count = found->counts[place], kept = 0;
    float *low = found->low[place];
    uint32_t *list = found->list[place];
    if (count == AZ_CANDIDATES_TOO_MANY || count < found->k) return;
    for (size_t n = 0; n < count; n++) found->upper[n] = low[n] + found->wide_by[list[n]];
    qsort(found->upper, count, sizeof *found->upper, ascending);
    double threshold = (double)found->upper[found->k - 1] + 2 * (double)found->own[place];
    float rounded = nextafterf((float)threshold, INFINITY);
    if (rounded < found->threshold[place]) found->threshold[place] = rounded;
    for (size_t n = 0; n < count; n++) {
        if (low[n] > found->threshold[place]) continue;
        low[kept] = low[n];
        list[kept++] = list[n];
    }
    found->counts[place] = kept;
}

/* More room, or a note that there are too many. */
static void grow(struct az_candidates *found, uint32_t place)
{
    size_t capacity = found->capacities[place], more = 2 * capacity;
    float *low = NULL;
    uint32_t *list = NULL;
    if (more > MOST_CANDIDATES || az_memory_allocate(&low, more, sizeof *low, "", NULL) != AZ_OK ||
        az_memory_allocate(&list, more, sizeof *list, "", NULL) != AZ_OK) {
        az_memory_free(low);
        found->counts[place] = AZ_CANDIDATES_TOO_MANY;
        found->threshold[place] = -INFINITY;
        return;
    }
    memcpy(low, found->low[place], capacity * sizeof *low);
    memcpy(list, found->list[place], capacity * sizeof *list);
    if (capacity > found->capacity) {
        az_memory_free(found->low[place]);
        az_memory_free(found->list[place]);
    }
    found->low[place] = low;
    found->list[place] = list;
    found->capacities[place] = more;
}

void az_candidates_take(struct az_candidates *found, const struct az_near_hit *hit)
{
    size_t *count = &found->counts[hit->of];
    if (*count == AZ_CANDIDATES_TOO_MANY || hit->low > found->threshold[hit->of]) return;
    if (*count == found->capacities[hit->of]) {
        az_candidates_compact(found, hit->of);
        if (*count > found->capacities[hit->of] / 4 * 3) grow(found, hit->of);
        if (*count == AZ_CANDIDATES_TOO_MANY || hit->low > found->threshold[hit->of]) return;
    }
    found->low[hit->of][*count] = hit->low;
    found->list[hit->of][(*count)++] = hit->other;
}

enum az_status az_candidates_create(struct az_candidates *found, size_t classes, size_t k,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t cells;
    *found = (struct az_candidates){.classes = classes, .k = k, .capacity = 2 * k + 24};
    AZ_TRY(az_size_multiply(classes, found->capacity, &cells, error));
    AZ_TRY(az_memory_allocate(&found->order, classes, sizeof(uint32_t), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->slab, cells, sizeof(uint32_t), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->low_slab, cells, sizeof(float), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->list, classes, sizeof *found->list, "candidates", error));
    AZ_TRY(az_memory_allocate(&found->low, classes, sizeof *found->low, "candidates", error));
    AZ_TRY(az_memory_allocate(&found->counts, classes, sizeof(size_t), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->capacities, classes, sizeof(size_t), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->threshold, classes, sizeof(float), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->wide_by, classes, sizeof(float), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->own, classes, sizeof(float), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->upper, MOST_CANDIDATES + found->capacity, sizeof(float),
                              "candidates", error));
    for (size_t p = 0; p < classes; p++) {
        found->list[p] = found->slab + p * found->capacity;
        found->low[p] = found->low_slab + p * found->capacity;
        found->capacities[p] = found->capacity;
        found->threshold[p] = INFINITY;
    }
out:
    return status;
}

void az_candidates_free(struct az_candidates *found)
{
    for (size_t p = 0; found->capacities && p < found->classes; p++)
        if (found->capacities[p] > found->capacity) {
            az_memory_free(found->list[p]);
            az_memory_free(found->low[p]);
        }
    az_memory_free(found->order);
    az_memory_free(found->slab);
    az_memory_free(found->low_slab);
    az_memory_free(found->list);
    az_memory_free(found->low);
    az_memory_free(found->counts);
    az_memory_free(found->capacities);
    az_memory_free(found->threshold);
    az_memory_free(found->wide_by);
    az_memory_free(found->own);
    az_memory_free(found->upper);
}
