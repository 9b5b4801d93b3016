/* Backward pass of one sequence from the last LayerNorm to the embedding. The gradient of the
 * residual stream lies in scratch->residual; dY of every linear layer is kept for the weights. */
#include <string.h>

#include "lab/model_state.h"

struct walk {
    const struct az_pass *pass;
    const struct az_model *model;
    const struct az_math *math;
    struct az_scratch *scratch;
    float *small_gradients; /* of this sequence */
};

static void *block_of(const struct walk *walk, const void *matrix, size_t columns,
                      const struct az_rows_block *block)
{
    return az_math_at(walk->math, matrix, block->row * columns);
}

/* The block's rows of a matrix of the sequence alone, [padded][stride]. */
static void *sequence_block(const struct walk *walk, const void *matrix, size_t stride,
                            const struct az_rows_block *block)
{
    return az_math_at(walk->math, matrix, block->t * stride);
}

/* Keeps dy for dW, adds its rows to db, and returns dx = dy W^T in `dx`, not rounded. dy_wide is
 * dy in float32. */
static void linear_backward(const struct walk *walk, const struct az_linear *linear,
                            const struct az_rows_block *block, const void *dy, size_t dy_stride,
                            const float *dy_wide, float *dx)
{
    az_model_keep_gradient(walk->model, block, linear, dy, dy_stride);
    walk->math->kernels.sum_rows(block->rows, linear->out, dy_wide,
                                 walk->small_gradients + linear->bias);
    az_math_product(walk->math, &(struct az_math_product){.m = block->rows,
                                                          .n = linear->in,
                                                          .k = linear->out,
                                                          .a = dy,
                                                          .a_stride = dy_stride,
                                                          .b = linear->backward,
                                                          .c = dx,
                                                          .c_stride = linear->in});
}

/* y = round(y), kept in `to` as well. */
static void round_into(const struct walk *walk, size_t rows, size_t columns, float *y, void *to,
                       size_t to_stride)
{
    az_math_store(walk->math, rows, columns, y, to, to_stride);
    az_math_load(walk->math, rows, columns, to, to_stride, y);
}

/* dx of a LayerNorm from dy (already rounded), rounded, into `dx`; x is scratch. */
static void norm_backward(const struct walk *walk, const struct az_norm *norm,
                          const struct az_rows_block *block, const float *dy, float *x, float *dx)
{
    size_t width = walk->model->shape.width;
    az_math_load(walk->math, block->rows, width, block_of(walk, norm->input, width, block), width,
                 x);
    walk->math->kernels.layernorm_backward(block->rows, width, x, walk->model->small + norm->gain,
                                           norm->mean + block->row, norm->rstd + block->row, dy, dx,
                                           walk->small_gradients + norm->gain,
                                           walk->small_gradients + norm->bias);
    round_into(walk, block->rows, width, dx, walk->scratch->narrow,
               walk->model->shape.width_padded);
}

/* The block's residual gradient r becomes round(r + d), d already rounded; `r_wide` is scratch. */
static void add_to_residual(const struct walk *walk, const struct az_rows_block *block, float *d,
                            float *r_wide)
{
    const struct az_shape *s = &walk->model->shape;
    void *r = sequence_block(walk, walk->scratch->residual, s->width_padded, block);
    az_math_load(walk->math, block->rows, s->width, r, s->width_padded, r_wide);
    walk->math->kernels.add(block->rows * s->width, r_wide, d);
    az_math_store(walk->math, block->rows, s->width, d, r, s->width_padded);
}

static void last_norm_backward(const struct walk *walk, const struct az_rows_block *block)
{
    const struct az_model *model = walk->model;
    const struct az_shape *s = &model->shape;
    float *const *wide = walk->scratch->wide;
    az_math_load(walk->math, block->rows, s->width,
                 block_of(walk, model->h_gradient, s->width, block), s->width, wide[0]);
    norm_backward(walk, &model->last_norm, block, wide[0], wide[1], wide[2]);
    az_math_store(walk->math, block->rows, s->width, wide[2],
                  sequence_block(walk, walk->scratch->residual, s->width_padded, block),
                  s->width_padded);
}

/* Through c_proj, GELU, c_fc and the second LayerNorm; the residual gradient takes its part. */
static void feed_forward_backward(const struct walk *walk, const struct az_layer *layer,
                                  const struct az_rows_block *block)
{
    const struct az_shape *s = &walk->model->shape;
    const struct az_math *math = walk->math;
    struct az_scratch *scratch = walk->scratch;
    float *a = scratch->wide[0], *b = scratch->wide[1], *c = scratch->wide[2];
    const void *r = sequence_block(walk, scratch->residual, s->width_padded, block);
    size_t expanded = block->rows * s->ffn;
    az_math_load(math, block->rows, s->width, r, s->width_padded, a);
    linear_backward(walk, &layer->linear[AZ_LINEAR_CONTRACT], block, r, s->width_padded, a, b);
    round_into(walk, block->rows, s->ffn, b, scratch->narrow_ffn, s->ffn_padded);
    az_math_load(math, 1, expanded, block_of(walk, layer->expanded, s->ffn, block), expanded, a);
    math->kernels.gelu_backward(expanded, a, b, b);
    round_into(walk, block->rows, s->ffn, b, scratch->narrow_ffn, s->ffn_padded);
    linear_backward(walk, &layer->linear[AZ_LINEAR_EXPAND], block, scratch->narrow_ffn,
                    s->ffn_padded, b, a);
    round_into(walk, block->rows, s->width, a, scratch->narrow, s->width_padded);
    norm_backward(walk, &layer->norm[1], block, a, b, c);
    add_to_residual(walk, block, c, b);
}

/* Gradient of the attention's output, rounded, into scratch->sequence. */
static void projection_backward(const struct walk *walk, const struct az_layer *layer,
                                const struct az_rows_block *block)
{
    const struct az_shape *s = &walk->model->shape;
    struct az_scratch *scratch = walk->scratch;
    const void *r = sequence_block(walk, scratch->residual, s->width_padded, block);
    az_math_load(walk->math, block->rows, s->width, r, s->width_padded, scratch->wide[0]);
    linear_backward(walk, &layer->linear[AZ_LINEAR_PROJECTION], block, r, s->width_padded,
                    scratch->wide[0], scratch->wide[1]);
    az_math_store(walk->math, block->rows, s->width, scratch->wide[1],
                  sequence_block(walk, scratch->sequence, s->width_padded, block), s->width_padded);
}

/* From the gradient of Q, K, V through c_attn and the first LayerNorm. */
static void attention_inputs_backward(const struct walk *walk, const struct az_layer *layer,
                                      const struct az_rows_block *block)
{
    const struct az_shape *s = &walk->model->shape;
    const struct az_linear *qkv = &layer->linear[AZ_LINEAR_QKV];
    struct az_scratch *scratch = walk->scratch;
    float *a = scratch->wide[0], *b = scratch->wide[1], *c = scratch->wide[2];
    const void *dy = sequence_block(walk, scratch->qkv_gradient, s->qkv_padded, block);
    az_math_load(walk->math, block->rows, qkv->out, dy, s->qkv_padded, b);
    linear_backward(walk, qkv, block, dy, s->qkv_padded, b, a);
    round_into(walk, block->rows, s->width, a, scratch->narrow, s->width_padded);
    norm_backward(walk, &layer->norm[0], block, a, b, c);
    add_to_residual(walk, block, c, b);
}

static void backward_layer(const struct walk *walk, const struct az_layer *layer, size_t sequence)
{
    const struct az_model *model = walk->model;
    for (size_t t = 0; t < model->shape.context; t += AZ_ROW_BLOCK) {
        struct az_rows_block block = az_model_block(model, sequence, t);
        feed_forward_backward(walk, layer, &block);
        projection_backward(walk, layer, &block);
    }
    az_attention_backward(model, layer, sequence, walk->scratch);
    for (size_t t = 0; t < model->shape.context; t += AZ_ROW_BLOCK) {
        struct az_rows_block block = az_model_block(model, sequence, t);
        attention_inputs_backward(walk, layer, &block);
    }
}

/* Keeps the gradient of the embedding sum, [rows][width]. */
static void keep_embedded(const struct walk *walk, size_t sequence)
{
    const struct az_model *model = walk->model;
    const struct az_shape *s = &model->shape;
    for (size_t t = 0; t < s->context; t++)
        memcpy(
            az_math_at(walk->math, model->embedded_gradient, (sequence * s->padded + t) * s->width),
            az_math_at(walk->math, walk->scratch->residual, t * s->width_padded),
            s->width * walk->math->bytes);
}

/* Chunk: a sequence. */
void az_model_backward_chunk(void *context, size_t chunk, int thread)
{
    const struct az_pass *pass = context;
    const struct az_model *model = pass->model;
    size_t small = model->shape.small;
    struct walk walk = {pass, model, &model->math, &model->scratch[thread],
                        model->small_gradients + chunk * small};
    memset(walk.small_gradients, 0, small * sizeof *walk.small_gradients);
    for (size_t t = 0; t < model->shape.context; t += AZ_ROW_BLOCK) {
        struct az_rows_block block = az_model_block(model, chunk, t);
        last_norm_backward(&walk, &block);
    }
    for (size_t l = model->shape.layers; l-- > 0;) backward_layer(&walk, &model->layers[l], chunk);
    keep_embedded(&walk, chunk);
}
