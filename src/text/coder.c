#include <string.h>

#include "base/memory.h"
#include "text/byte_alphabet.h"
#include "text/encode.h"
#include "text/model.h"

/* Words met before, by a hash of their bytes: a slot keeps the last that fell on it. */
#define CACHED_BYTES 56
#define CACHED_IDS 16
#define CACHE_LEAST ((size_t)1 << 8)
#define CACHE_MOST ((size_t)1 << 15)
#define MIX 0x9E3779B97F4A7C15u

struct az_coded_word {
    uint32_t hash;
    uint8_t length_bytes, id_count; /* 0 bytes: free */
    char bytes[CACHED_BYTES];
    uint32_t ids[CACHED_IDS];
};

void az_ids_free(struct az_ids *ids)
{
    az_memory_free(ids->list);
    *ids = (struct az_ids){0};
}

static enum az_status reserve(struct az_ids *ids, size_t more, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (more <= ids->capacity - ids->count) goto out;
    size_t capacity = 2 * ids->capacity + more + 64;
    AZ_TRY(az_memory_grow(&ids->list, ids->count, capacity, sizeof *ids->list, "the token ids",
                          error));
    ids->capacity = capacity;
out:
    return status;
}

enum az_status az_ids_add(struct az_ids *ids, const uint32_t *list, size_t count,
                          struct az_error *error)
{
    enum az_status status = reserve(ids, count, error);
    if (status != AZ_OK || count == 0) return status;
    memcpy(ids->list + ids->count, list, count * sizeof *list);
    ids->count += count;
    return AZ_OK;
}

enum az_status az_coder_init(struct az_coder *coder, const struct az_tokenizer *tokenizer,
                             size_t text_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *coder = (struct az_coder){.tokenizer = tokenizer, .cache_size = CACHE_LEAST};
    while (coder->cache_size < CACHE_MOST && coder->cache_size < text_bytes / 16)
        coder->cache_size *= 2;
    AZ_TRY(az_cut_init(&coder->cut, &tokenizer->cutter, error));
    AZ_TRY(az_memory_allocate(&coder->cache, coder->cache_size, sizeof *coder->cache,
                              "the words met", error));
out:
    if (status != AZ_OK) az_coder_free(coder);
    return status;
}

void az_coder_free(struct az_coder *coder)
{
    az_cut_free(&coder->cut);
    az_word_free(&coder->word);
    az_memory_free(coder->cache);
    az_buffer_free(&coder->spelling);
    *coder = (struct az_coder){0};
}

/* Eight bytes at a time; the last eight overlap those before. */
static uint32_t hash_word(const char *bytes, size_t length_bytes)
{
    uint64_t hash = length_bytes, part = 0;
    if (length_bytes >= 8) {
        for (size_t n = 0; n + 8 < length_bytes; n += 8) {
            memcpy(&part, bytes + n, 8);
            hash = (hash ^ part) * MIX;
            hash ^= hash >> 29;
        }
        memcpy(&part, bytes + length_bytes - 8, 8);
    } else if (length_bytes >= 4) {
        uint32_t low, high;
        memcpy(&low, bytes, 4);
        memcpy(&high, bytes + length_bytes - 4, 4);
        part = (uint64_t)high << 32 | low;
    } else if (length_bytes > 0) {
        part = (unsigned char)bytes[0] | (uint64_t)(unsigned char)bytes[length_bytes / 2] << 8 |
               (uint64_t)(unsigned char)bytes[length_bytes - 1] << 16;
    }
    hash = (hash ^ part) * MIX;
    return (uint32_t)(hash >> 32 ^ hash >> 17);
}

static bool is_cached(const struct az_coded_word *slot, uint32_t hash, const char *bytes,
                      size_t length_bytes)
{
    return slot->hash == hash && slot->length_bytes == length_bytes &&
           memcmp(slot->bytes, bytes, length_bytes) == 0;
}

static enum az_status model_word(struct az_coder *coder, const char *bytes, size_t length_bytes,
                                 size_t *count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_tokenizer *tokenizer = coder->tokenizer;
    if (tokenizer->cutter.spelled && tokenizer->model != AZ_TOKEN_MODEL_BYTE) {
        coder->spelling.length = 0;
        AZ_TRY(az_byte_alphabet_spell(bytes, length_bytes, &coder->spelling, error));
        bytes = coder->spelling.bytes;
        length_bytes = coder->spelling.length;
    }
    AZ_TRY(az_model_word(tokenizer, &coder->word, bytes, length_bytes, count, error));
out:
    return status;
}

enum az_status az_coder_word(void *context, const char *word, size_t length_bytes,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_coder *coder = context;
    struct az_coded_word *slot = NULL;
    uint32_t hash = 0;
    size_t count;
    if (length_bytes <= CACHED_BYTES) {
        hash = hash_word(word, length_bytes);
        slot = &coder->cache[hash & (coder->cache_size - 1)];
        if (is_cached(slot, hash, word, length_bytes))
            return az_ids_add(coder->ids, slot->ids, slot->id_count, error);
    }
    AZ_TRY(model_word(coder, word, length_bytes, &count, error));
    AZ_TRY(az_ids_add(coder->ids, coder->word.symbols, count, error));
    if (!slot || count > CACHED_IDS) goto out;
    slot->hash = hash;
    slot->length_bytes = (uint8_t)length_bytes;
    slot->id_count = (uint8_t)count;
    memcpy(slot->bytes, word, length_bytes);
    memcpy(slot->ids, coder->word.symbols, count * sizeof *slot->ids);
out:
    return status;
}
