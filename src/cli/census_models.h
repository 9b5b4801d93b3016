/* census_models.h: several matrices side by side: a line, a row of CSV, an object of JSON for each.
 */
#ifndef AZ_CLI_CENSUS_MODELS_H
#define AZ_CLI_CENSUS_MODELS_H

#include "sky/census_state.h"

#define AZ_CENSUS_MODELS 64

struct az_census_model {
    const char *name; /* as given; borrowed */
    char tensor[AZ_TENSOR_NAME_BYTES], dtype[8], hash[AZ_HASH_TEXT_BYTES];
    struct az_census_counts counts;
};

struct az_census_models {
    size_t count;
    struct az_census_model list[AZ_CENSUS_MODELS];
};

/* At most AZ_CENSUS_MODELS. */
void az_census_models_add(struct az_census_models *models, const char *name,
                          const struct az_census *census);
/* A line of the table; NULL: its heading. */
void az_census_model_print(const struct az_census_model *model);
/* A list of objects with the names of the CSV's columns. */
enum az_status az_census_models_json(const struct az_census_models *models, struct az_error *error);
enum az_status az_census_models_csv(const struct az_census_models *models, const char *path,
                                    struct az_error *error);

#endif
