/* Any bytes as an .npy file and as the index of a checkpoint: read or refused, never more. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/matrix.h"
#include "store/matrix_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

static void try_npy(const uint8_t *bytes, size_t length_bytes)
{
    struct az_matrix *matrix;
    struct az_error error = {0};
    if (az_matrix_open_npy_bytes(&matrix, bytes, length_bytes, &error) != AZ_OK) {
        if (matrix || !error.message[0]) abort();
        return;
    }
    const uint8_t *data = matrix->data;
    size_t size = (size_t)matrix->rows * matrix->row_bytes;
    if (data < bytes || data + size != bytes + length_bytes) abort();
    float *values = malloc((size_t)matrix->dims * sizeof *values);
    if (!values) abort();
    az_matrix_row_f32(matrix, matrix->rows - 1, values);
    free(values);
    az_matrix_close(matrix);
}

static void try_index(const uint8_t *bytes, size_t length_bytes)
{
    struct az_matrix_index index;
    struct az_error error = {0};
    char list[64];
    enum az_status status =
        az_matrix_index_parse(&index, "fuzz", (const char *)bytes, length_bytes, &error);
    if (status != AZ_OK && !error.message[0]) abort();
    if (status == AZ_OK) {
        for (size_t n = 0; n < index.count; n++)
            if (strchr(index.shards[n].file, '/')) abort();
        if (!az_matrix_index_file(&index, index.shards[index.count - 1].tensor)) abort();
        az_matrix_index_list(&index, list, sizeof list);
    }
    az_matrix_index_free(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    try_npy(bytes, length_bytes);
    try_index(bytes, length_bytes);
    return 0;
}
