/* structure_frame.h: the structure of one frame, and what became of it in the next. */
#ifndef AZ_LENS_STRUCTURE_FRAME_H
#define AZ_LENS_STRUCTURE_FRAME_H

#include "azimuth/bf16.h"
#include "azimuth/structure.h"
#include "sky/groups.h"

/* A row and the vectors that it belonged to before and after. */
struct az_structure_row {
    uint32_t before, after, row;
};

/* What one thread works with; rows are those of the set. */
struct az_structure_scratch {
    size_t count, dims;
    struct az_groups groups;
    struct az_bf16 *strings;   /* [count][dims] rows that have no NaN */
    uint32_t *row_of;          /* [count] */
    int16_t *orders;           /* [count][dims] of unique vectors */
    int32_t *next, *parent;    /* [count] chains of one cell; union-find */
    int64_t *vectors, *tokens; /* [count] of components */
    int32_t *heads;            /* [head_count] */
    size_t head_count;
    struct az_structure_row *rows; /* [count] */
};

enum az_status az_structure_scratch_create(struct az_structure_scratch *scratch, size_t count,
                                           size_t dims, struct az_error *error);
void az_structure_scratch_free(struct az_structure_scratch *scratch); /* zeroed is allowed */

/* Fills frame (but for what compares two) and group_of[count]; a row with NaN gets a number of its
 * own. members[count]: rows of the matrix. */
void az_structure_frame_find(struct az_structure_scratch *scratch, const struct az_bf16 *matrix,
                             const int64_t *members, struct az_structure_frame *frame,
                             uint32_t *group_of);

/* Fills births ... joined_tokens of frame, and marks rows: bit 0 left, bit 1 joined. */
void az_structure_compare(struct az_structure_scratch *scratch, const uint32_t *before,
                          const uint32_t *after, struct az_structure_frame *frame, uint8_t *marks);

#endif
