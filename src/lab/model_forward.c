/* Forward pass of one sequence through all layers, in blocks of rows that stay in the cache. */
#include <string.h>

#include "lab/model_state.h"

#define EPS 1e-5f /* of every LayerNorm */

struct walk {
    const struct az_pass *pass;
    const struct az_model *model;
    const struct az_math *math;
    struct az_scratch *scratch;
};

/* The rows of a matrix [rows][columns] that belong to a block. */
static void *block_of(const struct walk *walk, const void *matrix, size_t columns,
                      const struct az_rows_block *block)
{
    return az_math_at(walk->math, matrix, block->row * columns);
}

static void keep(const struct walk *walk, const struct az_rows_block *block,
                 const struct az_linear *linear, const void *x, size_t x_stride)
{
    if (walk->pass->gradient)
        az_model_keep_rows(walk->model, block, linear->in, x, x_stride, linear->inputs);
}

/* y = x W + b in float32, not yet rounded. */
static void apply_linear(const struct walk *walk, const struct az_linear *linear, size_t rows,
                         const void *x, size_t x_stride, float *y)
{
    az_math_product(walk->math, &(struct az_math_product){.m = rows,
                                                          .n = linear->out,
                                                          .k = linear->in,
                                                          .a = x,
                                                          .a_stride = x_stride,
                                                          .b = linear->forward,
                                                          .c = y,
                                                          .c_stride = linear->out});
    walk->math->kernels.add_row(rows, linear->out, walk->model->small + linear->bias, y);
}

/* y = LayerNorm(x) in float32; x and the statistics are what the backward pass reads. */
static void apply_norm(const struct walk *walk, const struct az_norm *norm,
                       const struct az_rows_block *block, float *x, float *y)
{
    size_t width = walk->model->shape.width;
    const float *small = walk->model->small;
    az_math_load(walk->math, block->rows, width, block_of(walk, norm->input, width, block), width,
                 x);
    walk->math->kernels.layernorm(block->rows, width, x, small + norm->gain, small + norm->bias,
                                  EPS, y, norm->mean + block->row, norm->rstd + block->row);
}

/* sum = round(x + round(y)), y and x float32, x already rounded; y is overwritten. */
static void add_residual(const struct walk *walk, const struct az_rows_block *block, const float *x,
                         float *y, void *sum)
{
    size_t width = walk->model->shape.width, count = block->rows * width;
    void *to = block_of(walk, sum, width, block);
    az_math_store(walk->math, 1, count, y, to, count);
    az_math_load(walk->math, 1, count, to, count, y);
    walk->math->kernels.add(count, x, y);
    az_math_store(walk->math, 1, count, y, to, count);
}

/* The embedding sum of a block, into the first layer's input. */
static void embed(const struct walk *walk, const struct az_rows_block *block, void *to)
{
    const struct az_model *model = walk->model;
    const struct az_kernels *kernels = &walk->math->kernels;
    size_t width = model->shape.width, count = block->rows * width;
    const uint32_t *tokens = walk->pass->inputs + block->sequence * model->shape.context + block->t;
    float *sum = walk->scratch->wide[0], *positions = walk->scratch->wide[1];
    for (size_t row = 0; row < block->rows; row++)
        kernels->widen(width, model->values + tokens[row] * width, sum + row * width);
    kernels->widen(count, model->values + model->positions + block->t * width, positions);
    kernels->add(count, positions, sum);
    az_math_store(walk->math, 1, count, sum, block_of(walk, to, width, block), count);
}

static void attention_inputs(const struct walk *walk, const struct az_layer *layer,
                             const struct az_rows_block *block)
{
    const struct az_shape *s = &walk->model->shape;
    const struct az_linear *qkv = &layer->linear[AZ_LINEAR_QKV];
    struct az_scratch *scratch = walk->scratch;
    apply_norm(walk, &layer->norm[0], block, scratch->wide[0], scratch->wide[1]);
    az_math_store(walk->math, block->rows, s->width, scratch->wide[1], scratch->narrow,
                  s->width_padded);
    keep(walk, block, qkv, scratch->narrow, s->width_padded);
    apply_linear(walk, qkv, block->rows, scratch->narrow, s->width_padded, scratch->wide[0]);
    az_math_store(walk->math, block->rows, qkv->out, scratch->wide[0],
                  block_of(walk, layer->qkv, qkv->out, block), qkv->out);
}

/* Projection of the attention's output and the first residual sum, into norm[1].input. */
static void attention_output(const struct walk *walk, const struct az_layer *layer,
                             const struct az_rows_block *block)
{
    const struct az_shape *s = &walk->model->shape;
    const struct az_linear *projection = &layer->linear[AZ_LINEAR_PROJECTION];
    struct az_scratch *scratch = walk->scratch;
    const void *heads = az_math_at(walk->math, scratch->sequence, block->t * s->width_padded);
    keep(walk, block, projection, heads, s->width_padded);
    apply_linear(walk, projection, block->rows, heads, s->width_padded, scratch->wide[0]);
    az_math_load(walk->math, block->rows, s->width,
                 block_of(walk, layer->norm[0].input, s->width, block), s->width, scratch->wide[1]);
    add_residual(walk, block, scratch->wide[1], scratch->wide[0], layer->norm[1].input);
}

/* The feed-forward part and the second residual sum, into `output`. */
static void feed_forward(const struct walk *walk, const struct az_layer *layer,
                         const struct az_rows_block *block, void *output)
{
    const struct az_shape *s = &walk->model->shape;
    const struct az_linear *expand = &layer->linear[AZ_LINEAR_EXPAND];
    const struct az_linear *contract = &layer->linear[AZ_LINEAR_CONTRACT];
    struct az_scratch *scratch = walk->scratch;
    float *x = scratch->wide[0], *y = scratch->wide[1], *u = scratch->wide[2];
    void *expanded = block_of(walk, layer->expanded, s->ffn, block);
    apply_norm(walk, &layer->norm[1], block, x, y);
    az_math_store(walk->math, block->rows, s->width, y, scratch->narrow, s->width_padded);
    keep(walk, block, expand, scratch->narrow, s->width_padded);
    apply_linear(walk, expand, block->rows, scratch->narrow, s->width_padded, u);
    az_math_store(walk->math, block->rows, s->ffn, u, expanded, s->ffn);
    az_math_load(walk->math, block->rows, s->ffn, expanded, s->ffn, u);
    walk->math->kernels.gelu(block->rows * s->ffn, u, u);
    az_math_store(walk->math, block->rows, s->ffn, u, scratch->narrow_ffn, s->ffn_padded);
    keep(walk, block, contract, scratch->narrow_ffn, s->ffn_padded);
    apply_linear(walk, contract, block->rows, scratch->narrow_ffn, s->ffn_padded, y);
    add_residual(walk, block, x, y, output);
}

static void last_norm(const struct walk *walk, const struct az_rows_block *block)
{
    const struct az_model *model = walk->model;
    const struct az_shape *s = &model->shape;
    float *y = walk->scratch->wide[1];
    void *h = block_of(walk, model->h, s->width_padded, block);
    size_t position = block->sequence * s->context + block->t;
    apply_norm(walk, &model->last_norm, block, walk->scratch->wide[0], y);
    az_math_store(walk->math, block->rows, s->width, y, h, s->width_padded);
    walk->math->kernels.narrow(block->rows * s->width, y, model->hidden + position * s->width);
    if (walk->pass->gradient)
        az_model_keep_rows(model, block, s->width, h, s->width_padded, model->h_transposed);
}

static void forward_layer(const struct walk *walk, size_t sequence, size_t l)
{
    const struct az_model *model = walk->model;
    const struct az_layer *layer = &model->layers[l];
    void *output =
        l + 1 < model->shape.layers ? model->layers[l + 1].norm[0].input : model->last_norm.input;
    for (size_t t = 0; t < model->shape.context; t += AZ_ROW_BLOCK) {
        struct az_rows_block block = az_model_block(model, sequence, t);
        attention_inputs(walk, layer, &block);
    }
    az_attention_forward(model, layer, sequence, walk->scratch);
    for (size_t t = 0; t < model->shape.context; t += AZ_ROW_BLOCK) {
        struct az_rows_block block = az_model_block(model, sequence, t);
        attention_output(walk, layer, &block);
        feed_forward(walk, layer, &block, output);
    }
}

static void forward_sequence(const struct walk *walk, size_t sequence)
{
    const struct az_model *model = walk->model;
    for (size_t t = 0; t < model->shape.context; t += AZ_ROW_BLOCK) {
        struct az_rows_block block = az_model_block(model, sequence, t);
        embed(walk, &block, model->layers[0].norm[0].input);
    }
    for (size_t l = 0; l < model->shape.layers; l++) forward_layer(walk, sequence, l);
    for (size_t t = 0; t < model->shape.context; t += AZ_ROW_BLOCK) {
        struct az_rows_block block = az_model_block(model, sequence, t);
        last_norm(walk, &block);
    }
}

/* Chunks 0 .. batch-1 are sequences; chunk `batch`, of a pass with gradient, sorts the tokens. */
void az_model_forward_chunk(void *context, size_t chunk, int thread)
{
    const struct az_pass *pass = context;
    const struct az_model *model = pass->model;
    if (chunk == model->shape.batch) {
        az_model_sort_tokens(pass);
        return;
    }
    struct walk walk = {pass, model, &model->math, &model->scratch[thread]};
    forward_sequence(&walk, chunk);
}
