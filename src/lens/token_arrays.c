#include "lens/token_arrays.h"

#include <string.h>

#include "base/memory.h"

#define MOST_ARRAYS 16
#define COMPANIONS 3 /* steps, token_ids, last */

struct az_token_arrays {
    struct az_safetensors_writer *writer;
    size_t count;
    int64_t rows, columns;
};

static void describe(struct az_tensor *tensor, const char *name, enum az_dtype dtype, int rank,
                     int64_t first, int64_t second)
{
    *tensor = (struct az_tensor){.dtype = dtype, .rank = rank, .shape = {first, second}};
    strncpy(tensor->name, name, sizeof tensor->name - 1);
}

enum az_status az_token_arrays_create(struct az_token_arrays **arrays_pointer, const char *path,
                                      const char *const *metadata,
                                      const struct az_lens_subject *subject, const int64_t *steps,
                                      int64_t count, const struct az_token_array *table,
                                      size_t table_count, const char *last, int64_t columns,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tensor tensors[MOST_ARRAYS + COMPANIONS];
    struct az_token_arrays *arrays = NULL;
    size_t n = 0;
    *arrays_pointer = NULL;
    AZ_TRY(az_memory_allocate(&arrays, 1, sizeof *arrays, "the arrays", error));
    *arrays =
        (struct az_token_arrays){.count = table_count, .rows = subject->rows, .columns = columns};
    for (; n < table_count; n++)
        describe(&tensors[n], table[n].name, table[n].is_float ? AZ_DTYPE_F32 : AZ_DTYPE_I32, 2,
                 count, subject->rows);
    describe(&tensors[n++], "steps", AZ_DTYPE_I64, 1, count, 0);
    describe(&tensors[n++], "token_ids", AZ_DTYPE_I64, 1, subject->rows, 0);
    describe(&tensors[n++], last, AZ_DTYPE_I64, columns > 1 ? 2 : 1, subject->rows, columns);
    AZ_TRY(az_safetensors_create(&arrays->writer, path, tensors, n, metadata, error));
    AZ_TRY(az_safetensors_write(arrays->writer, table_count, 0, steps,
                                (size_t)count * sizeof *steps, error));
    AZ_TRY(az_safetensors_write(arrays->writer, table_count + 1, 0, subject->tokens,
                                (size_t)subject->rows * sizeof(int64_t), error));
    *arrays_pointer = arrays;
    arrays = NULL;
out:
    az_token_arrays_abort(arrays);
    return status;
}

enum az_status az_token_arrays_write(struct az_token_arrays *arrays, size_t n, int64_t number,
                                     const uint32_t *keys, int64_t count, struct az_error *error)
{
    size_t step_bytes = (size_t)arrays->rows * sizeof *keys;
    return az_safetensors_write(arrays->writer, n, (uint64_t)number * step_bytes, keys,
                                (size_t)count * step_bytes, error);
}

enum az_status az_token_arrays_commit(struct az_token_arrays *arrays, const int64_t *last,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_safetensors_write(arrays->writer, arrays->count + COMPANIONS - 1, 0, last,
                                (size_t)(arrays->rows * arrays->columns) * sizeof *last, error));
    struct az_safetensors_writer *writer = arrays->writer;
    arrays->writer = NULL;
    AZ_TRY(az_safetensors_commit(writer, error));
out:
    az_token_arrays_abort(arrays);
    return status;
}

void az_token_arrays_abort(struct az_token_arrays *arrays)
{
    if (!arrays) return;
    az_safetensors_abort(arrays->writer);
    az_memory_free(arrays);
}
