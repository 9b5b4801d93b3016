/* sky_maps.h: the maps of a scene, each drawn to a file of its directory. */
#ifndef AZ_CLI_SKY_MAPS_H
#define AZ_CLI_SKY_MAPS_H

#include "cli/sky_scene.h"

struct az_map_options {
    double bin_degrees, smoothing; /* of densities: size of a cell, sigma in cells */
    bool per_steradian, linear;
    double depth_epsilon; /* of the perspective map */
    double radius;        /* of equatorial maps and slices; 0: the farthest row */
};

#define AZ_MAPS(X)                                                                                 \
    X(mollweide, "stars on the equal-area ellipse")                                                \
    X(density, "stars per cell on the ellipse, smoothed")                                          \
    X(equatorial, "seen down the pole: longitude and distance r, zero up, clockwise")              \
    X(equatorial_density, "stars per cell of longitude and r")                                     \
    X(rectangular, "longitude and latitude as they are")                                           \
    X(rectangular_density, "stars per cell of longitude and latitude")                             \
    X(flattened, "latitudes by rank, so that all are equally common; with the curve of it")        \
    X(perspective, "near stars large: area as 1 / (r + epsilon)^2")

enum az_status az_map_draw(const struct az_scene *scene, const char *name,
                           const struct az_map_options *options, struct az_error *error);
extern const char *const az_map_names[]; /* ended by NULL */
/* AZ_USAGE, with their names, where there is none of that name. */
enum az_status az_map_find(const char *name, size_t *which, struct az_error *error);

/* A grid of curves and labels; arrays live as long as the grid. */
#define AZ_GRID_POINTS 8192
#define AZ_GRID_TEXTS 48
struct az_grid {
    double x[AZ_GRID_POINTS], y[AZ_GRID_POINTS];
    size_t count;
    struct az_chart_text texts[AZ_GRID_TEXTS];
    char words[AZ_GRID_TEXTS][24];
    size_t text_count;
    struct az_chart_curve curve;
};
void az_grid_add(struct az_grid *grid, double x, double y); /* NaN breaks */
void az_grid_label(struct az_grid *grid, double x, double y, const char *format, double value);
/* Circles at whole steps up to radius and spokes every 30 degrees; zero up, clockwise if asked. */
void az_grid_polar(struct az_grid *grid, double radius, bool compass, bool labels);
/* The ellipse every 30 degrees, with labels; in the units of az_mollweide. */
void az_grid_mollweide(struct az_grid *grid);
/* A round step that divides `extent` in at most `most` parts. */
double az_grid_step(double extent, int most);

#endif
