/* suspects.h: tokens that look untrained: how far each row lies from reference rows that cannot
 * have been trained, in the ways of the literature, beside what is exact.
 *
 * Source: Land and Bartolo, "Fishing for Magikarp: automatically detecting under-trained tokens in
 * large language models" (EMNLP 2024): the mean of known unused rows, cosine distance with the
 * first component of the matrix taken out, and norms. */
#ifndef AZ_SKY_SUSPECTS_H
#define AZ_SKY_SUSPECTS_H

#include "azimuth/tokens.h"
#include "sky/duplicates.h"
#include "sky/scan.h"

enum az_indicator {
    AZ_INDICATOR_DISTANCE, /* L2 to the reference */
    AZ_INDICATOR_COSINE,   /* 1 - cosine to the reference */
    AZ_INDICATOR_CENTERED, /* the same with the mean taken from both */
    AZ_INDICATOR_FIRST,    /* the same with the first component projected out of both */
    AZ_INDICATOR_NORM,     /* of the row */
    AZ_INDICATORS
};
const char *az_indicator_name(enum az_indicator indicator); /* "distance" */

struct az_suspect {
    int32_t row;
    double score; /* mean of its ranks (from 0) by the first four indicators over rows */
};

struct az_suspects {
    int64_t rows;
    const char *reference; /* what the reference rows are */
    int64_t reference_rows;
    double *values[AZ_INDICATORS]; /* [rows]; NaN for rows that are not finite */
    double *first_component;       /* [dims] unit vector: leading direction of the second moments */
    struct az_suspect *ranking;    /* [ranked] least score first */
    int64_t ranked;
};

/* Reference rows: orphans and unreachable bytes of the tokens' survey; without one (NULL) the rows
 * of the largest black hole; without that AZ_MISSING. Free in any case. */
enum az_status az_suspects_find(struct az_suspects *suspects, const struct az_matrix *matrix,
                                const struct az_scan *scan, const struct az_duplicates *found,
                                const struct az_tokens *tokens, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error);
void az_suspects_free(struct az_suspects *suspects);

#endif
