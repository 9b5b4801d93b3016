/* base64.h: base64 of RFC 4648, with or without = at its end. */
#ifndef AZ_TEXT_BASE64_H
#define AZ_TEXT_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* bytes: room for 3 in every 4 characters that are begun. Returns how many, or -1 where the text is
 * not base64. */
int64_t az_base64_decode(const char *text, size_t length, unsigned char *bytes);

#endif
