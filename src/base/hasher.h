/* hasher.h: a growing hash laid aside and taken up again, so that a run that goes on has the
 * fingerprint of one that never stopped. */
#ifndef AZ_BASE_HASHER_H
#define AZ_BASE_HASHER_H

#include <stdbool.h>

#include "azimuth/hash.h"

/* XXH3's 8 accumulators, its buffer of 256 bytes, and how much is in it; docs/formats.md. */
#define AZ_HASHER_STATE_BYTES (64 + 256 + 3 * 8)

/* The same bytes whenever the same pieces were added, on every machine. */
void az_hasher_save(const struct az_hasher *hasher, unsigned char bytes[AZ_HASHER_STATE_BYTES]);

/* False, with the hasher empty, when the bytes cannot have come from az_hasher_save. */
bool az_hasher_restore(struct az_hasher *hasher, const unsigned char bytes[AZ_HASHER_STATE_BYTES]);

/* Bytes added so far. */
uint64_t az_hasher_length(const struct az_hasher *hasher);

#endif
