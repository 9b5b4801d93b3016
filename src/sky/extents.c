#include "sky/extents.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static int compare_orders(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    return a < b ? -1 : a > b;
}

/* column: [count] orders of one dimension, sorted here. */
static void measure(struct az_extents *extents, int64_t d, int32_t *column, int64_t count)
{
    qsort(column, (size_t)count, sizeof *column, compare_orders);
    extents->least[d] = column[0];
    extents->greatest[d] = column[count - 1];
    extents->extent[d] = (uint32_t)column[count - 1] - (uint32_t)column[0];
    extents->distinct[d] = 1;
    for (int64_t v = 1; v < count; v++) extents->distinct[d] += column[v] != column[v - 1];
    extents->active += extents->extent[d] > 0;
    extents->log10_cells += log10((double)extents->extent[d] + 1);
}

enum az_status az_extents_measure(struct az_extents *extents, const struct az_crystal *crystal,
                                  enum az_dtype dtype, int64_t count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t dims = (size_t)crystal->dims;
    const char *what = "extents";
    int32_t *column = NULL;
    *extents = (struct az_extents){.dims = crystal->dims};
    AZ_TRY(az_memory_allocate(&extents->least, dims, sizeof(int32_t), what, error));
    AZ_TRY(az_memory_allocate(&extents->greatest, dims, sizeof(int32_t), what, error));
    AZ_TRY(az_memory_allocate(&extents->extent, dims, sizeof(uint32_t), what, error));
    AZ_TRY(az_memory_allocate(&extents->distinct, dims, sizeof(uint32_t), what, error));
    AZ_TRY(az_memory_allocate(&extents->exponent, dims, sizeof(int32_t), what, error));
    AZ_TRY(az_memory_allocate(&column, (size_t)count, sizeof(int32_t), what, error));
    for (int64_t d = 0; count && d < crystal->dims; d++) {
        for (int64_t v = 0; v < count; v++) column[v] = crystal->orders[v * crystal->dims + d];
        extents->exponent[d] = az_bits_exponent(dtype, (uint32_t)abs(column[0]));
        measure(extents, d, column, count);
    }
out:
    az_memory_free(column);
    return status;
}

void az_extents_free(struct az_extents *extents)
{
    az_memory_free(extents->least);
    az_memory_free(extents->greatest);
    az_memory_free(extents->extent);
    az_memory_free(extents->distinct);
    az_memory_free(extents->exponent);
    *extents = (struct az_extents){0};
}
