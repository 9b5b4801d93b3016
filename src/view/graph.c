#include "view/graph.h"

#include <math.h>

#include "base/memory.h"
#include "base/raise.h"

#define TAU 6.283185307179586
#define GAP 1.0       /* between components */
#define ALONE_GAP 0.7 /* between nodes without edges */
#define ROUNDS 200    /* of majorization: places no longer move visibly after some dozens */

struct laying {
    const struct az_graph *graph;
    double *x, *y;
    int32_t *members; /* [count] nodes by component */
    int32_t *begin;   /* [components + 1] */
    int32_t *place;   /* [count] of a node within its component */
    int32_t components;
    float *hops;  /* [n][n] of one component */
    double *next; /* [2][n] */
};

static enum az_status sort(struct laying *laying, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_graph *graph = laying->graph;
    size_t most = 0, n = graph->count;
    for (size_t i = 0; i < n; i++)
        if (graph->component[i] >= laying->components) laying->components = graph->component[i] + 1;
    const char *what = "a graph";
    AZ_TRY(az_memory_allocate(&laying->members, n, sizeof(int32_t), what, error));
    AZ_TRY(az_memory_allocate(&laying->place, n, sizeof(int32_t), what, error));
    AZ_TRY(az_memory_allocate(&laying->begin, (size_t)laying->components + 1, sizeof(int32_t), what,
                              error));
    for (size_t i = 0; i < n; i++) laying->begin[graph->component[i] + 1]++;
    for (int32_t c = 0; c < laying->components; c++) {
        if ((size_t)laying->begin[c + 1] > most) most = (size_t)laying->begin[c + 1];
        laying->begin[c + 1] += laying->begin[c];
    }
    for (size_t i = n; i > 0; i--) {
        int32_t c = graph->component[i - 1];
        laying->members[--laying->begin[c + 1]] = (int32_t)(i - 1);
    }
    for (int32_t c = 0; c < laying->components; c++) laying->begin[c] = laying->begin[c + 1];
    laying->begin[laying->components] = (int32_t)n;
    for (int32_t c = 0; c < laying->components; c++)
        for (int32_t m = laying->begin[c]; m < laying->begin[c + 1]; m++)
            laying->place[laying->members[m]] = m - laying->begin[c];
    if (most > AZ_GRAPH_MOST)
        AZ_RAISE(AZ_USAGE, "a component of %zu nodes is too large to be drawn, which goes up to %d",
                 most, AZ_GRAPH_MOST);
    AZ_TRY(az_memory_allocate(&laying->hops, most * most, sizeof(float), what, error));
out:
    return status;
}

/* Edges between every two nodes of a component: from 1 for neighbours, relaxed through each node
 * (Floyd, Warshall). */
static void count_hops(struct laying *laying, int32_t c)
{
    const struct az_graph *graph = laying->graph;
    size_t n = (size_t)(laying->begin[c + 1] - laying->begin[c]);
    float *hops = laying->hops;
    for (size_t i = 0; i < n * n; i++) hops[i] = i % (n + 1) ? (float)n : 0;
    for (size_t e = 0; e < graph->edge_count; e++) {
        if (graph->component[graph->a[e]] != c) continue;
        size_t a = (size_t)laying->place[graph->a[e]], b = (size_t)laying->place[graph->b[e]];
        hops[a * n + b] = hops[b * n + a] = 1;
    }
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                float through = hops[i * n + k] + hops[k * n + j];
                if (through < hops[i * n + j]) hops[i * n + j] = through;
            }
}

/* One round: each node in turn goes to the mean of where the others want it, which never makes the
 * stress greater. */
static void relax(const struct laying *laying, size_t n, double *x, double *y)
{
    for (size_t i = 0; i < n; i++) {
        double sum_x = 0, sum_y = 0, weights = 0;
        for (size_t j = 0; j < n; j++) {
            if (j == i) continue;
            double hops = (double)laying->hops[i * n + j], weight = 1 / (hops * hops);
            double dx = x[i] - x[j], dy = y[i] - y[j], length = hypot(dx, dy);
            double stretch = length > 0 ? hops / length : 0;
            sum_x += weight * (x[j] + stretch * dx);
            sum_y += weight * (y[j] + stretch * dy);
            weights += weight;
        }
        x[i] = sum_x / weights;
        y[i] = sum_y / weights;
    }
}

/* Lays a component out, its lower left corner at 0,0; places: [2][n]. */
static void lay(struct laying *laying, int32_t c, double *x, double *y, double *width,
                double *height)
{
    size_t n = (size_t)(laying->begin[c + 1] - laying->begin[c]);
    double left = INFINITY, bottom = INFINITY;
    count_hops(laying, c);
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)n / TAU * cos(TAU * (double)i / (double)n);
        y[i] = (double)n / TAU * sin(TAU * (double)i / (double)n);
    }
    for (int round = 0; round < ROUNDS; round++) relax(laying, n, x, y);
    *width = *height = 0;
    for (size_t i = 0; i < n; i++) {
        left = fmin(left, x[i]);
        bottom = fmin(bottom, y[i]);
    }
    for (size_t i = 0; i < n; i++) {
        x[i] -= left;
        y[i] -= bottom;
        *width = fmax(*width, x[i]);
        *height = fmax(*height, y[i]);
    }
}

/* Rows of boxes, each as high as its highest, until `across` is full. y grows downwards here. */
struct rows {
    double across, at, top, height, width;
};

static void put_box(struct rows *rows, double width, double height, double *left, double *top)
{
    if (rows->at > 0 && rows->at + width > rows->across) {
        rows->top += rows->height + GAP;
        rows->at = rows->height = 0;
    }
    *left = rows->at;
    *top = rows->top;
    rows->at += width + GAP;
    rows->height = fmax(rows->height, height);
    rows->width = fmax(rows->width, rows->at - GAP);
}

static enum az_status place(struct laying *laying, double *width, double *height,
                            struct az_error *error)
{
    struct rows rows = {0};
    double *x, *y, left, top, wide, high;
    size_t n = laying->graph->count;
    enum az_status status = az_memory_allocate(&x, 2 * n, sizeof *x, "a graph", error);
    if (status != AZ_OK) return status;
    y = x + n;
    int32_t joined = 0;
    for (; joined < laying->components; joined++) {
        int32_t begin = laying->begin[joined], nodes = laying->begin[joined + 1] - begin;
        if (nodes == 1) break;
        lay(laying, joined, x, y, &wide, &high);
        if (joined == 0) rows.across = fmax(2 * wide, 8);
        put_box(&rows, wide, high, &left, &top);
        for (int32_t m = 0; m < nodes; m++) {
            laying->x[laying->members[begin + m]] = left + x[m];
            laying->y[laying->members[begin + m]] = top + y[m];
        }
    }
    az_memory_free(x);
    size_t alone = (size_t)(laying->components - joined);
    double across = fmax(rows.width, ceil(sqrt(2 * (double)alone)) * ALONE_GAP);
    size_t columns = 1 + (size_t)(across / ALONE_GAP), k = 0;
    double below = joined ? rows.top + rows.height + GAP : 0;
    for (int32_t c = joined; c < laying->components; c++, k++) {
        int32_t node = laying->members[laying->begin[c]];
        size_t row = k / columns;
        laying->x[node] = (double)(k % columns) * ALONE_GAP;
        laying->y[node] = below + (double)row * ALONE_GAP;
    }
    *width = *height = 0;
    for (size_t i = 0; i < n; i++) {
        *width = fmax(*width, laying->x[i]);
        *height = fmax(*height, laying->y[i]);
    }
    for (size_t i = 0; i < n; i++) laying->y[i] = *height - laying->y[i];
    return AZ_OK;
}

enum az_status az_graph_place(const struct az_graph *graph, double *x, double *y, double *width,
                              double *height, struct az_error *error)
{
    struct laying laying = {.graph = graph, .x = x, .y = y};
    enum az_status status = sort(&laying, error);
    if (status == AZ_OK) status = place(&laying, width, height, error);
    az_memory_free(laying.members);
    az_memory_free(laying.begin);
    az_memory_free(laying.place);
    az_memory_free(laying.hops);
    return status;
}
