/* unigram.h: the Unigram model: the cut of a word whose tokens have the greatest sum of scores. */
#ifndef AZ_TEXT_UNIGRAM_H
#define AZ_TEXT_UNIGRAM_H

#include "text/merges.h"
#include "text/vocabulary.h"

struct az_unigram_node {
    uint32_t first, count; /* edges */
    uint32_t id;           /* of the token that ends here, or AZ_TOKEN_NONE */
};

struct az_unigram_edge {
    unsigned char byte;
    uint32_t node;
};

struct az_unigram {
    double *scores; /* [count], by id */
    size_t count;
    double unknown_score;
    struct az_unigram_node *nodes; /* 0: the empty beginning */
    struct az_unigram_edge *edges; /* of a node ascending by byte */
    size_t node_count, edge_count;
};

void az_unigram_free(struct az_unigram *unigram); /* zeroed is empty */

/* The trie of the tokens that can be found in the vocabulary, when scores[count] are there. */
enum az_status az_unigram_build(struct az_unigram *unigram, const struct az_vocabulary *vocabulary,
                                struct az_error *error);

/* Cuts a word (valid UTF-8, less than word->capacity bytes) and gives the id of each piece in
 * order, unknown for characters that are no token; word->next has where each piece ends. Returns
 * their number. Sums are taken in double, from the left; of equal sums the piece that begins first
 * stays. */
size_t az_unigram_cut(const struct az_unigram *unigram, struct az_word *word, const char *bytes,
                      size_t length_bytes, uint32_t unknown);

#endif
