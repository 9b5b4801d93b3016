/* usage.h: how often texts use each token. */
#ifndef AZIMUTH_USAGE_H
#define AZIMUTH_USAGE_H

#include <stddef.h>
#include <stdint.h>

#include "azimuth/hash.h"
#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"
#include "azimuth/tokenizer.h"

struct az_usage {
    const struct az_tokenizer *tokenizer; /* borrowed */
    size_t rows, live;                    /* live: that occur */
    uint64_t *counts;                     /* [rows] times each occurs */
    uint64_t tokens, bytes, pieces;
};

/* rows: as for az_tokens_survey. */
AZ_API enum az_status az_usage_init(struct az_usage *usage, const struct az_tokenizer *tokenizer,
                                    size_t rows, struct az_error *error);
AZ_API void az_usage_free(struct az_usage *usage); /* zeroed is allowed */

/* Encodes a text and counts its tokens: those that az_tokenizer_encode gives for the whole. The
 * text is a built-in name (AZ_TEXT_TABLE of corpus.h), or a file or pipe, which is read a few MB at
 * a time. It is cut into pieces for the threads at line ends before which and after which, 512
 * bytes of each, the text encodes to the same apart as together; without such places it is one
 * piece. After a failure the counts are good for nothing but az_usage_free. hash: of the text's
 * bytes, may be NULL. */
AZ_API enum az_status az_usage_add(struct az_usage *usage, const char *name, struct az_hash *hash,
                                   struct az_pool *pool, struct az_progress *progress,
                                   struct az_error *error);

/* ---- sets of tokens ---- */

/* What a set of rows has of the texts. Shares are of all rows, of all occurrences. */
struct az_usage_share {
    size_t rows, live;
    uint64_t tokens;
    double live_share;          /* live / rows */
    double live_enrichment;     /* over the live share of all rows; NaN where none is live */
    double live_low, live_high; /* of it, the exact 95 % interval: that of live_share (Clopper and
                                 * Pearson 1934) over the live share of all rows */
    double log10_p; /* of the live rows, the two-sided exact test of Fisher: p is the chance that as
                     * many rows drawn without looking have a count of live ones no likelier */
    double token_enrichment; /* share of the occurrences over share of the rows; NaN for none */
};
/* Of a set of which these are known. */
AZ_API struct az_usage_share az_usage_share_of(const struct az_usage *usage, size_t rows,
                                               size_t live, uint64_t tokens);
/* member[rows]: 0 or 1. */
AZ_API struct az_usage_share az_usage_of(const struct az_usage *usage, const uint8_t *member);

/* Reads a set of rows into member[rows] (0 or 1): from FILE.safetensors[:TENSOR], a mask (BOOL or
 * U8, at most `rows` long) or ids (I32, I64, U32); from another file as ids in decimal, parted by
 * white space or commas, # comments to the end of the line. A name without TENSOR is good where the
 * file has one tensor. AZ_FORMAT for what is no set, or not of these rows.
 * hash: of the file's bytes, may be NULL. */
AZ_API enum az_status az_token_set_read(uint8_t *member, size_t rows, const char *name,
                                        struct az_hash *hash, struct az_error *error);

#endif
