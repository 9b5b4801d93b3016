#include "azimuth/neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sky/neighbours_parts.h"

#define PART_CLASSES 64

const char *az_metric_name(enum az_metric metric)
{
    static const char *const names[] = {
#define METRIC_NAME(id, name, meaning) name,
        AZ_METRIC_TABLE(METRIC_NAME)
#undef METRIC_NAME
    };
    return names[metric];
}

/* ---- from candidates to the nearest classes ---- */

struct recheck {
    const struct az_points *points;
    const struct az_candidates *candidates;
    size_t k;
    struct az_near *nearest; /* [classes][k] */
    size_t *counts;
    float *rows; /* [threads][2][dims] */
};

static void recheck_part(void *context, size_t chunk, int thread)
{
    struct recheck *work = context;
    const struct az_points *points = work->points;
    const struct az_candidates *candidates = work->candidates;
    float *own = work->rows + (size_t)thread * 2 * points->dims, *scratch = own + points->dims;
    for (size_t p = chunk * PART_CLASSES; p < (chunk + 1) * PART_CLASSES && p < candidates->classes;
         p++) {
        size_t count = candidates->counts[p], c = candidates->order[p], row = points->first[c];
        if (count == AZ_CANDIDATES_TOO_MANY) continue;
        const float *a = az_points_row(points, row, own);
        for (size_t n = 0; n < count; n++) {
            uint32_t other = candidates->order[candidates->list[p][n]];
            const float *b = az_points_row(points, points->first[other], scratch);
            struct az_near near = {az_points_distance(points, row, a, points->first[other], b),
                                   other};
            work->counts[c] =
                az_near_insert(work->nearest + c * work->k, work->counts[c], work->k, near);
        }
    }
}

/* Classes for which candidates were too many are compared with all. */
static enum az_status finish_rest(struct recheck *work, struct az_neighbours *neighbours,
                                  struct az_pool *pool, struct az_progress *progress,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint32_t *wanted = NULL;
    struct az_near *nearest = NULL;
    size_t *counts = NULL, count = 0, classes = work->points->class_count;
    for (size_t p = 0; p < classes; p++)
        count += work->candidates->counts[p] == AZ_CANDIDATES_TOO_MANY;
    neighbours->exhaustive = (int64_t)count;
    if (count == 0) return AZ_OK;
    AZ_TRY(az_memory_allocate(&wanted, count, sizeof *wanted, "classes", error));
    AZ_TRY(az_memory_allocate(&counts, count, sizeof *counts, "classes", error));
    AZ_TRY(az_memory_allocate(&nearest, count * work->k, sizeof *nearest, "classes", error));
    count = 0;
    for (size_t p = 0; p < classes; p++)
        if (work->candidates->counts[p] == AZ_CANDIDATES_TOO_MANY)
            wanted[count++] = work->candidates->order[p];
    AZ_TRY(az_exhaustive_find(work->points, wanted, count, work->k, nearest, counts, pool, progress,
                              error));
    for (size_t w = 0; w < count; w++) {
        memcpy(work->nearest + wanted[w] * work->k, nearest + w * work->k,
               counts[w] * sizeof *nearest);
        work->counts[wanted[w]] = counts[w];
    }
out:
    az_memory_free(wanted);
    az_memory_free(counts);
    az_memory_free(nearest);
    return status;
}

static enum az_status find_all(const struct az_points *points, size_t k, struct az_near *nearest,
                               size_t *counts, struct az_neighbours *neighbours,
                               struct az_pool *pool, struct az_progress *progress,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_candidates candidates = {0};
    struct recheck work = {points, &candidates, k, nearest, counts, NULL};
    size_t threads = (size_t)az_pool_threads(pool);
    AZ_TRY(
        az_memory_allocate(&work.rows, threads * 2 * points->dims, sizeof(float), "rows", error));
    AZ_TRY(az_candidates_find(&candidates, points, k, pool, progress, error));
    for (size_t p = 0; p < candidates.classes; p++)
        if (candidates.counts[p] != AZ_CANDIDATES_TOO_MANY)
            neighbours->rechecked += (int64_t)candidates.counts[p];
    az_pool_run(pool, recheck_part, &work, (points->class_count + PART_CLASSES - 1) / PART_CLASSES);
    AZ_TRY(finish_rest(&work, neighbours, pool, progress, error));
out:
    az_candidates_free(&candidates);
    az_memory_free(work.rows);
    return status;
}

/* ---- from classes to rows ---- */

struct near_row {
    double distance;
    uint32_t row;
};

static int nearer(const void *a, const void *b)
{
    const struct near_row *x = a, *y = b;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The first members of a class, as many as could matter, without the row itself. */
static size_t add_members(const struct az_points *points, uint32_t class_number, size_t self,
                          double distance, size_t k, struct near_row *list, size_t count)
{
    size_t begin = points->member_start[class_number], end = points->member_start[class_number + 1];
    size_t added = 0;
    for (size_t m = begin; m < end && added < k; m++) {
        if (points->members[m] == self) continue;
        list[count++] = (struct near_row){distance, points->members[m]};
        added++;
    }
    return count;
}

/* The k nearest rows lie in the row's own class and its k nearest classes: every class that is
 * nearer, or as near with a lower first row, holds a row that comes before them. */
static void expand(const struct az_points *points, size_t row, const struct az_near *near,
                   size_t near_count, size_t k, struct near_row *list, int32_t *rows,
                   double *distances)
{
    size_t count = 0, own = points->class_of[row];
    if (own != UINT32_MAX) count = add_members(points, (uint32_t)own, row, 0, k, list, 0);
    for (size_t n = 0; own != UINT32_MAX && n < near_count; n++) {
        if (count >= k && near[n].distance > list[count - 1].distance) break;
        count = add_members(points, near[n].class_number, row, near[n].distance, k, list, count);
    }
    qsort(list, count, sizeof *list, nearer);
    for (size_t n = 0; n < k; n++) {
        bool there = n < count;
        double distance = there ? list[n].distance : NAN;
        rows[n] = there ? (int32_t)list[n].row : -1;
        distances[n] = points->metric == AZ_METRIC_COSINE ? distance : sqrt(distance);
    }
}

static enum az_status check(const struct az_matrix *matrix, const struct az_neighbours_plan *plan,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (plan->k < 1 || plan->k > AZ_NEIGHBOURS_MOST)
        AZ_RAISE(AZ_USAGE, "%lld neighbours: expected 1 to %d", (long long)plan->k,
                 AZ_NEIGHBOURS_MOST);
    if (matrix->rows > INT32_MAX)
        AZ_RAISE(AZ_MEMORY, "%lld rows are too many", (long long)matrix->rows);
    for (int64_t q = 0; plan->queries && q < plan->query_count; q++)
        if (plan->queries[q] < 0 || plan->queries[q] >= matrix->rows)
            AZ_RAISE(AZ_USAGE, "row %lld: the matrix has rows 0 to %lld",
                     (long long)plan->queries[q], (long long)matrix->rows - 1);
out:
    return status;
}

static enum az_status create(struct az_neighbours **neighbours, int64_t queries, int64_t k,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_neighbours *made = NULL;
    size_t cells;
    AZ_TRY(az_memory_allocate(&made, 1, sizeof *made, "neighbours", error));
    made->queries = queries;
    made->k = k;
    AZ_TRY(az_size_multiply((size_t)queries, (size_t)k, &cells, error));
    AZ_TRY(az_memory_allocate(&made->rows, cells, sizeof(int32_t), "neighbours", error));
    AZ_TRY(az_memory_allocate(&made->distances, cells, sizeof(double), "neighbours", error));
out:
    *neighbours = made;
    return status;
}

void az_neighbours_free(struct az_neighbours *neighbours)
{
    if (!neighbours) return;
    az_memory_free(neighbours->rows);
    az_memory_free(neighbours->distances);
    az_memory_free(neighbours);
}

/* For a few rows: their classes against all, in one pass for every 64 of them. nearest[query][k].
 */
static enum az_status find_some(const struct az_points *points,
                                const struct az_neighbours_plan *plan, struct az_near *nearest,
                                size_t *counts, struct az_pool *pool, struct az_progress *progress,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint32_t *wanted = NULL;
    size_t queries = (size_t)plan->query_count, used = 0, k = (size_t)plan->k;
    struct az_near *found = NULL;
    size_t *found_counts = NULL;
    AZ_TRY(az_memory_allocate(&wanted, queries, sizeof *wanted, "queries", error));
    AZ_TRY(az_memory_allocate(&found, queries * k, sizeof *found, "queries", error));
    AZ_TRY(az_memory_allocate(&found_counts, queries, sizeof *found_counts, "queries", error));
    for (size_t q = 0; q < queries; q++)
        if (points->class_of[plan->queries[q]] != UINT32_MAX)
            wanted[used++] = points->class_of[plan->queries[q]];
    AZ_TRY(az_exhaustive_find(points, wanted, used, k, found, found_counts, pool, progress, error));
    used = 0;
    for (size_t q = 0; q < queries; q++) {
        if (points->class_of[plan->queries[q]] == UINT32_MAX) continue;
        memcpy(nearest + q * k, found + used * k, found_counts[used] * sizeof *found);
        counts[q] = found_counts[used++];
    }
out:
    az_memory_free(wanted);
    az_memory_free(found);
    az_memory_free(found_counts);
    return status;
}

static enum az_status find(struct az_neighbours *neighbours, const struct az_points *points,
                           const struct az_neighbours_plan *plan, struct az_pool *pool,
                           struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t k = (size_t)plan->k, cells, lists = points->class_count;
    struct az_near *nearest = NULL;
    struct near_row *list = NULL;
    size_t *counts = NULL;
    uint32_t *all = NULL;
    if (plan->queries) lists = (size_t)plan->query_count;
    AZ_TRY(az_size_multiply(lists, k, &cells, error));
    AZ_TRY(az_memory_allocate(&nearest, cells, sizeof *nearest, "neighbours", error));
    AZ_TRY(az_memory_allocate(&counts, lists, sizeof *counts, "neighbours", error));
    AZ_TRY(az_memory_allocate(&list, k * (k + 1), sizeof *list, "neighbours", error));
    if (plan->queries)
        AZ_TRY(find_some(points, plan, nearest, counts, pool, progress, error));
    else if (az_points_bounded(points))
        AZ_TRY(find_all(points, k, nearest, counts, neighbours, pool, progress, error));
    else {
        AZ_TRY(az_memory_allocate(&all, lists, sizeof *all, "neighbours", error));
        for (size_t c = 0; c < lists; c++) all[c] = (uint32_t)c;
        neighbours->exhaustive = (int64_t)lists;
        AZ_TRY(az_exhaustive_find(points, all, lists, k, nearest, counts, pool, progress, error));
    }
    for (int64_t q = 0; q < neighbours->queries; q++) {
        size_t row = plan->queries ? (size_t)plan->queries[q] : (size_t)q;
        size_t at = plan->queries ? (size_t)q : points->class_of[row];
        bool left_out = points->class_of[row] == UINT32_MAX;
        neighbours->left_out += left_out;
        expand(points, row, left_out ? NULL : nearest + at * k, left_out ? 0 : counts[at], k, list,
               neighbours->rows + q * plan->k, neighbours->distances + q * plan->k);
    }
out:
    az_memory_free(nearest);
    az_memory_free(counts);
    az_memory_free(list);
    az_memory_free(all);
    return status;
}

enum az_status az_neighbours_find(struct az_neighbours **neighbours, const struct az_matrix *matrix,
                                  const struct az_neighbours_plan *plan,
                                  const struct az_kernels *kernels, struct az_pool *pool,
                                  struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_neighbours *made = NULL;
    struct az_points points = {0};
    struct az_kernels best;
    *neighbours = NULL;
    AZ_TRY(check(matrix, plan, error));
    if (!kernels) {
        AZ_TRY(az_kernels_default(&best, NULL, error));
        kernels = &best;
    }
    AZ_TRY(create(&made, plan->queries ? plan->query_count : matrix->rows, plan->k, error));
    AZ_TRY(az_points_create(&points, matrix, plan, kernels, pool, progress, error));
    made->distinct = (int64_t)points.class_count;
    AZ_TRY(find(made, &points, plan, pool, progress, error));
    *neighbours = made;
    made = NULL;
out:
    az_points_free(&points);
    az_neighbours_free(made);
    return status;
}
