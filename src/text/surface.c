/* What tokens stand for within a text, where their spelling is something else. */
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer_parts.h"

static bool has_prefix(const char *text, size_t bytes, const char *start, size_t start_bytes)
{
    return bytes >= start_bytes && memcmp(text, start, start_bytes) == 0;
}

/* As steps that look at one token change it, if it is neither the first nor the last. */
static enum az_status add_step(const struct az_decoder_step *step, struct az_strings *token,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer *bytes = &token->bytes, text = {0};
    struct az_decoder one = {.steps = (struct az_decoder_step *)step, .count = 1};
    if (step->kind == AZ_DECODER_WORDPIECE || step->kind == AZ_DECODER_SUFFIX) {
        /* A blank between words is none of the token's own. */
        size_t cut = step->text_bytes;
        if (step->kind == AZ_DECODER_WORDPIECE && bytes->length > cut &&
            has_prefix(bytes->bytes, bytes->length, step->text, cut)) {
            memmove(bytes->bytes, bytes->bytes + cut, bytes->length - cut);
            bytes->length -= cut;
        } else if (step->kind == AZ_DECODER_SUFFIX && bytes->length > cut &&
                   memcmp(bytes->bytes + bytes->length - cut, step->text, cut) == 0) {
            bytes->length -= cut;
        }
        goto out;
    }
    if (step->kind == AZ_DECODER_STRIP || step->kind == AZ_DECODER_CTC) goto out;
    if (step->kind == AZ_DECODER_BYTE_FALLBACK && bytes->length == 6 &&
        has_prefix(bytes->bytes, 6, "<0x", 3) && bytes->bytes[5] == '>') {
        char *end, digits[3] = {bytes->bytes[3], bytes->bytes[4], 0};
        long byte = strtol(digits, &end, 16);
        if (end != digits + 2 || digits[0] == '-') goto out;
        bytes->bytes[0] = (char)byte;
        bytes->length = 1;
        goto out;
    }
    /* Two empty tokens around it, so that it is neither the first nor the last. */
    struct az_strings list = {0};
    status = az_strings_end(&list, error);
    if (status == AZ_OK) status = az_buffer_add(&list.bytes, bytes->bytes, bytes->length, error);
    if (status == AZ_OK) status = az_strings_end(&list, error);
    if (status == AZ_OK) status = az_strings_end(&list, error);
    if (status == AZ_OK) status = az_decoder_apply(&one, &list, &text, error);
    az_strings_free(&list);
    if (status != AZ_OK) goto out;
    bytes->length = 0;
    AZ_TRY(az_buffer_add(bytes, text.bytes, text.length, error));
out:
    az_buffer_free(&text);
    return status;
}

enum az_status az_tokenizer_add_surfaces(struct az_tokenizer *tokenizer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_vocabulary *vocabulary = &tokenizer->vocabulary;
    struct az_strings token = {0};
    if (tokenizer->model == AZ_TOKEN_MODEL_BYTE || tokenizer->decoder.count == 0) goto out;
    for (size_t id = 0; id < vocabulary->count; id++) {
        size_t length;
        const char *bytes = az_tokenizer_decoded(tokenizer, id, &length);
        if (!bytes) continue;
        token.bytes.length = 0;
        AZ_TRY(az_buffer_add(&token.bytes, bytes, length, error));
        for (size_t n = 0; n < tokenizer->decoder.count; n++)
            AZ_TRY(add_step(&tokenizer->decoder.steps[n], &token, error));
        uint32_t other =
            az_vocabulary_find(&tokenizer->surfaces, token.bytes.bytes, token.bytes.length);
        AZ_TRY((other == AZ_TOKEN_NONE ? az_vocabulary_put : az_vocabulary_put_aside)(
            &tokenizer->surfaces, id, token.bytes.bytes, token.bytes.length, error));
    }
out:
    az_strings_free(&token);
    return status;
}
