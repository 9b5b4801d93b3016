/* graph.h: places for the nodes of a graph, so that it can be drawn.
 *
 * Each component is laid out by itself: distances on the page follow distances in edges (stress
 * majorization: Gansner, Koren, North 2004, weights 1/d^2). Components stand in rows, the largest
 * first, nodes without edges in a grid below them. The same graph always has the same places. */
#ifndef AZ_VIEW_GRAPH_H
#define AZ_VIEW_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "azimuth/status.h"

#define AZ_GRAPH_MOST 1024 /* nodes of one component */

struct az_graph {
    size_t count, edge_count;
    const int32_t *a, *b;     /* [edge_count] nodes of an edge */
    const int32_t *component; /* [count] numbers from 0, the largest component first */
};

/* x, y: [count], in lengths of an edge, within 0..width and 0..height. */
enum az_status az_graph_place(const struct az_graph *graph, double *x, double *y, double *width,
                              double *height, struct az_error *error);

#endif
