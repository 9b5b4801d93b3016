#include "cli/tokens_figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unit.h"
#include "cli/drawing.h"

#define GROUPS ((size_t)24) /* shown; the others together are the last */
#define KINDS ((size_t)AZ_FIGURE_KIND_COLORS)
#define STRETCHES ((size_t)200)
#define NAME_BYTES ((size_t)160)
#define OPACITY 0.85

struct shown {
    size_t group[AZ_TOKEN_GROUP_LIMIT]; /* by number of the group: its place, from the top */
    size_t rows[GROUPS], all_rows[GROUPS], count, total;
    size_t used; /* groups that have rows */
    char names[GROUPS][NAME_BYTES], others[NAME_BYTES];
    const char *upwards[GROUPS], *kinds[KINDS];
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

/* "Thai  1,578 of 2,566 (61.5 %)"; `of` without the second number where it is all rows. */
static void name_rows(char text[NAME_BYTES], const char *name, size_t rows, size_t of, bool all)
{
    char number[AZ_UNIT_TEXT_BYTES], whole[AZ_UNIT_TEXT_BYTES];
    az_unit_count(rows, number);
    az_unit_count(of, whole);
    double share = 100.0 * (double)rows / (double)of;
    snprintf(text, NAME_BYTES, "%.40s  %s%s%s (%.*f %%)", name, number, all ? "" : " of ",
             all ? "" : whole, share < 1 ? 2 : 1, share);
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
    shown->used = used;
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
        name_rows(shown->names[place], others ? name : az_token_group_name(ranked[place].group),
                  shown->rows[place], unreachable ? shown->all_rows[place] : shown->total,
                  !unreachable);
        shown->upwards[shown->count - 1 - place] = shown->names[place];
    }
}

/* ---- the disc, and the ids in its colours ---- */

/* What a place is in colours: all that has none of its own is the last kind. */
static size_t kind_of(size_t place) { return place < KINDS - 1 ? place : KINDS - 1; }

static size_t kind_count(const struct shown *shown)
{
    return shown->count < KINDS ? shown->count : KINDS;
}

static void draw_disc(struct az_drawing *drawing, struct shown *shown)
{
    size_t count = kind_count(shown);
    double *start = az_drawing_array(drawing, count), *end = az_drawing_array(drawing, count);
    double *rows = az_drawing_array(drawing, count), turned = 0;
    for (size_t place = 0; rows && place < shown->count; place++)
        rows[kind_of(place)] += (double)shown->rows[place];
    for (size_t kind = 0; rows && kind < count; kind++) {
        start[kind] = turned;
        turned += rows[kind] / (double)shown->total;
        end[kind] = turned;
        shown->kinds[kind] = shown->names[kind];
    }
    if (rows && shown->count > KINDS) {
        char name[64];
        snprintf(name, sizeof name, "%zu others", shown->used - KINDS + 1);
        name_rows(shown->others, name, (size_t)rows[KINDS - 1], shown->total, true);
        shown->kinds[KINDS - 1] = shown->others;
    }
    struct az_figure_panel *panel = az_drawing_panel(drawing, "Rows by script or class", "rows",
                                                     "share of all rows, end", NULL);
    panel->count = shown->total;
    panel->height_inches = 3.5;
    panel->y.names = shown->kinds;
    panel->y.name_count = count;
    struct az_figure_series *wedges =
        az_drawing_add(drawing, "rows", AZ_MARK_WEDGES, end, rows, count);
    wedges->low = start;
    wedges->opacity = OPACITY;
}

/* Rows of each place in the stretch of ids that begins at first. Returns its end. */
static size_t count_stretch(const struct shown *shown, const struct az_tokens *tokens, size_t first,
                            bool unreachable, size_t rows[GROUPS])
{
    size_t end = first + (tokens->rows + STRETCHES - 1) / STRETCHES;
    if (end > tokens->rows) end = tokens->rows;
    memset(rows, 0, GROUPS * sizeof *rows);
    for (size_t id = first; id < end; id++)
        if (counts(tokens, id, unreachable)) rows[shown->group[az_token_group(&tokens->row[id])]]++;
    return end;
}

/* Two points for each stretch, so that its sides are upright. low and high: [kinds]. */
static size_t fill_stretches(const struct shown *shown, const struct az_tokens *tokens, double *ids,
                             double *low[KINDS], double *high[KINDS])
{
    size_t points = 0;
    for (size_t first = 0, end; first < tokens->rows; first = end) {
        size_t rows[GROUPS], kinds[KINDS] = {0};
        double sum = 0;
        end = count_stretch(shown, tokens, first, false, rows);
        for (size_t place = 0; place < shown->count; place++) kinds[kind_of(place)] += rows[place];
        for (size_t kind = 0; kind < kind_count(shown); kind++) {
            double share = 100.0 * (double)kinds[kind] / (double)(end - first);
            low[kind][points] = low[kind][points + 1] = sum;
            sum += share;
            high[kind][points] = high[kind][points + 1] = sum;
        }
        ids[points++] = (double)first;
        ids[points++] = (double)end;
    }
    return points;
}

static void draw_stretches(struct az_drawing *drawing, const struct shown *shown,
                           const struct az_tokens *tokens)
{
    double *low[KINDS], *high[KINDS], *ids = az_drawing_array(drawing, 2 * STRETCHES);
    size_t count = kind_count(shown), points = 0;
    for (size_t kind = 0; kind < count; kind++) {
        low[kind] = az_drawing_array(drawing, 2 * STRETCHES);
        high[kind] = az_drawing_array(drawing, 2 * STRETCHES);
    }
    if (ids && high[count - 1]) points = fill_stretches(shown, tokens, ids, low, high);
    struct az_figure_panel *panel =
        az_drawing_panel(drawing, "What there is at each id, in the colours above", "rows",
                         "token id", "% of the rows there");
    panel->count = shown->total;
    panel->height_inches = 2.6;
    panel->no_legend = true;
    panel->x.max = (double)tokens->rows;
    panel->y.max = 100;
    for (size_t kind = 0; kind < count; kind++) {
        struct az_figure_series *series =
            az_drawing_add(drawing, shown->kinds[kind], AZ_MARK_FILLED, ids, high[kind], points);
        series->low = low[kind];
        series->color = az_figure_kind_color(kind);
        series->opacity = OPACITY;
    }
}

/* ---- bars, and for each of them the ids ---- */

static struct az_figure_panel *add_groups(struct az_drawing *drawing, const char *title,
                                          const char *x, const struct shown *shown)
{
    struct az_figure_panel *panel = az_drawing_panel(drawing, title, "rows", x, NULL);
    panel->count = shown->total;
    panel->height_inches = 1.4 + 0.17 * fmax(8, (double)shown->count);
    panel->y.names = shown->upwards;
    panel->y.name_count = shown->count;
    return panel;
}

static void draw_bars(struct az_drawing *drawing, const struct shown *shown, bool unreachable)
{
    double *rows = az_drawing_array(drawing, shown->count);
    double *places = az_drawing_array(drawing, shown->count);
    for (size_t place = 0; rows && places && place < shown->count; place++) {
        rows[place] = (double)shown->rows[place];
        places[place] = (double)(shown->count - 1 - place);
    }
    struct az_figure_panel *panel =
        add_groups(drawing,
                   unreachable ? "Rows that do not encode to themselves, by script or class"
                               : "Rows by script or class",
                   "rows", shown);
    panel->x.logarithmic = true;
    panel->x.min = 0.7;
    panel->x.max = 1.6 * (double)shown->rows[0] + 1;
    az_drawing_add(drawing, "rows", AZ_MARK_BARS, rows, places, shown->count);
}

/* A cell for every group and stretch of ids that has rows of it. */
static void draw_cells(struct az_drawing *drawing, const struct shown *shown,
                       const struct az_tokens *tokens, bool unreachable)
{
    size_t most = shown->count * STRETCHES, cells = 0;
    double least = 1;
    double *from = az_drawing_array(drawing, most), *to = az_drawing_array(drawing, most);
    double *places = az_drawing_array(drawing, most), *share = az_drawing_array(drawing, most);
    for (size_t first = 0, end; share && first < tokens->rows; first = end) {
        size_t rows[GROUPS];
        end = count_stretch(shown, tokens, first, unreachable, rows);
        for (size_t place = 0; place < shown->count; place++) {
            if (!rows[place]) continue;
            from[cells] = (double)first;
            to[cells] = (double)end;
            places[cells] = (double)(shown->count - 1 - place);
            share[cells] = log10(100.0 * (double)rows[place] / (double)(end - first));
            least = fmin(least, share[cells++]);
        }
    }
    struct az_figure_panel *panel = add_groups(drawing, "Where they lie", "token id", shown);
    panel->level.label = "log10 of % of the rows there";
    panel->level.min = floor(2 * least) / 2;
    panel->level.max = 2;
    struct az_figure_series *series =
        az_drawing_add(drawing, "token id, end", AZ_MARK_BARS, to, places, cells);
    series->low = from;
    series->level = share;
}

enum az_status az_tokens_figure(const struct az_tokens *tokens, const char *name, bool unreachable,
                                const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct shown *shown = NULL;
    AZ_TRY(az_memory_allocate(&shown, 1, sizeof *shown, "a figure", error));
    rank_groups(shown, tokens, unreachable);
    if (shown->count == 0) {
        fprintf(stderr, "%s: not drawn, every row encodes to itself\n", path);
        goto out;
    }
    struct az_drawing *drawing = az_drawing_create(name, error);
    if (!drawing) AZ_RAISE(AZ_MEMORY, "cannot allocate a figure");
    drawing->figure.width_inches = 10;
    if (!unreachable) draw_disc(drawing, shown);
    if (!unreachable) draw_stretches(drawing, shown, tokens);
    draw_bars(drawing, shown, unreachable);
    draw_cells(drawing, shown, tokens, unreachable);
    AZ_TRY(az_drawing_finish(drawing, path, error));
out:
    az_memory_free(shown);
    return status;
}
