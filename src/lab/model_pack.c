/* Weights laid out for the products: W for x W and for dy W^T, the unembedding likewise; in compute
 * f32 widened. A chunk takes AZ_PACK_ROWS rows of one matrix both ways. */
#include "lab/model_state.h"

static size_t row_chunks(size_t rows) { return (rows + AZ_PACK_ROWS - 1) / AZ_PACK_ROWS; }

/* Rows of the matrix of `columns` columns at `values`, as the type of the products. */
static const void *matrix_rows(const struct az_model *model, const struct az_bf16 *values,
                               size_t rows, size_t columns, struct az_scratch *scratch)
{
    if (!model->math.f32) return values;
    model->math.kernels.widen(rows * columns, values, scratch->pack);
    return scratch->pack;
}

/* M[rows][columns] from flat offset `offset`: its rows from row0 on into `plain`, packed as a B of
 * rows x columns, and into `turned`, packed as its transpose. */
static void pack_rows(const struct az_model *model, size_t offset, size_t rows, size_t columns,
                      size_t row0, void *plain, void *turned, struct az_scratch *scratch)
{
    const struct az_math *math = &model->math;
    size_t count = az_least(AZ_PACK_ROWS, rows - row0);
    const void *from =
        matrix_rows(model, model->values + offset + row0 * columns, count, columns, scratch);
    if (count == rows)
        az_math_pack(math, rows, columns, from, columns, plain);
    else
        az_math_pack_rows(math, row0, count, columns, from, columns, plain,
                          az_math_group(math, rows));
    size_t to = row0 / AZ_PACK_COLUMNS * az_math_group(math, columns);
    az_math_pack_transposed(math, columns, count, from, columns, az_math_at(math, turned, to));
}

static void pack_small(const struct az_model *model)
{
    for (size_t n = 0; n < model->small_count; n++) {
        const struct az_small *small = &model->smalls[n];
        model->math.kernels.widen(small->count, model->values + small->offset,
                                  model->small + small->at);
    }
}

/* Chunk 0: the small parameters; then the layers' matrices; then the unembedding. */
static void pack_chunk(void *context, size_t chunk, int thread)
{
    const struct az_model *model = context;
    const struct az_shape *s = &model->shape;
    struct az_scratch *scratch = &model->scratch[thread];
    if (chunk == 0) {
        pack_small(model);
        return;
    }
    chunk--;
    for (size_t l = 0; l < s->layers; l++) {
        for (int n = 0; n < AZ_LINEAR_COUNT; n++) {
            const struct az_linear *linear = &model->layers[l].linear[n];
            if (chunk < row_chunks(linear->in)) {
                pack_rows(model, linear->weight, linear->in, linear->out, chunk * AZ_PACK_ROWS,
                          linear->forward, linear->backward, scratch);
                return;
            }
            chunk -= row_chunks(linear->in);
        }
    }
    pack_rows(model, model->unembedding, s->vocabulary, s->width, chunk * AZ_PACK_ROWS,
              model->unembedding_backward, model->unembedding_forward, scratch);
}

void az_model_values_changed(struct az_model *model)
{
    const struct az_shape *s = &model->shape;
    size_t chunks = 1 + row_chunks(s->vocabulary);
    for (int n = 0; n < AZ_LINEAR_COUNT; n++)
        chunks += s->layers * row_chunks(model->layers[0].linear[n].in);
    az_model_phase_begins(model);
    az_pool_run(model->pool, pack_chunk, model, chunks);
    az_model_phase_ends(model, AZ_MODEL_PACKING);
}
