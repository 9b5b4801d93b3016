#include "text/base64.h"

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int64_t az_base64_decode(const char *text, size_t length, unsigned char *bytes)
{
    size_t count = 0, used = 0;
    uint32_t held = 0;
    while (length > 0 && text[length - 1] == '=') length--;
    for (size_t n = 0; n < length; n++) {
        int value = sextet(text[n]);
        if (value < 0) return -1;
        held = held << 6 | (uint32_t)value;
        if (++used % 4) continue;
        bytes[count++] = (unsigned char)(held >> 16);
        bytes[count++] = (unsigned char)(held >> 8);
        bytes[count++] = (unsigned char)held;
    }
    if (used % 4 == 1) return -1;
    if (used % 4 == 2) bytes[count++] = (unsigned char)(held >> 4);
    if (used % 4 == 3) {
        bytes[count++] = (unsigned char)(held >> 10);
        bytes[count++] = (unsigned char)(held >> 2);
    }
    return (int64_t)count;
}
