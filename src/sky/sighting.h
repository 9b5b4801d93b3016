/* sighting.h: every row seen from one centre: exponent distance, steps, radius, in one pass. */
#ifndef AZ_SKY_SIGHTING_H
#define AZ_SKY_SIGHTING_H

#include <stdbool.h>

#include "azimuth/matrix.h"

#define AZ_SIGHTING_DEEP 4 /* thresholds 0..3 of the signature match */

struct az_sighting {
    int64_t rows, dims;
    uint16_t *exponents; /* [rows] greatest |E - E of the centre|, sign and mantissa ignored */
    uint32_t *sign_mismatches; /* [rows] dimensions whose sign bit differs */
    uint32_t *steps;           /* [rows] Linf in steps */
    double *radii;             /* [rows] L2 from explicit differences, in f64; NaN of NaN rows */
    uint32_t *beyond; /* [rows][AZ_SIGHTING_DEEP] dimensions with |E - E of the centre| > t */
};

/* centre: [dims] raw words of the matrix's type, aligned. Free in any case. */
enum az_status az_sighting_take(struct az_sighting *sighting, const struct az_matrix *matrix,
                                const void *centre, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error);
void az_sighting_free(struct az_sighting *sighting);

/* ---- the curve of exponent distances ---- */
#define AZ_CURVE_MOST 256

struct az_curve {
    int64_t within[AZ_CURVE_MOST]; /* rows at exponent distance <= t */
    int greatest;                  /* the greatest distance there is */
    int knee;                      /* first t with within[t] > 2 within[0]; greatest + 1: none */
    bool plateau;                  /* found; otherwise `reason` says why not */
    int low, high, threshold;      /* the plateau and t* */
    const char *reason;
    /* rows that match in all but 0, 1, 5 and 10 dimensions, for t = 0..3 */
    int64_t match[AZ_SIGHTING_DEEP][4];
};

/* An increment belongs to the plateau while it is at most 1/150 of the count before it. */
#define AZ_CURVE_FLAT 150

/* flags: of the scan; rows with NaN or infinity are left out. centre_rows: rows that are equal to
 * the centre; a plateau that holds no others is none. */
void az_curve_of(struct az_curve *curve, const struct az_sighting *sighting, const uint8_t *flags,
                 int64_t centre_rows);

#endif
