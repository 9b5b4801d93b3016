#include <string.h>

#include "lab/model_state.h"

struct az_rows_block az_model_block(const struct az_model *model, size_t sequence, size_t t)
{
    const struct az_shape *s = &model->shape;
    return (struct az_rows_block){.sequence = sequence,
                                  .t = t,
                                  .rows = az_least(AZ_ROW_BLOCK, s->context - t),
                                  .row = sequence * s->padded + t};
}

size_t az_model_panel_rows(const struct az_model *model, size_t panel)
{
    return az_least(AZ_PRODUCT_PANEL, model->shape.rows - panel * AZ_PRODUCT_PANEL);
}

/* A little more than a packed B needs: where groups lie a power of two apart, a row of them falls
 * on a few sets of the cache. */
size_t az_model_logits_group(const struct az_model *model, size_t rows)
{
    return az_math_group(&model->math, rows) + 2 * AZ_PACK_COLUMNS;
}

void az_model_keep_rows(const struct az_model *model, const struct az_rows_block *block,
                        size_t columns, const void *x, size_t x_stride, void *panels)
{
    const struct az_math *math = &model->math;
    size_t stride = model->shape.panel_stride;
    size_t panel = block->row / AZ_PRODUCT_PANEL, within = block->row % AZ_PRODUCT_PANEL;
    az_math_transpose(math, block->rows, columns, x, x_stride,
                      az_math_at(math, panels, panel * columns * stride + within), stride);
}

void az_model_keep_gradient(const struct az_model *model, const struct az_rows_block *block,
                            const struct az_linear *linear, const void *dy, size_t dy_stride)
{
    const struct az_math *math = &model->math;
    size_t panel = block->row / AZ_PRODUCT_PANEL, within = block->row % AZ_PRODUCT_PANEL;
    size_t panel_size = az_math_packed(math, model->shape.panel, linear->out);
    az_math_pack_rows(math, within, block->rows, linear->out, dy, dy_stride,
                      az_math_at(math, linear->outputs_gradient, panel * panel_size),
                      az_math_group(math, az_model_panel_rows(model, panel)));
}

void az_model_store_gradient(const struct az_model *model, size_t offset, size_t count,
                             const float *from)
{
    if (model->plan.gradient_f32)
        memcpy((float *)model->gradients + offset, from, count * sizeof *from);
    else
        model->math.kernels.narrow(count, from, (struct az_bf16 *)model->gradients + offset);
}
