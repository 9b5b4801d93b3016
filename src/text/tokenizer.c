#include "azimuth/tokenizer.h"

#include "base/memory.h"
#include "store/file.h"
#include "text/tokenizer_parts.h"

#define FILE_LIMIT_BYTES ((size_t)1 << 30)

enum az_status az_tokenizer_create(struct az_tokenizer **tokenizer, enum az_token_model model,
                                   struct az_error *error)
{
    enum az_status status =
        az_memory_allocate(tokenizer, 1, sizeof **tokenizer, "a tokenizer", error);
    if (status != AZ_OK) return status;
    (*tokenizer)->model = model;
    (*tokenizer)->unknown = AZ_TOKEN_NONE;
    return AZ_OK;
}

void az_tokenizer_free(struct az_tokenizer *tokenizer)
{
    if (!tokenizer) return;
    az_splitter_free(&tokenizer->splitter);
    az_vocabulary_free(&tokenizer->vocabulary);
    az_merges_free(&tokenizer->merges);
    az_added_free(&tokenizer->added);
    az_memory_free(tokenizer);
}

enum az_status az_tokenizer_index_bytes(struct az_tokenizer *tokenizer, struct az_error *error)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        uint32_t id = az_vocabulary_find(&tokenizer->vocabulary, &text, 1);
        if (id == AZ_TOKEN_NONE)
            return az_error_raise(error, AZ_UNSUPPORTED,
                                  "the vocabulary has no token for the byte %02x; a byte-level "
                                  "model needs all 256",
                                  byte);
        tokenizer->byte_ids[byte] = id;
    }
    return AZ_OK;
}

enum az_joiner az_tokenizer_joiner(enum az_token_model model, enum az_pattern pattern)
{
    bool drops = model == AZ_TOKEN_MODEL_CHARACTER && pattern == AZ_PATTERN_WHITESPACE;
    return drops ? AZ_JOINER_SPACE : AZ_JOINER_NOTHING;
}

enum az_status az_tokenizer_load(struct az_tokenizer **tokenizer, const char *path,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL;
    size_t length_bytes;
    *tokenizer = NULL;
    AZ_TRY(az_file_read(path, FILE_LIMIT_BYTES, &text, &length_bytes, error));
    AZ_TRY(az_tokenizer_read_json(tokenizer, path, text, length_bytes, error));
out:
    az_memory_free(text);
    return status;
}

enum az_status az_tokenizer_save(const struct az_tokenizer *tokenizer, const char *path,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL;
    size_t length_bytes;
    AZ_TRY(az_tokenizer_write_json(tokenizer, &text, &length_bytes, error));
    AZ_TRY(az_file_write(path, text, length_bytes, error));
out:
    az_memory_free(text);
    return status;
}

struct az_tokenizer_info az_tokenizer_describe(const struct az_tokenizer *tokenizer)
{
    const char *name = az_pattern_name(tokenizer->splitter.pattern);
    return (struct az_tokenizer_info){
        .model = tokenizer->model,
        .pattern = name ? name : tokenizer->splitter.text,
        .tokens = tokenizer->vocabulary.entries,
        .merges = tokenizer->merges.count,
        .special_tokens = tokenizer->added.count,
    };
}

size_t az_tokenizer_size(const struct az_tokenizer *tokenizer)
{
    return tokenizer->vocabulary.count;
}

const char *az_tokenizer_bytes(const struct az_tokenizer *tokenizer, size_t id,
                               size_t *length_bytes)
{
    return az_vocabulary_bytes(&tokenizer->vocabulary, id, length_bytes);
}

bool az_tokenizer_special(const struct az_tokenizer *tokenizer, size_t id)
{
    return id < tokenizer->vocabulary.count && tokenizer->vocabulary.tokens[id].special;
}

uint32_t az_tokenizer_find(const struct az_tokenizer *tokenizer, const char *bytes,
                           size_t length_bytes)
{
    return az_vocabulary_find(&tokenizer->vocabulary, bytes, length_bytes);
}
