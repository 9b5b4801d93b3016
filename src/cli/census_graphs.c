/* The vectors that a census compared, as graphs and clouds. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "cli/census_figures.h"
#include "sky/cloud.h"
#include "view/graph.h"

#define LABEL_BYTES 96
#define FRAME_INCHES 5.8 /* width of a panel's frame beside a colour bar */
#define MARGIN_INCHES 0.95
#define TOUCHING 4 /* shades of edges: L1 of 1, 2, 3, more */
#define NAMED 16   /* black holes that have their population written beside them */

struct az_nodes az_census_nodes(struct az_drawing *drawing, const struct az_crystal *crystal)
{
    struct az_nodes nodes = {az_drawing_array(drawing, (size_t)crystal->count),
                             az_drawing_array(drawing, (size_t)crystal->count)};
    for (int64_t v = 0; nodes.level && nodes.size && v < crystal->count; v++) {
        nodes.level[v] = log10((double)crystal->population[v]);
        nodes.size[v] = 0.55 + 0.25 * nodes.level[v];
    }
    return nodes;
}

struct az_figure_axis az_census_levels(const struct az_crystal *crystal)
{
    return (struct az_figure_axis){.label = "log10 of the tokens on a vector",
                                   .max = fmax(1, log10((double)crystal->population[0]))};
}

void az_census_add_nodes(struct az_drawing *drawing, const struct az_crystal *crystal,
                         const double *x, const double *y, struct az_nodes nodes)
{
    struct az_figure_panel *panel = &drawing->panels[drawing->panel_count - 1];
    struct az_figure_series *series =
        az_drawing_add(drawing, "vectors", AZ_MARK_POINTS, x, y, (size_t)crystal->count);
    series->level = nodes.level;
    series->sizes = nodes.size;
    panel->level = az_census_levels(crystal);
    panel->count = (size_t)crystal->count;
}

/* ---- components ---- */

/* Lines between the ends of pairs; an array of three values for each, the third a gap. */
static void add_pairs(struct az_drawing *drawing, const char *name, const char *color,
                      const struct az_crystal_edge *pairs, size_t count, const double *x,
                      const double *y)
{
    double *u = az_drawing_array(drawing, 3 * count), *v = az_drawing_array(drawing, 3 * count);
    if (!u || !v) return;
    for (size_t n = 0; n < count; n++) {
        u[3 * n] = x[pairs[n].a];
        v[3 * n] = y[pairs[n].a];
        u[3 * n + 1] = x[pairs[n].b];
        v[3 * n + 1] = y[pairs[n].b];
        u[3 * n + 2] = v[3 * n + 2] = NAN;
    }
    if (count) az_drawing_add(drawing, name, AZ_MARK_LINES, u, v, 3 * count)->color = color;
}

static void add_edges(struct az_drawing *drawing, const struct az_crystal *crystal,
                      struct az_crystal_edge *pairs, const double *x, const double *y)
{
    static const char *const names[] = {"L1 = 1 (face)", "L1 = 2 (edge)", "L1 = 3 (corner)",
                                        "L1 > 3"};
    static const char *const shades[] = {"#202020", "#5a7fa0", "#9fb8cc", "#d4dee6"};
    for (int shade = TOUCHING; shade > 0; shade--) { /* faces on top */
        size_t count = 0;
        for (int64_t e = 0; e < crystal->edge_count; e++) {
            uint64_t l1 = crystal->edges[e].steps.l1;
            if ((int)(l1 < TOUCHING ? l1 : TOUCHING) == shade) pairs[count++] = crystal->edges[e];
        }
        add_pairs(drawing, names[shade - 1], shades[shade - 1], pairs, count, x, y);
    }
}

/* Pairs of different components that are but one step further apart than those that touch. */
static void add_near_misses(struct az_drawing *drawing, const struct az_crystal *crystal,
                            struct az_crystal_edge *pairs, const double *x, const double *y)
{
    size_t count = 0;
    int64_t n = crystal->count;
    for (int32_t a = 0; a < n; a++)
        for (int32_t b = a + 1; b < n; b++)
            if (crystal->linf[a * n + b] == crystal->reach + 1 &&
                crystal->component[a] != crystal->component[b])
                pairs[count++] = (struct az_crystal_edge){.a = a, .b = b};
    add_pairs(drawing, "one step too far", "#f4a6a6", pairs, count, x, y);
}

/* Populations of the first black holes, above their discs. */
static void add_populations(struct az_drawing *drawing, const struct az_crystal *crystal,
                            const double *x, const double *y, char words[NAMED][24],
                            struct az_figure_text texts[NAMED], double above)
{
    struct az_figure_panel *panel = &drawing->panels[drawing->panel_count - 1];
    panel->texts = texts;
    for (int v = 0; v < NAMED && v < crystal->count && crystal->population[v] > 1; v++) {
        snprintf(words[v], 24, "%" PRId64, crystal->population[v]);
        texts[v] = (struct az_figure_text){x[v], y[v] + above, words[v]};
        panel->text_count++;
    }
}

/* A square grid on the page: both axes have the same scale. Returns the height of a panel. */
static double scale_graph(struct az_figure_panel *panel, double width, double height)
{
    double side = fmax(width + 1, (height + 1.5) * FRAME_INCHES / 8);
    panel->x = (struct az_figure_axis){
        .label = "", .bare = true, .min = (width - side) / 2, .max = (width + side) / 2};
    panel->y = (struct az_figure_axis){.label = "", .bare = true, .min = -0.6, .max = height + 0.9};
    return MARGIN_INCHES + FRAME_INCHES * (height + 1.5) / side;
}

static enum az_status place(const struct az_crystal *crystal, double *x, double *y, double *width,
                            double *height, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t edges = (size_t)crystal->edge_count;
    int32_t *ends = NULL;
    AZ_TRY(az_memory_allocate(&ends, 2 * edges, sizeof *ends, "a graph", error));
    for (size_t e = 0; e < edges; e++) {
        ends[e] = crystal->edges[e].a;
        ends[edges + e] = crystal->edges[e].b;
    }
    struct az_graph graph = {(size_t)crystal->count, edges, ends, ends + edges, crystal->component};
    AZ_TRY(az_graph_place(&graph, x, y, width, height, error));
out:
    az_memory_free(ends);
    return status;
}

static enum az_status draw_components(const struct az_census *census, const char *file,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_crystal *crystal = &census->crystal;
    size_t count = (size_t)crystal->count;
    double *x = NULL, *y, width, height;
    char words[2][NAMED][24], titles[2][LABEL_BYTES];
    struct az_figure_text texts[2][NAMED];
    struct az_crystal_edge *pairs = NULL;
    if (crystal->components[0].vectors > AZ_GRAPH_MOST) {
        fprintf(stderr, "components: not drawn, one of them has more than %d vectors\n",
                AZ_GRAPH_MOST);
        return AZ_OK;
    }
    struct az_drawing *drawing = az_drawing_create("Vectors that touch on the lattice", error);
    if (!drawing) return AZ_MEMORY;
    AZ_TRY(az_memory_allocate(&x, 2 * count, sizeof *x, "a graph", error));
    AZ_TRY(az_memory_allocate(&pairs, count * (count + 1) / 2, sizeof *pairs, "a graph", error));
    y = x + count;
    AZ_TRY(place(crystal, x, y, &width, &height, error));
    snprintf(titles[0], LABEL_BYTES,
             "Linf <= %" PRIu32 " step: %" PRId64 " edges, %" PRId64 " components", crystal->reach,
             crystal->edge_count, crystal->component_count);
    snprintf(titles[1], LABEL_BYTES, "Pairs of different components at Linf = %" PRIu32,
             crystal->reach + 1);
    struct az_nodes nodes = az_census_nodes(drawing, crystal);
    for (int panel = 0; panel < 2; panel++) {
        struct az_figure_panel *graph = az_drawing_panel(drawing, titles[panel], "vectors", "", "");
        drawing->figure.panel_height_inches = scale_graph(graph, width, height);
        if (panel)
            add_near_misses(drawing, crystal, pairs, x, y);
        else
            add_edges(drawing, crystal, pairs, x, y);
        az_census_add_nodes(drawing, crystal, x, y, nodes);
        add_populations(drawing, crystal, x, y, words[panel], texts[panel], 0.3);
    }
    status = az_drawing_draw(drawing, file, "components", error);
    drawing = NULL;
out:
    az_drawing_free(drawing);
    az_memory_free(x);
    az_memory_free(pairs);
    return status;
}

/* ---- adjacency ---- */

#define ADJACENCY_MOST 400 /* vectors on a side */

struct standing {
    int32_t vector, component, degree;
};

/* By component, then the best joined first. */
static int by_standing(const void *a, const void *b)
{
    const struct standing *x = a, *y = b;
    if (x->component != y->component) return x->component < y->component ? -1 : 1;
    if (x->degree != y->degree) return x->degree > y->degree ? -1 : 1;
    return (x->vector > y->vector) - (x->vector < y->vector);
}

static void fill_adjacency(const struct az_crystal *crystal, const struct standing *order,
                           size_t side, double *x, double *y, double *linf, double *touching)
{
    for (size_t i = 0; i < side * side; i++) {
        size_t across = i % side, up = i / side;
        int64_t a = order[across].vector, b = order[up].vector;
        uint32_t steps = crystal->linf[a * crystal->count + b];
        x[i] = (double)across;
        y[i] = (double)up;
        linf[i] = a == b ? NAN : log10((double)steps);
        touching[i] = a == b ? 0.5 : steps <= crystal->reach;
    }
}

static enum az_status draw_adjacency(const struct az_census *census, const char *file,
                                     bool distances, struct az_error *error)
{
    const struct az_crystal *crystal = &census->crystal;
    size_t side = (size_t)(crystal->count < ADJACENCY_MOST ? crystal->count : ADJACENCY_MOST);
    struct standing *order;
    char title[LABEL_BYTES];
    enum az_status status =
        az_memory_allocate(&order, (size_t)crystal->count, sizeof *order, "a matrix", error);
    if (status != AZ_OK) return status;
    for (int32_t v = 0; v < crystal->count; v++)
        order[v] = (struct standing){v, crystal->component[v], crystal->degree[v]};
    qsort(order, (size_t)crystal->count, sizeof *order, by_standing);
    snprintf(title, sizeof title, "Vectors by component, then degree%s",
             side < (size_t)crystal->count ? ", the first 400" : "");
    struct az_drawing *drawing =
        az_drawing_create(distances ? "Linf between vectors" : "Which vectors touch", error);
    if (drawing) {
        size_t cells = side * side;
        struct az_figure_panel *panel =
            az_drawing_panel(drawing, title, "vectors", "vector", "vector");
        double *x = az_drawing_array(drawing, cells), *y = az_drawing_array(drawing, cells);
        double *linf = az_drawing_array(drawing, cells), *touch = az_drawing_array(drawing, cells);
        if (x && y && linf && touch) fill_adjacency(crystal, order, side, x, y, linf, touch);
        az_drawing_add(drawing, "pairs", AZ_MARK_CELLS, x, y, cells)->level =
            distances ? linf : touch;
        panel->level.label = distances ? "log10 of Linf in steps" : "1: touches, 0.5: itself";
        panel->count = side;
        panel->x.max = panel->y.max = (double)side - 0.5;
        panel->x.min = panel->y.min = -0.5;
        drawing->figure.colormap = distances ? NULL : "greys";
        drawing->figure.panel_height_inches = MARGIN_INCHES + FRAME_INCHES;
    }
    status =
        drawing ? az_drawing_draw(drawing, file, distances ? "distance-matrix" : "adjacency", error)
                : AZ_MEMORY;
    az_memory_free(order);
    return status;
}

/* ---- the cloud ---- */

/* Which vectors a panel of the cloud holds: all, all but the outlier, the core. */
static size_t choose(const struct az_census *census, int panel, unsigned char *use)
{
    const struct az_crystal *crystal = &census->crystal;
    const struct az_geography *geography = &census->geography;
    int32_t outlier = geography->places[geography->count - 1].vector;
    size_t count = 0;
    for (int64_t v = 0; v < crystal->count; v++) {
        int32_t vector = crystal->vectors[v];
        double radius = census->sighting.radii[census->found.first[vector]];
        use[v] = panel == 0 || (panel == 1 && vector != outlier) ||
                 (panel == 2 && radius < geography->core_radius);
        count += use[v];
    }
    return count;
}

static enum az_status draw_cloud(const struct az_census *census, const char *file,
                                 struct az_error *error)
{
    static const char *const titles[] = {"All vectors, each counted once", "Without the outlier",
                                         "The core"};
    enum az_status status = AZ_OK;
    const struct az_crystal *crystal = &census->crystal;
    struct az_cloud clouds[3] = {{0}};
    char labels[3][2][LABEL_BYTES];
    unsigned char *use = NULL;
    if (crystal->count < 3 || !census->charted) return AZ_OK;
    struct az_drawing *drawing =
        az_drawing_create("The compared vectors along their own principal components", error);
    if (!drawing) return AZ_MEMORY;
    AZ_TRY(az_memory_allocate(&use, (size_t)crystal->count, 1, "a cloud", error));
    struct az_nodes nodes = az_census_nodes(drawing, crystal);
    for (int n = 0; n < (census->geography.split ? 3 : 2); n++) {
        struct az_cloud *cloud = &clouds[n];
        size_t count = choose(census, n, use);
        AZ_TRY(az_cloud_find(cloud, crystal, use, error));
        snprintf(labels[n][0], LABEL_BYTES, "PC1, %.1f %% (weight units)", 100 * cloud->share_x);
        snprintf(labels[n][1], LABEL_BYTES, "PC2, %.1f %%", 100 * cloud->share_y);
        az_drawing_panel(drawing, titles[n], "vectors", labels[n][0], labels[n][1]);
        az_census_add_nodes(drawing, crystal, cloud->x, cloud->y, nodes);
        drawing->panels[n].count = count;
    }
    status = az_drawing_draw(drawing, file, "cloud", error);
    drawing = NULL;
out:
    az_drawing_free(drawing);
    az_memory_free(use);
    for (int n = 0; n < 3; n++) az_cloud_free(&clouds[n]);
    return status;
}

/* Distance to the nearest other vector against distance from the centre. */
static enum az_status draw_nearest(const struct az_census *census, const char *file,
                                   struct az_error *error)
{
    const struct az_crystal *crystal = &census->crystal;
    size_t n = (size_t)crystal->count;
    bool any = false;
    if (n < 2) return AZ_OK;
    struct az_drawing *drawing = az_drawing_create("Nearest vectors", error);
    if (!drawing) return AZ_MEMORY;
    double *radius = az_drawing_array(drawing, n), *nearest = az_drawing_array(drawing, n);
    struct az_nodes nodes = az_census_nodes(drawing, crystal);
    for (size_t a = 0; radius && nearest && a < n; a++) {
        radius[a] = census->sighting.radii[census->found.first[crystal->vectors[a]]];
        nearest[a] = INFINITY;
        for (size_t b = 0; b < n; b++)
            if (b != a) nearest[a] = fmin(nearest[a], crystal->l2[a * n + b]);
        any = any || (radius[a] > 0 && nearest[a] > 0 && isfinite(nearest[a]));
    }
    struct az_figure_panel *panel = az_drawing_panel(
        drawing, "Distance to the nearest against distance from the centre", "vectors",
        "distance from the centre (weight units)", "distance to the nearest vector (weight units)");
    panel->x.logarithmic = panel->y.logarithmic = true;
    az_census_add_nodes(drawing, crystal, radius, nearest, nodes);
    panel->count = 0; /* the centre itself has no place on the axis */
    drawing->figure.panel_height_inches = 4.5;
    if (any) return az_drawing_draw(drawing, file, "nearest", error);
    az_drawing_free(drawing);
    return AZ_OK;
}

enum az_status az_census_draw_graphs(const struct az_census *census, const char *file,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(draw_components(census, file, error));
    AZ_TRY(draw_adjacency(census, file, false, error));
    AZ_TRY(draw_adjacency(census, file, true, error));
    AZ_TRY(draw_cloud(census, file, error));
    AZ_TRY(draw_nearest(census, file, error));
out:
    return status;
}
