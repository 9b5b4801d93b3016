/* tokenizer.h: byte-pair encoding: train, load, save, encode, decode.
 *
 * Files are Hugging Face tokenizer.json; ids are those the `tokenizers` package gives. Two models:
 * byte-level (GPT-2: the alphabet is the 256 bytes) and character-level (Flannel: whitespace
 * pre-tokenizer, base characters plus merges, an unknown token for the rest). */
#ifndef AZIMUTH_TOKENIZER_H
#define AZIMUTH_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "azimuth/experiment.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"

struct az_tokenizer;

/* One text of a training mix: counts of its words are multiplied by weight. */
struct az_weighted_text {
    const char *bytes; /* valid UTF-8 */
    size_t length_bytes;
    int64_t weight; /* > 0 */
};

struct az_tokenizer_plan {
    enum az_token_model model;
    const char *pattern;        /* "gpt2", "marks", "whitespace" */
    int64_t vocabulary;         /* total number of entries, special tokens included */
    int64_t base_characters;    /* character model */
    const char *special_tokens; /* separated by spaces; they take the first ids */
};

AZ_API enum az_status az_tokenizer_train(struct az_tokenizer **tokenizer,
                                         const struct az_tokenizer_plan *plan,
                                         const struct az_weighted_text *texts, size_t text_count,
                                         struct az_progress *progress, struct az_error *error);
AZ_API enum az_status az_tokenizer_load(struct az_tokenizer **tokenizer, const char *path,
                                        struct az_error *error);
AZ_API enum az_status az_tokenizer_save(const struct az_tokenizer *tokenizer, const char *path,
                                        struct az_error *error);
AZ_API void az_tokenizer_free(struct az_tokenizer *tokenizer);

/* What a tokenizer is; pattern: "gpt2", "marks", "whitespace", or the regular expression itself;
 * borrowed. */
struct az_tokenizer_info {
    enum az_token_model model;
    const char *pattern;
    size_t tokens, merges, special_tokens; /* tokens: without holes between ids */
};
AZ_API struct az_tokenizer_info az_tokenizer_describe(const struct az_tokenizer *tokenizer);

AZ_API size_t az_tokenizer_size(const struct az_tokenizer *tokenizer); /* highest id + 1 */
/* The token's bytes as decoding gives them; borrowed. NULL for an id that is not there. */
AZ_API const char *az_tokenizer_bytes(const struct az_tokenizer *tokenizer, size_t id,
                                      size_t *length_bytes);
/* True for a special (added) token: found in a text as it is, before everything else. */
AZ_API bool az_tokenizer_special(const struct az_tokenizer *tokenizer, size_t id);
/* The id of the token with these bytes; AZ_TOKENIZER_NONE where there is none. */
#define AZ_TOKENIZER_NONE UINT32_MAX
AZ_API uint32_t az_tokenizer_find(const struct az_tokenizer *tokenizer, const char *bytes,
                                  size_t length_bytes);

/* *ids: count ids, from az_memory_allocate; free with az_tokenizer_free_ids. */
AZ_API enum az_status az_tokenizer_encode(const struct az_tokenizer *tokenizer, const char *text,
                                          size_t length_bytes, uint32_t **ids, size_t *count,
                                          struct az_progress *progress, struct az_error *error);
AZ_API void az_tokenizer_free_ids(uint32_t *ids);
/* *text: from az_memory_allocate, terminated by 0; free with az_tokenizer_free_text. */
AZ_API enum az_status az_tokenizer_decode(const struct az_tokenizer *tokenizer, const uint32_t *ids,
                                          size_t count, char **text, size_t *length_bytes,
                                          struct az_error *error);
AZ_API void az_tokenizer_free_text(char *text);

#endif
