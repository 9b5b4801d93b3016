#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/bf16.h"
#include "azimuth/matrix.h"
#include "base/memory.h"

enum { ROWS_PER_CHUNK = 256 };

const void *az_matrix_row(const struct az_matrix *matrix, int64_t row, void *scratch)
{
    const char *bytes = (const char *)matrix->data + (size_t)row * matrix->row_bytes;
    if ((uintptr_t)bytes % az_dtype_bytes(matrix->dtype) == 0) return bytes;
    return memcpy(scratch, bytes, matrix->row_bytes);
}

float az_f16_to_f32(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = bits >> 10 & 31,
             mantissa = bits & 1023;
    if (exponent == 31)
        return az_f32_from_bits(sign | 0x7f800000 | mantissa << 13 | (mantissa ? 0x400000u : 0));
    if (exponent) return az_f32_from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
    float value = (float)mantissa * 0x1p-24f; /* exact: 10 bits */
    return sign ? -value : value;
}

static uint16_t word_at(const char *bytes)
{
    uint16_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

void az_matrix_row_f32(const struct az_matrix *matrix, int64_t row, float *values)
{
    const char *bytes = (const char *)matrix->data + (size_t)row * matrix->row_bytes;
    if (matrix->dtype == AZ_DTYPE_F32)
        memcpy(values, bytes, matrix->row_bytes);
    else if (matrix->dtype == AZ_DTYPE_BF16)
        for (int64_t d = 0; d < matrix->dims; d++)
            values[d] = az_bf16_to_f32((struct az_bf16){word_at(bytes + 2 * d)});
    else
        for (int64_t d = 0; d < matrix->dims; d++)
            values[d] = az_f16_to_f32(word_at(bytes + 2 * d));
}

int64_t az_matrix_token(const struct az_matrix *matrix, int64_t row)
{
    return matrix->token_ids ? matrix->token_ids[row] : row;
}

struct hashing {
    const struct az_matrix *matrix;
    struct az_hash *rows;
    int64_t first;
};

static void hash_rows(void *context, size_t chunk, int thread)
{
    (void)thread;
    const struct hashing *hashing = context;
    const struct az_matrix *matrix = hashing->matrix;
    int64_t row = hashing->first + (int64_t)chunk * ROWS_PER_CHUNK, end = row + ROWS_PER_CHUNK;
    for (; row < end && row < matrix->rows; row++)
        hashing->rows[row] = az_hash_bytes(
            (const char *)matrix->data + (size_t)row * matrix->row_bytes, matrix->row_bytes);
}

enum az_status az_matrix_hash_of_rows(const struct az_matrix *matrix, const struct az_hash *rows,
                                      struct az_hash *hash, struct az_error *error)
{
    char text[96];
    struct az_hasher *hasher;
    enum az_status status = az_hasher_create(&hasher, error);
    if (status != AZ_OK) return status;
    int length = snprintf(text, sizeof text, "%s %" PRId64 " %" PRId64 "\n",
                          az_dtype_name(matrix->dtype), matrix->rows, matrix->dims);
    az_hasher_add(hasher, text, (size_t)length);
    for (int64_t row = 0; row < matrix->rows; row++) {
        uint64_t words[2] = {rows[row].low, rows[row].high};
        az_hasher_add(hasher, words, sizeof words);
    }
    *hash = az_hasher_value(hasher);
    az_hasher_free(hasher);
    return AZ_OK;
}

enum az_status az_matrix_hash(const struct az_matrix *matrix, struct az_pool *pool,
                              struct az_hash *hash, struct az_progress *progress,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct hashing hashing = {.matrix = matrix};
    double total = (double)matrix->rows * (double)matrix->row_bytes / 1e6;
    AZ_TRY(az_memory_allocate(&hashing.rows, (size_t)matrix->rows, sizeof *hashing.rows,
                              "hashes of the rows", error));
    az_progress_begin(progress);
    while (hashing.first < matrix->rows) {
        size_t chunks =
            (size_t)(matrix->rows - hashing.first + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK;
        if (chunks > 64) chunks = 64;
        az_pool_run(pool, hash_rows, &hashing, chunks);
        hashing.first += (int64_t)chunks * ROWS_PER_CHUNK;
        az_progress_tell(progress, "hashing", "MB",
                         (double)hashing.first * (double)matrix->row_bytes / 1e6, total, "");
        if (az_progress_stopped(progress)) AZ_RAISE(AZ_INTERRUPTED, "stopped on request");
    }
    az_progress_end(progress, "hashing", "MB", total, total, "");
    AZ_TRY(az_matrix_hash_of_rows(matrix, hashing.rows, hash, error));
out:
    az_memory_free(hashing.rows);
    return status;
}
