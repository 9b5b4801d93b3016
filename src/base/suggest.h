/* suggest.h: the word that was probably meant, for messages about a misspelt name. */
#ifndef AZ_BASE_SUGGEST_H
#define AZ_BASE_SUGGEST_H

#include <stddef.h>

/* Edits (insert, delete, replace, swap of neighbours) that turn a into b: the restricted
 * Damerau-Levenshtein distance, in bytes. Words beyond 63 bytes count as infinitely far. */
size_t az_suggest_distance(const char *a, const char *b);

/* Offer the candidates one after another; the nearest is kept, the first of equals. */
struct az_suggest {
    const char *word, *best;
    size_t distance;
};

void az_suggest_init(struct az_suggest *suggest, const char *word);
void az_suggest_offer(struct az_suggest *suggest, const char *candidate); /* borrowed */

/* The best candidate if it is near enough to be meant (at most one edit and one more for every four
 * letters of the word, or the word is its beginning), else NULL. */
const char *az_suggest_best(const struct az_suggest *suggest);

#endif
