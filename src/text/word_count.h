/* word_count.h: how often each word occurs in the texts of a training mix. */
#ifndef AZ_TEXT_WORD_COUNT_H
#define AZ_TEXT_WORD_COUNT_H

#include "azimuth/tokenizer.h"
#include "text/added.h"

struct az_counted_word {
    const char *bytes; /* in the text */
    size_t length_bytes;
    int64_t count; /* occurrences times the weight of their text */
};

struct az_word_counts {
    struct az_counted_word *words; /* [count], in order of first occurrence */
    size_t count, capacity;
    uint32_t *table; /* place + 1 by hash of the bytes, 0 for none */
    size_t table_size;
};

void az_word_counts_free(struct az_word_counts *counts); /* zeroed is empty */

/* Adds the words of a text, cut at added tokens (which are not counted) and by the splitter. The
 * text must outlive the counts. */
enum az_status az_word_counts_add(struct az_word_counts *counts,
                                  const struct az_weighted_text *text,
                                  const struct az_tokenizer *tokenizer,
                                  struct az_progress *progress, struct az_error *error);

#endif
