#include "sky/crystal.h"

#include <inttypes.h>
#include <math.h>

#include "base/memory.h"

enum { VECTORS_PER_CHUNK = 4 };

struct growing {
    struct az_crystal *crystal;
    float *values;     /* [count][dims] */
    int64_t *edges_of; /* [count] to vectors after it */
    int64_t begin;
};

static double distance(const float *a, const float *b, int64_t dims)
{
    double sum = 0;
    for (int64_t d = 0; d < dims; d++) {
        double gap = (double)a[d] - (double)b[d];
        sum += gap * gap;
    }
    return sqrt(sum);
}

/* Pairs of one vector with those after it. Each pair is met once and fills both places. */
static void measure_vector(const struct growing *growing, int64_t a)
{
    struct az_crystal *crystal = growing->crystal;
    int64_t n = crystal->count, dims = crystal->dims;
    for (int64_t b = a + 1; b < n; b++) {
        const int32_t *left = crystal->orders + a * dims, *right = crystal->orders + b * dims;
        uint32_t linf = az_orders_distance(left, right, dims).linf;
        double l2 = distance(growing->values + a * dims, growing->values + b * dims, dims);
        crystal->linf[a * n + b] = crystal->linf[b * n + a] = linf;
        crystal->l2[a * n + b] = crystal->l2[b * n + a] = l2;
        growing->edges_of[a] += linf <= crystal->reach;
    }
}

static void measure_chunk(void *context, size_t chunk, int thread)
{
    (void)thread;
    const struct growing *growing = context;
    int64_t a = growing->begin + (int64_t)chunk * VECTORS_PER_CHUNK, end = a + VECTORS_PER_CHUNK;
    for (; a < end && a < growing->crystal->count; a++) measure_vector(growing, a);
}

static enum az_status allocate(struct az_crystal *crystal, struct growing *growing,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t n = (size_t)crystal->count, dims = (size_t)crystal->dims, area;
    const char *what = "vectors of a selection";
    AZ_TRY(az_size_multiply(n, dims, &area, error));
    AZ_TRY(az_memory_allocate(&crystal->orders, area, sizeof(int32_t), what, error));
    AZ_TRY(az_memory_allocate(&growing->values, area, sizeof(float), what, error));
    AZ_TRY(az_memory_allocate(&growing->edges_of, n, sizeof(int64_t), what, error));
    AZ_TRY(az_memory_allocate(&crystal->population, n, sizeof(int64_t), what, error));
    AZ_TRY(az_memory_allocate(&crystal->degree, n, sizeof(int32_t), what, error));
    AZ_TRY(az_memory_allocate(&crystal->linf, n * n, sizeof(uint32_t), "pairs", error));
    AZ_TRY(az_memory_allocate(&crystal->l2, n * n, sizeof(double), "pairs", error));
out:
    return status;
}

static enum az_status take_vectors(struct az_crystal *crystal, struct growing *growing,
                                   const struct az_matrix *matrix,
                                   const struct az_duplicates *found, struct az_error *error)
{
    char *scratch;
    enum az_status status =
        az_memory_allocate(&scratch, matrix->row_bytes, 1, "scratch for a row", error);
    if (status != AZ_OK) return status;
    for (int64_t v = 0; v < crystal->count; v++) {
        int64_t row = found->first[crystal->vectors[v]];
        az_row_orders(matrix, row, scratch, crystal->orders + v * crystal->dims);
        az_matrix_row_f32(matrix, row, growing->values + v * crystal->dims);
        crystal->population[v] = found->population[crystal->vectors[v]];
    }
    az_memory_free(scratch);
    return AZ_OK;
}

/* Edges in order, with their steps. */
static enum az_status take_edges(struct az_crystal *crystal, const int64_t *edges_of,
                                 struct az_error *error)
{
    int64_t n = crystal->count, total = 0;
    for (int64_t a = 0; a < n; a++) total += edges_of[a];
    enum az_status status =
        az_memory_allocate(&crystal->edges, (size_t)total, sizeof *crystal->edges, "edges", error);
    for (int64_t a = 0; status == AZ_OK && a < n; a++)
        for (int64_t b = a + 1; b < n; b++) {
            if (crystal->linf[a * n + b] > crystal->reach) continue;
            crystal->edges[crystal->edge_count++] = (struct az_crystal_edge){
                (int32_t)a, (int32_t)b,
                az_orders_distance(crystal->orders + a * crystal->dims,
                                   crystal->orders + b * crystal->dims, crystal->dims)};
            crystal->degree[a]++;
            crystal->degree[b]++;
        }
    return status;
}

static void find_medoid(struct az_crystal *crystal)
{
    int64_t n = crystal->count;
    double least = INFINITY;
    for (int64_t a = 0; a < n; a++) {
        double sum = 0;
        for (int64_t b = 0; b < n; b++) {
            sum += crystal->l2[a * n + b];
            if (crystal->l2[a * n + b] > crystal->diameter)
                crystal->diameter = crystal->l2[a * n + b];
        }
        if (sum < least) {
            least = sum;
            crystal->medoid = (int32_t)a;
        }
    }
}

static enum az_status measure(struct growing *growing, struct az_pool *pool,
                              struct az_progress *progress, struct az_error *error)
{
    enum { AT_ONCE = 16 };
    int64_t n = growing->crystal->count;
    az_progress_begin(progress);
    for (growing->begin = 0; growing->begin < n; growing->begin += AT_ONCE * VECTORS_PER_CHUNK) {
        az_pool_run(pool, measure_chunk, growing, AT_ONCE);
        double left = (double)(n - growing->begin) / (double)n;
        az_progress_tell(progress, "comparing vectors", "%", 100 * (1 - left * left), 100, "");
        if (az_progress_stopped(progress))
            return az_error_raise(error, AZ_INTERRUPTED, "stopped on request");
    }
    az_progress_end(progress, "comparing vectors", "%", 100, 100, "");
    return AZ_OK;
}

enum az_status az_crystal_grow(struct az_crystal *crystal, const struct az_matrix *matrix,
                               const struct az_duplicates *found, const int32_t *vectors,
                               int64_t count, uint32_t reach, struct az_pool *pool,
                               struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct growing growing = {.crystal = crystal};
    *crystal = (struct az_crystal){
        .count = count, .dims = matrix->dims, .reach = reach, .vectors = vectors};
    if (count > AZ_CRYSTAL_MOST)
        AZ_RAISE(AZ_BUDGET,
                 "the selection has %" PRId64 " different vectors; pairs are compared up to %d. "
                 "Choose a smaller one with --threshold or --select",
                 count, AZ_CRYSTAL_MOST);
    AZ_TRY(allocate(crystal, &growing, error));
    AZ_TRY(take_vectors(crystal, &growing, matrix, found, error));
    AZ_TRY(measure(&growing, pool, progress, error));
    AZ_TRY(take_edges(crystal, growing.edges_of, error));
    find_medoid(crystal);
    AZ_TRY(az_crystal_components(crystal, error));
    AZ_TRY(az_crystal_centrality(crystal, error));
    AZ_TRY(az_crystal_tree(crystal, error));
out:
    az_memory_free(growing.values);
    az_memory_free(growing.edges_of);
    return status;
}

void az_crystal_free(struct az_crystal *crystal)
{
    az_memory_free(crystal->orders);
    az_memory_free(crystal->population);
    az_memory_free(crystal->linf);
    az_memory_free(crystal->l2);
    az_memory_free(crystal->edges);
    az_memory_free(crystal->degree);
    az_memory_free(crystal->betweenness);
    az_memory_free(crystal->component);
    az_memory_free(crystal->components);
    az_memory_free(crystal->tree);
    *crystal = (struct az_crystal){0};
}

int64_t az_crystal_pairs_at(const struct az_crystal *crystal, uint32_t linf)
{
    int64_t n = crystal->count, pairs = 0;
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = a + 1; b < n; b++) pairs += crystal->linf[a * n + b] == linf;
    return pairs;
}

struct az_crystal_edge az_crystal_near_miss(const struct az_crystal *crystal, int32_t component)
{
    int64_t n = crystal->count;
    struct az_crystal_edge nearest = {0};
    nearest.a = nearest.b = -1;
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b < n && crystal->component[a] == component; b++) {
            if (crystal->component[b] == component) continue;
            if (nearest.a >= 0 && crystal->linf[a * n + b] >= nearest.steps.linf) continue;
            nearest = (struct az_crystal_edge){
                (int32_t)a, (int32_t)b,
                az_orders_distance(crystal->orders + a * crystal->dims,
                                   crystal->orders + b * crystal->dims, crystal->dims)};
        }
    return nearest;
}
