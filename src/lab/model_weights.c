/* Gradients that sum over token rows: of weights, biases, gains, positions, embedding. Every chunk
 * owns its place in the gradients; within it rows are taken in ascending order.
 *
 * Chunks, in this order: blocks of dW of every linear layer; blocks of the embedding; blocks of
 * positions; one for all biases and gains of a sequence's length each. */
#include <string.h>

#include "lab/model_state.h"

static size_t blocks(size_t count, size_t size) { return (count + size - 1) / size; }

/* ---- linear layers ---- */

static size_t linear_chunks(const struct az_linear *linear)
{
    return blocks(linear->in, AZ_WEIGHT_ROWS) * blocks(linear->out, AZ_WEIGHT_COLUMNS);
}

static size_t layer_chunks(const struct az_model *model)
{
    size_t count = 0;
    for (int n = 0; n < AZ_LINEAR_COUNT; n++) count += linear_chunks(&model->layers[0].linear[n]);
    return count;
}

/* dW[in0 ..][out0 ..] = sum over panels of X^T dY. */
static void weight_block(const struct az_model *model, const struct az_linear *linear, size_t in0,
                         size_t out0, float *sum)
{
    const struct az_math *math = &model->math;
    const struct az_shape *s = &model->shape;
    size_t rows = az_least(AZ_WEIGHT_ROWS, linear->in - in0);
    size_t columns = az_least(AZ_WEIGHT_COLUMNS, linear->out - out0);
    size_t panel_size = az_math_packed(math, s->panel, linear->out);
    for (size_t panel = 0; panel < s->panels; panel++) {
        size_t k = az_model_panel_rows(model, panel);
        size_t a = (panel * linear->in + in0) * s->panel_stride;
        size_t b = panel * panel_size + out0 / AZ_PACK_COLUMNS * az_math_group(math, k);
        az_math_product(
            math, &(struct az_math_product){.m = rows,
                                            .n = columns,
                                            .k = k,
                                            .a = az_math_at(math, linear->inputs, a),
                                            .a_stride = s->panel_stride,
                                            .b = az_math_at(math, linear->outputs_gradient, b),
                                            .c = sum,
                                            .c_stride = columns,
                                            .accumulate = panel > 0});
    }
    for (size_t row = 0; row < rows; row++)
        az_model_store_gradient(model, linear->weight + (in0 + row) * linear->out + out0, columns,
                                sum + row * columns);
}

static void linear_chunk(const struct az_model *model, size_t chunk, struct az_scratch *scratch)
{
    size_t per_layer = layer_chunks(model);
    const struct az_linear *linear = model->layers[chunk / per_layer].linear;
    for (chunk %= per_layer; chunk >= linear_chunks(linear); linear++)
        chunk -= linear_chunks(linear);
    size_t across = blocks(linear->out, AZ_WEIGHT_COLUMNS);
    weight_block(model, linear, chunk / across * AZ_WEIGHT_ROWS, chunk % across * AZ_WEIGHT_COLUMNS,
                 scratch->block);
}

/* ---- embedding ---- */

/* Counting sort of all token rows by their input token, rows ascending within a token. */
void az_model_sort_tokens(const struct az_pass *pass)
{
    const struct az_model *model = pass->model;
    const struct az_shape *s = &model->shape;
    uint32_t *starts = model->token_starts;
    memset(starts, 0, (s->vocabulary + 1) * sizeof *starts);
    for (size_t n = 0; n < s->positions; n++) starts[pass->inputs[n] + 1]++;
    for (size_t v = 0; v < s->vocabulary; v++) starts[v + 1] += starts[v];
    for (size_t n = s->positions; n-- > 0;) {
        /* From the end, so that starts[v + 1] comes down to the start of v. */
        size_t row = n / s->context * s->padded + n % s->context;
        model->token_rows[--starts[pass->inputs[n] + 1]] = (uint32_t)row;
    }
    memmove(starts, starts + 1, s->vocabulary * sizeof *starts);
    starts[s->vocabulary] = (uint32_t)s->positions;
}

/* sum = 0 + each row of the gradient of the embedding sum, in order; row is scratch. */
static void sum_token(const struct az_model *model, size_t v, float *row, float *sum)
{
    size_t width = model->shape.width;
    memset(sum, 0, width * sizeof *sum);
    for (size_t n = model->token_starts[v]; n < model->token_starts[v + 1]; n++) {
        const void *gradient =
            az_math_at(&model->math, model->embedded_gradient, model->token_rows[n] * width);
        az_math_load(&model->math, 1, width, gradient, width, row);
        model->math.kernels.add(width, row, sum);
    }
}

/* dU of tokens v0 ..: a block of dU^T, turned. */
static void output_side(const struct az_model *model, size_t v0, size_t tokens, float *rows)
{
    size_t width = model->shape.width, block = v0 / AZ_VOCABULARY_BLOCK;
    const float *from = model->unembedding_gradient + block * width * AZ_VOCABULARY_BLOCK +
                        v0 % AZ_VOCABULARY_BLOCK;
    model->math.kernels.transpose_f32(width, tokens, from, AZ_VOCABULARY_BLOCK, rows, width);
}

static void embedding_chunk(const struct az_model *model, size_t chunk, struct az_scratch *scratch)
{
    const struct az_shape *s = &model->shape;
    size_t v0 = chunk * AZ_EMBEDDING_ROWS, width = s->width;
    size_t tokens = az_least(AZ_EMBEDDING_ROWS, s->vocabulary - v0);
    float *in = scratch->rows[0], *out = scratch->rows[1];
    output_side(model, v0, tokens, out);
    for (size_t v = 0; v < tokens; v++) sum_token(model, v0 + v, scratch->wide[0], in + v * width);
    if (model->plan.tied)
        model->math.kernels.add(tokens * width, out, in);
    else
        az_model_store_gradient(model, model->unembedding + v0 * width, tokens * width, out);
    az_model_store_gradient(model, v0 * width, tokens * width, in);
}

static void position_chunk(const struct az_model *model, size_t chunk, struct az_scratch *scratch)
{
    const struct az_shape *s = &model->shape;
    size_t t0 = chunk * AZ_POSITION_ROWS;
    size_t count = az_least(AZ_POSITION_ROWS, s->context - t0) * s->width;
    float *sum = scratch->rows[0], *part = scratch->rows[1];
    memset(sum, 0, count * sizeof *sum);
    for (size_t b = 0; b < s->batch; b++) {
        size_t first = (b * s->padded + t0) * s->width;
        az_math_load(&model->math, 1, count,
                     az_math_at(&model->math, model->embedded_gradient, first), count, part);
        model->math.kernels.add(count, part, sum);
    }
    az_model_store_gradient(model, model->positions + t0 * s->width, count, sum);
}

/* ---- biases and gains ---- */

/* Sums a small parameter over the sequences, into the first one's place. */
static void small_chunk(const struct az_model *model, size_t chunk)
{
    const struct az_small *small = &model->smalls[chunk];
    float *sum = model->small_gradients + small->at;
    for (size_t b = 1; b < model->shape.batch; b++)
        model->math.kernels.add(small->count, sum + b * model->shape.small, sum);
    az_model_store_gradient(model, small->offset, small->count, sum);
}

/* ---- all ---- */

size_t az_model_weight_chunks(const struct az_model *model)
{
    return model->shape.layers * layer_chunks(model) +
           blocks(model->shape.vocabulary, AZ_EMBEDDING_ROWS) +
           blocks(model->shape.context, AZ_POSITION_ROWS) + model->small_count;
}

void az_model_weight_chunk(void *context, size_t chunk, int thread)
{
    const struct az_pass *pass = context;
    const struct az_model *model = pass->model;
    struct az_scratch *scratch = &model->scratch[thread];
    size_t linears = model->shape.layers * layer_chunks(model);
    size_t embeddings = blocks(model->shape.vocabulary, AZ_EMBEDDING_ROWS);
    size_t positions = blocks(model->shape.context, AZ_POSITION_ROWS);
    if (chunk < linears)
        linear_chunk(model, chunk, scratch);
    else if ((chunk -= linears) < embeddings)
        embedding_chunk(model, chunk, scratch);
    else if ((chunk -= embeddings) < positions)
        position_chunk(model, chunk, scratch);
    else
        small_chunk(model, chunk - positions);
}
