#include "lab/optimizer.h"

#include <math.h>

#include "base/memory.h"

/* Parameters. Part of the definition of the norm, so never to be changed; a multiple of 16, as
 * az_adamw_range wants. */
#define CHUNK 4096

enum az_status az_optimizer_memory(const struct az_experiment *experiment, size_t count,
                                   size_t *bytes, struct az_error *error)
{
    size_t each = 2 * az_arithmetic_state_bytes(experiment->optimizer.arithmetic);
    if (experiment->optimizer.arithmetic == AZ_ARITHMETIC_MASTER) each += sizeof(float);
    if (experiment->optimizer.rounding == AZ_ROUNDING_KAHAN) each += sizeof(struct az_bf16);
    return az_size_multiply(each, count, bytes, error);
}

static enum az_status cut_chunks(struct az_optimizer *optimizer, struct az_error *error)
{
    const struct az_optimizer_target *target = &optimizer->target;
    enum az_status status =
        az_memory_allocate(&optimizer->chunks, target->count / CHUNK + target->parameter_count,
                           sizeof *optimizer->chunks, "the optimizer's chunks", error);
    if (status != AZ_OK) return status;
    for (size_t p = 0; p < target->parameter_count; p++) {
        const struct az_parameter *parameter = &target->parameters[p];
        for (size_t at = 0; at < parameter->count; at += CHUNK) {
            size_t left = parameter->count - at;
            optimizer->chunks[optimizer->chunk_count++] = (struct az_optimizer_chunk){
                .first = parameter->offset + at, .count = left < CHUNK ? left : CHUNK};
        }
    }
    return AZ_OK;
}

static enum az_status allocate_state(struct az_optimizer *optimizer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_adamw *adamw = &optimizer->adamw;
    size_t count = optimizer->target.count;
    AZ_TRY(az_memory_allocate(&optimizer->m, count, optimizer->state_bytes, "Adam's first moment",
                              error));
    AZ_TRY(az_memory_allocate(&optimizer->v, count, optimizer->state_bytes, "Adam's second moment",
                              error));
    if (adamw->arithmetic == AZ_ARITHMETIC_MASTER) {
        AZ_TRY(az_memory_allocate(&optimizer->master, count, sizeof *optimizer->master,
                                  "the master parameters", error));
        optimizer->kernels->widen(count, optimizer->target.values, optimizer->master);
    }
    if (adamw->rounding == AZ_ROUNDING_KAHAN)
        AZ_TRY(az_memory_allocate(&optimizer->residue, count, sizeof *optimizer->residue,
                                  "the Kahan residue", error));
out:
    return status;
}

enum az_status az_optimizer_create(struct az_optimizer **optimizer_pointer,
                                   const struct az_experiment *experiment,
                                   const struct az_kernels *kernels, struct az_pool *pool,
                                   const struct az_optimizer_target *target, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_optimizer *optimizer = NULL;
    *optimizer_pointer = NULL;
    AZ_TRY(az_memory_allocate(&optimizer, 1, sizeof *optimizer, "the optimizer", error));
    optimizer->adamw = (struct az_adamw){.arithmetic = experiment->optimizer.arithmetic,
                                         .rounding = experiment->optimizer.rounding,
                                         .beta1 = experiment->optimizer.beta1,
                                         .beta2 = experiment->optimizer.beta2,
                                         .eps = experiment->optimizer.eps,
                                         .weight_decay = experiment->optimizer.weight_decay,
                                         .rounding_seed = experiment->seed.rounding};
    optimizer->target = *target;
    optimizer->state_bytes = az_arithmetic_state_bytes(experiment->optimizer.arithmetic);
    optimizer->clip_norm = experiment->optimizer.clip_norm;
    optimizer->kernels = kernels;
    optimizer->pool = pool;
    AZ_TRY(cut_chunks(optimizer, error));
    AZ_TRY(allocate_state(optimizer, error));
    *optimizer_pointer = optimizer;
out:
    if (status != AZ_OK) az_optimizer_free(optimizer);
    return status;
}

void az_optimizer_free(struct az_optimizer *optimizer)
{
    if (!optimizer) return;
    az_memory_free(optimizer->m);
    az_memory_free(optimizer->v);
    az_memory_free(optimizer->master);
    az_memory_free(optimizer->residue);
    az_memory_free(optimizer->chunks);
    az_memory_free(optimizer);
}

static const void *gradients_at(const struct az_optimizer *optimizer, size_t first)
{
    size_t bytes = optimizer->target.gradients_f32 ? sizeof(float) : sizeof(struct az_bf16);
    return (const unsigned char *)optimizer->target.gradients + first * bytes;
}

static void sum_chunk(void *context, size_t number, int thread)
{
    (void)thread;
    struct az_optimizer *optimizer = context;
    struct az_optimizer_chunk *chunk = &optimizer->chunks[number];
    const void *gradients = gradients_at(optimizer, chunk->first);
    float wide[CHUNK];
    if (!optimizer->target.gradients_f32) {
        optimizer->kernels->widen(chunk->count, gradients, wide);
        gradients = wide;
    }
    chunk->squares = optimizer->kernels->sum_squares(chunk->count, gradients);
}

/* A NaN norm gives a NaN coefficient, as in PyTorch. */
static float clip_coefficient(struct az_optimizer *optimizer)
{
    optimizer->gradient_norm = NAN;
    if (!(optimizer->clip_norm > 0)) return 1;
    az_pool_run(optimizer->pool, sum_chunk, optimizer, optimizer->chunk_count);
    double sum = 0;
    for (size_t n = 0; n < optimizer->chunk_count; n++) sum += optimizer->chunks[n].squares;
    optimizer->gradient_norm = sqrt(sum);
    double coefficient = optimizer->clip_norm / (optimizer->gradient_norm + 1e-6);
    return coefficient > 1 ? 1 : (float)coefficient;
}

static void update_chunk(void *context, size_t number, int thread)
{
    (void)thread;
    struct az_optimizer *optimizer = context;
    const struct az_optimizer_chunk *chunk = &optimizer->chunks[number];
    size_t first = chunk->first;
    struct az_adamw_range range = {
        .count = chunk->count,
        .p = optimizer->target.values + first,
        .g = gradients_at(optimizer, first),
        .g_is_f32 = optimizer->target.gradients_f32,
        .m = (unsigned char *)optimizer->m + first * optimizer->state_bytes,
        .v = (unsigned char *)optimizer->v + first * optimizer->state_bytes,
        .master = optimizer->master ? optimizer->master + first : NULL,
        .residue = optimizer->residue ? optimizer->residue + first : NULL,
        .first_index = first};
    optimizer->kernels->adamw[optimizer->adamw.arithmetic](&optimizer->adamw, &range);
}

void az_optimizer_step(struct az_optimizer *optimizer, int64_t step, double lr)
{
    optimizer->adamw.step = step;
    optimizer->adamw.lr = lr;
    optimizer->adamw.gradient_scale = (double)clip_coefficient(optimizer);
    az_adamw_prepare(&optimizer->adamw);
    az_pool_run(optimizer->pool, update_chunk, optimizer, optimizer->chunk_count);
}
