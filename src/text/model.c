#include "text/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/utf8.h"

#define MARK "\xe2\x96\x81" /* U+2581, the blank of SentencePiece */

static uint32_t find(const struct az_tokenizer *tokenizer, const char *bytes, size_t length_bytes)
{
    return az_vocabulary_find(&tokenizer->vocabulary, bytes, length_bytes);
}

static enum az_status raise_unknown(const char *bytes, size_t length_bytes, struct az_error *error)
{
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "the model has no token for \"%.*s\", and no unknown token",
                          length_bytes < 100 ? (int)length_bytes : 100, bytes);
}

/* ---- byte-pair encoding ---- */

/* Symbols on their way: characters that are not known wait, as they may become one token. */
struct filler {
    const struct az_tokenizer *tokenizer;
    uint32_t *symbols;
    size_t count;
    bool waiting;
};

static void flush(struct filler *filler)
{
    if (filler->waiting) filler->symbols[filler->count++] = filler->tokenizer->unknown;
    filler->waiting = false;
}

/* The tokens <0x..> of all bytes, or none. */
static bool add_bytes(struct filler *filler, const char *bytes, size_t length_bytes)
{
    const uint32_t *ids = filler->tokenizer->fallback_ids;
    for (size_t n = 0; n < length_bytes; n++)
        if (ids[(unsigned char)bytes[n]] == AZ_TOKEN_NONE) return false;
    for (size_t n = 0; n < length_bytes; n++)
        filler->symbols[filler->count++] = ids[(unsigned char)bytes[n]];
    return true;
}

static void add_character(struct filler *filler, const char *bytes, size_t length_bytes)
{
    const struct az_tokenizer *tokenizer = filler->tokenizer;
    uint32_t id = find(tokenizer, bytes, length_bytes);
    if (id != AZ_TOKEN_NONE) {
        flush(filler);
        filler->symbols[filler->count++] = id;
        return;
    }
    if (tokenizer->byte_fallback && add_bytes(filler, bytes, length_bytes)) return;
    if (tokenizer->unknown == AZ_TOKEN_NONE) return;
    if (!tokenizer->fuse_unknown) flush(filler);
    filler->waiting = true;
}

/* The character as the vocabulary spells it: with the prefix unless it is the first, and the suffix
 * if it is the last. */
static void add_affixed(struct filler *filler, const char *bytes, size_t length_bytes, bool first,
                        bool last)
{
    const struct az_tokenizer *tokenizer = filler->tokenizer;
    char spelled[2 * AZ_AFFIX_BYTES + 4];
    size_t length = 0;
    if (!first && tokenizer->prefix_bytes > 0) {
        memcpy(spelled, tokenizer->prefix, tokenizer->prefix_bytes);
        length = tokenizer->prefix_bytes;
    }
    memcpy(spelled + length, bytes, length_bytes);
    length += length_bytes;
    if (last && tokenizer->suffix_bytes > 0) {
        memcpy(spelled + length, tokenizer->suffix, tokenizer->suffix_bytes);
        length += tokenizer->suffix_bytes;
    }
    add_character(filler, spelled, length);
}

static size_t fill_symbols(const struct az_tokenizer *tokenizer, const char *bytes,
                           size_t length_bytes, uint32_t *symbols)
{
    struct filler filler = {.tokenizer = tokenizer, .symbols = symbols};
    bool affixed = tokenizer->prefix_bytes > 0 || tokenizer->suffix_bytes > 0;
    if (tokenizer->model == AZ_TOKEN_MODEL_BYTE) {
        for (size_t n = 0; n < length_bytes; n++)
            symbols[n] = tokenizer->byte_ids[(unsigned char)bytes[n]];
        return length_bytes;
    }
    for (size_t at = 0, length; at < length_bytes; at += length) {
        length = az_utf8_length(bytes[at]);
        if (affixed)
            add_affixed(&filler, bytes + at, length, at == 0, at + length == length_bytes);
        else
            add_character(&filler, bytes + at, length);
    }
    flush(&filler);
    return filler.count;
}

static enum az_status bpe_word(const struct az_tokenizer *tokenizer, struct az_word *word,
                               const char *bytes, size_t length_bytes, size_t *count,
                               struct az_error *error)
{
    (void)error;
    if (tokenizer->whole_words_first) {
        uint32_t id = find(tokenizer, bytes, length_bytes);
        word->symbols[0] = id;
        *count = 1;
        if (id != AZ_TOKEN_NONE) return AZ_OK;
    }
    *count = fill_symbols(tokenizer, bytes, length_bytes, word->symbols);
    *count = az_word_merge(word, &tokenizer->merges, *count);
    return AZ_OK;
}

/* ---- WordPiece: the longest token from the left, again and again ---- */

static size_t count_characters(const char *bytes, size_t length_bytes)
{
    size_t count = 0;
    for (size_t n = 0; n < length_bytes; n++) count += (bytes[n] & 0xc0) != 0x80;
    return count;
}

/* The longest token that begins at `start` of the word, which stands in scratch behind room for the
 * prefix; *end is where it ends. What stood before it is overwritten. */
static uint32_t longest_piece(const struct az_tokenizer *tokenizer, char *scratch, size_t start,
                              size_t length_bytes, size_t *end)
{
    size_t prefix_bytes = start > 0 ? tokenizer->prefix_bytes : 0;
    size_t most = tokenizer->vocabulary.longest_bytes;
    char *word = scratch + tokenizer->prefix_bytes, *piece = word + start - prefix_bytes;
    if (prefix_bytes > 0) memcpy(piece, tokenizer->prefix, prefix_bytes);
    *end = length_bytes;
    if (most < prefix_bytes + (*end - start)) {
        *end = most > prefix_bytes ? start + most - prefix_bytes : start;
        while (*end > start && (word[*end] & 0xc0) == 0x80) --*end;
    }
    while (*end > start) {
        uint32_t id = find(tokenizer, piece, prefix_bytes + (*end - start));
        if (id != AZ_TOKEN_NONE) return id;
        do --*end;
        while (*end > start && (word[*end] & 0xc0) == 0x80);
    }
    return AZ_TOKEN_NONE;
}

static enum az_status wordpiece_word(const struct az_tokenizer *tokenizer, struct az_word *word,
                                     const char *bytes, size_t length_bytes, size_t *count,
                                     struct az_error *error)
{
    (void)error;
    char *scratch = (char *)word->heap; /* 8 bytes for each of the word, and more for the prefix */
    word->symbols[0] = tokenizer->unknown;
    *count = 1;
    if (length_bytes / 4 > tokenizer->word_limit ||
        count_characters(bytes, length_bytes) > tokenizer->word_limit)
        return AZ_OK;
    memcpy(scratch + tokenizer->prefix_bytes, bytes, length_bytes);
    size_t pieces = 0;
    for (size_t at = 0, end; at < length_bytes; at = end) {
        uint32_t id = longest_piece(tokenizer, scratch, at, length_bytes, &end);
        word->symbols[pieces++] = id;
        if (id != AZ_TOKEN_NONE) continue;
        word->symbols[0] = tokenizer->unknown;
        return AZ_OK;
    }
    *count = pieces;
    return AZ_OK;
}

static enum az_status whole_word(const struct az_tokenizer *tokenizer, struct az_word *word,
                                 const char *bytes, size_t length_bytes, size_t *count,
                                 struct az_error *error)
{
    uint32_t id = find(tokenizer, bytes, length_bytes);
    word->symbols[0] = id == AZ_TOKEN_NONE ? tokenizer->unknown : id;
    *count = 1;
    return word->symbols[0] == AZ_TOKEN_NONE ? raise_unknown(bytes, length_bytes, error) : AZ_OK;
}

/* ---- Unigram ---- */

/* Unknown characters beside each other are one piece, which may be a token after all, or bytes. */
static size_t name_unknown(const struct az_tokenizer *tokenizer, const char *bytes,
                           size_t length_bytes, uint32_t *ids)
{
    struct filler filler = {.tokenizer = tokenizer, .symbols = ids};
    ids[0] = find(tokenizer, bytes, length_bytes);
    if (ids[0] != AZ_TOKEN_NONE) return 1;
    if (tokenizer->byte_fallback && add_bytes(&filler, bytes, length_bytes)) return filler.count;
    ids[0] = tokenizer->unknown;
    return 1;
}

static enum az_status unigram_word(const struct az_tokenizer *tokenizer, struct az_word *word,
                                   const char *bytes, size_t length_bytes, size_t *count,
                                   struct az_error *error)
{
    const uint32_t unknown = tokenizer->unknown;
    size_t pieces = az_unigram_cut(&tokenizer->unigram, word, bytes, length_bytes, unknown);
    uint32_t *ids = word->symbols, *out = word->ranks; /* ranks are not needed any more */
    *count = 0;
    for (size_t n = 0; n < pieces;) {
        size_t start = n > 0 ? word->next[n - 1] : 0, end = n + 1;
        if (ids[n] != unknown) {
            out[(*count)++] = ids[n++];
            continue;
        }
        if (unknown == AZ_TOKEN_NONE)
            return raise_unknown(bytes + start, word->next[n] - start, error);
        while (end < pieces && ids[end] == unknown) end++;
        *count += name_unknown(tokenizer, bytes + start, word->next[end - 1] - start, out + *count);
        n = end;
    }
    memcpy(ids, out, *count * sizeof *ids);
    return AZ_OK;
}

enum az_status az_model_word(const struct az_tokenizer *tokenizer, struct az_word *word,
                             const char *bytes, size_t length_bytes, size_t *count,
                             struct az_error *error)
{
    static enum az_status (*const models[])(const struct az_tokenizer *, struct az_word *,
                                            const char *, size_t, size_t *, struct az_error *) = {
        [AZ_ALGORITHM_BPE] = bpe_word,
        [AZ_ALGORITHM_WORDPIECE] = wordpiece_word,
        [AZ_ALGORITHM_UNIGRAM] = unigram_word,
        [AZ_ALGORITHM_WORDLEVEL] = whole_word,
    };
    size_t affixes = tokenizer->prefix_bytes + tokenizer->suffix_bytes;
    size_t most = affixes > 0 && tokenizer->byte_fallback ? length_bytes * (1 + affixes)
                                                          : length_bytes + affixes;
    enum az_status status = az_word_reserve(word, most + 1, error);
    if (status != AZ_OK) return status;
    return models[tokenizer->algorithm](tokenizer, word, bytes, length_bytes, count, error);
}

/* ---- seams ---- */

/* Whether a symbol stands for characters that are not in its spelling. */
static bool stands_for_others(const struct az_tokenizer *tokenizer, uint32_t id)
{
    if (id == tokenizer->unknown) return true;
    for (int byte = 0; byte < 256; byte++)
        if (tokenizer->fallback_ids[byte] == id) return true;
    return false;
}

static uint32_t last_character(const char *bytes, size_t length_bytes)
{
    size_t used;
    do length_bytes--;
    while (length_bytes > 0 && (bytes[length_bytes] & 0xc0) == 0x80);
    return az_utf8_decode(bytes + length_bytes, &used);
}

static int by_code(const void *a, const void *b)
{
    const uint32_t *p = a, *q = b;
    return (*p > *q) - (*p < *q);
}

static enum az_status find_crossed(const struct az_tokenizer *tokenizer,
                                   struct az_cutter_step *step, bool *good, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_merges *merges = &tokenizer->merges;
    AZ_TRY(az_memory_allocate(&step->crossed, merges->count, sizeof *step->crossed, "the seams",
                              error));
    for (size_t n = 0; n < merges->count; n++) {
        size_t left_bytes, right_bytes;
        const struct az_vocabulary *vocabulary = &tokenizer->vocabulary;
        const char *left = az_vocabulary_bytes(vocabulary, merges->list[n].left, &left_bytes);
        const char *right = az_vocabulary_bytes(vocabulary, merges->list[n].right, &right_bytes);
        bool crosses = left && right && left_bytes > 0 && right_bytes >= strlen(MARK) &&
                       memcmp(right, MARK, strlen(MARK)) == 0;
        if (!crosses) continue;
        *good = !stands_for_others(tokenizer, merges->list[n].left);
        if (!*good) goto out;
        step->crossed[step->crossed_count++] = last_character(left, left_bytes);
    }
    qsort(step->crossed, step->crossed_count, sizeof *step->crossed, by_code);
    size_t kept = 0;
    for (size_t n = 0; n < step->crossed_count; n++)
        if (n == 0 || step->crossed[n] != step->crossed[n - 1])
            step->crossed[kept++] = step->crossed[n];
    step->crossed_count = kept;
out:
    return status;
}

enum az_status az_model_add_seams(struct az_tokenizer *tokenizer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_cutter_step *step;
    if (tokenizer->cutter.count > 0 || tokenizer->algorithm != AZ_ALGORITHM_BPE ||
        tokenizer->model == AZ_TOKEN_MODEL_BYTE || tokenizer->whole_words_first ||
        tokenizer->prefix_bytes + tokenizer->suffix_bytes > 0 ||
        find(tokenizer, MARK, strlen(MARK)) == AZ_TOKEN_NONE)
        return AZ_OK;
    AZ_TRY(az_cutter_add(&tokenizer->cutter, AZ_CUTTER_SEAM, &step, error));
    AZ_TRY(az_memory_copy_string(&step->string, MARK, error));
    step->string_bytes = strlen(MARK);
    bool good = true;
    AZ_TRY(find_crossed(tokenizer, step, &good, error));
    if (!good) az_cutter_free(&tokenizer->cutter);
out:
    return status;
}
