#include <string.h>

#include "azimuth/tokens.h"
#include "base/memory.h"
#include "text/encoder.h"
#include "text/utf8.h"

#define MOST_BYTES ((size_t)4096)

static void add_leaf(struct az_merge_tree *tree, uint32_t id)
{
    tree->roots[tree->root_count++] = (uint32_t)tree->node_count;
    tree->nodes[tree->node_count++] =
        (struct az_merge_node){id, AZ_MERGE_NONE, AZ_MERGE_NONE, AZ_MERGE_NONE};
}

static void add_leaves(struct az_merge_tree *tree, const struct az_tokenizer *tokenizer,
                       const char *bytes, size_t length_bytes)
{
    for (size_t at = 0, length; at < length_bytes; at += length) {
        bool byte = tokenizer->model == AZ_TOKEN_MODEL_BYTE;
        length = byte ? 1 : az_utf8_length(bytes[at]);
        if (length > length_bytes - at) length = length_bytes - at;
        add_leaf(tree, byte ? tokenizer->byte_ids[(unsigned char)bytes[at]]
                            : az_tokenizer_find(tokenizer, bytes + at, length));
    }
}

/* Joins the neighbours of lowest rank, the leftmost of equals; false where none merge. A word is
 * short, so every pair is looked at again each time: the specification of az_word_merge. */
static bool merge_once(struct az_merge_tree *tree, const struct az_merges *merges)
{
    size_t place = 0;
    struct az_merge_node best = {0, AZ_MERGE_NONE, 0, 0};
    for (size_t n = 0; n + 1 < tree->root_count; n++) {
        uint32_t left = tree->roots[n], right = tree->roots[n + 1], result;
        uint32_t rank =
            az_merges_find(merges, tree->nodes[left].id, tree->nodes[right].id, &result);
        if (rank >= best.rank) continue;
        best = (struct az_merge_node){result, rank, left, right};
        place = n;
    }
    if (best.rank == AZ_MERGE_NONE) return false;
    tree->roots[place] = (uint32_t)tree->node_count;
    tree->nodes[tree->node_count++] = best;
    tree->root_count--;
    memmove(tree->roots + place + 1, tree->roots + place + 2,
            (tree->root_count - place - 1) * sizeof *tree->roots);
    return true;
}

enum az_status az_merge_tree_build(struct az_merge_tree *tree, const struct az_tokenizer *tokenizer,
                                   const char *bytes, size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *tree = (struct az_merge_tree){0};
    if (length_bytes > MOST_BYTES)
        AZ_RAISE(AZ_UNSUPPORTED, "a token of %zu bytes is too long for a tree", length_bytes);
    AZ_TRY(
        az_memory_allocate(&tree->nodes, 2 * length_bytes, sizeof *tree->nodes, "a tree", error));
    AZ_TRY(az_memory_allocate(&tree->roots, length_bytes, sizeof *tree->roots, "a tree", error));
    add_leaves(tree, tokenizer, bytes, length_bytes);
    while (merge_once(tree, &tokenizer->merges)) continue;
out:
    if (status != AZ_OK) az_merge_tree_free(tree);
    return status;
}

void az_merge_tree_free(struct az_merge_tree *tree)
{
    az_memory_free(tree->nodes);
    az_memory_free(tree->roots);
    *tree = (struct az_merge_tree){0};
}
