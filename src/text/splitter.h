/* splitter.h: a pre-tokenizer: cuts a text into the words that merges never cross. */
#ifndef AZ_TEXT_SPLITTER_H
#define AZ_TEXT_SPLITTER_H

#include "text/scanner.h"

struct az_splitter {
    enum az_pattern pattern;
    char *text;        /* of the pattern */
    void *code;        /* pcre2_code */
    az_scanner *scan;  /* the same by hand, or NULL */
    bool looks_behind; /* where a match begins may depend on what stands before it */
};

/* AZ_UNSUPPORTED for a pattern that means something else here than there, that matches the empty
 * string, or that PCRE2 refuses. The text of AZ_PATTERN_WHITESPACE is what it means in a Split; its
 * other \w is that of the scanner. */
enum az_status az_splitter_init(struct az_splitter *splitter, const char *pattern_text,
                                enum az_dialect dialect, struct az_error *error);
/* As the pre-tokenizer Whitespace, or one of the other patterns with a name. */
enum az_status az_splitter_init_named(struct az_splitter *splitter, enum az_pattern pattern,
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

/* The next match, or what lies between two; *length_bytes 0 at the end. Allocates nothing. */
enum az_status az_walk_piece(struct az_walk *walk, const char **piece, size_t *length_bytes,
                             bool *match, struct az_error *error);

/* The next word; *length_bytes 0 at the end. What lies between matches is a word too, but for the
 * pattern WHITESPACE, which drops it. A text on which the pattern takes too long is AZ_UNSUPPORTED
 * with the byte offset in the text that began. */
enum az_status az_walk_next(struct az_walk *walk, const char **word, size_t *length_bytes,
                            struct az_error *error);

#endif
