/* sky.h: the rows of a matrix as a sky: seen from a viewpoint, along three axes.
 *
 * v = row - viewpoint; x = v . M, y = v . E, z = v . N (meridian, equinox, north), r = |(x, y, z)|,
 * latitude = asin(z / r), longitude = atan2(y, x), in degrees. Differences from the viewpoint are
 * taken in float32 before anything is summed, so what lies near it is sharp. Coordinates x, y, z
 * are the same for every number of threads and instruction set. docs/definitions.md, "Sky". */
#ifndef AZIMUTH_SKY_H
#define AZIMUTH_SKY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/frame.h"
#include "azimuth/matrix.h"
#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"

/* Principal components counted from 1, in the order north, meridian, equinox; negative: flipped.
 * Where a matrix has fewer than three dimensions, its rows lie at 0 along the components 2 and 3
 * that it lacks. */
struct az_sky_plan {
    int axes[3];             /* all 0: 2, 1, 3 */
    const double *basis;     /* [3][dims] north, meridian, equinox as they are; NULL: components */
    const double *viewpoint; /* [dims]; NULL: the origin */
    bool causal; /* components in units of sqrt(eigenvalue + ridge): the causal metric */
    double ridge;
};

/* Arrays [rows], NaN for a row that is not finite; at r = 0 latitude and longitude are 0. */
struct az_sky {
    int64_t rows, not_finite;
    double *x, *y, *z, *r, *latitude, *longitude;
};

/* AZ_USAGE for an axis beyond the frame's components or taken twice, or a basis in the causal
 * metric. Free with az_sky_free. */
AZ_API enum az_status az_sky_project(struct az_sky **sky, const struct az_matrix *matrix,
                                     const struct az_frame *frame, const struct az_sky_plan *plan,
                                     struct az_pool *pool, struct az_progress *progress,
                                     struct az_error *error);
AZ_API void az_sky_free(struct az_sky *sky); /* NULL is allowed */

/* Fills latitude, longitude and r from x, y, z. */
AZ_API void az_sky_angles(struct az_sky *sky);

/* flattened[rows]: latitude by rank among the distinct latitudes, from -90 to 90, so that all
 * latitudes are equally common; equal latitudes stay equal. One distinct latitude becomes 0. */
AZ_API enum az_status az_sky_flatten(const struct az_sky *sky, double *flattened,
                                     struct az_error *error);

/* True angle in degrees between two directions. */
AZ_API double az_sky_separation(double latitude_a, double longitude_a, double latitude_b,
                                double longitude_b);

/* Azimuthal equidistant coordinates about a centre: degrees to the east and north of it. */
AZ_API void az_sky_offset(double latitude, double longitude, double center_latitude,
                          double center_longitude, double *east, double *north);

/* Mean direction of the rows with use[row] (NULL: all), as a mean of unit vectors. False where they
 * cancel or there are none. */
AZ_API bool az_sky_mean_direction(const struct az_sky *sky, const unsigned char *use,
                                  double *latitude, double *longitude);

/* Mollweide, equal area: (longitude, latitude) in degrees to the ellipse |x| <= 2, |y| <= 1. */
AZ_API void az_mollweide(double longitude, double latitude, double *x, double *y);
/* And back; false outside the ellipse. */
AZ_API bool az_mollweide_inverse(double x, double y, double *longitude, double *latitude);

/* counts[rows][columns] of points in equal cells over u (columns) and v (rows); points outside or
 * not finite are left out. Returns how many were counted. */
AZ_API size_t az_sky_bin(const double *u, const double *v, size_t count, double u_min, double u_max,
                         double v_min, double v_max, size_t columns, size_t rows, double *counts);
/* Gaussian smoothing with sigma in cells; columns wrap around where asked, other edges reflect. */
AZ_API enum az_status az_sky_smooth(double *cells, size_t columns, size_t rows, double sigma,
                                    bool wrap_columns, struct az_error *error);
/* Counts of a grid of longitude and latitude in degrees become counts per steradian. */
AZ_API void az_sky_per_steradian(double *cells, size_t columns, size_t rows);

#endif
