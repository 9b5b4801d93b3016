/* near_code.h: the innermost work of neighbours, by instruction set. */
#ifndef AZ_SKY_NEAR_CODE_H
#define AZ_SKY_NEAR_CODE_H

#include "azimuth/kernel.h"

#define AZ_NEAR_ROWS 48 /* rows of A that are readable go up to a multiple of this */

/* Some rows of points beside each other: what decides whether a product matters to them. Of row r,
 * g = bias[r] - scale[r] (p + rest[r] rest[other]) is the lower end of what it can be. */
struct az_near_side {
    const float *bias, *scale, *rest, *threshold;
};

struct az_near_code {
    /* A bf16 product within gamma sum |a b| + tau of the true one, gamma = m u / (1 - m u),
     * u = 2^-24, m the roundings and those of sums over accumulated products. */
    void (*estimate)(const struct az_product_bf16 *product);
    double roundings;
    /* Whether row `row` and any of the columns are near: g is at most the threshold of either. p
     * is the row's of the product. A NaN compares false. */
    bool (*any_near)(const struct az_near_side *rows, size_t row,
                     const struct az_near_side *columns, size_t count, const float *p);
    /* |fa a - fb b|^2 in float64, the same bits from every instruction set. */
    double (*distance)(size_t dims, const float *a, double fa, const float *b, double fb);
};

/* The fastest that the kernels' instruction set has, for products with k of at most most_k. */
void az_near_code_select(struct az_near_code *code, const struct az_kernels *kernels,
                         size_t most_k);

/* One for each way of compiling near_lanes.h. */
void az_near_fill_base(struct az_near_code *code);
void az_near_fill_avx2(struct az_near_code *code);
void az_near_fill_avx512(struct az_near_code *code);

/* By VDPBF16PS: two multiply-adds in the time of an FMA. */
void az_near_estimate_avx512bf16(const struct az_product_bf16 *product);

#endif
