/* pass.h: the frames of a recorded matrix in order, in blocks, read ahead by a thread of its own
 * while the last block is being looked at. Memory is two blocks, whatever the recording's length.
 */
#ifndef AZ_LENS_PASS_H
#define AZ_LENS_PASS_H

#include "azimuth/bf16.h"
#include "azimuth/recording.h"

struct az_pass_plan {
    const struct az_recording *recording;
    const struct az_recorded *tensor;
    int64_t first, last; /* frames of the tensor */
    int64_t every;       /* first, first + every, ..., and last in any case; at least 1 */
    /* [listed] frames in place of these; NULL: none. One below 0 is not read: what lies in its
     * place is left over from before. */
    const int64_t *list;
    int64_t listed;
    size_t block_bytes; /* about; 0 takes what suits the caches */
};

struct az_pass_block {
    int64_t number;             /* of frames[0] among those of the pass */
    int64_t moves;              /* frames after the first one; 0 for a pass of one frame */
    const int64_t *frames;      /* [moves + 1] number of each frame in the tensor */
    const unsigned char *bytes; /* [moves + 1] frames, one after the other; NULL: the end */
};

struct az_pass;

/* Frames that the pass will have. */
int64_t az_pass_length(const struct az_pass_plan *plan);
/* The most moves that a block will have. */
int64_t az_pass_most_moves(const struct az_pass_plan *plan);

enum az_status az_pass_open(struct az_pass **pass, const struct az_pass_plan *plan,
                            struct az_error *error);
/* The next block, valid until the next call; frame 0 of it is the last one of the block before.
 */
enum az_status az_pass_next(struct az_pass *pass, struct az_pass_block *block,
                            struct az_error *error);
void az_pass_close(struct az_pass *pass); /* NULL is allowed */

static inline const struct az_bf16 *az_pass_rows(const struct az_pass_block *block,
                                                 const struct az_recorded *tensor, int64_t frame)
{
    return (const struct az_bf16 *)(block->bytes + (size_t)frame * tensor->frame_bytes);
}

#endif
