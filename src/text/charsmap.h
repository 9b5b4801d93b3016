/* charsmap.h: the replacements of a SentencePiece model, the normalizer Precompiled.
 *
 * The blob is: bytes of the trie (uint32, little-endian), a double-array trie of Darts-clone, and
 * strings that end in 0, to whose offsets the trie leads. */
#ifndef AZ_TEXT_CHARSMAP_H
#define AZ_TEXT_CHARSMAP_H

#include <stdint.h>

#include "base/buffer.h"

struct az_charsmap {
    uint32_t *units; /* [unit_count] */
    size_t unit_count;
    char *strings; /* ends in 0 */
    size_t strings_bytes;
};

/* From base64, as in tokenizer.json. AZ_FORMAT where it is not that. */
enum az_status az_charsmap_init(struct az_charsmap *map, const char *base64, size_t length,
                                struct az_error *error);
void az_charsmap_free(struct az_charsmap *map); /* zeroed is allowed */

/* Appends the text with every grapheme of less than 6 bytes, or else every character, replaced by
 * what its shortest beginning in the trie stands for (as `tokenizers` does). */
enum az_status az_charsmap_apply(const struct az_charsmap *map, const char *text,
                                 size_t length_bytes, struct az_buffer *normal,
                                 struct az_error *error);

#endif
