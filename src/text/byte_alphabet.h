/* byte_alphabet.h: GPT-2's alphabet, in which tokenizer.json spells bytes as printable characters.
 *
 * Bytes 21..7e, a1..ac, ae..ff are themselves; the other 68 are U+0100..U+0143 in order of byte
 * (space is U+0120, written with a G with a dot). */
#ifndef AZ_TEXT_BYTE_ALPHABET_H
#define AZ_TEXT_BYTE_ALPHABET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* The character that spells a byte, and the byte that a character spells; -1 for none. */
uint32_t az_byte_alphabet_character(unsigned char byte);
int az_byte_alphabet_byte(uint32_t character);

/* The byte at a place in the order of the characters: 0 is 21, 187 is ff, 188 is 00, 255 is ad. */
unsigned char az_byte_alphabet_at(unsigned place);

/* Appends the spelling of bytes, as UTF-8. */
enum az_status az_byte_alphabet_spell(const char *bytes, size_t length, struct az_buffer *spelling,
                                      struct az_error *error);
/* Appends the bytes that a spelling (valid UTF-8) stands for. *good is false, and bytes as before,
 * where a character of it is not in the alphabet. */
enum az_status az_byte_alphabet_read(const char *spelling, size_t length, struct az_buffer *bytes,
                                     bool *good, struct az_error *error);

#endif
