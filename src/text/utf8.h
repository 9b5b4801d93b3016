/* utf8.h: UTF-8, checked once at the door and trusted behind it. */
#ifndef AZ_TEXT_UTF8_H
#define AZ_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/raise.h"

/* A text that can be trained on: not empty, valid UTF-8, no NUL. AZ_FORMAT with the byte offset of
 * the first fault and the bytes that stand there. `name` is the text's, for the error. */
enum az_status az_utf8_check_text(const char *name, const char *text, size_t length_bytes,
                                  struct az_error *error);

/* Offset of the first byte that is no part of valid UTF-8; length_bytes where all is valid. */
size_t az_utf8_invalid(const char *text, size_t length_bytes);

/* The code point at text, which is valid UTF-8; *length: its bytes, 1..4. */
static inline uint32_t az_utf8_decode(const char *text, size_t *length)
{
    const unsigned char *b = (const unsigned char *)text;
    *length = b[0] < 0x80 ? 1 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (*length == 1) return b[0];
    if (*length == 2) return (uint32_t)(b[0] & 0x1f) << 6 | (b[1] & 0x3f);
    if (*length == 3)
        return (uint32_t)(b[0] & 0x0f) << 12 | (uint32_t)(b[1] & 0x3f) << 6 | (b[2] & 0x3f);
    return (uint32_t)(b[0] & 0x07) << 18 | (uint32_t)(b[1] & 0x3f) << 12 |
           (uint32_t)(b[2] & 0x3f) << 6 | (b[3] & 0x3f);
}

/* Bytes of the character that begins with `first`, in valid UTF-8. */
static inline size_t az_utf8_length(char first)
{
    unsigned char b = (unsigned char)first;
    return b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
}

/* Where the character before `at` > 0 begins, in valid UTF-8. */
static inline size_t az_utf8_before(const char *text, size_t at)
{
    do at--;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80);
    return at;
}

/* Writes the 1..4 bytes of a Unicode scalar value and returns how many. */
static inline size_t az_utf8_put(uint32_t code, char *bytes)
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t n = length - 1; n > 0; n--, code >>= 6) bytes[n] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)((0xf00 >> length & 0xf0) | code);
    return length;
}

/* Writes 1..4 bytes and returns how many; 0 for what is no Unicode scalar value. */
size_t az_utf8_encode(uint32_t code, char bytes[4]);

#endif
