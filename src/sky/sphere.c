#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/sky.h"
#include "base/memory.h"

#define PI 3.14159265358979323846
#define RADIAN (PI / 180)
#define DEGREE (180 / PI)

double az_sky_separation(double latitude_a, double longitude_a, double latitude_b,
                         double longitude_b)
{
    /* Haversine: sharp for small angles. */
    double dlat = (latitude_b - latitude_a) * RADIAN, dlon = (longitude_b - longitude_a) * RADIAN;
    double h = pow(sin(dlat / 2), 2) +
               cos(latitude_a * RADIAN) * cos(latitude_b * RADIAN) * pow(sin(dlon / 2), 2);
    return 2 * asin(sqrt(h > 1 ? 1 : h)) * DEGREE;
}

void az_sky_offset(double latitude, double longitude, double center_latitude,
                   double center_longitude, double *east, double *north)
{
    double angle = az_sky_separation(latitude, longitude, center_latitude, center_longitude);
    double a = latitude * RADIAN, c = center_latitude * RADIAN;
    double dlon = (longitude - center_longitude) * RADIAN;
    double across = cos(a) * sin(dlon), up = cos(c) * sin(a) - sin(c) * cos(a) * cos(dlon);
    double length = hypot(across, up);
    *east = length > 0 ? angle * across / length : 0;
    *north = length > 0 ? angle * up / length : angle;
}

bool az_sky_mean_direction(const struct az_sky *sky, const unsigned char *use, double *latitude,
                           double *longitude)
{
    double x = 0, y = 0, z = 0;
    for (int64_t i = 0; i < sky->rows; i++) {
        if ((use && !use[i]) || !(sky->r[i] > 0)) continue;
        x += sky->x[i] / sky->r[i];
        y += sky->y[i] / sky->r[i];
        z += sky->z[i] / sky->r[i];
    }
    double r = sqrt(x * x + y * y + z * z);
    if (!(r > 1e-9)) return false;
    *latitude = asin(z / r) * DEGREE;
    *longitude = atan2(y, x) * DEGREE;
    return true;
}

/* Solves 2 t + sin 2t = pi sin(latitude) by Newton's method in 2t; at the poles t is exact. */
void az_mollweide(double longitude, double latitude, double *x, double *y)
{
    double target = PI * sin(latitude * RADIAN), t = 2 * latitude * RADIAN;
    for (int n = 0; n < 60; n++) {
        double slope = 1 + cos(t), change = (t + sin(t) - target) / (slope > 1e-12 ? slope : 1e-12);
        if (fabs(latitude) >= 90 || fabs(change) < 1e-14) break;
        t -= change;
        t = fmin(PI, fmax(-PI, t));
    }
    *x = longitude / 90 * cos(t / 2);
    *y = sin(t / 2);
}

bool az_mollweide_inverse(double x, double y, double *longitude, double *latitude)
{
    if (!(fabs(y) <= 1)) return false;
    double t = asin(y), sine = (2 * t + sin(2 * t)) / PI, across = cos(t);
    *latitude = asin(sine > 1 ? 1 : sine < -1 ? -1 : sine) * DEGREE;
    *longitude = across > 0 ? 90 * x / across : 0;
    return fabs(*longitude) <= 180 && (across > 0 || x == 0);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum az_status az_sky_flatten(const struct az_sky *sky, double *flattened, struct az_error *error)
{
    double *sorted;
    size_t count = 0, distinct = 0;
    enum az_status status =
        az_memory_allocate(&sorted, (size_t)sky->rows, sizeof *sorted, "latitudes", error);
    if (status != AZ_OK) return status;
    for (int64_t i = 0; i < sky->rows; i++)
        if (!isnan(sky->latitude[i])) sorted[count++] = sky->latitude[i];
    qsort(sorted, count, sizeof *sorted, ascending);
    for (size_t n = 0; n < count; n++)
        if (n == 0 || sorted[n] > sorted[distinct - 1]) sorted[distinct++] = sorted[n];
    for (int64_t i = 0; i < sky->rows; i++) {
        flattened[i] = NAN;
        if (isnan(sky->latitude[i])) continue;
        const double *at = bsearch(&sky->latitude[i], sorted, distinct, sizeof *sorted, ascending);
        double rank = (double)(at - sorted);
        flattened[i] = distinct > 1 ? 180 * rank / (double)(distinct - 1) - 90 : 0;
    }
    az_memory_free(sorted);
    return AZ_OK;
}

size_t az_sky_bin(const double *u, const double *v, size_t count, double u_min, double u_max,
                  double v_min, double v_max, size_t columns, size_t rows, double *counts)
{
    size_t counted = 0;
    memset(counts, 0, columns * rows * sizeof *counts);
    for (size_t i = 0; i < count; i++) {
        double across = (u[i] - u_min) / (u_max - u_min), up = (v[i] - v_min) / (v_max - v_min);
        if (!(across >= 0 && across <= 1 && up >= 0 && up <= 1)) continue;
        size_t c = (size_t)(across * (double)columns), r = (size_t)(up * (double)rows);
        if (c == columns) c--;
        if (r == rows) r--;
        counts[r * columns + c]++;
        counted++;
    }
    return counted;
}

/* Place i of a line of n cells, wrapped around or reflected at the edges (d c b a | a b c d). */
static size_t fold(ptrdiff_t i, size_t n, bool wrap)
{
    ptrdiff_t length = (ptrdiff_t)n, period = wrap ? length : 2 * length;
    i %= period;
    if (i < 0) i += period;
    return (size_t)(i < length ? i : period - 1 - i);
}

/* Smooths lines of n cells that lie `step` apart. */
static void smooth_line(double *cells, size_t n, size_t step, const double *weights,
                        ptrdiff_t reach, bool wrap, double *line)
{
    for (size_t i = 0; i < n; i++) {
        line[i] = 0;
        for (ptrdiff_t k = -reach; k <= reach; k++)
            line[i] += weights[k + reach] * cells[fold((ptrdiff_t)i + k, n, wrap) * step];
    }
    for (size_t i = 0; i < n; i++) cells[i * step] = line[i];
}

enum az_status az_sky_smooth(double *cells, size_t columns, size_t rows, double sigma,
                             bool wrap_columns, struct az_error *error)
{
    enum az_status status = AZ_OK;
    double *weights = NULL, *line = NULL, sum = 0;
    if (!(sigma > 0)) return AZ_OK;
    if (sigma > 100) AZ_RAISE(AZ_USAGE, "smoothing over %g cells: at most 100", sigma);
    ptrdiff_t reach = (ptrdiff_t)(4 * sigma + 0.5);
    AZ_TRY(az_memory_allocate(&weights, (size_t)(2 * reach + 1), sizeof *weights, "a map", error));
    AZ_TRY(
        az_memory_allocate(&line, columns > rows ? columns : rows, sizeof *line, "a map", error));
    for (ptrdiff_t k = -reach; k <= reach; k++) {
        weights[k + reach] = exp(-0.5 * (double)(k * k) / (sigma * sigma));
        sum += weights[k + reach];
    }
    for (ptrdiff_t k = 0; k <= 2 * reach; k++) weights[k] /= sum;
    for (size_t r = 0; r < rows; r++)
        smooth_line(cells + r * columns, columns, 1, weights, reach, wrap_columns, line);
    for (size_t c = 0; c < columns; c++)
        smooth_line(cells + c, rows, columns, weights, reach, false, line);
out:
    az_memory_free(weights);
    az_memory_free(line);
    return status;
}

void az_sky_per_steradian(double *cells, size_t columns, size_t rows)
{
    for (size_t r = 0; r < rows; r++) {
        double low = (-90 + 180.0 * (double)r / (double)rows) * RADIAN;
        double high = (-90 + 180.0 * (double)(r + 1) / (double)rows) * RADIAN;
        double area = 2 * PI / (double)columns * (sin(high) - sin(low));
        for (size_t c = 0; c < columns; c++) cells[r * columns + c] /= area;
    }
}
