#include "text/unigram.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/utf8.h"

#define UNKNOWN_PENALTY 10.0
#define NONE UINT32_MAX

void az_unigram_free(struct az_unigram *unigram)
{
    az_memory_free(unigram->scores);
    az_memory_free(unigram->nodes);
    az_memory_free(unigram->edges);
    *unigram = (struct az_unigram){0};
}

struct entry {
    const unsigned char *bytes;
    size_t length_bytes;
    uint32_t id;
};

static int by_bytes(const void *a, const void *b)
{
    const struct entry *p = a, *q = b;
    size_t shared = p->length_bytes < q->length_bytes ? p->length_bytes : q->length_bytes;
    int order = memcmp(p->bytes, q->bytes, shared);
    return order ? order
                 : (p->length_bytes > q->length_bytes) - (p->length_bytes < q->length_bytes);
}

struct builder {
    struct az_unigram *unigram;
    const struct entry *entries;
    struct {
        uint32_t low, high;
        uint32_t depth;
    } * spans; /* of entries, by node */
};

/* Node n covers entries that share its first `depth` bytes: the first may end there; the others
 * part by their next byte. Nodes are numbered as they are met, so this goes through them in order.
 */
static void add_edges(struct builder *builder, size_t n)
{
    struct az_unigram *unigram = builder->unigram;
    uint32_t low = builder->spans[n].low, high = builder->spans[n].high;
    uint32_t depth = builder->spans[n].depth;
    struct az_unigram_node *node = &unigram->nodes[n];
    node->id = AZ_TOKEN_NONE;
    if (low < high && builder->entries[low].length_bytes == depth)
        node->id = builder->entries[low++].id;
    node->first = (uint32_t)unigram->edge_count;
    while (low < high) {
        unsigned char byte = builder->entries[low].bytes[depth];
        uint32_t end = low;
        while (end < high && builder->entries[end].bytes[depth] == byte) end++;
        uint32_t child = (uint32_t)unigram->node_count++;
        builder->spans[child].low = low;
        builder->spans[child].high = end;
        builder->spans[child].depth = depth + 1;
        unigram->edges[unigram->edge_count++] = (struct az_unigram_edge){byte, child};
        low = end;
    }
    node->count = (uint32_t)unigram->edge_count - node->first;
}

static enum az_status build_trie(struct az_unigram *unigram, const struct entry *entries,
                                 size_t count, size_t bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct builder builder = {.unigram = unigram, .entries = entries};
    AZ_TRY(az_memory_allocate(&builder.spans, bytes + 1, sizeof *builder.spans, "a trie", error));
    AZ_TRY(az_memory_allocate(&unigram->nodes, bytes + 1, sizeof *unigram->nodes, "a trie", error));
    AZ_TRY(az_memory_allocate(&unigram->edges, bytes + 1, sizeof *unigram->edges, "a trie", error));
    builder.spans[0].high = (uint32_t)count;
    unigram->node_count = 1;
    for (size_t n = 0; n < unigram->node_count; n++) add_edges(&builder, n);
out:
    az_memory_free(builder.spans);
    return status;
}

enum az_status az_unigram_build(struct az_unigram *unigram, const struct az_vocabulary *vocabulary,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct entry *entries = NULL;
    size_t count = 0, bytes = 0;
    double least = 0;
    AZ_TRY(az_memory_allocate(&entries, unigram->count, sizeof *entries, "a trie", error));
    for (size_t id = 0; id < unigram->count; id++) {
        size_t length;
        const char *text = az_vocabulary_bytes(vocabulary, id, &length);
        if (id == 0 || unigram->scores[id] < least) least = unigram->scores[id];
        if (!text || length == 0) continue;
        entries[count++] = (struct entry){(const unsigned char *)text, length, (uint32_t)id};
        AZ_TRY(az_size_add(bytes, length, &bytes, error));
    }
    if (bytes >= UINT32_MAX) AZ_RAISE(AZ_UNSUPPORTED, "a vocabulary of %zu bytes", bytes);
    unigram->unknown_score = least - UNKNOWN_PENALTY;
    qsort(entries, count, sizeof *entries, by_bytes);
    AZ_TRY(build_trie(unigram, entries, count, bytes, error));
out:
    az_memory_free(entries);
    return status;
}

static uint32_t child_of(const struct az_unigram *unigram, uint32_t node, unsigned char byte)
{
    const struct az_unigram_node *parent = &unigram->nodes[node];
    uint32_t low = parent->first, high = low + parent->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (unigram->edges[middle].byte < byte)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < parent->first + parent->count && unigram->edges[low].byte == byte;
    return found ? unigram->edges[low].node : NONE;
}

/* The best way to end at a place goes through this one. starts and ids are those of its piece. */
static void offer(struct az_word *word, size_t end, size_t start, uint32_t id, double score)
{
    if (word->previous[end] != NONE && !(score > word->scores[end])) return;
    word->scores[end] = score;
    word->previous[end] = (uint32_t)start;
    word->ranks[end] = id;
}

static void offer_tokens(const struct az_unigram *unigram, struct az_word *word, const char *bytes,
                         size_t length_bytes, size_t start, uint32_t unknown)
{
    size_t character = az_utf8_length(bytes[start]);
    bool single = false;
    double score = word->scores[start];
    uint32_t node = 0;
    for (size_t end = start; end < length_bytes;) {
        node = child_of(unigram, node, (unsigned char)bytes[end++]);
        if (node == NONE) break;
        uint32_t id = unigram->nodes[node].id;
        if (id == AZ_TOKEN_NONE) continue;
        offer(word, end, start, id, unigram->scores[id] + score);
        single |= end - start == character;
    }
    if (!single) offer(word, start + character, start, unknown, unigram->unknown_score + score);
}

size_t az_unigram_cut(const struct az_unigram *unigram, struct az_word *word, const char *bytes,
                      size_t length_bytes, uint32_t unknown)
{
    size_t count = 0;
    for (size_t n = 0; n <= length_bytes; n++) word->previous[n] = NONE;
    word->scores[0] = 0;
    for (size_t at = 0; at < length_bytes; at += az_utf8_length(bytes[at]))
        offer_tokens(unigram, word, bytes, length_bytes, at, unknown);
    for (size_t end = length_bytes; end > 0; end = word->previous[end], count++) {
        word->symbols[count] = word->ranks[end];
        word->next[count] = (uint32_t)end;
    }
    for (size_t n = 0; n < count / 2; n++) {
        uint32_t id = word->symbols[n], end = word->next[n];
        word->symbols[n] = word->symbols[count - 1 - n];
        word->next[n] = word->next[count - 1 - n];
        word->symbols[count - 1 - n] = id;
        word->next[count - 1 - n] = end;
    }
    return count;
}
