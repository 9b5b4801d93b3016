/* rows.h: the innermost work of the lens: one row of bf16 against itself a step later.
 *
 * The same vector code is compiled for each instruction set; sums run in 16 integer or 8 double
 * lanes (lane = coordinate mod 16 or mod 8) that are added in a fixed order, without fusing, so
 * that the bits are the same everywhere. Source: docs/definitions.md, "Motion" and "Kinematics". */
#ifndef AZ_LENS_ROWS_H
#define AZ_LENS_ROWS_H

#include "azimuth/bf16.h"
#include "azimuth/kernel.h"

/* L1 of so many coordinates fits 31 bits. */
#define AZ_ROW_MOST_DIMS ((size_t)1 << 14)

/* What one row did from one frame to the next. */
struct az_row_motion {
    int64_t l1_cells;
    double l2_squared_cells; /* exact below 2^53 */
    int32_t linf_cells;
    int32_t hops, down_hops;                 /* coordinates with cells != 0; with cells < 0 */
    int32_t zero_flips;                      /* of the sign of a zero alone */
    int32_t sign_crossings;                  /* from above zero to below, or the reverse */
    int32_t binade_crossings;                /* biased exponents differ */
    double l1_ulp, l2_squared_ulp, linf_ulp; /* of (to - from) / ulp(from) */
    double displacement_squared;             /* |to - from|^2 */
    double along;                            /* from . (to - from) */
};

/* What one row is, whether it moved or not. */
struct az_row_place {
    double norm_squared;
    int32_t zeros; /* coordinates that are +0 or -0 */
};

/* A hop's place in a table: the biased exponent before it (8 bits), the bin of its size
 * (az_motion_size_from, 5 bits), whether it goes down (1 bit). Coordinates that do not hop have a
 * place after all others. */
#define AZ_HOP_KINDS ((size_t)1 << 14)
#define AZ_HOP_NONE AZ_HOP_KINDS
#define AZ_HOP_BLOCK 16

struct az_row_code {
    const char *name;
    void (*motion)(const struct az_bf16 *from, const struct az_bf16 *to, size_t dims,
                   struct az_row_motion *motion);
    /* kinds: [dims, rounded up to AZ_HOP_BLOCK]; what is beyond dims is AZ_HOP_NONE. */
    void (*hops)(const struct az_bf16 *from, const struct az_bf16 *to, size_t dims,
                 uint16_t *kinds);
    void (*place)(const struct az_bf16 *row, size_t dims, struct az_row_place *place);
    /* sums[d] += row[d] */
    void (*add)(const struct az_bf16 *row, size_t dims, double *sums);
    /* sums[d] += to[d] - from[d] */
    void (*add_difference)(const struct az_bf16 *from, const struct az_bf16 *to, size_t dims,
                           double *sums);
    /* |row - centre|^2 */
    double (*distance_squared)(const struct az_bf16 *row, const double *centre, size_t dims);
    /* |to - from - drift|^2 */
    double (*peculiar_squared)(const struct az_bf16 *from, const struct az_bf16 *to,
                               const double *drift, size_t dims);
    /* (b1 - b0) . (a1 - a0) */
    double (*product)(const struct az_bf16 *a0, const struct az_bf16 *a1, const struct az_bf16 *b0,
                      const struct az_bf16 *b1, size_t dims);
    /* |(b1 - b0) - (a1 - a0)|^2 */
    double (*evolution_squared)(const struct az_bf16 *a0, const struct az_bf16 *a1,
                                const struct az_bf16 *b0, const struct az_bf16 *b1, size_t dims);
    /* sums[d] += scale * values[d] */
    void (*add_scaled)(double scale, const double *values, size_t dims, double *sums);
};

/* For an instruction set that is available; NULL takes AZ_ISA or the best (az_kernels_default). */
enum az_status az_rows_select(struct az_row_code *rows, const char *isa, struct az_error *error);

/* One for each way of compiling rows_lanes.h. */
void az_rows_fill_base(struct az_row_code *rows); /* what every processor of the architecture has */
void az_rows_fill_avx2(struct az_row_code *rows);
void az_rows_fill_avx512(struct az_row_code *rows);

#endif
