#include "azimuth/build.h"
#include "sky/census_files.h"
#include "store/json.h"

static void tell_matrix(struct az_json *json, const struct az_census *census)
{
    char hash[AZ_HASH_TEXT_BYTES];
    const struct az_matrix *matrix = census->matrix;
    az_hash_text(census->scan.hash, hash);
    az_json_open(json, "matrix", '{');
    az_json_text(json, "path", matrix->path);
    az_json_text(json, "tensor", matrix->tensor);
    az_json_text(json, "dtype", az_dtype_name(matrix->dtype));
    if (matrix->step >= 0) az_json_integer(json, "step", matrix->step);
    az_json_text(json, "hash", hash);
    az_json_close(json, '}');
    az_json_open(json, "parameters", '{');
    az_json_integer(json, "reach_steps", census->options.reach);
    az_json_boolean(json, "distinct_zero", census->options.distinct_zero);
    if (census->options.threshold >= 0)
        az_json_integer(json, "threshold_exps", census->options.threshold);
    if (census->options.core_radius > 0)
        az_json_real(json, "core_radius_w", census->options.core_radius);
    az_json_close(json, '}');
}

/* The keys of the notebooks' metadata.json, with their names. */
static void tell_known(struct az_json *json, const struct az_census *census)
{
    struct az_census_counts counts;
    az_census_count(census, &counts);
    az_json_text(json, "model_id", census->matrix->path);
    az_json_integer(json, "vocab_size", counts.rows);
    az_json_integer(json, "hidden_dim", counts.dims);
    az_json_integer(json, "n_unique_vectors", counts.unique);
    az_json_integer(json, "n_black_holes", counts.black_holes);
    az_json_integer(json, "n_tokens_in_black_holes", counts.black_hole_tokens);
    az_json_integer(json, "n_spongecrystal_tokens", counts.flood_tokens);
    az_json_integer(json, "n_unique_in_core_structure", counts.flood_vectors);
    az_json_integer(json, "flood_fill_iterations", census->flood.waves);
    if (counts.threshold >= 0) {
        az_json_integer(json, "n_neighborhood_tokens", counts.neighborhood_tokens);
        az_json_integer(json, "neighborhood_exponent_tolerance", counts.threshold);
    }
}

static void tell_summary(struct az_json *json, const char *key, const struct az_summary *summary)
{
    az_json_open(json, key, '{');
    az_json_real(json, "mean", summary->mean);
    az_json_real(json, "deviation", summary->deviation);
    az_json_real(json, "least", summary->least);
    az_json_real(json, "greatest", summary->greatest);
    az_json_integer(json, "count", summary->count);
    az_json_close(json, '}');
}

static void tell_rows(struct az_json *json, const struct az_census *census)
{
    static const double shares[] = {.01, .05, .25, .5, .75, .95, .99};
    static const char *const names[] = {"p1", "p5", "p25", "median", "p75", "p95", "p99"};
    enum az_dtype dtype = census->matrix->dtype;
    uint64_t exponents[256];
    char name[16];
    az_json_open(json, "rows", '{');
    tell_summary(json, "norm_w", &census->norms);
    tell_summary(json, "component_w", &census->components);
    az_json_real(json, "norm_of_mean_w", census->scan.mean_norm);
    az_json_open(json, "component_magnitude_w", '{');
    for (size_t n = 0; n < sizeof shares / sizeof shares[0]; n++)
        az_json_real(json, names[n], az_scan_quantile(&census->scan, dtype, shares[n]));
    az_json_close(json, '}');
    az_scan_exponents(&census->scan, dtype, exponents);
    az_json_open(json, "components_by_exponent", '{');
    for (int e = 0; e < 256; e++) {
        if (!exponents[e]) continue;
        snprintf(name, sizeof name, "%d", e);
        az_json_unsigned(json, name, exponents[e]);
    }
    az_json_close(json, '}');
    az_json_integer(json, "with_nan", census->scan.nan_rows);
    az_json_integer(json, "with_infinity", census->scan.infinite_rows);
    az_json_integer(json, "with_negative_zero", census->scan.negative_zero_rows);
    az_json_integer(json, "all_zero", census->scan.zero_rows);
    az_json_close(json, '}');
}

static void tell_duplicates(struct az_json *json, const struct az_census *census)
{
    const struct az_duplicates *found = &census->found;
    az_json_open(json, "duplicates", '{');
    az_json_integer(json, "unique", found->unique);
    az_json_integer(json, "excess", found->excess);
    az_json_integer(json, "zero_distance_pairs", found->zero_pairs);
    az_json_integer(json, "unique_with_zeros_the_other_way", found->other_unique);
    az_json_open(json, "populations", '[');
    for (int64_t v = 0; v < found->black_holes; v++)
        az_json_integer(json, NULL, found->population[v]);
    az_json_close(json, ']');
    az_json_open(json, "first_tokens", '[');
    for (int64_t v = 0; v < found->black_holes; v++)
        az_json_integer(json, NULL, az_matrix_token(census->matrix, found->first[v]));
    az_json_close(json, ']');
    az_json_close(json, '}');
}

static void tell_curve(struct az_json *json, const struct az_census *census)
{
    const struct az_curve *curve = &census->curve;
    az_json_open(json, "exponent_curve", '{');
    az_json_integer(json, "center_token", az_matrix_token(census->matrix, census->center));
    az_json_text(json, "center_is", census->center_reason);
    az_json_open(json, "rows_within", '[');
    for (int t = 0; t <= curve->greatest; t++) az_json_integer(json, NULL, curve->within[t]);
    az_json_close(json, ']');
    az_json_integer(json, "knee", curve->knee);
    az_json_boolean(json, "plateau", curve->plateau);
    if (curve->plateau) {
        az_json_integer(json, "plateau_from", curve->low);
        az_json_integer(json, "plateau_to", curve->high);
        az_json_integer(json, "threshold", curve->threshold);
    } else {
        az_json_text(json, "refused", curve->reason);
    }
    az_json_close(json, '}');
}

static void tell_selections(struct az_json *json, const struct az_selections *selections)
{
    az_json_open(json, "selections", '[');
    for (int64_t n = 0; n < selections->count; n++) {
        const struct az_selection *selection = &selections->list[n];
        az_json_open(json, NULL, '{');
        az_json_text(json, "name", selection->name);
        az_json_text(json, "rule", selection->rule);
        az_json_integer(json, "tokens", selection->tokens);
        az_json_integer(json, "vectors", selection->vectors);
        az_json_integer(json, "black_holes", selection->black_holes);
        az_json_integer(json, "singletons", selection->singletons);
        az_json_integer(json, "excess", selection->excess);
        az_json_close(json, '}');
    }
    az_json_close(json, ']');
}

static void tell_components(struct az_json *json, const struct az_crystal *crystal)
{
    az_json_open(json, "components_of_two_and_more", '[');
    for (int64_t c = 0; c < crystal->component_count; c++) {
        const struct az_crystal_component *part = &crystal->components[c];
        if (part->vectors < 2) break;
        az_json_open(json, NULL, '{');
        az_json_integer(json, "vectors", part->vectors);
        az_json_integer(json, "tokens", part->tokens);
        az_json_integer(json, "black_holes", part->black_holes);
        az_json_integer(json, "edges", part->edges);
        az_json_real(json, "density", part->density);
        az_json_real(json, "clustering", part->clustering);
        az_json_close(json, '}');
    }
    az_json_close(json, ']');
}

static void tell_levels(struct az_json *json, const struct az_census *census)
{
    az_json_open(json, "thresholds", '[');
    for (int64_t n = 0; n < census->level_count; n++) {
        const struct az_crystal_level *level = &census->levels[n];
        az_json_open(json, NULL, '{');
        az_json_integer(json, "steps", level->threshold);
        az_json_integer(json, "components", level->components);
        az_json_integer(json, "edges", level->edges);
        az_json_integer(json, "largest_vectors", level->largest_vectors);
        az_json_integer(json, "largest_tokens", level->largest_tokens);
        az_json_close(json, '}');
    }
    az_json_close(json, ']');
}

/* Linf between the black holes of the scope, while they are few. */
static void tell_holes(struct az_json *json, const struct az_crystal *crystal)
{
    int64_t holes = 0;
    while (holes < crystal->count && crystal->population[holes] > 1) holes++;
    if (holes > 64) return;
    az_json_open(json, "black_hole_linf_steps", '[');
    for (int64_t a = 0; a < holes; a++) {
        az_json_open(json, NULL, '[');
        for (int64_t b = 0; b < holes; b++)
            az_json_integer(json, NULL, crystal->linf[a * crystal->count + b]);
        az_json_close(json, ']');
    }
    az_json_close(json, ']');
}

static void tell_crystal(struct az_json *json, const struct az_census *census)
{
    const struct az_crystal *crystal = &census->crystal;
    az_json_open(json, "crystal", '{');
    if (!census->compared) {
        az_json_text(json, "not_compared", census->not_compared);
        az_json_close(json, '}');
        return;
    }
    az_json_text(json, "of", census->scope);
    az_json_integer(json, "vectors", crystal->count);
    az_json_integer(json, "edges", crystal->edge_count);
    az_json_integer(json, "components", crystal->component_count);
    tell_components(json, crystal);
    tell_levels(json, census);
    tell_holes(json, crystal);
    az_json_integer(
        json, "medoid_token",
        az_matrix_token(census->matrix, census->found.first[crystal->vectors[crystal->medoid]]));
    az_json_real(json, "diameter_w", crystal->diameter);
    az_json_integer(json, "active_dims", census->extents.active);
    az_json_integer(json, "active_dims_of_black_holes", census->black_hole_extents.active);
    az_json_real(json, "log10_cells", census->extents.log10_cells);
    az_json_close(json, '}');
}

static void tell_gap(struct az_json *json, const char *key, const struct az_gap *gap)
{
    az_json_open(json, key, '{');
    az_json_integer(json, "inside", gap->inside);
    az_json_real(json, "from_w", gap->from);
    az_json_real(json, "to_w", gap->to);
    az_json_real(json, "ratio", gap->ratio);
    az_json_close(json, '}');
}

static void tell_gaps(struct az_json *json, const char *key, const struct az_gap gaps[AZ_GAPS])
{
    az_json_open(json, key, '[');
    for (int n = 0; n < AZ_GAPS && gaps[n].inside; n++) tell_gap(json, NULL, &gaps[n]);
    az_json_close(json, ']');
}

static void tell_geography(struct az_json *json, const struct az_census *census)
{
    const struct az_geography *geography = &census->geography;
    az_json_open(json, "geography", '{');
    az_json_integer(json, "least_on_each_side", geography->least);
    if (geography->split) {
        az_json_real(json, "core_radius_w", geography->core_radius);
        tell_gap(json, "gap", &geography->gap);
    }
    tell_gaps(json, "greatest_log_gaps", geography->by_ratio);
    tell_gaps(json, "greatest_gaps", geography->by_width);
    if (geography->count) {
        const struct az_place *last = &geography->places[geography->count - 1];
        az_json_integer(json, "outlier_token",
                        az_matrix_token(census->matrix, census->found.first[last->vector]));
        az_json_real(json, "outlier_radius_w", last->radius);
    }
    tell_gap(json, "void", &census->void_gap);
    az_json_close(json, '}');
}

enum az_status az_census_json(const struct az_census *census, char **text, size_t *length_bytes,
                              struct az_error *error)
{
    struct az_json json;
    *text = NULL;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "version", az_build_version());
    az_json_text(&json, "revision", az_build_revision());
    tell_matrix(&json, census);
    tell_known(&json, census);
    tell_rows(&json, census);
    tell_duplicates(&json, census);
    if (census->center >= 0) tell_curve(&json, census);
    tell_selections(&json, &census->selections);
    tell_crystal(&json, census);
    if (census->charted) tell_geography(&json, census);
    if (census->suspected) {
        az_json_text(&json, "reference_rows_are", census->suspects.reference);
        az_json_integer(&json, "reference_rows", census->suspects.reference_rows);
    }
    az_json_close(&json, '}');
    enum az_status status = az_json_take(&json, text, length_bytes, error);
    az_json_free(&json);
    return status;
}
