/* buffer.h: bytes that grow. Zeroed is empty; release with az_buffer_free. */
#ifndef AZ_BASE_BUFFER_H
#define AZ_BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

#include "base/raise.h"

struct az_buffer {
    char *bytes;
    size_t length, capacity;
};

/* Room for `more` bytes after length. */
enum az_status az_buffer_reserve(struct az_buffer *buffer, size_t more, struct az_error *error);
enum az_status az_buffer_add(struct az_buffer *buffer, const void *bytes, size_t length,
                             struct az_error *error);
/* Adds what vprintf would print. */
enum az_status az_buffer_print(struct az_buffer *buffer, struct az_error *error, const char *format,
                               va_list arguments) AZ_PRINTF(3, 0);
/* Adds a terminating 0 that length does not count, and gives the bytes away (az_memory_free); the
 * buffer is empty afterwards. */
enum az_status az_buffer_take(struct az_buffer *buffer, char **bytes, size_t *length,
                              struct az_error *error);
void az_buffer_free(struct az_buffer *buffer);

#endif
