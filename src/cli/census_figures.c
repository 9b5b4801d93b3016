#include "cli/census_figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/memory.h"

#define LABEL_BYTES 96
#define HEIGHT_INCHES 2.7

/* ---- histograms ---- */

struct bins {
    size_t count;
    double from, to;
    bool logarithmic; /* bins of equal ratio */
};

static double edge(const struct bins *bins, size_t n)
{
    double part = (double)n / (double)bins->count;
    if (bins->logarithmic) return bins->from * pow(bins->to / bins->from, part);
    return bins->from + (bins->to - bins->from) * part;
}

/* Counts values into bins, as columns of the last panel, whose n is how many fell in. */
static void add_histogram(struct az_drawing *drawing, struct az_figure_panel *panel,
                          const double *values, int64_t count, struct bins bins)
{
    double *low = az_drawing_array(drawing, bins.count);
    double *high = az_drawing_array(drawing, bins.count);
    double *rows = az_drawing_array(drawing, bins.count);
    size_t inside = 0;
    if (!low || !high || !rows) return;
    for (size_t n = 0; n < bins.count; n++) {
        low[n] = edge(&bins, n);
        high[n] = edge(&bins, n + 1);
    }
    for (int64_t i = 0; i < count; i++) {
        if (!(values[i] >= bins.from && values[i] <= bins.to)) continue;
        double part = bins.logarithmic ? log(values[i] / bins.from) / log(bins.to / bins.from)
                                       : (values[i] - bins.from) / (bins.to - bins.from);
        size_t bin = (size_t)(part * (double)bins.count);
        rows[bin < bins.count ? bin : bins.count - 1]++;
        inside++;
    }
    panel->count = inside;
    panel->x.logarithmic = bins.logarithmic;
    panel->x.min = bins.from;
    panel->x.max = bins.to;
    az_drawing_add(drawing, "rows per bin", AZ_MARK_COLUMNS, high, rows, bins.count)->low = low;
}

static void range_of(const double *values, int64_t count, double *least, double *most)
{
    *least = INFINITY;
    *most = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        *least = fmin(*least, values[i]);
        *most = fmax(*most, values[i]);
    }
}

/* ---- norms ---- */

/* All norms twice, and a hundredth to both sides of the centre's, where the crowd is. */
static enum az_status draw_norms(const struct az_census *census, const char *file,
                                 struct az_error *error)
{
    double least, most;
    char mean[LABEL_BYTES], centre[LABEL_BYTES];
    const double *norms = census->scan.norms;
    int64_t rows = census->matrix->rows;
    range_of(norms, rows, &least, &most);
    if (!(most > least)) return AZ_OK;
    struct az_drawing *drawing = az_drawing_create("Norms of the rows", error);
    if (!drawing) return AZ_MEMORY;
    snprintf(mean, sizeof mean, "mean %.4g", census->norms.mean);
    const char *x = "norm (weight units)", *y = "rows per bin";
    for (int logarithmic = 0; logarithmic < 2; logarithmic++) {
        struct az_figure_panel *panel = az_drawing_panel(
            drawing, logarithmic ? "Logarithmic counts" : "Linear counts", "rows", x, y);
        panel->y.logarithmic = logarithmic;
        add_histogram(drawing, panel, norms, rows, (struct bins){100, least, most, false});
        az_drawing_line(drawing, census->norms.mean, true, mean);
    }
    double at = census->center >= 0 ? norms[census->center] : 0;
    if (at > 0) {
        struct az_figure_panel *panel =
            az_drawing_panel(drawing, "Within 1 % of the centre's norm", "rows", x, y);
        snprintf(centre, sizeof centre, "centre %.6g", at);
        panel->y.logarithmic = true;
        add_histogram(drawing, panel, norms, rows, (struct bins){200, at * 0.99, at * 1.01, false});
        az_drawing_line(drawing, at, true, centre);
    }
    drawing->figure.panel_height_inches = HEIGHT_INCHES;
    return az_drawing_draw(drawing, file, "norms", error);
}

/* ---- exponents and spacing ---- */

/* Columns over the exponent fields that occur; with ulps, over the spacing that they mean. */
static void add_exponents(struct az_drawing *drawing, struct az_figure_panel *panel,
                          const uint64_t counts[256], const struct az_matrix *matrix, bool ulps)
{
    size_t used = 0;
    double *low = az_drawing_array(drawing, 256), *high = az_drawing_array(drawing, 256);
    double *share = az_drawing_array(drawing, 256);
    if (!low || !high || !share) return;
    for (int e = 0; e < 256; e++) {
        double ulp = az_exponent_ulp(matrix->dtype, e);
        if (!counts[e]) continue;
        low[used] = ulps ? ulp * 0.78 : e - 0.4;
        high[used] = ulps ? ulp * 1.28 : e + 0.4;
        share[used++] = (double)counts[e];
        panel->count += counts[e];
    }
    panel->x.logarithmic = ulps;
    az_drawing_add(drawing, "components", AZ_MARK_COLUMNS, high, share, used)->low = low;
}

static enum az_status exponents_of_row(const struct az_matrix *matrix, int64_t row,
                                       uint64_t counts[256], struct az_error *error)
{
    void *scratch;
    enum az_status status = az_memory_allocate(&scratch, matrix->row_bytes, 1, "a row", error);
    if (status != AZ_OK) return status;
    const void *words = az_matrix_row(matrix, row, scratch);
    for (int64_t d = 0; d < matrix->dims; d++)
        counts[az_bits_exponent(matrix->dtype, az_row_bits(matrix->dtype, words, d))]++;
    az_memory_free(scratch);
    return AZ_OK;
}

static enum az_status draw_exponents(const struct az_census *census, const char *file,
                                     struct az_error *error)
{
    const struct az_matrix *matrix = census->matrix;
    const char *x = "exponent field", *spacing = "spacing of the lattice (weight units)";
    uint64_t all[256] = {0}, one[256] = {0};
    char title[2][LABEL_BYTES];
    az_scan_exponents(&census->scan, matrix->dtype, all);
    if (census->center < 0) return AZ_OK;
    enum az_status status = exponents_of_row(matrix, census->center, one, error);
    if (status != AZ_OK) return status;
    struct az_drawing *drawing = az_drawing_create("Exponents and spacing", error);
    if (!drawing) return AZ_MEMORY;
    int64_t token = az_matrix_token(matrix, census->center);
    snprintf(title[0], LABEL_BYTES, "Exponents of token %" PRId64, token);
    snprintf(title[1], LABEL_BYTES, "Spacing at the components of token %" PRId64, token);
    struct az_figure_panel *panel =
        az_drawing_panel(drawing, "Exponents of all components", "components", x, "components");
    panel->y.logarithmic = true;
    add_exponents(drawing, panel, all, matrix, false);
    panel = az_drawing_panel(drawing, title[0], "components", x, "components");
    add_exponents(drawing, panel, one, matrix, false);
    panel = az_drawing_panel(drawing, title[1], "components", spacing, "components");
    add_exponents(drawing, panel, one, matrix, true);
    drawing->figure.panel_height_inches = HEIGHT_INCHES;
    return az_drawing_draw(drawing, file, "exponents", error);
}

/* ---- distances from the centre ---- */

/* Rows and vectors within each radius: a step up at each vector. */
static void add_within(struct az_drawing *drawing, const struct az_geography *geography)
{
    size_t count = (size_t)geography->count, used = 0;
    double *radius = az_drawing_array(drawing, count), *vectors = az_drawing_array(drawing, count);
    double *tokens = az_drawing_array(drawing, count), sum = 0;
    if (!radius || !vectors || !tokens) return;
    for (size_t n = 0; n < count; n++) {
        sum += (double)geography->places[n].population;
        if (!(geography->places[n].radius > 0)) continue;
        radius[used] = geography->places[n].radius;
        vectors[used] = (double)n + 1;
        tokens[used++] = sum;
    }
    az_drawing_add(drawing, "tokens", AZ_MARK_STEPS, radius, tokens, used);
    az_drawing_add(drawing, "vectors", AZ_MARK_STEPS, radius, vectors, used);
}

static enum az_status draw_distances(const struct az_census *census, const char *file,
                                     struct az_error *error)
{
    double least = INFINITY, most = 0;
    char title[LABEL_BYTES], near[LABEL_BYTES], core[LABEL_BYTES];
    if (census->center < 0) return AZ_OK;
    const double *radii = census->sighting.radii;
    int64_t rows = census->matrix->rows;
    for (int64_t i = 0; i < rows; i++) {
        if (!isfinite(radii[i])) continue;
        if (radii[i] > 0) least = fmin(least, radii[i]);
        most = fmax(most, radii[i]);
    }
    if (!(most > least)) return AZ_OK;
    const char *x = "distance from the centre (weight units)", *y = "rows per bin";
    snprintf(title, sizeof title, "Distances from token %" PRId64,
             az_matrix_token(census->matrix, census->center));
    struct az_drawing *drawing = az_drawing_create(title, error);
    if (!drawing) return AZ_MEMORY;
    struct az_figure_panel *panel = az_drawing_panel(drawing, "Linear", "rows", x, y);
    add_histogram(drawing, panel, radii, rows, (struct bins){100, 0, most, false});
    panel = az_drawing_panel(drawing, "Logarithmic, rows not equal to the centre", "rows", x, y);
    panel->y.logarithmic = true;
    add_histogram(drawing, panel, radii, rows, (struct bins){100, least, most, true});
    const struct az_geography *geography = &census->geography;
    if (census->charted && geography->count > 2 && geography->places[2].radius > 0) {
        snprintf(near, sizeof near, "Tokens and vectors of %s within a distance", census->scope);
        panel = az_drawing_panel(drawing, near, "vectors", x, "number");
        panel->x.logarithmic = panel->y.logarithmic = true;
        panel->count = (size_t)geography->count;
        add_within(drawing, geography);
        snprintf(core, sizeof core, "core ends at %.3g", geography->core_radius);
        if (geography->split) az_drawing_line(drawing, geography->core_radius, true, core);
    }
    drawing->figure.panel_height_inches = HEIGHT_INCHES;
    return az_drawing_draw(drawing, file, "distances", error);
}

/* ---- populations ---- */

#define NUMBERED 20 /* black holes that have their population written above */

static enum az_status draw_populations(const struct az_census *census, const char *file,
                                       struct az_error *error)
{
    const struct az_duplicates *found = &census->found;
    size_t count = (size_t)found->black_holes;
    char words[NUMBERED][24];
    struct az_figure_text texts[NUMBERED];
    if (!count) return AZ_OK;
    struct az_drawing *drawing = az_drawing_create("Black holes by population", error);
    if (!drawing) return AZ_MEMORY;
    struct az_figure_panel *panel = az_drawing_panel(
        drawing, "Tokens that share a vector", "black holes", "rank of the black hole", "tokens");
    double *rank = az_drawing_array(drawing, count), *tokens = az_drawing_array(drawing, count);
    for (size_t n = 0; rank && tokens && n < count; n++) {
        rank[n] = (double)n + 1;
        tokens[n] = (double)found->population[n];
        if (n >= NUMBERED || count > NUMBERED) continue;
        snprintf(words[n], sizeof words[n], "%" PRId64, found->population[n]);
        texts[n] = (struct az_figure_text){rank[n], tokens[n] * 1.25, words[n]};
        panel->text_count++;
    }
    panel->texts = texts;
    panel->y.logarithmic = true;
    panel->y.min = 0.8;
    panel->y.max = (double)found->population[0] * 2;
    az_drawing_add(drawing, "tokens", AZ_MARK_COLUMNS, rank, tokens, count);
    drawing->figure.panel_height_inches = 4;
    return az_drawing_draw(drawing, file, "populations", error);
}

/* ---- detection ---- */

/* n(t) with the threshold, and what each threshold adds. */
static enum az_status draw_detection(const struct az_census *census, const char *file,
                                     struct az_error *error)
{
    const struct az_curve *curve = &census->curve;
    char title[LABEL_BYTES], threshold[LABEL_BYTES];
    if (census->center < 0 || curve->greatest < 1) return AZ_OK;
    size_t count = (size_t)curve->greatest + 1;
    snprintf(title, sizeof title, "Exponent distance from token %" PRId64,
             az_matrix_token(census->matrix, census->center));
    struct az_drawing *drawing = az_drawing_create(title, error);
    if (!drawing) return AZ_MEMORY;
    double *t = az_drawing_array(drawing, count), *within = az_drawing_array(drawing, count);
    double *added = az_drawing_array(drawing, count);
    for (size_t n = 0; t && within && added && n < count; n++) {
        t[n] = (double)n;
        within[n] = (double)curve->within[n];
        added[n] = n ? (double)(curve->within[n] - curve->within[n - 1]) : NAN;
    }
    int length = snprintf(threshold, sizeof threshold, "threshold %d", census->threshold);
    if (curve->plateau)
        snprintf(threshold + length, sizeof threshold - (size_t)length, ", plateau %d to %d",
                 curve->low, curve->high);
    const char *x = "exponent distance t";
    struct az_figure_panel *panel =
        az_drawing_panel(drawing, "Rows within t", "thresholds", x, "rows");
    panel->y.logarithmic = true;
    panel->count = count;
    az_drawing_add(drawing, "rows within t", AZ_MARK_JOINED, t, within, count);
    if (census->threshold >= 0) az_drawing_line(drawing, census->threshold, true, threshold);
    panel = az_drawing_panel(drawing, "Rows at exactly t", "thresholds", x, "rows");
    panel->y.logarithmic = true;
    panel->count = count - 1;
    az_drawing_add(drawing, "rows at t", AZ_MARK_COLUMNS, t, added, count);
    return az_drawing_draw(drawing, file, "detection", error);
}

enum az_status az_census_draw(const struct az_census *census, const char *file,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(draw_norms(census, file, error));
    AZ_TRY(draw_exponents(census, file, error));
    AZ_TRY(draw_distances(census, file, error));
    AZ_TRY(draw_populations(census, file, error));
    AZ_TRY(draw_detection(census, file, error));
    if (!census->compared || census->crystal.count < 2) goto out;
    AZ_TRY(az_census_draw_graphs(census, file, error));
    AZ_TRY(az_census_draw_lattice(census, file, error));
out:
    return status;
}
