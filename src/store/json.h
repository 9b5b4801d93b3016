/* json.h: a writer of JSON text: manifests, --json output, the headers of safetensors.
 *
 * (jansson reads; it cannot write a number in its shortest exact form.) The first failure is kept
 * and everything after it ignored, so that only az_json_take needs a check. */
#ifndef AZ_STORE_JSON_H
#define AZ_STORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct az_json {
    struct az_buffer text;
    bool pretty; /* a line for each value, indented by 2 */
    bool empty;  /* nothing yet in the innermost object or list */
    int depth;
    enum az_status status;
};

void az_json_init(struct az_json *json, bool pretty);
void az_json_free(struct az_json *json); /* also after az_json_take */

/* key: NULL inside a list and at the top. bracket: '{' or '['. */
void az_json_open(struct az_json *json, const char *key, char bracket);
void az_json_close(struct az_json *json, char bracket);                      /* '}' or ']' */
void az_json_text(struct az_json *json, const char *key, const char *value); /* UTF-8, escaped */
void az_json_integer(struct az_json *json, const char *key, int64_t value);
void az_json_unsigned(struct az_json *json, const char *key, uint64_t value);
/* Reads back to the same bits; null where it is not finite, for which JSON has no number. */
void az_json_real(struct az_json *json, const char *key, double value);
void az_json_boolean(struct az_json *json, const char *key, bool value);
/* A value that is JSON already, such as a number of the experiment file. */
void az_json_literal(struct az_json *json, const char *key, const char *value);

/* Takes the text (terminated by 0; free with az_memory_free), or says what went wrong. */
enum az_status az_json_take(struct az_json *json, char **text, size_t *length_bytes,
                            struct az_error *error);

/* Reads JSON with jansson. Duplicate keys, trailing text and bad UTF-8 are AZ_FORMAT with line and
 * byte; name is the text's, for the error. *root: json_t, release with json_decref. */
struct json_t;
enum az_status az_json_parse(const char *name, const char *text, size_t length_bytes,
                             struct json_t **root, struct az_error *error);
/* The same for a file of at most limit_bytes. */
enum az_status az_json_read(const char *path, size_t limit_bytes, struct json_t **root,
                            struct az_error *error);

#endif
