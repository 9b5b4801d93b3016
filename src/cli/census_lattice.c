/* The vectors that a census compared, on the lattice: extents, number lines, thresholds, degrees.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "cli/census_figures.h"

#define LABEL_BYTES 96

struct extent {
    uint32_t steps;
    int32_t dim;
};

static int by_extent(const void *a, const void *b)
{
    const struct extent *x = a, *y = b;
    if (x->steps != y->steps) return x->steps > y->steps ? -1 : 1;
    return (x->dim > y->dim) - (x->dim < y->dim);
}

/* Dimensions by their extent, the greatest first; *active of them are not constant. */
static enum az_status sort_extents(const struct az_extents *extents, struct extent **sorted,
                                   size_t *active, struct az_error *error)
{
    enum az_status status =
        az_memory_allocate(sorted, (size_t)extents->dims, sizeof **sorted, "extents", error);
    if (status != AZ_OK) return status;
    for (int32_t d = 0; d < extents->dims; d++)
        (*sorted)[d] = (struct extent){extents->extent[d], d};
    qsort(*sorted, (size_t)extents->dims, sizeof **sorted, by_extent);
    *active = (size_t)extents->active;
    return AZ_OK;
}

static enum az_status add_extents(struct az_drawing *drawing, const struct az_extents *extents,
                                  const char *title, struct az_error *error)
{
    struct extent *sorted = NULL;
    size_t active;
    enum az_status status = sort_extents(extents, &sorted, &active, error);
    if (status == AZ_OK && active > 0) {
        struct az_figure_panel *panel =
            az_drawing_panel(drawing, title, "active dimensions",
                             "dimension, by rank of its extent", "extent (steps)");
        double *rank = az_drawing_array(drawing, active),
               *steps = az_drawing_array(drawing, active);
        for (size_t n = 0; rank && steps && n < active; n++) {
            rank[n] = (double)n + 1;
            steps[n] = (double)sorted[n].steps;
        }
        panel->y.logarithmic = true;
        az_drawing_add(drawing, "extent", AZ_MARK_COLUMNS, rank, steps, active);
    }
    az_memory_free(sorted);
    return status;
}

static enum az_status draw_extents(const struct az_census *census, const char *file,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (!census->extents.active) return AZ_OK;
    struct az_drawing *drawing =
        az_drawing_create("Extents: greatest less least position on the lattice", error);
    if (!drawing) return AZ_MEMORY;
    AZ_TRY(add_extents(drawing, &census->extents, "All vectors compared", error));
    AZ_TRY(add_extents(drawing, &census->black_hole_extents, "Black holes", error));
    status = az_drawing_draw(drawing, file, "extents", error);
    drawing = NULL;
out:
    az_drawing_free(drawing);
    return status;
}

#define NUMBER_LINES 24

/* Where each vector stands on the number line of a dimension, counted from the centre. */
static size_t fill_lines(const struct az_crystal *crystal, const struct extent *dims, size_t lines,
                         int64_t centre, double *steps, double *line)
{
    size_t used = 0;
    for (int64_t v = crystal->count - 1; v >= 0; v--) /* the largest black holes on top */
        for (size_t n = 0; n < lines; n++, used++) {
            int32_t at = crystal->orders[v * crystal->dims + dims[n].dim];
            int32_t from = crystal->orders[centre * crystal->dims + dims[n].dim];
            steps[used] = (double)at - (double)from;
            line[used] = (double)(lines - 1 - n);
        }
    return used;
}

/* The number of the centre within the crystal. */
static int64_t find_centre(const struct az_census *census)
{
    const struct az_crystal *crystal = &census->crystal;
    int64_t v = 0;
    while (v + 1 < crystal->count && crystal->vectors[v] != census->found.vector_of[census->center])
        v++;
    return v;
}

static void add_lines(struct az_drawing *drawing, const struct az_census *census,
                      const struct extent *dims, size_t lines)
{
    const struct az_crystal *crystal = &census->crystal;
    size_t count = (size_t)crystal->count, points = count * lines;
    double *x = az_drawing_array(drawing, points), *y = az_drawing_array(drawing, points);
    double *level = az_drawing_array(drawing, points), *size = az_drawing_array(drawing, points);
    if (!x || !y || !level || !size) return;
    fill_lines(crystal, dims, lines, find_centre(census), x, y);
    for (size_t i = 0; i < points; i++) {
        size_t vector = count - 1 - i / lines; /* in the order of fill_lines */
        level[i] = log10((double)crystal->population[vector]);
        size[i] = level[i] > 0 ? 0.7 + 0.2 * level[i] : 0.45;
    }
    struct az_figure_series *series =
        az_drawing_add(drawing, "vectors", AZ_MARK_POINTS, x, y, points);
    series->level = level;
    series->sizes = size;
}

static enum az_status draw_mantissas(const struct az_census *census, const char *file,
                                     struct az_error *error)
{
    bool holes = census->black_hole_extents.active > 0;
    const struct az_extents *extents = holes ? &census->black_hole_extents : &census->extents;
    struct extent *sorted = NULL;
    char words[NUMBER_LINES][LABEL_BYTES];
    const char *names[NUMBER_LINES];
    size_t active;
    if (!extents->active) return AZ_OK;
    enum az_status status = sort_extents(extents, &sorted, &active, error);
    if (status != AZ_OK) return status;
    size_t lines = active < NUMBER_LINES ? active : NUMBER_LINES;
    for (size_t n = 0; n < lines; n++) {
        int32_t d = sorted[n].dim;
        names[lines - 1 - n] = words[n];
        snprintf(words[n], LABEL_BYTES, "%" PRId32 " (E %" PRId32 ")", d, extents->exponent[d]);
    }
    struct az_drawing *drawing = az_drawing_create("Number lines of the dimensions", error);
    if (drawing) {
        struct az_figure_panel *panel = az_drawing_panel(
            drawing, holes ? "Dimensions in which the black holes differ" : "Widest dimensions",
            "vectors", "steps from the centre", "");
        add_lines(drawing, census, sorted, lines);
        panel->x.max = 2 + (double)sorted[0].steps;
        panel->x.min = -panel->x.max;
        panel->y.names = names;
        panel->y.name_count = lines;
        panel->level = az_census_levels(&census->crystal);
        panel->count = (size_t)census->crystal.count;
        drawing->figure.panel_height_inches = fmax(3, 0.95 + 0.22 * (double)(lines + 1));
    }
    status = drawing ? az_drawing_draw(drawing, file, "mantissas", error) : AZ_MEMORY;
    az_memory_free(sorted);
    return status;
}

static enum az_status draw_thresholds(const struct az_census *census, const char *file,
                                      struct az_error *error)
{
    size_t count = (size_t)census->level_count;
    char joined[LABEL_BYTES];
    if (count < 2) return AZ_OK;
    struct az_drawing *drawing = az_drawing_create("The graph at every threshold", error);
    if (!drawing) return AZ_MEMORY;
    double *t = az_drawing_array(drawing, count), *parts = az_drawing_array(drawing, count);
    double *edges = az_drawing_array(drawing, count), *most = az_drawing_array(drawing, count);
    for (size_t n = 0; t && parts && edges && most && n < count; n++) {
        const struct az_crystal_level *level = &census->levels[n];
        t[n] = (double)level->threshold;
        parts[n] = (double)level->components;
        edges[n] = (double)level->edges;
        most[n] = (double)level->largest_vectors;
    }
    const char *x = "threshold: Linf in steps";
    snprintf(joined, sizeof joined, "one component at %" PRIu32,
             census->levels[count - 1].threshold);
    struct az_figure_panel *panel =
        az_drawing_panel(drawing, "Components", "thresholds", x, "number");
    panel->x.logarithmic = true;
    az_drawing_add(drawing, "components", AZ_MARK_STEPS, t, parts, count);
    az_drawing_add(drawing, "vectors in the largest", AZ_MARK_STEPS, t, most, count);
    az_drawing_line(drawing, (double)census->levels[count - 1].threshold, true, joined);
    panel = az_drawing_panel(drawing, "Edges", "thresholds", x, "edges");
    panel->x.logarithmic = panel->y.logarithmic = true;
    az_drawing_add(drawing, "edges", AZ_MARK_STEPS, t, edges, count);
    return az_drawing_draw(drawing, file, "thresholds", error);
}

/* Degrees as columns, degree and betweenness against population. */
static enum az_status draw_degrees(const struct az_census *census, const char *file,
                                   struct az_error *error)
{
    const struct az_crystal *crystal = &census->crystal;
    size_t count = (size_t)crystal->count, most = 0;
    if (!crystal->edge_count) return AZ_OK;
    struct az_drawing *drawing = az_drawing_create("Degrees and hubs", error);
    if (!drawing) return AZ_MEMORY;
    for (size_t v = 0; v < count; v++)
        if ((size_t)crystal->degree[v] > most) most = (size_t)crystal->degree[v];
    double *degrees = az_drawing_array(drawing, most + 1);
    double *vectors = az_drawing_array(drawing, most + 1);
    double *degree = az_drawing_array(drawing, count), *tokens = az_drawing_array(drawing, count);
    double *between = az_drawing_array(drawing, count);
    struct az_nodes nodes = az_census_nodes(drawing, crystal);
    for (size_t k = 0; degrees && k <= most; k++) degrees[k] = (double)k;
    for (size_t v = 0; degrees && vectors && degree && tokens && between && v < count; v++) {
        vectors[crystal->degree[v]]++;
        degree[v] = (double)crystal->degree[v];
        tokens[v] = (double)crystal->population[v];
        between[v] = crystal->betweenness[v];
    }
    struct az_figure_panel *panel = az_drawing_panel(
        drawing, "How many vectors touch how many others", "vectors", "degree", "vectors");
    panel->y.logarithmic = true;
    panel->count = count;
    az_drawing_add(drawing, "vectors", AZ_MARK_COLUMNS, degrees, vectors, most + 1);
    panel = az_drawing_panel(drawing, "Degree against population", "vectors", "degree",
                             "tokens on the vector");
    panel->y.logarithmic = true;
    az_drawing_add(drawing, "vectors", AZ_MARK_POINTS, degree, tokens, count);
    panel = az_drawing_panel(drawing, "Betweenness against population", "vectors",
                             "shortest paths through the vector", "tokens on the vector");
    panel->y.logarithmic = true;
    az_drawing_add(drawing, "vectors", AZ_MARK_POINTS, between, tokens, count);
    for (size_t p = 1; p < 3; p++) drawing->series[p][0].sizes = nodes.size;
    drawing->figure.panel_height_inches = 2.7;
    return az_drawing_draw(drawing, file, "degrees", error);
}

enum az_status az_census_draw_lattice(const struct az_census *census, const char *file,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(draw_extents(census, file, error));
    AZ_TRY(draw_mantissas(census, file, error));
    AZ_TRY(draw_thresholds(census, file, error));
    AZ_TRY(draw_degrees(census, file, error));
out:
    return status;
}
