/* Causal attention of one sequence, head by head, in blocks of query rows.
 *
 * Forward, for queries i of a block that begins at i0, keys j < end = i0 + 32:
 *   S = Q K^T / sqrt(head)          float32, never rounded
 *   P = softmax over j <= i         float32; rounded for the product with V, zero for j > i
 *   O = P V                         K of the product is `end`, panels as ever; rounded
 * Backward, S and P made again from Q, K and the kept max and 1 / sum:
 *   dP = dO V^T, dS = P (dP - sum(P dP)) / sqrt(head)      float32, P not rounded
 *   dQ = round(dS) K                                       K of the product is `end`
 *   dV = round(P)^T dO, dK = round(dS)^T Q                 queries in panels of 128, each panel's
 *                                                          product from the block of the diagonal
 *                                                          on, panels added in ascending order */
#include <math.h>
#include <string.h>

#include "lab/model_state.h"

/* One head of one sequence. Matrices [context][head] with stride 3 width (qkv) or width_padded. */
struct head {
    const struct az_model *model;
    const struct az_math *math;
    const struct az_shape *shape;
    struct az_scratch *scratch;
    const void *query, *key, *value;
    size_t stride;
    void *output;   /* of the head in scratch->sequence: O, or dO */
    void *gradient; /* of the head's query in scratch->qkv_gradient */
    float *maximum, *inverse;
    float scale;
};

static struct head head_of(const struct az_model *model, const struct az_layer *layer,
                           size_t sequence, size_t h, struct az_scratch *scratch)
{
    const struct az_shape *s = &model->shape;
    const struct az_math *math = &model->math;
    size_t first = sequence * s->padded * 3 * s->width + h * s->head;
    size_t statistics = (sequence * s->heads + h) * s->padded;
    return (struct head){.model = model,
                         .math = math,
                         .shape = s,
                         .scratch = scratch,
                         .query = az_math_at(math, layer->qkv, first),
                         .key = az_math_at(math, layer->qkv, first + s->width),
                         .value = az_math_at(math, layer->qkv, first + 2 * s->width),
                         .stride = 3 * s->width,
                         .output = az_math_at(math, scratch->sequence, h * s->head),
                         .gradient = az_math_at(math, scratch->qkv_gradient, h * s->head),
                         .maximum = layer->maximum + statistics,
                         .inverse = layer->inverse + statistics,
                         .scale = (float)(1 / sqrt((double)s->head))};
}

/* Rows of a head as an A operand: where they lie, or, when the head is no multiple of 32 wide, a
 * copy with zeros behind each row. */
static struct az_math_product rows_as_a(const struct head *head, const void *rows, size_t stride,
                                        size_t count)
{
    const struct az_shape *s = head->shape;
    if (head->math->f32 || s->head == s->head_padded)
        return (struct az_math_product){.m = count, .k = s->head, .a = rows, .a_stride = stride};
    for (size_t row = 0; row < count; row++)
        memcpy(az_math_at(head->math, head->scratch->query, row * s->head_padded),
               az_math_at(head->math, rows, row * stride), s->head * head->math->bytes);
    return (struct az_math_product){
        .m = count, .k = s->head, .a = head->scratch->query, .a_stride = s->head_padded};
}

/* Where a block's rows end: keys 0 .. end-1 are read, a whole number of K's blocks in bf16. */
struct reach {
    size_t i0, rows, end;
};

static struct reach reach_of(const struct head *head, size_t i0)
{
    size_t rows = az_least(AZ_ROW_BLOCK, head->shape->context - i0);
    return (struct reach){i0, rows, i0 + (head->math->f32 ? rows : AZ_ROW_BLOCK)};
}

/* out[rows][end] = A B for the block's rows of a matrix and a packed B of head x context. */
static void times_keys(const struct head *head, const struct reach *reach, const void *rows,
                       size_t stride, const void *packed, float *out)
{
    const void *first = az_math_at(head->math, rows, reach->i0 * stride);
    struct az_math_product product = rows_as_a(head, first, stride, reach->rows);
    product.n = az_least(reach->end, head->shape->context);
    product.b = packed;
    product.c = out;
    product.c_stride = reach->end;
    az_math_product(head->math, &product);
}

static void scores(const struct head *head, const struct reach *reach, float *out)
{
    times_keys(head, reach, head->query, head->stride, head->scratch->packed[0], out);
    head->math->kernels.scale(reach->rows * reach->end, head->scale, out);
}

/* out[rows][head] = A[rows][end] B for a packed B of context x head; rounded to the block's rows of
 * `to`. */
static void times_values(const struct head *head, const struct reach *reach, const void *a,
                         const void *packed, void *to, size_t to_stride)
{
    const struct az_math *math = head->math;
    const struct az_shape *s = head->shape;
    float *out = head->scratch->wide[0];
    az_math_product(math, &(struct az_math_product){.m = reach->rows,
                                                    .n = s->head,
                                                    .k = reach->end,
                                                    .a = a,
                                                    .a_stride = reach->end,
                                                    .b = packed,
                                                    .b_group = az_math_group(math, s->context),
                                                    .c = out,
                                                    .c_stride = s->head});
    az_math_store(math, reach->rows, s->head, out, az_math_at(math, to, reach->i0 * to_stride),
                  to_stride);
}

/* ---- forward ---- */

/* Softmax of the block's scores in place, zero behind the diagonal; statistics are kept. */
static void softmax(const struct head *head, const struct reach *reach, float *p)
{
    const struct az_kernels *kernels = &head->math->kernels;
    for (size_t row = 0; row < reach->rows; row++, p += reach->end) {
        size_t i = reach->i0 + row;
        float sum;
        kernels->softmax_exponentials(i + 1, p, &head->maximum[i], &sum);
        head->inverse[i] = 1 / sum;
        kernels->scale(i + 1, head->inverse[i], p);
        memset(p + i + 1, 0, (reach->end - i - 1) * sizeof *p);
    }
}

static void forward_head(const struct head *head)
{
    const struct az_math *math = head->math;
    const struct az_shape *s = head->shape;
    struct az_scratch *scratch = head->scratch;
    float *p = scratch->scores[0];
    az_math_pack_transposed(math, s->head, s->context, head->key, head->stride, scratch->packed[0]);
    az_math_pack(math, s->context, s->head, head->value, head->stride, scratch->packed[1]);
    for (size_t i0 = 0; i0 < s->context; i0 += AZ_ROW_BLOCK) {
        struct reach reach = reach_of(head, i0);
        scores(head, &reach, p);
        softmax(head, &reach, p);
        az_math_store(math, 1, reach.rows * reach.end, p, scratch->weights, reach.rows * reach.end);
        times_values(head, &reach, scratch->weights, scratch->packed[1], head->output,
                     s->width_padded);
    }
}

void az_attention_forward(const struct az_model *model, const struct az_layer *layer,
                          size_t sequence, struct az_scratch *scratch)
{
    for (size_t h = 0; h < model->shape.heads; h++) {
        struct head head = head_of(model, layer, sequence, h, scratch);
        forward_head(&head);
    }
}

/* ---- backward ---- */

/* P of the block from its scores and the kept statistics. */
static void softmax_again(const struct head *head, const struct reach *reach, float *p)
{
    for (size_t row = 0; row < reach->rows; row++, p += reach->end) {
        size_t i = reach->i0 + row;
        head->math->kernels.softmax_apply(i + 1, p, head->maximum[i], head->inverse[i], p);
        memset(p + i + 1, 0, (reach->end - i - 1) * sizeof *p);
    }
}

/* dS of the block, in place of dP. */
static void softmax_gradient(const struct head *head, const struct reach *reach, const float *p,
                             float *dp)
{
    for (size_t row = 0; row < reach->rows; row++, p += reach->end, dp += reach->end) {
        size_t i = reach->i0 + row;
        head->math->kernels.softmax_backward(i + 1, p, dp, head->scale, dp);
        memset(dp + i + 1, 0, (reach->end - i - 1) * sizeof *dp);
    }
}

/* Rounds a block of P or dS and keeps it transposed as columns of its panel; in bf16 columns up to
 * the next 32 are zero. */
static void keep_transposed(const struct head *head, const struct reach *reach, const float *from,
                            void *transposed)
{
    const struct az_math *math = head->math;
    void *weights = head->scratch->weights;
    size_t count = reach->rows * reach->end, rows = reach->rows;
    az_math_store(math, 1, count, from, weights, count);
    if (!math->f32 && rows < AZ_ROW_BLOCK) {
        memset(az_math_at(math, weights, count), 0,
               (AZ_ROW_BLOCK - rows) * reach->end * math->bytes);
        rows = AZ_ROW_BLOCK;
    }
    az_math_transpose(math, rows, reach->end, weights, reach->end,
                      az_math_at(math, transposed, reach->i0 % AZ_ATTENTION_PANEL),
                      AZ_ATTENTION_PANEL);
}

static void backward_block(const struct head *head, size_t i0)
{
    struct az_scratch *scratch = head->scratch;
    const struct az_shape *s = head->shape;
    struct reach reach = reach_of(head, i0);
    float *p = scratch->scores[0], *dp = scratch->scores[1];
    scores(head, &reach, p);
    softmax_again(head, &reach, p);
    keep_transposed(head, &reach, p, scratch->transposed[0]);
    times_keys(head, &reach, head->output, s->width_padded, scratch->packed[1], dp);
    softmax_gradient(head, &reach, p, dp);
    keep_transposed(head, &reach, dp, scratch->transposed[1]);
    times_values(head, &reach, scratch->weights, scratch->packed[2], head->gradient, s->qkv_padded);
}

/* Rows j0 .. j0+rows-1 of dV or dK from queries first .. of the panel at i0. */
static void add_panel_rows(const struct head *head, size_t i0, size_t first, size_t j0, size_t rows,
                           const void *transposed, const void *packed, float *sum)
{
    const struct az_math *math = head->math;
    const struct az_shape *s = head->shape;
    size_t panel_end = az_least(i0 + AZ_ATTENTION_PANEL, s->context);
    az_math_product(math,
                    &(struct az_math_product){
                        .m = rows,
                        .n = s->head,
                        .k = panel_end - first,
                        .a = az_math_at(math, transposed, j0 * AZ_ATTENTION_PANEL + first - i0),
                        .a_stride = AZ_ATTENTION_PANEL,
                        .b = az_math_at(math, packed, first * AZ_PACK_COLUMNS),
                        .b_group = az_math_group(math, s->context),
                        .c = sum + j0 * s->head,
                        .c_stride = s->head,
                        .accumulate = j0 < i0});
}

/* The panel's part of dV or dK: all queries for keys before the panel; for a block of keys inside
 * it, queries from that block on. */
static void add_panel(const struct head *head, size_t i0, const void *transposed,
                      const void *packed, float *sum)
{
    size_t end = az_least(i0 + AZ_ATTENTION_PANEL, head->shape->context);
    if (i0) add_panel_rows(head, i0, i0, 0, i0, transposed, packed, sum);
    for (size_t j0 = i0; j0 < end; j0 += AZ_ROW_BLOCK)
        add_panel_rows(head, i0, j0, j0, az_least(AZ_ROW_BLOCK, end - j0), transposed, packed, sum);
}

static void backward_head(const struct head *head)
{
    const struct az_math *math = head->math;
    const struct az_shape *s = head->shape;
    struct az_scratch *scratch = head->scratch;
    void **packed = scratch->packed;
    az_math_pack_transposed(math, s->head, s->context, head->key, head->stride, packed[0]);
    az_math_pack_transposed(math, s->head, s->context, head->value, head->stride, packed[1]);
    az_math_pack(math, s->context, s->head, head->key, head->stride, packed[2]);
    az_math_pack(math, s->context, s->head, head->query, head->stride, packed[3]);
    az_math_pack(math, s->context, s->head, head->output, s->width_padded, packed[4]);
    for (size_t i0 = 0; i0 < s->context; i0 += AZ_ATTENTION_PANEL) {
        size_t end = az_least(i0 + AZ_ATTENTION_PANEL, s->context);
        for (size_t i = i0; i < end; i += AZ_ROW_BLOCK) backward_block(head, i);
        add_panel(head, i0, scratch->transposed[0], packed[4], scratch->heads[0]);
        add_panel(head, i0, scratch->transposed[1], packed[3], scratch->heads[1]);
    }
    az_math_store(math, s->context, s->head, scratch->heads[0],
                  az_math_at(math, head->gradient, 2 * s->width), s->qkv_padded);
    az_math_store(math, s->context, s->head, scratch->heads[1],
                  az_math_at(math, head->gradient, s->width), s->qkv_padded);
}

void az_attention_backward(const struct az_model *model, const struct az_layer *layer,
                           size_t sequence, struct az_scratch *scratch)
{
    for (size_t h = 0; h < model->shape.heads; h++) {
        struct head head = head_of(model, layer, sequence, h, scratch);
        backward_head(&head);
    }
}
