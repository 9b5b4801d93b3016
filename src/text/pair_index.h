/* pair_index.h: where each pair of neighbouring symbols stands in the counted words, kept up to
 * date from merge to merge, and which pair is the most frequent.
 *
 * The words lie one after another in one array of places. Each place that has a right neighbour is
 * in the list of its pair, linked through the places themselves, so a merge touches its own
 * occurrences and nothing else, and allocates nothing but new pairs. */
#ifndef AZ_TEXT_PAIR_INDEX_H
#define AZ_TEXT_PAIR_INDEX_H

#include "text/vocabulary.h"

#define AZ_PLACE_NONE UINT32_MAX

struct az_place {
    uint32_t symbol;         /* id; AZ_TOKEN_NONE: merged into its left neighbour, or no token */
    uint32_t previous, next; /* neighbours in the word */
    uint32_t pair;           /* that begins here, by number */
    uint32_t before, after;  /* other places of this pair */
    uint32_t word;
};

struct az_pair {
    uint32_t left, right; /* ids */
    int64_t count;
    uint32_t first;  /* place */
    uint32_t marked; /* number of the last merge that added to count */
};

struct az_pair_candidate {
    int64_t count; /* when it was entered */
    uint32_t pair;
};

struct az_pair_index {
    struct az_place *places;
    size_t place_count, place_capacity;
    const int64_t *word_counts; /* borrowed: how often each word occurs */
    struct az_pair *pairs;
    size_t pair_count, pair_capacity;
    uint32_t *table; /* number + 1 by hash of left and right, 0 for none */
    size_t table_size;
    struct az_pair_candidate *heap; /* the most frequent first, of equals the greater */
    size_t heap_count, heap_capacity;
    const struct az_vocabulary *vocabulary;
    uint32_t merges;   /* made so far */
    uint32_t *touched; /* pairs that the merge at hand added to */
    size_t touched_count, touched_capacity;
};

void az_pair_index_free(struct az_pair_index *index); /* zeroed is empty */

/* Appends a word of `count` symbols; AZ_TOKEN_NONE is a symbol that no pair has. */
enum az_status az_pair_index_add_word(struct az_pair_index *index, uint32_t word,
                                      const uint32_t *symbols, size_t count,
                                      struct az_error *error);
/* Builds the lists when all words are there. vocabulary and word_counts[words] are borrowed. */
enum az_status az_pair_index_build(struct az_pair_index *index,
                                   const struct az_vocabulary *vocabulary,
                                   const int64_t *word_counts, struct az_error *error);

/* The pair with the highest count; of equals the greater, by the bytes of the left token, then of
 * the right. NULL when there is none left. Valid until the next merge. */
const struct az_pair *az_pair_index_best(struct az_pair_index *index);

/* Puts `result` in the place of every occurrence of the pair. */
enum az_status az_pair_index_merge(struct az_pair_index *index, const struct az_pair *pair,
                                   uint32_t result, struct az_error *error);

#endif
