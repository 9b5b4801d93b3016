/* Unembedding: logits, loss, and both gradients, by panels of AZ_PRODUCT_PANEL rows. Logits exist
 * for one block of rows at a time, their gradient for one panel.
 *
 * Of each row: x = h U^T, rounded; m = max x, s = sum exp(x - m) in 16 lanes; loss = ln s + m -
 * x[target] in double, rounded to float32; dx = exp(x - m) * ((1/n) / s), less 1/n at the target,
 * n the number of positions; rounded. dH = dx U, K = vocabulary; dU^T = H^T dx, K = rows. */
#include <string.h>

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

/* 1/n. */
static float share(const struct az_pass *pass)
{
    return (float)(1.0 / (double)pass->model->shape.positions);
}

/* Loss of one row; e takes exp(x - max). Returns (1/n) / sum, by which e becomes the gradient. */
static float row_loss(const struct az_pass *pass, size_t row, const void *logits, uint32_t target,
                      float *e)
{
    const struct az_math *math = &pass->model->math;
    float max, sum, logit;
    az_math_load(math, 1, 1, az_math_at(math, logits, target), 1, &logit);
    az_math_exponentials(math, pass->model->shape.vocabulary, logits, e, &max, &sum);
    pass->model->losses[row] = (float)(az_logarithm(sum) + (double)max - (double)logit);
    return share(pass) / sum;
}

/* The gradient of one logit, the target's, into its rows and into the packed ones. */
static void correct_target(const struct az_pass *pass, const struct az_math_pair *pair, size_t row,
                           uint32_t target)
{
    const struct az_math *math = &pass->model->math;
    float gradient = pair->x[row][target] * pair->factor[row] - share(pass);
    void *packed =
        az_math_at(math, pair->packed, az_math_packed_at(math, pair->group, row, target));
    az_math_store(math, 1, 1, &gradient, az_math_at(math, pair->y, row * pair->y_stride + target),
                  1);
    az_math_store(math, 1, 1, &gradient, packed, 1);
}

/* Losses of rows n and n + 1 of a block; with gradient the rows of logits become that of their
 * gradient, which is packed for dU too. What lies beyond the block's rows is zero. */
static void pair_losses(const struct az_pass *pass, const struct az_rows_block *block, size_t n,
                        struct az_scratch *scratch)
{
    const struct az_model *model = pass->model;
    const struct az_math *math = &model->math;
    const struct az_shape *s = &model->shape;
    const uint32_t *targets = pass->targets + block->sequence * s->context + block->t + n;
    size_t count = az_least(2, block->rows > n ? block->rows - n : 0);
    struct az_math_pair pair = {.columns = s->vocabulary,
                                .x = {scratch->exps[0], scratch->exps[1]},
                                .y = az_math_at(math, scratch->logits, n * s->vocabulary_padded),
                                .y_stride = s->vocabulary_padded};
    for (size_t row = 0; row < count; row++)
        pair.factor[row] =
            row_loss(pass, block->row + n + row, az_math_at(math, pair.y, row * pair.y_stride),
                     targets[row], scratch->exps[row]);
    if (!pass->gradient) return;
    for (size_t row = count; row < 2; row++)
        memset(scratch->exps[row], 0, s->vocabulary * sizeof(float));
    pair.group = az_model_logits_group(model, az_model_panel_rows(model, pass->panel));
    pair.packed =
        az_math_at(math, model->logits_gradient,
                   az_math_packed_at(math, pair.group, block->row % AZ_PRODUCT_PANEL + n, 0));
    az_math_scale_pair(math, &pair);
    for (size_t row = 0; row < count; row++) correct_target(pass, &pair, row, targets[row]);
}

/* dH of the rows. */
static void block_gradient(const struct az_pass *pass, const struct az_rows_block *block,
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
    block_logits(model, row, block.rows, scratch);
    for (size_t n = 0; n < AZ_ROW_BLOCK; n += 2) pair_losses(pass, &block, n, scratch);
    if (pass->gradient) block_gradient(pass, &block, scratch);
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
    size_t group = az_model_logits_group(model, rows);
    az_math_product(
        math,
        &(struct az_math_product){
            .m = s->width,
            .n = az_least(AZ_VOCABULARY_BLOCK, s->vocabulary - v),
            .k = rows,
            .a = az_math_at(math, model->h_transposed, pass->panel * s->width * s->panel_stride),
            .a_stride = s->panel_stride,
            .b = az_math_at(math, model->logits_gradient, v / AZ_PACK_COLUMNS * group),
            .b_group = group,
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
