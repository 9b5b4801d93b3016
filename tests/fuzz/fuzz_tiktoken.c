/* Any bytes as a .tiktoken file: a line that is the pattern (an empty one: by the number of ranks),
 * and the file. Refused with a reason, or a tokenizer that gives texts back. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/tokenizer.h"
#include "base/buffer.h"
#include "text/tokenizer_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

static const char text[] =
    "the  cat's 12 \xe0\xb8\x81\xe0\xb8\xb4\xe0\xb8\x99 e\xcc\x81\n\xc2\xa0<|endoftext|>"
    "abababababababab aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac!?\xe4\xb8\x80\xff";

/* AZ_FORMAT where a byte has no token, AZ_UNSUPPORTED where a pattern gives up. */
static void encode(const struct az_tokenizer *tokenizer)
{
    uint32_t *ids;
    size_t count, back_bytes;
    char *back;
    if (az_tokenizer_encode(tokenizer, text, sizeof text - 2, &ids, &count, NULL, NULL) != AZ_OK)
        return;
    if (az_tokenizer_decode(tokenizer, ids, count, &back, &back_bytes, NULL) != AZ_OK) abort();
    if (back_bytes > sizeof text - 2) abort(); /* less, where a pattern passes something over */
    az_tokenizer_free_ids(ids);
    az_tokenizer_free_text(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    const uint8_t *line = length_bytes ? memchr(bytes, '\n', length_bytes) : NULL;
    struct az_tokenizer *tokenizer;
    struct az_error error;
    struct az_buffer pattern = {0};
    if (!line || memchr(bytes, 0, (size_t)(line - bytes))) return 0;
    if (az_buffer_add(&pattern, bytes, (size_t)(line - bytes), NULL) != AZ_OK ||
        az_buffer_add(&pattern, "", 1, NULL) != AZ_OK)
        abort();
    size_t rest = length_bytes - (size_t)(line + 1 - bytes);
    enum az_status status =
        az_tokenizer_read_tiktoken(&tokenizer, "fuzz", (const char *)line + 1, rest,
                                   *pattern.bytes ? pattern.bytes : NULL, &error);
    if (status == AZ_OK)
        encode(tokenizer);
    else if (tokenizer || !error.message[0] || status == AZ_MEMORY)
        abort();
    az_tokenizer_free(tokenizer);
    az_buffer_free(&pattern);
    return 0;
}
