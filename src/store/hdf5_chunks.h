/* hdf5_chunks.h: boxes of numbers, and reading them from chunks with all processors. */
#ifndef AZ_STORE_HDF5_CHUNKS_H
#define AZ_STORE_HDF5_CHUNKS_H

#include "store/hdf5_reader.h"

/* A box of size[rank] that lies at from[] in an array of from_shape and goes to to[] in one of
 * to_shape. */
struct az_hdf5_box {
    int rank;
    uint64_t element_bytes;
    int64_t size[AZ_TENSOR_DIMS];
    int64_t from[AZ_TENSOR_DIMS], from_shape[AZ_TENSOR_DIMS];
    int64_t to[AZ_TENSOR_DIMS], to_shape[AZ_TENSOR_DIMS];
};

/* Calls run for every piece of the box that lies together in both; offsets in bytes. */
typedef enum az_status az_hdf5_run(void *context, uint64_t from, uint64_t to, size_t length,
                                   struct az_error *error);
enum az_status az_hdf5_copy_box(const struct az_hdf5_box *box, az_hdf5_run *run, void *context,
                                struct az_error *error);

enum az_status az_hdf5_read_bytes(const struct az_hdf5_reader *reader, uint64_t address,
                                  void *bytes, size_t length, struct az_error *error);

/* Under the reader's lock. Chunks that were unpacked are kept, up to AZ_HDF5_KEPT_BYTES, so that a
 * pass frame by frame unpacks each once. */
#define AZ_HDF5_KEPT_BYTES ((uint64_t)768 << 20)
enum az_status az_hdf5_read_chunks(struct az_hdf5_reader *reader, struct az_hdf5_source *source,
                                   const int64_t *begin, const int64_t *size, void *bytes,
                                   struct az_error *error);
void az_hdf5_chunks_free(struct az_hdf5_reader *reader);

#endif
