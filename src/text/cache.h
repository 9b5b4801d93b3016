/* cache.h: results that are costly to make, kept in files named by the hash of what they are made
 * of.
 *
 * A file is a header of 64 bytes, then the payload: "azimuth cache 1\n"; the key (16 bytes); the
 * hash of the payload (16); its length (8, as the machine writes it); 8 zeros. A file that is not
 * exactly that is as good as absent. A cache that cannot be written or read is no error: the result
 * is made anew. */
#ifndef AZ_TEXT_CACHE_H
#define AZ_TEXT_CACHE_H

#include <stddef.h>

#include "azimuth/hash.h"
#include "base/raise.h"

#define AZ_CACHE_PATH_BYTES 4096

struct az_cache {
    char directory[AZ_CACHE_PATH_BYTES]; /* "" where there is none */
};

/* directory: NULL for $AZ_CACHE, else $XDG_CACHE_HOME/azimuth, else $HOME/.cache/azimuth. AZ_USAGE
 * for a name that is too long. Nothing is created yet. */
enum az_status az_cache_init(struct az_cache *cache, const char *directory, struct az_error *error);

/* *payload from az_memory_allocate, or NULL where it is not there or damaged. kind is the beginning
 * of the file's name ("tokens"). */
void az_cache_read(const struct az_cache *cache, const char *kind, struct az_hash key,
                   void **payload, size_t *length_bytes);
void az_cache_write(const struct az_cache *cache, const char *kind, struct az_hash key,
                    const void *payload, size_t length_bytes);

#endif
