/* tokenizer_read.h: the parts of the reader of tokenizer.json. */
#ifndef AZ_TEXT_TOKENIZER_READ_H
#define AZ_TEXT_TOKENIZER_READ_H

#include <jansson.h>

#include "text/tokenizer_parts.h"

struct az_tokenizer_reader {
    struct az_tokenizer *tokenizer;
    json_t *added; /* id by content, of the added tokens */
};

/* AZ_UNSUPPORTED for a key of the object that is not among the names (ended by NULL), so that
 * nothing is passed over. AZ_FORMAT where it is no object. `what` is its name in the file. */
enum az_status az_tokenizer_read_keys(const json_t *object, const char *what,
                                      const char *const *names, struct az_error *error);

/* The value of "type" of an object, or "" (also for null). */
const char *az_tokenizer_read_type(const json_t *object);

/* AZ_UNSUPPORTED where object[key] is neither absent nor null, false, 0 nor "". */
enum az_status az_tokenizer_read_off(const json_t *object, const char *what, const char *key,
                                     struct az_error *error);

/* "pre_tokenizer": the splitter, and whether the model is byte-level. */
enum az_status az_tokenizer_read_splitter(struct az_tokenizer_reader *reader, const json_t *part,
                                          struct az_error *error);

/* "model", when the added tokens and the splitter are known: vocabulary and merges. */
enum az_status az_tokenizer_read_model(struct az_tokenizer_reader *reader, const json_t *part,
                                       struct az_error *error);

#endif
