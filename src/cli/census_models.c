#include "cli/census_models.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/unit.h"
#include "cli/print_json.h"
#include "store/csv.h"

/* What is told of each matrix, under one name everywhere. */
static const struct column {
    const char *name;
    size_t offset;
    bool real;
} columns[] = {
#define INTEGER(name, field)                                                                       \
    {                                                                                              \
        name, offsetof(struct az_census_counts, field), false                                      \
    }
#define REAL(name, field)                                                                          \
    {                                                                                              \
        name, offsetof(struct az_census_counts, field), true                                       \
    }
    INTEGER("tokens", rows),
    INTEGER("dims", dims),
    INTEGER("unique_vectors", unique),
    INTEGER("excess_duplicates", excess),
    INTEGER("black_holes", black_holes),
    INTEGER("tokens_in_black_holes", black_hole_tokens),
    INTEGER("largest_population", largest),
    INTEGER("nan_rows", nan_rows),
    REAL("norm_mean_w", norm_mean),
    REAL("norm_deviation_w", norm_deviation),
    REAL("norm_least_w", norm_least),
    REAL("norm_greatest_w", norm_greatest),
    REAL("mean_vector_norm_w", mean_norm),
    INTEGER("center_token", center_token),
    INTEGER("threshold_exps", threshold),
    INTEGER("neighborhood_tokens", neighborhood_tokens),
    INTEGER("neighborhood_vectors", neighborhood_vectors),
    INTEGER("spongecrystal_tokens", flood_tokens),
    INTEGER("spongecrystal_vectors", flood_vectors),
    INTEGER("vectors_compared", compared),
    INTEGER("edges", edges),
    INTEGER("components", components),
#undef INTEGER
#undef REAL
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static int64_t integer_of(const struct az_census_model *model, size_t column)
{
    int64_t value;
    memcpy(&value, (const char *)&model->counts + columns[column].offset, sizeof value);
    return value;
}

static double real_of(const struct az_census_model *model, size_t column)
{
    double value;
    memcpy(&value, (const char *)&model->counts + columns[column].offset, sizeof value);
    return value;
}

void az_census_models_add(struct az_census_models *models, const char *name,
                          const struct az_census *census)
{
    struct az_census_model *model = &models->list[models->count++];
    model->name = name;
    snprintf(model->tensor, sizeof model->tensor, "%s", census->matrix->tensor);
    az_unit_plain(model->tensor);
    snprintf(model->dtype, sizeof model->dtype, "%s", az_dtype_name(census->matrix->dtype));
    az_hash_text(census->scan.hash, model->hash);
    az_census_count(census, &model->counts);
}

static void print_count(int width, int64_t count)
{
    char text[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)count, text);
    printf(" %*s", width, text);
}

void az_census_model_print(const struct az_census_model *model)
{
    if (!model) {
        printf("%-28s %9s %6s %9s %7s %6s %7s %8s %7s %7s %9s %9s\n", "matrix", "tokens", "dims",
               "unique", "excess", "holes", "in them", "largest", "norm", "|mean|", "threshold",
               "near");
        return;
    }
    const struct az_census_counts *counts = &model->counts;
    size_t length = strlen(model->name);
    printf("%-28s", length > 28 ? model->name + length - 28 : model->name);
    print_count(9, counts->rows);
    printf(" %6" PRId64, counts->dims);
    print_count(9, counts->unique);
    print_count(7, counts->excess);
    print_count(6, counts->black_holes);
    print_count(7, counts->black_hole_tokens);
    print_count(8, counts->largest);
    printf(" %7.4f %7.4f", counts->norm_mean, counts->mean_norm);
    if (counts->threshold < 0) {
        printf(" %9s %9s\n", "none", "-");
        return;
    }
    printf(" %9" PRId64, counts->threshold);
    print_count(9, counts->neighborhood_tokens);
    printf("\n");
}

enum az_status az_census_models_json(const struct az_census_models *models, struct az_error *error)
{
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '[');
    for (size_t n = 0; n < models->count; n++) {
        const struct az_census_model *model = &models->list[n];
        az_json_open(&json, NULL, '{');
        az_json_text(&json, "matrix", model->name);
        az_json_text(&json, "tensor", model->tensor);
        az_json_text(&json, "dtype", model->dtype);
        az_json_text(&json, "matrix_hash", model->hash);
        for (size_t c = 0; c < COLUMNS; c++) {
            if (columns[c].real)
                az_json_real(&json, columns[c].name, real_of(model, c));
            else
                az_json_integer(&json, columns[c].name, integer_of(model, c));
        }
        az_json_close(&json, '}');
    }
    az_json_close(&json, ']');
    return az_print_json(&json, error);
}

enum az_status az_census_models_csv(const struct az_census_models *models, const char *path,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    static const char *const texts[] = {"matrix", "tensor", "dtype", "matrix_hash"};
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, NULL, error));
    for (size_t c = 0; c < sizeof texts / sizeof texts[0]; c++) az_csv_text(csv, texts[c]);
    for (size_t c = 0; c < COLUMNS; c++) az_csv_text(csv, columns[c].name);
    AZ_TRY(az_csv_end(csv, error));
    for (size_t n = 0; n < models->count; n++) {
        const struct az_census_model *model = &models->list[n];
        az_csv_text(csv, model->name);
        az_csv_text(csv, model->tensor);
        az_csv_text(csv, model->dtype);
        az_csv_text(csv, model->hash);
        for (size_t c = 0; c < COLUMNS; c++) {
            if (columns[c].real)
                az_csv_f64(csv, real_of(model, c));
            else
                az_csv_integer(csv, integer_of(model, c));
        }
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}
