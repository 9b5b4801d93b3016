#include "text/merges.h"

#include <string.h>

#include "base/memory.h"
#include "text/vocabulary.h"

#define NONE UINT32_MAX
#define FEW 40 /* symbols for which looking at all pairs is faster than a heap */

void az_merges_free(struct az_merges *merges)
{
    az_memory_free(merges->list);
    az_memory_free(merges->table);
    *merges = (struct az_merges){0};
}

static uint64_t pair_of(uint32_t left, uint32_t right) { return (uint64_t)left << 32 | right; }

/* The slot of the pair, or the free one where it belongs. */
static struct az_merge_slot *slot_of(const struct az_merges *merges, uint64_t pair)
{
    size_t mask = merges->table_size - 1;
    size_t n = (size_t)(pair * 0x9E3779B97F4A7C15u >> 20) & mask;
    while (merges->table[n].result != AZ_TOKEN_NONE && merges->table[n].pair != pair)
        n = (n + 1) & mask;
    return &merges->table[n];
}

static enum az_status enlarge_table(struct az_merges *merges, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_merges larger = *merges;
    larger.table_size = merges->table_size ? 2 * merges->table_size : 1024;
    AZ_TRY(az_memory_allocate(&larger.table, larger.table_size, sizeof *larger.table, "the merges",
                              error));
    for (size_t n = 0; n < larger.table_size; n++)
        larger.table[n] = (struct az_merge_slot){.rank = NONE, .result = AZ_TOKEN_NONE};
    for (size_t n = 0; n < merges->table_size; n++)
        if (merges->table[n].result != AZ_TOKEN_NONE)
            *slot_of(&larger, merges->table[n].pair) = merges->table[n];
    az_memory_free(merges->table);
    *merges = larger;
out:
    return status;
}

enum az_status az_merges_add(struct az_merges *merges, struct az_merge merge,
                             struct az_error *error)
{
    return az_merges_add_ranked(merges, merge, (uint32_t)merges->count, error);
}

enum az_status az_merges_add_ranked(struct az_merges *merges, struct az_merge merge, uint32_t rank,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (merges->count == merges->capacity) {
        size_t capacity = merges->capacity ? 2 * merges->capacity : 256;
        AZ_TRY(az_memory_grow(&merges->list, merges->count, capacity, sizeof *merges->list,
                              "the merges", error));
        merges->capacity = capacity;
    }
    if (4 * (merges->count + 1) > merges->table_size) AZ_TRY(enlarge_table(merges, error));
    uint64_t pair = pair_of(merge.left, merge.right);
    struct az_merge_slot *slot = slot_of(merges, pair);
    if (slot->result != AZ_TOKEN_NONE)
        AZ_RAISE(AZ_FORMAT, "merges %u and %zu are the same", slot->rank, merges->count);
    *slot = (struct az_merge_slot){pair, rank, merge.result};
    merges->list[merges->count++] = merge;
out:
    return status;
}

uint32_t az_merges_find(const struct az_merges *merges, uint32_t left, uint32_t right,
                        uint32_t *result)
{
    *result = AZ_TOKEN_NONE;
    if (merges->count == 0) return NONE;
    const struct az_merge_slot *slot = slot_of(merges, pair_of(left, right));
    *result = slot->result;
    return slot->result == AZ_TOKEN_NONE ? NONE : slot->rank;
}

enum az_status az_word_reserve(struct az_word *word, size_t symbols, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (symbols <= word->capacity) goto out;
    if (symbols >= NONE / 2) AZ_RAISE(AZ_UNSUPPORTED, "a word of %zu symbols is too long", symbols);
    size_t capacity = symbols > 2 * word->capacity ? symbols : 2 * word->capacity;
    az_word_free(word);
    AZ_TRY(az_memory_allocate(&word->symbols, capacity, sizeof(uint32_t), "a word", error));
    AZ_TRY(az_memory_allocate(&word->next, capacity, sizeof(uint32_t), "a word", error));
    AZ_TRY(az_memory_allocate(&word->previous, capacity, sizeof(uint32_t), "a word", error));
    AZ_TRY(az_memory_allocate(&word->ranks, capacity, sizeof(uint32_t), "a word", error));
    /* One entry for each pair, and up to two more for each merge. */
    AZ_TRY(az_memory_allocate(&word->heap, capacity, 3 * sizeof(uint64_t), "a word", error));
    AZ_TRY(az_memory_allocate(&word->scores, capacity + 1, sizeof(double), "a word", error));
    word->capacity = capacity;
out:
    if (status != AZ_OK) az_word_free(word);
    return status;
}

void az_word_free(struct az_word *word)
{
    az_memory_free(word->symbols);
    az_memory_free(word->next);
    az_memory_free(word->previous);
    az_memory_free(word->ranks);
    az_memory_free(word->heap);
    az_memory_free(word->scores);
    *word = (struct az_word){0};
}

/* The heap orders rank << 32 | place: the lowest rank, then the leftmost place, comes first. */
static void heap_push(struct az_word *word, uint64_t entry)
{
    size_t at = word->heap_count++;
    for (; at > 0 && word->heap[(at - 1) / 2] > entry; at = (at - 1) / 2)
        word->heap[at] = word->heap[(at - 1) / 2];
    word->heap[at] = entry;
}

static uint64_t heap_pop(struct az_word *word)
{
    uint64_t first = word->heap[0], last = word->heap[--word->heap_count];
    size_t at = 0, count = word->heap_count;
    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && word->heap[child + 1] < word->heap[child]) child++;
        if (word->heap[child] >= last) break;
        word->heap[at] = word->heap[child];
        at = child;
    }
    word->heap[at] = last;
    return first;
}

/* Notes the rank of the pair that begins at a place, NONE for no merge. */
static void rank_pair(struct az_word *word, const struct az_merges *merges, uint32_t place)
{
    uint32_t right = word->next[place];
    word->ranks[place] = NONE;
    if (right == NONE) return;
    const struct az_merge_slot *slot =
        slot_of(merges, pair_of(word->symbols[place], word->symbols[right]));
    if (slot->result == AZ_TOKEN_NONE) return;
    word->ranks[place] = slot->rank;
    heap_push(word, (uint64_t)slot->rank << 32 | place);
}

static void merge_at(struct az_word *word, const struct az_merges *merges, uint32_t place)
{
    uint32_t right = word->next[place], after = word->next[right];
    word->symbols[place] =
        slot_of(merges, pair_of(word->symbols[place], word->symbols[right]))->result;
    word->ranks[right] = NONE;
    word->next[place] = after;
    if (after != NONE) word->previous[after] = place;
    rank_pair(word, merges, place);
    if (word->previous[place] != NONE) rank_pair(word, merges, word->previous[place]);
}

/* Few symbols: the lowest rank is found by looking at all. ranks[n] is of the pair n, n + 1; next
 * has what it makes. */
static size_t merge_few(struct az_word *word, const struct az_merges *merges, size_t count)
{
    uint32_t *symbols = word->symbols, *ranks = word->ranks, *results = word->next;
    for (size_t n = 0; n + 1 < count; n++) {
        const struct az_merge_slot *slot = slot_of(merges, pair_of(symbols[n], symbols[n + 1]));
        ranks[n] = slot->rank;
        results[n] = slot->result;
    }
    while (count > 1) {
        size_t best = 0;
        for (size_t n = 1; n + 1 < count; n++)
            if (ranks[n] < ranks[best]) best = n;
        if (ranks[best] == NONE) break;
        symbols[best] = results[best];
        count--;
        memmove(symbols + best + 1, symbols + best + 2, (count - best - 1) * sizeof *symbols);
        memmove(ranks + best, ranks + best + 1, (count - best - 1) * sizeof *ranks);
        memmove(results + best, results + best + 1, (count - best - 1) * sizeof *results);
        for (size_t n = best > 0 ? best - 1 : 0; n <= best && n + 1 < count; n++) {
            const struct az_merge_slot *slot = slot_of(merges, pair_of(symbols[n], symbols[n + 1]));
            ranks[n] = slot->rank;
            results[n] = slot->result;
        }
    }
    return count;
}

size_t az_word_merge(struct az_word *word, const struct az_merges *merges, size_t count)
{
    if (count < 2 || merges->count == 0) return count;
    if (count <= FEW) return merge_few(word, merges, count);
    word->heap_count = 0;
    for (uint32_t n = 0; n < count; n++) {
        word->next[n] = n + 1 < count ? n + 1 : NONE;
        word->previous[n] = n > 0 ? n - 1 : NONE;
    }
    for (uint32_t n = 0; n < count; n++) rank_pair(word, merges, n);
    while (word->heap_count > 0) {
        uint64_t entry = heap_pop(word);
        uint32_t place = (uint32_t)entry;
        if (word->ranks[place] == (uint32_t)(entry >> 32)) merge_at(word, merges, place);
    }
    size_t kept = 0;
    for (uint32_t n = 0; n != NONE; n = word->next[n]) word->symbols[kept++] = word->symbols[n];
    return kept;
}
