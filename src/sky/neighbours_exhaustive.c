#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "sky/neighbours_parts.h"

#define PART_CLASSES 256
#define WANTED_AT_ONCE 64

size_t az_near_insert(struct az_near *list, size_t count, size_t k, struct az_near found)
{
    size_t at = count;
    while (at > 0 && (list[at - 1].distance > found.distance ||
                      (list[at - 1].distance == found.distance &&
                       list[at - 1].class_number > found.class_number)))
        at--;
    if (at == k) return count;
    size_t kept = count < k ? count : k - 1;
    memmove(list + at + 1, list + at, (kept - at) * sizeof *list);
    list[at] = found;
    return kept + 1;
}

struct exhaustive {
    const struct az_points *points;
    const uint32_t *wanted;
    size_t wanted_count, k;
    struct az_near *nearest;
    size_t *counts;
    float *rows;    /* [wanted_count][dims] */
    float *scratch; /* [threads][dims] */
    double *found;  /* [threads][PART_CLASSES][wanted_count] */
    pthread_mutex_t lock;
};

/* The order in which parts arrive does not matter: the k least of a strict order are kept. */
static void compare_part(void *context, size_t chunk, int thread)
{
    struct exhaustive *work = context;
    const struct az_points *points = work->points;
    size_t first = chunk * PART_CLASSES, left = points->class_count - first;
    size_t count = left < PART_CLASSES ? left : PART_CLASSES, wanted = work->wanted_count;
    double *found = work->found + (size_t)thread * PART_CLASSES * WANTED_AT_ONCE;
    for (size_t c = 0; c < count; c++) {
        size_t row = points->first[first + c];
        const float *x = az_points_row(points, row, work->scratch + (size_t)thread * points->dims);
        for (size_t w = 0; w < wanted; w++)
            found[c * wanted + w] = az_points_distance(points, points->first[work->wanted[w]],
                                                       work->rows + w * points->dims, row, x);
    }
    pthread_mutex_lock(&work->lock);
    for (size_t c = 0; c < count; c++)
        for (size_t w = 0; w < wanted; w++) {
            if (first + c == work->wanted[w]) continue;
            struct az_near near = {found[c * wanted + w], (uint32_t)(first + c)};
            work->counts[w] =
                az_near_insert(work->nearest + w * work->k, work->counts[w], work->k, near);
        }
    pthread_mutex_unlock(&work->lock);
}

static void take_rows(struct exhaustive *work)
{
    size_t dims = work->points->dims;
    for (size_t w = 0; w < work->wanted_count; w++) {
        float *to = work->rows + w * dims;
        const float *row = az_points_row(work->points, work->points->first[work->wanted[w]], to);
        if (row != to) memcpy(to, row, dims * sizeof *to);
        work->counts[w] = 0;
    }
}

enum az_status az_exhaustive_find(const struct az_points *points, const uint32_t *wanted,
                                  size_t wanted_count, size_t k, struct az_near *nearest,
                                  size_t *counts, struct az_pool *pool,
                                  struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t threads = (size_t)az_pool_threads(pool), dims = points->dims;
    struct exhaustive work = {.points = points, .k = k, .lock = PTHREAD_MUTEX_INITIALIZER};
    if (wanted_count == 0) return AZ_OK;
    AZ_TRY(az_memory_allocate(&work.rows, WANTED_AT_ONCE * dims, sizeof(float), "rows", error));
    AZ_TRY(az_memory_allocate(&work.scratch, threads * dims, sizeof(float), "rows", error));
    AZ_TRY(az_memory_allocate(&work.found, threads * PART_CLASSES * WANTED_AT_ONCE, sizeof(double),
                              "distances", error));
    az_progress_begin(progress);
    for (size_t at = 0; at < wanted_count; at += WANTED_AT_ONCE) {
        size_t left = wanted_count - at;
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped after %zu of %zu vectors", at, wanted_count);
        az_progress_tell(progress, "comparing", "vector", (double)at, (double)wanted_count, "");
        work.wanted = wanted + at;
        work.wanted_count = left < WANTED_AT_ONCE ? left : WANTED_AT_ONCE;
        work.nearest = nearest + at * k;
        work.counts = counts + at;
        take_rows(&work);
        az_pool_run(pool, compare_part, &work,
                    (points->class_count + PART_CLASSES - 1) / PART_CLASSES);
    }
    az_progress_end(progress, "comparing", "vector", (double)wanted_count, (double)wanted_count,
                    "");
out:
    az_memory_free(work.rows);
    az_memory_free(work.scratch);
    az_memory_free(work.found);
    return status;
}
