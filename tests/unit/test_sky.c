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

#include "azimuth/chart.h"
#include "azimuth/sky.h"
#include "base/memory.h"
#include "store/file.h"
#include "view/colormap.h"
#include "view/png.h"
#include "view/raster.h"

static struct az_pool *one_thread, *three_threads;
static char folder[] = "/tmp/azimuth-sky-XXXXXX";

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

static bool near(double a, double b, double tolerance) { return fabs(a - b) <= tolerance; }

/* There and back, at the poles and the dateline too; the map has equal areas. */
static void test_mollweide(void **state)
{
    double x, y, longitude, latitude;
    (void)state;
    for (int lat = -89; lat <= 89; lat++)
        for (int lon = -180; lon <= 180; lon += 15) {
            az_mollweide(lon, lat, &x, &y);
            assert_true(x * x / 4 + y * y <= 1 + 1e-12);
            assert_true(az_mollweide_inverse(x * (1 - 1e-12), y, &longitude, &latitude));
            assert_true(near(longitude, lon, 1e-6) && near(latitude, lat, 1e-6));
        }
    az_mollweide(77, 90, &x, &y);
    assert_true(near(x, 0, 1e-9) && near(y, 1, 1e-12));
    az_mollweide(180, 0, &x, &y);
    assert_true(near(x, 2, 1e-12) && y == 0);
    assert_false(az_mollweide_inverse(1.9, 0.9, &longitude, &latitude));
    assert_false(az_mollweide_inverse(0, 1.01, &longitude, &latitude));
    az_mollweide(0, 30, &x, &y); /* half of the hemisphere lies below 30 degrees */
    double t = asin(y);
    assert_true(near((2 * t + sin(2 * t)) / M_PI, 0.5, 1e-12));
}

static void test_angles(void **state)
{
    double east, north;
    (void)state;
    assert_true(near(az_sky_separation(0, 179, 0, -179), 2, 1e-12)); /* over the dateline */
    assert_true(near(az_sky_separation(89, 0, 89, 180), 2, 1e-9));   /* over the pole */
    assert_true(near(az_sky_separation(10, 20, 10, 20), 0, 0));
    assert_true(near(az_sky_separation(-90, 5, 90, 100), 180, 1e-9));
    az_sky_offset(1, 180, 0, -180, &east, &north);
    assert_true(near(east, 0, 1e-9) && near(north, 1, 1e-12));
    az_sky_offset(60, 11, 60, 10, &east, &north);
    assert_true(near(hypot(east, north), az_sky_separation(60, 11, 60, 10), 1e-12));
    assert_true(near(east, 0.5, 1e-3)); /* a degree of longitude is half as wide there */
    az_sky_offset(89, 90, 90, 0, &east, &north);
    assert_true(near(hypot(east, north), 1, 1e-12));
}

/* Rows along the axes of a frame of one's own: every coordinate is known. */
static void test_projection(void **state)
{
    (void)state;
    float rows[8][4] = {{0, 2, 0, 0}, {0, 0, 3, 0}, {5, 0, 0, 0},   {0, 0, -1, 0},
                        {1, 1, 1, 7}, {0, 0, 0, 9}, {NAN, 0, 0, 0}, {-1, -1e-30f, 0, 0}};
    float vectors[3][4] = {{0, 1, 0, 0}, {1, 0, 0, 0}, {0, 0, 1, 0}};
    double values[3] = {4, 1, 0.25}, mean[4] = {0}, viewpoint[4] = {0, 0, 2, 0};
    struct az_frame frame = {.rows = 8,
                             .dims = 4,
                             .count = 3,
                             .values = values,
                             .mean = mean,
                             .vectors = &vectors[0][0]};
    struct az_matrix *matrix;
    struct az_sky *sky, *again;
    struct az_sky_plan plan = {0};
    assert_int_equal(az_matrix_wrap(&matrix, AZ_DTYPE_F32, 8, 4, rows, NULL), AZ_OK);
    assert_int_equal(az_sky_project(&sky, matrix, &frame, &plan, one_thread, NULL, NULL), AZ_OK);
    assert_true(near(sky->longitude[0], 0, 0) && near(sky->latitude[0], 0, 0)); /* PC1: meridian */
    assert_true(near(sky->longitude[1], 90, 1e-12) && sky->r[1] == 3);          /* PC3: equinox */
    assert_true(near(sky->latitude[2], 90, 1e-12));                             /* PC2: north */
    assert_true(near(sky->longitude[3], -90, 1e-12));
    assert_true(near(sky->latitude[4], asin(1 / sqrt(3)) * 180 / M_PI, 1e-9));
    assert_true(sky->r[5] == 0 && sky->latitude[5] == 0 && sky->longitude[5] == 0);
    assert_true(isnan(sky->x[6]) && isnan(sky->latitude[6]) && sky->not_finite == 1);
    assert_true(near(sky->latitude[7], -90, 1e-9));
    assert_int_equal(az_sky_project(&again, matrix, &frame, &plan, three_threads, NULL, NULL),
                     AZ_OK);
    assert_memory_equal(sky->z, again->z, 8 * sizeof(double));
    az_sky_free(again);
    az_sky_free(sky);

    plan = (struct az_sky_plan){.axes = {-3, 1, 2}, .viewpoint = viewpoint};
    assert_int_equal(az_sky_project(&sky, matrix, &frame, &plan, one_thread, NULL, NULL), AZ_OK);
    assert_true(sky->z[1] == -1 && sky->z[0] == 2); /* 3 - 2 and 0 - 2, flipped */
    az_sky_free(sky);

    plan = (struct az_sky_plan){.causal = true};
    assert_int_equal(az_sky_project(&sky, matrix, &frame, &plan, one_thread, NULL, NULL), AZ_OK);
    assert_true(sky->x[0] == 1 && sky->y[1] == 6 && sky->z[2] == 5); /* over 2, 1/2 and 1 */
    az_sky_free(sky);

    plan = (struct az_sky_plan){.axes = {1, 2, 4}};
    assert_int_equal(az_sky_project(&sky, matrix, &frame, &plan, one_thread, NULL, NULL), AZ_USAGE);
    plan = (struct az_sky_plan){.axes = {1, -1, 2}};
    assert_int_equal(az_sky_project(&sky, matrix, &frame, &plan, one_thread, NULL, NULL), AZ_USAGE);
    assert_null(sky);
    az_matrix_close(matrix);
}

static void test_flatten(void **state)
{
    (void)state;
    double latitude[6] = {10, -20, 10, NAN, 11, 10.5}, flat[6];
    struct az_sky sky = {.rows = 6, .latitude = latitude};
    assert_int_equal(az_sky_flatten(&sky, flat, NULL), AZ_OK);
    assert_true(flat[1] == -90 && flat[4] == 90 && flat[0] == -30 && flat[2] == -30);
    assert_true(flat[5] == 30 && isnan(flat[3]));
    sky.rows = 1;
    assert_int_equal(az_sky_flatten(&sky, flat, NULL), AZ_OK);
    assert_true(flat[0] == 0);
}

static void test_density(void **state)
{
    (void)state;
    double u[5] = {-180, 180, 0, NAN, 200}, v[5] = {-90, 90, 0, 0, 0}, cells[12 * 6], sum = 0;
    assert_int_equal(az_sky_bin(u, v, 5, -180, 180, -90, 90, 12, 6, cells), 3);
    assert_true(cells[0] == 1 && cells[5 * 12 + 11] == 1 && cells[3 * 12 + 6] == 1);
    assert_int_equal(az_sky_smooth(cells, 12, 6, 1, true, NULL), AZ_OK);
    for (int i = 0; i < 72; i++) sum += cells[i];
    assert_true(near(sum, 3, 1e-12)); /* nothing is lost at the edges */
    assert_true(cells[11] > 0.05);    /* the neighbour over the dateline */
    for (int i = 0; i < 72; i++) cells[i] = 1;
    az_sky_per_steradian(cells, 12, 6);
    double whole = 0;
    for (int r = 0; r < 6; r++) whole += 12 / cells[r * 12];
    assert_true(near(whole, 4 * M_PI, 1e-9));
}

static void test_mean_direction(void **state)
{
    (void)state;
    double x[3] = {-1, -10, 5}, y[3] = {0.1, -1, 0}, z[3] = {0, 0, 0}, r[3], lat[3], lon[3];
    unsigned char use[3] = {1, 1, 0};
    struct az_sky sky = {3, 0, x, y, z, r, lat, lon};
    double latitude, longitude;
    az_sky_angles(&sky);
    assert_true(az_sky_mean_direction(&sky, use, &latitude, &longitude));
    assert_true(near(latitude, 0, 1e-12) && near(fabs(longitude), 180, 1e-9));
    use[0] = use[1] = 0;
    assert_false(az_sky_mean_direction(&sky, (unsigned char[3]){0, 0, 0}, &latitude, &longitude));
}

/* One star in the middle of a panel colours the middle pixels, and none elsewhere. */
static void test_raster(void **state)
{
    (void)state;
    double x[3] = {0, 5, NAN}, y[3] = {0, 0, 0};
    struct az_chart_stars stars = {
        .x = x, .y = y, .count = 3, .size_points = 4, .color = "#ff8000"};
    struct az_chart_panel panel = {.width = 1,
                                   .height = 1,
                                   .x_min = -1,
                                   .x_max = 1,
                                   .y_min = -1,
                                   .y_max = 1,
                                   .stars = &stars,
                                   .star_count = 1};
    struct az_chart chart = {.width_inches = 1,
                             .height_inches = 1,
                             .dots_per_inch = 72,
                             .panels = &panel,
                             .panel_count = 1};
    struct az_raster raster;
    const struct az_colormap *map;
    assert_int_equal(az_colormap_find(NULL, &map, NULL), AZ_OK);
    assert_int_equal(az_raster_create(&raster, 72, 72, NULL), AZ_OK);
    assert_int_equal(az_raster_panel(&raster, &chart, &panel, map, NULL), AZ_OK);
    double area = 0;
    for (size_t i = 0; i < 72 * 72; i++) {
        area += (double)raster.rgb[3 * i];
        assert_true(raster.rgb[3 * i + 2] == 0);
    }
    assert_true(near(area, M_PI * 4, 0.6));
    assert_true(raster.rgb[3 * (36 * 72 + 36)] == 1);
    stars.color = "orange";
    assert_int_equal(az_raster_panel(&raster, &chart, &panel, map, NULL), AZ_USAGE);
    az_raster_free(&raster);
}

static void test_chart(void **state)
{
    char path[128], raster[128], *bytes;
    size_t length;
    double x[2] = {0.2, 0.7}, y[2] = {0.5, 0.6};
    struct az_chart_stars stars = {.x = x, .y = y, .count = 2, .name = "it's"};
    struct az_chart_panel panel = {.left = 0.5,
                                   .bottom = 0.5,
                                   .width = 2,
                                   .height = 2,
                                   .axes = true,
                                   .x_max = 1,
                                   .y_max = 1,
                                   .stars = &stars,
                                   .star_count = 1};
    struct az_chart chart = {.title = "A chart",
                             .width_inches = 3,
                             .height_inches = 3,
                             .dots_per_inch = 50,
                             .bar_label = "level",
                             .level_max = 1,
                             .panels = &panel,
                             .panel_count = 1};
    (void)state;
    snprintf(path, sizeof path, "%s/chart.png", folder);
    snprintf(raster, sizeof raster, "%s/chart.raster.png", folder);
    assert_int_equal(az_chart_draw(&chart, path, NULL), AZ_OK);
    assert_int_equal(az_file_read(path, 0, &bytes, &length, NULL), AZ_OK);
    assert_true(length > 500 && memcmp(bytes + 16, "\0\0\0\x96\0\0\0\x96", 8) == 0); /* 150 x 150 */
    az_memory_free(bytes);
    assert_true(az_file_exists(raster));
    panel.x_max = 0;
    assert_int_equal(az_chart_draw(&chart, path, NULL), AZ_USAGE);
    panel.x_max = 1;
    chart.colormap = "mud";
    assert_int_equal(az_chart_draw(&chart, path, NULL), AZ_USAGE);
    chart.colormap = NULL;
    chart.dots_per_inch = 1e6;
    assert_int_equal(az_chart_draw(&chart, path, NULL), AZ_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mollweide),  cmocka_unit_test(test_angles),
        cmocka_unit_test(test_projection), cmocka_unit_test(test_flatten),
        cmocka_unit_test(test_density),    cmocka_unit_test(test_mean_direction),
        cmocka_unit_test(test_raster),     cmocka_unit_test(test_chart),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
