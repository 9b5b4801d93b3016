/* hdf5_writer.h: writes a recording as HDF5 so that it is whole at every moment.
 *
 * The structures of the file are written here, not by libhdf5, which cannot promise what a
 * recording must: a file that any reader opens after a kill at any moment, and while it is being
 * written (docs/recordings.md). The rules that give it:
 *   - Bytes that a reader may know of are never changed. Packed chunks go to new places.
 *   - Each growing dataset has two places for its index of chunks, which take turns. A sync writes
 *     the other index, waits for the disk, and then rewrites the object header: one write within
 *     one sector, which turns the reader to more frames and the new index at once.
 *   - The superblock, whose end of file such a header needs, is written before it.
 *
 * Threads: any thread writes frames; one thread packs, with a pool of its own; syncs come one at a
 * time. A frame costs its writer a copy; it waits only while the slab after next is still packed.
 */
#ifndef AZ_STORE_HDF5_WRITER_H
#define AZ_STORE_HDF5_WRITER_H

#include <pthread.h>

#include "azimuth/pool.h"
#include "store/container.h"
#include "store/file.h"
#include "store/hdf5_bytes.h"
#include "store/hdf5_grid.h"

/* A tensor of the file. Those with a grid grow; others are written once, in one piece. */
struct az_hdf5_dataset {
    struct az_tensor tensor; /* as planned */
    bool grows;
    uint64_t header_address;
    uint64_t data_address; /* of one in one piece */

    struct az_hdf5_grid grid;
    struct az_hdf5_chunk *chunks;      /* [counts[0]][blocks] */
    uint64_t index_address[2];         /* written in turn */
    int turn;                          /* the one that the header names */
    bool *written;                     /* [frames] */
    int64_t leading;                   /* frames 0..leading-1 are written */
    int64_t packed;                    /* frames whose chunks lie in the file */
    int64_t told;                      /* frames that the header tells of */
    bool changed;                      /* since the header was written */
    unsigned char *slabs[2];           /* [chunk[0]][frame]: of chunk number n, slab n % 2 */
    int64_t packed_chunks;             /* along time: all of their frames are packed */
    int64_t last_part_frames, last_ns; /* of the last packing: frames of a part, time */
    struct az_hdf5_chunk *stale;       /* [blocks] chunks of a part that the header still names */
};

/* A chunk that no header names any more, and since when. */
struct az_hdf5_left {
    int64_t since_ns;
    struct az_hdf5_chunk chunk;
};

struct az_hdf5_writer {
    struct az_part part;
    enum az_compression compression;
    struct az_hdf5_dataset *datasets;
    size_t count;
    char **metadata; /* pairs, ended by NULL */
    size_t *places;  /* of their values in the file */
    uint64_t root_address, heap_address;

    pthread_mutex_t lock; /* of what follows and of the datasets */
    pthread_cond_t work, room;
    uint64_t end_address; /* all places below it are taken */
    uint64_t file_bytes;  /* length that the file has at least */
    bool quit;
    struct az_error failure; /* of the packing thread */

    pthread_mutex_t pack_lock; /* one packs at a time; taken before `lock` */
    pthread_t thread;
    bool running;
    struct az_pool *pool;
    struct libdeflate_compressor **compressors; /* [threads] */
    int threads;
    struct az_hdf5_left *left; /* [AZ_HDF5_LEFT] a ring, of syncs alone */
    size_t left_first, left_end;
    unsigned char *shuffled; /* [threads][largest chunk] */
    unsigned char *packed;   /* [AZ_HDF5_BATCH][bound of the largest chunk] */
    size_t shuffled_bytes, packed_bytes;
};

enum {
    AZ_HDF5_BATCH = 32, /* chunks that are packed before they are written */
    AZ_HDF5_LEFT = 32768
};

/* A writer without its file. Free in any case; the file is left as it is. */
enum az_status az_hdf5_writer_create(struct az_hdf5_writer **writer, struct az_tensor *tensors,
                                     size_t count, const char *const *metadata,
                                     enum az_compression compression, struct az_error *error);
void az_hdf5_writer_free(struct az_hdf5_writer *writer);

/* Takes up PATH.part, which has the same tensors, with the frames keep[count]. */
enum az_status az_hdf5_writer_reopen(struct az_hdf5_writer *writer, const char *path,
                                     const struct az_tensor *tensors, const int64_t *keep,
                                     struct az_error *error);

/* As in container.h. all: also the frames that do not fill a chunk yet. */
enum az_status az_hdf5_writer_write(struct az_hdf5_writer *writer, size_t index,
                                    uint64_t offset_bytes, const void *bytes, size_t length_bytes,
                                    struct az_error *error);
enum az_status az_hdf5_writer_sync(struct az_hdf5_writer *writer, bool all, struct az_error *error);
int64_t az_hdf5_writer_whole(struct az_hdf5_writer *writer, size_t index);
enum az_status az_hdf5_writer_amend(struct az_hdf5_writer *writer, const char *key,
                                    const char *value, struct az_error *error);
enum az_status az_hdf5_writer_shrink(struct az_hdf5_writer *writer, const int64_t *leading_dims,
                                     struct az_error *error);

/* Places for everything and the metadata that tell of it, from the address on; *image holds it. */
enum az_status az_hdf5_place(struct az_hdf5_writer *writer, uint64_t address,
                             struct az_hdf5_bytes *image, struct az_error *error);
/* The object header of a dataset, as it is now. */
void az_hdf5_put_header(const struct az_hdf5_writer *writer, const struct az_hdf5_dataset *dataset,
                        struct az_hdf5_bytes *to);

/* Buffers and thread, if any dataset is packed. */
enum az_status az_hdf5_packing_start(struct az_hdf5_writer *writer, struct az_error *error);
/* Ends the thread, whatever it has left to do, and frees what it used. */
void az_hdf5_packing_stop(struct az_hdf5_writer *writer);
/* Waits until every complete chunk is packed. */
enum az_status az_hdf5_packing_wait(struct az_hdf5_writer *writer, struct az_error *error);
/* Chunks that were replaced: their blocks go back to the disk when they were left age_ns ago. Until
 * then a reader that knows them still finds them. By one thread at a time. */
void az_hdf5_leave_chunk(struct az_hdf5_writer *writer, struct az_hdf5_chunk chunk);
void az_hdf5_release_left(struct az_hdf5_writer *writer, int64_t age_ns);
/* Packs the frames that do not fill a chunk yet. */
enum az_status az_hdf5_pack_part(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset,
                                 struct az_error *error);

enum az_status az_hdf5_writer_raise(const struct az_hdf5_writer *writer, int code, const char *what,
                                    struct az_error *error);

#endif
