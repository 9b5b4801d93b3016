#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/bf16.h"
#include "azimuth/frame.h"
#include "base/memory.h"
#include "base/random.h"

static struct az_pool *one_thread, *three_threads;
static char folder[] = "/tmp/azimuth-frame-XXXXXX";

static int start(void **state)
{
    (void)state;
    return !mkdtemp(folder) || az_pool_create(&one_thread, 1, NULL) != AZ_OK ||
           az_pool_create(&three_threads, 3, NULL) != AZ_OK;
}

static int stop(void **state)
{
    char command[64];
    (void)state;
    az_pool_free(one_thread);
    az_pool_free(three_threads);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static struct az_matrix *wrap(int64_t rows, int64_t dims, const float *values)
{
    struct az_matrix *matrix;
    assert_int_equal(az_matrix_wrap(&matrix, AZ_DTYPE_F32, rows, dims, values, NULL), AZ_OK);
    return matrix;
}

static struct az_frame *find(const struct az_matrix *matrix, int64_t leading, struct az_pool *pool)
{
    struct az_frame *frame;
    struct az_frame_plan plan = {.leading = leading, .cache = ""};
    assert_int_equal(az_frame_find(&frame, matrix, &plan, pool, NULL, NULL), AZ_OK);
    return frame;
}

/* +a and -a along each axis: the covariance is diagonal, the eigenvectors are the axes. */
static void test_axes(void **state)
{
    (void)state;
    static const float a[4] = {1, 4, 2, 3};
    float values[8][4] = {0};
    for (int d = 0; d < 4; d++) {
        values[2 * d][d] = a[d];
        values[2 * d + 1][d] = -a[d];
    }
    for (int r = 0; r < 8; r++) values[r][2] += 10; /* the mean */
    struct az_matrix *matrix = wrap(8, 4, &values[0][0]);
    struct az_frame *frame = find(matrix, 0, one_thread);
    static const int order[4] = {1, 3, 2, 0};
    assert_true(frame->mean[2] == 10 && frame->mean[0] == 0);
    assert_true(fabs(frame->trace - 30.0 / 4) < 1e-12);
    for (int k = 0; k < 4; k++) {
        double expected = (double)a[order[k]] * (double)a[order[k]] / 4;
        assert_true(fabs(frame->values[k] - expected) < 1e-12);
        for (int d = 0; d < 4; d++)
            assert_true(fabsf(frame->vectors[k * 4 + d] - (d == order[k])) < 1e-6f);
    }
    az_frame_free(frame);
    az_matrix_close(matrix);
}

/* A two-dimensional cloud turned by 30 degrees. */
static void test_rotation(void **state)
{
    (void)state;
    float values[4][2];
    static const double along[4] = {2, -2, 0, 0}, across[4] = {0, 0, 1, -1};
    double c = cos(M_PI / 6), s = sin(M_PI / 6);
    for (int r = 0; r < 4; r++) {
        values[r][0] = (float)(c * along[r] - s * across[r]);
        values[r][1] = (float)(s * along[r] + c * across[r]);
    }
    struct az_matrix *matrix = wrap(4, 2, &values[0][0]);
    struct az_frame *frame = find(matrix, 0, one_thread);
    assert_true(fabs(frame->values[0] - 2) < 1e-6 && fabs(frame->values[1] - 0.5) < 1e-6);
    assert_true(fabs((double)frame->vectors[0] - c) < 1e-6);
    assert_true(fabs((double)frame->vectors[1] - s) < 1e-6);
    assert_true(frame->vectors[3] > 0.8f); /* the sign of the second: largest positive */
    az_frame_free(frame);
    az_matrix_close(matrix);
}

enum { WIDE_ROWS = 1500, WIDE_DIMS = 560 };

/* Normal rows with a few large variances, in bf16, and some rows twice. */
static struct az_bf16 *make_wide(void)
{
    struct az_bf16 *values;
    size_t count = (size_t)WIDE_ROWS * WIDE_DIMS;
    assert_int_equal(az_memory_allocate(&values, count, sizeof *values, "test", NULL), AZ_OK);
    for (size_t i = 0; i < count; i++) {
        size_t d = i % WIDE_DIMS;
        double scale = d < 4 ? 1 - 0.15 * (double)d : 0.1;
        values[i] =
            az_bf16_from_f32((float)(0.3 + scale * az_random_normal(1, AZ_STREAM_SIMULATION, i)));
    }
    memcpy(values + (WIDE_ROWS - 5) * WIDE_DIMS, values, 5 * WIDE_DIMS * sizeof *values);
    return values;
}

static double overlap(const struct az_frame *a, const struct az_frame *b, int64_t k)
{
    double sum = 0;
    for (int64_t d = 0; d < a->dims; d++)
        sum += (double)a->vectors[k * a->dims + d] * (double)b->vectors[k * b->dims + d];
    return sum;
}

/* The leading components are those of the whole covariance, and C v = lambda v holds in double. */
static void test_leading(void **state)
{
    (void)state;
    struct az_bf16 *values = make_wide();
    struct az_matrix *matrix;
    assert_int_equal(az_matrix_wrap(&matrix, AZ_DTYPE_BF16, WIDE_ROWS, WIDE_DIMS, values, NULL),
                     AZ_OK);
    struct az_frame *whole = find(matrix, 0, one_thread), *few = find(matrix, 4, one_thread);
    struct az_frame *threads = find(matrix, 4, three_threads);
    assert_true(few->residual < 1e-5 && !few->whole && whole->whole);
    for (int64_t k = 0; k < 4; k++) {
        assert_true(fabs(few->values[k] / whole->values[k] - 1) < 1e-6);
        assert_true(overlap(whole, few, k) > 1 - 1e-6);
    }
    assert_true(fabs(few->trace / whole->trace - 1) < 1e-9);
    double sum = 0;
    for (int64_t k = 0; k < whole->count; k++) sum += whole->values[k];
    assert_true(fabs(sum / whole->trace - 1) < 1e-6);
    assert_memory_equal(few->mean, threads->mean, WIDE_DIMS * sizeof(double));
    assert_memory_equal(few->values, threads->values, 4 * sizeof(double));
    assert_memory_equal(few->vectors, threads->vectors, 4 * WIDE_DIMS * sizeof(float));
    az_frame_free(whole);
    az_frame_free(few);
    az_frame_free(threads);
    az_matrix_close(matrix);
    az_memory_free(values);
}

static void test_cache_and_repeats(void **state)
{
    (void)state;
    struct az_bf16 *values = make_wide();
    struct az_matrix *matrix;
    struct az_frame *first, *second;
    struct az_frame_plan plan = {.leading = 3, .unique_rows = true, .cache = folder};
    assert_int_equal(az_matrix_wrap(&matrix, AZ_DTYPE_BF16, WIDE_ROWS, WIDE_DIMS, values, NULL),
                     AZ_OK);
    assert_int_equal(az_frame_find(&first, matrix, &plan, one_thread, NULL, NULL), AZ_OK);
    assert_int_equal(az_frame_find(&second, matrix, &plan, one_thread, NULL, NULL), AZ_OK);
    assert_true(!first->cached && second->cached);
    assert_int_equal(first->repeated, 5);
    assert_int_equal(second->used, WIDE_ROWS - 5);
    assert_memory_equal(first->vectors, second->vectors, 3 * WIDE_DIMS * sizeof(float));
    az_frame_free(second);
    values[7].bits ^= 1; /* another matrix: not what was kept */
    assert_int_equal(az_frame_find(&second, matrix, &plan, one_thread, NULL, NULL), AZ_OK);
    assert_false(second->cached);
    az_frame_free(first);
    az_frame_free(second);
    az_matrix_close(matrix);
    az_memory_free(values);
}

static void test_hostile(void **state)
{
    (void)state;
    float values[4][2] = {{1, 2}, {NAN, 0}, {3, 2}, {0, -INFINITY}}, one[3] = {5, 6, 7};
    float huge[4] = {1e30f, -1e30f, 2e30f, 0}, tiny[3] = {1e-30f, -1e-30f, 3e-30f};
    struct az_matrix *matrix = wrap(4, 2, &values[0][0]);
    struct az_frame *frame = find(matrix, 0, one_thread);
    assert_int_equal(frame->used, 2);
    assert_int_equal(frame->not_finite, 2);
    assert_true(frame->mean[0] == 2 && frame->mean[1] == 2);
    assert_true(fabs(frame->values[0] - 1) < 1e-12 && frame->values[1] == 0);
    az_frame_free(frame);
    az_matrix_close(matrix);

    matrix = wrap(1, 3, one); /* one row: no variance, but a frame */
    frame = find(matrix, 2, one_thread);
    assert_true(frame->values[0] == 0 && frame->trace == 0 && frame->mean[2] == 7);
    az_frame_free(frame);
    az_matrix_close(matrix);

    matrix = wrap(4, 1, huge); /* one dimension, squares beyond float32 */
    frame = find(matrix, 0, one_thread);
    assert_true(fabs(frame->values[0] / 1.25e60 - 1) < 1e-5 && frame->vectors[0] == 1);
    az_frame_free(frame);
    az_matrix_close(matrix);

    matrix = wrap(3, 1, tiny);
    frame = find(matrix, 0, one_thread);
    assert_true(fabs(frame->values[0] / (8e-60 / 3) - 1) < 1e-5);
    az_frame_free(frame);
    az_matrix_close(matrix);

    struct az_frame_plan plan = {.cache = ""};
    float none[2] = {NAN, NAN};
    matrix = wrap(2, 1, none);
    assert_int_equal(az_frame_find(&frame, matrix, &plan, one_thread, NULL, NULL), AZ_USAGE);
    assert_null(frame);
    az_matrix_close(matrix);
}

static void test_isotropy(void **state)
{
    (void)state;
    float values[3][2] = {{1, 0}, {-2, 0}, {0, 3}};
    struct az_isotropy isotropy;
    struct az_matrix *matrix = wrap(3, 2, &values[0][0]);
    struct az_frame *frame = find(matrix, 0, one_thread);
    assert_int_equal(az_frame_isotropy(frame, matrix, &isotropy, one_thread, NULL, NULL), AZ_OK);
    assert_true(fabs(isotropy.cosine_origin + 1.0 / 3) < 1e-12); /* -1, 0 and 0 */
    double a = frame->values[0], b = frame->values[1];
    assert_true(fabs(isotropy.participation - (a + b) * (a + b) / (a * a + b * b)) < 1e-12);
    double p = a / (a + b), entropy = -p * log(p) - (1 - p) * log(1 - p);
    assert_true(fabs(isotropy.effective_rank - exp(entropy)) < 1e-12);
    assert_int_equal(isotropy.rogues[0].dim, 1);
    assert_true(fabs(isotropy.rogues[0].share - 1) < 1e-12); /* dimension 0 cancels */
    az_frame_free(frame);
    az_matrix_close(matrix);
}

/* Under its own inverse covariance any cloud is white: mean squared causal norm = dimensions. */
static void test_causal(void **state)
{
    (void)state;
    enum { ROWS = 400, DIMS = 6 };
    static float values[ROWS][DIMS];
    struct az_causal causal;
    for (size_t i = 0; i < ROWS * DIMS; i++)
        values[i / DIMS][i % DIMS] =
            (float)((double)(1 + i % DIMS) * az_random_normal(2, AZ_STREAM_SIMULATION, i));
    struct az_matrix *matrix = wrap(ROWS, DIMS, &values[0][0]);
    struct az_frame *frame = find(matrix, 0, one_thread);
    assert_int_equal(az_frame_causal(frame, matrix, 0, 2000, 1, &causal, three_threads, NULL),
                     AZ_OK);
    double squared =
        causal.norm_mean * causal.norm_mean + causal.norm_deviation * causal.norm_deviation;
    assert_true(fabs(squared / DIMS - 1) < 0.05);
    assert_true(causal.condition > 20 && causal.condition < 60); /* 36 and sampling */
    assert_true(fabs(causal.cosine_deviation - 1 / sqrt(DIMS)) < 0.03);
    az_frame_free(frame);
    for (size_t r = 0; r < ROWS; r++) values[r][3] = 1; /* no variance there */
    frame = find(matrix, 0, one_thread);
    assert_int_equal(az_frame_causal(frame, matrix, 0, 10, 1, &causal, one_thread, NULL), AZ_USAGE);
    assert_int_equal(az_frame_causal(frame, matrix, 1e-3, 10, 1, &causal, one_thread, NULL), AZ_OK);
    az_frame_free(frame);
    az_matrix_close(matrix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axes),    cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_leading), cmocka_unit_test(test_cache_and_repeats),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_isotropy),
        cmocka_unit_test(test_causal),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
