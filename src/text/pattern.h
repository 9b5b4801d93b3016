/* pattern.h: pre-tokenizer patterns, and their translation for PCRE2.
 *
 * Patterns are written as in tokenizer.json, in the syntax and with the meaning of Oniguruma, the
 * regular expressions of the `tokenizers` package, with the character classes of Unicode 16. */
#ifndef AZ_TEXT_PATTERN_H
#define AZ_TEXT_PATTERN_H

#include "base/buffer.h"

/* Patterns with a name. GPT2 is what tokenizer.json calls ByteLevel; WHITESPACE is its Whitespace,
 * in whose place it stands: \w is there Alphabetic, Mark, decimal number, connector or joiner, and
 * is not supported in other patterns, where Oniguruma means something else by it. */
enum az_pattern { AZ_PATTERN_GPT2, AZ_PATTERN_MARKS, AZ_PATTERN_WHITESPACE, AZ_PATTERN_OTHER };

const char *az_pattern_name(enum az_pattern pattern); /* "gpt2"; NULL for OTHER */
const char *az_pattern_text(enum az_pattern pattern); /* NULL for OTHER */
/* AZ_PATTERN_OTHER where none has that name, or that text. */
enum az_pattern az_pattern_named(const char *name);
enum az_pattern az_pattern_with_text(const char *text);

/* Appends the same for PCRE2 with UTF and UCP, terminated by a 0 that length does not count. What
 * the two would not surely read alike is AZ_UNSUPPORTED and named. */
enum az_status az_pattern_translate(const char *text, struct az_buffer *translation,
                                    struct az_error *error);

#endif
