/* tokenizer.h: tokenizers: train, load, save, encode, decode.
 *
 * Files are Hugging Face tokenizer.json, and ids those that the `tokenizers` package gives; also
 * .tiktoken files, with the ids of `tiktoken`, and vocab.json with merges.txt. What is trained here
 * is byte-pair encoding of two kinds: byte-level (GPT-2: the alphabet is the 256 bytes) and of
 * characters (Flannel: whitespace pre-tokenizer, base characters plus merges, an unknown token for
 * the rest). */
#ifndef AZIMUTH_TOKENIZER_H
#define AZIMUTH_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/experiment.h"
#include "azimuth/hash.h"
#include "azimuth/pool.h"
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
/* path: a tokenizer.json, a .tiktoken file, a vocab.json or merges.txt with the other beside it, or
 * a folder with one of these. AZ_UNSUPPORTED names what of the file is not supported. truncation
 * and padding of tokenizer.json are not applied: no text is cut or filled up. */
AZ_API enum az_status az_tokenizer_load(struct az_tokenizer **tokenizer, const char *path,
                                        struct az_error *error);
/* The same; pattern: how a .tiktoken file cuts texts, "cl100k", "o200k", "gpt2" or a regular
 * expression (AZ_USAGE for another kind of file); NULL to know it by the number of ranks. */
AZ_API enum az_status az_tokenizer_load_with(struct az_tokenizer **tokenizer, const char *path,
                                             const char *pattern, struct az_error *error);
/* A tokenizer that was loaded from tokenizer.json is written as it was read. */
AZ_API enum az_status az_tokenizer_save(const struct az_tokenizer *tokenizer, const char *path,
                                        struct az_error *error);
AZ_API void az_tokenizer_free(struct az_tokenizer *tokenizer);

/* What a tokenizer is; pattern: "gpt2", "marks", "whitespace", or the first regular expression of
 * its pre-tokenizer, or ""; borrowed. */
struct az_tokenizer_info {
    enum az_token_model model; /* byte: words are merged from bytes */
    const char *algorithm;     /* "BPE", "WordPiece", "Unigram", "WordLevel" */
    const char *pattern;
    size_t tokens, merges, special_tokens; /* tokens: without holes; special: all added tokens */
    /* Of the file that it was loaded from, as az_hash_file; of vocab.json with merges.txt behind
     * it; zero for one that was trained and not loaded. */
    struct az_hash hash;
};
AZ_API struct az_tokenizer_info az_tokenizer_describe(const struct az_tokenizer *tokenizer);

AZ_API size_t az_tokenizer_size(const struct az_tokenizer *tokenizer); /* highest id + 1 */
/* The bytes that the token stands for within a text: a blank for U+2581, a byte for <0x..>, nothing
 * for the prefix of WordPiece. Borrowed. NULL for an id that is not there. */
AZ_API const char *az_tokenizer_bytes(const struct az_tokenizer *tokenizer, size_t id,
                                      size_t *length_bytes);
/* The token as its file spells it. The same for a byte-level model but in the byte alphabet, which
 * is undone. */
AZ_API const char *az_tokenizer_spelling(const struct az_tokenizer *tokenizer, size_t id,
                                         size_t *length_bytes);
/* True for an added token: found in a text before everything else. */
AZ_API bool az_tokenizer_special(const struct az_tokenizer *tokenizer, size_t id);
/* The id of the token with these bytes (az_tokenizer_bytes), the lowest of several;
 * AZ_TOKENIZER_NONE where there is none. */
#define AZ_TOKENIZER_NONE UINT32_MAX
AZ_API uint32_t az_tokenizer_find(const struct az_tokenizer *tokenizer, const char *bytes,
                                  size_t length_bytes);

struct az_encode_options {
    bool special_tokens;  /* with those that the post_processor puts before and behind the text */
    struct az_pool *pool; /* NULL: in the calling thread; the ids do not depend on it */
};

/* text: valid UTF-8. *ids: count ids, from az_memory_allocate; free with az_tokenizer_free_ids.
 * options: NULL for none. */
AZ_API enum az_status az_tokenizer_encode_with(const struct az_tokenizer *tokenizer,
                                               const struct az_encode_options *options,
                                               const char *text, size_t length_bytes,
                                               uint32_t **ids, size_t *count,
                                               struct az_progress *progress,
                                               struct az_error *error);
AZ_API enum az_status az_tokenizer_encode(const struct az_tokenizer *tokenizer, const char *text,
                                          size_t length_bytes, uint32_t **ids, size_t *count,
                                          struct az_progress *progress, struct az_error *error);
AZ_API void az_tokenizer_free_ids(uint32_t *ids);
/* *text: from az_memory_allocate, terminated by 0; free with az_tokenizer_free_text. Byte-level
 * tokenizers give the bytes of the tokens, which need not be UTF-8 (`tokenizers` puts U+FFFD
 * there). skip_special: without the tokens that are marked as special. AZ_USAGE for an id that is
 * not there. */
AZ_API enum az_status az_tokenizer_decode_with(const struct az_tokenizer *tokenizer,
                                               const uint32_t *ids, size_t count, bool skip_special,
                                               char **text, size_t *length_bytes,
                                               struct az_error *error);
AZ_API enum az_status az_tokenizer_decode(const struct az_tokenizer *tokenizer, const uint32_t *ids,
                                          size_t count, char **text, size_t *length_bytes,
                                          struct az_error *error);
AZ_API void az_tokenizer_free_text(char *text);

#endif
