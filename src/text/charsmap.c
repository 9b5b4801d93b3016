#include "text/charsmap.h"

#include <stdbool.h>
#include <string.h>
#include <unigbrk.h>

#include "base/memory.h"
#include "text/base64.h"
#include "text/utf8.h"

#define WHOLE_GRAPHEME_BYTES 6
#define LEAF_VALUE 0x7fffffffu

void az_charsmap_free(struct az_charsmap *map)
{
    az_memory_free(map->units);
    az_memory_free(map->strings);
    *map = (struct az_charsmap){0};
}

static uint32_t little_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static enum az_status read_blob(struct az_charsmap *map, const unsigned char *blob, size_t bytes,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t trie_bytes = bytes >= 4 ? little_endian(blob) : 0;
    if (bytes < 4 || trie_bytes > bytes - 4 || trie_bytes % 4 != 0 || trie_bytes == 0)
        AZ_RAISE(AZ_FORMAT,
                 "\"precompiled_charsmap\" of %zu bytes has a trie of %zu bytes; expected a "
                 "multiple of 4 that fits",
                 bytes, trie_bytes);
    map->unit_count = trie_bytes / 4;
    map->strings_bytes = bytes - 4 - trie_bytes;
    AZ_TRY(az_memory_allocate(&map->units, map->unit_count, sizeof *map->units, "a trie", error));
    for (size_t n = 0; n < map->unit_count; n++) map->units[n] = little_endian(blob + 4 + 4 * n);
    AZ_TRY(az_memory_allocate(&map->strings, map->strings_bytes + 1, 1, "the strings", error));
    memcpy(map->strings, blob + 4 + trie_bytes, map->strings_bytes);
    if (az_utf8_invalid(map->strings, map->strings_bytes) < map->strings_bytes)
        AZ_RAISE(AZ_FORMAT, "the strings of \"precompiled_charsmap\" are not valid UTF-8");
out:
    return status;
}

enum az_status az_charsmap_init(struct az_charsmap *map, const char *base64, size_t length,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *blob = NULL;
    *map = (struct az_charsmap){0};
    AZ_TRY(az_memory_allocate(&blob, length / 4 * 3 + 3, 1, "the charsmap", error));
    int64_t bytes = az_base64_decode(base64, length, blob);
    if (bytes < 0) AZ_RAISE(AZ_FORMAT, "\"precompiled_charsmap\" is not base64");
    AZ_TRY(read_blob(map, blob, (size_t)bytes, error));
out:
    az_memory_free(blob);
    if (status != AZ_OK) az_charsmap_free(map);
    return status;
}

static size_t offset_of(uint32_t unit) { return (size_t)(unit >> 10) << ((unit & 0x200) >> 6); }

/* What the shortest beginning of the key in the trie stands for; NULL where there is none. */
static const char *find(const struct az_charsmap *map, const char *key, size_t length)
{
    size_t node = offset_of(map->units[0]);
    for (size_t n = 0; n < length && key[n]; n++) {
        node ^= (unsigned char)key[n];
        if (node >= map->unit_count) return NULL;
        uint32_t unit = map->units[node];
        if ((unit & 0x800000ffu) != (unsigned char)key[n]) return NULL;
        node ^= offset_of(unit);
        if (node >= map->unit_count) return NULL;
        if (!(unit >> 8 & 1)) continue;
        uint32_t place = map->units[node] & LEAF_VALUE;
        return place <= map->strings_bytes ? map->strings + place : NULL;
    }
    return NULL;
}

static enum az_status apply_characters(const struct az_charsmap *map, const char *text,
                                       size_t length_bytes, struct az_buffer *normal,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t at = 0, used; at < length_bytes; at += used) {
        used = az_utf8_length(text[at]);
        const char *other = find(map, text + at, used);
        AZ_TRY(
            az_buffer_add(normal, other ? other : text + at, other ? strlen(other) : used, error));
    }
out:
    return status;
}

/* An ASCII character before another is a grapheme, but for \r\n. */
static size_t grapheme_length(const char *text, size_t length_bytes)
{
    if (length_bytes == 1 ||
        ((signed char)text[0] >= 0 && (signed char)text[1] >= 0 && text[0] != '\r'))
        return 1;
    const uint8_t *start = (const uint8_t *)text;
    const uint8_t *end = u8_grapheme_next(start, start + length_bytes);
    return (size_t)(end - start);
}

enum az_status az_charsmap_apply(const struct az_charsmap *map, const char *text,
                                 size_t length_bytes, struct az_buffer *normal,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t at = 0, used; at < length_bytes; at += used) {
        used = grapheme_length(text + at, length_bytes - at);
        const char *other = used < WHOLE_GRAPHEME_BYTES ? find(map, text + at, used) : NULL;
        if (other)
            AZ_TRY(az_buffer_add(normal, other, strlen(other), error));
        else
            AZ_TRY(apply_characters(map, text + at, used, normal, error));
    }
out:
    return status;
}
