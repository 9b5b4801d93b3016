/* Unembedding: logits, loss, and both gradients, by panels of AZ_PRODUCT_PANEL rows. Logits exist
 * for one block of rows at a time, their gradient for one panel.
 *
 * Of each row: x = h U^T, rounded; m = max x, s = sum exp(x - m) in 16 lanes; loss = ln s + m -
 * x[target] in double, rounded to float32; dx = exp(x - m) * ((1/n) / s), less 1/n at the target,
 * n the number of positions; rounded. dH = dx U, K = vocabulary; dU^T = H^T dx, K = rows. */
#include "base/random.h"
#include "lab/model_state.h"

/* Logits of the rows at `row`, rounded, [rows][vocabulary_padded]. */
static void block_logits(const struct az_model *model, size_t row, size_t rows,
                         struct az_scratch *scratch)
{
    const struct az_math *math = &model->math;
    const struct az_shape *s = &model->shape;
    size_t group = az_math_group(math, s->width);
    for (size_t v = 0; v < s->vocabulary; v += AZ_LOGIT_TILE) {
        size_t columns = az_least(AZ_LOGIT_TILE, s->vocabulary - v);
        az_math_product(
            math, &(struct az_math_product){.m = rows,
                                            .n = columns,
                                            .k = s->width,
                                            .a = az_math_at(math, model->h, row * s->width_padded),
                                            .a_stride = s->width_padded,
                                            .b = az_math_at(math, model->unembedding_forward,
                                                            v / AZ_PACK_COLUMNS * group),
                                            .c = scratch->tile,
                                            .c_stride = columns});
        az_math_store(math, rows, columns, scratch->tile, az_math_at(math, scratch->logits, v),
                      s->vocabulary_padded);
    }
}

/* Loss of one row; with gradient the row of logits becomes that of their gradient. */
static float row_loss(const struct az_pass *pass, void *logits, uint32_t target,
                      struct az_scratch *scratch)
{
    const struct az_math *math = &pass->model->math;
    size_t vocabulary = pass->model->shape.vocabulary;
    float *x = scratch->logit_row, max, sum;
    az_math_load(math, 1, vocabulary, logits, vocabulary, x);
    double logit = x[target];
    math->kernels.softmax_exponentials(vocabulary, x, &max, &sum);
    float loss = (float)(az_logarithm(sum) + (double)max - logit);
    if (!pass->gradient) return loss;
    float share = (float)(1.0 / (double)pass->model->shape.positions);
    math->kernels.scale(vocabulary, share / sum, x);
    x[target] -= share;
    az_math_store(math, 1, vocabulary, x, logits, vocabulary);
    return loss;
}

/* dH of the rows, and the gradient of their logits packed for dU. */
static void block_gradients(const struct az_pass *pass, const struct az_rows_block *block,
                            struct az_scratch *scratch)
{
    struct az_model *model = pass->model;
    const struct az_math *math = &model->math;
    const struct az_shape *s = &model->shape;
    float *dh = scratch->wide[0];
    az_math_product(math, &(struct az_math_product){.m = block->rows,
                                                    .n = s->width,
                                                    .k = s->vocabulary,
                                                    .a = scratch->logits,
                                                    .a_stride = s->vocabulary_padded,
                                                    .b = model->unembedding_backward,
                                                    .c = dh,
                                                    .c_stride = s->width});
    az_math_store(math, block->rows, s->width, dh,
                  az_math_at(math, model->h_gradient, block->row * s->width), s->width);
    az_math_pack_rows(math, block->row % AZ_PRODUCT_PANEL, block->rows, s->vocabulary,
                      scratch->logits, s->vocabulary_padded, model->logits_gradient,
                      az_math_group(math, az_model_panel_rows(model, pass->panel)));
}

/* Block `chunk` of the panel at hand, or of all rows in a pass without gradient. */
static void rows_chunk(void *context, size_t chunk, int thread)
{
    const struct az_pass *pass = context;
    struct az_model *model = pass->model;
    const struct az_shape *s = &model->shape;
    struct az_scratch *scratch = &model->scratch[thread];
    size_t row = pass->panel * AZ_PRODUCT_PANEL + chunk * AZ_ROW_BLOCK;
    struct az_rows_block block = az_model_block(model, row / s->padded, row % s->padded);
    const uint32_t *targets = pass->targets + block.sequence * s->context + block.t;
    block_logits(model, row, block.rows, scratch);
    for (size_t n = 0; n < block.rows; n++) {
        void *logits = az_math_at(&model->math, scratch->logits, n * s->vocabulary_padded);
        model->losses[row + n] = row_loss(pass, logits, targets[n], scratch);
    }
    if (pass->gradient) block_gradients(pass, &block, scratch);
}

/* The panel's part of a block of dU^T. */
static void vocabulary_chunk(void *context, size_t chunk, int thread)
{
    (void)thread;
    const struct az_pass *pass = context;
    const struct az_model *model = pass->model;
    const struct az_math *math = &model->math;
    const struct az_shape *s = &model->shape;
    size_t rows = az_model_panel_rows(model, pass->panel), v = chunk * AZ_VOCABULARY_BLOCK;
    size_t group = az_math_group(math, rows);
    az_math_product(
        math,
        &(struct az_math_product){
            .m = s->width,
            .n = az_least(AZ_VOCABULARY_BLOCK, s->vocabulary - v),
            .k = rows,
            .a = az_math_at(math, model->h_transposed, pass->panel * s->width * s->panel_stride),
            .a_stride = s->panel_stride,
            .b = az_math_at(math, model->logits_gradient, v / AZ_PACK_COLUMNS * group),
            .c = model->unembedding_gradient + chunk * s->width * AZ_VOCABULARY_BLOCK,
            .c_stride = AZ_VOCABULARY_BLOCK,
            .accumulate = pass->panel > 0});
}

void az_model_unembed(struct az_pass *pass)
{
    struct az_model *model = pass->model;
    const struct az_shape *s = &model->shape;
    pass->panel = 0;
    if (!pass->gradient) {
        az_pool_run(model->pool, rows_chunk, pass, s->rows / AZ_ROW_BLOCK);
        az_model_phase_ends(model, AZ_MODEL_UNEMBEDDING);
        return;
    }
    for (; pass->panel < s->panels; pass->panel++) {
        size_t rows = az_model_panel_rows(model, pass->panel);
        az_pool_run(model->pool, rows_chunk, pass, rows / AZ_ROW_BLOCK);
        az_model_phase_ends(model, AZ_MODEL_UNEMBEDDING);
        az_pool_run(model->pool, vocabulary_chunk, pass, s->vocabulary_blocks);
        az_model_phase_ends(model, AZ_MODEL_UNEMBEDDING_WEIGHTS);
    }
}
