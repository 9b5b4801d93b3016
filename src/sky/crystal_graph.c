#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sky/crystal.h"
#include "sky/union_find.h"

struct ranked {
    int64_t vectors, tokens;
    int32_t root;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->vectors != b->vectors) return a->vectors > b->vectors ? -1 : 1;
    if (a->tokens != b->tokens) return a->tokens > b->tokens ? -1 : 1;
    return a->root < b->root ? -1 : a->root > b->root;
}

static bool touch(const struct az_crystal *crystal, int64_t a, int64_t b)
{
    return a != b && crystal->linf[a * crystal->count + b] <= crystal->reach;
}

/* Share of the pairs of neighbours that touch; 0 with fewer than two neighbours. */
static double clustering_of(const struct az_crystal *crystal, int64_t v)
{
    int64_t links = 0, n = crystal->count;
    double degree = (double)crystal->degree[v];
    if (crystal->degree[v] < 2) return 0;
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = a + 1; touch(crystal, v, a) && b < n; b++)
            links += touch(crystal, v, b) && touch(crystal, a, b);
    return 2.0 * (double)links / (degree * (degree - 1));
}

static void describe(struct az_crystal *crystal)
{
    for (int64_t v = 0; v < crystal->count; v++) {
        struct az_crystal_component *part = &crystal->components[crystal->component[v]];
        part->vectors++;
        part->tokens += crystal->population[v];
        part->black_holes += crystal->population[v] > 1;
        part->clustering += clustering_of(crystal, v);
    }
    for (int64_t e = 0; e < crystal->edge_count; e++)
        crystal->components[crystal->component[crystal->edges[e].a]].edges++;
    for (int64_t c = 0; c < crystal->component_count; c++) {
        struct az_crystal_component *part = &crystal->components[c];
        double n = (double)part->vectors;
        part->clustering /= n;
        part->density = n > 1 ? (double)part->edges / (n * (n - 1) / 2) : (double)NAN;
    }
}

enum az_status az_crystal_components(struct az_crystal *crystal, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t n = (size_t)crystal->count;
    int32_t *parent = NULL, *number = NULL;
    struct ranked *ranks = NULL;
    AZ_TRY(az_memory_allocate(&parent, n, sizeof *parent, "components", error));
    AZ_TRY(az_memory_allocate(&number, n, sizeof *number, "components", error));
    AZ_TRY(az_memory_allocate(&ranks, n, sizeof *ranks, "components", error));
    AZ_TRY(az_memory_allocate(&crystal->component, n, sizeof *number, "components", error));
    az_union_init(parent, crystal->count);
    for (int64_t e = 0; e < crystal->edge_count; e++)
        az_union_merge(parent, crystal->edges[e].a, crystal->edges[e].b);
    for (int32_t v = 0; v < crystal->count; v++) {
        int32_t root = az_union_root(parent, v);
        if (root == v) crystal->component_count++;
        ranks[root].root = root;
        ranks[root].vectors++;
        ranks[root].tokens += crystal->population[v];
    }
    qsort(ranks, n, sizeof *ranks, compare_ranked); /* those that are no roots come last */
    for (int32_t c = 0; c < crystal->component_count; c++) number[ranks[c].root] = c;
    for (int32_t v = 0; v < crystal->count; v++)
        crystal->component[v] = number[az_union_root(parent, v)];
    AZ_TRY(az_memory_allocate(&crystal->components, (size_t)crystal->component_count,
                              sizeof *crystal->components, "components", error));
    describe(crystal);
out:
    az_memory_free(parent);
    az_memory_free(number);
    az_memory_free(ranks);
    return status;
}

/* Neighbours of each vector in one list. */
struct links {
    int64_t *begin;
    int32_t *to;
};

static void link_edges(const struct az_crystal *crystal, struct links *links)
{
    int64_t n = crystal->count;
    for (int64_t v = 0; v < n; v++) links->begin[v + 1] = links->begin[v] + crystal->degree[v];
    for (int64_t v = 0, at = 0; v < n; v++)
        for (int64_t u = 0; u < n; u++)
            if (touch(crystal, v, u)) links->to[at++] = (int32_t)u;
}

/* Work of one source: paths, distances, dependencies [count] each. */
struct paths {
    double *count, *credit;
    int32_t *depth, *order;
};

/* Brandes 2001, one source. */
static void add_source(struct az_crystal *crystal, const struct links *links, struct paths *paths,
                       int32_t source)
{
    int64_t n = crystal->count, queued = 0;
    for (int64_t v = 0; v < n; v++) {
        paths->count[v] = paths->credit[v] = 0;
        paths->depth[v] = -1;
    }
    paths->count[source] = 1;
    paths->depth[source] = 0;
    paths->order[queued++] = source;
    for (int64_t at = 0; at < queued; at++) {
        int32_t v = paths->order[at];
        for (int64_t k = links->begin[v]; k < links->begin[v + 1]; k++) {
            int32_t u = links->to[k];
            if (paths->depth[u] < 0) {
                paths->depth[u] = paths->depth[v] + 1;
                paths->order[queued++] = u;
            }
            if (paths->depth[u] == paths->depth[v] + 1) paths->count[u] += paths->count[v];
        }
    }
    while (queued-- > 1) {
        int32_t u = paths->order[queued];
        for (int64_t k = links->begin[u]; k < links->begin[u + 1]; k++) {
            int32_t v = links->to[k];
            if (paths->depth[v] == paths->depth[u] - 1)
                paths->credit[v] += paths->count[v] / paths->count[u] * (1 + paths->credit[u]);
        }
        crystal->betweenness[u] += paths->credit[u] / 2;
    }
}

enum az_status az_crystal_centrality(struct az_crystal *crystal, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t n = (size_t)crystal->count;
    const char *what = "paths between vectors";
    struct links links = {0};
    struct paths paths = {0};
    AZ_TRY(az_memory_allocate(&crystal->betweenness, n, sizeof(double), what, error));
    AZ_TRY(az_memory_allocate(&links.begin, n + 1, sizeof(int64_t), what, error));
    AZ_TRY(az_memory_allocate(&links.to, 2 * (size_t)crystal->edge_count, sizeof(int32_t), what,
                              error));
    AZ_TRY(az_memory_allocate(&paths.count, n, sizeof(double), what, error));
    AZ_TRY(az_memory_allocate(&paths.credit, n, sizeof(double), what, error));
    AZ_TRY(az_memory_allocate(&paths.depth, n, sizeof(int32_t), what, error));
    AZ_TRY(az_memory_allocate(&paths.order, n, sizeof(int32_t), what, error));
    link_edges(crystal, &links);
    for (int32_t v = 0; v < crystal->count; v++)
        if (crystal->degree[v]) add_source(crystal, &links, &paths, v);
out:
    az_memory_free(links.begin);
    az_memory_free(links.to);
    az_memory_free(paths.count);
    az_memory_free(paths.credit);
    az_memory_free(paths.depth);
    az_memory_free(paths.order);
    return status;
}
