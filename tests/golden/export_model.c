/* Writes a model in Hugging Face layout, and the loss that azimuth computes for it, for
 * test_export.py:  export_model DIRECTORY tied|untied
 * prints "loss", then the inputs and the targets, a sequence per line. */
#include <stdio.h>
#include <string.h>

#include "azimuth/model.h"

enum { BATCH = 4, CONTEXT = 48, VOCABULARY = 300 };

static const struct az_model_plan plan = {.layers = 3,
                                          .width = 64,
                                          .heads = 2,
                                          .context = CONTEXT,
                                          .ffn_width = 128,
                                          .vocabulary = VOCABULARY,
                                          .batch = BATCH};

/* An untied unembedding starts as the embedding: make it another matrix. */
static void reverse_unembedding(struct az_model *model)
{
    size_t count = (size_t)VOCABULARY * 64;
    struct az_bf16 *values = az_model_values(model), *end = values + az_model_size(model);
    for (size_t i = 0; i < count; i++) end[-1 - (ptrdiff_t)i] = values[i];
    az_model_values_changed(model);
}

static void print_ids(const uint32_t *ids)
{
    for (size_t n = 0; n < (size_t)BATCH * CONTEXT; n++)
        printf("%u%c", (unsigned)ids[n], (n + 1) % CONTEXT ? ' ' : '\n');
}

static enum az_status export_to(const char *directory, bool tied, struct az_pool *pool,
                                struct az_error *error)
{
    struct az_kernels kernels;
    struct az_model *model = NULL;
    struct az_experiment experiment;
    struct az_model_plan chosen = plan;
    uint32_t inputs[BATCH * CONTEXT], targets[BATCH * CONTEXT];
    for (size_t n = 0; n < (size_t)BATCH * CONTEXT; n++) {
        inputs[n] = (uint32_t)(n * n * 31 % VOCABULARY);
        targets[n] = (uint32_t)((n + 1) * (n + 1) * 31 % VOCABULARY);
    }
    chosen.tied = tied;
    az_experiment_init(&experiment);
    experiment.model.sigma = 0.15;
    enum az_status status = az_kernels_default(&kernels, NULL, error);
    if (status == AZ_OK) status = az_model_create(&model, &chosen, &kernels, pool, error);
    if (status == AZ_OK) status = az_model_initialise(model, &experiment, error);
    if (status == AZ_OK && !tied) reverse_unembedding(model);
    if (status == AZ_OK) status = az_model_export(model, directory, error);
    if (status == AZ_OK) {
        printf("%.9g\n", (double)az_model_loss(model, inputs, targets));
        print_ids(inputs);
        print_ids(targets);
    }
    az_model_free(model);
    return status;
}

int main(int count, char **arguments)
{
    struct az_error error;
    struct az_pool *pool = NULL;
    char text[2048];
    if (count != 3) return 2;
    az_error_clear(&error);
    enum az_status status = az_pool_create(&pool, 1, &error);
    if (status == AZ_OK)
        status = export_to(arguments[1], strcmp(arguments[2], "tied") == 0, pool, &error);
    az_pool_free(pool);
    if (status == AZ_OK) return 0;
    az_error_format(&error, text, sizeof text);
    fprintf(stderr, "%s\n", text);
    return 1;
}
