#include "text/utf8.h"

#include <stdio.h>
#include <string.h>
#include <unistr.h>

size_t az_utf8_invalid(const char *text, size_t length_bytes)
{
    const uint8_t *bytes = (const uint8_t *)text;
    const uint8_t *fault = u8_check(bytes, length_bytes);
    return fault ? (size_t)(fault - bytes) : length_bytes;
}

/* "e0 b8 41": up to four bytes from the fault. */
static void bytes_as_text(const char *text, size_t length_bytes, char list[16])
{
    size_t used = 0;
    for (size_t n = 0; n < 4 && n < length_bytes; n++)
        used +=
            (size_t)snprintf(list + used, 16 - used, n ? " %02x" : "%02x", (unsigned char)text[n]);
}

static int64_t line_of(const char *text, size_t offset)
{
    int64_t line = 1;
    for (size_t n = 0; n < offset; n++) line += text[n] == '\n';
    return line;
}

enum az_status az_utf8_check_text(const char *name, const char *text, size_t length_bytes,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t offset = 0;
    if (length_bytes == 0) AZ_RAISE(AZ_FORMAT, "the file is empty; a text is expected");
    offset = az_utf8_invalid(text, length_bytes);
    if (offset < length_bytes) {
        char list[16];
        bytes_as_text(text + offset, length_bytes - offset, list);
        AZ_RAISE(AZ_FORMAT,
                 "invalid UTF-8 at byte %zu: %s; convert the file with  iconv -t UTF-8,  or remove "
                 "these bytes",
                 offset, list);
    }
    const char *nul = memchr(text, 0, length_bytes);
    if (nul) {
        offset = (size_t)(nul - text);
        AZ_RAISE(AZ_FORMAT, "a NUL character at byte %zu; this is not a text file", offset);
    }
out:
    if (status != AZ_OK)
        az_error_at(error, name, length_bytes ? line_of(text, offset) : -1,
                    length_bytes ? (int64_t)offset : -1, -1);
    return status;
}

size_t az_utf8_encode(uint32_t code, char bytes[4])
{
    int length = u8_uctomb((uint8_t *)bytes, code, 4);
    return length > 0 ? (size_t)length : 0;
}
