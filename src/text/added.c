#include "text/added.h"

#include <string.h>

#include "base/memory.h"

void az_added_free(struct az_added *added)
{
    az_memory_free(added->ids);
    *added = (struct az_added){0};
}

enum az_status az_added_put(struct az_added *added, struct az_vocabulary *vocabulary, uint32_t id,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t length, at = added->count;
    const char *bytes = az_vocabulary_bytes(vocabulary, id, &length);
    if (!bytes || length == 0) AZ_RAISE(AZ_FORMAT, "the special token with id %u is empty", id);
    AZ_TRY(az_memory_grow(&added->ids, added->count, added->count + 1, sizeof *added->ids,
                          "the special tokens", error));
    for (; at > 0 && vocabulary->tokens[added->ids[at - 1]].length_bytes < length; at--)
        added->ids[at] = added->ids[at - 1];
    added->ids[at] = id;
    added->count++;
    added->begins[(unsigned char)bytes[0]] = true;
    vocabulary->tokens[id].special = true;
out:
    return status;
}

static uint32_t longest_at(const struct az_added *added, const struct az_vocabulary *vocabulary,
                           const char *text, size_t length_bytes)
{
    for (size_t n = 0; n < added->count; n++) {
        size_t length;
        const char *bytes = az_vocabulary_bytes(vocabulary, added->ids[n], &length);
        if (length <= length_bytes && memcmp(text, bytes, length) == 0) return added->ids[n];
    }
    return AZ_TOKEN_NONE;
}

size_t az_added_find(const struct az_added *added, const struct az_vocabulary *vocabulary,
                     const char *text, size_t length_bytes, uint32_t *id)
{
    *id = AZ_TOKEN_NONE;
    if (added->count == 0) return length_bytes;
    for (size_t at = 0; at < length_bytes; at++) {
        if (!added->begins[(unsigned char)text[at]]) continue;
        *id = longest_at(added, vocabulary, text + at, length_bytes - at);
        if (*id != AZ_TOKEN_NONE) return at;
    }
    return length_bytes;
}
