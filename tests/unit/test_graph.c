/* Places of graphs, and clouds from distances: what is drawn of the vectors of a census. */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* The above come before cmocka.h. */
#include <cmocka.h>

#include "base/memory.h"
#include "sky/cloud.h"
#include "view/graph.h"

static double between(const double *x, const double *y, int a, int b)
{
    return hypot(x[a] - x[b], y[a] - y[b]);
}

static void distances_on_the_page_follow_the_edges(void **state)
{
    (void)state;
    /* A path of four, a triangle, a pair, two alone; numbered through each other. */
    static const int32_t a[] = {8, 2, 4, 1, 3, 1, 0}, b[] = {2, 4, 6, 3, 5, 5, 7};
    static const int32_t component[] = {2, 1, 0, 1, 0, 1, 0, 2, 0, 3, 4};
    struct az_graph graph = {11, 7, a, b, component};
    double x[11], y[11], width, height, again[11], ignored[11];
    assert_int_equal(az_graph_place(&graph, x, y, &width, &height, NULL), AZ_OK);
    for (int e = 0; e < 7; e++) assert_true(fabs(between(x, y, a[e], b[e]) - 1) < 0.05);
    assert_true(fabs(between(x, y, 8, 6) - 3) < 0.05);
    for (int i = 0; i < 11; i++) {
        assert_true(x[i] >= -1e-9 && x[i] <= width + 1e-9 && y[i] >= -1e-9 &&
                    y[i] <= height + 1e-9);
        for (int j = 0; j < i; j++) {
            assert_true(between(x, y, i, j) > 0.6);
            if (component[i] != component[j]) assert_true(between(x, y, i, j) >= 0.69);
        }
    }
    assert_int_equal(az_graph_place(&graph, again, ignored, &width, &height, NULL), AZ_OK);
    assert_memory_equal(x, again, sizeof x);
}

static void a_graph_of_nothing_but_single_nodes_is_a_grid(void **state)
{
    (void)state;
    static const int32_t component[] = {0, 1, 2, 3, 4, 5, 6};
    struct az_graph graph = {.count = 7, .component = component};
    double x[7], y[7], width, height;
    assert_int_equal(az_graph_place(&graph, x, y, &width, &height, NULL), AZ_OK);
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < i; j++) assert_true(between(x, y, i, j) > 0.69);
}

static void a_component_too_large_is_refused(void **state)
{
    (void)state;
    static int32_t component[AZ_GRAPH_MOST + 1];
    static double x[AZ_GRAPH_MOST + 1], y[AZ_GRAPH_MOST + 1];
    struct az_graph graph = {.count = AZ_GRAPH_MOST + 1, .component = component};
    struct az_error error;
    double width, height;
    assert_int_equal(az_graph_place(&graph, x, y, &width, &height, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "1025 nodes"));
}

/* Points of a plane within more dimensions have the same distances in the cloud, even where they
 * lie a million times nearer than the outlier. */
static void a_flat_cloud_keeps_its_distances(void **state)
{
    (void)state;
    enum { N = 6 };
    static const double u[N] = {0, 1e-5, 3e-5, -2e-5, 1e-5, 7}, v[N] = {0, 2e-5, -1e-5, 1e-5, 0, 0};
    double l2[N * N];
    struct az_crystal crystal = {.count = N, .l2 = l2};
    struct az_cloud cloud;
    static const unsigned char near[N] = {1, 1, 1, 1, 1, 0};
    for (int i = 0; i < N * N; i++) l2[i] = hypot(u[i / N] - u[i % N], v[i / N] - v[i % N]);
    assert_int_equal(az_cloud_find(&cloud, &crystal, near, NULL), AZ_OK);
    assert_true(isnan(cloud.x[5]) && isnan(cloud.y[5]));
    assert_true(fabs(cloud.share_x + cloud.share_y - 1) < 1e-12);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++)
            assert_true(fabs(between(cloud.x, cloud.y, i, j) - l2[i * N + j]) < 1e-14);
    az_cloud_free(&cloud);
    assert_int_equal(az_cloud_find(&cloud, &crystal, NULL, NULL), AZ_OK);
    assert_true(cloud.share_x > 0.999999 && cloud.x[5] > 5);
    az_cloud_free(&cloud);
}

static void failing_allocations_are_told(void **state)
{
    (void)state;
    static const int32_t a[] = {0, 1}, b[] = {1, 2}, component[] = {0, 0, 0, 1};
    static double l2[9] = {0, 1, 2, 1, 0, 1, 2, 1, 0};
    struct az_graph graph = {4, 2, a, b, component};
    struct az_crystal crystal = {.count = 3, .l2 = l2};
    struct az_cloud cloud;
    double x[4], y[4], width, height;
    enum az_status status = AZ_MEMORY;
    for (size_t n = 1; status != AZ_OK; n++) {
        az_memory_fail_after(n);
        status = az_graph_place(&graph, x, y, &width, &height, NULL);
        az_memory_fail_after(0);
        assert_true(status == AZ_OK ? n > 4 : status == AZ_MEMORY);
    }
    status = AZ_MEMORY;
    for (size_t n = 1; status != AZ_OK; n++) {
        az_memory_fail_after(n);
        status = az_cloud_find(&cloud, &crystal, NULL, NULL);
        az_memory_fail_after(0);
        az_cloud_free(&cloud);
        assert_true(status == AZ_OK ? n > 5 : status == AZ_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_on_the_page_follow_the_edges),
        cmocka_unit_test(a_graph_of_nothing_but_single_nodes_is_a_grid),
        cmocka_unit_test(a_component_too_large_is_refused),
        cmocka_unit_test(a_flat_cloud_keeps_its_distances),
        cmocka_unit_test(failing_allocations_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
