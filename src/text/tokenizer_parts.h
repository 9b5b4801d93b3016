/* tokenizer_parts.h: what a tokenizer is made of; the parts are those of tokenizer.json.
 *
 *   text -> added tokens -> normaliser -> added tokens that are normalised -> cutter
 * (pre-tokenizer)
 *        -> model -> ids -> tokens before and behind (post-processor)
 *   ids -> decoder -> text */
#ifndef AZ_TEXT_TOKENIZER_PARTS_H
#define AZ_TEXT_TOKENIZER_PARTS_H

#include "azimuth/hash.h"
#include "azimuth/tokenizer.h"
#include "text/added.h"
#include "text/cutter.h"
#include "text/decoder.h"
#include "text/merges.h"
#include "text/normaliser.h"
#include "text/unigram.h"
#include "text/vocabulary.h"

#define AZ_AFFIX_BYTES 64 /* a prefix or suffix is at most this long */

enum az_algorithm {
    AZ_ALGORITHM_BPE,
    AZ_ALGORITHM_WORDPIECE,
    AZ_ALGORITHM_UNIGRAM,
    AZ_ALGORITHM_WORDLEVEL,
};

struct az_tokenizer {
    enum az_token_model model; /* BYTE: BPE from bytes, with the decoder ByteLevel alone */
    enum az_algorithm algorithm;
    struct az_normaliser normaliser;
    struct az_added added, added_normalised;
    size_t added_count;
    struct az_cutter cutter;
    struct az_decoder decoder;
    /* The model's tokens can be found: by their bytes in a byte model, as they are spelled in
     * others. Added tokens that are not the model's cannot. */
    struct az_vocabulary vocabulary;
    struct az_vocabulary
        renamed; /* added tokens that decode to what the normaliser makes of them */
    struct az_vocabulary surfaces; /* az_tokenizer_bytes, where that is not in vocabulary */
    struct az_merges merges;
    struct az_unigram unigram;
    uint32_t unknown;           /* stands for what is not in the vocabulary */
    uint32_t byte_ids[256];     /* byte model */
    uint32_t fallback_ids[256]; /* of <0x00> to <0xFF>, for byte_fallback */
    bool byte_fallback, fuse_unknown;
    bool ranked;            /* merges as tiktoken: by the rank of what they make */
    bool whole_words_first; /* a word that is a token is not merged (ignore_merges) */
    char *prefix, *suffix;  /* of a piece that does not begin, that ends a word; not NULL */
    size_t prefix_bytes, suffix_bytes;
    size_t word_limit;         /* WordPiece: characters of a word */
    uint32_t *before, *behind; /* what the post-processor adds */
    size_t before_count, behind_count;
    char *source; /* the tokenizer.json that it was read from, or NULL */
    size_t source_bytes;
    struct az_hash hash; /* of the files that it was read from; zero: none */
};

/* An empty tokenizer; free it with az_tokenizer_free. */
enum az_status az_tokenizer_create(struct az_tokenizer **tokenizer, enum az_token_model model,
                                   struct az_error *error);

/* Fills byte_ids. AZ_UNSUPPORTED where a byte has no token. */
enum az_status az_tokenizer_index_bytes(struct az_tokenizer *tokenizer, struct az_error *error);

/* Sets cutter and decoder as training makes them: texts come back as they were, except that a
 * pattern which drops white space gets spaces between tokens. */
enum az_status az_tokenizer_set_pattern(struct az_tokenizer *tokenizer, enum az_pattern pattern,
                                        struct az_error *error);

/* The token as it goes into the decoder; NULL for an id that is not there. */
const char *az_tokenizer_decoded(const struct az_tokenizer *tokenizer, size_t id,
                                 size_t *length_bytes);

/* Fills surfaces, where decoding changes tokens. */
enum az_status az_tokenizer_add_surfaces(struct az_tokenizer *tokenizer, struct az_error *error);

/* The first pattern of the cutter, or NULL. */
const struct az_splitter *az_tokenizer_splitter(const struct az_tokenizer *tokenizer);

/* tokenizer.json as text (free with az_memory_free): as it was read, or of one that was trained
 * here. AZ_UNSUPPORTED for one of a .tiktoken file. */
enum az_status az_tokenizer_write_json(const struct az_tokenizer *tokenizer, char **text,
                                       size_t *length_bytes, struct az_error *error);

/* What a file says. `name` is for messages. */
enum az_status az_tokenizer_read_json(struct az_tokenizer **tokenizer, const char *name,
                                      const char *text, size_t length_bytes,
                                      struct az_error *error);
/* A .tiktoken file as text; pattern as in az_tokenizer_load_with. */
enum az_status az_tokenizer_read_tiktoken(struct az_tokenizer **tokenizer, const char *name,
                                          const char *text, size_t length_bytes,
                                          const char *pattern, struct az_error *error);
/* vocab.json and merges.txt as texts. */
enum az_status az_tokenizer_read_pair(struct az_tokenizer **tokenizer, const char *name,
                                      const char *vocabulary, size_t vocabulary_bytes,
                                      const char *merges, size_t merges_bytes,
                                      struct az_error *error);

#endif
