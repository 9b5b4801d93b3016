/* normalise.h: NFC, as the normalizer of that name in tokenizer.json gives it.
 *
 * The `tokenizers` package normalises by Unicode 9: characters that are newer stand for themselves
 * and part what is before from what is after. */
#ifndef AZ_TEXT_NORMALISE_H
#define AZ_TEXT_NORMALISE_H

#include "base/buffer.h"

/* Appends the normal form of a text (valid UTF-8). */
enum az_status az_normalise_nfc(const char *text, size_t length_bytes, struct az_buffer *normal,
                                struct az_error *error);

#endif
