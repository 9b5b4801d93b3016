#include "sky/selection.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum az_status az_selection_add(struct az_selections *selections, const char *name,
                                struct az_selection **selection, struct az_error *error)
{
    *selection = NULL;
    if (selections->count == AZ_SELECTIONS_MOST)
        return az_error_raise(error, AZ_USAGE, "there are %d selections already",
                              AZ_SELECTIONS_MOST);
    struct az_selection *added = &selections->list[selections->count];
    enum az_status status =
        az_memory_allocate(&added->mask, (size_t)selections->rows, 1, "a selection", error);
    if (status != AZ_OK) return status;
    snprintf(added->name, sizeof added->name, "%s", name);
    selections->count++;
    *selection = added;
    return AZ_OK;
}

enum az_status az_selection_count(struct az_selection *selection, const struct az_duplicates *found,
                                  struct az_error *error)
{
    uint8_t *seen;
    enum az_status status =
        az_memory_allocate(&seen, (size_t)found->unique, 1, "vectors of a selection", error);
    if (status != AZ_OK) return status;
    selection->tokens = selection->vectors = selection->black_holes = 0;
    int64_t nan_rows = 0;
    for (int64_t row = 0; row < found->rows; row++) {
        int32_t vector = found->vector_of[row];
        if (!selection->mask[row]) continue;
        selection->tokens++;
        nan_rows += vector < 0;
        if (vector < 0 || seen[vector]) continue;
        seen[vector] = 1;
        selection->vectors++;
        selection->black_holes += found->population[vector] > 1;
    }
    selection->singletons = selection->vectors - selection->black_holes;
    selection->excess = selection->tokens - nan_rows - selection->vectors;
    az_memory_free(seen);
    return AZ_OK;
}

const struct az_selection *az_selection_find(const struct az_selections *selections,
                                             const char *name)
{
    for (int64_t n = 0; n < selections->count; n++)
        if (strcmp(selections->list[n].name, name) == 0) return &selections->list[n];
    return NULL;
}

void az_selections_free(struct az_selections *selections)
{
    for (int64_t n = 0; n < selections->count; n++) az_memory_free(selections->list[n].mask);
    selections->count = 0;
}

struct az_overlap az_selection_overlap(const struct az_selections *selections, int64_t first,
                                       int64_t second)
{
    const uint8_t *a = selections->list[first].mask, *b = selections->list[second].mask;
    struct az_overlap overlap = {0};
    for (int64_t row = 0; row < selections->rows; row++) {
        overlap.both += a[row] && b[row];
        overlap.first += a[row] && !b[row];
        overlap.second += !a[row] && b[row];
    }
    int64_t any = overlap.both + overlap.first + overlap.second;
    overlap.jaccard = any ? (double)overlap.both / (double)any : (double)NAN;
    return overlap;
}

enum az_status az_selection_vectors(const struct az_selection *selection,
                                    const struct az_duplicates *found, int32_t **vectors,
                                    int64_t *count, struct az_error *error)
{
    *count = 0;
    enum az_status status = az_memory_allocate(vectors, (size_t)selection->vectors,
                                               sizeof **vectors, "vectors of a selection", error);
    if (status != AZ_OK) return status;
    for (int64_t v = 0; v < found->unique; v++) {
        bool in = false;
        for (int64_t m = found->begin[v]; !in && m < found->begin[v + 1]; m++)
            in = selection->mask[found->members[m]];
        if (in) (*vectors)[(*count)++] = (int32_t)v;
    }
    return AZ_OK;
}
