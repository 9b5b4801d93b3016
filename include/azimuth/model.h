/* model.h: a GPT-2 in bf16: parameters, loss, gradients.
 *
 * Architecture (Radford et al. 2019; names and layout of Hugging Face GPT2LMHeadModel): learned
 * positions, pre-LayerNorm (eps 1e-5), biases, tanh GELU, causal attention, no dropout, tied or
 * untied unembedding. Linear weights are [in][out] (Conv1D). All parameters lie in one flat bf16
 * vector. Rounding: docs/numerics.md section 3: in AZ_COMPUTE_BF16 every layer's output is rounded
 * to bf16, in AZ_COMPUTE_F32 activations and gradients stay float32. The loss is computed in
 * float32. */
#ifndef AZIMUTH_MODEL_H
#define AZIMUTH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/experiment.h"
#include "azimuth/kernel.h"
#include "azimuth/pool.h"
#include "azimuth/status.h"

struct az_model_plan {
    size_t layers, width, heads, context, ffn_width, vocabulary, batch;
    bool tied;
    enum az_compute compute;
    bool gradient_f32; /* type of the gradients that the optimizer takes */
};

/* One parameter tensor: "transformer.h.0.attn.c_attn.weight". rank 1 or 2. */
struct az_parameter {
    char name[64];
    int rank;
    size_t shape[2];
    size_t offset; /* of its first element in the flat vector */
    size_t count;
};

/* Bytes that a model with its gradients and working memory will take, by purpose. */
struct az_model_memory {
    size_t parameters, gradients, activations, scratch;
};

struct az_model;

AZ_API enum az_status az_model_memory_plan(const struct az_model_plan *plan, int threads,
                                           struct az_model_memory *memory, struct az_error *error);
AZ_API enum az_status az_model_create(struct az_model **model, const struct az_model_plan *plan,
                                      const struct az_kernels *kernels, struct az_pool *pool,
                                      struct az_error *error);
AZ_API void az_model_free(struct az_model *model);

/* Parameters in order; the embedding "transformer.wte.weight" is number 0 at offset 0; the untied
 * unembedding "lm_head.weight" is the last. */
AZ_API size_t az_model_parameter_count(const struct az_model *model); /* tensors */
AZ_API const struct az_parameter *az_model_parameter(const struct az_model *model, size_t index);
AZ_API size_t az_model_size(const struct az_model *model); /* elements of the flat vector */
AZ_API struct az_bf16 *az_model_values(struct az_model *model);
AZ_API void *az_model_gradients(struct az_model *model); /* az_bf16 or float, as planned */

/* Initial values: weights N(0, sigma) drawn in double, rounded to f32 and then bf16; c_proj weights
 * scaled by 1/sqrt(2 layers); biases 0, gains 1; the embedding as experiment->model.init says; an
 * untied unembedding starts as a copy of the embedding, so that untying changes nothing else at
 * step 0. AZ_INIT_FILE reads a safetensors file in Hugging Face names, with or without the prefix
 * "transformer.", in BF16, F16 or F32 (rounded); shapes must agree, tensors that the model does not
 * have are passed over, and a missing lm_head.weight is the embedding. Calls
 * az_model_values_changed. */
AZ_API enum az_status az_model_initialise(struct az_model *model,
                                          const struct az_experiment *experiment,
                                          struct az_error *error);

/* One forward and backward pass. inputs, targets: [batch][context], ids below the vocabulary, which
 * the caller ensures. Returns the mean loss over all positions and leaves all gradients. Allocates
 * nothing. */
AZ_API float az_model_gradient(struct az_model *model, const uint32_t *inputs,
                               const uint32_t *targets);
/* Forward only; the same bits. */
AZ_API float az_model_loss(struct az_model *model, const uint32_t *inputs, const uint32_t *targets);
/* Final hidden states (after the last LayerNorm) of the last pass, [batch][context][width], rounded
 * to bf16 when compute is f32. Valid until the next pass. */
AZ_API const struct az_bf16 *az_model_hidden(struct az_model *model);

/* Call after the values were changed from outside (the optimizer): repacks what is derived. */
AZ_API void az_model_values_changed(struct az_model *model);

/* Where the time of the passes goes. */
#define AZ_MODEL_PHASE_TABLE(X)                                                                    \
    X(AZ_MODEL_PACKING, "packing", "weights laid out for the products, once a step")               \
    X(AZ_MODEL_FORWARD, "forward", "embedding to last LayerNorm")                                  \
    X(AZ_MODEL_UNEMBEDDING, "unembedding", "logits, loss, gradient of the hidden states")          \
    X(AZ_MODEL_UNEMBEDDING_WEIGHTS, "unembedding weights",                                         \
      "output side of the embedding gradient")                                                     \
    X(AZ_MODEL_BACKWARD, "backward", "last LayerNorm to embedding, by input")                      \
    X(AZ_MODEL_WEIGHTS, "weight gradients", "all other weights, biases, gains, embeddings")

enum az_model_phase {
#define AZ_MODEL_PHASE_ENUMERATOR(id, name, meaning) id,
    AZ_MODEL_PHASE_TABLE(AZ_MODEL_PHASE_ENUMERATOR)
#undef AZ_MODEL_PHASE_ENUMERATOR
        AZ_MODEL_PHASE_COUNT
};

AZ_API const char *az_model_phase_name(enum az_model_phase phase);
/* Nanoseconds spent in a phase since the model was created. */
AZ_API int64_t az_model_phase_ns(const struct az_model *model, enum az_model_phase phase);

/* Writes DIRECTORY/config.json and model.safetensors, which transformers opens; context etc. as
 * they are. */
AZ_API enum az_status az_model_export(struct az_model *model, const char *directory,
                                      struct az_error *error);

#endif
