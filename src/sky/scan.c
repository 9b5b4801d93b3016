#include "sky/scan.h"

#include <math.h>
#include <string.h>

#include "azimuth/bf16.h"
#include "base/memory.h"
#include "sky/lattice_row.h"
#include "sky/row_pass.h"

enum { LANES = 8 };

/* Sixteen-bit words of a row: which of NaN, infinity and -0 it has. exponent: the field's mask. */
static unsigned flags_of_words(const uint16_t *row, int64_t dims, uint16_t exponent)
{
    unsigned nan = 0, infinite = 0, negative_zero = 0, any = 0;
    for (int64_t d = 0; d < dims; d++) {
        uint16_t magnitude = row[d] & 0x7fff;
        nan |= magnitude > exponent;
        infinite |= magnitude == exponent;
        negative_zero |= row[d] == 0x8000;
        any |= magnitude;
    }
    return (nan ? AZ_ROW_NAN : 0) | (infinite ? AZ_ROW_INFINITE : 0) |
           (negative_zero ? AZ_ROW_NEGATIVE_ZERO : 0) | (any ? 0 : AZ_ROW_ZERO);
}

static unsigned flags_of_singles(const uint32_t *row, int64_t dims)
{
    unsigned nan = 0, infinite = 0, negative_zero = 0;
    uint32_t any = 0;
    for (int64_t d = 0; d < dims; d++) {
        uint32_t magnitude = row[d] & 0x7fffffff;
        nan |= magnitude > 0x7f800000;
        infinite |= magnitude == 0x7f800000;
        negative_zero |= row[d] == 0x80000000;
        any |= magnitude;
    }
    return (nan ? AZ_ROW_NAN : 0) | (infinite ? AZ_ROW_INFINITE : 0) |
           (negative_zero ? AZ_ROW_NEGATIVE_ZERO : 0) | (any ? 0 : AZ_ROW_ZERO);
}

static unsigned flags_of(const struct az_matrix *matrix, const void *row)
{
    if (matrix->dtype == AZ_DTYPE_F32) return flags_of_singles(row, matrix->dims);
    return flags_of_words(row, matrix->dims, matrix->dtype == AZ_DTYPE_F16 ? 0x7c00 : 0x7f80);
}

/* copy (the thread's scratch): the row with every -0 as +0. */
static struct az_hash hash_folded(const struct az_matrix *matrix, const void *row, void *copy)
{
    if (matrix->dtype == AZ_DTYPE_F32) {
        uint32_t *words = copy;
        const uint32_t *from = row;
        for (int64_t d = 0; d < matrix->dims; d++) words[d] = from[d] == 0x80000000 ? 0 : from[d];
    } else {
        uint16_t *words = copy;
        const uint16_t *from = row;
        for (int64_t d = 0; d < matrix->dims; d++)
            words[d] = from[d] == 0x8000 ? (uint16_t)0 : from[d];
    }
    return az_hash_bytes(copy, matrix->row_bytes);
}

/* sqrt of the sum of squares: element d goes to lane d mod 8, lanes are added in ascending order.
 */
static double norm_of(const float *values, int64_t dims)
{
    double lanes[LANES] = {0}, sum = 0;
    int64_t d = 0;
    for (; d + LANES <= dims; d += LANES)
        for (int lane = 0; lane < LANES; lane++)
            lanes[lane] += (double)values[d + lane] * (double)values[d + lane];
    for (; d < dims; d++) lanes[d % LANES] += (double)values[d] * (double)values[d];
    for (int lane = 0; lane < LANES; lane++) sum += lanes[lane];
    return sqrt(sum);
}

static void count_words(const struct az_matrix *matrix, const void *row, uint64_t *counts)
{
    const uint16_t *words = row;
    const uint32_t *singles = row;
    if (matrix->dtype == AZ_DTYPE_F32)
        for (int64_t d = 0; d < matrix->dims; d++) counts[singles[d] >> 16]++;
    else
        for (int64_t d = 0; d < matrix->dims; d++) counts[words[d]]++;
}

static void scan_row(struct az_scan *scan, const struct az_matrix *matrix, int64_t row,
                     const void *words, void *copy)
{
    unsigned flags = flags_of(matrix, words);
    scan->raw[row] = az_hash_bytes(words, matrix->row_bytes);
    scan->flags[row] = (uint8_t)flags;
    scan->folded[row] =
        flags & AZ_ROW_NEGATIVE_ZERO ? hash_folded(matrix, words, copy) : scan->raw[row];
}

/* The sums of a chunk are its own and the counts are integers, so that nothing depends on threads.
 */
static void scan_chunk(struct az_row_pass *pass, int64_t first, int64_t end,
                       const struct az_row_pass_thread *thread)
{
    struct az_scan *scan = pass->context;
    const struct az_matrix *matrix = pass->matrix;
    double *sums = scan->sums ? scan->sums + first / AZ_ROW_PASS_ROWS * matrix->dims : NULL;
    uint64_t *counts = scan->counts + (size_t)thread->number * AZ_SCAN_WORDS;
    for (int64_t row = first; row < end; row++) {
        const void *words = az_matrix_row(matrix, row, thread->row);
        if (sums) count_words(matrix, words, counts);
        scan_row(scan, matrix, row, words, thread->row);
        if (!sums) continue;
        az_matrix_row_f32(matrix, row, thread->values);
        scan->norms[row] = norm_of(thread->values, matrix->dims);
        if (scan->flags[row] & (AZ_ROW_NAN | AZ_ROW_INFINITE)) continue;
        for (int64_t d = 0; d < matrix->dims; d++) sums[d] += (double)thread->values[d];
    }
}

static void count_flags(struct az_scan *scan)
{
    for (int64_t row = 0; row < scan->rows; row++) {
        unsigned flags = scan->flags[row];
        scan->finite_rows += !(flags & (AZ_ROW_NAN | AZ_ROW_INFINITE));
        scan->nan_rows += (flags & AZ_ROW_NAN) != 0;
        scan->infinite_rows += (flags & AZ_ROW_INFINITE) != 0;
        scan->negative_zero_rows += (flags & AZ_ROW_NEGATIVE_ZERO) != 0;
        scan->zero_rows += (flags & AZ_ROW_ZERO) != 0;
    }
}

/* Chunks in their order, threads' counts in theirs. */
static void combine(struct az_scan *scan, int threads)
{
    int64_t chunks = (scan->rows + AZ_ROW_PASS_ROWS - 1) / AZ_ROW_PASS_ROWS;
    double squares = 0;
    for (int64_t chunk = 0; chunk < chunks; chunk++)
        for (int64_t d = 0; d < scan->dims; d++)
            scan->mean[d] += scan->sums[chunk * scan->dims + d];
    for (int64_t d = 0; d < scan->dims && scan->finite_rows; d++) {
        scan->mean[d] /= (double)scan->finite_rows;
        squares += scan->mean[d] * scan->mean[d];
    }
    scan->mean_norm = sqrt(squares);
    scan->words = scan->counts;
    for (int thread = 1; thread < threads; thread++)
        for (size_t word = 0; word < AZ_SCAN_WORDS; word++)
            scan->words[word] += scan->counts[(size_t)thread * AZ_SCAN_WORDS + word];
}

static enum az_status allocate(struct az_scan *scan, const struct az_matrix *matrix, bool full,
                               int threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)matrix->rows, dims = (size_t)matrix->dims, sums;
    *scan = (struct az_scan){.rows = matrix->rows, .dims = matrix->dims};
    AZ_TRY(az_memory_allocate(&scan->raw, rows, sizeof *scan->raw, "hashes of the rows", error));
    AZ_TRY(az_memory_allocate(&scan->folded, rows, sizeof *scan->raw, "hashes of the rows", error));
    AZ_TRY(az_memory_allocate(&scan->flags, rows, 1, "flags of the rows", error));
    AZ_TRY(az_memory_allocate(&scan->counts, (size_t)threads * AZ_SCAN_WORDS, sizeof *scan->counts,
                              "counts of the components", error));
    if (!full) goto out;
    AZ_TRY(az_size_multiply((rows + AZ_ROW_PASS_ROWS - 1) / AZ_ROW_PASS_ROWS, dims, &sums, error));
    AZ_TRY(az_memory_allocate(&scan->norms, rows, sizeof *scan->norms, "norms", error));
    AZ_TRY(az_memory_allocate(&scan->mean, dims, sizeof *scan->mean, "the mean", error));
    AZ_TRY(az_memory_allocate(&scan->sums, sums, sizeof *scan->sums, "sums of the rows", error));
out:
    return status;
}

enum az_status az_scan_matrix(struct az_scan *scan, const struct az_matrix *matrix, bool full,
                              struct az_pool *pool, struct az_progress *progress,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_row_pass pass = {.matrix = matrix,
                               .task = scan_chunk,
                               .context = scan,
                               .stage = full ? "reading rows" : "hashing rows"};
    AZ_TRY(allocate(scan, matrix, full, az_pool_threads(pool), error));
    AZ_TRY(az_row_pass_run(&pass, pool, progress, error));
    count_flags(scan);
    if (full) combine(scan, az_pool_threads(pool));
    az_memory_free(scan->sums);
    scan->sums = NULL;
    AZ_TRY(az_matrix_hash_of_rows(matrix, scan->raw, &scan->hash, error));
out:
    return status;
}

void az_scan_free(struct az_scan *scan)
{
    az_memory_free(scan->raw);
    az_memory_free(scan->folded);
    az_memory_free(scan->norms);
    az_memory_free(scan->flags);
    az_memory_free(scan->mean);
    az_memory_free(scan->sums);
    az_memory_free(scan->counts);
    *scan = (struct az_scan){0};
}
