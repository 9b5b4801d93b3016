/* pattern.h: pre-tokenizer patterns, and their translation for PCRE2.
 *
 * Patterns are written as in tokenizer.json, in the syntax and with the meaning of Oniguruma, the
 * regular expressions of the `tokenizers` package; or as for `tiktoken`, with those of Rust's
 * fancy-regex. The classes of characters are those of Unicode 16. */
#ifndef AZ_TEXT_PATTERN_H
#define AZ_TEXT_PATTERN_H

#include <stdbool.h>

#include "base/buffer.h"

/* Patterns with a name. GPT2 is what tokenizer.json calls ByteLevel; WHITESPACE is its Whitespace,
 * in whose place it stands: \w is there Alphabetic, Mark, decimal number, connector or joiner, and
 * in other patterns what Oniguruma means by it. */
enum az_pattern { AZ_PATTERN_GPT2, AZ_PATTERN_MARKS, AZ_PATTERN_WHITESPACE, AZ_PATTERN_OTHER };

const char *az_pattern_name(enum az_pattern pattern); /* "gpt2"; NULL for OTHER */
const char *az_pattern_text(enum az_pattern pattern); /* NULL for OTHER */
/* AZ_PATTERN_OTHER where none has that name, or that text. */
enum az_pattern az_pattern_named(const char *name);
enum az_pattern az_pattern_with_text(const char *text);

enum az_dialect { AZ_DIALECT_ONIGURUMA, AZ_DIALECT_FANCY };

/* Appends the same for PCRE2 with UTF, UCP and (Oniguruma) MULTILINE, terminated by a 0 that length
 * does not count. What the two would not surely read alike is AZ_UNSUPPORTED and named.
 * *looks_behind: whether a match can depend on what stands before it. */
enum az_status az_pattern_translate(const char *text, enum az_dialect dialect,
                                    struct az_buffer *translation, bool *looks_behind,
                                    struct az_error *error);

#endif
