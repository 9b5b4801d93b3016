#include "text/word_count.h"

#include <string.h>

#include "azimuth/hash.h"
#include "base/memory.h"
#include "text/tokenizer_parts.h"

void az_word_counts_free(struct az_word_counts *counts)
{
    az_memory_free(counts->words);
    az_memory_free(counts->table);
    *counts = (struct az_word_counts){0};
}

/* The slot of the word, or the free one where it belongs. */
static size_t slot_of(const struct az_word_counts *counts, const char *bytes, size_t length_bytes)
{
    size_t mask = counts->table_size - 1;
    size_t slot = az_hash_bytes(bytes, length_bytes).low & mask;
    for (;; slot = (slot + 1) & mask) {
        if (!counts->table[slot]) return slot;
        const struct az_counted_word *word = &counts->words[counts->table[slot] - 1];
        if (word->length_bytes == length_bytes && memcmp(word->bytes, bytes, length_bytes) == 0)
            return slot;
    }
}

static enum az_status enlarge(struct az_word_counts *counts, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_word_counts larger = *counts;
    larger.capacity = counts->capacity ? 2 * counts->capacity : 1 << 12;
    larger.table_size = 2 * larger.capacity;
    if (larger.capacity >= UINT32_MAX) AZ_RAISE(AZ_UNSUPPORTED, "too many different words");
    AZ_TRY(az_memory_allocate(&larger.table, larger.table_size, sizeof *larger.table, "the words",
                              error));
    status = az_memory_grow(&counts->words, counts->count, larger.capacity, sizeof *counts->words,
                            "the words", error);
    if (status != AZ_OK) {
        az_memory_free(larger.table);
        goto out;
    }
    larger.words = counts->words;
    for (size_t n = 0; n < counts->count; n++)
        larger.table[slot_of(&larger, larger.words[n].bytes, larger.words[n].length_bytes)] =
            (uint32_t)n + 1;
    az_memory_free(counts->table);
    *counts = larger;
out:
    return status;
}

static enum az_status add_word(struct az_word_counts *counts, const char *bytes,
                               size_t length_bytes, int64_t weight, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (counts->count == counts->capacity) AZ_TRY(enlarge(counts, error));
    size_t slot = slot_of(counts, bytes, length_bytes);
    if (!counts->table[slot]) {
        counts->words[counts->count++] = (struct az_counted_word){bytes, length_bytes, 0};
        counts->table[slot] = (uint32_t)counts->count;
    }
    int64_t *count = &counts->words[counts->table[slot] - 1].count;
    if (__builtin_add_overflow(*count, weight, count))
        AZ_RAISE(AZ_USAGE, "a word is counted more than 2^63 times; take smaller weights");
out:
    return status;
}

/* Words of one text, for the cutter. */
struct counter {
    struct az_word_counts *counts;
    int64_t weight;
    const char *text;
    double total_bytes;
    size_t words;
    struct az_progress *progress;
};

static enum az_status count_word(void *context, const char *word, size_t length_bytes,
                                 struct az_error *error)
{
    struct counter *counter = context;
    enum az_status status = add_word(counter->counts, word, length_bytes, counter->weight, error);
    if (status != AZ_OK || ++counter->words % 4096) return status;
    az_progress_tell(counter->progress, "counting words", "MB",
                     (double)(word - counter->text) / 1e6, counter->total_bytes / 1e6, "");
    if (!az_progress_stopped(counter->progress)) return AZ_OK;
    return az_error_raise(error, AZ_INTERRUPTED, "the training was stopped");
}

enum az_status az_word_counts_add(struct az_word_counts *counts,
                                  const struct az_weighted_text *text,
                                  const struct az_tokenizer *tokenizer,
                                  struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_cut cut = {0};
    struct az_added_search search = {0};
    struct counter counter = {.counts = counts,
                              .weight = text->weight,
                              .text = text->bytes,
                              .total_bytes = (double)text->length_bytes,
                              .progress = progress};
    uint32_t id;
    AZ_TRY(az_cut_init(&cut, &tokenizer->cutter, error));
    az_progress_begin(progress);
    do {
        id = az_added_next(&tokenizer->added, text->bytes, text->length_bytes, &search);
        if (search.text_end > search.text_start)
            AZ_TRY(az_cut_text(&cut, text->bytes + search.text_start,
                               search.text_end - search.text_start, search.text_start == 0,
                               count_word, &counter, error));
    } while (id != AZ_TOKEN_NONE);
    az_progress_end(progress, "counting words", "MB", (double)text->length_bytes / 1e6,
                    (double)text->length_bytes / 1e6, "");
out:
    az_cut_free(&cut);
    return status;
}
