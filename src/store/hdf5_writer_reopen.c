/* Going on with an HDF5 recording: its chunks stay where they are; headers, texts, lists and
 * indexes are written anew behind them, and one write of the superblock turns the file to them. */
#define _GNU_SOURCE
#include <string.h>

#include "base/memory.h"
#include "store/hdf5_reader.h"
#include "store/hdf5_writer.h"
#include "store/recording_names.h"
#include "store/system.h"

/* Values that were amended in the file: those of keys that are no parameter, SECTION.KEY. */
static void take_over_metadata(struct az_hdf5_writer *writer, const struct az_hdf5_reader *reader)
{
    for (char **pair = writer->metadata; *pair; pair += 2)
        for (size_t n = 0; n < reader->metadata_count; n += 2)
            if (!strchr(pair[0], '.') && strcmp(pair[0], reader->metadata[n]) == 0 &&
                strlen(pair[1]) == strlen(reader->metadata[n + 1]))
                memcpy(pair[1], reader->metadata[n + 1], strlen(pair[1]));
}

static bool same_frames(const struct az_hdf5_dataset *dataset, const struct az_hdf5_source *source)
{
    const struct az_tensor *a = &dataset->tensor, *b = &source->tensor;
    bool packed = source->filter_count == 2 && source->filters[0] == 2 && source->filters[1] == 1;
    if (a->dtype != b->dtype || a->rank != b->rank || source->layout != AZ_HDF5_CHUNKS ||
        (source->filter_count && !packed))
        return false;
    for (int n = 1; n < a->rank; n++)
        if (a->shape[n] != b->shape[n]) return false;
    return true;
}

/* Chunks that are not packed got their places, for all frames, when the file was begun: those after
 * the frames that are kept stay where they are too, unless the run ended early and gave them back.
 */
static void take_over_places(struct az_hdf5_dataset *dataset, const struct az_hdf5_reader *reader,
                             const struct az_hdf5_source *source, size_t first, size_t chunks)
{
    for (size_t n = first; n < chunks && n < source->entry_count; n++) {
        const struct az_hdf5_entry *entry = &source->entries[n];
        if (entry->bytes != dataset->grid.chunk_bytes || entry->bytes > UINT32_MAX ||
            entry->address > reader->end_address ||
            entry->bytes > reader->end_address - entry->address)
            continue;
        dataset->chunks[n] = (struct az_hdf5_chunk){entry->address, (uint32_t)entry->bytes};
    }
}

/* The chunks that hold the first `keep` frames. */
static enum az_status take_over_chunks(struct az_hdf5_dataset *dataset,
                                       struct az_hdf5_reader *reader, struct az_hdf5_source *source,
                                       int64_t keep, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_grid *grid = &dataset->grid;
    size_t chunks;
    memcpy(grid->chunk, source->grid.chunk, sizeof grid->chunk);
    grid->level = source->filter_count ? (grid->level ? grid->level : 1) : 0;
    az_hdf5_measure_grid(grid);
    az_memory_free(dataset->chunks);
    dataset->chunks = NULL;
    AZ_TRY(az_size_multiply((size_t)grid->counts[0], grid->blocks, &chunks, error));
    AZ_TRY(az_memory_allocate(&dataset->chunks, chunks, sizeof *dataset->chunks,
                              "the index of a recording", error));
    if (!grid->level && !source->entries && source->largest[0] >= source->grid.shape[0]) {
        source->grid.shape[0] = source->largest[0];
        az_hdf5_measure_grid(&source->grid);
    }
    AZ_TRY(az_hdf5_load_index(reader, source, error));
    size_t kept = (size_t)((keep + grid->chunk[0] - 1) / grid->chunk[0]) * grid->blocks;
    if (kept > chunks || kept > source->entry_count)
        AZ_RAISE(AZ_FORMAT, "%s has fewer frames than are to be kept", source->tensor.name);
    for (size_t n = 0; n < kept; n++) {
        const struct az_hdf5_entry *entry = &source->entries[n];
        if (entry->bytes == 0 || entry->bytes > UINT32_MAX)
            AZ_RAISE(AZ_FORMAT, "a chunk of %s is not there", source->tensor.name);
        dataset->chunks[n] = (struct az_hdf5_chunk){entry->address, (uint32_t)entry->bytes};
    }
    if (!grid->level) take_over_places(dataset, reader, source, kept, chunks);
    dataset->leading = dataset->told = dataset->packed = keep;
    dataset->packed_chunks = keep < grid->shape[0] ? keep / grid->chunk[0] : grid->counts[0];
    memset(dataset->written, 1, (size_t)keep);
out:
    return status;
}

static enum az_status take_over(struct az_hdf5_writer *writer, struct az_hdf5_reader *reader,
                                const int64_t *keep, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n < writer->count; n++) {
        struct az_hdf5_dataset *dataset = &writer->datasets[n];
        if (!dataset->grows) continue;
        const struct az_hdf5_source *source = az_hdf5_find(reader, dataset->tensor.name);
        /* Lists are kept in memory when they are opened; their chunks are known all the same. */
        if (!source || !same_frames(dataset, source))
            AZ_RAISE(AZ_USAGE, "%s was begun with other tensors", writer->part.part);
        if (keep[n] > 0)
            AZ_TRY(take_over_chunks(dataset, reader, &reader->sources[source - reader->sources],
                                    keep[n], error));
    }
out:
    return status;
}

/* Frames of the chunk that was not full go back into their slab. */
static enum az_status fill_slabs(struct az_hdf5_writer *writer, struct az_hdf5_reader *reader,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n < writer->count; n++) {
        struct az_hdf5_dataset *dataset = &writer->datasets[n];
        int64_t begin[AZ_TENSOR_DIMS] = {0}, size[AZ_TENSOR_DIMS];
        if (!dataset->grows || !dataset->grid.level) continue;
        memcpy(size, dataset->tensor.shape, sizeof size);
        begin[0] = dataset->packed_chunks * dataset->grid.chunk[0];
        size[0] = dataset->leading - begin[0];
        if (size[0] <= 0) continue;
        AZ_TRY(az_hdf5_read(reader, az_hdf5_find(reader, dataset->tensor.name), begin, size,
                            dataset->slabs[dataset->packed_chunks % 2], error));
        dataset->last_part_frames = size[0];
    }
out:
    return status;
}

static enum az_status write_lists(struct az_hdf5_writer *writer, const struct az_tensor *tensors,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_bytes index = {0};
    for (size_t n = 0; n < writer->count; n++) {
        const struct az_hdf5_dataset *dataset = &writer->datasets[n];
        const void *bytes = tensors[n].data;
        size_t length = (size_t)dataset->tensor.bytes;
        uint64_t address = dataset->data_address;
        if (dataset->grows) {
            size_t chunks = (size_t)dataset->grid.counts[0] * dataset->grid.blocks;
            uint64_t packed = dataset->grid.level ? dataset->grid.chunk_bytes : 0;
            az_memory_free(index.bytes);
            index = (struct az_hdf5_bytes){.capacity = az_hdf5_index_bytes(chunks, packed)};
            AZ_TRY(az_memory_allocate(&index.bytes, index.capacity, 1, "an index", error));
            address = dataset->index_address[dataset->turn];
            az_hdf5_put_index(&index, address, dataset->chunks, chunks, packed);
            bytes = index.bytes;
            length = index.length;
        }
        int code = length ? az_system_write_at(writer->part.fd, bytes, length, address) : 0;
        if (code) {
            status = az_hdf5_writer_raise(writer, code, "write its lists", error);
            goto out;
        }
    }
out:
    az_memory_free(index.bytes);
    return status;
}

/* Everything new is on the disk before the superblock names it. */
static enum az_status turn_to(struct az_hdf5_writer *writer, const struct az_hdf5_bytes *image,
                              uint64_t base, const struct az_tensor *tensors,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char bytes[AZ_HDF5_SUPERBLOCK_BYTES];
    struct az_hdf5_bytes superblock = {.bytes = bytes, .capacity = sizeof bytes};
    int fd = writer->part.fd;
    int code = writer->compression == AZ_COMPRESSION_NONE
                   ? az_system_reserve(fd, writer->end_address)
                   : az_system_truncate(fd, writer->end_address);
    if (!code) code = az_system_write_at(fd, image->bytes, image->length, base);
    if (code) return az_hdf5_writer_raise(writer, code, "go on with the file", error);
    writer->file_bytes = writer->end_address;
    AZ_TRY(write_lists(writer, tensors, error));
    az_hdf5_put_superblock(&superblock, writer->end_address, writer->root_address);
    code = az_system_sync_data(fd);
    if (!code) code = az_system_write_at(fd, bytes, sizeof bytes, 0);
    if (!code) code = az_system_sync_data(fd);
    if (code) return az_hdf5_writer_raise(writer, code, "go on with the file", error);
out:
    return status;
}

enum az_status az_hdf5_writer_reopen(struct az_hdf5_writer *writer, const char *path,
                                     const struct az_tensor *tensors, const int64_t *keep,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_reader *reader = NULL;
    struct az_hdf5_bytes image = {0};
    AZ_TRY(az_part_reopen(&writer->part, path, error));
    AZ_TRY(az_hdf5_open(&reader, writer->part.part, error));
    take_over_metadata(writer, reader);
    AZ_TRY(take_over(writer, reader, keep, error));
    uint64_t base = (reader->end_address + 511) / 512 * 512;
    AZ_TRY(az_hdf5_place(writer, base, &image, error));
    AZ_TRY(az_hdf5_packing_start(writer, error));
    AZ_TRY(fill_slabs(writer, reader, error));
    AZ_TRY(turn_to(writer, &image, base, tensors, error));
out:
    az_hdf5_close(reader);
    az_memory_free(image.bytes);
    return status;
}
