#include <stdlib.h>

#include "base/memory.h"
#include "sky/crystal.h"
#include "sky/union_find.h"

enum { FIRST_THRESHOLDS = 10 };

static int compare_edges(const void *left, const void *right)
{
    const struct az_crystal_edge *a = left, *b = right;
    if (a->steps.linf != b->steps.linf) return a->steps.linf < b->steps.linf ? -1 : 1;
    if (a->a != b->a) return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

static struct az_crystal_edge edge_of(int32_t u, int32_t v, uint32_t linf)
{
    struct az_crystal_edge edge = {u < v ? u : v, u < v ? v : u, {linf, 0, 0}};
    return edge;
}

/* Prim's algorithm on the full matrix: count^2 steps, no list of edges. from[v]: the vector of the
 * tree that is nearest to v, -1 once v is in it. */
enum az_status az_crystal_tree(struct az_crystal *crystal, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t n = crystal->count;
    int32_t *from = NULL;
    AZ_TRY(az_memory_allocate(&from, (size_t)n, sizeof *from, "a spanning tree", error));
    AZ_TRY(az_memory_allocate(&crystal->tree, (size_t)n, sizeof *crystal->tree, "a spanning tree",
                              error));
    if (n) from[0] = -1;
    for (int64_t added = 0; added + 1 < n; added++) {
        int32_t next = -1;
        for (int32_t v = 1; v < n; v++) {
            if (from[v] < 0) continue;
            if (next < 0 || crystal->linf[from[v] * n + v] < crystal->linf[from[next] * n + next])
                next = v;
        }
        crystal->tree[added] = edge_of(from[next], next, crystal->linf[from[next] * n + next]);
        from[next] = -1;
        for (int32_t v = 1; v < n; v++)
            if (from[v] >= 0 && crystal->linf[next * n + v] < crystal->linf[from[v] * n + v])
                from[v] = next;
    }
    if (n > 1) qsort(crystal->tree, (size_t)n - 1, sizeof *crystal->tree, compare_edges);
out:
    az_memory_free(from);
    return status;
}

/* State of the sweep over thresholds. */
struct sweep {
    int32_t *parent;
    int64_t *vectors, *tokens;
    int64_t components, largest_vectors, largest_tokens;
};

static void see_set(struct sweep *sweep, int32_t root)
{
    bool larger = sweep->vectors[root] > sweep->largest_vectors ||
                  (sweep->vectors[root] == sweep->largest_vectors &&
                   sweep->tokens[root] > sweep->largest_tokens);
    if (!larger) return;
    sweep->largest_vectors = sweep->vectors[root];
    sweep->largest_tokens = sweep->tokens[root];
}

static void merge(struct sweep *sweep, const struct az_crystal_edge *edge)
{
    int32_t a = az_union_root(sweep->parent, edge->a), b = az_union_root(sweep->parent, edge->b);
    if (!az_union_merge(sweep->parent, a, b)) return;
    int32_t root = az_union_root(sweep->parent, a), gone = root == a ? b : a;
    sweep->vectors[root] += sweep->vectors[gone];
    sweep->tokens[root] += sweep->tokens[gone];
    sweep->components--;
    see_set(sweep, root);
}

static int compare_distances(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* Levels from the sorted distances of all pairs and the tree, both ascending. */
static int64_t fill_levels(const struct az_crystal *crystal, struct sweep *sweep,
                           const uint32_t *distances, int64_t pairs,
                           struct az_crystal_level *levels)
{
    int64_t count = 0, at = 0, edges = 0;
    uint32_t threshold = 1;
    while (at + 1 < crystal->count || threshold <= FIRST_THRESHOLDS) {
        for (; at + 1 < crystal->count && crystal->tree[at].steps.linf <= threshold; at++)
            merge(sweep, &crystal->tree[at]);
        while (edges < pairs && distances[edges] <= threshold) edges++;
        levels[count++] = (struct az_crystal_level){threshold, sweep->components, edges,
                                                    sweep->largest_vectors, sweep->largest_tokens};
        if (threshold < FIRST_THRESHOLDS)
            threshold++;
        else if (at + 1 < crystal->count)
            threshold = crystal->tree[at].steps.linf;
        else
            break;
    }
    return count;
}

enum az_status az_crystal_levels(const struct az_crystal *crystal, struct az_crystal_level **levels,
                                 int64_t *count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t n = crystal->count, pairs = n * (n - 1) / 2, at = 0;
    struct sweep sweep = {.components = n};
    uint32_t *distances = NULL;
    *levels = NULL;
    *count = 0;
    AZ_TRY(az_memory_allocate(&distances, (size_t)pairs, sizeof *distances, "pairs", error));
    AZ_TRY(az_memory_allocate(&sweep.parent, (size_t)n, sizeof(int32_t), "components", error));
    AZ_TRY(az_memory_allocate(&sweep.vectors, (size_t)n, sizeof(int64_t), "components", error));
    AZ_TRY(az_memory_allocate(&sweep.tokens, (size_t)n, sizeof(int64_t), "components", error));
    AZ_TRY(
        az_memory_allocate(levels, (size_t)n + FIRST_THRESHOLDS, sizeof **levels, "levels", error));
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = a + 1; b < n; b++) distances[at++] = crystal->linf[a * n + b];
    qsort(distances, (size_t)pairs, sizeof *distances, compare_distances);
    az_union_init(sweep.parent, n);
    for (int32_t v = 0; v < n; v++) {
        sweep.vectors[v] = 1;
        sweep.tokens[v] = crystal->population[v];
        see_set(&sweep, v);
    }
    *count = fill_levels(crystal, &sweep, distances, pairs, *levels);
out:
    az_memory_free(distances);
    az_memory_free(sweep.parent);
    az_memory_free(sweep.vectors);
    az_memory_free(sweep.tokens);
    return status;
}
