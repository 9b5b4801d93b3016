/* optimizer.h: AdamW over the flat parameter vector, with its state and gradient clipping.
 *
 * The work goes in fixed chunks of each tensor. Clipping, as torch.nn.utils.clip_grad_norm_: the
 * coefficient is min(1, clip_norm / (norm + 1e-6)), norm the Euclidean norm of all gradients,
 * summed in double chunk by chunk, in order. The gradients stay as they are: the kernel multiplies
 * by the coefficient. */
#ifndef AZ_LAB_OPTIMIZER_H
#define AZ_LAB_OPTIMIZER_H

#include "azimuth/experiment.h"
#include "azimuth/kernel.h"
#include "azimuth/model.h"
#include "azimuth/pool.h"
#include "base/raise.h"

/* What is optimised; borrowed. */
struct az_optimizer_target {
    struct az_bf16 *values; /* flat, as the gradients are */
    const void *gradients;
    bool gradients_f32;
    size_t count;
    const struct az_parameter *parameters;
    size_t parameter_count;
};

/* A checkpoint holds m, v, master, residue and adamw.step. */
struct az_optimizer {
    struct az_adamw adamw; /* of the last step */
    struct az_optimizer_target target;
    size_t state_bytes;      /* per coordinate of m, and of v */
    void *m, *v;             /* bf16 or float, as the arithmetic says */
    float *master;           /* AZ_ARITHMETIC_MASTER, else NULL */
    struct az_bf16 *residue; /* AZ_ROUNDING_KAHAN, else NULL */
    double clip_norm;        /* 0: off */
    double gradient_norm;    /* of the last step before clipping; NaN when clipping is off */
    struct az_optimizer_chunk {
        size_t first, count;
        double squares; /* of its gradients, when clipping */
    } * chunks;
    size_t chunk_count;
    const struct az_kernels *kernels;
    struct az_pool *pool;
};

/* Bytes of state for `count` parameters. */
enum az_status az_optimizer_memory(const struct az_experiment *experiment, size_t count,
                                   size_t *bytes, struct az_error *error);

/* The values as they are become the master copy; the gradients are read at each step. */
enum az_status az_optimizer_create(struct az_optimizer **optimizer,
                                   const struct az_experiment *experiment,
                                   const struct az_kernels *kernels, struct az_pool *pool,
                                   const struct az_optimizer_target *target,
                                   struct az_error *error);
void az_optimizer_free(struct az_optimizer *optimizer);

/* One step with the gradients that are there. Allocates nothing. */
void az_optimizer_step(struct az_optimizer *optimizer, int64_t step, double lr);

#endif
