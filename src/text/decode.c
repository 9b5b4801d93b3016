#include "base/memory.h"
#include "text/tokenizer_parts.h"

static enum az_status raise_missing(const struct az_tokenizer *tokenizer, uint32_t id, size_t place,
                                    struct az_error *error)
{
    return az_error_raise(error, AZ_USAGE,
                          "there is no token with id %u (place %zu of the list); ids lie below "
                          "%zu",
                          id, place, az_tokenizer_size(tokenizer));
}

/* Byte models, and those whose tokens are joined as they are. */
static bool joins(const struct az_tokenizer *tokenizer)
{
    enum az_decoder_kind kind =
        tokenizer->decoder.count == 1 ? tokenizer->decoder.steps[0].kind : AZ_DECODER_CTC;
    return tokenizer->model == AZ_TOKEN_MODEL_BYTE || kind == AZ_DECODER_FUSE;
}

enum az_status az_tokenizer_decode_with(const struct az_tokenizer *tokenizer, const uint32_t *ids,
                                        size_t count, bool skip_special, char **text,
                                        size_t *length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_vocabulary *vocabulary = &tokenizer->vocabulary;
    struct az_buffer buffer = {0};
    struct az_strings tokens = {0};
    bool join = joins(tokenizer);
    *text = NULL;
    *length_bytes = 0;
    for (size_t n = 0; n < count; n++) {
        size_t token_bytes;
        const char *bytes = az_tokenizer_decoded(tokenizer, ids[n], &token_bytes);
        if (!bytes) {
            status = raise_missing(tokenizer, ids[n], n, error);
            goto out;
        }
        /* One that decodes to another text is not special to `tokenizers`. */
        size_t other_bytes;
        if (skip_special && vocabulary->tokens[ids[n]].special &&
            !az_vocabulary_bytes(&tokenizer->renamed, ids[n], &other_bytes))
            continue;
        AZ_TRY(az_buffer_add(join ? &buffer : &tokens.bytes, bytes, token_bytes, error));
        if (!join) AZ_TRY(az_strings_end(&tokens, error));
    }
    if (!join) AZ_TRY(az_decoder_apply(&tokenizer->decoder, &tokens, &buffer, error));
    AZ_TRY(az_buffer_take(&buffer, text, length_bytes, error));
out:
    az_strings_free(&tokens);
    az_buffer_free(&buffer);
    return status;
}

enum az_status az_tokenizer_decode(const struct az_tokenizer *tokenizer, const uint32_t *ids,
                                   size_t count, char **text, size_t *length_bytes,
                                   struct az_error *error)
{
    return az_tokenizer_decode_with(tokenizer, ids, count, false, text, length_bytes, error);
}

void az_tokenizer_free_text(char *text) { az_memory_free(text); }
