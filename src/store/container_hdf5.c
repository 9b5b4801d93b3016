#include <string.h>

#include "base/memory.h"
#include "store/container.h"
#include "store/hdf5_reader.h"
#include "store/hdf5_writer.h"
#include "store/system.h"

/* The file is the reader or the writer itself. */
static struct az_hdf5_writer *writer_of(struct az_container_file *file)
{
    return (struct az_hdf5_writer *)file;
}

static struct az_hdf5_reader *reader_of(const struct az_container_file *file)
{
    return (struct az_hdf5_reader *)(uintptr_t)file;
}

/* ---- reading ---- */

static enum az_status open_file(struct az_container_file **file, const char *path,
                                struct az_error *error)
{
    struct az_hdf5_reader *reader;
    enum az_status status = az_hdf5_open(&reader, path, error);
    *file = (struct az_container_file *)reader;
    return status;
}

static void close_file(struct az_container_file *file) { az_hdf5_close(reader_of(file)); }

static size_t count(const struct az_container_file *file) { return reader_of(file)->count; }

static const struct az_tensor *at(const struct az_container_file *file, size_t index)
{
    return index < reader_of(file)->count ? &reader_of(file)->sources[index].tensor : NULL;
}

static const struct az_tensor *find(const struct az_container_file *file, const char *name)
{
    const struct az_hdf5_source *source = az_hdf5_find(reader_of(file), name);
    return source ? &source->tensor : NULL;
}

static const char *metadata(const struct az_container_file *file, const char *key)
{
    const struct az_hdf5_reader *reader = reader_of(file);
    for (size_t n = 0; n < reader->metadata_count; n += 2)
        if (strcmp(reader->metadata[n], key) == 0) return reader->metadata[n + 1];
    return NULL;
}

static bool metadata_at(const struct az_container_file *file, size_t index, const char **key,
                        const char **value)
{
    const struct az_hdf5_reader *reader = reader_of(file);
    if (2 * index >= reader->metadata_count) return false;
    *key = reader->metadata[2 * index];
    *value = reader->metadata[2 * index + 1];
    return true;
}

static const struct az_hdf5_source *source_of(const struct az_tensor *tensor)
{
    return (const struct az_hdf5_source *)tensor; /* its first member */
}

static int64_t planned(const struct az_container_file *file, const struct az_tensor *tensor)
{
    (void)file;
    int64_t largest = source_of(tensor)->largest[0];
    return largest < (int64_t)1 << 50 ? largest : tensor->shape[0];
}

static enum az_status read_box(const struct az_container_file *file, const struct az_tensor *tensor,
                               const int64_t *begin, const int64_t *size, void *bytes,
                               struct az_error *error)
{
    return az_hdf5_read(reader_of(file), source_of(tensor), begin, size, bytes, error);
}

/* ---- writing ---- */

/* What the file takes before anything is packed. */
static enum az_status plan_bytes(struct az_tensor *tensors, size_t tensor_count,
                                 const char *const *pairs, enum az_compression compression,
                                 uint64_t *bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_writer *writer = NULL;
    struct az_hdf5_bytes image = {0};
    AZ_TRY(az_hdf5_writer_create(&writer, tensors, tensor_count, pairs, compression, error));
    AZ_TRY(az_hdf5_place(writer, 0, &image, error));
    *bytes = writer->end_address;
    for (size_t n = 0; n < writer->count; n++) {
        const struct az_hdf5_dataset *dataset = &writer->datasets[n];
        bool placed = dataset->grows && dataset->chunks && dataset->chunks[0].bytes;
        if (dataset->grows && !placed) *bytes += dataset->tensor.bytes;
    }
out:
    az_memory_free(image.bytes);
    az_hdf5_writer_free(writer);
    return status;
}

/* Two slabs of every packed tensor, its index, and a batch of packed chunks. */
static uint64_t plan_memory(const struct az_tensor *tensors, size_t tensor_count,
                            enum az_compression compression)
{
    struct az_hdf5_grid *grids;
    uint64_t bytes = 0, largest = 0;
    if (az_memory_allocate(&grids, tensor_count, sizeof *grids, "a plan", NULL) != AZ_OK) return 0;
    az_hdf5_choose_grids(grids, tensors, tensor_count, compression);
    for (size_t n = 0; n < tensor_count; n++) {
        const struct az_hdf5_grid *grid = &grids[n];
        if (tensors[n].data || tensors[n].rank == 0) continue;
        bytes += (uint64_t)grid->counts[0] * grid->blocks * sizeof(struct az_hdf5_chunk);
        if (!grid->level) continue;
        bytes += 2 * (uint64_t)grid->chunk[0] * grid->frame_bytes;
        if (grid->chunk_bytes > largest) largest = grid->chunk_bytes;
    }
    az_memory_free(grids);
    return bytes + AZ_HDF5_BATCH * largest;
}

static enum az_status begin_file(struct az_hdf5_writer *writer, const struct az_hdf5_bytes *image,
                                 struct az_error *error)
{
    bool plain = writer->compression == AZ_COMPRESSION_NONE;
    int code = plain ? az_system_reserve(writer->part.fd, writer->end_address)
                     : az_system_truncate(writer->part.fd, writer->end_address);
    if (!code) code = az_system_write_at(writer->part.fd, image->bytes, image->length, 0);
    if (code) return az_hdf5_writer_raise(writer, code, "begin the file", error);
    writer->file_bytes = writer->end_address;
    return AZ_OK;
}

static enum az_status create(struct az_container_file **file, const char *path,
                             struct az_tensor *tensors, size_t tensor_count,
                             const char *const *pairs, enum az_compression compression,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_bytes image = {0};
    struct az_hdf5_writer *writer;
    *file = NULL;
    AZ_TRY(az_hdf5_writer_create(&writer, tensors, tensor_count, pairs, compression, error));
    AZ_TRY(az_hdf5_place(writer, 0, &image, error));
    AZ_TRY(az_hdf5_packing_start(writer, error));
    AZ_TRY(az_part_open(&writer->part, path, true, error));
    AZ_TRY(begin_file(writer, &image, error));
    *file = (struct az_container_file *)writer;
out:
    az_memory_free(image.bytes);
    if (status != AZ_OK && writer) {
        az_part_abort(&writer->part);
        az_hdf5_writer_free(writer);
    }
    return status;
}

static enum az_status reopen(struct az_container_file **file, const char *path,
                             struct az_tensor *tensors, size_t tensor_count,
                             const char *const *pairs, enum az_compression compression,
                             const int64_t *keep, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_writer *writer;
    *file = NULL;
    AZ_TRY(az_hdf5_writer_create(&writer, tensors, tensor_count, pairs, compression, error));
    AZ_TRY(az_hdf5_writer_reopen(writer, path, tensors, keep, error));
    *file = (struct az_container_file *)writer;
out:
    if (status != AZ_OK) az_hdf5_writer_free(writer);
    return status;
}

static enum az_status write_bytes(struct az_container_file *file, size_t index,
                                  uint64_t offset_bytes, const void *bytes, size_t length_bytes,
                                  struct az_error *error)
{
    return az_hdf5_writer_write(writer_of(file), index, offset_bytes, bytes, length_bytes, error);
}

static enum az_status amend(struct az_container_file *file, const char *key, const char *value,
                            struct az_error *error)
{
    return az_hdf5_writer_amend(writer_of(file), key, value, error);
}

static enum az_status sync_file(struct az_container_file *file, bool all, struct az_error *error)
{
    return az_hdf5_writer_sync(writer_of(file), all, error);
}

static int64_t whole(struct az_container_file *file, size_t index)
{
    return az_hdf5_writer_whole(writer_of(file), index);
}

static enum az_status room_of(struct az_container_file *file, struct az_recording_room *room,
                              struct az_error *error)
{
    struct az_hdf5_writer *writer = writer_of(file);
    if (writer->compression == AZ_COMPRESSION_NONE) return AZ_OK; /* reserved */
    int code = az_system_free(writer->part.fd, &room->free_bytes);
    if (code) return az_hdf5_writer_raise(writer, code, "see how much room the disk has", error);
    pthread_mutex_lock(&writer->lock);
    room->file_bytes = writer->end_address;
    for (size_t n = 0; n < writer->count; n++) {
        const struct az_hdf5_dataset *dataset = &writer->datasets[n];
        if (dataset->grows && dataset->grid.level)
            room->waiting_bytes +=
                (uint64_t)(dataset->leading - dataset->packed) * dataset->grid.frame_bytes;
    }
    pthread_mutex_unlock(&writer->lock);
    return AZ_OK;
}

static enum az_status shrink(struct az_container_file *file, const int64_t *leading_dims,
                             struct az_error *error)
{
    return az_hdf5_writer_shrink(writer_of(file), leading_dims, error);
}

static enum az_status commit(struct az_container_file *file, struct az_error *error)
{
    struct az_hdf5_writer *writer = writer_of(file);
    az_hdf5_packing_stop(writer);
    enum az_status status = az_part_commit(&writer->part, error);
    az_hdf5_writer_free(writer);
    return status;
}

static void leave(struct az_container_file *file) { az_hdf5_writer_free(writer_of(file)); }

static void abort_file(struct az_container_file *file)
{
    struct az_hdf5_writer *writer = writer_of(file);
    az_hdf5_packing_stop(writer);
    az_part_abort(&writer->part);
    az_hdf5_writer_free(writer);
}

const struct az_container_functions az_container_hdf5 = {
    .kind = AZ_CONTAINER_HDF5,
    .file_name = "recording.h5",
    .takes_changes = true,
    .open = open_file,
    .close = close_file,
    .count = count,
    .at = at,
    .find = find,
    .metadata = metadata,
    .metadata_at = metadata_at,
    .planned = planned,
    .read = read_box,
    .plan_bytes = plan_bytes,
    .plan_memory = plan_memory,
    .create = create,
    .reopen = reopen,
    .write = write_bytes,
    .amend = amend,
    .sync = sync_file,
    .whole = whole,
    .room = room_of,
    .shrink = shrink,
    .commit = commit,
    .leave = leave,
    .abort = abort_file,
};
