#include "sky/lattice_row.h"

void az_row_orders(const struct az_matrix *matrix, int64_t row, void *scratch, int32_t *orders)
{
    const void *words = az_matrix_row(matrix, row, scratch);
    for (int64_t d = 0; d < matrix->dims; d++)
        orders[d] = az_bits_ord(matrix->dtype, az_row_bits(matrix->dtype, words, d));
}

struct az_steps az_orders_distance(const int32_t *a, const int32_t *b, int64_t dims)
{
    struct az_steps steps = {0, 0, 0};
    for (int64_t d = 0; d < dims; d++) {
        uint32_t gap =
            a[d] > b[d] ? (uint32_t)a[d] - (uint32_t)b[d] : (uint32_t)b[d] - (uint32_t)a[d];
        if (gap > steps.linf) steps.linf = gap;
        steps.l1 += gap;
        steps.l0 += gap != 0;
    }
    return steps;
}
