#define _GNU_SOURCE
#include "store/hdf5_writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/memory.h"
#include "store/safetensors_header.h"
#include "store/system.h"

#define LEFT_NS ((int64_t)30000000000)     /* for which chunks are kept that were replaced */
#define PART_AGE_NS ((int64_t)10000000000) /* when frames that do not fill a chunk are packed */

enum az_status az_hdf5_writer_raise(const struct az_hdf5_writer *writer, int code, const char *what,
                                    struct az_error *error)
{
    enum az_status status = az_error_system(error, code, "cannot %s", what);
    az_error_at(error, writer->part.part, -1, -1, -1);
    return status;
}

static enum az_status write_at(struct az_hdf5_writer *writer, const void *bytes, size_t length,
                               uint64_t address, struct az_error *error)
{
    int code = az_system_write_at(writer->part.fd, bytes, length, address);
    return code ? az_hdf5_writer_raise(writer, code, "write the data", error) : AZ_OK;
}

static enum az_status sync_data(struct az_hdf5_writer *writer, struct az_error *error)
{
    int code = az_system_sync_data(writer->part.fd);
    return code ? az_hdf5_writer_raise(writer, code, "flush the data to disk", error) : AZ_OK;
}

/* ---- beginning ---- */

static enum az_status copy_metadata(struct az_hdf5_writer *writer, const char *const *metadata,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count = 0;
    while (metadata && metadata[count]) count++;
    if (count % 2) AZ_RAISE(AZ_USAGE, "metadata \"%s\" has no value", metadata[count - 1]);
    AZ_TRY(az_memory_allocate(&writer->metadata, count + 1, sizeof *writer->metadata,
                              "the metadata", error));
    AZ_TRY(az_memory_allocate(&writer->places, count / 2 + 1, sizeof *writer->places,
                              "the metadata", error));
    for (size_t n = 0; n < count; n++)
        AZ_TRY(az_memory_copy_string(&writer->metadata[n], metadata[n], error));
out:
    return status;
}

static enum az_status add_dataset(struct az_hdf5_writer *writer, struct az_tensor *tensor,
                                  const struct az_hdf5_grid *grid, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_dataset *dataset = &writer->datasets[writer->count++];
    size_t chunks;
    dataset->tensor = *tensor;
    dataset->grows = !tensor->data && tensor->rank > 0;
    AZ_TRY(az_tensor_bytes(tensor, &dataset->tensor.bytes, error));
    tensor->bytes = dataset->tensor.bytes;
    if (!az_hdf5_can_hold(tensor->dtype))
        AZ_RAISE(AZ_UNSUPPORTED, "%s: HDF5 recordings have no type %s", tensor->name,
                 az_dtype_name(tensor->dtype));
    if (!dataset->grows) goto out;
    dataset->grid = *grid;
    AZ_TRY(az_size_multiply((size_t)grid->counts[0], grid->blocks, &chunks, error));
    AZ_TRY(az_memory_allocate(&dataset->chunks, chunks, sizeof *dataset->chunks,
                              "the index of a recording", error));
    AZ_TRY(az_memory_allocate(&dataset->written, (size_t)tensor->shape[0], sizeof(bool),
                              "the list of frames", error));
out:
    return status;
}

static enum az_status add_datasets(struct az_hdf5_writer *writer, struct az_tensor *tensors,
                                   size_t count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_grid *grids = NULL;
    AZ_TRY(az_memory_allocate(&grids, count, sizeof *grids, "the plan of a recording", error));
    AZ_TRY(az_memory_allocate(&writer->datasets, count, sizeof *writer->datasets,
                              "the plan of a recording", error));
    az_hdf5_choose_grids(grids, tensors, count, writer->compression);
    for (size_t n = 0; n < count; n++) AZ_TRY(add_dataset(writer, &tensors[n], &grids[n], error));
out:
    az_memory_free(grids);
    return status;
}

enum az_status az_hdf5_writer_create(struct az_hdf5_writer **writer_pointer,
                                     struct az_tensor *tensors, size_t count,
                                     const char *const *metadata, enum az_compression compression,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_writer *writer;
    *writer_pointer = NULL;
    AZ_TRY(az_memory_allocate(&writer, 1, sizeof *writer, "an HDF5 writer", error));
    writer->part.fd = -1;
    writer->compression = compression;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_mutex_init(&writer->pack_lock, NULL);
    pthread_cond_init(&writer->work, NULL);
    pthread_cond_init(&writer->room, NULL);
    az_error_clear(&writer->failure);
    *writer_pointer = writer;
    AZ_TRY(copy_metadata(writer, metadata, error));
    AZ_TRY(add_datasets(writer, tensors, count, error));
out:
    return status;
}

void az_hdf5_writer_free(struct az_hdf5_writer *writer)
{
    if (!writer) return;
    az_hdf5_packing_stop(writer);
    for (size_t n = 0; n < writer->count; n++) {
        struct az_hdf5_dataset *dataset = &writer->datasets[n];
        az_memory_free(dataset->chunks);
        az_memory_free(dataset->written);
        az_memory_free(dataset->stale);
        az_memory_free(dataset->slabs[0]);
        az_memory_free(dataset->slabs[1]);
    }
    for (char **text = writer->metadata; text && *text; text++) az_memory_free(*text);
    az_memory_free(writer->metadata);
    az_memory_free(writer->places);
    az_memory_free(writer->datasets);
    pthread_mutex_destroy(&writer->lock);
    pthread_mutex_destroy(&writer->pack_lock);
    pthread_cond_destroy(&writer->work);
    pthread_cond_destroy(&writer->room);
    az_part_close(&writer->part);
    az_memory_free(writer);
}

/* ---- frames ---- */

/* Under the lock: the place of a frame that is not packed; its chunk gets one when it is new. */
static uint64_t place_of_frame(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset,
                               int64_t frame)
{
    const struct az_hdf5_grid *grid = &dataset->grid;
    struct az_hdf5_chunk *chunk = &dataset->chunks[frame / grid->chunk[0]];
    if (chunk->bytes == 0) {
        *chunk = (struct az_hdf5_chunk){writer->end_address, (uint32_t)grid->chunk_bytes};
        writer->end_address += grid->chunk_bytes;
        dataset->changed = true;
    }
    return chunk->address + (uint64_t)(frame % grid->chunk[0]) * grid->frame_bytes;
}

/* Under the lock: waits for the slab of a frame to be free. Two chunks take frames at a time. */
static enum az_status wait_for_slab(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset,
                                    int64_t frame, struct az_error *error)
{
    int64_t depth = dataset->grid.chunk[0], chunk = frame / depth;
    if (chunk > dataset->leading / depth + 1 || chunk < dataset->packed_chunks)
        return az_error_raise(error, AZ_USAGE,
                              "frame %" PRId64 " of %s comes out of its order: frames are packed "
                              "in groups of %" PRId64,
                              frame, dataset->tensor.name, depth);
    while (chunk > dataset->packed_chunks + 1 && writer->failure.status == AZ_OK)
        pthread_cond_wait(&writer->room, &writer->lock);
    if (writer->failure.status != AZ_OK && error) *error = writer->failure;
    return writer->failure.status;
}

static void note_frame(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset,
                       int64_t frame)
{
    pthread_mutex_lock(&writer->lock);
    dataset->written[frame] = true;
    while (dataset->leading < dataset->tensor.shape[0] && dataset->written[dataset->leading])
        dataset->leading++;
    if (!dataset->grid.level) dataset->changed |= dataset->leading > dataset->told;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
}

static enum az_status write_frame(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset,
                                  int64_t frame, const unsigned char *bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_hdf5_grid *grid = &dataset->grid;
    uint64_t address = 0;
    pthread_mutex_lock(&writer->lock);
    if (grid->level)
        status = wait_for_slab(writer, dataset, frame, error);
    else
        address = place_of_frame(writer, dataset, frame);
    pthread_mutex_unlock(&writer->lock);
    if (status != AZ_OK) return status;
    if (grid->level)
        memcpy(dataset->slabs[frame / grid->chunk[0] % 2] +
                   (size_t)(frame % grid->chunk[0]) * (size_t)grid->frame_bytes,
               bytes, (size_t)grid->frame_bytes);
    else
        status = write_at(writer, bytes, (size_t)grid->frame_bytes, address, error);
    if (status == AZ_OK) note_frame(writer, dataset, frame);
    return status;
}

enum az_status az_hdf5_writer_write(struct az_hdf5_writer *writer, size_t index,
                                    uint64_t offset_bytes, const void *bytes, size_t length_bytes,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_dataset *dataset = index < writer->count ? &writer->datasets[index] : NULL;
    if (!dataset || offset_bytes > dataset->tensor.bytes ||
        length_bytes > dataset->tensor.bytes - offset_bytes)
        return az_error_raise(error, AZ_USAGE, "a write beyond the end of a tensor");
    if (!dataset->grows)
        return write_at(writer, bytes, length_bytes, dataset->data_address + offset_bytes, error);
    uint64_t frame_bytes = dataset->grid.frame_bytes;
    if (frame_bytes == 0) return AZ_OK;
    if (offset_bytes % frame_bytes || length_bytes % frame_bytes)
        return az_error_raise(error, AZ_USAGE, "%s is written by whole frames",
                              dataset->tensor.name);
    for (size_t done = 0; status == AZ_OK && done < length_bytes; done += (size_t)frame_bytes)
        status = write_frame(writer, dataset, (int64_t)((offset_bytes + done) / frame_bytes),
                             (const unsigned char *)bytes + done, error);
    return status;
}

/* ---- sync ---- */

/* What one dataset's header will tell, and its index as it was then. */
struct turn {
    struct az_hdf5_bytes index, header;
    struct az_hdf5_chunk *stale;
};

/* Under the lock. */
static void take_snapshot(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset,
                          struct turn *turn)
{
    const struct az_hdf5_grid *grid = &dataset->grid;
    if (dataset->grows) {
        dataset->told = grid->level ? dataset->packed : dataset->leading;
        if (dataset->told > dataset->tensor.shape[0]) dataset->told = dataset->tensor.shape[0];
        dataset->turn = !dataset->turn;
        az_hdf5_put_index(&turn->index, dataset->index_address[dataset->turn], dataset->chunks,
                          (size_t)grid->counts[0] * grid->blocks,
                          grid->level ? grid->chunk_bytes : 0);
    }
    az_hdf5_put_header(writer, dataset, &turn->header);
    dataset->changed = false;
    if (!dataset->stale) return;
    memcpy(turn->stale, dataset->stale, grid->blocks * sizeof *turn->stale);
    memset(dataset->stale, 0, grid->blocks * sizeof *turn->stale);
}

static void free_turns(struct turn *turns, size_t count)
{
    for (size_t n = 0; turns && n < count; n++) {
        az_memory_free(turns[n].index.bytes);
        az_memory_free(turns[n].header.bytes);
        az_memory_free(turns[n].stale);
    }
    az_memory_free(turns);
}

/* Memory first, so that nothing fails once a snapshot is taken but the disk. */
static enum az_status prepare_turn(const struct az_hdf5_dataset *dataset, struct turn *turn,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_hdf5_grid *grid = &dataset->grid;
    if (dataset->grows)
        turn->index.capacity = az_hdf5_index_bytes((size_t)grid->counts[0] * grid->blocks,
                                                   grid->level ? grid->chunk_bytes : 0);
    turn->header.capacity = AZ_HDF5_HEADER_BYTES;
    AZ_TRY(az_memory_allocate(&turn->index.bytes, turn->index.capacity, 1, "an index", error));
    AZ_TRY(az_memory_allocate(&turn->header.bytes, turn->header.capacity, 1, "a header", error));
    AZ_TRY(az_memory_allocate(&turn->stale, grid->blocks, sizeof *turn->stale, "an index", error));
out:
    return status;
}

/* The indexes go to the disk before the headers that name them. */
static enum az_status write_turns(struct az_hdf5_writer *writer, struct turn *turns, uint64_t end,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char superblock[AZ_HDF5_SUPERBLOCK_BYTES];
    struct az_hdf5_bytes first = {.bytes = superblock, .capacity = sizeof superblock};
    for (size_t n = 0; n < writer->count; n++)
        if (turns[n].index.length)
            AZ_TRY(write_at(writer, turns[n].index.bytes, turns[n].index.length,
                            writer->datasets[n].index_address[writer->datasets[n].turn], error));
    AZ_TRY(sync_data(writer, error));
    az_hdf5_put_superblock(&first, end, writer->root_address);
    AZ_TRY(write_at(writer, superblock, sizeof superblock, 0, error));
    for (size_t n = 0; n < writer->count; n++)
        if (turns[n].header.length)
            AZ_TRY(write_at(writer, turns[n].header.bytes, turns[n].header.length,
                            writer->datasets[n].header_address, error));
    AZ_TRY(sync_data(writer, error));
    for (size_t n = 0; n < writer->count; n++)
        for (size_t block = 0; turns[n].stale && block < writer->datasets[n].grid.blocks; block++)
            if (turns[n].stale[block].bytes) az_hdf5_leave_chunk(writer, turns[n].stale[block]);
    az_hdf5_release_left(writer, LEFT_NS);
out:
    return status;
}

static enum az_status write_headers(struct az_hdf5_writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct turn *turns = NULL;
    AZ_TRY(az_memory_allocate(&turns, writer->count, sizeof *turns, "a sync", error));
    for (size_t n = 0; n < writer->count; n++)
        if (writer->datasets[n].changed)
            AZ_TRY(prepare_turn(&writer->datasets[n], &turns[n], error));
    pthread_mutex_lock(&writer->lock);
    uint64_t end = writer->end_address;
    for (size_t n = 0; n < writer->count; n++)
        if (turns[n].header.bytes) take_snapshot(writer, &writer->datasets[n], &turns[n]);
    /* No place beyond the end is taken now, so nothing is cut off. */
    int code = end > writer->file_bytes ? az_system_truncate(writer->part.fd, end) : 0;
    if (!code && end > writer->file_bytes) writer->file_bytes = end;
    pthread_mutex_unlock(&writer->lock);
    if (code) {
        status = az_hdf5_writer_raise(writer, code, "extend the file", error);
        goto out;
    }
    AZ_TRY(write_turns(writer, turns, end, error));
out:
    free_turns(turns, writer->count);
    return status;
}

/* True when frames wait in a slab for long, and packing them again doubles no more than once what
 * the file holds of their chunk. */
static bool part_is_due(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset, bool all)
{
    pthread_mutex_lock(&writer->lock);
    int64_t frames = dataset->leading - dataset->packed_chunks * dataset->grid.chunk[0];
    bool due = dataset->leading > dataset->packed;
    bool old = az_clock_ns() - dataset->last_ns >= PART_AGE_NS;
    pthread_mutex_unlock(&writer->lock);
    return due && (all || (old && frames >= 2 * dataset->last_part_frames));
}

enum az_status az_hdf5_writer_sync(struct az_hdf5_writer *writer, bool all, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (all) AZ_TRY(az_hdf5_packing_wait(writer, error));
    for (size_t n = 0; n < writer->count; n++)
        if (writer->datasets[n].grid.level && part_is_due(writer, &writer->datasets[n], all))
            AZ_TRY(az_hdf5_pack_part(writer, &writer->datasets[n], error));
    AZ_TRY(write_headers(writer, error));
out:
    return status;
}

int64_t az_hdf5_writer_whole(struct az_hdf5_writer *writer, size_t index)
{
    return writer->datasets[index].told;
}

/* ---- the end ---- */

enum az_status az_hdf5_writer_amend(struct az_hdf5_writer *writer, const char *key,
                                    const char *value, struct az_error *error)
{
    size_t pair = 0;
    while (writer->metadata[pair] && strcmp(writer->metadata[pair], key) != 0) pair += 2;
    if (!writer->metadata[pair] || strlen(writer->metadata[pair + 1]) != strlen(value))
        return az_error_raise(error, AZ_USAGE,
                              "metadata \"%s\" cannot become \"%s\": it is not there with a value "
                              "of the same length",
                              key, value);
    memcpy(writer->metadata[pair + 1], value, strlen(value));
    return write_at(writer, value, strlen(value), writer->places[pair / 2], error);
}

/* Chunks that hold no frame any more are forgotten, and their room at the end of the file given
 * back. */
static void drop_chunks(struct az_hdf5_writer *writer, struct az_hdf5_dataset *dataset)
{
    struct az_hdf5_grid *grid = &dataset->grid;
    size_t last = (size_t)grid->counts[0] * grid->blocks;
    az_hdf5_measure_grid(grid);
    size_t first = (size_t)grid->counts[0] * grid->blocks;
    uint64_t over = (uint64_t)(grid->counts[0] * grid->chunk[0] - grid->shape[0]);
    if (!grid->level && first > 0 && dataset->chunks[first - 1].bytes)
        az_system_release(writer->part.fd,
                          dataset->chunks[first - 1].address + grid->chunk_bytes -
                              over * grid->frame_bytes,
                          over * grid->frame_bytes);
    for (size_t n = first; n < last; n++) {
        az_system_release(writer->part.fd, dataset->chunks[n].address, dataset->chunks[n].bytes);
        dataset->chunks[n] = (struct az_hdf5_chunk){0, 0};
    }
}

static uint64_t used_end(const struct az_hdf5_writer *writer)
{
    uint64_t end = 0;
    for (size_t n = 0; n < writer->count; n++) {
        const struct az_hdf5_dataset *dataset = &writer->datasets[n];
        uint64_t here = dataset->data_address + dataset->tensor.bytes;
        for (int turn = 0; dataset->grows && turn < 2; turn++)
            if (dataset->index_address[turn] > here) here = dataset->index_address[turn];
        size_t chunks = dataset->grows ? (size_t)dataset->grid.counts[0] * dataset->grid.blocks : 0;
        if (dataset->grows)
            here +=
                az_hdf5_index_bytes(chunks, dataset->grid.level ? dataset->grid.chunk_bytes : 0);
        for (size_t c = 0; c < chunks; c++)
            if (dataset->chunks[c].bytes &&
                dataset->chunks[c].address + dataset->chunks[c].bytes > here)
                here = dataset->chunks[c].address + dataset->chunks[c].bytes;
        if (here > end) end = here;
    }
    return end;
}

enum az_status az_hdf5_writer_shrink(struct az_hdf5_writer *writer, const int64_t *leading_dims,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_hdf5_writer_sync(writer, true, error));
    az_hdf5_packing_stop(writer);
    for (size_t n = 0; n < writer->count; n++) {
        struct az_hdf5_dataset *dataset = &writer->datasets[n];
        if (dataset->tensor.rank == 0) continue;
        if (leading_dims[n] < 0 || leading_dims[n] > dataset->tensor.shape[0])
            AZ_RAISE(AZ_USAGE, "%s of %" PRId64 " frames cannot shrink to %" PRId64,
                     dataset->tensor.name, dataset->tensor.shape[0], leading_dims[n]);
        dataset->tensor.shape[0] = dataset->grid.shape[0] = leading_dims[n];
        AZ_TRY(az_tensor_bytes(&dataset->tensor, &dataset->tensor.bytes, error));
        dataset->changed = true;
    }
    AZ_TRY(write_headers(writer, error));
    for (size_t n = 0; n < writer->count; n++)
        if (writer->datasets[n].grows) drop_chunks(writer, &writer->datasets[n]);
    writer->end_address = used_end(writer);
    for (size_t n = 0; n < writer->count; n++)
        writer->datasets[n].changed = writer->datasets[n].grows;
    AZ_TRY(write_headers(writer, error));
    int code = az_system_truncate(writer->part.fd, writer->end_address);
    if (code) status = az_hdf5_writer_raise(writer, code, "shorten the file", error);
out:
    return status;
}
