/* ztext.h: Bibles of the SWORD project, in its zText format with zlib blocks of a book each.
 *
 * A testament is three files. .bzs: 12 bytes for each block, little-endian uint32: offset in .bzz,
 * compressed bytes, bytes of text. .bzz: the blocks, zlib streams of OSIS markup. .bzv says where
 * each verse begins, and is not needed: the blocks in order are the books in order. */
#ifndef AZ_TEXT_ZTEXT_H
#define AZ_TEXT_ZTEXT_H

#include "base/buffer.h"

/* Appends the prose of directory/{ot,nt}.{bzs,bzz}, a line for each paragraph or line of verse. */
enum az_status az_ztext_read(const char *directory, struct az_buffer *prose,
                             struct az_error *error);

#endif
