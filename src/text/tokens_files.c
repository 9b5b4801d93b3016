#include "text/tokens_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/safetensors.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "store/csv.h"

#define ID_TEXT_BYTES ((size_t)11) /* of an id and a blank */

#define WITHIN_BYTES ((size_t)512)

/* The texts of a row, in buffers that grow and stay. */
struct texts {
    struct az_buffer text, hex, encoding;
};

static void texts_free(struct texts *texts)
{
    az_buffer_free(&texts->text);
    az_buffer_free(&texts->hex);
    az_buffer_free(&texts->encoding);
}

static enum az_status make_room(struct az_buffer *buffer, size_t bytes, struct az_error *error)
{
    buffer->length = 0;
    return az_buffer_reserve(buffer, bytes, error);
}

/* bytes: NULL for an orphan; then the texts are empty. */
static enum az_status make_texts(struct texts *texts, const struct az_tokens *tokens, size_t id,
                                 const char *bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_token_row *row = &tokens->row[id];
    size_t length = row->length_bytes, used = 0;
    size_t escaped = az_token_escape(bytes, bytes ? length : 0, NULL, 0);
    AZ_TRY(make_room(&texts->text, escaped + 1, error));
    AZ_TRY(make_room(&texts->hex, 2 * length + 1, error));
    AZ_TRY(make_room(&texts->encoding, row->encoding_count * ID_TEXT_BYTES + 1, error));
    az_token_escape(bytes, bytes ? length : 0, texts->text.bytes, escaped + 1);
    texts->hex.bytes[0] = texts->encoding.bytes[0] = 0;
    for (size_t n = 0; bytes && n < length; n++)
        snprintf(texts->hex.bytes + 2 * n, 3, "%02x", (unsigned char)bytes[n]);
    for (size_t n = 0; n < row->encoding_count; n++)
        used += (size_t)snprintf(texts->encoding.bytes + used, ID_TEXT_BYTES + 1, "%s%" PRIu32,
                                 n ? " " : "", tokens->encodings[row->encoding + n]);
out:
    return status;
}

static const char *bytes_of(const struct az_tokens *tokens, size_t id)
{
    size_t length;
    return tokens->row[id].token_class == AZ_TOKEN_ORPHAN
               ? NULL
               : az_tokenizer_bytes(tokens->tokenizer, id, &length);
}

/* ---- CSV ---- */

static void put_csv_row(struct az_csv *csv, const struct az_tokens *tokens, size_t id,
                        const struct texts *texts)
{
    const struct az_token_row *row = &tokens->row[id];
    char reason[AZ_REASON_BYTES];
    az_csv_integer(csv, (int64_t)id);
    az_csv_text(csv, texts->text.bytes);
    az_csv_text(csv, texts->hex.bytes);
    az_csv_text(csv, az_script_name(row->script));
    az_csv_text(csv, az_token_class_name((enum az_token_class)row->token_class));
    az_csv_integer(csv, row->length_bytes);
    az_csv_integer(csv, row->characters);
    if (!tokens->reached) return;
    az_tokens_reason(tokens, id, reason);
    az_csv_text(csv, az_reach_name((enum az_reach)row->reach));
    az_csv_text(csv, texts->encoding.bytes);
    az_csv_text(csv, reason);
}

enum az_status az_tokens_csv(const struct az_tokens *tokens, const char *path,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    struct texts texts = {0};
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         tokens->reached ? "id,text,bytes,script,class,length_bytes,characters,"
                                           "reachability,encoding,reason"
                                         : "id,text,bytes,script,class,length_bytes,characters",
                         error));
    for (size_t id = 0; id < tokens->rows; id++) {
        AZ_TRY(make_texts(&texts, tokens, id, bytes_of(tokens, id), error));
        put_csv_row(csv, tokens, id, &texts);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    status = az_csv_finish(csv, status, error);
    texts_free(&texts);
    return status;
}

/* ---- catalog ---- */

static void put_within(struct az_catalog *catalog, const struct az_tokens *tokens, size_t id)
{
    char text[WITHIN_BYTES], shown[4 * WITHIN_BYTES + 1];
    size_t length = az_tokens_within(tokens, id, text, sizeof text);
    if (!length) {
        az_catalog_null(catalog);
        return;
    }
    az_token_escape(text, length, shown, sizeof shown);
    az_catalog_text(catalog, shown);
}

static void put_catalog_row(struct az_catalog *catalog, const struct az_tokens *tokens, size_t id,
                            const char *bytes, const struct texts *texts)
{
    const struct az_token_row *row = &tokens->row[id];
    bool invalid = row->token_class == AZ_TOKEN_INVALID;
    az_catalog_integer(catalog, (int64_t)id);
    bytes ? az_catalog_blob(catalog, bytes, row->length_bytes) : az_catalog_null(catalog);
    bytes ? az_catalog_text(catalog, texts->text.bytes) : az_catalog_null(catalog);
    az_catalog_text(catalog, az_script_name(row->script));
    az_catalog_text(catalog, az_token_class_name((enum az_token_class)row->token_class));
    bytes ? az_catalog_integer(catalog, row->length_bytes) : az_catalog_null(catalog);
    bytes && !invalid ? az_catalog_integer(catalog, row->characters) : az_catalog_null(catalog);
    tokens->reached ? az_catalog_text(catalog, az_reach_name((enum az_reach)row->reach))
                    : az_catalog_null(catalog);
    row->encoding_count ? az_catalog_text(catalog, texts->encoding.bytes)
                        : az_catalog_null(catalog);
    put_within(catalog, tokens, id);
}

enum az_status az_tokens_catalog(const struct az_tokens *tokens, struct az_catalog *catalog,
                                 const struct az_catalog_provenance *provenance,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct texts texts = {0};
    AZ_TRY(az_catalog_begin(catalog, "tokens", error));
    for (size_t id = 0; id < tokens->rows; id++) {
        const char *bytes = bytes_of(tokens, id);
        AZ_TRY(make_texts(&texts, tokens, id, bytes, error));
        put_catalog_row(catalog, tokens, id, bytes, &texts);
        AZ_TRY(az_catalog_row(catalog, error));
    }
    AZ_TRY(az_catalog_end(catalog, provenance, error));
out:
    texts_free(&texts);
    return status;
}
