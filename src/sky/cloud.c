#include "sky/cloud.h"

#include <math.h>

#include "base/memory.h"
#include "sky/frame_parts.h"

/* Inner products of the vectors about their mean, from squared distances: -1/2 J D^2 J. */
static void centre(double *products, const struct az_crystal *crystal, const int64_t *kept,
                   int64_t n, double *means)
{
    double mean = 0;
    for (int64_t a = 0; a < n; a++) {
        means[a] = 0;
        for (int64_t b = 0; b < n; b++) {
            double l2 = crystal->l2[kept[a] * crystal->count + kept[b]];
            products[a * n + b] = l2 * l2;
            means[a] += l2 * l2 / (double)n;
        }
        mean += means[a] / (double)n;
    }
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b < n; b++)
            products[a * n + b] = -0.5 * (products[a * n + b] - means[a] - means[b] + mean);
}

/* Coordinates along one eigenvector, whose component of largest magnitude is made positive. */
static void lay_along(double *places, const double *vector, double value, const int64_t *kept,
                      int64_t n)
{
    double most = 0;
    for (int64_t a = 0; a < n; a++)
        if (fabs(vector[a]) > fabs(most)) most = vector[a];
    double length = sqrt(fmax(0, value)) * (most < 0 ? -1 : 1);
    for (int64_t a = 0; a < n; a++) places[kept[a]] = vector[a] * length;
}

enum az_status az_cloud_find(struct az_cloud *cloud, const struct az_crystal *crystal,
                             const unsigned char *use, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t count = crystal->count, n = 0, *kept = NULL;
    double *products = NULL, *values = NULL, trace = 0;
    size_t area = (size_t)count * (size_t)count; /* at most AZ_CRYSTAL_MOST squared */
    *cloud = (struct az_cloud){.share_x = NAN, .share_y = NAN};
    AZ_TRY(az_memory_allocate(&cloud->x, (size_t)count, sizeof(double), "a cloud", error));
    AZ_TRY(az_memory_allocate(&cloud->y, (size_t)count, sizeof(double), "a cloud", error));
    AZ_TRY(az_memory_allocate(&kept, (size_t)count, sizeof *kept, "a cloud", error));
    AZ_TRY(az_memory_allocate(&products, area, sizeof(double), "a cloud", error));
    AZ_TRY(az_memory_allocate(&values, (size_t)count, sizeof(double), "a cloud", error));
    for (int64_t a = 0; a < count; a++) {
        cloud->x[a] = cloud->y[a] = NAN;
        if (!use || use[a]) kept[n++] = a;
    }
    if (n < 2) goto out;
    centre(products, crystal, kept, n, values);
    for (int64_t a = 0; a < n; a++) trace += products[a * n + a];
    AZ_TRY(az_eigen_symmetric((size_t)n, products, values, error));
    lay_along(cloud->x, products + (n - 1) * n, values[n - 1], kept, n);
    lay_along(cloud->y, products + (n - 2) * n, values[n - 2], kept, n);
    cloud->share_x = values[n - 1] / trace;
    cloud->share_y = fmax(0, values[n - 2]) / trace;
out:
    az_memory_free(kept);
    az_memory_free(products);
    az_memory_free(values);
    return status;
}

void az_cloud_free(struct az_cloud *cloud)
{
    az_memory_free(cloud->x);
    az_memory_free(cloud->y);
}
