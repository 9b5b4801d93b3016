/* compare_rows.h: rows of numbers of one type against each other. */
#ifndef AZ_LENS_COMPARE_ROWS_H
#define AZ_LENS_COMPARE_ROWS_H

#include "azimuth/compare.h"

/* How elements are taken. */
enum az_compare_kind {
    AZ_COMPARE_BF16,
    AZ_COMPARE_F32,   /* one of them may be BF16, and is widened */
    AZ_COMPARE_BYTES, /* no lattice is known: bits only */
    AZ_COMPARE_KINDS
};

/* Two rows of count elements; a_wide, b_wide: elements are of 4 bytes (F32), else of 2 (BF16).
 * bytes: of an element, for AZ_COMPARE_BYTES. */
struct az_compare_pair {
    enum az_compare_kind kind;
    bool a_wide, b_wide;
    size_t bytes;
};

/* Adds a row to sums, in which l2_cells and distance_w are squares; returns the number of the first
 * element that differs, or count. */
size_t az_compare_row(const struct az_compare_pair *pair, const unsigned char *a,
                      const unsigned char *b, size_t count, struct az_compare_counts *sums);

/* Bits of an element as it is compared. */
uint64_t az_compare_element(const struct az_compare_pair *pair, bool wide, const unsigned char *row,
                            size_t number);
int az_compare_bits(const struct az_compare_pair *pair);

#endif
