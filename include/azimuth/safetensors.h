/* safetensors.h: safetensors files, read by memory map and written in place.
 *
 * Format: 8 bytes little-endian length N of the header, N bytes of JSON, then the data. Tensors lie
 * without holes or overlaps. Reading refuses every malformed file with the reason
 * (docs/formats.md). Tested against huggingface/safetensors' own vectors. */
#ifndef AZIMUTH_SAFETENSORS_H
#define AZIMUTH_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/status.h"

#define AZ_TENSOR_DIMS 8
#define AZ_TENSOR_NAME_BYTES 256

/* Types of the format: enumerator, name in the file, bits per element. */
#define AZ_DTYPE_TABLE(X)                                                                          \
    X(AZ_DTYPE_BOOL, "BOOL", 8)                                                                    \
    X(AZ_DTYPE_U8, "U8", 8)                                                                        \
    X(AZ_DTYPE_I8, "I8", 8)                                                                        \
    X(AZ_DTYPE_F8_E4M3, "F8_E4M3", 8)                                                              \
    X(AZ_DTYPE_F8_E5M2, "F8_E5M2", 8)                                                              \
    X(AZ_DTYPE_F8_E8M0, "F8_E8M0", 8)                                                              \
    X(AZ_DTYPE_I16, "I16", 16)                                                                     \
    X(AZ_DTYPE_U16, "U16", 16)                                                                     \
    X(AZ_DTYPE_F16, "F16", 16)                                                                     \
    X(AZ_DTYPE_BF16, "BF16", 16)                                                                   \
    X(AZ_DTYPE_I32, "I32", 32)                                                                     \
    X(AZ_DTYPE_U32, "U32", 32)                                                                     \
    X(AZ_DTYPE_F32, "F32", 32)                                                                     \
    X(AZ_DTYPE_F64, "F64", 64)                                                                     \
    X(AZ_DTYPE_I64, "I64", 64)                                                                     \
    X(AZ_DTYPE_U64, "U64", 64)                                                                     \
    X(AZ_DTYPE_C64, "C64", 64)                                                                     \
    X(AZ_DTYPE_F4, "F4", 4)                                                                        \
    X(AZ_DTYPE_F6_E2M3, "F6_E2M3", 6)                                                              \
    X(AZ_DTYPE_F6_E3M2, "F6_E3M2", 6)

enum az_dtype {
#define AZ_DTYPE_ENUMERATOR(id, name, bits) id,
    AZ_DTYPE_TABLE(AZ_DTYPE_ENUMERATOR)
#undef AZ_DTYPE_ENUMERATOR
        AZ_DTYPE_COUNT
};

AZ_API const char *az_dtype_name(enum az_dtype dtype);
AZ_API size_t az_dtype_bytes(enum az_dtype dtype); /* 0 for the types of 4 and 6 bits */

/* A tensor of a file: where it lies and what it is. */
struct az_tensor {
    char name[AZ_TENSOR_NAME_BYTES];
    enum az_dtype dtype;
    int rank;
    int64_t shape[AZ_TENSOR_DIMS];
    uint64_t offset_bytes; /* from the start of the file */
    uint64_t bytes;
    const void *data; /* reader: in the map, read-only, maybe unaligned; writer: NULL */
};

/* ---- reading ---- */
struct az_safetensors;

AZ_API enum az_status az_safetensors_open(struct az_safetensors **file, const char *path,
                                          struct az_error *error);
/* The same checks on bytes in memory (borrowed until close); for tests and fuzzing. */
AZ_API enum az_status az_safetensors_open_bytes(struct az_safetensors **file, const void *bytes,
                                                size_t length_bytes, struct az_error *error);
AZ_API void az_safetensors_close(struct az_safetensors *file);
AZ_API size_t az_safetensors_count(const struct az_safetensors *file);
AZ_API const struct az_tensor *az_safetensors_at(const struct az_safetensors *file, size_t index);
/* NULL when there is none of that name. */
AZ_API const struct az_tensor *az_safetensors_find(const struct az_safetensors *file,
                                                   const char *name);
/* As find, but a missing tensor is AZ_MISSING and the message lists what is there. */
AZ_API enum az_status az_safetensors_require(const struct az_safetensors *file, const char *name,
                                             const struct az_tensor **tensor,
                                             struct az_error *error);
/* Value of __metadata__[key], or NULL. */
AZ_API const char *az_safetensors_metadata(const struct az_safetensors *file, const char *key);
/* Pair number `index` of __metadata__, in the file's order; false beyond the last. Borrowed. */
AZ_API bool az_safetensors_metadata_at(const struct az_safetensors *file, size_t index,
                                       const char **key, const char **value);
/* Copies length_bytes from offset_bytes within the tensor, read from the file, not through the map:
 * for streams through large files. AZ_FORMAT when the file has shrunk since it was opened. */
AZ_API enum az_status az_safetensors_read(const struct az_safetensors *file,
                                          const struct az_tensor *tensor, uint64_t offset_bytes,
                                          void *bytes, size_t length_bytes, struct az_error *error);

/* ---- writing ----
 * Shapes are known beforehand, so the header is written first and data go to their places in any
 * order. The file grows under `path` + ".part" and takes its name at commit; abort removes it; a
 * process that is killed leaves the .part. What was never written is zero. */
struct az_safetensors_writer;

/* metadata: pairs key, value, ... ended by NULL, or NULL. tensors: offset_bytes and bytes are
 * filled in by the call; the data lie in descending order of element size, so that each is aligned,
 * and tensors of one size in the order given. Space for the whole file is reserved first, so that a
 * full disk is AZ_FULL here. */
AZ_API enum az_status az_safetensors_create(struct az_safetensors_writer **writer, const char *path,
                                            struct az_tensor *tensors, size_t count,
                                            const char *const *metadata, struct az_error *error);
/* Writes bytes at offset_bytes within tensor number `index`. Thread-safe for disjoint ranges. */
AZ_API enum az_status az_safetensors_write(struct az_safetensors_writer *writer, size_t index,
                                           uint64_t offset_bytes, const void *bytes,
                                           size_t length_bytes, struct az_error *error);
/* Replaces the value of a metadata key by one of the same number of bytes, printable ASCII without
 * quotes and backslashes: a fingerprint that is known only at the end. Thread-safe beside writes.
 */
AZ_API enum az_status az_safetensors_amend(struct az_safetensors_writer *writer, const char *key,
                                           const char *value, struct az_error *error);
/* Everything written so far is on the disk when it returns. Thread-safe beside writes. */
AZ_API enum az_status az_safetensors_sync(struct az_safetensors_writer *writer,
                                          struct az_error *error);
/* Smaller leading dimensions, one for each tensor (those of rank 0 are skipped), for a recording
 * that ended early. The data that stay are copied into a shorter file beside the .part, which takes
 * its place when it is whole; on a failure, or a kill, the .part is as it was, but what lies beyond
 * the smaller dimensions may read as zeros where a tensor has two or more dimensions. */
AZ_API enum az_status az_safetensors_shrink(struct az_safetensors_writer *writer,
                                            const int64_t *leading_dims, struct az_error *error);
/* Flushes, renames, frees the writer. On failure the .part is kept, whole but for what the message
 * says. */
AZ_API enum az_status az_safetensors_commit(struct az_safetensors_writer *writer,
                                            struct az_error *error);
/* Frees the writer and leaves the .part as it is; or removes it. NULL is allowed. */
AZ_API void az_safetensors_leave(struct az_safetensors_writer *writer);
AZ_API void az_safetensors_abort(struct az_safetensors_writer *writer);

/* All at once: every tensor's `data` (its size follows from shape and type) under one name. */
AZ_API enum az_status az_safetensors_save(const char *path, struct az_tensor *tensors, size_t count,
                                          const char *const *metadata, struct az_error *error);

#endif
