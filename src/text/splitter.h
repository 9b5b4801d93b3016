/* splitter.h: a pre-tokenizer: cuts a text into the words that merges never cross. */
#ifndef AZ_TEXT_SPLITTER_H
#define AZ_TEXT_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>

#include "text/pattern.h"

struct az_splitter {
    enum az_pattern pattern;
    char *text; /* of the pattern */
    void *code; /* pcre2_code */
};

/* AZ_UNSUPPORTED for a pattern that means something else here than in `tokenizers`, that matches
 * the empty string, or that PCRE2 refuses. */
enum az_status az_splitter_init(struct az_splitter *splitter, const char *pattern_text,
                                struct az_error *error);
void az_splitter_free(struct az_splitter *splitter); /* zeroed is allowed */

/* One walk over texts; several may go on at the same time with one splitter. */
struct az_walk {
    const struct az_splitter *splitter;
    const char *text;
    size_t length_bytes, at, match_start, match_end;
    void *match, *context, *stack;
};

enum az_status az_walk_init(struct az_walk *walk, const struct az_splitter *splitter,
                            struct az_error *error);
void az_walk_free(struct az_walk *walk); /* zeroed is allowed */

/* Begins a text (valid UTF-8, borrowed until its end). */
void az_walk_begin(struct az_walk *walk, const char *text, size_t length_bytes);

/* The next word; *length_bytes 0 at the end. What lies between matches is a word too, but for the
 * pattern WHITESPACE, which drops it. A text on which the pattern takes too long is AZ_UNSUPPORTED
 * with the byte offset in the text that began. Allocates nothing. */
enum az_status az_walk_next(struct az_walk *walk, const char **word, size_t *length_bytes,
                            struct az_error *error);

#endif
