#include "base/memory.h"
#include "text/tokenizer_parts.h"

enum az_status az_tokenizer_decode(const struct az_tokenizer *tokenizer, const uint32_t *ids,
                                   size_t count, char **text, size_t *length_bytes,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer buffer = {0};
    *text = NULL;
    *length_bytes = 0;
    for (size_t n = 0; n < count; n++) {
        size_t token_bytes;
        const char *bytes = az_tokenizer_bytes(tokenizer, ids[n], &token_bytes);
        if (!bytes)
            AZ_RAISE(AZ_USAGE,
                     "there is no token with id %u (place %zu of the list); ids lie below "
                     "%zu",
                     ids[n], n, az_tokenizer_size(tokenizer));
        if (n > 0 && tokenizer->joiner == AZ_JOINER_SPACE)
            AZ_TRY(az_buffer_add(&buffer, " ", 1, error));
        AZ_TRY(az_buffer_add(&buffer, bytes, token_bytes, error));
    }
    AZ_TRY(az_buffer_take(&buffer, text, length_bytes, error));
out:
    az_buffer_free(&buffer);
    return status;
}

void az_tokenizer_free_text(char *text) { az_memory_free(text); }
