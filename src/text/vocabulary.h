/* vocabulary.h: tokens by id and ids by token. Ids may have holes. */
#ifndef AZ_TEXT_VOCABULARY_H
#define AZ_TEXT_VOCABULARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

#define AZ_TOKEN_NONE UINT32_MAX
#define AZ_TOKEN_LIMIT ((size_t)1 << 22) /* ids lie below it */

struct az_token {
    size_t offset; /* of its bytes */
    uint32_t length_bytes;
    bool present;
    bool added;   /* found in the text before everything else */
    bool special; /* left out when a text is wanted without such tokens */
};

struct az_vocabulary {
    struct az_buffer bytes;
    struct az_token *tokens;
    size_t count, capacity; /* count: highest id + 1 */
    uint32_t *table;        /* id + 1 by hash of the bytes, 0 for none */
    size_t table_size, entries, listed;
    size_t longest_bytes; /* of the tokens that can be found */
};

void az_vocabulary_free(struct az_vocabulary *vocabulary); /* zeroed is empty */

/* AZ_FORMAT for an id that is taken or not below AZ_TOKEN_LIMIT, and for bytes that another token
 * has. */
enum az_status az_vocabulary_put(struct az_vocabulary *vocabulary, size_t id, const char *bytes,
                                 size_t length_bytes, struct az_error *error);

/* The same for a token that az_vocabulary_find does not give; others may have its bytes. */
enum az_status az_vocabulary_put_aside(struct az_vocabulary *vocabulary, size_t id,
                                       const char *bytes, size_t length_bytes,
                                       struct az_error *error);

/* AZ_TOKEN_NONE where there is none. */
uint32_t az_vocabulary_find(const struct az_vocabulary *vocabulary, const char *bytes,
                            size_t length_bytes);

/* Borrowed; NULL for an id that is not there. */
const char *az_vocabulary_bytes(const struct az_vocabulary *vocabulary, size_t id,
                                size_t *length_bytes);

/* Order of two tokens by their bytes, as memcmp with the shorter first. */
int az_vocabulary_compare(const struct az_vocabulary *vocabulary, uint32_t a, uint32_t b);

#endif
