/* scan.h: what one pass over a matrix tells: hashes, norms, mean, and every component counted. */
#ifndef AZ_SKY_SCAN_H
#define AZ_SKY_SCAN_H

#include <stdbool.h>

#include "azimuth/matrix.h"

/* Set of flags of a row. */
#define AZ_ROW_NAN 1
#define AZ_ROW_INFINITE 2
#define AZ_ROW_NEGATIVE_ZERO 4
#define AZ_ROW_ZERO 8 /* every component is +0 or -0 */

#define AZ_SCAN_WORDS 65536

struct az_scan {
    int64_t rows, dims;
    struct az_hash *raw;    /* [rows] of the bytes */
    struct az_hash *folded; /* [rows] with -0 as +0; the same as raw where no row has a -0 */
    double *norms;  /* [rows], summed in f64 in eight lanes; NaN and infinity as they come */
    uint8_t *flags; /* [rows] */
    double *mean;   /* [dims] of the rows without NaN and infinity, in f64 */
    double mean_norm;
    int64_t finite_rows, nan_rows, infinite_rows, negative_zero_rows, zero_rows;
    /* [AZ_SCAN_WORDS] components by their 16 upper bits: of BF16 and F16 that is all of them. */
    uint64_t *words;
    struct az_hash hash; /* az_matrix_hash */
    /* private */
    double *sums;     /* [chunks][dims] */
    uint64_t *counts; /* [threads][AZ_SCAN_WORDS] */
};

/* full: false makes only the hashes and flags that duplicates need. Free in any case. */
enum az_status az_scan_matrix(struct az_scan *scan, const struct az_matrix *matrix, bool full,
                              struct az_pool *pool, struct az_progress *progress,
                              struct az_error *error);
void az_scan_free(struct az_scan *scan);

/* |component| below which the share of the components lies, of the 16 upper bits (F32: rounded
 * towards zero); infinities and NaN left out. */
double az_scan_quantile(const struct az_scan *scan, enum az_dtype dtype, double share);

/* Number of components with that exponent field, by sign. exponents: of the type. */
void az_scan_exponents(const struct az_scan *scan, enum az_dtype dtype, uint64_t counts[256]);

/* Mean, deviation, least and greatest of the finite norms, and sums over components, from words. */
struct az_summary {
    double mean, deviation, least, greatest;
    int64_t count;
};
struct az_summary az_scan_norms(const struct az_scan *scan);
/* Of all finite components; F32 by their 16 upper bits only. */
struct az_summary az_scan_components(const struct az_scan *scan, enum az_dtype dtype);

#endif
