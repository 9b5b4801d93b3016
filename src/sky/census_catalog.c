#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "sky/census_files.h"
#include "store/catalog.h"
#include "text/tokens_files.h"

static void put_radius(const struct az_census *census, struct az_catalog *catalog, int64_t row)
{
    if (census->center < 0)
        az_catalog_null(catalog);
    else
        az_catalog_real(catalog, census->sighting.radii[row]);
}

static enum az_status put_row(const struct az_census *census, struct az_catalog *catalog,
                              int64_t row, struct az_error *error)
{
    int32_t vector = census->found.vector_of[row];
    az_catalog_integer(catalog, az_matrix_token(census->matrix, row));
    az_catalog_real(catalog, census->scan.norms[row]);
    if (vector < 0)
        az_catalog_null(catalog);
    else
        az_catalog_integer(catalog, vector);
    az_catalog_integer(catalog, vector < 0 ? 1 : census->found.population[vector]);
    if (census->center < 0) {
        for (int n = 0; n < 4; n++) az_catalog_null(catalog);
    } else {
        az_catalog_integer(catalog, census->sighting.exponents[row]);
        az_catalog_integer(catalog, census->sighting.sign_mismatches[row]);
        az_catalog_integer(catalog, census->sighting.steps[row]);
        put_radius(census, catalog, row);
    }
    az_catalog_integer(catalog, census->scan.flags[row]);
    return az_catalog_row(catalog, error);
}

static enum az_status put_rows(const struct az_census *census, struct az_catalog *catalog,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int64_t row = 0; status == AZ_OK && row < census->matrix->rows; row++)
        status = put_row(census, catalog, row, error);
    return status;
}

static enum az_status put_black_holes(const struct az_census *census, struct az_catalog *catalog,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int64_t v = 0; status == AZ_OK && v < census->found.black_holes; v++) {
        az_catalog_integer(catalog, v);
        az_catalog_integer(catalog, census->found.population[v]);
        az_catalog_integer(catalog, az_census_first_token(census, v));
        put_radius(census, catalog, census->found.first[v]);
        status = az_catalog_row(catalog, error);
    }
    return status;
}

static double nearest(const struct az_crystal *crystal, int64_t v)
{
    double least = NAN;
    for (int64_t u = 0; u < crystal->count; u++)
        if (u != v && !(crystal->l2[v * crystal->count + u] >= least))
            least = crystal->l2[v * crystal->count + u];
    return least;
}

static enum az_status put_vectors(const struct az_census *census, struct az_catalog *catalog,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_crystal *crystal = &census->crystal;
    for (int64_t v = 0; status == AZ_OK && v < crystal->count; v++) {
        az_catalog_integer(catalog, crystal->vectors[v]);
        az_catalog_integer(catalog, az_census_first_token(census, crystal->vectors[v]));
        az_catalog_integer(catalog, crystal->population[v]);
        az_catalog_integer(catalog, crystal->component[v]);
        az_catalog_integer(catalog, crystal->degree[v]);
        az_catalog_real(catalog, crystal->betweenness[v]);
        az_catalog_real(catalog, nearest(crystal, v));
        put_radius(census, catalog, census->found.first[crystal->vectors[v]]);
        status = az_catalog_row(catalog, error);
    }
    return status;
}

static enum az_status put_edges(const struct az_census *census, struct az_catalog *catalog,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_crystal *crystal = &census->crystal;
    for (int64_t e = 0; status == AZ_OK && e < crystal->edge_count; e++) {
        const struct az_crystal_edge *edge = &crystal->edges[e];
        az_catalog_integer(catalog, crystal->vectors[edge->a]);
        az_catalog_integer(catalog, crystal->vectors[edge->b]);
        az_catalog_integer(catalog, edge->steps.linf);
        az_catalog_integer(catalog, (int64_t)edge->steps.l1);
        az_catalog_integer(catalog, edge->steps.l0);
        status = az_catalog_row(catalog, error);
    }
    return status;
}

static enum az_status put_components(const struct az_census *census, struct az_catalog *catalog,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int64_t c = 0; status == AZ_OK && c < census->crystal.component_count; c++) {
        const struct az_crystal_component *part = &census->crystal.components[c];
        az_catalog_integer(catalog, c);
        az_catalog_integer(catalog, part->vectors);
        az_catalog_integer(catalog, part->tokens);
        az_catalog_integer(catalog, part->black_holes);
        az_catalog_integer(catalog, part->edges);
        az_catalog_real(catalog, part->density);
        az_catalog_real(catalog, part->clustering);
        status = az_catalog_row(catalog, error);
    }
    return status;
}

static enum az_status put_selections(const struct az_census *census, struct az_catalog *catalog,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int64_t n = 0; status == AZ_OK && n < census->selections.count; n++) {
        const struct az_selection *selection = &census->selections.list[n];
        az_catalog_text(catalog, selection->name);
        az_catalog_text(catalog, selection->rule);
        az_catalog_integer(catalog, selection->tokens);
        az_catalog_integer(catalog, selection->vectors);
        az_catalog_integer(catalog, selection->black_holes);
        az_catalog_integer(catalog, selection->singletons);
        az_catalog_integer(catalog, selection->excess);
        status = az_catalog_row(catalog, error);
    }
    return status;
}

static enum az_status put_members(const struct az_census *census, struct az_catalog *catalog,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int64_t n = 0; n < census->selections.count; n++) {
        const struct az_selection *selection = &census->selections.list[n];
        for (int64_t row = 0; status == AZ_OK && row < census->matrix->rows; row++) {
            if (!selection->mask[row]) continue;
            az_catalog_text(catalog, selection->name);
            az_catalog_integer(catalog, az_matrix_token(census->matrix, row));
            status = az_catalog_row(catalog, error);
        }
    }
    return status;
}

static enum az_status put_suspects(const struct az_census *census, struct az_catalog *catalog,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_suspects *suspects = &census->suspects;
    int64_t most = census->matrix->rows / AZ_CENSUS_SUSPECT_SHARE + 1;
    for (int64_t n = 0; status == AZ_OK && n < suspects->ranked && n < most; n++) {
        int64_t row = suspects->ranking[n].row;
        az_catalog_integer(catalog, az_matrix_token(census->matrix, row));
        az_catalog_integer(catalog, n + 1);
        az_catalog_real(catalog, suspects->ranking[n].score);
        for (int k = 0; k < AZ_INDICATORS; k++) az_catalog_real(catalog, suspects->values[k][row]);
        status = az_catalog_row(catalog, error);
    }
    return status;
}

static const struct {
    const char *name;
    enum az_status (*put)(const struct az_census *census, struct az_catalog *catalog,
                          struct az_error *error);
} tables[] = {{"census_rows", put_rows},         {"black_holes", put_black_holes},
              {"vectors", put_vectors},          {"edges", put_edges},
              {"components", put_components},    {"selections", put_selections},
              {"selection_tokens", put_members}, {"suspects", put_suspects}};

/* Parameters as the command takes them. */
struct parameters {
    struct az_catalog_parameter list[8];
    size_t count;
    char texts[8][48];
};

static void add_parameter(struct parameters *parameters, const char *name)
{
    struct az_catalog_parameter *parameter = &parameters->list[parameters->count];
    *parameter = (struct az_catalog_parameter){name, parameters->texts[parameters->count]};
    parameters->count++;
}

static void tell_parameters(struct parameters *parameters, const struct az_census *census)
{
    const struct az_census_options *options = &census->options;
    char(*texts)[48] = parameters->texts;
    parameters->count = 0;
    snprintf(texts[parameters->count], sizeof texts[0], "%" PRId64, options->reach);
    add_parameter(parameters, "steps");
    if (options->center >= 0) {
        snprintf(texts[parameters->count], sizeof texts[0], "%" PRId64, options->center);
        add_parameter(parameters, "center");
    }
    if (options->threshold >= 0) {
        snprintf(texts[parameters->count], sizeof texts[0], "%" PRId64, options->threshold);
        add_parameter(parameters, "threshold");
    }
    if (options->core_radius > 0) {
        snprintf(texts[parameters->count], sizeof texts[0], "%.17g", options->core_radius);
        add_parameter(parameters, "core-radius");
    }
    snprintf(texts[parameters->count], sizeof texts[0], "%d", (int)options->distinct_zero);
    add_parameter(parameters, "distinct-zero");
}

enum az_status az_census_catalog(const struct az_census *census, const char *path,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_catalog *catalog = NULL;
    struct parameters parameters;
    const struct az_catalog_input input = {"matrix", census->matrix->path, census->scan.hash};
    tell_parameters(&parameters, census);
    const struct az_catalog_provenance provenance = {"census", parameters.list, parameters.count,
                                                     &input, 1};
    AZ_TRY(az_catalog_open(&catalog, path, error));
    for (size_t n = 0; n < sizeof tables / sizeof tables[0]; n++) {
        AZ_TRY(az_catalog_begin(catalog, tables[n].name, error));
        AZ_TRY(tables[n].put(census, catalog, error));
        AZ_TRY(az_catalog_end(catalog, &provenance, error));
    }
    if (census->surveyed) AZ_TRY(az_tokens_catalog(&census->tokens, catalog, &provenance, error));
    status = az_catalog_commit(catalog, error);
    catalog = NULL;
out:
    az_catalog_abort(catalog);
    return status;
}
