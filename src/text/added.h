/* added.h: added tokens, which are found in a text before it is cut into words. */
#ifndef AZ_TEXT_ADDED_H
#define AZ_TEXT_ADDED_H

#include "text/vocabulary.h"

struct az_added_token {
    uint32_t id;
    char *content; /* what is found: as it is written, or its normal form */
    size_t length_bytes;
    bool single_word; /* not beside a character of a word */
    bool left, right; /* takes the white space before it, behind it */
};

/* Tokens that are searched for at once: those found in the text as it is, or normalised. */
struct az_added {
    struct az_added_token *tokens; /* [count], by first byte, then the longest first */
    size_t count, capacity;
    uint32_t first[256]; /* the first token that begins with a byte */
    uint32_t number[256];
    int only_byte; /* with which all begin; -1 for several */
};

void az_added_free(struct az_added *added); /* zeroed is empty */

/* content: not empty, valid UTF-8; copied. Of equal ones the first put is found. */
enum az_status az_added_put(struct az_added *added, struct az_added_token token,
                            const char *content, struct az_error *error);

/* The token with this content; AZ_TOKEN_NONE where there is none. */
uint32_t az_added_named(const struct az_added *added, const char *content, size_t length_bytes);

/* A search through one text. */
struct az_added_search {
    size_t at;                   /* where it goes on */
    size_t text_start, text_end; /* what lies before the token; may be empty */
    size_t taken;                /* the token and its white space ended here */
};

/* The next token, the leftmost and of those the longest, or AZ_TOKEN_NONE at the end of the text.
 * The search is zeroed before. */
uint32_t az_added_next(const struct az_added *added, const char *text, size_t length_bytes,
                       struct az_added_search *search);

#endif
