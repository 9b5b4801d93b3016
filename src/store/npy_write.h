/* npy_write.h: an .npy file, version 1.0, written in order, whole or not at all.
 *
 * Format: numpy/lib/format.py; the header is filled up with spaces to a multiple of 64. */
#ifndef AZ_STORE_NPY_WRITE_H
#define AZ_STORE_NPY_WRITE_H

#include "azimuth/safetensors.h"

struct az_npy_writer;

/* The descr of a type, "<f4"; BF16 is "<u2", its bits. NULL where NumPy has none. */
const char *az_npy_descr(enum az_dtype dtype);

/* AZ_UNSUPPORTED: NumPy has no such type. */
enum az_status az_npy_create(struct az_npy_writer **writer, const char *path, enum az_dtype dtype,
                             int rank, const int64_t *shape, struct az_error *error);
/* The next bytes of the data. */
enum az_status az_npy_write(struct az_npy_writer *writer, const void *bytes, size_t length_bytes,
                            struct az_error *error);
/* Flushes, names and frees; AZ_USAGE when there are not as many bytes as the shape needs. */
enum az_status az_npy_commit(struct az_npy_writer *writer, struct az_error *error);
void az_npy_abort(struct az_npy_writer *writer); /* NULL is allowed */

#endif
