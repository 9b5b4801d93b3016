/* tokenizer_parts.h: what a tokenizer is made of; the parts are those of tokenizer.json.
 *
 *   text -> normaliser -> added tokens -> splitter (pre-tokenizer) -> model (BPE) -> ids
 *   ids -> decoder -> text */
#ifndef AZ_TEXT_TOKENIZER_PARTS_H
#define AZ_TEXT_TOKENIZER_PARTS_H

#include "azimuth/tokenizer.h"
#include "text/added.h"
#include "text/merges.h"
#include "text/splitter.h"
#include "text/vocabulary.h"

enum az_normaliser { AZ_NORMALISER_NONE, AZ_NORMALISER_NFC };

/* How the tokens of a text are joined: as they are, or with a space between. */
enum az_joiner { AZ_JOINER_NOTHING, AZ_JOINER_SPACE };

struct az_tokenizer {
    enum az_token_model model;
    enum az_normaliser normaliser;
    enum az_joiner joiner;
    struct az_splitter splitter;
    struct az_vocabulary vocabulary; /* bytes as decoding gives them */
    struct az_merges merges;
    struct az_added added;
    uint32_t unknown;       /* character model: stands for what is not in the vocabulary */
    uint32_t byte_ids[256]; /* byte model */
    bool whole_words_first; /* a word that is a token is not merged (ignore_merges) */
};

/* An empty tokenizer; free it with az_tokenizer_free. */
enum az_status az_tokenizer_create(struct az_tokenizer **tokenizer, enum az_token_model model,
                                   struct az_error *error);

/* Fills byte_ids. AZ_UNSUPPORTED where a byte has no token. */
enum az_status az_tokenizer_index_bytes(struct az_tokenizer *tokenizer, struct az_error *error);

/* The decoder that goes with a model and a pattern: texts come back as they were, except that a
 * pattern which drops white space gets spaces between tokens. */
enum az_joiner az_tokenizer_joiner(enum az_token_model model, enum az_pattern pattern);

/* tokenizer.json as text (free with az_memory_free), and back. `name` is for messages. */
enum az_status az_tokenizer_write_json(const struct az_tokenizer *tokenizer, char **text,
                                       size_t *length_bytes, struct az_error *error);
enum az_status az_tokenizer_read_json(struct az_tokenizer **tokenizer, const char *name,
                                      const char *text, size_t length_bytes,
                                      struct az_error *error);

#endif
