#include "cli/tokens_figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/figure.h"
#include "base/memory.h"
#include "base/unit.h"

#define GROUPS ((size_t)24) /* shown; the others together are the last */
#define BINS ((size_t)200)
#define NAME_BYTES ((size_t)160)

struct shown {
    size_t group[AZ_TOKEN_GROUP_LIMIT]; /* by number of the group: its place, from the top */
    size_t rows[GROUPS], all_rows[GROUPS], count, total;
    char names[GROUPS][NAME_BYTES];
};

struct ranked {
    unsigned group;
    size_t rows, all_rows;
};

static int by_rows(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    if (left->rows != right->rows) return left->rows < right->rows ? 1 : -1;
    return left->group < right->group ? -1 : 1;
}

static bool counts(const struct az_tokens *tokens, size_t id, bool unreachable)
{
    uint8_t reach = tokens->row[id].reach;
    return !unreachable || (reach != AZ_REACH_OK && reach != AZ_REACH_SPECIAL);
}

static void name_place(struct shown *shown, size_t place, const char *name, bool unreachable)
{
    char rows[AZ_UNIT_TEXT_BYTES], all[AZ_UNIT_TEXT_BYTES];
    az_unit_count(shown->rows[place], rows);
    az_unit_count(shown->all_rows[place], all);
    double share = 100.0 * (double)shown->rows[place] /
                   (double)(unreachable ? shown->all_rows[place] : shown->total);
    snprintf(shown->names[place], NAME_BYTES, "%.40s  %s%s%s (%.*f %%)", name, rows,
             unreachable ? " of " : "", unreachable ? all : "", share < 1 ? 2 : 1, share);
}

/* Groups in order of their rows; those beyond the last place share it. */
static void rank_groups(struct shown *shown, const struct az_tokens *tokens, bool unreachable)
{
    struct ranked ranked[AZ_TOKEN_GROUP_LIMIT] = {0};
    unsigned groups = az_token_group_count();
    size_t used = 0;
    for (unsigned n = 0; n < groups; n++) ranked[n].group = n;
    for (size_t id = 0; id < tokens->rows; id++) {
        struct ranked *group = &ranked[az_token_group(&tokens->row[id])];
        group->all_rows++;
        group->rows += counts(tokens, id, unreachable);
    }
    qsort(ranked, groups, sizeof *ranked, by_rows);
    while (used < groups && ranked[used].rows) shown->total += ranked[used++].rows;
    shown->count = used < GROUPS ? used : GROUPS;
    for (size_t n = 0; n < used; n++) {
        size_t place = n < GROUPS - 1 || used == GROUPS ? n : GROUPS - 1;
        shown->group[ranked[n].group] = place;
        shown->rows[place] += ranked[n].rows;
        shown->all_rows[place] += ranked[n].all_rows;
    }
    for (size_t place = 0; place < shown->count; place++) {
        bool others = used > GROUPS && place == GROUPS - 1;
        char name[64];
        snprintf(name, sizeof name, "%zu others", used - GROUPS + 1);
        name_place(shown, place, others ? name : az_token_group_name(ranked[place].group),
                   unreachable);
    }
}

struct arrays {
    double *bar_x, *bar_y;             /* [count] */
    double *from, *to, *place, *share; /* [cells] */
    size_t cells;
};

/* A cell for every group and stretch of ids that has rows of it. */
static void fill_cells(struct arrays *arrays, const struct shown *shown,
                       const struct az_tokens *tokens, bool unreachable)
{
    size_t width = (tokens->rows + BINS - 1) / BINS;
    for (size_t first = 0; first < tokens->rows; first += width) {
        size_t rows[GROUPS] = {0},
               end = first + width < tokens->rows ? first + width : tokens->rows;
        for (size_t id = first; id < end; id++)
            if (counts(tokens, id, unreachable))
                rows[shown->group[az_token_group(&tokens->row[id])]]++;
        for (size_t place = 0; place < shown->count; place++) {
            if (!rows[place]) continue;
            size_t cell = arrays->cells++;
            arrays->from[cell] = (double)first;
            arrays->to[cell] = (double)end;
            arrays->place[cell] = (double)(shown->count - 1 - place);
            arrays->share[cell] = log10(100.0 * (double)rows[place] / (double)(end - first));
        }
    }
}

static enum az_status make_arrays(struct arrays *arrays, const struct shown *shown,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    double **all[] = {&arrays->bar_x, &arrays->bar_y, &arrays->from,
                      &arrays->to,    &arrays->place, &arrays->share};
    for (size_t n = 0; n < sizeof all / sizeof all[0]; n++)
        AZ_TRY(az_memory_allocate(all[n], GROUPS * (BINS + 1), sizeof(double), "a figure", error));
    for (size_t place = 0; place < shown->count; place++) {
        arrays->bar_x[place] = (double)shown->rows[place];
        arrays->bar_y[place] = (double)(shown->count - 1 - place);
    }
out:
    return status;
}

static void free_arrays(struct arrays *arrays)
{
    az_memory_free(arrays->bar_x);
    az_memory_free(arrays->bar_y);
    az_memory_free(arrays->from);
    az_memory_free(arrays->to);
    az_memory_free(arrays->place);
    az_memory_free(arrays->share);
}

static enum az_status draw(const struct arrays *arrays, const struct shown *shown,
                           const char *title, const char *path, bool unreachable,
                           struct az_error *error)
{
    const char *names[GROUPS];
    for (size_t place = 0; place < shown->count; place++)
        names[shown->count - 1 - place] = shown->names[place];
    struct az_figure_axis groups = {.names = names, .name_count = shown->count};
    struct az_figure_series bars = {.name = "rows",
                                    .mark = AZ_MARK_BARS,
                                    .x = arrays->bar_x,
                                    .y = arrays->bar_y,
                                    .count = shown->count};
    struct az_figure_series cells = {.name = "script or class",
                                     .mark = AZ_MARK_BARS,
                                     .x = arrays->to,
                                     .y = arrays->place,
                                     .low = arrays->from,
                                     .level = arrays->share,
                                     .count = arrays->cells};
    struct az_figure_panel panels[] = {
        {.title = unreachable ? "Rows that do not encode to themselves, by script or class"
                              : "Rows by script or class",
         .point_unit = "rows",
         .count = shown->total,
         .x = {.label = "rows",
               .logarithmic = true,
               .min = 0.7,
               .max = 1.6 * (double)shown->rows[0] + 1},
         .y = groups,
         .series = &bars,
         .series_count = 1},
        {.title = "Where they lie",
         .point_unit = "rows",
         .count = shown->total,
         .x = {.label = "token id"},
         .y = groups,
         .level = {.label = "log10 of % of the rows there"},
         .series = &cells,
         .series_count = 1}};
    struct az_figure figure = {.title = title,
                               .width_inches = 10,
                               .panel_height_inches = 1.4 + 0.17 * (double)shown->count,
                               .panels = panels,
                               .panel_count = 2};
    return az_figure_draw(&figure, path, error);
}

enum az_status az_tokens_figure(const struct az_tokens *tokens, const char *name, bool unreachable,
                                const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct arrays arrays = {0};
    struct shown *shown = NULL;
    AZ_TRY(az_memory_allocate(&shown, 1, sizeof *shown, "a figure", error));
    rank_groups(shown, tokens, unreachable);
    if (shown->count == 0) AZ_RAISE(AZ_USAGE, "every token is reachable; there is nothing to draw");
    AZ_TRY(make_arrays(&arrays, shown, error));
    fill_cells(&arrays, shown, tokens, unreachable);
    AZ_TRY(draw(&arrays, shown, name, path, unreachable, error));
out:
    free_arrays(&arrays);
    az_memory_free(shown);
    return status;
}
