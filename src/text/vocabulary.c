#include "text/vocabulary.h"

#include <string.h>

#include "azimuth/hash.h"
#include "base/memory.h"

void az_vocabulary_free(struct az_vocabulary *vocabulary)
{
    az_buffer_free(&vocabulary->bytes);
    az_memory_free(vocabulary->tokens);
    az_memory_free(vocabulary->table);
    *vocabulary = (struct az_vocabulary){0};
}

const char *az_vocabulary_bytes(const struct az_vocabulary *vocabulary, size_t id,
                                size_t *length_bytes)
{
    *length_bytes = 0;
    if (id >= vocabulary->count || !vocabulary->tokens[id].present) return NULL;
    *length_bytes = vocabulary->tokens[id].length_bytes;
    return vocabulary->bytes.bytes + vocabulary->tokens[id].offset;
}

static bool has_bytes(const struct az_vocabulary *vocabulary, uint32_t id, const char *bytes,
                      size_t length_bytes)
{
    const struct az_token *token = &vocabulary->tokens[id];
    return token->length_bytes == length_bytes &&
           memcmp(vocabulary->bytes.bytes + token->offset, bytes, length_bytes) == 0;
}

/* The slot that holds these bytes, or the free one where they belong. */
static size_t slot_of(const struct az_vocabulary *vocabulary, const char *bytes,
                      size_t length_bytes)
{
    size_t mask = vocabulary->table_size - 1;
    size_t slot = az_hash_bytes(bytes, length_bytes).low & mask;
    while (vocabulary->table[slot] &&
           !has_bytes(vocabulary, vocabulary->table[slot] - 1, bytes, length_bytes))
        slot = (slot + 1) & mask;
    return slot;
}

uint32_t az_vocabulary_find(const struct az_vocabulary *vocabulary, const char *bytes,
                            size_t length_bytes)
{
    if (!vocabulary->table) return AZ_TOKEN_NONE;
    return vocabulary->table[slot_of(vocabulary, bytes, length_bytes)] - 1;
}

static enum az_status enlarge_table(struct az_vocabulary *vocabulary, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_vocabulary larger = *vocabulary;
    larger.table_size = vocabulary->table_size ? 2 * vocabulary->table_size : 1024;
    AZ_TRY(az_memory_allocate(&larger.table, larger.table_size, sizeof *larger.table,
                              "the vocabulary", error));
    for (size_t n = 0; n < vocabulary->table_size; n++) {
        size_t length_bytes;
        if (!vocabulary->table[n]) continue;
        const char *bytes =
            az_vocabulary_bytes(vocabulary, vocabulary->table[n] - 1, &length_bytes);
        larger.table[slot_of(&larger, bytes, length_bytes)] = vocabulary->table[n];
    }
    az_memory_free(vocabulary->table);
    *vocabulary = larger;
out:
    return status;
}

static enum az_status enlarge(struct az_vocabulary *vocabulary, size_t count,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (count > vocabulary->capacity) {
        size_t capacity = count > 2 * vocabulary->capacity ? count : 2 * vocabulary->capacity;
        AZ_TRY(az_memory_grow(&vocabulary->tokens, vocabulary->count, capacity,
                              sizeof *vocabulary->tokens, "the vocabulary", error));
        vocabulary->capacity = capacity;
    }
    if (2 * (vocabulary->listed + 1) > vocabulary->table_size)
        AZ_TRY(enlarge_table(vocabulary, error));
out:
    return status;
}

static enum az_status put(struct az_vocabulary *vocabulary, size_t id, const char *bytes,
                          size_t length_bytes, bool listed, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t slot = 0;
    if (id >= AZ_TOKEN_LIMIT)
        AZ_RAISE(AZ_FORMAT, "id %zu is out of range; ids lie below %zu", id, AZ_TOKEN_LIMIT);
    if (length_bytes >= UINT32_MAX) AZ_RAISE(AZ_FORMAT, "a token of %zu bytes", length_bytes);
    if (id < vocabulary->count && vocabulary->tokens[id].present)
        AZ_RAISE(AZ_FORMAT, "two tokens have the id %zu", id);
    AZ_TRY(enlarge(vocabulary, id + 1, error));
    if (listed) slot = slot_of(vocabulary, bytes, length_bytes);
    if (listed && vocabulary->table[slot])
        AZ_RAISE(AZ_FORMAT, "ids %u and %zu are the same token", vocabulary->table[slot] - 1, id);
    struct az_token token = {.offset = vocabulary->bytes.length,
                             .length_bytes = (uint32_t)length_bytes,
                             .present = true};
    AZ_TRY(az_buffer_reserve(&vocabulary->bytes, 1, error)); /* the empty token has a place too */
    AZ_TRY(az_buffer_add(&vocabulary->bytes, bytes, length_bytes, error));
    if (listed) vocabulary->table[slot] = (uint32_t)id + 1;
    if (listed && length_bytes > vocabulary->longest_bytes)
        vocabulary->longest_bytes = length_bytes;
    vocabulary->tokens[id] = token;
    vocabulary->entries++;
    vocabulary->listed += listed;
    if (id >= vocabulary->count) vocabulary->count = id + 1;
out:
    return status;
}

enum az_status az_vocabulary_put(struct az_vocabulary *vocabulary, size_t id, const char *bytes,
                                 size_t length_bytes, struct az_error *error)
{
    return put(vocabulary, id, bytes, length_bytes, true, error);
}

enum az_status az_vocabulary_put_aside(struct az_vocabulary *vocabulary, size_t id,
                                       const char *bytes, size_t length_bytes,
                                       struct az_error *error)
{
    return put(vocabulary, id, bytes, length_bytes, false, error);
}

int az_vocabulary_compare(const struct az_vocabulary *vocabulary, uint32_t a, uint32_t b)
{
    size_t a_bytes, b_bytes;
    const char *a_text = az_vocabulary_bytes(vocabulary, a, &a_bytes);
    const char *b_text = az_vocabulary_bytes(vocabulary, b, &b_bytes);
    int order = memcmp(a_text, b_text, a_bytes < b_bytes ? a_bytes : b_bytes);
    return order ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}
