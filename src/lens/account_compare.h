/* account_compare.h: rows of what was predicted against rows of what was recorded. */
#ifndef AZ_LENS_ACCOUNT_COMPARE_H
#define AZ_LENS_ACCOUNT_COMPARE_H

#include "azimuth/account.h"

/* Adds `count` components to counts and returns the number of the first that differs, or count.
 * 16 bits: bf16. 32 bits: float32; with upcast, bf16 values in float32. */
size_t az_account_compare_16(const uint16_t *expected, const uint16_t *found, size_t count,
                             struct az_account_counts *counts);
size_t az_account_compare_32(const uint32_t *expected, const uint32_t *found, size_t count,
                             bool upcast, struct az_account_counts *counts);

/* Squares of the predicted and the observed change, of predicted minus observed, and the product of
 * the first two, in weight units. */
struct az_account_motion {
    double predicted, observed, residual, product;
};

/* Adds those of a row; the order of additions depends on count alone. */
void az_account_move(const struct az_bf16 *before, const struct az_bf16 *expected,
                     const struct az_bf16 *found, size_t count, struct az_account_motion *motion);

#endif
