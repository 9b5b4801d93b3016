/* Any bytes as vocab.json and merges.txt, a byte 0 between them: refused with a reason, or a
 * tokenizer that encodes and decodes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/tokenizer.h"
#include "text/tokenizer_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

static const char text[] =
    "the  cat's 12 e\xcc\x81\n\xc2\xa0<|endoftext|>ababababab aaaaaaaaaaaaaa";

static void encode(const struct az_tokenizer *tokenizer)
{
    uint32_t *ids;
    size_t count, back_bytes;
    char *back;
    if (az_tokenizer_encode(tokenizer, text, sizeof text - 1, &ids, &count, NULL, NULL) != AZ_OK)
        abort();
    if (az_tokenizer_decode(tokenizer, ids, count, &back, &back_bytes, NULL) != AZ_OK) abort();
    az_tokenizer_free_ids(ids);
    az_tokenizer_free_text(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    const uint8_t *zero = length_bytes ? memchr(bytes, 0, length_bytes) : NULL;
    struct az_tokenizer *tokenizer;
    struct az_error error;
    if (!zero) return 0;
    size_t first = (size_t)(zero - bytes);
    enum az_status status =
        az_tokenizer_read_pair(&tokenizer, "fuzz", (const char *)bytes, first,
                               (const char *)zero + 1, length_bytes - first - 1, &error);
    if (status == AZ_OK)
        encode(tokenizer);
    else if (tokenizer || !error.message[0] || (status != AZ_FORMAT && status != AZ_UNSUPPORTED))
        abort();
    az_tokenizer_free(tokenizer);
    return 0;
}
