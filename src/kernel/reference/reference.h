/* reference.h: the scalar kernels, which are the specification (docs/numerics.md, sections 2, 3).
 *
 * Contracts: azimuth/kernel.h. Each function here is one exact sequence of IEEE operations; the
 * guests in x86/ and arm/ may order independent work differently but never the roundings. */
#ifndef AZ_KERNEL_REFERENCE_REFERENCE_H
#define AZ_KERNEL_REFERENCE_REFERENCE_H

#include "azimuth/kernel.h"

/* Fills every entry of the table. */
void az_reference_fill(struct az_kernels *kernels);

void az_reference_product_bf16(const struct az_product_bf16 *product);
void az_reference_product_f32(const struct az_product_f32 *product);

void az_reference_pack_b(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                         struct az_bf16 *packed, size_t group);
void az_reference_pack_b_transposed(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                                    struct az_bf16 *packed);
void az_reference_pack_b_f32(size_t k, size_t n, const float *b, size_t b_stride, float *packed,
                             size_t group);
void az_reference_pack_b_f32_transposed(size_t k, size_t n, const float *b, size_t b_stride,
                                        float *packed);
void az_reference_transpose_bf16(size_t rows, size_t columns, const struct az_bf16 *from,
                                 size_t from_stride, struct az_bf16 *to, size_t to_stride);
void az_reference_transpose_f32(size_t rows, size_t columns, const float *from, size_t from_stride,
                                float *to, size_t to_stride);

void az_reference_widen(size_t count, const struct az_bf16 *from, float *to);
void az_reference_narrow(size_t count, const float *from, struct az_bf16 *to);

void az_reference_add(size_t count, const float *x, float *y);
void az_reference_scale(size_t count, float factor, float *y);
void az_reference_add_row(size_t rows, size_t columns, const float *row, float *y);
void az_reference_sum_rows(size_t rows, size_t columns, const float *x, float *column_sums);

void az_reference_gelu(size_t count, const float *x, float *y);
void az_reference_gelu_backward(size_t count, const float *x, const float *dy, float *dx);
void az_reference_exponential(size_t count, const float *x, float *y);

void az_reference_layernorm(size_t rows, size_t columns, const float *x, const float *gain,
                            const float *bias, float eps, float *y, float *mean, float *rstd);
void az_reference_layernorm_backward(size_t rows, size_t columns, const float *x, const float *gain,
                                     const float *mean, const float *rstd, const float *dy,
                                     float *dx, float *dgain, float *dbias);
void az_reference_softmax_exponentials(size_t count, float *x, float *max, float *sum);
void az_reference_softmax_exponentials_bf16(size_t count, const struct az_bf16 *x, float *e,
                                            float *max, float *sum);
void az_reference_softmax_apply(size_t count, const float *x, float max, float factor, float *y);
void az_reference_softmax_backward(size_t count, const float *p, const float *dp, float factor,
                                   float *dx);
void az_reference_scale_pair(size_t count, const struct az_scaled_pair *pair);
double az_reference_sum_squares(size_t count, const float *x);

void az_reference_adamw_f32(const struct az_adamw *adamw, const struct az_adamw_range *range);
void az_reference_adamw_bf16(const struct az_adamw *adamw, const struct az_adamw_range *range);
void az_reference_adamw_bf16_legacy(const struct az_adamw *adamw,
                                    const struct az_adamw_range *range);
void az_reference_adamw_bf16_fused(const struct az_adamw *adamw,
                                   const struct az_adamw_range *range);
void az_reference_adamw_master(const struct az_adamw *adamw, const struct az_adamw_range *range);

#endif
