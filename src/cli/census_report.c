#include "cli/census_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/unit.h"

enum { LABEL = 14, COLUMNS = 100 };

struct count_text {
    char text[AZ_UNIT_TEXT_BYTES];
};

static struct count_text grouped(int64_t count)
{
    struct count_text grouped;
    az_unit_count((uint64_t)count, grouped.text);
    return grouped;
}

#define COUNT(n) (grouped(n).text)
#define PLURAL(n) ((n) == 1 ? "" : "s")

static void label(const char *name) { printf("%-*s", LABEL, name); }

/* Words one after another, in lines that begin under the first. */
static void word(int *column, const char *format, ...) AZ_PRINTF(2, 3);
static void word(int *column, const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (*column + length > COLUMNS) {
        printf("\n%*s", LABEL, "");
        *column = LABEL;
    }
    printf("%s", text);
    *column += length;
}

static void print_title(const struct az_census *census)
{
    char hash[AZ_HASH_TEXT_BYTES], tensor[AZ_TENSOR_NAME_BYTES];
    const struct az_matrix *matrix = census->matrix;
    az_hash_text(census->scan.hash, hash);
    snprintf(tensor, sizeof tensor, "%s", matrix->tensor[0] ? matrix->tensor : "array");
    az_unit_plain(tensor);
    printf("%s: %s", matrix->path, tensor);
    if (matrix->step >= 0) printf(" after step %" PRId64, matrix->step);
    printf(", %s tokens x %s dimensions, %s%s\n", COUNT(matrix->rows), COUNT(matrix->dims),
           az_dtype_name(matrix->dtype), matrix->raw_bits ? " (raw bits)" : "");
    if (matrix->other[0]) printf("%-*suntied; beside it lies %s\n", LABEL, "", matrix->other);
    label("hash");
    printf("%s\n", hash);
}

static void print_rows(const struct az_census *census)
{
    const struct az_scan *scan = &census->scan;
    enum az_dtype dtype = census->matrix->dtype;
    label("norms");
    printf("mean %.6f, deviation %.6f, %.6f to %.6f; norm of the mean vector %.6f\n",
           census->norms.mean, census->norms.deviation, census->norms.least, census->norms.greatest,
           scan->mean_norm);
    label("components");
    printf("|w| 1 %%: %.3g, median %.3g, 99 %%: %.3g; %.4g to %.4g, deviation %.4g\n",
           az_scan_quantile(scan, dtype, .01), az_scan_quantile(scan, dtype, .5),
           az_scan_quantile(scan, dtype, .99), census->components.least,
           census->components.greatest, census->components.deviation);
    if (scan->nan_rows + scan->infinite_rows + scan->negative_zero_rows + scan->zero_rows == 0)
        return;
    label("special");
    printf("rows with NaN %s, infinity %s, -0 %s; all zero %s\n", COUNT(scan->nan_rows),
           COUNT(scan->infinite_rows), COUNT(scan->negative_zero_rows), COUNT(scan->zero_rows));
}

static void print_duplicates(const struct az_census *census)
{
    const struct az_duplicates *found = &census->found;
    int column = LABEL;
    label("duplicates");
    printf("%s unique vectors; %s rows in excess; %s pairs at distance 0\n", COUNT(found->unique),
           COUNT(found->excess), COUNT(found->zero_pairs));
    if (found->other_unique != found->unique)
        printf("%-*s%s unique if -0 and +0 %s\n", LABEL, "", COUNT(found->other_unique),
               census->options.distinct_zero ? "were equal" : "differed");
    label("black holes");
    word(&column, "%" PRId64 " with %s tokens%s", found->black_holes,
         COUNT(found->black_hole_tokens), found->black_holes ? ":" : "");
    for (int64_t v = 0; v < found->black_holes && v < 60; v++)
        word(&column, " %" PRId64, found->population[v]);
    if (found->black_holes > 60) word(&column, " and %s more", COUNT(found->black_holes - 60));
    printf("\n");
}

static void print_curve(const struct az_census *census)
{
    const struct az_curve *curve = &census->curve;
    int column = LABEL;
    label("centre");
    printf("token %" PRId64 ", %s\n", az_matrix_token(census->matrix, census->center),
           census->center_reason);
    label("exponents");
    word(&column, "rows within");
    for (int t = 0; t <= curve->greatest && t < 17; t++)
        word(&column, " %d: %s%s", t, COUNT(curve->within[t]), t < curve->greatest ? "," : "");
    printf("\n%-*s", LABEL, "");
    if (curve->plateau)
        printf("plateau %d to %d, threshold %d", curve->low, curve->high, curve->threshold);
    else
        printf("no threshold: %s", curve->reason);
    if (census->options.threshold >= 0) printf("; %d was asked for", census->threshold);
    printf("\n");
}

static void print_selections(const struct az_census *census)
{
    printf("\n%-18s %9s %9s %11s %10s  %s\n", "selection", "tokens", "vectors", "black holes",
           "singletons", "rule");
    for (int64_t n = 0; n < census->selections.count; n++) {
        const struct az_selection *selection = &census->selections.list[n];
        printf("%-18s %9s %9s %11s %10s  %s\n", selection->name, COUNT(selection->tokens),
               COUNT(selection->vectors), COUNT(selection->black_holes),
               COUNT(selection->singletons), selection->rule);
    }
    printf("\n");
}

static void print_edges(const struct az_crystal *crystal)
{
    int64_t faces[10] = {0};
    int column = LABEL;
    for (int64_t e = 0; e < crystal->edge_count; e++) {
        uint64_t l1 = crystal->edges[e].steps.l1;
        faces[l1 < 9 ? l1 : 9]++;
    }
    label("edges");
    word(&column, "%s of %s vectors at Linf <= %" PRIu32, COUNT(crystal->edge_count),
         COUNT(crystal->count), crystal->reach);
    for (int l1 = 0; l1 < 10; l1++)
        if (faces[l1]) word(&column, ", L1 %s%d: %s", l1 == 9 ? ">=" : "", l1, COUNT(faces[l1]));
    printf("\n");
}

static void print_components(const struct az_crystal *crystal)
{
    int64_t alone = 0;
    for (int64_t c = 0; c < crystal->component_count; c++)
        alone += crystal->components[c].vectors == 1;
    label("components");
    printf("%s, %s of them alone\n", COUNT(crystal->component_count), COUNT(alone));
    for (int32_t c = 0; c < crystal->component_count && c < 6; c++) {
        const struct az_crystal_component *part = &crystal->components[c];
        if (part->vectors == 1) break;
        struct az_crystal_edge miss = az_crystal_near_miss(crystal, c);
        printf(
            "%-*sC%d: %s vectors, %s tokens, %s black hole%s, %s edge%s, density %.3f, clustering "
            "%.3f; next %s\n",
            LABEL, "", c + 1, COUNT(part->vectors), COUNT(part->tokens), COUNT(part->black_holes),
            PLURAL(part->black_holes), COUNT(part->edges), PLURAL(part->edges), part->density,
            part->clustering, miss.a < 0 ? "none" : COUNT(miss.steps.linf));
    }
}

static void print_hubs(const struct az_census *census)
{
    const struct az_crystal *crystal = &census->crystal;
    int column = LABEL;
    bool shown[AZ_CRYSTAL_MOST] = {false};
    if (!crystal->edge_count) return;
    label("hubs");
    for (int n = 0; n < 5; n++) {
        int64_t best = -1;
        for (int64_t v = 0; v < crystal->count; v++)
            if (!shown[v] && (best < 0 || crystal->degree[v] > crystal->degree[best])) best = v;
        if (best < 0 || !crystal->degree[best]) break;
        shown[best] = true;
        int64_t row = census->found.first[crystal->vectors[best]];
        word(&column, "%stoken %" PRId64 " (%" PRId64 ") degree %d;", n ? " " : "",
             az_matrix_token(census->matrix, row), crystal->population[best],
             crystal->degree[best]);
    }
    printf("\n");
}

static void print_levels(const struct az_census *census)
{
    int column = LABEL;
    label("thresholds");
    for (int64_t n = 0; n < census->level_count && n < 12; n++) {
        const struct az_crystal_level *level = &census->levels[n];
        word(&column, "%s%" PRIu32 ": %" PRId64 "/%" PRId64 "/%" PRId64, n ? "  " : "",
             level->threshold, level->components, level->edges, level->largest_vectors);
    }
    word(&column, "  one component at %" PRIu32, census->levels[census->level_count - 1].threshold);
    word(&column, "  (components/edges/largest)");
    printf("\n");
}

static void print_extents(const struct az_census *census)
{
    label("extents");
    printf("active dimensions: %s of the vectors, %s of the black holes; 10^%.1f cells; diameter "
           "%.6g\n",
           COUNT(census->extents.active), COUNT(census->black_hole_extents.active),
           census->extents.log10_cells, census->crystal.diameter);
}

static void print_geography(const struct az_census *census)
{
    const struct az_geography *geography = &census->geography;
    label("core");
    if (geography->split) {
        printf("radius < %.4g: %s vectors, %s tokens, %s black holes", geography->core_radius,
               COUNT(geography->core_vectors), COUNT(geography->core_tokens),
               COUNT(geography->core_black_holes));
        if (geography->gap.ratio > 0)
            printf("; gap %.4g to %.4g (x%.2f)", geography->gap.from, geography->gap.to,
                   geography->gap.ratio);
        printf("\n");
        label("Oort cloud");
        printf("%s vectors, %s tokens, %s black holes\n", COUNT(geography->oort_vectors),
               COUNT(geography->oort_tokens), COUNT(geography->oort_black_holes));
    } else {
        printf("no split: no gap has %s vectors on each side\n", COUNT(geography->least));
    }
    if (geography->count > 1) {
        const struct az_place *last = &geography->places[geography->count - 1];
        int64_t token = az_matrix_token(census->matrix, census->found.first[last->vector]);
        label("outlier");
        printf("token %" PRId64 " at %.6g, %.2f times the one before\n", token, last->radius,
               last->radius / geography->places[geography->count - 2].radius);
    }
}

static void print_suspects(const struct az_census *census)
{
    const struct az_suspects *suspects = &census->suspects;
    int column = LABEL;
    if (census->not_suspected[0]) {
        label("suspects");
        printf("not ranked: %s\n", census->not_suspected);
    }
    if (!census->suspected) return;
    label("suspects");
    word(&column, "%s rows as reference (%s); first:", COUNT(suspects->reference_rows),
         suspects->reference);
    for (int64_t n = 0; n < suspects->ranked && n < 12; n++)
        word(&column, " %" PRId64, az_matrix_token(census->matrix, suspects->ranking[n].row));
    printf("\n");
}

static void print_scope(const struct az_census *census)
{
    if (census->flood.vectors) {
        label("flood fill");
        printf("%s vectors, %s tokens in %s wave%s; %s components\n", COUNT(census->flood.vectors),
               COUNT(census->flood.tokens), COUNT(census->flood.waves), PLURAL(census->flood.waves),
               COUNT(census->flood.components));
    }
    if (census->compared) {
        print_edges(&census->crystal);
        print_components(&census->crystal);
        print_hubs(census);
        print_levels(census);
        print_extents(census);
    } else {
        label("pairs");
        printf("not compared: %s\n", census->not_compared);
    }
    if (census->charted) print_geography(census);
    if (census->void_gap.inside) {
        label("void");
        printf("%.6g to %.6g, with %s rows inside\n", census->void_gap.from, census->void_gap.to,
               COUNT(census->void_gap.inside));
    }
}

void az_census_report(const struct az_census *census)
{
    print_title(census);
    if (census->options.duplicates_only) {
        print_duplicates(census);
        return;
    }
    print_rows(census);
    print_duplicates(census);
    if (census->center >= 0) print_curve(census);
    print_selections(census);
    print_scope(census);
    print_suspects(census);
}
