#include "sky/galaxy_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/safetensors.h"
#include "base/memory.h"
#include "store/file.h"
#include "store/json.h"

/* Published, and what the table was searched for; a test holds the table to it. */
enum { EDGES = 100, COMPONENTS = 96, LONE_HOLES = 4 };

void az_galaxy_tell(struct az_galaxy_truth *truth, const struct az_galaxy_core *core,
                    const struct az_galaxy_plan *plan)
{
    *truth = (struct az_galaxy_truth){.black_holes = AZ_GALAXY_HOLES,
                                      .edges = EDGES,
                                      .components = COMPONENTS,
                                      .halo_tokens = plan->halo_rows,
                                      .core_radius = AZ_GALAXY_CORE_RADIUS};
    for (int n = 0; n < AZ_GALAXY_NEAR; n++) {
        const struct az_galaxy_vector *vector = &core->vectors[n];
        int population = vector->population;
        truth->near_vectors++;
        truth->near_tokens += population;
        for (int t = vector->exponents; t < 6; t++) truth->within[t] += population;
        *(vector->oort ? &truth->oort_vectors : &truth->core_vectors) += 1;
        *(vector->oort ? &truth->oort_tokens : &truth->core_tokens) += population;
        truth->excess += population - 1;
        if (population > 1) truth->black_hole_tokens += population;
    }
    /* Of the components at one step only the fourth has no black hole. */
    for (int n = 0; n < AZ_GALAXY_CLOSE; n++) {
        int component = az_galaxy_component[n];
        if (n >= AZ_GALAXY_HOLES && (component == 0 || component == 4)) continue;
        truth->flood_vectors++;
        truth->flood_tokens += core->vectors[n].population;
    }
    truth->unique = plan->rows - truth->excess;
    for (int64_t row = plan->rows - 1; row >= 0; row--)
        if (plan->vector[row] == AZ_GALAXY_CENTER) truth->center_token = row;
}

static void tell_holes(struct az_json *json)
{
    az_json_open(json, "black_holes", '[');
    for (int h = 0; h < AZ_GALAXY_HOLES; h++) {
        az_json_open(json, NULL, '{');
        az_json_text(json, "name", az_galaxy_holes[h].name);
        az_json_integer(json, "population", az_galaxy_holes[h].population);
        az_json_open(json, "steps", '[');
        for (int k = 0; k < AZ_GALAXY_HOLES; k++)
            az_json_integer(json, NULL, az_galaxy_steps[h][k]);
        az_json_close(json, ']');
        az_json_close(json, '}');
    }
    az_json_close(json, ']');
}

static void tell_truth(struct az_json *json, const struct az_galaxy_truth *truth)
{
    az_json_integer(json, "unique", truth->unique);
    az_json_integer(json, "excess", truth->excess);
    az_json_integer(json, "black_hole_tokens", truth->black_hole_tokens);
    az_json_integer(json, "center_token", truth->center_token);
    az_json_integer(json, "neighborhood_tokens", truth->near_tokens);
    az_json_integer(json, "neighborhood_vectors", truth->near_vectors);
    az_json_open(json, "within_exponents", '[');
    for (int t = 0; t < 6; t++) az_json_integer(json, NULL, truth->within[t]);
    az_json_close(json, ']');
    az_json_integer(json, "edges", truth->edges);
    az_json_integer(json, "components", truth->components);
    az_json_integer(json, "flood_vectors", truth->flood_vectors);
    az_json_integer(json, "flood_tokens", truth->flood_tokens);
    az_json_real(json, "core_radius", truth->core_radius);
    az_json_integer(json, "core_vectors", truth->core_vectors);
    az_json_integer(json, "core_tokens", truth->core_tokens);
    az_json_integer(json, "oort_vectors", truth->oort_vectors);
    az_json_integer(json, "oort_tokens", truth->oort_tokens);
    az_json_integer(json, "halo_tokens", truth->halo_tokens);
}

static enum az_status write_json(const char *path, const struct az_galaxy_options *options,
                                 const struct az_galaxy_truth *truth, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_json json;
    char *text = NULL;
    size_t length;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_integer(&json, "rows", options->rows);
    az_json_integer(&json, "dims", options->dims);
    az_json_unsigned(&json, "seed", options->seed);
    tell_truth(&json, truth);
    tell_holes(&json);
    az_json_close(&json, '}');
    AZ_TRY(az_json_take(&json, &text, &length, error));
    AZ_TRY(az_file_write(path, text, length, error));
out:
    az_json_free(&json);
    az_memory_free(text);
    return status;
}

struct columns {
    int32_t population[AZ_GALAXY_VECTORS], exponents[AZ_GALAXY_VECTORS],
        component[AZ_GALAXY_VECTORS];
    double radius[AZ_GALAXY_VECTORS];
};

static enum az_status write_tensors(const char *path, const struct az_galaxy_core *core,
                                    const struct az_galaxy_plan *plan, struct az_error *error)
{
    struct columns columns;
    for (int n = 0; n < AZ_GALAXY_VECTORS; n++) {
        columns.population[n] = core->vectors[n].population;
        columns.exponents[n] = core->vectors[n].exponents;
        columns.component[n] = core->vectors[n].component;
        columns.radius[n] = core->vectors[n].radius;
    }
    struct az_tensor tensors[] = {
        {.name = "token_kind", .dtype = AZ_DTYPE_U8, .rank = 1, .data = plan->kind},
        {.name = "token_vector", .dtype = AZ_DTYPE_I32, .rank = 1, .data = plan->vector},
        {.name = "token_halo_radius", .dtype = AZ_DTYPE_F32, .rank = 1, .data = plan->radius},
        {.name = "vector_population", .dtype = AZ_DTYPE_I32, .rank = 1, .data = columns.population},
        {.name = "vector_exponents", .dtype = AZ_DTYPE_I32, .rank = 1, .data = columns.exponents},
        {.name = "vector_component", .dtype = AZ_DTYPE_I32, .rank = 1, .data = columns.component},
        {.name = "vector_radius", .dtype = AZ_DTYPE_F64, .rank = 1, .data = columns.radius},
        {.name = "vector_bits", .dtype = AZ_DTYPE_U16, .rank = 2, .data = core->bits},
        {.name = "black_hole_steps",
         .dtype = AZ_DTYPE_U8,
         .rank = 2,
         .shape = {AZ_GALAXY_HOLES, AZ_GALAXY_HOLES},
         .data = az_galaxy_steps},
    };
    for (int n = 0; n < 8; n++) tensors[n].shape[0] = n < 3 ? plan->rows : AZ_GALAXY_VECTORS;
    tensors[7].shape[1] = core->dims;
    return az_safetensors_save(path, tensors, sizeof tensors / sizeof tensors[0], NULL, error);
}

enum az_status az_galaxy_write_plan(const char *path, const struct az_galaxy_options *options,
                                    const struct az_galaxy_core *core,
                                    const struct az_galaxy_plan *plan,
                                    const struct az_galaxy_truth *truth, struct az_error *error)
{
    static const char end[] = ".safetensors";
    enum az_status status = AZ_OK;
    size_t length = strlen(path), capacity = length + 32;
    char *beside = NULL;
    if (length > sizeof end - 1 && strcmp(path + length - (sizeof end - 1), end) == 0)
        length -= sizeof end - 1;
    AZ_TRY(az_memory_allocate(&beside, capacity, 1, "a file name", error));
    snprintf(beside, capacity, "%.*s.plan.json", (int)length, path);
    AZ_TRY(write_json(beside, options, truth, error));
    snprintf(beside, capacity, "%.*s.plan.safetensors", (int)length, path);
    AZ_TRY(write_tensors(beside, core, plan, error));
out:
    az_memory_free(beside);
    return status;
}
