/* Any bytes as tokenizer.json: refused with a reason, or a tokenizer that encodes and decodes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/tokenizer.h"
#include "base/memory.h"
#include "text/tokenizer_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

/* Thai, an accent to compose, white space of two kinds, a special token, long runs. */
static const char text[] =
    "the  cat's 12 \xe0\xb8\x81\xe0\xb8\xb4\xe0\xb8\x99 e\xcc\x81\n\xc2\xa0<|endoftext|>"
    "abababababababab aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac!?";

static void encode(const struct az_tokenizer *tokenizer)
{
    uint32_t *ids;
    size_t count, back_bytes;
    char *back;
    struct az_error error;
    enum az_status status =
        az_tokenizer_encode(tokenizer, text, sizeof text - 1, &ids, &count, NULL, &error);
    if (status != AZ_OK && status != AZ_UNSUPPORTED) abort(); /* a pattern may give up */
    for (size_t n = 0; n < count; n++)
        if (ids[n] >= az_tokenizer_size(tokenizer)) abort();
    if (az_tokenizer_decode(tokenizer, ids, count, &back, &back_bytes, NULL) != AZ_OK) abort();
    az_tokenizer_free_ids(ids);
    az_tokenizer_free_text(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    struct az_tokenizer *tokenizer;
    struct az_error error;
    enum az_status status =
        az_tokenizer_read_json(&tokenizer, "fuzz", (const char *)bytes, length_bytes, &error);
    if (status != AZ_OK) {
        if (tokenizer || !error.message[0] || (status != AZ_FORMAT && status != AZ_UNSUPPORTED))
            abort();
        return 0;
    }
    encode(tokenizer);
    az_tokenizer_free(tokenizer);
    return 0;
}
