/* divergence_state.h: what the parts of divergence.h share. */
#ifndef AZ_LENS_DIVERGENCE_STATE_H
#define AZ_LENS_DIVERGENCE_STATE_H

#include "azimuth/divergence.h"
#include "azimuth/pool.h"
#include "lens/compare_state.h"
#include "lens/pass.h"
#include "lens/rows.h"
#include "lens/token_arrays.h"
#include "lens/token_sets.h"

#define AZ_DIVERGENCE_CHUNK_ROWS 128

/* Sums over the rows of one class in one chunk at one frame. */
struct az_divergence_sums {
    int64_t parted, l1_cells;
    double distance, evolution;           /* squares */
    double product, squares_a, squares_b; /* of the steps dx, dy */
};

/* What a row told last: it stays while the row stands still in both runs. */
struct az_divergence_row {
    uint32_t keys[AZ_DIVERGENCE_QUANTITIES];
    int64_t l1_cells;
    double distance, evolution;
};

struct az_divergence_state {
    struct az_divergence *told;
    const struct az_recording *recordings[AZ_COMPARE_SIDES];
    const struct az_recorded *tensors[AZ_COMPARE_SIDES];
    struct az_compare_match match;
    int64_t *frames[AZ_COMPARE_SIDES]; /* [moves + 1] those of the common steps */
    struct az_token_sets sets;         /* of the common rows */
    struct az_row_code code;
    struct az_pool *pool;
    struct az_token_arrays *arrays;
    size_t dims;
    int64_t chunks, most_moves;

    struct az_pass_block blocks[AZ_COMPARE_SIDES];
    int64_t from; /* first frame of the block to be looked at: 0 in the first block, else 1 */

    uint32_t *keys[AZ_DIVERGENCE_QUANTITIES]; /* of the block: [most_moves + 1][rows] */
    struct az_divergence_sums *sums;          /* [most_moves + 1][chunks][AZ_TOKEN_CLASSES] */
    uint32_t *sorting;                        /* [threads][2][rows] */
    struct az_bf16 *starts[AZ_COMPARE_SIDES]; /* the first frame */
    struct az_divergence_row *rows;           /* [rows] */
};

bool az_divergence_is_float(enum az_divergence_quantity quantity);

/* Works through the blocks; the first one also fills starts. */
void az_divergence_block(struct az_divergence_state *state);

#endif
