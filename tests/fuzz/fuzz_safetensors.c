/* Any bytes as a safetensors file: opened or refused, never more. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

static void use(const struct az_safetensors *file, const uint8_t *bytes, size_t length_bytes)
{
    unsigned char first, last;
    for (size_t n = 0; n < az_safetensors_count(file); n++) {
        const struct az_tensor *tensor = az_safetensors_at(file, n);
        const uint8_t *data = tensor->data;
        if (data < bytes || data + tensor->bytes > bytes + length_bytes) abort();
        if (az_safetensors_find(file, tensor->name) != tensor) abort();
        if (!tensor->bytes) continue;
        if (az_safetensors_read(file, tensor, 0, &first, 1, NULL) != AZ_OK) abort();
        if (az_safetensors_read(file, tensor, tensor->bytes - 1, &last, 1, NULL) != AZ_OK) abort();
        if (first != data[0] || last != data[tensor->bytes - 1]) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    struct az_safetensors *file;
    struct az_error error;
    const struct az_tensor *tensor;
    if (az_safetensors_open_bytes(&file, bytes, length_bytes, &error) != AZ_OK) {
        if (file || !error.message[0] || strlen(error.message) >= sizeof error.message) abort();
        return 0;
    }
    use(file, bytes, length_bytes);
    az_safetensors_require(file, "no such name", &tensor, &error);
    az_safetensors_metadata(file, "key");
    az_safetensors_close(file);
    return 0;
}
