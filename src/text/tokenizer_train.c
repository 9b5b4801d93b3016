#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/byte_alphabet.h"
#include "text/pair_index.h"
#include "text/tokenizer_parts.h"
#include "text/utf8.h"
#include "text/word_count.h"

#define STAGE "merging pairs"
#define UNKNOWN "<unk>"
#define CODE_POINTS 0x110000

struct trainer {
    const struct az_tokenizer_plan *plan;
    struct az_tokenizer *tokenizer;
    struct az_word_counts words;
    int64_t *word_counts;
    struct az_pair_index index;
    struct az_progress *progress;
};

static void trainer_free(struct trainer *trainer)
{
    az_tokenizer_free(trainer->tokenizer);
    az_word_counts_free(&trainer->words);
    az_memory_free(trainer->word_counts);
    az_pair_index_free(&trainer->index);
}

static enum az_status check_plan(const struct az_tokenizer_plan *plan,
                                 const struct az_weighted_text *texts, size_t text_count,
                                 struct az_error *error)
{
    if (text_count == 0)
        return az_error_raise(error, AZ_USAGE, "no text is given to train a tokenizer on");
    for (size_t n = 0; n < text_count; n++)
        if (texts[n].weight <= 0)
            return az_error_raise(error, AZ_USAGE,
                                  "the weight of text %zu is %" PRId64 "; weights are 1 and more",
                                  n + 1, texts[n].weight);
    if (plan->vocabulary < 1 || plan->vocabulary > (int64_t)AZ_TOKEN_LIMIT)
        return az_error_raise(error, AZ_USAGE, "a vocabulary of %" PRId64 "; it is 1 to %zu",
                              plan->vocabulary, AZ_TOKEN_LIMIT);
    if (plan->model == AZ_TOKEN_MODEL_CHARACTER && plan->base_characters < 1)
        return az_error_raise(error, AZ_USAGE,
                              "base_characters is %" PRId64 "; a character model needs 1 or more",
                              plan->base_characters);
    if (az_pattern_named(plan->pattern) == AZ_PATTERN_OTHER)
        return az_error_raise(error, AZ_USAGE,
                              "there is no pattern '%s'; there are gpt2, marks, whitespace",
                              plan->pattern);
    return AZ_OK;
}

/* ---- the tokens that are there before any merge ---- */

static enum az_status put_next(struct trainer *trainer, const char *bytes, size_t length_bytes,
                               struct az_error *error)
{
    struct az_vocabulary *vocabulary = &trainer->tokenizer->vocabulary;
    return az_vocabulary_put(vocabulary, vocabulary->count, bytes, length_bytes, error);
}

static enum az_status put_special(struct trainer *trainer, const char *name, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = trainer->tokenizer;
    uint32_t id = (uint32_t)tokenizer->vocabulary.count;
    size_t length = strlen(name);
    if (az_utf8_invalid(name, length) < length)
        AZ_RAISE(AZ_USAGE, "the special token '%s' is not valid UTF-8", name);
    if (tokenizer->model == AZ_TOKEN_MODEL_BYTE && length == 1)
        AZ_RAISE(AZ_USAGE, "the special token '%s' is a token of the byte alphabet already", name);
    if (az_vocabulary_find(&tokenizer->vocabulary, name, length) != AZ_TOKEN_NONE)
        AZ_RAISE(AZ_USAGE, "the special token '%s' is named twice", name);
    AZ_TRY(put_next(trainer, name, length, error));
    AZ_TRY(az_added_put(&tokenizer->added, (struct az_added_token){.id = id}, name, error));
    tokenizer->vocabulary.tokens[id].added = tokenizer->vocabulary.tokens[id].special = true;
    tokenizer->added_count++;
out:
    return status;
}

static enum az_status put_specials(struct trainer *trainer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = trainer->tokenizer;
    const char *names = trainer->plan->special_tokens;
    char *list = NULL, *rest = NULL;
    AZ_TRY(az_memory_copy_string(&list, names ? names : "", error));
    for (char *name = strtok_r(list, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        AZ_TRY(put_special(trainer, name, error));
    if (tokenizer->model != AZ_TOKEN_MODEL_CHARACTER) goto out;
    uint32_t unknown = az_tokenizer_find(tokenizer, UNKNOWN, strlen(UNKNOWN));
    if (unknown == AZ_TOKEN_NONE) {
        unknown = (uint32_t)tokenizer->vocabulary.count;
        AZ_TRY(put_special(trainer, UNKNOWN, error));
    }
    tokenizer->unknown = unknown;
out:
    az_memory_free(list);
    return status;
}

static enum az_status put_bytes(struct trainer *trainer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (unsigned place = 0; place < 256; place++) {
        char byte = (char)az_byte_alphabet_at(place);
        AZ_TRY(put_next(trainer, &byte, 1, error));
    }
    AZ_TRY(az_tokenizer_index_bytes(trainer->tokenizer, error));
out:
    return status;
}

struct character {
    int64_t count;
    uint32_t code;
};

/* The most frequent first, of equals the lowest code point. */
static int by_count(const void *a, const void *b)
{
    const struct character *p = a, *q = b;
    if (p->count != q->count) return p->count < q->count ? 1 : -1;
    return (p->code > q->code) - (p->code < q->code);
}

static int by_code(const void *a, const void *b)
{
    const struct character *p = a, *q = b;
    return (p->code > q->code) - (p->code < q->code);
}

/* characters[CODE_POINTS], zeroed. Returns how many there are; they come first. NUL is left out: it
 * cannot be written in tokenizer.json. */
static size_t count_characters(const struct az_word_counts *words, struct character *characters)
{
    for (size_t n = 0; n < words->count; n++) {
        const struct az_counted_word *word = &words->words[n];
        for (size_t at = 0, length; at < word->length_bytes; at += length)
            characters[az_utf8_decode(word->bytes + at, &length)].count += word->count;
    }
    size_t kept = 0;
    for (uint32_t code = 1; code < CODE_POINTS; code++)
        if (characters[code].count > 0)
            characters[kept++] = (struct character){characters[code].count, code};
    return kept;
}

/* The base_characters most frequent characters, or all there are, in order of code point. */
static enum az_status put_characters(struct trainer *trainer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct character *characters = NULL;
    AZ_TRY(
        az_memory_allocate(&characters, CODE_POINTS, sizeof *characters, "the characters", error));
    size_t count = count_characters(&trainer->words, characters);
    qsort(characters, count, sizeof *characters, by_count);
    if ((int64_t)count > trainer->plan->base_characters)
        count = (size_t)trainer->plan->base_characters;
    qsort(characters, count, sizeof *characters, by_code);
    for (size_t n = 0; n < count; n++) {
        char bytes[4];
        size_t length = az_utf8_encode(characters[n].code, bytes);
        AZ_TRY(put_next(trainer, bytes, length, error));
    }
out:
    az_memory_free(characters);
    return status;
}

static enum az_status check_room(const struct trainer *trainer, struct az_error *error)
{
    size_t base = trainer->tokenizer->vocabulary.count;
    if ((int64_t)base <= trainer->plan->vocabulary) return AZ_OK;
    return az_error_raise(error, AZ_USAGE,
                          "a vocabulary of %" PRId64 " is too small: %zu special "
                          "tokens and %zu base %s are in it before any merge",
                          trainer->plan->vocabulary, trainer->tokenizer->added_count,
                          base - trainer->tokenizer->added_count,
                          trainer->plan->model == AZ_TOKEN_MODEL_BYTE ? "bytes" : "characters");
}

/* ---- the merges ---- */

static size_t symbols_of(const struct az_tokenizer *tokenizer, const struct az_counted_word *word,
                         uint32_t *symbols)
{
    size_t count = 0;
    for (size_t at = 0, length; at < word->length_bytes; at += length) {
        bool byte = tokenizer->model == AZ_TOKEN_MODEL_BYTE;
        length = byte ? 1 : az_utf8_length(word->bytes[at]);
        symbols[count++] =
            byte ? tokenizer->byte_ids[(unsigned char)word->bytes[at]]
                 : az_vocabulary_find(&tokenizer->vocabulary, word->bytes + at, length);
    }
    return count;
}

/* All counts of pairs and characters are below this sum, so they cannot overflow if it does not. */
static enum az_status check_sum(const struct az_word_counts *words, struct az_error *error)
{
    int64_t sum = 0, symbols;
    for (size_t n = 0; n < words->count; n++)
        if (__builtin_mul_overflow((int64_t)words->words[n].length_bytes, words->words[n].count,
                                   &symbols) ||
            __builtin_add_overflow(sum, symbols, &sum))
            return az_error_raise(error, AZ_USAGE,
                                  "the texts times their weights have more than "
                                  "2^63 bytes; take smaller weights");
    return AZ_OK;
}

static enum az_status index_words(struct trainer *trainer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_word_counts *words = &trainer->words;
    struct az_word word = {0};
    AZ_TRY(az_memory_allocate(&trainer->word_counts, words->count, sizeof *trainer->word_counts,
                              "the words", error));
    for (size_t n = 0; n < words->count; n++) {
        trainer->word_counts[n] = words->words[n].count;
        AZ_TRY(az_word_reserve(&word, words->words[n].length_bytes, error));
        size_t count = symbols_of(trainer->tokenizer, &words->words[n], word.symbols);
        AZ_TRY(az_pair_index_add_word(&trainer->index, (uint32_t)n, word.symbols, count, error));
    }
    AZ_TRY(az_pair_index_build(&trainer->index, &trainer->tokenizer->vocabulary,
                               trainer->word_counts, error));
out:
    az_word_free(&word);
    return status;
}

/* The id of the two tokens joined: a new one, or that of a token which another merge made. */
static enum az_status join(struct trainer *trainer, const struct az_pair *pair, uint32_t *id,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_vocabulary *vocabulary = &trainer->tokenizer->vocabulary;
    struct az_buffer joined = {0};
    size_t left_bytes, right_bytes;
    const char *left = az_vocabulary_bytes(vocabulary, pair->left, &left_bytes);
    const char *right = az_vocabulary_bytes(vocabulary, pair->right, &right_bytes);
    AZ_TRY(az_buffer_add(&joined, left, left_bytes, error));
    AZ_TRY(az_buffer_add(&joined, right, right_bytes, error));
    *id = az_vocabulary_find(vocabulary, joined.bytes, joined.length);
    if (*id != AZ_TOKEN_NONE) goto out;
    *id = (uint32_t)vocabulary->count;
    AZ_TRY(put_next(trainer, joined.bytes, joined.length, error));
out:
    az_buffer_free(&joined);
    return status;
}

static enum az_status merge_best(struct trainer *trainer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = trainer->tokenizer;
    const struct az_pair *pair = az_pair_index_best(&trainer->index);
    struct az_merge merge;
    if (!pair)
        AZ_RAISE(AZ_USAGE,
                 "a vocabulary of %" PRId64 " cannot be reached: the texts have no pair "
                 "left to merge after %zu tokens; ask for at most %zu, or give more text",
                 trainer->plan->vocabulary, tokenizer->vocabulary.count,
                 tokenizer->vocabulary.count);
    merge = (struct az_merge){.left = pair->left, .right = pair->right};
    AZ_TRY(join(trainer, pair, &merge.result, error));
    AZ_TRY(az_merges_add(&tokenizer->merges, merge, error));
    AZ_TRY(az_pair_index_merge(&trainer->index, pair, merge.result, error));
out:
    return status;
}

static enum az_status tell(struct trainer *trainer, struct az_error *error)
{
    az_progress_tell(trainer->progress, STAGE, "token",
                     (double)trainer->tokenizer->vocabulary.count,
                     (double)trainer->plan->vocabulary, "");
    if (!az_progress_stopped(trainer->progress)) return AZ_OK;
    return az_error_raise(error, AZ_INTERRUPTED, "the training was stopped");
}

static enum az_status merge_all(struct trainer *trainer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_vocabulary *vocabulary = &trainer->tokenizer->vocabulary;
    double total = (double)trainer->plan->vocabulary;
    az_progress_begin(trainer->progress);
    AZ_TRY(check_sum(&trainer->words, error));
    AZ_TRY(index_words(trainer, error));
    while ((int64_t)vocabulary->count < trainer->plan->vocabulary) {
        AZ_TRY(merge_best(trainer, error));
        AZ_TRY(tell(trainer, error));
    }
    az_progress_end(trainer->progress, STAGE, "token", total, total, "");
out:
    return status;
}

enum az_status az_tokenizer_train(struct az_tokenizer **tokenizer,
                                  const struct az_tokenizer_plan *plan,
                                  const struct az_weighted_text *texts, size_t text_count,
                                  struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct trainer trainer = {.plan = plan, .progress = progress};
    *tokenizer = NULL;
    AZ_TRY(check_plan(plan, texts, text_count, error));
    enum az_pattern pattern = az_pattern_named(plan->pattern);
    AZ_TRY(az_tokenizer_create(&trainer.tokenizer, plan->model, error));
    AZ_TRY(az_tokenizer_set_pattern(trainer.tokenizer, pattern, error));
    AZ_TRY(put_specials(&trainer, error));
    for (size_t n = 0; n < text_count; n++)
        AZ_TRY(az_word_counts_add(&trainer.words, &texts[n], trainer.tokenizer, progress, error));
    AZ_TRY(plan->model == AZ_TOKEN_MODEL_BYTE ? put_bytes(&trainer, error)
                                              : put_characters(&trainer, error));
    AZ_TRY(check_room(&trainer, error));
    AZ_TRY(merge_all(&trainer, error));
    *tokenizer = trainer.tokenizer;
    trainer.tokenizer = NULL;
out:
    trainer_free(&trainer);
    return status;
}
