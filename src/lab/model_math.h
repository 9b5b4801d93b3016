/* model_math.h: the model's arithmetic over one type of activations, bf16 or float32.
 *
 * Kernels work on float32 rows; activations are kept as elements of `bytes` bytes: 2 (bf16) when
 * compute is bf16, 4 otherwise. Storing rounds to that type and loading is exact, so a value that
 * was stored and loaded is the rounded one: this is where docs/numerics.md section 3 says
 * "rounded". A matrix of activations is an untyped pointer with a stride in elements. */
#ifndef AZ_LAB_MODEL_MATH_H
#define AZ_LAB_MODEL_MATH_H

#include <stdbool.h>
#include <stddef.h>

#include "azimuth/kernel.h"

struct az_math {
    struct az_kernels kernels;
    bool f32;
    size_t bytes; /* of one activation */
};

/* C[m][n] = A[m][k] B (+= with accumulate): kernel.h's product of the activation type, fields as
 * there. */
struct az_math_product {
    size_t m, n, k;
    const void *a;
    size_t a_stride;
    const void *b;
    float *c;
    size_t c_stride;
    bool accumulate;
    size_t b_group;
};

/* The type is float32 when f32, else bf16. */
void az_math_init(struct az_math *math, const struct az_kernels *kernels, bool f32);

/* Address of element `index`. */
void *az_math_at(const struct az_math *math, const void *base, size_t index);

/* Contiguous rows in float32 to rows of activations with stride, rounded; and back, exact. */
void az_math_store(const struct az_math *math, size_t rows, size_t columns, const float *from,
                   void *to, size_t to_stride);
void az_math_load(const struct az_math *math, size_t rows, size_t columns, const void *from,
                  size_t from_stride, float *to);

void az_math_product(const struct az_math *math, const struct az_math_product *product);

/* Elements between groups of 16 columns of a B packed for k: 16 k, k rounded up to 32 in bf16. */
size_t az_math_group(const struct az_math *math, size_t k);
/* Elements of a packed B of k x n. */
size_t az_math_packed(const struct az_math *math, size_t k, size_t n);

/* Packs B[k][n], or B given as its transpose [n][k]. */
void az_math_pack(const struct az_math *math, size_t k, size_t n, const void *b, size_t b_stride,
                  void *packed);
void az_math_pack_transposed(const struct az_math *math, size_t k, size_t n, const void *b,
                             size_t b_stride, void *packed);
/* Packs rows k0 .. k0+k-1 of a B of which the other rows are packed apart; k0 is a multiple of 32,
 * and group is what az_math_group gives for the whole. */
void az_math_pack_rows(const struct az_math *math, size_t k0, size_t k, size_t n, const void *b,
                       size_t b_stride, void *packed, size_t group);

/* Element (row, column) of a packed B with these groups. */
size_t az_math_packed_at(const struct az_math *math, size_t group, size_t row, size_t column);

/* Softmax of a row of activations without its last division: e = exp(x - max), and the sum. */
void az_math_exponentials(const struct az_math *math, size_t count, const void *x, float *e,
                          float *max, float *sum);

/* Two rows times their factors, rounded: into rows of y, and as rows of a packed B; packed is at
 * the first of them, an even one. */
struct az_math_pair {
    size_t columns;
    const float *x[2];
    float factor[2];
    void *y;
    size_t y_stride;
    void *packed;
    size_t group;
};
void az_math_scale_pair(const struct az_math *math, const struct az_math_pair *pair);

/* to[c][r] = from[r][c]. */
void az_math_transpose(const struct az_math *math, size_t rows, size_t columns, const void *from,
                       size_t from_stride, void *to, size_t to_stride);

#endif
