#include "base/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define LEAST_CAPACITY 64

enum az_status az_buffer_reserve(struct az_buffer *buffer, size_t more, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t needed;
    AZ_TRY(az_size_add(buffer->length, more, &needed, error));
    if (needed <= buffer->capacity) goto out;
    size_t doubled = buffer->capacity > SIZE_MAX / 2 ? SIZE_MAX : 2 * buffer->capacity;
    size_t capacity = needed > doubled ? needed : doubled;
    if (capacity < LEAST_CAPACITY) capacity = LEAST_CAPACITY;
    AZ_TRY(az_memory_grow(&buffer->bytes, buffer->length, capacity, 1, "text", error));
    buffer->capacity = capacity;
out:
    return status;
}

enum az_status az_buffer_add(struct az_buffer *buffer, const void *bytes, size_t length,
                             struct az_error *error)
{
    enum az_status status = az_buffer_reserve(buffer, length, error);
    if (status != AZ_OK || length == 0) return status;
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    return AZ_OK;
}

enum az_status az_buffer_print(struct az_buffer *buffer, struct az_error *error, const char *format,
                               va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    size_t bytes = length > 0 ? (size_t)length : 0;
    enum az_status status = az_buffer_reserve(buffer, bytes + 1, error);
    if (status == AZ_OK) {
        vsnprintf(buffer->bytes + buffer->length, bytes + 1, format, again);
        buffer->length += bytes;
    }
    va_end(again);
    return status;
}

enum az_status az_buffer_take(struct az_buffer *buffer, char **bytes, size_t *length,
                              struct az_error *error)
{
    enum az_status status = az_buffer_reserve(buffer, 1, error);
    if (status != AZ_OK) return status;
    buffer->bytes[buffer->length] = 0;
    *bytes = buffer->bytes;
    *length = buffer->length;
    *buffer = (struct az_buffer){0};
    return AZ_OK;
}

void az_buffer_free(struct az_buffer *buffer)
{
    az_memory_free(buffer->bytes);
    *buffer = (struct az_buffer){0};
}
