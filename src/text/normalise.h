/* normalise.h: Unicode normal forms, as the normalizers NFC, NFD, NFKC and NFKD of tokenizer.json.
 *
 * The `tokenizers` package normalises by Unicode 9: characters that are newer stand for themselves
 * and part what is before from what is after. */
#ifndef AZ_TEXT_NORMALISE_H
#define AZ_TEXT_NORMALISE_H

#include "base/buffer.h"

enum az_form { AZ_FORM_C, AZ_FORM_D, AZ_FORM_KC, AZ_FORM_KD };

/* Appends the normal form of a text (valid UTF-8). */
enum az_status az_normalise(enum az_form form, const char *text, size_t length_bytes,
                            struct az_buffer *normal, struct az_error *error);

#endif
