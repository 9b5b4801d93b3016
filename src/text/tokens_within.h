/* tokens_within.h: a longer text that gives a token which no text gives alone. */
#ifndef AZ_TEXT_TOKENS_WITHIN_H
#define AZ_TEXT_TOKENS_WITHIN_H

#include "azimuth/tokens.h"
#include "text/encoder.h"

/* Looks for a text that has the token's bytes and gives the token, and notes what stands before and
 * after the bytes in row->within. For a piece of a character, the characters that it is a piece of,
 * at most a few thousand of them; for a piece that goes on a word (WordPiece), a letter or digit
 * before it. Uses the encoder. */
enum az_status az_reach_within(struct az_token_row *row, const char *bytes, uint32_t id,
                               struct az_encoder *encoder, struct az_error *error);

/* True for a token that its tokenizer gives only after another one of the same word. */
bool az_reach_continues(const struct az_tokenizer *tokenizer, uint32_t id);

#endif
