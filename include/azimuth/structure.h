/* structure.h: equal and neighbouring rows of a recorded matrix through training
 * (docs/definitions.md, "Structure over time"). */
#ifndef AZIMUTH_STRUCTURE_H
#define AZIMUTH_STRUCTURE_H

#include "azimuth/lens.h"

/* One frame. +0 and -0 are equal; a row with NaN is equal to nothing and has no neighbours. */
struct az_structure_frame {
    int64_t step;
    int64_t unique, singletons, black_holes; /* vectors: of any, of one, of two and more rows */
    int64_t grouped_tokens, excess; /* rows in black holes; rows without vectors left over */
    int64_t largest_population, nan_rows;
    int64_t adjacent_pairs, face_pairs; /* of unique vectors: Linf = 1; of these L1 = 1 */
    int64_t components, component_vectors, component_tokens; /* of two and more vectors */
    int64_t largest_component_vectors, largest_component_tokens;
    /* Against the frame before: black holes that had no two members together, that have no two
     * members together any more; vectors whose rows part, rows that leave the larger part; vectors
     * whose rows come from several, rows that were not in the larger of these. */
    int64_t births, deaths, fissions, left_tokens, fusions, joined_tokens;
};

struct az_structure_token {
    int64_t token;
    int64_t population_start, population_end; /* rows equal to it, itself among them */
    int64_t group_end;                        /* lowest token of the rows equal to it at the end */
    int64_t first_left_step, first_joined_step; /* 0: never */
};

struct az_structure {
    char matrix[32], named[256];
    enum az_lens_set set;
    int64_t dims, vocabulary;
    struct az_structure_frame *frames; /* [frame_count] */
    int64_t frame_count;
    struct az_structure_token *tokens; /* [token_count] of the set, ascending */
    int64_t token_count;
};

struct az_structure_options {
    const char *matrix;            /* NULL: "W" */
    enum az_lens_set set;          /* AZ_LENS_SETS: all */
    const char *named;             /* for AZ_LENS_NAMED */
    int64_t every;                 /* frames; 0: 1. The last frame is looked at in any case */
    int64_t first_step, last_step; /* as in az_lens_options */
    int threads;
};

/* Errors as az_lens_look; one frame is enough. Free with az_structure_free. */
AZ_API enum az_status az_structure_look(struct az_structure **structure, const char *path,
                                        const struct az_structure_options *options,
                                        struct az_progress *progress, struct az_error *error);
AZ_API void az_structure_free(struct az_structure *structure); /* NULL is allowed */

#endif
