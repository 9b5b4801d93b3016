/* hash.h: 128-bit hashes (XXH3-128) of bytes, files and frames.
 *
 * A fingerprint is the hash of every recorded frame's raw bits, in order of frame, then of tensor
 * in the order of the recording's table. It is printed as 32 hexadecimal digits, high half first,
 * as `xxhsum -H128` prints it. */
#ifndef AZIMUTH_HASH_H
#define AZIMUTH_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "azimuth/status.h"

struct az_hash {
    uint64_t high, low;
};

#define AZ_HASH_TEXT_BYTES 33

AZ_API struct az_hash az_hash_bytes(const void *bytes, size_t length_bytes);
AZ_API void az_hash_text(struct az_hash hash, char text[AZ_HASH_TEXT_BYTES]);

/* A hash that grows; create, add any number of times, read at any time, free. */
struct az_hasher;
AZ_API enum az_status az_hasher_create(struct az_hasher **hasher, struct az_error *error);
AZ_API void az_hasher_free(struct az_hasher *hasher);
AZ_API void az_hasher_add(struct az_hasher *hasher, const void *bytes, size_t length_bytes);
AZ_API struct az_hash az_hasher_value(const struct az_hasher *hasher);

/* Hash of a whole file's bytes. */
AZ_API enum az_status az_hash_file(const char *path, struct az_hash *hash, struct az_error *error);

#endif
