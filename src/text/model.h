/* model.h: from a word to ids, by the model of a tokenizer. */
#ifndef AZ_TEXT_MODEL_H
#define AZ_TEXT_MODEL_H

#include "text/tokenizer_parts.h"

/* The ids of a word (valid UTF-8, not empty) into word->symbols. AZ_UNSUPPORTED where it has a
 * character that the model neither has nor has a token for. */
enum az_status az_model_word(const struct az_tokenizer *tokenizer, struct az_word *word,
                             const char *bytes, size_t length_bytes, size_t *count,
                             struct az_error *error);

/* A BPE model without a pre_tokenizer takes a whole text as one word. Where its merges allow it,
 * adds the step SEAM to the cutter: it parts the text before U+2581 after characters that no merge
 * joins to it, so that the parts have the ids that the whole has. */
enum az_status az_model_add_seams(struct az_tokenizer *tokenizer, struct az_error *error);

#endif
