#include <string.h>

#include "base/memory.h"
#include "text/encoder.h"
#include "text/normalise.h"
#include "text/utf8.h"

#define STAGE "encoding"
#define MEGABYTE 1e6

/* Words met before, by a hash of their bytes: a slot keeps the last that fell on it. */
#define CACHED_BYTES 58
#define CACHED_IDS 16
#define CACHE_LEAST ((size_t)1 << 8)
#define CACHE_MOST ((size_t)1 << 16)

struct az_cached_word {
    uint32_t ids[CACHED_IDS];
    uint32_t hash;
    uint8_t length_bytes, id_count; /* 0 bytes: free */
    char bytes[CACHED_BYTES];
};

enum az_status az_encoder_init(struct az_encoder *encoder, const struct az_tokenizer *tokenizer,
                               size_t text_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *encoder = (struct az_encoder){
        .tokenizer = tokenizer, .cache_size = CACHE_LEAST, .capacity = text_bytes / 4 + 16};
    while (encoder->cache_size < CACHE_MOST && encoder->cache_size < text_bytes / 16)
        encoder->cache_size *= 2;
    AZ_TRY(az_walk_init(&encoder->walk, &tokenizer->splitter, error));
    AZ_TRY(az_memory_allocate(&encoder->cache, encoder->cache_size, sizeof *encoder->cache,
                              "the words met", error));
    AZ_TRY(az_memory_allocate(&encoder->ids, encoder->capacity, sizeof *encoder->ids,
                              "the token ids", error));
out:
    if (status != AZ_OK) az_encoder_free(encoder);
    return status;
}

void az_encoder_free(struct az_encoder *encoder)
{
    az_walk_free(&encoder->walk);
    az_word_free(&encoder->word);
    az_buffer_free(&encoder->normal);
    az_memory_free(encoder->cache);
    az_memory_free(encoder->ids);
    *encoder = (struct az_encoder){0};
}

static enum az_status add_ids(struct az_encoder *encoder, const uint32_t *ids, size_t count,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (count > encoder->capacity - encoder->count) {
        size_t capacity = 2 * encoder->capacity + count;
        AZ_TRY(az_memory_grow(&encoder->ids, encoder->count, capacity, sizeof *encoder->ids,
                              "the token ids", error));
        encoder->capacity = capacity;
    }
    memcpy(encoder->ids + encoder->count, ids, count * sizeof *ids);
    encoder->count += count;
out:
    return status;
}

/* The word's symbols before any merge: bytes, or characters. */
static size_t fill_symbols(const struct az_tokenizer *tokenizer, const char *bytes,
                           size_t length_bytes, uint32_t *symbols)
{
    size_t count = 0;
    if (tokenizer->model == AZ_TOKEN_MODEL_BYTE) {
        for (; count < length_bytes; count++)
            symbols[count] = tokenizer->byte_ids[(unsigned char)bytes[count]];
        return count;
    }
    for (size_t at = 0, length; at < length_bytes; at += length) {
        length = az_utf8_length(bytes[at]);
        uint32_t id = az_vocabulary_find(&tokenizer->vocabulary, bytes + at, length);
        symbols[count++] = id == AZ_TOKEN_NONE ? tokenizer->unknown : id;
    }
    return count;
}

/* The word's ids into encoder->word.symbols. */
static enum az_status merge_word(struct az_encoder *encoder, const char *bytes, size_t length_bytes,
                                 size_t *count, struct az_error *error)
{
    const struct az_tokenizer *tokenizer = encoder->tokenizer;
    enum az_status status = az_word_reserve(&encoder->word, length_bytes, error);
    if (status != AZ_OK) return status;
    if (tokenizer->whole_words_first) {
        uint32_t id = az_vocabulary_find(&tokenizer->vocabulary, bytes, length_bytes);
        encoder->word.symbols[0] = id;
        *count = 1;
        if (id != AZ_TOKEN_NONE) return AZ_OK;
    }
    *count = fill_symbols(tokenizer, bytes, length_bytes, encoder->word.symbols);
    *count = az_word_merge(&encoder->word, &tokenizer->merges, *count);
    return AZ_OK;
}

static uint32_t hash_word(const char *bytes, size_t length_bytes)
{
    uint64_t hash = length_bytes;
    for (size_t n = 0; n < length_bytes; n++)
        hash = (hash ^ (unsigned char)bytes[n]) * 0x100000001b3u;
    return (uint32_t)(hash * 0x9E3779B97F4A7C15u >> 32);
}

static bool is_cached(const struct az_cached_word *slot, uint32_t hash, const char *bytes,
                      size_t length_bytes)
{
    return slot->hash == hash && slot->length_bytes == length_bytes &&
           memcmp(slot->bytes, bytes, length_bytes) == 0;
}

static enum az_status encode_word(struct az_encoder *encoder, const char *bytes,
                                  size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count;
    struct az_cached_word *slot = NULL;
    uint32_t hash = 0;
    if (length_bytes <= CACHED_BYTES) {
        hash = hash_word(bytes, length_bytes);
        slot = &encoder->cache[hash & (encoder->cache_size - 1)];
        if (is_cached(slot, hash, bytes, length_bytes))
            return add_ids(encoder, slot->ids, slot->id_count, error);
    }
    AZ_TRY(merge_word(encoder, bytes, length_bytes, &count, error));
    AZ_TRY(add_ids(encoder, encoder->word.symbols, count, error));
    if (!slot || count > CACHED_IDS) goto out;
    slot->hash = hash;
    slot->length_bytes = (uint8_t)length_bytes;
    slot->id_count = (uint8_t)count;
    memcpy(slot->bytes, bytes, length_bytes);
    memcpy(slot->ids, encoder->word.symbols, count * sizeof *slot->ids);
out:
    return status;
}

static enum az_status tell(struct az_encoder *encoder, size_t done_bytes, struct az_error *error)
{
    az_progress_tell(encoder->progress, STAGE, "MB", (double)done_bytes / MEGABYTE,
                     (double)encoder->text_bytes / MEGABYTE, "");
    if (!az_progress_stopped(encoder->progress)) return AZ_OK;
    return az_error_raise(error, AZ_INTERRUPTED, "encoding was stopped");
}

/* A stretch of text without added tokens. */
static enum az_status encode_segment(struct az_encoder *encoder, const char *text,
                                     size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *word;
    size_t word_bytes, words = 0;
    az_walk_begin(&encoder->walk, text, length_bytes);
    for (;;) {
        AZ_TRY(az_walk_next(&encoder->walk, &word, &word_bytes, error));
        if (word_bytes == 0) break;
        AZ_TRY(encode_word(encoder, word, word_bytes, error));
        if (++words % 4096 == 0)
            AZ_TRY(tell(encoder, encoder->done_bytes + encoder->walk.at, error));
    }
out:
    return status;
}

static enum az_status encode_text(struct az_encoder *encoder, const char *text, size_t length_bytes,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_tokenizer *tokenizer = encoder->tokenizer;
    while (encoder->done_bytes < length_bytes) {
        uint32_t special;
        const char *rest = text + encoder->done_bytes;
        size_t left = length_bytes - encoder->done_bytes, special_bytes = 0;
        size_t place =
            az_added_find(&tokenizer->added, &tokenizer->vocabulary, rest, left, &special);
        if (place > 0) AZ_TRY(encode_segment(encoder, rest, place, error));
        if (special != AZ_TOKEN_NONE) {
            special_bytes = tokenizer->vocabulary.tokens[special].length_bytes;
            AZ_TRY(add_ids(encoder, &special, 1, error));
        }
        encoder->done_bytes += place + special_bytes;
    }
out:
    return status;
}

enum az_status az_encoder_normalise(struct az_encoder *encoder, const char **text,
                                    size_t *length_bytes, struct az_error *error)
{
    if (encoder->tokenizer->normaliser == AZ_NORMALISER_NONE) return AZ_OK;
    encoder->normal.length = 0;
    enum az_status status = az_normalise_nfc(*text, *length_bytes, &encoder->normal, error);
    *text = encoder->normal.bytes;
    *length_bytes = encoder->normal.length;
    return status;
}

enum az_status az_encoder_text(struct az_encoder *encoder, const char *text, size_t length_bytes,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t fault = az_utf8_invalid(text, length_bytes);
    if (fault < length_bytes)
        AZ_RAISE(AZ_FORMAT, "the text to encode has invalid UTF-8 at byte %zu", fault);
    encoder->count = encoder->done_bytes = 0;
    AZ_TRY(az_encoder_normalise(encoder, &text, &length_bytes, error));
    encoder->text_bytes = length_bytes;
    AZ_TRY(encode_text(encoder, text, length_bytes, error));
out:
    return status;
}

enum az_status az_encoder_word(struct az_encoder *encoder, const char *bytes, size_t length_bytes,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count;
    encoder->count = 0;
    AZ_TRY(merge_word(encoder, bytes, length_bytes, &count, error));
    AZ_TRY(add_ids(encoder, encoder->word.symbols, count, error));
out:
    return status;
}

enum az_status az_tokenizer_encode(const struct az_tokenizer *tokenizer, const char *text,
                                   size_t length_bytes, uint32_t **ids, size_t *count,
                                   struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_encoder encoder = {0};
    *ids = NULL;
    *count = 0;
    AZ_TRY(az_encoder_init(&encoder, tokenizer, length_bytes, error));
    encoder.progress = progress;
    az_progress_begin(progress);
    AZ_TRY(az_encoder_text(&encoder, text, length_bytes, error));
    az_progress_end(progress, STAGE, "MB", (double)encoder.text_bytes / MEGABYTE,
                    (double)encoder.text_bytes / MEGABYTE, "");
    *ids = encoder.ids;
    *count = encoder.count;
    encoder.ids = NULL;
out:
    az_encoder_free(&encoder);
    return status;
}

void az_tokenizer_free_ids(uint32_t *ids) { az_memory_free(ids); }
