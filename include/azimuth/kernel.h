/* kernel.h: the canonical arithmetic: one result, many speeds.
 *
 * `struct az_kernels` is a table of functions. The scalar functions in src/kernel/reference/ are
 * the specification; every other implementation agrees with them bit for bit (tests/kernel proves
 * it). Definitions: docs/numerics.md, sections 2 and 3.
 *
 * Common to all: nothing is allocated; arrays do not overlap unless said; rows may be of any
 * length, also 0; pointers need no more than their element's alignment unless said; IEEE arithmetic
 * with subnormals and rounding to nearest, except in `product_bf16`, which flushes subnormals as
 * stated there and restores the mode of the processor before it returns. Where the result is not a
 * number it is a NaN everywhere, but which NaN (sign, payload) is promised by `narrow`, the packing
 * and the transposes only: processors differ in what they make. */
#ifndef AZIMUTH_KERNEL_H
#define AZIMUTH_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/bf16.h"

#define AZ_LANES 16          /* virtual lanes of a reduction over a row */
#define AZ_PRODUCT_BLOCK 32  /* K of one block of the bf16 product */
#define AZ_PRODUCT_PANEL 512 /* K of one panel of both products */
#define AZ_PACK_COLUMNS 16   /* columns of B that lie together when packed */

#define AZ_EXP_LOWEST -0x1.5d589ep+6f /* below it exp is 0: no subnormal ever comes out */
#define AZ_EXP_HIGHEST 0x1.62e42ep+6f /* above it exp is infinite */

/* Instruction sets, slowest first; `--isa` and AZ_ISA take these names. */
#define AZ_ISA_TABLE(X)                                                                            \
    X(AZ_ISA_REFERENCE, "reference", "portable C, the specification")                              \
    X(AZ_ISA_NEON, "neon", "aarch64 with Advanced SIMD")                                           \
    X(AZ_ISA_AVX2, "avx2", "x86-64 with AVX2 and FMA")                                             \
    X(AZ_ISA_AVX512, "avx512", "x86-64 with AVX-512 F, BW, DQ, VL")                                \
    X(AZ_ISA_AVX512BF16, "avx512bf16", "avx512 and its instructions for bf16")                     \
    X(AZ_ISA_AMX, "amx", "avx512bf16 and AMX tiles with bf16")

enum az_isa {
#define AZ_ISA_ENUMERATOR(id, name, meaning) id,
    AZ_ISA_TABLE(AZ_ISA_ENUMERATOR)
#undef AZ_ISA_ENUMERATOR
        AZ_ISA_COUNT
};

/* Optimizer arithmetics, docs/numerics.md section 3. Each name is one exact sequence of roundings.
 */
#define AZ_ARITHMETIC_TABLE(X)                                                                     \
    X(AZ_ARITHMETIC_F32, "f32", "m, v in float32; p rounded to bf16 once")                         \
    X(AZ_ARITHMETIC_BF16, "bf16", "PyTorch >= 2.1, for-loop: m, v in bf16, each operation rounds") \
    X(AZ_ARITHMETIC_BF16_FOREACH, "bf16-foreach",                                                  \
      "PyTorch >= 2.1, foreach: some scalars bf16 too")                                            \
    X(AZ_ARITHMETIC_BF16_LEGACY, "bf16-legacy", "PyTorch < 2.1: m in two roundings, scalars bf16") \
    X(AZ_ARITHMETIC_BF16_FUSED, "bf16-fused", "PyTorch fused=True: f32 inside, each rounded once") \
    X(AZ_ARITHMETIC_MASTER, "master", "m, v and p in float32; the model sees bf16(p)")

enum az_arithmetic {
#define AZ_ARITHMETIC_ENUMERATOR(id, name, meaning) id,
    AZ_ARITHMETIC_TABLE(AZ_ARITHMETIC_ENUMERATOR)
#undef AZ_ARITHMETIC_ENUMERATOR
        AZ_ARITHMETIC_COUNT
};

/* How the final bf16 of a parameter is rounded; the last two are counterfactual modes. */
#define AZ_ROUNDING_TABLE(X)                                                                       \
    X(AZ_ROUNDING_NEAREST, "nearest", "to nearest, ties to even")                                  \
    X(AZ_ROUNDING_STOCHASTIC, "stochastic", "up or down by chance, right on average")              \
    X(AZ_ROUNDING_KAHAN, "kahan", "to nearest, the lost part carried to the next step in bf16")

enum az_rounding {
#define AZ_ROUNDING_ENUMERATOR(id, name, meaning) id,
    AZ_ROUNDING_TABLE(AZ_ROUNDING_ENUMERATOR)
#undef AZ_ROUNDING_ENUMERATOR
        AZ_ROUNDING_COUNT
};

/* Everything about one AdamW step that does not depend on the coordinate. The caller sets the first
 * part; az_adamw_prepare (below) fills the second from it, in double, each rounded to float32 once
 * (and some to bf16, as the arithmetic says). */
struct az_adamw {
    enum az_arithmetic arithmetic;
    enum az_rounding rounding;
    int64_t step; /* t = 1, 2, ... */
    double lr, beta1, beta2, eps, weight_decay;
    double gradient_scale;  /* clipping coefficient, 1 when off */
    uint64_t rounding_seed; /* stochastic rounding: see az_random_u32 */

    float decay; /* 1 - lr * weight_decay */
    float beta1_f32, beta2_f32, one_minus_beta1, one_minus_beta2, eps_f32, lr_f32;
    float bias1, bias2; /* 1 - beta^t */
    float sqrt_bias2;   /* sqrt(1 - beta2^t) */
    float step_size;    /* lr / bias1 */
    float scale;        /* gradient_scale */
};

/* One range of parameters with their state. Types follow the arithmetic: m, v are struct az_bf16
 * for the bf16 arithmetics and float otherwise; g is struct az_bf16 unless g_is_f32. master is for
 * AZ_ARITHMETIC_MASTER only, residue (bf16) for AZ_ROUNDING_KAHAN only; NULL otherwise.
 *
 * A range lies within one tensor and begins at a multiple of 16 elements from its start; its count
 * is a multiple of 16 unless it ends with the tensor. (bf16-fused, as PyTorch, computes the last
 * count % 16 elements of a tensor in another order; the others do not depend on the cut.) */
struct az_adamw_range {
    size_t count;
    struct az_bf16 *p;
    const void *g;
    bool g_is_f32;
    void *m, *v;
    float *master;
    struct az_bf16 *residue;
    uint64_t first_index; /* of element 0 in the flat parameter vector: with the step it selects
                             the random number of stochastic rounding */
};

/* A bf16 product, C[m][n] = A[m][k] B[k][n] (or C += with accumulate), rows of C and A with strides
 * in elements. A is row-major bf16. B is packed (pack_b, pack_b_transposed). k may be any number:
 * A's rows must be readable, and zero, up to the next multiple of 32 -- a_stride >= k rounded up
 * to 32. n may be any number: C's columns beyond n are not written. */
struct az_product_bf16 {
    size_t m, n, k;
    const struct az_bf16 *a;
    size_t a_stride;
    const struct az_bf16 *b; /* packed, aligned to 64 bytes */
    float *c;
    size_t c_stride;
    bool accumulate;
    size_t b_group; /* elements of b from 16 columns to the next 16, where b is rows k0 .. k0+k-1 of
                       a longer packed B (k0 a multiple of 32); 0: b was packed for k */
};

/* The same in float32: A row-major with no padding needed, B packed by pack_b_f32*. */
struct az_product_f32 {
    size_t m, n, k;
    const float *a;
    size_t a_stride;
    const float *b;
    float *c;
    size_t c_stride;
    bool accumulate;
    size_t b_group; /* as above, with any k0 */
};

/* Two rows to be scaled and rounded to bf16: y[h] = x[h] * factor[h], each product rounded to
 * float32 first. They are also written as rows k0 and k0 + 1 of a packed B, k0 even, with zeros
 * beyond their end up to the next multiple of 16 columns. */
struct az_scaled_pair {
    const float *x[2];
    float factor[2];
    struct az_bf16 *y[2];
    struct az_bf16 *packed; /* at row k0, aligned to 64 bytes */
    size_t group;           /* elements of packed from 16 columns to the next 16 */
};

struct az_kernels {
    enum az_isa isa;
    const char *name;

    /* ---- products (docs/numerics.md, section 2) ----
     * bf16: per output, K in panels of 512; within a panel acc starts at 0 and K goes in blocks of
     * 32: the even products are chained e = fma(a[2i], b[2i], e) from 0, the odd ones into o, then
     * acc = acc + (e + o). Every input, e, o, e + o and acc is flushed: a subnormal becomes a zero
     * of its sign, tininess decided after rounding as x86 does. Panels are added to C in ascending
     * order, flushed too; without accumulate C starts at the first panel's value. f32: as above
     * with one chain acc = fma(a[k], b[k], acc) per panel, k ascending, no flushing. */
    void (*product_bf16)(const struct az_product_bf16 *product);
    void (*product_f32)(const struct az_product_f32 *product);

    /* Packed B, bf16: [n/16][k/2][16][2], n and k/2 rounded up (k to a multiple of 32) with zeros:
     * the pair (2i, 2i+1) of column j lies together, 16 columns make 64 bytes. pack_b reads B[k][n]
     * rows with stride; pack_b_transposed reads its transpose, [n][k]. Size in elements:
     * az_packed_bf16. group: elements of packed from 16 columns to the next 16, where these are
     * rows k0 .. k0+k-1 of a longer packed B (k0 a multiple of 32); 0 where B is all of it. */
    void (*pack_b)(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                   struct az_bf16 *packed, size_t group);
    void (*pack_b_transposed)(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                              struct az_bf16 *packed);
    /* Packed B, f32: [n/16][k][16], n rounded up with zeros. Size in elements: az_packed_f32. */
    void (*pack_b_f32)(size_t k, size_t n, const float *b, size_t b_stride, float *packed,
                       size_t group);
    void (*pack_b_f32_transposed)(size_t k, size_t n, const float *b, size_t b_stride,
                                  float *packed);
    /* to[c][r] = from[r][c]; columns of `to` from rows up to to_stride are not touched. */
    void (*transpose_bf16)(size_t rows, size_t columns, const struct az_bf16 *from,
                           size_t from_stride, struct az_bf16 *to, size_t to_stride);
    void (*transpose_f32)(size_t rows, size_t columns, const float *from, size_t from_stride,
                          float *to, size_t to_stride);

    /* ---- conversion ---- */
    void (*widen)(size_t count, const struct az_bf16 *from, float *to);
    void (*narrow)(size_t count, const float *from, struct az_bf16 *to); /* to nearest even */

    /* ---- elementwise, float32 in and out; in place allowed (y == x) ---- */
    void (*add)(size_t count, const float *x, float *y); /* y += x */
    void (*scale)(size_t count, float factor, float *y); /* y *= factor */
    void (*add_row)(size_t rows, size_t columns, const float *row,
                    float *y); /* y[r][c] += row[c] */
    /* column_sums[c] += x[r][c], rows ascending, one addition each */
    void (*sum_rows)(size_t rows, size_t columns, const float *x, float *column_sums);

    /* tanh GELU, 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016;
     * PyTorch approximate='tanh', GPT-2's gelu_new) and dx = dy * its derivative at x. dx may be
     * dy. Computed as x / (1 + exp(-2 u)), which is the same function without the cancellation
     * for negative x. */
    void (*gelu)(size_t count, const float *x, float *y);
    void (*gelu_backward)(size_t count, const float *x, const float *dy, float *dx);
    /* y = exp(x) as the other kernels use it: within 0.9 ulp where exp(x) is a normal float32; 0
     * below AZ_EXP_LOWEST (the last normal result), infinity above AZ_EXP_HIGHEST. */
    void (*exponential)(size_t count, const float *x, float *y);

    /* ---- rows: reductions in 16 virtual lanes, then a halving tree ---- */
    /* y = (x - mean) * rstd * gain + bias, rstd = 1 / sqrt(var + eps), var the biased variance as
     * the mean of (x - mean)^2 (two passes). mean[rows] and rstd[rows] are kept for the backward
     * pass. */
    void (*layernorm)(size_t rows, size_t columns, const float *x, const float *gain,
                      const float *bias, float eps, float *y, float *mean, float *rstd);
    /* dx (written), and dgain, dbias (added to, rows ascending). */
    void (*layernorm_backward)(size_t rows, size_t columns, const float *x, const float *gain,
                               const float *mean, const float *rstd, const float *dy, float *dx,
                               float *dgain, float *dbias);
    /* x = exp(x - max), max the greatest x, and the sum of these. Scaled by 1 / sum this is
     * softmax. count >= 1. */
    void (*softmax_exponentials)(size_t count, float *x, float *max, float *sum);
    /* The same of a row of bf16 values; x is kept, e takes the exponentials. */
    void (*softmax_exponentials_bf16)(size_t count, const struct az_bf16 *x, float *e, float *max,
                                      float *sum);
    /* y = exp(x - max) * factor: the softmax once more, from what was kept. In place allowed. */
    void (*softmax_apply)(size_t count, const float *x, float max, float factor, float *y);
    /* dx = p * (dp - sum(p * dp)) * factor: softmax backward for one row. dx may be dp. */
    void (*softmax_backward)(size_t count, const float *p, const float *dp, float factor,
                             float *dx);
    void (*scale_pair)(size_t count, const struct az_scaled_pair *pair);
    double (*sum_squares)(size_t count, const float *x); /* in double, 16 lanes, for clipping */

    /* ---- AdamW, one function per arithmetic (docs/numerics.md, section 3) ----
     * az_adamw.rounding is that of the last rounding of p; all others are to nearest. Every NaN
     * that is written is 0x7fc0 or 0x7fc00000. */
    void (*adamw[AZ_ARITHMETIC_COUNT])(const struct az_adamw *adamw,
                                       const struct az_adamw_range *range);
};

/* Elements of a packed B of k x n. */
static inline size_t az_packed_bf16(size_t k, size_t n)
{
    return (n + 15) / 16 * 16 * ((k + 31) / 32 * 32);
}
static inline size_t az_packed_f32(size_t k, size_t n) { return (n + 15) / 16 * 16 * k; }

/* Fills kernels for the given instruction set: a higher one starts from the lower ones and
 * overwrites what it does better. AZ_USAGE when this machine or build does not have it (the message
 * lists those that it has). */
AZ_API enum az_status az_kernels_select(struct az_kernels *kernels, enum az_isa isa,
                                        struct az_error *error);

/* The best this machine has, or what `name` (if not NULL) or else the environment variable AZ_ISA
 * says. An unknown or unavailable name is AZ_USAGE. */
AZ_API enum az_status az_kernels_default(struct az_kernels *kernels, const char *name,
                                         struct az_error *error);

/* True when this machine and build can run it. */
AZ_API bool az_isa_available(enum az_isa isa);
AZ_API const char *az_isa_name(enum az_isa isa);
AZ_API const char *az_arithmetic_name(enum az_arithmetic arithmetic);
AZ_API const char *az_rounding_name(enum az_rounding rounding);

/* Fills the second part of adamw. Powers of beta are computed in pairs of doubles, so that the
 * result is the same on every system. */
AZ_API void az_adamw_prepare(struct az_adamw *adamw);

/* Bytes per coordinate of m (and of v) in this arithmetic: 2 or 4. */
AZ_API size_t az_arithmetic_state_bytes(enum az_arithmetic arithmetic);

#endif
