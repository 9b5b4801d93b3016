#include "text/pair_index.h"

#include "base/memory.h"

#define NONE AZ_PLACE_NONE

void az_pair_index_free(struct az_pair_index *index)
{
    az_memory_free(index->places);
    az_memory_free(index->pairs);
    az_memory_free(index->table);
    az_memory_free(index->heap);
    az_memory_free(index->touched);
    *index = (struct az_pair_index){0};
}

/* Room for one more element. */
static enum az_status enlarge(void *elements, size_t count, size_t *capacity, size_t size,
                              struct az_error *error)
{
    if (count < *capacity) return AZ_OK;
    size_t larger = *capacity ? 2 * *capacity : 1024;
    enum az_status status = az_memory_grow(elements, count, larger, size, "the pairs", error);
    if (status == AZ_OK) *capacity = larger;
    return status;
}

enum az_status az_pair_index_add_word(struct az_pair_index *index, uint32_t word,
                                      const uint32_t *symbols, size_t count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (count >= NONE - index->place_count)
        AZ_RAISE(AZ_UNSUPPORTED, "the different words have more than 2^32 symbols together");
    for (size_t n = 0; n < count; n++) {
        AZ_TRY(enlarge(&index->places, index->place_count, &index->place_capacity,
                       sizeof *index->places, error));
        uint32_t place = (uint32_t)index->place_count++;
        bool joins_left = n > 0 && symbols[n] != AZ_TOKEN_NONE && symbols[n - 1] != AZ_TOKEN_NONE;
        index->places[place] = (struct az_place){.symbol = symbols[n],
                                                 .previous = joins_left ? place - 1 : NONE,
                                                 .next = NONE,
                                                 .pair = NONE,
                                                 .before = NONE,
                                                 .after = NONE,
                                                 .word = word};
        if (joins_left) index->places[place - 1].next = place;
    }
out:
    return status;
}

/* ---- the pairs ---- */

static size_t slot_of(const struct az_pair_index *index, uint32_t left, uint32_t right)
{
    size_t mask = index->table_size - 1;
    uint64_t key = (uint64_t)left << 32 | right;
    size_t slot = (size_t)(key * 0x9E3779B97F4A7C15u >> 20) & mask;
    for (;; slot = (slot + 1) & mask) {
        if (!index->table[slot]) return slot;
        const struct az_pair *pair = &index->pairs[index->table[slot] - 1];
        if (pair->left == left && pair->right == right) return slot;
    }
}

static enum az_status enlarge_table(struct az_pair_index *index, struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint32_t *larger;
    size_t size = index->table_size ? 2 * index->table_size : 4096;
    AZ_TRY(az_memory_allocate(&larger, size, sizeof *larger, "the pairs", error));
    az_memory_free(index->table);
    index->table = larger;
    index->table_size = size;
    for (size_t n = 0; n < index->pair_count; n++)
        index->table[slot_of(index, index->pairs[n].left, index->pairs[n].right)] = (uint32_t)n + 1;
out:
    return status;
}

/* The number of a pair, which is new where it was not met before. */
static enum az_status number_of(struct az_pair_index *index, uint32_t left, uint32_t right,
                                uint32_t *number, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (2 * (index->pair_count + 1) > index->table_size) AZ_TRY(enlarge_table(index, error));
    size_t slot = slot_of(index, left, right);
    if (!index->table[slot]) {
        AZ_TRY(enlarge(&index->pairs, index->pair_count, &index->pair_capacity,
                       sizeof *index->pairs, error));
        index->pairs[index->pair_count++] =
            (struct az_pair){.left = left, .right = right, .first = NONE, .marked = NONE};
        index->table[slot] = (uint32_t)index->pair_count;
    }
    *number = index->table[slot] - 1;
out:
    return status;
}

/* Enters a place, whose right neighbour is known, into the list of its pair. */
static enum az_status enter(struct az_pair_index *index, uint32_t place, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_place *at = &index->places[place];
    uint32_t number;
    AZ_TRY(number_of(index, at->symbol, index->places[at->next].symbol, &number, error));
    struct az_pair *pair = &index->pairs[number];
    at->pair = number;
    at->before = NONE;
    at->after = pair->first;
    if (pair->first != NONE) index->places[pair->first].before = place;
    pair->first = place;
    pair->count += index->word_counts[at->word];
    if (pair->marked == index->merges) goto out;
    AZ_TRY(enlarge(&index->touched, index->touched_count, &index->touched_capacity,
                   sizeof *index->touched, error));
    pair->marked = index->merges;
    index->touched[index->touched_count++] = number;
out:
    return status;
}

static void leave(struct az_pair_index *index, uint32_t place)
{
    struct az_place *at = &index->places[place];
    struct az_pair *pair = &index->pairs[at->pair];
    if (at->before == NONE)
        pair->first = at->after;
    else
        index->places[at->before].after = at->after;
    if (at->after != NONE) index->places[at->after].before = at->before;
    pair->count -= index->word_counts[at->word];
    at->pair = NONE;
}

/* ---- the most frequent pair ---- */

static bool is_better(const struct az_pair_index *index, struct az_pair_candidate a,
                      struct az_pair_candidate b)
{
    if (a.count != b.count) return a.count > b.count;
    const struct az_pair *p = &index->pairs[a.pair], *q = &index->pairs[b.pair];
    int order = az_vocabulary_compare(index->vocabulary, p->left, q->left);
    if (order == 0) order = az_vocabulary_compare(index->vocabulary, p->right, q->right);
    return order > 0;
}

static enum az_status heap_push(struct az_pair_index *index, struct az_pair_candidate candidate,
                                struct az_error *error)
{
    enum az_status status =
        enlarge(&index->heap, index->heap_count, &index->heap_capacity, sizeof *index->heap, error);
    if (status != AZ_OK) return status;
    size_t at = index->heap_count++;
    for (; at > 0 && is_better(index, candidate, index->heap[(at - 1) / 2]); at = (at - 1) / 2)
        index->heap[at] = index->heap[(at - 1) / 2];
    index->heap[at] = candidate;
    return AZ_OK;
}

/* Lets a candidate sink from the top. */
static void heap_sink(struct az_pair_index *index, struct az_pair_candidate candidate)
{
    size_t at = 0, count = index->heap_count;
    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && is_better(index, index->heap[child + 1], index->heap[child]))
            child++;
        if (!is_better(index, index->heap[child], candidate)) break;
        index->heap[at] = index->heap[child];
        at = child;
    }
    if (count > 0) index->heap[at] = candidate;
}

static void heap_drop(struct az_pair_index *index)
{
    struct az_pair_candidate last = index->heap[--index->heap_count];
    heap_sink(index, last);
}

static enum az_status push_touched(struct az_pair_index *index, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n < index->touched_count; n++) {
        uint32_t number = index->touched[n];
        int64_t count = index->pairs[number].count;
        if (count > 0) AZ_TRY(heap_push(index, (struct az_pair_candidate){count, number}, error));
    }
    index->touched_count = 0;
out:
    return status;
}

/* No pair counts more than its newest entry says, so an entry on top whose count is still right is
 * the best. */
const struct az_pair *az_pair_index_best(struct az_pair_index *index)
{
    while (index->heap_count > 0) {
        struct az_pair_candidate best = index->heap[0];
        int64_t count = index->pairs[best.pair].count;
        if (count == 0)
            heap_drop(index);
        else if (count == best.count)
            return &index->pairs[best.pair];
        else
            heap_sink(index, (struct az_pair_candidate){count, best.pair});
    }
    return NULL;
}

/* ---- building and merging ---- */

enum az_status az_pair_index_build(struct az_pair_index *index,
                                   const struct az_vocabulary *vocabulary,
                                   const int64_t *word_counts, struct az_error *error)
{
    enum az_status status = AZ_OK;
    index->vocabulary = vocabulary;
    index->word_counts = word_counts;
    for (size_t n = 0; n < index->place_count; n++)
        if (index->places[n].next != NONE) AZ_TRY(enter(index, (uint32_t)n, error));
    AZ_TRY(push_touched(index, error));
out:
    return status;
}

/* Merges the pair at one place; its right neighbour vanishes. */
static enum az_status merge_place(struct az_pair_index *index, uint32_t place, uint32_t result,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_place *at = &index->places[place], *gone = &index->places[at->next];
    leave(index, place);
    if (at->previous != NONE) leave(index, at->previous);
    if (gone->next != NONE) leave(index, at->next);
    at->symbol = result;
    gone->symbol = AZ_TOKEN_NONE;
    at->next = gone->next;
    if (at->next != NONE) index->places[at->next].previous = place;
    if (at->previous != NONE) AZ_TRY(enter(index, at->previous, error));
    if (at->next != NONE) AZ_TRY(enter(index, place, error));
out:
    return status;
}

/* Where a run of one symbol begins that this place is in. In "aaa" the first two are merged. */
static uint32_t run_start(const struct az_pair_index *index, uint32_t place, uint32_t number)
{
    for (uint32_t p = index->places[place].previous; p != NONE && index->places[p].pair == number;
         p = index->places[p].previous)
        place = p;
    return place;
}

enum az_status az_pair_index_merge(struct az_pair_index *index, const struct az_pair *pair,
                                   uint32_t result, struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint32_t number = (uint32_t)(pair - index->pairs);
    bool doubled = pair->left == pair->right;
    index->merges++;
    /* index->pairs moves when a pair is new, so the number is what stays. */
    while (index->pairs[number].first != NONE) {
        uint32_t place = index->pairs[number].first;
        if (doubled) place = run_start(index, place, number);
        while (place != NONE && index->places[place].pair == number) {
            AZ_TRY(merge_place(index, place, result, error));
            place = index->places[place].next;
        }
    }
    AZ_TRY(push_touched(index, error));
out:
    return status;
}
