/* tokenizer_read.h: the parts of the reader of tokenizer.json. */
#ifndef AZ_TEXT_TOKENIZER_READ_H
#define AZ_TEXT_TOKENIZER_READ_H

#include <jansson.h>

#include "text/tokenizer_parts.h"

/* AZ_UNSUPPORTED for a key of the object that is not among the names (ended by NULL), so that
 * nothing is passed over. AZ_FORMAT where it is no object. `what` is its name in the file. */
enum az_status az_tokenizer_read_keys(const json_t *object, const char *what,
                                      const char *const *names, struct az_error *error);

/* The value of "type" of an object, or "" (also for null). */
const char *az_tokenizer_read_type(const json_t *object);

/* A value that is true or false; `usual` where there is none. */
enum az_status az_tokenizer_read_flag(const json_t *object, const char *what, const char *key,
                                      bool usual, bool *flag, struct az_error *error);
/* A string, copied; NULL where there is none and it may be missing. */
enum az_status az_tokenizer_read_string(const json_t *object, const char *what, const char *key,
                                        bool may_miss, char **string, size_t *bytes,
                                        struct az_error *error);
/* A whole number from least to most. */
enum az_status az_tokenizer_read_count(const json_t *object, const char *what, const char *key,
                                       int64_t least, int64_t most, size_t *count,
                                       struct az_error *error);
/* {"String": ...} or {"Regex": ...} under "pattern": string, or splitter. */
enum az_status az_tokenizer_read_pattern(const json_t *object, const char *what, char **string,
                                         size_t *bytes, struct az_splitter *splitter,
                                         struct az_error *error);
/* "Replace" of a normaliser or a decoder: its pattern (as above) and what stands in its place. */
enum az_status az_tokenizer_read_replace(const json_t *part, char **pattern, size_t *pattern_bytes,
                                         struct az_splitter *splitter, char **content,
                                         size_t *content_bytes, struct az_error *error);
/* "prepend_scheme" and "add_prefix_space" of Metaspace. */
enum az_status az_tokenizer_read_prepend(const json_t *object, enum az_prepend *prepend,
                                         struct az_error *error);

/* Walks the members of nested Sequences. types: name and reader, ended by NULL. list: the key of a
 * Sequence's members. `what`: the part of tokenizer.json. */
struct az_tokenizer_type {
    const char *name;
    enum az_status (*read)(struct az_tokenizer *tokenizer, const json_t *part,
                           struct az_error *error);
};
enum az_status az_tokenizer_read_sequence(struct az_tokenizer *tokenizer, const json_t *part,
                                          const char *what, const char *list,
                                          const struct az_tokenizer_type *types,
                                          struct az_error *error);

enum az_status az_tokenizer_read_normaliser(struct az_tokenizer *tokenizer, const json_t *part,
                                            struct az_error *error);
enum az_status az_tokenizer_read_cutter(struct az_tokenizer *tokenizer, const json_t *part,
                                        struct az_error *error);
enum az_status az_tokenizer_read_decoder(struct az_tokenizer *tokenizer, const json_t *part,
                                         struct az_error *error);
enum az_status az_tokenizer_read_post_processor(struct az_tokenizer *tokenizer, const json_t *part,
                                                struct az_error *error);
/* "model", when cutter and decoder are known. */
enum az_status az_tokenizer_read_model(struct az_tokenizer *tokenizer, const json_t *part,
                                       struct az_error *error);
/* Merges by the vocabulary of the file, "vocab". */
enum az_status az_tokenizer_read_merges(struct az_tokenizer *tokenizer, const json_t *vocabulary,
                                        const json_t *merges, struct az_error *error);
/* "added_tokens", when the model is known. */
enum az_status az_tokenizer_read_added(struct az_tokenizer *tokenizer, const json_t *model,
                                       const json_t *list, struct az_error *error);

#endif
