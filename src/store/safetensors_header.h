/* safetensors_header.h: the JSON header of a safetensors file, checked. */
#ifndef AZ_STORE_SAFETENSORS_HEADER_H
#define AZ_STORE_SAFETENSORS_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "azimuth/safetensors.h"

/* Limits: bytes of a header (that of the reference implementation), and JSON values in it, so that
 * a small malicious file cannot fill the memory. */
#define AZ_SAFETENSORS_HEADER_BYTES 100000000
#define AZ_SAFETENSORS_HEADER_VALUES 8000000
#define AZ_SAFETENSORS_LENGTH_BYTES 8 /* of the number before the header */

struct json_t;

struct az_safetensors_header {
    struct az_tensor *tensors;  /* in the order of their data */
    struct az_tensor **by_name; /* sorted by name */
    size_t count;
    struct json_t *metadata; /* object of strings, or NULL */
    const char **keys;       /* [key_count] of the metadata, in the file's order */
    size_t key_count;
};

/* The length of the header, from the first bytes of a file of file_bytes. */
enum az_status az_safetensors_header_length(const void *first_bytes, uint64_t file_bytes,
                                            uint64_t *header_bytes, struct az_error *error);

/* text: the header_bytes after the length. All checks of the format; error->offset is set where one
 * is known. Offsets become positions in the file; data is NULL. Free in any case. */
enum az_status az_safetensors_header_parse(struct az_safetensors_header *header, const char *text,
                                           uint64_t header_bytes, uint64_t file_bytes,
                                           struct az_error *error);
void az_safetensors_header_free(struct az_safetensors_header *header);

const struct az_tensor *az_safetensors_header_find(const struct az_safetensors_header *header,
                                                   const char *name);

/* Bytes of shape x dtype; AZ_FORMAT when they do not fit 64 bits or are no whole number. */
enum az_status az_tensor_bytes(const struct az_tensor *tensor, uint64_t *bytes,
                               struct az_error *error);

/* A name for a message: control characters, which a terminal might obey, become '?'. */
#define AZ_SHOWN_BYTES 96
const char *az_tensor_shown(char text[AZ_SHOWN_BYTES], const char *name);

/* "a, b, c and 7 more" of `count` names into text. */
void az_tensor_list(char *text, size_t capacity_bytes, size_t count,
                    const char *(*name)(const void *context, size_t index), const void *context);

#endif
