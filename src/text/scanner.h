/* scanner.h: the patterns that are met most, written by hand: several times as fast as a regular
 * expression, with the same matches (tests/property/test_scanner.c compares). */
#ifndef AZ_TEXT_SCANNER_H
#define AZ_TEXT_SCANNER_H

#include "text/pattern.h"

/* The end of the match that begins at `at` of a text (valid UTF-8); `at` where none does. */
typedef size_t az_scanner(const char *text, size_t length_bytes, size_t at);

/* NULL where the pattern has none. az_unicode_prepare comes first. */
az_scanner *az_scanner_of(const char *pattern_text, enum az_dialect dialect);

/* The pattern that `tiktoken` has under a name: "gpt2", "cl100k", "o200k"; NULL for another. */
const char *az_scanner_tiktoken(const char *name);

/* All patterns that have one, for tests; NULL after the last. */
const char *az_scanner_pattern(size_t number, enum az_dialect *dialect);

#endif
