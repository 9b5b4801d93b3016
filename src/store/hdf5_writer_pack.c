/* Packing: a thread that shuffles, deflates and places the chunks whose frames are all there. */
#define _GNU_SOURCE
#include <libdeflate.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "store/hdf5_writer.h"
#include "store/system.h"

/* One batch of chunks of one time. */
struct batch {
    struct az_hdf5_writer *writer;
    struct az_hdf5_dataset *dataset;
    const unsigned char *slab;
    int64_t frames;
    size_t first, count;
    uint32_t bytes[AZ_HDF5_BATCH];
};

static void pack_one(void *context, size_t chunk, int thread)
{
    struct batch *batch = context;
    struct az_hdf5_writer *writer = batch->writer;
    const struct az_hdf5_grid *grid = &batch->dataset->grid;
    unsigned char *shuffled = writer->shuffled + (size_t)thread * writer->shuffled_bytes;
    az_hdf5_gather(grid, batch->first + chunk, batch->slab, batch->frames, shuffled);
    batch->bytes[chunk] = (uint32_t)libdeflate_zlib_compress(
        writer->compressors[thread], shuffled, (size_t)grid->chunk_bytes,
        writer->packed + chunk * writer->packed_bytes, writer->packed_bytes);
}

static uint64_t take_place(struct az_hdf5_writer *writer, uint64_t bytes)
{
    pthread_mutex_lock(&writer->lock);
    uint64_t address = writer->end_address;
    writer->end_address += bytes;
    pthread_mutex_unlock(&writer->lock);
    return address;
}

/* Places in the order of the chunks, side by side. */
static enum az_status write_batch(struct batch *batch, struct az_hdf5_chunk *chunks,
                                  struct az_error *error)
{
    struct az_hdf5_writer *writer = batch->writer;
    uint64_t bytes = 0;
    for (size_t n = 0; n < batch->count; n++) bytes += batch->bytes[n];
    uint64_t address = take_place(writer, bytes);
    for (size_t n = 0; n < batch->count; n++) {
        if (batch->bytes[n] == 0)
            return az_error_raise(error, AZ_MEMORY, "a chunk could not be packed");
        int code = az_system_write_at(writer->part.fd, writer->packed + n * writer->packed_bytes,
                                      batch->bytes[n], address);
        if (code) return az_hdf5_writer_raise(writer, code, "write a packed chunk", error);
        chunks[batch->first + n] = (struct az_hdf5_chunk){address, batch->bytes[n]};
        address += batch->bytes[n];
    }
    return AZ_OK;
}

/* chunks[blocks] of the first `frames` frames of a slab. Under the pack lock. */
static enum az_status pack_slab(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset,
                                const unsigned char *slab, int64_t frames,
                                struct az_hdf5_chunk *chunks, struct az_error *error)
{
    size_t blocks = dataset->grid.blocks;
    for (size_t first = 0; first < blocks; first += AZ_HDF5_BATCH) {
        size_t left = blocks - first;
        struct batch batch = {.writer = writer,
                              .dataset = dataset,
                              .slab = slab,
                              .frames = frames,
                              .first = first,
                              .count = left < AZ_HDF5_BATCH ? left : AZ_HDF5_BATCH};
        az_pool_run(writer->pool, pack_one, &batch, batch.count);
        enum az_status status = write_batch(&batch, chunks, error);
        if (status != AZ_OK) return status;
    }
    return AZ_OK;
}

/* The first time that a header names them, chunks of a part are kept until it names others. */
static void replace_chunks(struct az_hdf5_dataset *dataset, int64_t chunk,
                           const struct az_hdf5_chunk *chunks)
{
    size_t blocks = dataset->grid.blocks, bytes = blocks * sizeof *chunks;
    struct az_hdf5_chunk *old = dataset->chunks + (size_t)chunk * blocks;
    bool named = dataset->told > chunk * dataset->grid.chunk[0] && dataset->stale[0].bytes == 0;
    if (named) memcpy(dataset->stale, old, bytes);
    memcpy(old, chunks, bytes);
    dataset->changed = true;
    dataset->last_ns = az_clock_ns();
}

/* Packs the slab of chunk number `chunk` with its first `frames` frames. */
static enum az_status pack(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset,
                           int64_t chunk, int64_t frames, struct az_error *error)
{
    struct az_hdf5_chunk *chunks;
    enum az_status status = az_memory_allocate(&chunks, dataset->grid.blocks, sizeof *chunks,
                                               "the places of chunks", error);
    if (status != AZ_OK) return status;
    status = pack_slab(writer, dataset, dataset->slabs[chunk % 2], frames, chunks, error);
    pthread_mutex_lock(&writer->lock);
    if (status == AZ_OK) {
        int64_t begin = chunk * dataset->grid.chunk[0];
        int64_t left = dataset->tensor.shape[0] - begin;
        bool complete = frames == dataset->grid.chunk[0] || frames == left;
        replace_chunks(dataset, chunk, chunks);
        dataset->packed = begin + frames;
        dataset->last_part_frames = complete ? 0 : frames;
        if (complete) dataset->packed_chunks = chunk + 1;
    }
    pthread_cond_broadcast(&writer->room);
    pthread_mutex_unlock(&writer->lock);
    az_memory_free(chunks);
    return status;
}

/* Under the lock: a dataset with a complete chunk that is not packed; its number of frames. */
static struct az_hdf5_dataset *find_work(struct az_hdf5_writer *writer, int64_t *frames)
{
    for (size_t n = 0; n < writer->count; n++) {
        struct az_hdf5_dataset *dataset = &writer->datasets[n];
        if (!dataset->grows || !dataset->grid.level) continue;
        int64_t begin = dataset->packed_chunks * dataset->grid.chunk[0];
        int64_t left = dataset->tensor.shape[0] - begin;
        *frames = left < dataset->grid.chunk[0] ? left : dataset->grid.chunk[0];
        if (*frames > 0 && dataset->leading >= begin + *frames) return dataset;
    }
    return NULL;
}

static void *pack_on(void *context)
{
    struct az_hdf5_writer *writer = context;
    struct az_hdf5_dataset *dataset;
    int64_t frames;
    for (;;) {
        pthread_mutex_lock(&writer->lock);
        while (!writer->quit && (writer->failure.status != AZ_OK || !find_work(writer, &frames)))
            pthread_cond_wait(&writer->work, &writer->lock);
        bool quit = writer->quit;
        pthread_mutex_unlock(&writer->lock);
        if (quit) return NULL;
        pthread_mutex_lock(&writer->pack_lock);
        pthread_mutex_lock(&writer->lock);
        dataset = find_work(writer, &frames);
        int64_t chunk = dataset ? dataset->packed_chunks : 0;
        pthread_mutex_unlock(&writer->lock);
        struct az_error error;
        az_error_clear(&error);
        if (dataset) pack(writer, dataset, chunk, frames, &error);
        pthread_mutex_unlock(&writer->pack_lock);
        if (error.status == AZ_OK) continue;
        pthread_mutex_lock(&writer->lock);
        writer->failure = error;
        pthread_cond_broadcast(&writer->room);
        pthread_mutex_unlock(&writer->lock);
    }
}

enum az_status az_hdf5_packing_wait(struct az_hdf5_writer *writer, struct az_error *error)
{
    int64_t frames;
    pthread_mutex_lock(&writer->lock);
    pthread_cond_broadcast(&writer->work); /* a chunk that was cut short is complete unasked */
    while (writer->running && writer->failure.status == AZ_OK && find_work(writer, &frames))
        pthread_cond_wait(&writer->room, &writer->lock);
    enum az_status status = writer->failure.status;
    if (status != AZ_OK && error) *error = writer->failure;
    pthread_mutex_unlock(&writer->lock);
    return status;
}

enum az_status az_hdf5_pack_part(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    pthread_mutex_lock(&writer->pack_lock);
    pthread_mutex_lock(&writer->lock);
    int64_t chunk = dataset->packed_chunks, begin = chunk * dataset->grid.chunk[0];
    int64_t frames = dataset->leading - begin;
    if (frames > dataset->grid.chunk[0]) frames = dataset->grid.chunk[0];
    bool needed = begin + frames > dataset->packed;
    pthread_mutex_unlock(&writer->lock);
    if (needed) status = pack(writer, dataset, chunk, frames, error);
    pthread_mutex_unlock(&writer->pack_lock);
    return status;
}

/* ---- chunks that were replaced ---- */

void az_hdf5_release_left(struct az_hdf5_writer *writer, int64_t age_ns)
{
    int64_t now_ns = az_clock_ns();
    for (; writer->left_first < writer->left_end; writer->left_first++) {
        const struct az_hdf5_left *left = &writer->left[writer->left_first % AZ_HDF5_LEFT];
        if (now_ns - left->since_ns < age_ns) return;
        az_system_release(writer->part.fd, left->chunk.address, left->chunk.bytes);
    }
}

void az_hdf5_leave_chunk(struct az_hdf5_writer *writer, struct az_hdf5_chunk chunk)
{
    bool full = writer->left_end - writer->left_first == AZ_HDF5_LEFT;
    if (!writer->left) az_system_release(writer->part.fd, chunk.address, chunk.bytes);
    if (!writer->left) return;
    if (full) {
        const struct az_hdf5_left *oldest = &writer->left[writer->left_first++ % AZ_HDF5_LEFT];
        az_system_release(writer->part.fd, oldest->chunk.address, oldest->chunk.bytes);
    }
    writer->left[writer->left_end++ % AZ_HDF5_LEFT] = (struct az_hdf5_left){az_clock_ns(), chunk};
}

/* ---- beginning and end ---- */

static enum az_status create_compressors(struct az_hdf5_writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int level = 0;
    for (size_t n = 0; n < writer->count; n++)
        if (writer->datasets[n].grid.level) level = writer->datasets[n].grid.level;
    AZ_TRY(az_memory_allocate(&writer->compressors, (size_t)writer->threads,
                              sizeof(struct libdeflate_compressor *), "packing", error));
    for (int n = 0; n < writer->threads; n++) {
        writer->compressors[n] = libdeflate_alloc_compressor(level);
        if (!writer->compressors[n]) AZ_RAISE(AZ_MEMORY, "there is no memory to pack chunks with");
    }
out:
    return status;
}

static enum az_status create_slabs(struct az_hdf5_writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint64_t largest = 0;
    for (size_t n = 0; n < writer->count; n++) {
        struct az_hdf5_dataset *dataset = &writer->datasets[n];
        if (!dataset->grows || !dataset->grid.level) continue;
        if (dataset->grid.chunk_bytes > largest) largest = dataset->grid.chunk_bytes;
        for (int slab = 0; slab < 2; slab++)
            AZ_TRY(az_memory_allocate(&dataset->slabs[slab], (size_t)dataset->grid.chunk[0],
                                      (size_t)dataset->grid.frame_bytes, "frames on their way",
                                      error));
        AZ_TRY(az_memory_allocate(&dataset->stale, dataset->grid.blocks, sizeof *dataset->stale,
                                  "the places of chunks", error));
    }
    writer->shuffled_bytes = (size_t)(largest + AZ_ALIGNMENT_BYTES);
    if (largest)
        writer->packed_bytes =
            libdeflate_zlib_compress_bound(writer->compressors[0], (size_t)largest);
    AZ_TRY(az_memory_allocate(&writer->left, AZ_HDF5_LEFT, sizeof *writer->left, "packing", error));
    AZ_TRY(az_memory_allocate(&writer->shuffled, (size_t)writer->threads, writer->shuffled_bytes,
                              "packing", error));
    AZ_TRY(
        az_memory_allocate(&writer->packed, AZ_HDF5_BATCH, writer->packed_bytes, "packing", error));
out:
    return status;
}

enum az_status az_hdf5_packing_start(struct az_hdf5_writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    bool packs = false;
    for (size_t n = 0; n < writer->count; n++) packs |= writer->datasets[n].grid.level > 0;
    if (!packs) return AZ_OK;
    AZ_TRY(az_pool_create(&writer->pool, 0, error));
    writer->threads = az_pool_threads(writer->pool);
    AZ_TRY(create_compressors(writer, error));
    AZ_TRY(create_slabs(writer, error));
    int code = pthread_create(&writer->thread, NULL, pack_on, writer);
    if (code) return az_error_system(error, code, "cannot start the thread that packs chunks");
    writer->running = true;
out:
    return status;
}

void az_hdf5_packing_stop(struct az_hdf5_writer *writer)
{
    if (writer->running) {
        pthread_mutex_lock(&writer->lock);
        writer->quit = true;
        pthread_cond_broadcast(&writer->work);
        pthread_mutex_unlock(&writer->lock);
        pthread_join(writer->thread, NULL);
        writer->running = false;
    }
    az_hdf5_release_left(writer, 0);
    az_memory_free(writer->left);
    writer->left = NULL;
    for (int n = 0; writer->compressors && n < writer->threads; n++)
        libdeflate_free_compressor(writer->compressors[n]);
    az_memory_free(writer->compressors);
    az_memory_free(writer->shuffled);
    az_memory_free(writer->packed);
    az_pool_free(writer->pool);
    writer->compressors = NULL;
    writer->shuffled = writer->packed = NULL;
    writer->pool = NULL;
}
