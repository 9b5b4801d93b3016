/* census_figures.h: the pictures of a census. */
#ifndef AZ_CLI_CENSUS_FIGURES_H
#define AZ_CLI_CENSUS_FIGURES_H

#include "cli/drawing.h"
#include "sky/census_state.h"

/* Draws what there is to be drawn, each into FILE-NAME.EXT with its numbers and script beside it;
 * the names are printed on stderr. norms, exponents, distances, populations, detection: of the rows
 * (census_figures.c). components, adjacency, distance-matrix, cloud, nearest: of the vectors
 * compared (census_graphs.c). extents, mantissas, thresholds, degrees: of them on the lattice
 * (census_lattice.c). */
enum az_status az_census_draw(const struct az_census *census, const char *file,
                              struct az_error *error);

/* Parts of az_census_draw, where there are vectors compared. */
enum az_status az_census_draw_graphs(const struct az_census *census, const char *file,
                                     struct az_error *error);
enum az_status az_census_draw_lattice(const struct az_census *census, const char *file,
                                      struct az_error *error);

/* Log10 of the tokens on each vector of a crystal, and discs that grow with them. */
struct az_nodes {
    double *level, *size;
};
struct az_nodes az_census_nodes(struct az_drawing *drawing, const struct az_crystal *crystal);
/* The colour bar of the levels. */
struct az_figure_axis az_census_levels(const struct az_crystal *crystal);
/* The vectors at (x, y), in the last panel. */
void az_census_add_nodes(struct az_drawing *drawing, const struct az_crystal *crystal,
                         const double *x, const double *y, struct az_nodes nodes);

#endif
