#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "sky/census_state.h"

/* Each side of the split has 1/8 of the vectors and eight of them at least. */
enum { OORT_SHARE = 8, OORT_LEAST = 8 };

static const void *row_bits(const struct az_matrix *matrix, int64_t row)
{
    return (const char *)matrix->data + (size_t)row * matrix->row_bytes;
}

/* ---- the centre ---- */

static int64_t row_of_token(const struct az_matrix *matrix, int64_t token)
{
    if (!matrix->token_ids) return token < matrix->rows ? token : -1;
    for (int64_t row = 0; row < matrix->rows; row++)
        if (matrix->token_ids[row] == token) return row;
    return -1;
}

/* The finite row nearest to the mean. */
static enum az_status nearest_to_mean(struct az_census *census, struct az_error *error)
{
    const struct az_matrix *matrix = census->matrix;
    float *values;
    double least = INFINITY;
    enum az_status status =
        az_memory_allocate(&values, (size_t)matrix->dims, sizeof *values, "a row", error);
    for (int64_t row = 0; status == AZ_OK && row < matrix->rows; row++) {
        double sum = 0;
        if (census->scan.flags[row] & (AZ_ROW_NAN | AZ_ROW_INFINITE)) continue;
        az_matrix_row_f32(matrix, row, values);
        for (int64_t d = 0; d < matrix->dims; d++) {
            double gap = (double)values[d] - census->scan.mean[d];
            sum += gap * gap;
        }
        if (sum >= least && census->center >= 0) continue;
        least = sum;
        census->center = row;
    }
    az_memory_free(values);
    return status;
}

static enum az_status choose_center(struct az_census *census, struct az_error *error)
{
    int64_t token = census->options.center;
    census->center = -1;
    if (token >= 0) {
        census->center = row_of_token(census->matrix, token);
        census->center_reason = "as asked for";
        if (census->center < 0)
            return az_error_raise(error, AZ_USAGE,
                                  "there is no token %" PRId64 "; the matrix has %" PRId64 " rows",
                                  token, census->matrix->rows);
        if (census->scan.flags[census->center] & (AZ_ROW_NAN | AZ_ROW_INFINITE))
            return az_error_raise(error, AZ_USAGE,
                                  "the row of token %" PRId64 " has NaN or infinity: it can be no "
                                  "centre",
                                  token);
        return AZ_OK;
    }
    for (int64_t v = 0; v < census->found.black_holes && census->center < 0; v++)
        if (!(census->scan.flags[census->found.first[v]] & AZ_ROW_INFINITE))
            census->center = census->found.first[v];
    census->center_reason = "the largest black hole";
    if (census->center >= 0) return AZ_OK;
    census->center_reason = "nearest to the mean: there is no black hole";
    return nearest_to_mean(census, error);
}

static enum az_status look_from_center(struct az_census *census, struct az_pool *pool,
                                       struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_matrix *matrix = census->matrix;
    void *center = NULL;
    if (census->center < 0) return AZ_OK;
    AZ_TRY(az_memory_allocate(&center, 1, matrix->row_bytes, "the centre", error));
    memcpy(center, row_bits(matrix, census->center), matrix->row_bytes);
    AZ_TRY(az_sighting_take(&census->sighting, matrix, center, pool, progress, error));
    int32_t vector = census->found.vector_of[census->center];
    az_curve_of(&census->curve, &census->sighting, census->scan.flags,
                census->found.population[vector]);
    census->threshold = census->curve.plateau ? census->curve.threshold : -1;
    if (census->options.threshold >= 0) census->threshold = (int)census->options.threshold;
    az_geography_shells(census->shells, &census->found, &census->sighting);
    AZ_TRY(az_geography_void(&census->void_gap, &census->sighting, error));
out:
    az_memory_free(center);
    return status;
}

/* ---- selections ---- */

static enum az_status select_within(struct az_census *census, const char *name, int threshold,
                                    struct az_error *error)
{
    struct az_selection *selection;
    enum az_status status = az_selection_add(&census->selections, name, &selection, error);
    if (status != AZ_OK) return status;
    snprintf(selection->rule, sizeof selection->rule, "exponent distance <= %d from token %" PRId64,
             threshold, az_matrix_token(census->matrix, census->center));
    for (int64_t row = 0; row < census->matrix->rows; row++)
        selection->mask[row] = census->sighting.exponents[row] <= threshold &&
                               !(census->scan.flags[row] & (AZ_ROW_NAN | AZ_ROW_INFINITE));
    return az_selection_count(selection, &census->found, error);
}

static enum az_status select_black_holes(struct az_census *census, struct az_error *error)
{
    struct az_selection *selection;
    enum az_status status = az_selection_add(&census->selections, "black_holes", &selection, error);
    if (status != AZ_OK) return status;
    snprintf(selection->rule, sizeof selection->rule, "population >= 2");
    for (int64_t row = 0; row < census->matrix->rows; row++) {
        int32_t vector = census->found.vector_of[row];
        selection->mask[row] = vector >= 0 && vector < census->found.black_holes;
    }
    return az_selection_count(selection, &census->found, error);
}

static enum az_status select_flood(struct az_census *census, struct az_error *error)
{
    struct az_selection *selection;
    enum az_status status =
        az_selection_add(&census->selections, AZ_SCOPE_FLOOD, &selection, error);
    if (status != AZ_OK) return status;
    snprintf(selection->rule, sizeof selection->rule,
             "flood fill from the black holes through Linf <= %" PRId64 " steps",
             census->options.reach);
    for (int64_t row = 0; row < census->matrix->rows; row++) {
        int32_t vector = census->found.vector_of[row];
        selection->mask[row] = vector >= 0 && census->flood.wave[vector] != AZ_FLOOD_DRY;
    }
    return az_selection_count(selection, &census->found, error);
}

/* Core and Oort cloud of the vectors that were compared. */
static enum az_status select_side(struct az_census *census, bool core, struct az_error *error)
{
    struct az_selection *selection;
    const struct az_geography *geography = &census->geography;
    enum az_status status =
        az_selection_add(&census->selections, core ? "core" : "oort", &selection, error);
    if (status != AZ_OK) return status;
    snprintf(selection->rule, sizeof selection->rule, "of %s, radius %s %.9g from token %" PRId64,
             census->scope, core ? "<" : ">=", geography->core_radius,
             az_matrix_token(census->matrix, census->center));
    for (int64_t n = 0; n < geography->count; n++) {
        const struct az_place *place = &geography->places[n];
        if ((place->radius < geography->core_radius) != core) continue;
        for (int64_t m = census->found.begin[place->vector];
             m < census->found.begin[place->vector + 1]; m++)
            selection->mask[census->found.members[m]] = 1;
    }
    return az_selection_count(selection, &census->found, error);
}

static enum az_status select_asked(struct az_census *census, struct az_error *error)
{
    const struct az_selection_measures measures = {
        &census->found, census->center >= 0 ? &census->sighting : NULL, census->scan.norms};
    enum az_status status = AZ_OK;
    for (int64_t n = 0; status == AZ_OK && n < census->options.selection_count; n++)
        status = az_selection_parse(&census->selections, census->options.selections[n], &measures,
                                    error);
    return status;
}

/* ---- what is in the scope ---- */

static enum az_status flood(struct az_census *census, struct az_pool *pool,
                            struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int32_t *seeds = NULL;
    int64_t count = census->found.black_holes;
    AZ_TRY(az_memory_allocate(&seeds, (size_t)count, sizeof *seeds, "seeds", error));
    for (int32_t v = 0; v < count; v++) seeds[v] = v;
    AZ_TRY(az_flood_fill(&census->flood, census->matrix, &census->found, seeds, count,
                         (uint32_t)census->options.reach, pool, progress, error));
    AZ_TRY(select_flood(census, error));
out:
    az_memory_free(seeds);
    return status;
}

static enum az_status compare(struct az_census *census, struct az_pool *pool,
                              struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    enum az_dtype dtype = census->matrix->dtype;
    int64_t holes = 0;
    if (census->scope_count > AZ_CRYSTAL_MOST) {
        snprintf(census->not_compared, sizeof census->not_compared,
                 "%s has %" PRId64 " vectors; pairs are compared up to %d (a smaller --threshold)",
                 census->scope, census->scope_count, AZ_CRYSTAL_MOST);
        return AZ_OK;
    }
    AZ_TRY(az_crystal_grow(&census->crystal, census->matrix, &census->found, census->scope_vectors,
                           census->scope_count, (uint32_t)census->options.reach, pool, progress,
                           error));
    AZ_TRY(az_crystal_levels(&census->crystal, &census->levels, &census->level_count, error));
    AZ_TRY(
        az_extents_measure(&census->extents, &census->crystal, dtype, census->scope_count, error));
    while (holes < census->scope_count && census->crystal.population[holes] > 1) holes++;
    AZ_TRY(az_extents_measure(&census->black_hole_extents, &census->crystal, dtype, holes, error));
    census->compared = true;
out:
    return status;
}

static enum az_status chart(struct az_census *census, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t least = census->scope_count / OORT_SHARE;
    if (least < OORT_LEAST) least = OORT_LEAST;
    AZ_TRY(az_geography_chart(&census->geography, &census->found, &census->sighting,
                              census->scope_vectors, census->scope_count,
                              census->options.core_radius, least, error));
    census->charted = true;
    if (!census->geography.split) goto out;
    AZ_TRY(select_side(census, true, error));
    AZ_TRY(select_side(census, false, error));
out:
    return status;
}

/* The neighbourhood where there is one, else what the flood reached. */
static enum az_status explore_scope(struct az_census *census, struct az_pool *pool,
                                    struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    bool near = census->threshold >= 0;
    snprintf(census->not_compared, sizeof census->not_compared,
             "there is neither a neighbourhood nor a black hole");
    if (census->center < 0 || (!near && !census->found.black_holes)) return AZ_OK;
    census->scope = near ? AZ_SCOPE_NEIGHBORHOOD : AZ_SCOPE_FLOOD;
    AZ_TRY(az_selection_vectors(az_selection_find(&census->selections, census->scope),
                                &census->found, &census->scope_vectors, &census->scope_count,
                                error));
    AZ_TRY(compare(census, pool, progress, error));
    AZ_TRY(chart(census, error));
out:
    return status;
}

/* Suspects need reference rows; that there are none is told, not an error. */
static enum az_status suspect(struct az_census *census, struct az_pool *pool,
                              struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_error why = {0};
    bool survey = census->options.tokenizer && !census->matrix->token_ids;
    if (survey) {
        AZ_TRY(az_tokens_survey(&census->tokens, census->options.tokenizer,
                                (size_t)census->matrix->rows, true, pool, progress, error));
        census->surveyed = true;
    }
    if (!census->options.suspects) goto out;
    status = az_suspects_find(&census->suspects, census->matrix, &census->scan, &census->found,
                              survey ? &census->tokens : NULL, pool, progress, &why);
    census->suspected = status == AZ_OK;
    if (status == AZ_MISSING) {
        snprintf(census->not_suspected, sizeof census->not_suspected, "%.250s", why.message);
        status = AZ_OK;
    } else if (status != AZ_OK && error) {
        *error = why;
    }
out:
    return status;
}

static enum az_status take(struct az_census *census, struct az_pool *pool,
                           struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_census_options *options = &census->options;
    AZ_TRY(az_scan_matrix(&census->scan, census->matrix, !options->duplicates_only, pool, progress,
                          error));
    AZ_TRY(az_duplicates_find(&census->found, census->matrix, &census->scan, options->distinct_zero,
                              error));
    census->selections.rows = census->matrix->rows;
    AZ_TRY(select_black_holes(census, error));
    if (options->duplicates_only) goto out;
    census->norms = az_scan_norms(&census->scan);
    census->components = az_scan_components(&census->scan, census->matrix->dtype);
    AZ_TRY(choose_center(census, error));
    AZ_TRY(look_from_center(census, pool, progress, error));
    if (census->center >= 0) AZ_TRY(select_within(census, "same_exponents", 0, error));
    if (census->threshold >= 0)
        AZ_TRY(select_within(census, AZ_SCOPE_NEIGHBORHOOD, census->threshold, error));
    if (census->found.black_holes) AZ_TRY(flood(census, pool, progress, error));
    AZ_TRY(explore_scope(census, pool, progress, error));
    AZ_TRY(select_asked(census, error));
    AZ_TRY(suspect(census, pool, progress, error));
out:
    return status;
}

enum az_status az_census_take(struct az_census **census_pointer, const struct az_matrix *matrix,
                              const struct az_census_options *options, struct az_pool *pool,
                              struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_census *census = NULL;
    *census_pointer = NULL;
    if (options->reach < 1 || options->reach > 65535 || options->threshold > 255 ||
        !(options->core_radius >= 0))
        AZ_RAISE(AZ_USAGE, "reach is 1 to 65535 steps, a threshold at most 255 exponents, and the "
                           "radius of a core not negative");
    AZ_TRY(az_memory_allocate(&census, 1, sizeof *census, "a census", error));
    census->matrix = matrix;
    census->options = *options;
    census->center = census->threshold = -1;
    AZ_TRY(take(census, pool, progress, error));
    *census_pointer = census;
out:
    if (status != AZ_OK) az_census_free(census);
    return status;
}

void az_census_free(struct az_census *census)
{
    if (!census) return;
    az_scan_free(&census->scan);
    az_duplicates_free(&census->found);
    az_sighting_free(&census->sighting);
    az_selections_free(&census->selections);
    az_flood_free(&census->flood);
    az_memory_free(census->scope_vectors);
    az_crystal_free(&census->crystal);
    az_memory_free(census->levels);
    az_extents_free(&census->extents);
    az_extents_free(&census->black_hole_extents);
    az_geography_free(&census->geography);
    az_tokens_free(&census->tokens);
    az_suspects_free(&census->suspects);
    az_memory_free(census);
}

void az_census_count(const struct az_census *census, struct az_census_counts *counts)
{
    const struct az_duplicates *found = &census->found;
    const struct az_selection *near = az_selection_find(&census->selections, AZ_SCOPE_NEIGHBORHOOD);
    *counts = (struct az_census_counts){
        .rows = census->matrix->rows,
        .dims = census->matrix->dims,
        .unique = found->unique,
        .excess = found->excess,
        .black_holes = found->black_holes,
        .black_hole_tokens = found->black_hole_tokens,
        .largest = found->unique ? found->population[0] : 0,
        .nan_rows = found->nan_rows,
        .norm_mean = census->norms.mean,
        .norm_deviation = census->norms.deviation,
        .norm_least = census->norms.least,
        .norm_greatest = census->norms.greatest,
        .mean_norm = census->scan.mean_norm,
        .center_token = census->center < 0 ? -1 : az_matrix_token(census->matrix, census->center),
        .threshold = census->threshold,
        .neighborhood_tokens = near ? near->tokens : 0,
        .neighborhood_vectors = near ? near->vectors : 0,
        .flood_tokens = census->flood.tokens,
        .flood_vectors = census->flood.vectors,
        .edges = census->crystal.edge_count,
        .components = census->crystal.component_count,
        .compared = census->compared ? census->scope_count : 0,
    };
}

const int32_t *az_census_vectors(const struct az_census *census) { return census->found.vector_of; }

const uint8_t *az_census_mask(const struct az_census *census, const char *name)
{
    const struct az_selection *selection = az_selection_find(&census->selections, name);
    return selection ? selection->mask : NULL;
}
