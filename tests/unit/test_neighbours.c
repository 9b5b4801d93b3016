#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/bf16.h"
#include "azimuth/neighbours.h"
#include "base/memory.h"
#include "base/random.h"
#include "sky/neighbours_parts.h"

static struct az_pool *one_thread, *three_threads;

static int start(void **state)
{
    (void)state;
    return az_pool_create(&one_thread, 1, NULL) != AZ_OK ||
           az_pool_create(&three_threads, 3, NULL) != AZ_OK;
}

static int stop(void **state)
{
    (void)state;
    az_pool_free(one_thread);
    az_pool_free(three_threads);
    return 0;
}

/* ---- the slow reference ---- */

struct pair {
    double distance;
    int32_t row;
};

static int nearer(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static double norm_of(const float *x, size_t dims)
{
    long double sum = 0;
    for (size_t d = 0; d < dims; d++) sum += (long double)x[d] * (long double)x[d];
    return (double)sqrtl(sum);
}

static double distance_of(const float *a, const float *b, size_t dims, bool cosine)
{
    long double sum = 0, na = cosine ? (long double)norm_of(a, dims) : 1;
    long double nb = cosine ? (long double)norm_of(b, dims) : 1;
    for (size_t d = 0; d < dims; d++) {
        long double difference = (long double)a[d] / na - (long double)b[d] / nb;
        sum += difference * difference;
    }
    return (double)(cosine ? sum / 2 : sqrtl(sum));
}

static bool usable(const float *x, size_t dims, bool cosine)
{
    for (size_t d = 0; d < dims; d++)
        if (!isfinite(x[d])) return false;
    return !cosine || norm_of(x, dims) > 0;
}

/* Row `query`: every distance of the answer is the one at its place in the sorted list, and the
 * row it names has that distance; the rows are the same wherever distances differ. */
static void check_row(const struct az_neighbours *found, size_t place, const float *values,
                      size_t rows, size_t dims, size_t query, bool cosine)
{
    struct pair *pairs;
    size_t count = 0, k = (size_t)found->k;
    assert_int_equal(az_memory_allocate(&pairs, rows, sizeof *pairs, "test", NULL), AZ_OK);
    for (size_t row = 0; row < rows && usable(values + query * dims, dims, cosine); row++)
        if (row != query && usable(values + row * dims, dims, cosine))
            pairs[count++] =
                (struct pair){distance_of(values + query * dims, values + row * dims, dims, cosine),
                              (int32_t)row};
    qsort(pairs, count, sizeof *pairs, nearer);
    for (size_t n = 0; n < k; n++) {
        int32_t row = found->rows[place * k + n];
        double distance = found->distances[place * k + n];
        if (n >= count) {
            assert_int_equal(row, -1);
            assert_true(isnan(distance));
            continue;
        }
        double slack = 1e-12 * (1e-3 + pairs[n].distance);
        assert_true(fabs(distance - pairs[n].distance) <= slack);
        bool tie = (n + 1 < count && pairs[n + 1].distance - pairs[n].distance <= slack) ||
                   (n > 0 && pairs[n].distance - pairs[n - 1].distance <= slack);
        if (!tie || pairs[n].distance == 0) assert_int_equal(row, pairs[n].row);
    }
    az_memory_free(pairs);
}

static struct az_neighbours *find(const struct az_matrix *matrix, int64_t k, enum az_metric metric,
                                  const struct az_kernels *kernels, struct az_pool *pool)
{
    struct az_neighbours *found;
    struct az_neighbours_plan plan = {.k = k, .metric = metric};
    assert_int_equal(az_neighbours_find(&found, matrix, &plan, kernels, pool, NULL, NULL), AZ_OK);
    return found;
}

static void compare(const struct az_neighbours *a, const struct az_neighbours *b)
{
    size_t cells = (size_t)(a->queries * a->k);
    assert_memory_equal(a->rows, b->rows, cells * sizeof *a->rows);
    assert_memory_equal(a->distances, b->distances, cells * sizeof *a->distances);
}

/* Against the reference, and the same bits from three threads and from every instruction set. */
static void check_all(const struct az_matrix *matrix, const float *values, int64_t k,
                      enum az_metric metric, size_t every)
{
    struct az_neighbours *found = find(matrix, k, metric, NULL, one_thread), *other;
    for (size_t row = 0; row < (size_t)matrix->rows; row += every)
        check_row(found, row, values, (size_t)matrix->rows, (size_t)matrix->dims, row,
                  metric == AZ_METRIC_COSINE);
    other = find(matrix, k, metric, NULL, three_threads);
    compare(found, other);
    az_neighbours_free(other);
    for (int isa = 0; isa < AZ_ISA_COUNT; isa++) {
        struct az_kernels kernels;
        if (!az_isa_available((enum az_isa)isa)) continue;
        assert_int_equal(az_kernels_select(&kernels, (enum az_isa)isa, NULL), AZ_OK);
        other = find(matrix, k, metric, &kernels, three_threads);
        compare(found, other);
        az_neighbours_free(other);
    }
    az_neighbours_free(found);
}

/* ---- clouds ---- */

struct cloud {
    size_t rows, dims;
    float *values;
    struct az_bf16 *bits;
    struct az_matrix *matrix;
};

static void wrap(struct cloud *cloud, bool narrow)
{
    for (size_t i = 0; i < cloud->rows * cloud->dims && narrow; i++) {
        cloud->bits[i] = az_bf16_from_f32(cloud->values[i]);
        cloud->values[i] = az_bf16_to_f32(cloud->bits[i]);
    }
    assert_int_equal(az_matrix_wrap(&cloud->matrix, narrow ? AZ_DTYPE_BF16 : AZ_DTYPE_F32,
                                    (int64_t)cloud->rows, (int64_t)cloud->dims,
                                    narrow ? (void *)cloud->bits : (void *)cloud->values, NULL),
                     AZ_OK);
}

static struct cloud make(size_t rows, size_t dims)
{
    struct cloud cloud = {.rows = rows, .dims = dims};
    assert_int_equal(az_memory_allocate(&cloud.values, rows * dims, 4, "test", NULL), AZ_OK);
    assert_int_equal(az_memory_allocate(&cloud.bits, rows * dims, 2, "test", NULL), AZ_OK);
    for (size_t i = 0; i < rows * dims; i++)
        cloud.values[i] = (float)(0.02 * az_random_normal(5, AZ_STREAM_SIMULATION, i));
    return cloud;
}

static void drop(struct cloud *cloud)
{
    az_matrix_close(cloud->matrix);
    az_memory_free(cloud->values);
    az_memory_free(cloud->bits);
}

/* Several tiles, rows that are no multiple of anything, black holes, a tight core. */
static void fill_core(struct cloud *cloud)
{
    for (size_t row = 0; row < cloud->rows; row += 3)
        for (size_t d = 0; d < cloud->dims; d++) {
            float *x = &cloud->values[row * cloud->dims + d];
            float center = cloud->values[d];
            *x = row % 2 ? center : center * (1 + 1e-2f * (float)(row % 21) * (d == row % 7));
        }
}

static void test_bf16(void **state)
{
    (void)state;
    static const enum az_metric metrics[] = {AZ_METRIC_L2, AZ_METRIC_COSINE};
    for (int m = 0; m < 2; m++) {
        struct cloud cloud = make(2309, 67);
        fill_core(&cloud);
        wrap(&cloud, true);
        check_all(cloud.matrix, cloud.values, 7, metrics[m], 13);
        drop(&cloud);
        cloud = make(300, 64); /* whole blocks of 32: read in place */
        wrap(&cloud, true);
        check_all(cloud.matrix, cloud.values, 3, metrics[m], 1);
        drop(&cloud);
    }
}

static void test_f32(void **state)
{
    (void)state;
    for (int m = 0; m < 2; m++) {
        struct cloud cloud = make(403, 530);
        fill_core(&cloud);
        wrap(&cloud, false);
        check_all(cloud.matrix, cloud.values, 5, m ? AZ_METRIC_COSINE : AZ_METRIC_L2, 5);
        drop(&cloud);
    }
}

/* One long row among short ones widens every bound under a careless one; far from the origin
 * products cancel and only float64 decides. */
static void test_offset(void **state)
{
    (void)state;
    struct cloud cloud = make(700, 40);
    for (size_t i = 0; i < cloud.rows * cloud.dims; i++) cloud.values[i] += 30;
    for (size_t d = 0; d < cloud.dims; d++) cloud.values[5 * cloud.dims + d] = 3e4f;
    wrap(&cloud, false);
    check_all(cloud.matrix, cloud.values, 4, AZ_METRIC_L2, 7);
    drop(&cloud);
}

static void test_hostile(void **state)
{
    (void)state;
    struct cloud cloud = make(90, 5);
    cloud.values[3 * 5 + 2] = NAN;
    cloud.values[9 * 5] = INFINITY;
    for (size_t d = 0; d < 5; d++) cloud.values[20 * 5 + d] = cloud.values[30 * 5 + d] = 0;
    cloud.values[30 * 5] = -0.0f; /* equal to row 20 */
    wrap(&cloud, false);
    check_all(cloud.matrix, cloud.values, 4, AZ_METRIC_L2, 1);
    check_all(cloud.matrix, cloud.values, 4, AZ_METRIC_COSINE, 1);
    struct az_neighbours *found = find(cloud.matrix, 2, AZ_METRIC_L2, NULL, one_thread);
    assert_int_equal(found->left_out, 2);
    assert_int_equal(found->rows[2 * 20], 30);
    assert_true(found->distances[2 * 20] == 0);
    az_neighbours_free(found);
    drop(&cloud);
    static const float scales[] = {1e25f, 1e-30f}; /* squares beyond float32 */
    for (int n = 0; n < 2; n++) {
        cloud = make(150, 6);
        for (size_t i = 0; i < cloud.rows * cloud.dims; i++) cloud.values[i] *= scales[n];
        wrap(&cloud, false);
        struct az_neighbours *all = find(cloud.matrix, 3, AZ_METRIC_L2, NULL, three_threads);
        struct cloud plain = make(150, 6);
        wrap(&plain, false);
        struct az_neighbours *same = find(plain.matrix, 3, AZ_METRIC_L2, NULL, one_thread);
        assert_memory_equal(all->rows, same->rows, 450 * sizeof *all->rows);
        az_neighbours_free(all);
        az_neighbours_free(same);
        drop(&cloud);
        drop(&plain);
    }
}

/* Every row as a query is compared with all others in float64: the same bits, no tile involved. */
static void check_exhaustive(const struct az_matrix *matrix, int64_t k, enum az_metric metric)
{
    struct az_neighbours_plan plan = {.k = k, .metric = metric, .query_count = matrix->rows};
    struct az_neighbours *all;
    int64_t *rows;
    assert_int_equal(az_memory_allocate(&rows, (size_t)matrix->rows, sizeof *rows, "test", NULL),
                     AZ_OK);
    for (int64_t row = 0; row < matrix->rows; row++) rows[row] = row;
    plan.queries = rows;
    assert_int_equal(az_neighbours_find(&all, matrix, &plan, NULL, three_threads, NULL, NULL),
                     AZ_OK);
    for (int isa = 0; isa < AZ_ISA_COUNT; isa++) {
        struct az_kernels kernels;
        if (!az_isa_available((enum az_isa)isa)) continue;
        assert_int_equal(az_kernels_select(&kernels, (enum az_isa)isa, NULL), AZ_OK);
        struct az_neighbours *found = find(matrix, k, metric, &kernels, three_threads);
        compare(found, all);
        az_neighbours_free(found);
    }
    az_neighbours_free(all);
    az_memory_free(rows);
}

/* Several panels. Of most rows the nearest is a twin, so that no product with another one needs to
 * be finished. 20 rows x, neither the shortest nor the longest, are near to the longest rows y, in
 * another tile, by what comes after the first panel alone: the part before it speaks against them.
 */
static void fill_late(struct cloud *cloud)
{
    size_t dims = cloud->dims, early = AZ_NEAR_PANEL;
    for (size_t row = 0; row + 1 < cloud->rows; row += 2) {
        float *x = cloud->values + row * dims, *y = x + dims;
        bool late = row < 40;
        for (size_t d = 0; d < dims; d++) {
            if (late) x[d] *= d < early ? 0.43f : 2.06f;
            y[d] = late && d < early ? -x[d] : x[d];
            x[d] *= late ? 0.95f : 0.6f + 0.4f * (float)row / (float)cloud->rows;
            y[d] *= late ? 1.2f : 1.001f * (0.6f + 0.4f * (float)row / (float)cloud->rows);
        }
    }
}

static void test_panels(void **state)
{
    (void)state;
    for (int narrow = 0; narrow < 2; narrow++)
        for (int m = 0; m < 2; m++) {
            struct cloud cloud = make(2304, AZ_NEAR_PANEL + 64);
            fill_late(&cloud);
            wrap(&cloud, narrow);
            check_exhaustive(cloud.matrix, 1, m ? AZ_METRIC_COSINE : AZ_METRIC_L2);
            struct az_neighbours *found =
                find(cloud.matrix, 1, m ? AZ_METRIC_COSINE : AZ_METRIC_L2, NULL, one_thread);
            for (int32_t row = 0; row < 60; row++) assert_int_equal(found->rows[row], row ^ 1);
            az_neighbours_free(found);
            drop(&cloud);
        }
}

/* Products flush subnormals, the distances do not. */
static void test_subnormals(void **state)
{
    (void)state;
    static const float scales[] = {1e-18f, 1e-37f, 1e-40f, 1e15f};
    for (size_t n = 0; n < sizeof scales / sizeof *scales; n++)
        for (int narrow = 0; narrow < 2; narrow++) {
            struct cloud cloud = make(190, 300);
            for (size_t i = 0; i < cloud.rows * cloud.dims; i++)
                cloud.values[i] *= i / cloud.dims % 3 ? 50 * scales[n] : 50;
            for (size_t d = 0; d < 300; d++) cloud.values[31 * 300 + d] = 0;
            wrap(&cloud, narrow);
            check_exhaustive(cloud.matrix, 4, AZ_METRIC_L2);
            check_exhaustive(cloud.matrix, 4, AZ_METRIC_COSINE);
            drop(&cloud);
        }
}

static void test_small(void **state)
{
    (void)state;
    struct cloud cloud = make(1, 3);
    wrap(&cloud, true);
    check_all(cloud.matrix, cloud.values, 2, AZ_METRIC_L2, 1);
    drop(&cloud);
    cloud = make(6, 1); /* one dimension; k beyond what there is */
    wrap(&cloud, true);
    check_all(cloud.matrix, cloud.values, 9, AZ_METRIC_L2, 1);
    drop(&cloud);
    cloud = make(2100, 2); /* all rows equal: ties by row */
    for (size_t i = 0; i < cloud.rows * 2; i++) cloud.values[i] = 1;
    wrap(&cloud, true);
    check_all(cloud.matrix, cloud.values, 3, AZ_METRIC_L2, 100);
    drop(&cloud);
}

/* A few rows in one pass give what all rows give; whitened rows are found by their own distances.
 */
static void test_queries_and_causal(void **state)
{
    (void)state;
    struct cloud cloud = make(500, 33);
    for (size_t i = 0; i < cloud.rows * cloud.dims; i++)
        cloud.values[i] *= (float)(1 + i % cloud.dims);
    wrap(&cloud, true);
    struct az_frame *frame;
    struct az_frame_plan whole = {.cache = ""};
    assert_int_equal(az_frame_find(&frame, cloud.matrix, &whole, one_thread, NULL, NULL), AZ_OK);
    static const int64_t rows[3] = {499, 0, 77};
    for (int m = 0; m < AZ_METRIC_COUNT; m++) {
        struct az_neighbours_plan plan = {.k = 6, .metric = (enum az_metric)m, .frame = frame};
        struct az_neighbours *all, *some;
        assert_int_equal(
            az_neighbours_find(&all, cloud.matrix, &plan, NULL, three_threads, NULL, NULL), AZ_OK);
        plan.queries = rows;
        plan.query_count = 3;
        assert_int_equal(
            az_neighbours_find(&some, cloud.matrix, &plan, NULL, one_thread, NULL, NULL), AZ_OK);
        for (int q = 0; q < 3; q++) {
            assert_memory_equal(some->rows + 6 * q, all->rows + 6 * rows[q], 6 * sizeof(int32_t));
            assert_memory_equal(some->distances + 6 * q, all->distances + 6 * rows[q],
                                6 * sizeof(double));
        }
        if (m == AZ_METRIC_CAUSAL) assert_true(all->distances[0] > 1 && all->distances[0] < 15);
        az_neighbours_free(all);
        az_neighbours_free(some);
    }
    az_frame_free(frame);
    drop(&cloud);
}

static void test_bad_plans(void **state)
{
    (void)state;
    struct cloud cloud = make(4, 2);
    struct az_neighbours *found;
    static const int64_t rows[1] = {4};
    struct az_neighbours_plan plan = {.k = 0};
    wrap(&cloud, true);
    assert_int_equal(az_neighbours_find(&found, cloud.matrix, &plan, NULL, one_thread, NULL, NULL),
                     AZ_USAGE);
    plan.k = 1;
    plan.queries = rows;
    plan.query_count = 1;
    assert_int_equal(az_neighbours_find(&found, cloud.matrix, &plan, NULL, one_thread, NULL, NULL),
                     AZ_USAGE);
    plan = (struct az_neighbours_plan){.k = 1, .metric = AZ_METRIC_CAUSAL};
    assert_int_equal(az_neighbours_find(&found, cloud.matrix, &plan, NULL, one_thread, NULL, NULL),
                     AZ_USAGE);
    assert_null(found);
    drop(&cloud);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bf16),       cmocka_unit_test(test_f32),
        cmocka_unit_test(test_offset),     cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_small),      cmocka_unit_test(test_panels),
        cmocka_unit_test(test_subnormals), cmocka_unit_test(test_queries_and_causal),
        cmocka_unit_test(test_bad_plans),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
