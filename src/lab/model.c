#include "azimuth/model.h"

#include "base/clock.h"
#include "base/memory.h"
#include "lab/model_state.h"

static const char *const memory_names[AZ_PURPOSE_COUNT] = {
    "the model's parameters", "the gradients", "the activations", "the working memory"};

/* A model that has its layout but no memory yet. */
static enum az_status begin(struct az_model **model_pointer, const struct az_model_plan *plan,
                            const struct az_kernels *kernels, int threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_model *model = NULL;
    *model_pointer = NULL;
    AZ_TRY(az_model_check_plan(plan, error));
    AZ_TRY(az_memory_allocate(&model, 1, sizeof *model, "the model", error));
    model->plan = *plan;
    model->threads = threads;
    az_math_init(&model->math, kernels, plan->compute == AZ_COMPUTE_F32);
    AZ_TRY(az_model_lay_out(model, error));
    *model_pointer = model;
    model = NULL;
out:
    az_model_free(model);
    return status;
}

enum az_status az_model_memory_plan(const struct az_model_plan *plan, int threads,
                                    struct az_model_memory *memory, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_model *model = NULL;
    struct az_kernels none = {.name = ""};
    size_t bytes[AZ_PURPOSE_COUNT];
    AZ_TRY(begin(&model, plan, &none, threads, error));
    AZ_TRY(az_model_place(model, bytes, error));
    *memory = (struct az_model_memory){.parameters = bytes[AZ_PURPOSE_PARAMETERS],
                                       .gradients = bytes[AZ_PURPOSE_GRADIENTS],
                                       .activations = bytes[AZ_PURPOSE_ACTIVATIONS],
                                       .scratch = bytes[AZ_PURPOSE_SCRATCH]};
out:
    az_model_free(model);
    return status;
}

enum az_status az_model_create(struct az_model **model_pointer, const struct az_model_plan *plan,
                               const struct az_kernels *kernels, struct az_pool *pool,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_model *model = NULL;
    size_t bytes[AZ_PURPOSE_COUNT];
    *model_pointer = NULL;
    AZ_TRY(begin(&model, plan, kernels, az_pool_threads(pool), error));
    model->pool = pool;
    AZ_TRY(az_memory_allocate(&model->scratch, (size_t)model->threads, sizeof *model->scratch,
                              "the working memory", error));
    AZ_TRY(az_model_place(model, bytes, error));
    for (int n = 0; n < AZ_PURPOSE_COUNT; n++)
        AZ_TRY(az_memory_allocate(&model->memory[n], 1, bytes[n], memory_names[n], error));
    AZ_TRY(az_model_place(model, bytes, error));
    az_model_values_changed(model);
    *model_pointer = model;
    model = NULL;
out:
    az_model_free(model);
    return status;
}

void az_model_free(struct az_model *model)
{
    if (!model) return;
    for (int n = 0; n < AZ_PURPOSE_COUNT; n++) az_memory_free(model->memory[n]);
    az_model_release_layout(model);
    az_memory_free(model);
}

/* ---- accessors ---- */

size_t az_model_parameter_count(const struct az_model *model) { return model->parameter_count; }

const struct az_parameter *az_model_parameter(const struct az_model *model, size_t index)
{
    return &model->parameters[index];
}

size_t az_model_size(const struct az_model *model) { return model->size; }
struct az_bf16 *az_model_values(struct az_model *model) { return model->values; }
void *az_model_gradients(struct az_model *model) { return model->gradients; }
const struct az_bf16 *az_model_hidden(struct az_model *model) { return model->hidden; }

/* ---- time ---- */

const char *az_model_phase_name(enum az_model_phase phase)
{
    static const char *const names[AZ_MODEL_PHASE_COUNT] = {
#define AZ_MODEL_PHASE_NAME(id, name, meaning) name,
        AZ_MODEL_PHASE_TABLE(AZ_MODEL_PHASE_NAME)
#undef AZ_MODEL_PHASE_NAME
    };
    return names[phase];
}

int64_t az_model_phase_ns(const struct az_model *model, enum az_model_phase phase)
{
    return model->phase_ns[phase];
}

void az_model_phase_begins(struct az_model *model) { model->phase_began_ns = az_clock_ns(); }

void az_model_phase_ends(struct az_model *model, enum az_model_phase phase)
{
    int64_t now = az_clock_ns();
    model->phase_ns[phase] += now - model->phase_began_ns;
    model->phase_began_ns = now;
}

/* ---- passes ---- */

/* Mean of the rows' losses, summed in double in order of sequence and position. */
static float mean_loss(const struct az_model *model)
{
    const struct az_shape *s = &model->shape;
    double sum = 0;
    for (size_t b = 0; b < s->batch; b++)
        for (size_t t = 0; t < s->context; t++) sum += (double)model->losses[b * s->padded + t];
    return (float)(sum / (double)s->positions);
}

float az_model_gradient(struct az_model *model, const uint32_t *inputs, const uint32_t *targets)
{
    struct az_pass pass = {model, inputs, targets, true, 0};
    size_t batch = model->shape.batch;
    az_model_phase_begins(model);
    az_pool_run(model->pool, az_model_forward_chunk, &pass, batch + 1);
    az_model_phase_ends(model, AZ_MODEL_FORWARD);
    az_model_unembed(&pass);
    az_pool_run(model->pool, az_model_backward_chunk, &pass, batch);
    az_model_phase_ends(model, AZ_MODEL_BACKWARD);
    az_pool_run(model->pool, az_model_weight_chunk, &pass, az_model_weight_chunks(model));
    az_model_phase_ends(model, AZ_MODEL_WEIGHTS);
    return mean_loss(model);
}

float az_model_loss(struct az_model *model, const uint32_t *inputs, const uint32_t *targets)
{
    struct az_pass pass = {model, inputs, targets, false, 0};
    az_model_phase_begins(model);
    az_pool_run(model->pool, az_model_forward_chunk, &pass, model->shape.batch);
    az_model_phase_ends(model, AZ_MODEL_FORWARD);
    az_model_unembed(&pass);
    return mean_loss(model);
}
