#include "text/tokens_reach.h"

#include <string.h>
#include <unictype.h>

#include "base/memory.h"
#include "text/tokens_within.h"
#include "text/utf8.h"

static enum az_status keep(struct az_reach_chunk *chunk, const struct az_encoder *encoder,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (encoder->count == 0) goto out;
    if (encoder->count > chunk->capacity - chunk->count) {
        size_t capacity = 2 * chunk->capacity + encoder->count + 64;
        AZ_TRY(az_memory_grow(&chunk->ids, chunk->count, capacity, sizeof *chunk->ids,
                              "the tokens' encodings", error));
        chunk->capacity = capacity;
    }
    memcpy(chunk->ids + chunk->count, encoder->ids, encoder->count * sizeof *encoder->ids);
    chunk->count += encoder->count;
out:
    return status;
}

static bool is_mark(const char *text)
{
    size_t used;
    return uc_is_general_category_withtable(az_utf8_decode(text, &used), UC_CATEGORY_MASK_M);
}

static enum az_status find_cause(struct az_token_row *row, struct az_encoder *encoder,
                                 const char *bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *normal = bytes;
    size_t length_bytes = row->length_bytes, cut;
    row->reach = AZ_REACH_MERGE; /* no text gives a token without bytes */
    if (length_bytes == 0) goto out;
    AZ_TRY(az_encoder_normalise(encoder, &normal, &length_bytes, error));
    row->reach = AZ_REACH_NORMALISED;
    if (length_bytes != row->length_bytes || memcmp(normal, bytes, length_bytes) != 0) goto out;
    AZ_TRY(az_encoder_find_cut(encoder, bytes, length_bytes, &cut, error));
    row->reach = (uint8_t)(cut < length_bytes ? AZ_REACH_SPLIT : AZ_REACH_MERGE);
    if (cut >= length_bytes) goto out;
    row->cut_bytes = (uint32_t)cut;
    row->cut_at_mark =
        is_mark(bytes + cut) || (cut > 0 && is_mark(bytes + az_utf8_before(bytes, cut)));
out:
    return status;
}

static enum az_status reach_row(struct az_tokens *tokens, size_t id, struct az_encoder *encoder,
                                struct az_reach_chunk *chunk, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_token_row *row = &tokens->row[id];
    size_t length_bytes;
    if (row->token_class == AZ_TOKEN_ORPHAN) goto out;
    const char *bytes = az_tokenizer_bytes(tokens->tokenizer, id, &length_bytes);
    bool text = az_utf8_invalid(bytes, length_bytes) == length_bytes;
    encoder->count = 0;
    if (text)
        AZ_TRY(az_encoder_text(encoder, bytes, length_bytes, error));
    else if (tokens->tokenizer->model == AZ_TOKEN_MODEL_BYTE)
        AZ_TRY(az_encoder_word(encoder, bytes, length_bytes, error));
    AZ_TRY(keep(chunk, encoder, error));
    row->encoding_count = (uint32_t)encoder->count;
    if (row->token_class == AZ_TOKEN_SPECIAL)
        row->reach = AZ_REACH_SPECIAL;
    else if (!text)
        row->reach = AZ_REACH_INVALID_UTF8;
    else if (encoder->count == 1 && encoder->ids[0] == id)
        row->reach = AZ_REACH_OK;
    else
        AZ_TRY(find_cause(row, encoder, bytes, error));
    if (row->reach == AZ_REACH_INVALID_UTF8)
        AZ_TRY(az_reach_within(row, bytes, (uint32_t)id, encoder, error));
    if (row->reach != AZ_REACH_OK && az_reach_continues(tokens->tokenizer, (uint32_t)id)) {
        AZ_TRY(az_reach_within(row, bytes, (uint32_t)id, encoder, error));
        if (row->within.found) row->reach = AZ_REACH_CONTINUATION;
    }
out:
    return status;
}

void az_reach_rows(struct az_tokens *tokens, size_t first, size_t end, struct az_encoder *encoder,
                   struct az_reach_chunk *chunk)
{
    az_error_clear(&chunk->error);
    for (size_t id = first; id < end && chunk->status == AZ_OK; id++)
        chunk->status = reach_row(tokens, id, encoder, chunk, &chunk->error);
}
