/* encode.h: the stages of encoding.
 *
 * A text becomes segments: added tokens, and stretches of (normalised) text between them. Segments
 * are taken in jobs of about the same size; a long one is parted. A part begins anywhere, at a
 * guess: where its words meet those of the part before, which began at a true place, both are the
 * same from there on, as what follows a word does not depend on what stands before it. What the
 * guess got wrong before they met is encoded again. So the ids are those of the whole. */
#ifndef AZ_TEXT_ENCODE_H
#define AZ_TEXT_ENCODE_H

#include "text/tokenizer_parts.h"

struct az_segment {
    const char *text;
    size_t length_bytes;
    uint32_t id;        /* an added token, or AZ_TOKEN_NONE */
    size_t first_bytes; /* at its start, which came of the first character of the whole text */
};

struct az_segments {
    struct az_segment *list;
    size_t count, capacity;
    struct az_buffer normal; /* their text, where a normaliser changed it */
};

void az_segments_free(struct az_segments *segments); /* zeroed is empty */

/* Cuts a text (valid UTF-8) at added tokens, and normalises it. */
enum az_status az_segments_find(struct az_segments *segments, const struct az_tokenizer *tokenizer,
                                struct az_pool *pool, const char *text, size_t length_bytes,
                                struct az_error *error);

/* Ids, in order. */
struct az_ids {
    uint32_t *list;
    size_t count, capacity;
};

void az_ids_free(struct az_ids *ids); /* zeroed is empty */
enum az_status az_ids_add(struct az_ids *ids, const uint32_t *list, size_t count,
                          struct az_error *error);

/* What a thread needs: words met before, scratch. */
struct az_coder {
    const struct az_tokenizer *tokenizer;
    struct az_cut cut;
    struct az_word word;
    struct az_coded_word *cache;
    size_t cache_size;
    struct az_buffer spelling;
    struct az_ids *ids; /* where words are put */
};

/* text_bytes: about how much it will encode. */
enum az_status az_coder_init(struct az_coder *coder, const struct az_tokenizer *tokenizer,
                             size_t text_bytes, struct az_error *error);
void az_coder_free(struct az_coder *coder); /* zeroed is allowed */

/* A word of the cutter, into coder->ids; an az_cutter_word with the coder as context. */
enum az_status az_coder_word(void *context, const char *word, size_t length_bytes,
                             struct az_error *error);

/* All segments into ids. */
enum az_status az_encode_segments(const struct az_tokenizer *tokenizer,
                                  const struct az_segments *segments, struct az_pool *pool,
                                  struct az_ids *ids, struct az_progress *progress,
                                  struct az_error *error);

#endif
