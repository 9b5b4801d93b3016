#include "text/cache.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/file.h"

#define MAGIC "azimuth cache 1\n"

struct header {
    char magic[16];
    struct az_hash key, payload_hash;
    uint64_t length_bytes, zero;
};

enum az_status az_cache_init(struct az_cache *cache, const char *directory, struct az_error *error)
{
    const char *own = getenv("AZ_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = 0;
    cache->directory[0] = 0;
    if (!directory && own && *own) directory = own;
    if (directory)
        length = snprintf(cache->directory, AZ_CACHE_PATH_BYTES, "%s", directory);
    else if (xdg && *xdg)
        length = snprintf(cache->directory, AZ_CACHE_PATH_BYTES, "%s/azimuth", xdg);
    else if (home && *home)
        length = snprintf(cache->directory, AZ_CACHE_PATH_BYTES, "%s/.cache/azimuth", home);
    if (length < AZ_CACHE_PATH_BYTES) return AZ_OK;
    return az_error_raise(error, AZ_USAGE, "the name of the cache directory is too long");
}

static bool name_file(const struct az_cache *cache, const char *kind, struct az_hash key,
                      char path[AZ_CACHE_PATH_BYTES])
{
    char hash[AZ_HASH_TEXT_BYTES], name[64];
    if (!cache->directory[0]) return false;
    az_hash_text(key, hash);
    snprintf(name, sizeof name, "%s-%s", kind, hash);
    return az_path_join(path, AZ_CACHE_PATH_BYTES, cache->directory, name, NULL) == AZ_OK;
}

static struct header header_for(struct az_hash key, const void *payload, size_t length_bytes)
{
    struct header header = {.key = key,
                            .payload_hash = az_hash_bytes(payload, length_bytes),
                            .length_bytes = length_bytes};
    memcpy(header.magic, MAGIC, sizeof header.magic);
    return header;
}

void az_cache_read(const struct az_cache *cache, const char *kind, struct az_hash key,
                   void **payload, size_t *length_bytes)
{
    char path[AZ_CACHE_PATH_BYTES], *bytes = NULL;
    size_t file_bytes;
    *payload = NULL;
    *length_bytes = 0;
    if (!name_file(cache, kind, key, path) || !az_file_exists(path) ||
        az_file_read(path, 0, &bytes, &file_bytes, NULL) != AZ_OK)
        return;
    bool good = file_bytes >= sizeof(struct header);
    if (good) {
        size_t found = file_bytes - sizeof(struct header);
        struct header expected = header_for(key, bytes + sizeof expected, found);
        good = memcmp(bytes, &expected, sizeof expected) == 0;
        *length_bytes = found;
    }
    if (good) {
        memmove(bytes, bytes + sizeof(struct header), *length_bytes + 1);
        *payload = bytes;
    } else {
        *length_bytes = 0;
        az_memory_free(bytes);
    }
}

void az_cache_write(const struct az_cache *cache, const char *kind, struct az_hash key,
                    const void *payload, size_t length_bytes)
{
    char path[AZ_CACHE_PATH_BYTES], *bytes = NULL;
    struct header header = header_for(key, payload, length_bytes);
    if (!name_file(cache, kind, key, path) ||
        az_directory_create(cache->directory, NULL) != AZ_OK ||
        az_memory_allocate(&bytes, sizeof header + length_bytes, 1, "a cache file", NULL) != AZ_OK)
        return;
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, payload, length_bytes);
    az_file_write(path, bytes, sizeof header + length_bytes, NULL);
    az_memory_free(bytes);
}
