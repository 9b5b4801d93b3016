#include <stdio.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "azimuth/tokens.h"
#include "text/utf8.h"

#define PIECE_BYTES 16

static bool shows(ucs4_t character)
{
    return character == ' ' ||
           !uc_is_general_category_withtable(character, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z);
}

/* One character, or one byte that is none; returns the bytes used. */
static size_t escape_next(const char *bytes, size_t length_bytes, char piece[PIECE_BYTES])
{
    static const char named[] = "\nn\rr\tt\\\\";
    ucs4_t character;
    int used = u8_mbtoucr(&character, (const uint8_t *)bytes, length_bytes);
    if (used <= 0) {
        snprintf(piece, PIECE_BYTES, "\\x%02x", (unsigned char)bytes[0]);
        return 1;
    }
    const char *name = character && character < 0x80 ? strchr(named, (int)character) : NULL;
    if (name && (name - named) % 2 == 0)
        snprintf(piece, PIECE_BYTES, "\\%c", name[1]);
    else if (shows(character))
        snprintf(piece, PIECE_BYTES, "%.*s", used, bytes);
    else
        snprintf(piece, PIECE_BYTES, "\\u{%x}", (unsigned)character);
    return (size_t)used;
}

size_t az_token_escape(const char *bytes, size_t length_bytes, char *text, size_t capacity_bytes)
{
    size_t whole = 0;
    bool fits = capacity_bytes > 0;
    if (fits) text[0] = 0;
    for (size_t at = 0; at < length_bytes;) {
        char piece[PIECE_BYTES];
        at += escape_next(bytes + at, length_bytes - at, piece);
        size_t length = strlen(piece);
        fits = fits && whole + length < capacity_bytes;
        if (fits) memcpy(text + whole, piece, length + 1);
        whole += length;
    }
    return whole;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "{200d}" after \u into bytes; returns the characters used, 0 for none. */
static size_t read_character(const char *text, char bytes[4], size_t *count)
{
    uint32_t code = 0;
    size_t at = 1;
    if (text[0] != '{') return 0;
    for (; at < 8 && digit_of(text[at]) >= 0; at++) code = code * 16 + (uint32_t)digit_of(text[at]);
    *count = at > 1 && text[at] == '}' ? az_utf8_encode(code, bytes) : 0;
    return *count ? at + 1 : 0;
}

/* What follows a backslash into bytes; returns the characters used, 0 for no escape. */
static size_t read_escape(const char *text, char bytes[4], size_t *count)
{
    static const char named[] = "n\nr\rt\t\\\\";
    *count = 1;
    if (text[0] == 'u') {
        size_t used = read_character(text + 1, bytes, count);
        return used ? 1 + used : 0;
    }
    if (text[0] == 'x') {
        int high = digit_of(text[1]), low = high < 0 ? -1 : digit_of(text[2]);
        bytes[0] = (char)(high * 16 + low);
        return low < 0 ? 0 : 3;
    }
    const char *name = text[0] ? strchr(named, text[0]) : NULL;
    if (!name || (name - named) % 2) return 0;
    bytes[0] = name[1];
    return 1;
}

bool az_token_unescape(char *text, size_t *length_bytes)
{
    char *out = text;
    for (const char *in = text; *in;) {
        char bytes[4];
        size_t count;
        if (*in != '\\') {
            *out++ = *in++;
            continue;
        }
        size_t used = read_escape(in + 1, bytes, &count);
        if (!used) return false;
        memcpy(out, bytes, count);
        out += count;
        in += 1 + used;
    }
    *out = 0;
    *length_bytes = (size_t)(out - text);
    return true;
}
