/* added.h: added (special) tokens, which are found in a text before it is cut into words. */
#ifndef AZ_TEXT_ADDED_H
#define AZ_TEXT_ADDED_H

#include "text/vocabulary.h"

struct az_added {
    uint32_t *ids; /* [count], the longest first */
    size_t count;
    bool begins[256]; /* whether a token begins with this byte */
};

void az_added_free(struct az_added *added); /* zeroed is empty */

/* Marks a token of the vocabulary as special. Its bytes are not empty. */
enum az_status az_added_put(struct az_added *added, struct az_vocabulary *vocabulary, uint32_t id,
                            struct az_error *error);

/* The first added token in text, the longest of those that begin there: its place, or length_bytes
 * with *id AZ_TOKEN_NONE. */
size_t az_added_find(const struct az_added *added, const struct az_vocabulary *vocabulary,
                     const char *text, size_t length_bytes, uint32_t *id);

#endif
