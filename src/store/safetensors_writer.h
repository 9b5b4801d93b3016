/* safetensors_writer.h: the layout of a safetensors file that is about to be written. */
#ifndef AZ_STORE_SAFETENSORS_WRITER_H
#define AZ_STORE_SAFETENSORS_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "azimuth/safetensors.h"

struct az_safetensors_layout {
    struct az_tensor *tensors; /* of the caller; offset_bytes and bytes are filled in */
    size_t count;
    const char *const *metadata; /* pairs ended by NULL, or NULL */

    char *header; /* out: 8 bytes of length and the padded JSON; free with az_memory_free */
    uint64_t header_bytes;
    uint64_t file_bytes;
    size_t *order; /* out: numbers of the tensors in the order of their data; likewise */
};

/* Goes on with PATH.part, which az_safetensors_create has made of the same tensors and metadata;
 * values that were amended since are taken over. AZ_USAGE when the file is another. */
enum az_status az_safetensors_reopen(struct az_safetensors_writer **writer, const char *path,
                                     struct az_tensor *tensors, size_t count,
                                     const char *const *metadata, struct az_error *error);

/* Checks names, shapes and metadata (the header is parsed again by the reader's own code), places
 * the data. AZ_USAGE when the reader would refuse it. */
enum az_status az_safetensors_layout(struct az_safetensors_layout *layout, struct az_error *error);
void az_safetensors_layout_free(struct az_safetensors_layout *layout);

#endif
