/* account_state.h: what the parts of account_check.h share. */
#ifndef AZ_LENS_ACCOUNT_STATE_H
#define AZ_LENS_ACCOUNT_STATE_H

#include "lens/account_check.h"
#include "lens/account_compare.h"

#define AZ_ACCOUNT_TAIL_UNIT 16 /* bf16-fused computes the last elements of a tensor otherwise */
#define AZ_ACCOUNT_PIECE_BYTES ((size_t)256 << 10)

/* What one chunk of rows found. */
struct az_account_chunk {
    struct az_account_counts counts[AZ_ACCOUNT_ROW_KINDS][AZ_ACCOUNT_TENSORS];
    struct az_account_motion motion[AZ_ACCOUNT_ROW_KINDS];
    struct az_account_place first[AZ_ACCOUNT_TENSORS];
};

/* A thread's copy of what the kernel changes, then what it predicts. m and v: of the arithmetic;
 * wide: as they are recorded, where that is bf16 in float32. */
struct az_account_scratch {
    struct az_bf16 *p, *residue;
    unsigned char *m, *v;
    float *master, *wide;
};

/* A piece of a frame whose sums are taken. */
struct az_account_piece {
    int tensor;
    uint64_t offset_bytes;
    size_t length_bytes;
    struct az_frame_sums sums;
};

struct az_account_check {
    const struct az_account_source *source;
    const struct az_kernels *kernels;
    struct az_pool *pool;
    struct az_adamw adamw;
    size_t state_bytes;
    bool widened; /* the recorded moments are the predicted ones in float32 */

    size_t rows_per_chunk, chunk_count, row_elements;
    struct az_account_chunk *chunks;
    struct az_account_scratch *scratch; /* [threads] */
    void *scratch_block;
    float *master;           /* [rows][dims] replayed, master only */
    struct az_bf16 *residue; /* the same, kahan only */
    bool hidden_known;

    struct az_account_piece *pieces;
    size_t piece_count;

    const struct az_account_step_frames *before, *now;
};

/* Elements first..first+count-1 of the matrix as it was recorded. */
struct az_account_part {
    size_t first, count;
    uint64_t index; /* of the first in the flat parameter vector */
};

/* A row, as neighbours in the flat vector are counted. */
struct az_account_part az_account_part_of_row(const struct az_account_check *check, size_t row);

/* Fills scratch with what the formula makes of a part that begins with first_row and has whole
 * rows.
 */
void az_account_predict(struct az_account_check *check, size_t first_row,
                        struct az_account_part part, struct az_account_scratch *scratch);

static inline size_t az_account_padded(size_t count)
{
    return (count + AZ_ACCOUNT_TAIL_UNIT - 1) / AZ_ACCOUNT_TAIL_UNIT * AZ_ACCOUNT_TAIL_UNIT;
}

#endif
