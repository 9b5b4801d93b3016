/* pattern_class.h: the classes of characters in patterns, \s, \d, \w, \h and \p{..}, by Unicode 16,
 * as members of a bracket expression of PCRE2, which knows Unicode 14. */
#ifndef AZ_TEXT_PATTERN_CLASS_H
#define AZ_TEXT_PATTERN_CLASS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct az_pattern_class {
    const char
        *name; /* in the pattern: one letter of s d w h, or what is in the braces of \p{..} */
    size_t length;
    bool negated;
};

/* Characters of the escape at text; 0 where it is no class that is supported. */
size_t az_pattern_class_parse(const char *text, struct az_pattern_class *class);

/* Appends the members. */
enum az_status az_pattern_class_add(const char *name, size_t length, struct az_buffer *out,
                                    struct az_error *error);

/* What \w has more outside brackets in Oniguruma: superscripts and fractions of Latin-1. */
#define AZ_PATTERN_CLASS_BARE_WORD "\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}"

/* The members of \S. */
#define AZ_PATTERN_CLASS_NOT_SPACE                                                                 \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-"         \
    "\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"        \
    "\\x{3001}-\\x{d7ff}\\x{e000}-\\x{10ffff}"

#endif
