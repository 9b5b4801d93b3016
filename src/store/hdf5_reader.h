/* hdf5_reader.h: reads HDF5 files, ours and those that h5py writes by default.
 *
 * The structures are read here and not by libhdf5, which crashes or hangs on malformed files and
 * would let one thread read at a time. Read are: superblocks 0 to 3; object headers 1 and 2; groups
 * kept as symbol tables or as links in the header; numbers in little-endian order; data in one
 * piece, compact, or in chunks indexed by a B-tree of version 1, a fixed array, a single chunk or
 * not at all; the filters shuffle, deflate, fletcher32. What is beyond that is refused with its
 * name when it is asked for (docs/recordings.md).
 *
 * A file is hostile: every address and length is held against the file's, and all work for its
 * structures comes out of one budget, so that loops and lies end. */
#ifndef AZ_STORE_HDF5_READER_H
#define AZ_STORE_HDF5_READER_H

#include <pthread.h>
#include <stdbool.h>

#include "azimuth/pool.h"
#include "azimuth/safetensors.h"
#include "store/hdf5_grid.h"

enum { AZ_HDF5_FILTERS = 4 };

/* A chunk of the file; bytes 0: never written, it reads as zeros. */
struct az_hdf5_entry {
    uint64_t address;
    uint64_t bytes;
    uint32_t skipped; /* bit n: filter n was left out */
    struct az_hdf5_slot *slot;
};

enum az_hdf5_layout { AZ_HDF5_PIECE, AZ_HDF5_CHUNKS };
enum az_hdf5_index {
    AZ_HDF5_INDEX_TREE,
    AZ_HDF5_INDEX_SINGLE,
    AZ_HDF5_INDEX_NONE,
    AZ_HDF5_INDEX_ARRAY,
    AZ_HDF5_INDEX_OTHER
};

struct az_hdf5_source {
    struct az_tensor tensor;
    bool readable; /* false: reason says why its numbers are not */
    char reason[160];
    int64_t largest[AZ_TENSOR_DIMS];
    enum az_hdf5_layout layout;
    uint64_t address, bytes; /* of the piece, of the index, of a single chunk */
    unsigned char *own;      /* of a compact dataset, or of one that is kept in memory */
    struct az_hdf5_grid grid;
    enum az_hdf5_index index;
    uint32_t skipped; /* of a single chunk */
    bool other_fill;  /* what was never written is another number than 0 */
    int filters[AZ_HDF5_FILTERS], filter_count;
    struct az_hdf5_entry *entries; /* [counts...], when it is read first */
    size_t entry_count;
};

struct az_hdf5_reader {
    int fd;
    uint64_t file_bytes, end_address; /* what the superblock tells is below the end */
    uint64_t budget_bytes;            /* of structures that may still be read */
    struct az_hdf5_source *sources;
    size_t count, capacity;
    char **metadata; /* pairs */
    size_t metadata_count, metadata_capacity;
    unsigned char *heap; /* the global heap collection that was read last */
    uint64_t heap_address;
    size_t heap_bytes;

    pthread_mutex_t lock; /* of reading chunks, and what follows */
    struct az_pool *pool;
    struct az_hdf5_slot *oldest, *newest;
    uint64_t kept_bytes; /* of unpacked chunks */
    uint64_t keep_bytes; /* at most, when a call needs no more */
    uint64_t batch;
    unsigned char **scratch; /* [threads] */
    size_t *scratch_bytes;
    struct libdeflate_decompressor **inflaters; /* [threads] */
};

enum az_status az_hdf5_open(struct az_hdf5_reader **reader, const char *path,
                            struct az_error *error);
void az_hdf5_close(struct az_hdf5_reader *reader);
const struct az_hdf5_source *az_hdf5_find(const struct az_hdf5_reader *reader, const char *name);
/* A box of a dataset, packed. */
enum az_status az_hdf5_read(struct az_hdf5_reader *reader, const struct az_hdf5_source *source,
                            const int64_t *begin, const int64_t *size, void *bytes,
                            struct az_error *error);

/* ---- between its parts ---- */

/* Bytes of a structure that are being read; bad: it ended too early. */
struct az_hdf5_cursor {
    const unsigned char *at;
    size_t left;
    bool bad;
};
uint64_t az_hdf5_get(struct az_hdf5_cursor *from, size_t length);
void az_hdf5_skip(struct az_hdf5_cursor *from, size_t length);
struct az_hdf5_cursor az_hdf5_take(struct az_hdf5_cursor *from, size_t length);

/* length bytes of a structure; free with az_memory_free. */
enum az_status az_hdf5_fetch(struct az_hdf5_reader *reader, uint64_t address, uint64_t length,
                             unsigned char **bytes, struct az_error *error);

/* A datatype message: bytes of an element, and dtype where it is a number that is read. */
struct az_hdf5_type {
    unsigned class;
    size_t bytes;
    bool number, text, long_text; /* text of fixed length, text in the heap */
    enum az_dtype dtype;
};
void az_hdf5_parse_type(struct az_hdf5_cursor from, struct az_hdf5_type *type);

/* A dataspace message; false: not read (more than AZ_TENSOR_DIMS dimensions, or negative ones). */
bool az_hdf5_parse_space(struct az_hdf5_cursor from, int *rank, int64_t *shape, int64_t *largest);
void az_hdf5_parse_layout(struct az_hdf5_cursor from, struct az_hdf5_source *source,
                          struct az_hdf5_cursor *compact);
void az_hdf5_parse_filters(struct az_hdf5_cursor from, struct az_hdf5_source *source);
/* A fill value message, of the old kind or the new one. */
void az_hdf5_parse_fill(struct az_hdf5_cursor from, bool old, struct az_hdf5_source *source);
/* For what was never written, of a dataset with another fill value than 0. */
enum az_status az_hdf5_raise_unwritten(const struct az_hdf5_source *source, struct az_error *error);

/* An attribute message. *name: in the message; *value: text, free with az_memory_free, or NULL for
 * what is neither a text nor a number. */
enum az_status az_hdf5_parse_attribute(struct az_hdf5_reader *reader, struct az_hdf5_cursor from,
                                       char name[AZ_TENSOR_NAME_BYTES], char **value,
                                       struct az_error *error);

/* Walks the groups from the root and fills sources and metadata. */
enum az_status az_hdf5_walk(struct az_hdf5_reader *reader, uint64_t root_address,
                            struct az_error *error);
/* Fills source->entries. */
enum az_status az_hdf5_load_index(struct az_hdf5_reader *reader, struct az_hdf5_source *source,
                                  struct az_error *error);
/* Keeps a source's unreadable reason; the first one stays. */
void az_hdf5_refuse(struct az_hdf5_source *source, const char *format, ...) AZ_PRINTF(2, 3);

#endif
