#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "cli/census_report.h"

struct anatomy {
    int64_t exponents[256], positive, negative;
    double sum, squares, least, greatest, exponent_sum;
};

static void dissect(struct anatomy *anatomy, const struct az_matrix *matrix, const void *words,
                    const float *values)
{
    *anatomy = (struct anatomy){.least = INFINITY, .greatest = -INFINITY};
    for (int64_t d = 0; d < matrix->dims; d++) {
        double value = (double)values[d];
        int exponent = az_bits_exponent(matrix->dtype, az_row_bits(matrix->dtype, words, d));
        anatomy->exponents[exponent]++;
        anatomy->exponent_sum += exponent;
        anatomy->positive += value > 0;
        anatomy->negative += value < 0;
        anatomy->sum += value;
        anatomy->squares += value * value;
        anatomy->least = fmin(anatomy->least, value);
        anatomy->greatest = fmax(anatomy->greatest, value);
    }
}

/* The dimensions with the greatest or least exponents, up to eight. */
static void print_extremes(const struct az_matrix *matrix, const void *words, bool coarsest)
{
    int printed = 0;
    for (int n = 0; n < 256 && printed < 8; n++) {
        int wanted = coarsest ? 255 - n : n;
        for (int64_t d = 0; d < matrix->dims && printed < 8; d++) {
            int exponent = az_bits_exponent(matrix->dtype, az_row_bits(matrix->dtype, words, d));
            if (exponent == wanted) {
                printf("%s%" PRId64 " (%d)", printed ? ", " : "", d, exponent);
                printed++;
            }
        }
    }
    printf("\n");
}

static void print_anatomy(const struct anatomy *anatomy, const struct az_matrix *matrix,
                          int64_t token, const void *words)
{
    double dims = (double)matrix->dims, mean = anatomy->sum / dims, coarse = 0, fine = 0;
    printf("token %" PRId64 ": norm %.6f; values %.6g to %.6g, mean %.3g, deviation %.6g, %.1f %% "
           "positive\n",
           token, sqrt(anatomy->squares), anatomy->least, anatomy->greatest, mean,
           sqrt(fmax(0, anatomy->squares / dims - mean * mean)),
           100 * (double)anatomy->positive / dims);
    printf("exponents     ");
    for (int e = 0; e < 256; e++) {
        if (!anatomy->exponents[e]) continue;
        if (fine == 0) fine = az_exponent_ulp(matrix->dtype, e);
        coarse = az_exponent_ulp(matrix->dtype, e);
        printf(" %d:%" PRId64, e, anatomy->exponents[e]);
    }
    printf("; mean %.2f\nspacing        %.3g to %.3g (x%.0f)\n", anatomy->exponent_sum / dims, fine,
           coarse, coarse / fine);
    printf("coarsest dims  ");
    print_extremes(matrix, words, true);
    printf("finest dims    ");
    print_extremes(matrix, words, false);
}

enum az_status az_census_report_vector(const struct az_matrix *matrix, int64_t token,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct anatomy anatomy;
    float *values = NULL;
    void *scratch = NULL;
    int64_t row = 0;
    while (row < matrix->rows && az_matrix_token(matrix, row) != token) row++;
    if (row == matrix->rows) AZ_RAISE(AZ_USAGE, "the matrix has no token %" PRId64, token);
    AZ_TRY(az_memory_allocate(&values, (size_t)matrix->dims, sizeof *values, "a row", error));
    AZ_TRY(az_memory_allocate(&scratch, matrix->row_bytes, 1, "a row", error));
    const void *words = az_matrix_row(matrix, row, scratch);
    az_matrix_row_f32(matrix, row, values);
    dissect(&anatomy, matrix, words, values);
    print_anatomy(&anatomy, matrix, token, words);
out:
    az_memory_free(values);
    az_memory_free(scratch);
    return status;
}
