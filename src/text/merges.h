/* merges.h: the merges of a BPE model in order of rank, and their use on a word. */
#ifndef AZ_TEXT_MERGES_H
#define AZ_TEXT_MERGES_H

#include <stddef.h>
#include <stdint.h>

#include "base/raise.h"

struct az_merge {
    uint32_t left, right, result; /* ids */
};

struct az_merge_slot {
    uint64_t pair; /* left, right */
    uint32_t rank, result;
};

struct az_merges {
    struct az_merge *list; /* [count], in order of rank */
    size_t count, capacity;
    struct az_merge_slot *table; /* result AZ_TOKEN_NONE: free */
    size_t table_size;
};

void az_merges_free(struct az_merges *merges); /* zeroed is empty */

/* The next merge in order of rank; its rank is its place. AZ_FORMAT for a pair that is there
 * already. */
enum az_status az_merges_add(struct az_merges *merges, struct az_merge merge,
                             struct az_error *error);

/* The same with a rank of its own, which other merges may have. */
enum az_status az_merges_add_ranked(struct az_merges *merges, struct az_merge merge, uint32_t rank,
                                    struct az_error *error);

/* The rank of the merge of a pair, UINT32_MAX where there is none; *result: what it makes. */
uint32_t az_merges_find(const struct az_merges *merges, uint32_t left, uint32_t right,
                        uint32_t *result);

/* Scratch for words of up to `capacity` symbols; grows and stays. */
struct az_word {
    uint32_t *symbols; /* the caller's: the word before, the ids after az_word_merge */
    uint32_t *next, *previous, *ranks;
    uint64_t *heap;
    double *scores; /* [capacity + 1] for az_unigram */
    size_t capacity, heap_count;
};

enum az_status az_word_reserve(struct az_word *word, size_t symbols, struct az_error *error);
void az_word_free(struct az_word *word); /* zeroed is allowed */

/* Applies merges to word->symbols[0..count): again and again the pair of lowest rank, the leftmost
 * of equals, until none is left. Returns the new count. n symbols take O(n log n). */
size_t az_word_merge(struct az_word *word, const struct az_merges *merges, size_t count);

#endif
