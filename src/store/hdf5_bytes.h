/* hdf5_bytes.h: the structures of an HDF5 file (file format specification 3.0), into memory.
 *
 * What is written is the least that the library reads since version 1.10: superblock 3, object
 * headers 2 in one piece, links and attributes within them, fixed-array indexes in one piece. */
#ifndef AZ_STORE_HDF5_BYTES_H
#define AZ_STORE_HDF5_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/safetensors.h"

#define AZ_HDF5_NOWHERE UINT64_MAX
#define AZ_HDF5_SUPERBLOCK_BYTES 48
#define AZ_HDF5_HEADER_BYTES 512 /* room for the object header of a dataset */

/* Messages of an object header that are written or read. */
enum az_hdf5_message {
    AZ_HDF5_DATASPACE = 1,
    AZ_HDF5_LINK_INFO = 2,
    AZ_HDF5_DATATYPE = 3,
    AZ_HDF5_OLD_FILL_VALUE = 4,
    AZ_HDF5_FILL_VALUE = 5,
    AZ_HDF5_LINK = 6,
    AZ_HDF5_EXTERNAL = 7,
    AZ_HDF5_LAYOUT = 8,
    AZ_HDF5_GROUP_INFO = 10,
    AZ_HDF5_PIPELINE = 11,
    AZ_HDF5_ATTRIBUTE = 12,
    AZ_HDF5_CONTINUATION = 16,
    AZ_HDF5_SYMBOL_TABLE = 17,
    AZ_HDF5_ATTRIBUTE_INFO = 21
};

/* Bytes on their way to a file. Nothing is written beyond the capacity; full says that it was too
 * small. */
struct az_hdf5_bytes {
    unsigned char *bytes;
    size_t capacity, length;
    bool full;
};

void az_hdf5_put(struct az_hdf5_bytes *to, const void *bytes, size_t length);
void az_hdf5_put_number(struct az_hdf5_bytes *to, uint64_t value, size_t length);

/* Jenkins' lookup3, which the format takes for its structures. */
uint32_t az_hdf5_checksum(const void *bytes, size_t length);
/* True when it is the checksum; for fuzz tests, which could not get past one: always. */
bool az_hdf5_checksum_holds(uint64_t checksum, const void *bytes, size_t length);
void az_hdf5_trust_checksums(bool trust);

void az_hdf5_put_superblock(struct az_hdf5_bytes *to, uint64_t end_address, uint64_t root_address);

/* A text attribute; its value lies in the heap. */
struct az_hdf5_attribute {
    const char *name;
    size_t value_bytes;
    uint64_t heap_address;
    unsigned heap_index; /* from 1 */
};

struct az_hdf5_link {
    const char *name;
    uint64_t address; /* of the object header */
};

void az_hdf5_put_group(struct az_hdf5_bytes *to, const struct az_hdf5_link *links,
                       size_t link_count, const struct az_hdf5_attribute *attributes,
                       size_t attribute_count);

/* The texts of attributes: one collection, object n + 1 holds values[n]. places[count]: where each
 * value begins, from the start of the collection. */
size_t az_hdf5_heap_bytes(const char *const *values, size_t count);
void az_hdf5_put_heap(struct az_hdf5_bytes *to, const char *const *values, size_t count,
                      size_t *places);

/* What the object header of a dataset says. */
struct az_hdf5_description {
    enum az_dtype dtype;
    int rank;
    const int64_t *shape, *largest; /* largest NULL: the shape cannot change */
    /* one piece */
    uint64_t address, bytes;
    /* or chunks */
    const int64_t *chunk; /* NULL: in one piece */
    int level;            /* of deflate, behind a shuffle; 0: no filters */
    uint64_t index_address;
    const struct az_hdf5_attribute *attribute; /* NULL: none */
};

/* False for types that this program never records. */
bool az_hdf5_can_hold(enum az_dtype dtype);
void az_hdf5_put_dataset(struct az_hdf5_bytes *to, const struct az_hdf5_description *dataset);

/* A chunk in the file; bytes 0: there is none. */
struct az_hdf5_chunk {
    uint64_t address;
    uint32_t bytes;
};

/* chunk_bytes: of a chunk before it is packed; 0: chunks are not filtered. */
size_t az_hdf5_index_bytes(size_t chunks, uint64_t chunk_bytes);
void az_hdf5_put_index(struct az_hdf5_bytes *to, uint64_t address,
                       const struct az_hdf5_chunk *chunks, size_t count, uint64_t chunk_bytes);

#endif
