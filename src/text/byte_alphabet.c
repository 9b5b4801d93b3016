#include "text/byte_alphabet.h"

#include "text/utf8.h"

#define FIRST_MOVED 0x100

static bool is_itself(unsigned byte)
{
    return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
}

/* Moved bytes are 00..20, 7f..a0 and ad. */
uint32_t az_byte_alphabet_character(unsigned char byte)
{
    if (is_itself(byte)) return byte;
    if (byte <= 0x20) return FIRST_MOVED + byte;
    if (byte <= 0xa0) return FIRST_MOVED + 0x21 + (byte - 0x7fu);
    return FIRST_MOVED + 0x21 + 0x22;
}

int az_byte_alphabet_byte(uint32_t character)
{
    if (character < 0x100) return is_itself(character) ? (int)character : -1;
    uint32_t moved = character - FIRST_MOVED;
    if (moved <= 0x20) return (int)moved;
    if (moved < 0x21 + 0x22) return (int)(moved - 0x21 + 0x7f);
    return moved == 0x21 + 0x22 ? 0xad : -1;
}

unsigned char az_byte_alphabet_at(unsigned place)
{
    if (place < 0x7f - 0x21) return (unsigned char)(0x21 + place);
    place -= 0x7f - 0x21;
    if (place < 0xad - 0xa1) return (unsigned char)(0xa1 + place);
    place -= 0xad - 0xa1;
    if (place < 0x100 - 0xae) return (unsigned char)(0xae + place);
    place -= 0x100 - 0xae;
    return (unsigned char)az_byte_alphabet_byte(FIRST_MOVED + place);
}

enum az_status az_byte_alphabet_spell(const char *bytes, size_t length, struct az_buffer *spelling,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_buffer_reserve(spelling, 2 * length, error));
    for (size_t n = 0; n < length; n++) {
        uint32_t character = az_byte_alphabet_character((unsigned char)bytes[n]);
        spelling->length += az_utf8_encode(character, spelling->bytes + spelling->length);
    }
out:
    return status;
}

enum az_status az_byte_alphabet_read(const char *spelling, size_t length, struct az_buffer *bytes,
                                     bool *good, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t before = bytes->length, used;
    *good = true;
    AZ_TRY(az_buffer_reserve(bytes, length, error));
    for (size_t at = 0; at < length && *good; at += used) {
        int byte = az_byte_alphabet_byte(az_utf8_decode(spelling + at, &used));
        *good = byte >= 0;
        bytes->bytes[bytes->length++] = (char)byte;
    }
    if (!*good) bytes->length = before;
out:
    return status;
}
