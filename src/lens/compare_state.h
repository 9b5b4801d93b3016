/* compare_state.h: what the parts of compare.h share. */
#ifndef AZ_LENS_COMPARE_STATE_H
#define AZ_LENS_COMPARE_STATE_H

#include "azimuth/pool.h"
#include "lens/compare_rows.h"

enum az_compare_side { AZ_COMPARE_A, AZ_COMPARE_B, AZ_COMPARE_SIDES };

/* A tensor that both have. */
struct az_compare_match {
    struct az_compare_tensor told;
    struct az_compare_pair pair;
    size_t row_elements;
    int64_t *rows[AZ_COMPARE_SIDES]; /* [told.rows] row of each token; NULL: the same in both */
    uint8_t *dead;                   /* [told.rows], NULL: not known */
    int64_t next[AZ_COMPARE_SIDES];  /* frames that are still to come */
};

/* Fills a match for tensors of one name, or says in told.comparable that they have none. */
enum az_status az_compare_match(struct az_compare_match *match, const struct az_recording *a,
                                const struct az_recording *b, const struct az_recorded *tensor_a,
                                const struct az_recorded *tensor_b, struct az_error *error);
void az_compare_match_free(struct az_compare_match *match);

static inline int64_t az_compare_row_of(const struct az_compare_match *match,
                                        enum az_compare_side side, int64_t row)
{
    return match->rows[side] ? match->rows[side][row] : row;
}

#endif
