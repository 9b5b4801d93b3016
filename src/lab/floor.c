#include "lab/floor.h"

#include <string.h>

/* Operations besides products, two for each multiplication, multiply-add or division that the
 * reference makes (kernel/bench.c counts in the same way). */
#define EXPONENTIAL 18.0
#define GELU 26.0
#define GELU_BACKWARD 38.0
#define LAYERNORM 6.0
#define LAYERNORM_BACKWARD 12.0
#define ADAMW 20.0

/* Sizes that the formulas share. */
struct sizes {
    double tokens, width, ffn, layers, vocabulary;
    double linear;     /* weights of a layer's four matrices */
    double scores;     /* pairs of a query and a key before it, over all sequences and layers */
    double heads;      /* exponentials of a pair */
    double norms;      /* coordinates that go through a LayerNorm */
    double kept;       /* activations that the backward pass needs */
    double parameters; /* all */
    double bytes;      /* of an activation */
    double gradient;   /* bytes of a gradient */
};

static struct sizes measure(const struct az_model_plan *plan)
{
    double context = (double)plan->context, width = (double)plan->width;
    struct sizes s = {.tokens = (double)plan->batch * context,
                      .width = width,
                      .ffn = (double)plan->ffn_width,
                      .layers = (double)plan->layers,
                      .vocabulary = (double)plan->vocabulary,
                      .heads = (double)plan->heads,
                      .bytes = plan->compute == AZ_COMPUTE_F32 ? 4 : 2,
                      .gradient = plan->gradient_f32 ? 4 : 2};
    s.linear = 4 * width * width + 2 * width * s.ffn;
    s.scores = s.tokens * (context + 1) / 2 * s.layers;
    s.norms = s.tokens * width * (2 * s.layers + 1);
    s.kept = s.tokens * s.layers * (6 * width + s.ffn);
    s.parameters = s.layers * s.linear + s.vocabulary * width * (plan->tied ? 1 : 2);
    return s;
}

void az_floor_fill(const struct az_model_plan *plan, enum az_arithmetic arithmetic,
                   double recorded_bytes, struct az_floor floors[AZ_FLOOR_COUNT])
{
    const struct sizes s = measure(plan);
    double linear = 2 * s.tokens * s.layers * s.linear;
    double score = 2 * s.width * s.scores;
    double logits = 2 * s.tokens * s.width * s.vocabulary;
    double hidden = s.tokens * s.width * s.bytes, embedding = s.vocabulary * s.width;
    double activated = s.tokens * s.layers * s.ffn;
    double state = 4 * (double)az_arithmetic_state_bytes(arithmetic);
    double master = arithmetic == AZ_ARITHMETIC_MASTER ? 8 : 0;

    floors[AZ_MODEL_PACKING] = (struct az_floor){.bytes = s.parameters * (2 + 2 * s.bytes)};
    floors[AZ_MODEL_FORWARD] = (struct az_floor){
        .products = linear + 2 * score,
        .others = EXPONENTIAL * s.heads * s.scores + GELU * activated + LAYERNORM * s.norms,
        .bytes = (s.kept + s.layers * s.linear) * s.bytes + hidden};
    floors[AZ_MODEL_UNEMBEDDING] =
        (struct az_floor){.products = 2 * logits,
                          .others = EXPONENTIAL * s.tokens * s.vocabulary,
                          .bytes = 2 * embedding * s.bytes + 2 * hidden};
    floors[AZ_MODEL_UNEMBEDDING_WEIGHTS] =
        (struct az_floor){.products = logits, .bytes = 4 * embedding + hidden};
    floors[AZ_MODEL_BACKWARD] =
        (struct az_floor){.products = linear + 5 * score,
                          .others = EXPONENTIAL * s.heads * s.scores + GELU_BACKWARD * activated +
                                    LAYERNORM_BACKWARD * s.norms,
                          .bytes = (s.kept + s.layers * s.linear) * s.bytes + hidden};
    floors[AZ_MODEL_WEIGHTS] =
        (struct az_floor){.products = linear,
                          .bytes = s.tokens * s.layers * (8 * s.width + 2 * s.ffn) * s.bytes +
                                   4 * embedding + s.parameters * s.gradient};
    floors[AZ_FLOOR_OPTIMIZER] = (struct az_floor){
        .others = ADAMW * s.parameters, .bytes = s.parameters * (4 + s.gradient + state + master)};
    floors[AZ_FLOOR_RECORDING] = (struct az_floor){.bytes = 2 * recorded_bytes};
}

const struct az_floor *az_floor_find(const struct az_floor floors[AZ_FLOOR_COUNT], const char *name)
{
    for (int phase = 0; phase < AZ_MODEL_PHASE_COUNT; phase++)
        if (strcmp(name, az_model_phase_name((enum az_model_phase)phase)) == 0)
            return &floors[phase];
    if (strcmp(name, "optimizer") == 0) return &floors[AZ_FLOOR_OPTIMIZER];
    if (strcmp(name, "recording") == 0) return &floors[AZ_FLOOR_RECORDING];
    return NULL;
}

double az_floor_seconds(const struct az_floor *floor, const struct az_bench_peaks *peaks,
                        enum az_compute compute)
{
    double product_gflops = compute == AZ_COMPUTE_BF16 ? peaks->bf16_gflops : peaks->f32_gflops;
    double calculating = floor->products / product_gflops + floor->others / peaks->f32_gflops;
    double moving = floor->bytes / peaks->memory_gbs;
    return (calculating > moving ? calculating : moving) * 1e-9;
}
