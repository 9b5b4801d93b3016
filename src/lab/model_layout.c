#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lab/model_state.h"

#define TENSORS_PER_LAYER 12

enum az_status az_model_check_plan(const struct az_model_plan *plan, struct az_error *error)
{
    const struct {
        const char *name;
        size_t value, limit;
    } sizes[] = {
        {"layers", plan->layers, 1024},          {"width", plan->width, 1 << 16},
        {"heads", plan->heads, 1 << 16},         {"context", plan->context, 1 << 20},
        {"ffn width", plan->ffn_width, 1 << 20}, {"vocabulary", plan->vocabulary, 1 << 26},
        {"batch", plan->batch, 1 << 20},
    };
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++)
        if (sizes[n].value < 1 || sizes[n].value > sizes[n].limit)
            return az_error_raise(error, AZ_USAGE, "model: %s must be 1 to %zu, not %zu",
                                  sizes[n].name, sizes[n].limit, sizes[n].value);
    if (plan->width % plan->heads)
        return az_error_raise(error, AZ_USAGE,
                              "model: heads must divide width: %zu does not divide %zu",
                              plan->heads, plan->width);
    if (plan->batch * az_round_up(plan->context, AZ_ROW_BLOCK) > UINT32_MAX)
        return az_error_raise(error, AZ_USAGE,
                              "model: batch x context must stay below 2^32, not %zu x %zu",
                              plan->batch, plan->context);
    return AZ_OK;
}

static void fill_shape(struct az_shape *s, const struct az_model_plan *plan)
{
    *s = (struct az_shape){.layers = plan->layers,
                           .width = plan->width,
                           .heads = plan->heads,
                           .context = plan->context,
                           .ffn = plan->ffn_width,
                           .vocabulary = plan->vocabulary,
                           .batch = plan->batch};
    s->head = s->width / s->heads;
    s->width_padded = az_round_up(s->width, AZ_PRODUCT_BLOCK);
    s->ffn_padded = az_round_up(s->ffn, AZ_PRODUCT_BLOCK);
    s->qkv_padded = az_round_up(3 * s->width, AZ_PRODUCT_BLOCK);
    s->head_padded = az_round_up(s->head, AZ_PRODUCT_BLOCK);
    s->vocabulary_padded = az_round_up(s->vocabulary, AZ_PRODUCT_BLOCK);
    s->padded = az_round_up(s->context, AZ_ROW_BLOCK);
    s->rows = s->batch * s->padded;
    s->positions = s->batch * s->context;
    s->panel = az_least(s->rows, AZ_PRODUCT_PANEL);
    s->panels = (s->rows + AZ_PRODUCT_PANEL - 1) / AZ_PRODUCT_PANEL;
    s->panel_stride = s->panel;
    s->vocabulary_blocks = (s->vocabulary + AZ_VOCABULARY_BLOCK - 1) / AZ_VOCABULARY_BLOCK;
}

/* ---- parameters ---- */

/* Appends a tensor (columns 0: rank 1) and returns its offset in the flat vector, or, of rank 1,
 * its place among the small ones. */
static size_t append(struct az_model *model, size_t rows, size_t columns, const char *format, ...)
    AZ_PRINTF(4, 5);

static size_t append(struct az_model *model, size_t rows, size_t columns, const char *format, ...)
{
    struct az_parameter *parameter = &model->parameters[model->parameter_count++];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parameter->name, sizeof parameter->name, format, arguments);
    va_end(arguments);
    parameter->rank = columns ? 2 : 1;
    parameter->shape[0] = rows;
    parameter->shape[1] = columns;
    parameter->count = columns ? rows * columns : rows;
    parameter->offset = model->size;
    model->size += parameter->count;
    if (columns) return parameter->offset;
    struct az_small *small = &model->smalls[model->small_count++];
    *small = (struct az_small){parameter->offset, model->shape.small, parameter->count};
    model->shape.small += parameter->count;
    return small->at;
}

static void append_norm(struct az_model *model, struct az_norm *norm, const char *name)
{
    norm->gain = append(model, model->shape.width, 0, "transformer.%s.weight", name);
    norm->bias = append(model, model->shape.width, 0, "transformer.%s.bias", name);
}

static void append_linear(struct az_model *model, struct az_linear *linear, size_t layer,
                          const char *name, size_t in, size_t out)
{
    linear->in = in;
    linear->out = out;
    linear->weight = append(model, in, out, "transformer.h.%zu.%s.weight", layer, name);
    linear->bias = append(model, out, 0, "transformer.h.%zu.%s.bias", layer, name);
}

static void append_layer(struct az_model *model, size_t number)
{
    struct az_layer *layer = &model->layers[number];
    size_t width = model->shape.width, ffn = model->shape.ffn;
    char name[32];
    snprintf(name, sizeof name, "h.%zu.ln_1", number);
    append_norm(model, &layer->norm[0], name);
    append_linear(model, &layer->linear[AZ_LINEAR_QKV], number, "attn.c_attn", width, 3 * width);
    append_linear(model, &layer->linear[AZ_LINEAR_PROJECTION], number, "attn.c_proj", width, width);
    snprintf(name, sizeof name, "h.%zu.ln_2", number);
    append_norm(model, &layer->norm[1], name);
    append_linear(model, &layer->linear[AZ_LINEAR_EXPAND], number, "mlp.c_fc", width, ffn);
    append_linear(model, &layer->linear[AZ_LINEAR_CONTRACT], number, "mlp.c_proj", ffn, width);
}

enum az_status az_model_lay_out(struct az_model *model, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_shape *shape = &model->shape;
    fill_shape(shape, &model->plan);
    size_t tensors = 5 + TENSORS_PER_LAYER * shape->layers;
    AZ_TRY(az_memory_allocate(&model->parameters, tensors, sizeof *model->parameters,
                              "the parameter table", error));
    AZ_TRY(az_memory_allocate(&model->smalls, tensors, sizeof *model->smalls, "the parameter table",
                              error));
    AZ_TRY(az_memory_allocate(&model->layers, shape->layers, sizeof *model->layers, "the layers",
                              error));
    append(model, shape->vocabulary, shape->width, "transformer.wte.weight");
    model->positions = append(model, shape->context, shape->width, "transformer.wpe.weight");
    for (size_t l = 0; l < shape->layers; l++) append_layer(model, l);
    append_norm(model, &model->last_norm, "ln_f");
    model->unembedding = 0;
    if (!model->plan.tied)
        model->unembedding = append(model, shape->vocabulary, shape->width, "lm_head.weight");
out:
    return status;
}

void az_model_release_layout(struct az_model *model)
{
    az_memory_free(model->parameters);
    az_memory_free(model->smalls);
    az_memory_free(model->layers);
    az_memory_free(model->scratch);
}

/* ---- memory ---- */

/* Hands out blocks of each purpose's memory in a fixed order; without memory it only counts. */
struct placement {
    struct az_model *model;
    size_t used[AZ_PURPOSE_COUNT];
    bool overflow;
};

static void place(struct placement *placement, enum az_purpose purpose, void *pointer, size_t count,
                  size_t size)
{
    unsigned char *memory = placement->model->memory[purpose];
    size_t *used = &placement->used[purpose], bytes, end;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4 ||
        __builtin_add_overflow(*used, az_round_up(bytes, AZ_ALIGNMENT_BYTES), &end)) {
        placement->overflow = true;
        return;
    }
    if (memory) *(void **)pointer = memory + *used;
    *used = end;
}

static void place_activations(struct placement *placement, void *pointer, size_t rows,
                              size_t columns)
{
    size_t count;
    if (__builtin_mul_overflow(rows, columns, &count)) placement->overflow = true;
    place(placement, AZ_PURPOSE_ACTIVATIONS, pointer, count, placement->model->math.bytes);
}

static void place_floats(struct placement *placement, void *pointer, size_t count)
{
    place(placement, AZ_PURPOSE_ACTIVATIONS, pointer, count, sizeof(float));
}

static void place_linear(struct placement *placement, struct az_linear *linear)
{
    struct az_model *model = placement->model;
    const struct az_math *math = &model->math;
    const struct az_shape *s = &model->shape;
    place(placement, AZ_PURPOSE_PARAMETERS, &linear->forward,
          az_math_packed(math, linear->in, linear->out), math->bytes);
    place(placement, AZ_PURPOSE_PARAMETERS, &linear->backward,
          az_math_packed(math, linear->out, linear->in), math->bytes);
    place_activations(placement, &linear->inputs, s->panels, linear->in * s->panel_stride);
    place_activations(placement, &linear->outputs_gradient, s->panels,
                      az_math_packed(math, s->panel, linear->out));
}

static void place_norm(struct placement *placement, struct az_norm *norm)
{
    const struct az_shape *s = &placement->model->shape;
    place_activations(placement, &norm->input, s->rows, s->width);
    place_floats(placement, &norm->mean, s->rows);
    place_floats(placement, &norm->rstd, s->rows);
}

static void place_layer(struct placement *placement, struct az_layer *layer)
{
    const struct az_shape *s = &placement->model->shape;
    for (int n = 0; n < 2; n++) place_norm(placement, &layer->norm[n]);
    for (int n = 0; n < AZ_LINEAR_COUNT; n++) place_linear(placement, &layer->linear[n]);
    place_activations(placement, &layer->qkv, s->rows, 3 * s->width);
    place_activations(placement, &layer->expanded, s->rows, s->ffn);
    place_floats(placement, &layer->maximum, s->rows * s->heads);
    place_floats(placement, &layer->inverse, s->rows * s->heads);
}

static void place_ends(struct placement *placement)
{
    struct az_model *model = placement->model;
    const struct az_math *math = &model->math;
    const struct az_shape *s = &model->shape;
    place(placement, AZ_PURPOSE_PARAMETERS, &model->values, model->size, sizeof *model->values);
    place(placement, AZ_PURPOSE_PARAMETERS, &model->small, s->small, sizeof *model->small);
    place(placement, AZ_PURPOSE_PARAMETERS, &model->unembedding_forward,
          az_math_packed(math, s->width, s->vocabulary), math->bytes);
    place(placement, AZ_PURPOSE_PARAMETERS, &model->unembedding_backward,
          az_math_packed(math, s->vocabulary, s->width), math->bytes);
    place(placement, AZ_PURPOSE_GRADIENTS, &model->gradients, model->size,
          model->plan.gradient_f32 ? sizeof(float) : sizeof(struct az_bf16));
    place(placement, AZ_PURPOSE_GRADIENTS, &model->unembedding_gradient,
          s->vocabulary_blocks * s->width, AZ_VOCABULARY_BLOCK * sizeof(float));
    place(placement, AZ_PURPOSE_GRADIENTS, &model->small_gradients, s->batch * s->small,
          sizeof *model->small_gradients);
    place_norm(placement, &model->last_norm);
    place_activations(placement, &model->h, s->rows, s->width_padded);
    place_activations(placement, &model->h_transposed, s->panels, s->width * s->panel_stride);
    place_activations(placement, &model->logits_gradient,
                      az_round_up(s->vocabulary, AZ_PACK_COLUMNS) / AZ_PACK_COLUMNS,
                      az_model_logits_group(model, s->panel));
    place_activations(placement, &model->h_gradient, s->rows, s->width);
    place_activations(placement, &model->embedded_gradient, s->rows, s->width);
    place_floats(placement, &model->losses, s->rows);
    place(placement, AZ_PURPOSE_ACTIVATIONS, &model->hidden, s->positions * s->width,
          sizeof *model->hidden);
    place(placement, AZ_PURPOSE_ACTIVATIONS, &model->token_starts, s->vocabulary + 1,
          sizeof *model->token_starts);
    place(placement, AZ_PURPOSE_ACTIVATIONS, &model->token_rows, s->positions,
          sizeof *model->token_rows);
}

static void place_scratch(struct placement *placement, void *pointer, size_t rows, size_t columns,
                          size_t size)
{
    size_t count;
    if (__builtin_mul_overflow(rows, columns, &count)) placement->overflow = true;
    place(placement, AZ_PURPOSE_SCRATCH, pointer, count, size);
}

static void place_attention_scratch(struct placement *placement, struct az_scratch *scratch)
{
    const struct az_math *math = &placement->model->math;
    const struct az_shape *s = &placement->model->shape;
    size_t bytes = math->bytes;
    size_t packed = az_math_packed(math, s->padded, s->head);
    if (packed < az_math_packed(math, s->head, s->padded))
        packed = az_math_packed(math, s->head, s->padded);
    place_scratch(placement, &scratch->sequence, s->padded, s->width_padded, bytes);
    place_scratch(placement, &scratch->qkv_gradient, s->padded, s->qkv_padded, bytes);
    place_scratch(placement, &scratch->query, AZ_ROW_BLOCK, s->head_padded, bytes);
    for (int n = 0; n < 5; n++) place_scratch(placement, &scratch->packed[n], 1, packed, bytes);
    place_scratch(placement, &scratch->weights, AZ_ROW_BLOCK, s->padded, bytes);
    for (int n = 0; n < 2; n++) {
        place_scratch(placement, &scratch->scores[n], AZ_ROW_BLOCK, s->padded, sizeof(float));
        place_scratch(placement, &scratch->transposed[n], s->padded, AZ_ATTENTION_PANEL, bytes);
        place_scratch(placement, &scratch->heads[n], s->padded, s->head, sizeof(float));
    }
}

static void place_thread(struct placement *placement, struct az_scratch *scratch)
{
    const struct az_shape *s = &placement->model->shape;
    size_t bytes = placement->model->math.bytes;
    size_t widest = 3 * s->width > s->ffn ? 3 * s->width : s->ffn;
    for (int n = 0; n < 3; n++)
        place_scratch(placement, &scratch->wide[n], AZ_ROW_BLOCK, widest, sizeof(float));
    place_scratch(placement, &scratch->narrow, AZ_ROW_BLOCK, s->width_padded, bytes);
    place_scratch(placement, &scratch->narrow_ffn, AZ_ROW_BLOCK, s->ffn_padded, bytes);
    place_scratch(placement, &scratch->residual, s->padded, s->width_padded, bytes);
    place_attention_scratch(placement, scratch);
    place_scratch(placement, &scratch->logits, AZ_ROW_BLOCK, s->vocabulary_padded, bytes);
    place_scratch(placement, &scratch->tile, AZ_ROW_BLOCK, AZ_LOGIT_TILE, sizeof(float));
    place_scratch(placement, &scratch->block, AZ_WEIGHT_ROWS, AZ_WEIGHT_COLUMNS, sizeof(float));
    for (int n = 0; n < 2; n++)
        place_scratch(placement, &scratch->exps[n], 1, s->vocabulary, sizeof(float));
    for (int n = 0; n < 2; n++)
        place_scratch(placement, &scratch->rows[n], AZ_EMBEDDING_ROWS, s->width, sizeof(float));
    if (placement->model->math.f32)
        place_scratch(placement, &scratch->pack, AZ_PACK_ROWS, widest, sizeof(float));
}

enum az_status az_model_place(struct az_model *model, size_t bytes[AZ_PURPOSE_COUNT],
                              struct az_error *error)
{
    struct placement placement = {.model = model};
    struct az_scratch counted;
    place_ends(&placement);
    for (size_t l = 0; l < model->shape.layers; l++) place_layer(&placement, &model->layers[l]);
    for (int n = 0; n < model->threads; n++)
        place_thread(&placement, model->scratch ? &model->scratch[n] : &counted);
    memcpy(bytes, placement.used, sizeof placement.used);
    if (placement.overflow)
        return az_error_raise(error, AZ_MEMORY,
                              "the model does not fit in any memory: lower batch, context, width "
                              "or vocabulary");
    return AZ_OK;
}
