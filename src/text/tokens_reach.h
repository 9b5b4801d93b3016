/* tokens_reach.h: encodes tokens again and says why they do not come back. */
#ifndef AZ_TEXT_TOKENS_REACH_H
#define AZ_TEXT_TOKENS_REACH_H

#include "azimuth/tokens.h"
#include "text/encoder.h"

/* What a stretch of rows encodes to, one after another. */
struct az_reach_chunk {
    uint32_t *ids; /* [count], az_memory_free */
    size_t count, capacity;
    enum az_status status;
    struct az_error error;
};

/* Fills in reach, encoding_count and the cut of rows first..end-1, which are looked at already. */
void az_reach_rows(struct az_tokens *tokens, size_t first, size_t end, struct az_encoder *encoder,
                   struct az_reach_chunk *chunk);

#endif
