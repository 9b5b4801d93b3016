/* Opening an HDF5 file, and reading boxes of its datasets. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "store/hdf5_bytes.h"
#include "store/hdf5_chunks.h"
#include "store/hdf5_reader.h"
#include "store/system.h"

#define STRUCTURE_BYTES ((uint64_t)1 << 30)
#define LIST_BYTES                                                                                 \
    ((uint64_t)64 << 20) /* datasets of one dimension are kept in memory up to it                  \
                          */

enum az_status az_hdf5_fetch(struct az_hdf5_reader *reader, uint64_t address, uint64_t length,
                             unsigned char **bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t done = 0;
    *bytes = NULL;
    if (address > reader->file_bytes || length > reader->file_bytes - address)
        AZ_RAISE(AZ_FORMAT, "names bytes %" PRIu64 " to %" PRIu64 ", but has only %" PRIu64,
                 address, address + length, reader->file_bytes);
    /* Each structure costs more than its bytes, so that many small ones end too. */
    if (length + 64 > reader->budget_bytes) AZ_RAISE(AZ_FORMAT, "has structures without end");
    reader->budget_bytes -= length + 64;
    AZ_TRY(az_memory_allocate(bytes, (size_t)length, 1, "a structure of the file", error));
    int code = az_system_read_at(reader->fd, *bytes, (size_t)length, address, &done);
    if (code) status = az_error_system(error, code, "cannot read the file");
    if (!code && done < length) AZ_RAISE(AZ_FORMAT, "has become shorter while it was read");
out:
    if (status != AZ_OK) {
        az_memory_free(*bytes);
        *bytes = NULL;
    }
    return status;
}

/* ---- opening ---- */

static enum az_status read_superblock(struct az_hdf5_reader *reader, uint64_t *root_address,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    AZ_TRY(az_hdf5_fetch(reader, 0, AZ_HDF5_SUPERBLOCK_BYTES, &bytes, error));
    unsigned version = bytes[8];
    bool old = version < 2;
    unsigned offsets = bytes[old ? 13 : 9], lengths = bytes[old ? 14 : 10];
    az_memory_free(bytes);
    bytes = NULL;
    if (version > 3) AZ_RAISE(AZ_UNSUPPORTED, "has a superblock of version %u", version);
    if (offsets != 8 || lengths != 8)
        AZ_RAISE(AZ_UNSUPPORTED, "has addresses of %u and lengths of %u bytes; 8 are read", offsets,
                 lengths);
    size_t more = version == 1 ? 4 : 0, length = old ? 80 + more : AZ_HDF5_SUPERBLOCK_BYTES;
    AZ_TRY(az_hdf5_fetch(reader, 0, length, &bytes, error));
    struct az_hdf5_cursor from = {bytes, length, false};
    az_hdf5_skip(&from, old ? 24 + more : 12);
    uint64_t base = az_hdf5_get(&from, 8);
    az_hdf5_skip(&from, 8);
    uint64_t end = reader->end_address = az_hdf5_get(&from, 8);
    if (old) az_hdf5_skip(&from, 16);
    *root_address = az_hdf5_get(&from, 8);
    if (!old && !az_hdf5_checksum_holds(az_hdf5_get(&from, 4), bytes, 44))
        AZ_RAISE(AZ_FORMAT, "is damaged: the checksum of its superblock is another");
    if (base != 0) AZ_RAISE(AZ_UNSUPPORTED, "begins with a user block, which is not read");
    if (end > reader->file_bytes)
        AZ_RAISE(AZ_FORMAT, "is cut short: it has %" PRIu64 " bytes of %" PRIu64,
                 reader->file_bytes, end);
out:
    az_memory_free(bytes);
    return status;
}

/* Scalars and lists are there without a call. */
static enum az_status keep_lists(struct az_hdf5_reader *reader, struct az_error *error)
{
    static const int64_t origin[AZ_TENSOR_DIMS];
    enum az_status status = AZ_OK;
    uint64_t left = LIST_BYTES;
    for (size_t n = 0; n < reader->count; n++) {
        struct az_hdf5_source *source = &reader->sources[n];
        unsigned char *bytes = NULL;
        if (source->tensor.rank > 1 || !source->readable) continue;
        if (source->tensor.bytes > left) {
            az_hdf5_refuse(source, "it is a list of %" PRIu64 " bytes, which is too long",
                           source->tensor.bytes);
            continue;
        }
        left -= source->tensor.bytes;
        AZ_TRY(az_memory_allocate(&bytes, (size_t)source->tensor.bytes, 1, "a list", error));
        status = az_hdf5_read(reader, source, origin, source->tensor.shape, bytes, error);
        if (status != AZ_OK) {
            az_memory_free(bytes);
            goto out;
        }
        az_memory_free(source->own);
        source->own = bytes;
        source->bytes = source->tensor.bytes;
        source->tensor.data = bytes;
    }
out:
    return status;
}

enum az_status az_hdf5_open(struct az_hdf5_reader **reader_pointer, const char *path,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_reader *reader;
    struct stat about;
    uint64_t root_address = 0;
    *reader_pointer = NULL;
    AZ_TRY(az_memory_allocate(&reader, 1, sizeof *reader, "an HDF5 reader", error));
    pthread_mutex_init(&reader->lock, NULL);
    reader->fd = -1;
    int code = az_system_open(path, O_RDONLY, &reader->fd);
    if (!code) code = az_system_stat(reader->fd, &about);
    if (code) {
        status = az_error_system(error, code, "cannot open the file");
        goto out;
    }
    if (!S_ISREG(about.st_mode)) AZ_RAISE(AZ_UNSUPPORTED, "is not a regular file");
    reader->file_bytes = (uint64_t)about.st_size;
    reader->budget_bytes = STRUCTURE_BYTES;
    reader->keep_bytes = AZ_HDF5_KEPT_BYTES;
    AZ_TRY(read_superblock(reader, &root_address, error));
    AZ_TRY(az_hdf5_walk(reader, root_address, error));
    AZ_TRY(keep_lists(reader, error));
    *reader_pointer = reader;
out:
    if (status != AZ_OK) {
        az_hdf5_close(reader);
        az_error_at(error, path, -1, -1, -1);
    }
    return status;
}

void az_hdf5_close(struct az_hdf5_reader *reader)
{
    if (!reader) return;
    az_hdf5_chunks_free(reader);
    for (size_t n = 0; n < reader->count; n++) {
        az_memory_free(reader->sources[n].entries);
        az_memory_free(reader->sources[n].own);
    }
    for (size_t n = 0; n < reader->metadata_count; n++) az_memory_free(reader->metadata[n]);
    az_memory_free(reader->metadata);
    az_memory_free(reader->sources);
    az_memory_free(reader->heap);
    az_system_close(reader->fd);
    pthread_mutex_destroy(&reader->lock);
    az_memory_free(reader);
}

const struct az_hdf5_source *az_hdf5_find(const struct az_hdf5_reader *reader, const char *name)
{
    for (size_t n = 0; n < reader->count; n++)
        if (strcmp(reader->sources[n].tensor.name, name) == 0) return &reader->sources[n];
    return NULL;
}

/* ---- boxes of data in one piece ---- */

enum az_status az_hdf5_read_bytes(const struct az_hdf5_reader *reader, uint64_t address,
                                  void *bytes, size_t length, struct az_error *error)
{
    size_t done;
    int code = az_system_read_at(reader->fd, bytes, length, address, &done);
    if (code) return az_error_system(error, code, "cannot read the file");
    if (done < length)
        return az_error_raise(error, AZ_FORMAT, "has become shorter while it was read");
    return AZ_OK;
}

enum az_status az_hdf5_copy_box(const struct az_hdf5_box *box, az_hdf5_run *run, void *context,
                                struct az_error *error)
{
    int64_t at[AZ_TENSOR_DIMS] = {0};
    int outer = box->rank - 1;
    uint64_t unit = box->element_bytes, runs = 1;
    while (outer > 0 && box->size[outer] == box->from_shape[outer] &&
           box->size[outer] == box->to_shape[outer])
        unit *= (uint64_t)box->size[outer--];
    for (int n = 0; n < outer; n++) runs *= (uint64_t)box->size[n];
    for (int n = 0; n < box->rank; n++)
        if (box->size[n] == 0) return AZ_OK;
    for (uint64_t left = runs; left > 0; left--) {
        uint64_t from = 0, to = 0;
        for (int n = 0; n <= outer; n++) {
            from = from * (uint64_t)box->from_shape[n] + (uint64_t)(box->from[n] + at[n]);
            to = to * (uint64_t)box->to_shape[n] + (uint64_t)(box->to[n] + at[n]);
        }
        uint64_t length = box->rank ? unit * (uint64_t)box->size[outer] : unit;
        enum az_status status = run(context, from * unit, to * unit, (size_t)length, error);
        if (status != AZ_OK) return status;
        for (int n = outer - 1; n >= 0 && ++at[n] == box->size[n]; n--) at[n] = 0;
    }
    return AZ_OK;
}

struct piece {
    const struct az_hdf5_reader *reader;
    const struct az_hdf5_source *source;
    unsigned char *to;
};

static enum az_status read_run(void *context, uint64_t from, uint64_t to, size_t length,
                               struct az_error *error)
{
    struct piece *piece = context;
    const struct az_hdf5_source *source = piece->source;
    if (source->own)
        memcpy(piece->to + to, source->own + from, length);
    else if (source->address == AZ_HDF5_NOWHERE && source->other_fill)
        return az_hdf5_raise_unwritten(source, error);
    else if (source->address == AZ_HDF5_NOWHERE)
        memset(piece->to + to, 0, length);
    else
        return az_hdf5_read_bytes(piece->reader, source->address + from, piece->to + to, length,
                                  error);
    return AZ_OK;
}

static enum az_status read_piece(const struct az_hdf5_reader *reader,
                                 const struct az_hdf5_source *source, const int64_t *begin,
                                 const int64_t *size, void *bytes, struct az_error *error)
{
    struct piece piece = {reader, source, bytes};
    struct az_hdf5_box box = {.rank = source->tensor.rank,
                              .element_bytes = az_dtype_bytes(source->tensor.dtype)};
    uint64_t end = reader->file_bytes;
    for (int n = 0; n < box.rank; n++) {
        box.from[n] = begin[n];
        box.size[n] = box.to_shape[n] = size[n];
        box.from_shape[n] = source->tensor.shape[n];
    }
    bool there = source->own || source->address != AZ_HDF5_NOWHERE;
    if (there &&
        (source->bytes < source->tensor.bytes ||
         (!source->own && (source->address > end || source->tensor.bytes > end - source->address))))
        return az_error_raise(error, AZ_FORMAT, "%s has fewer bytes than its shape needs",
                              source->tensor.name);
    return az_hdf5_copy_box(&box, read_run, &piece, error);
}

enum az_status az_hdf5_read(struct az_hdf5_reader *reader, const struct az_hdf5_source *source,
                            const int64_t *begin, const int64_t *size, void *bytes,
                            struct az_error *error)
{
    if (!source->readable)
        return az_error_raise(error, AZ_UNSUPPORTED, "%s cannot be read: %s", source->tensor.name,
                              source->reason);
    for (int n = 0; n < source->tensor.rank; n++)
        if (size[n] == 0) return AZ_OK;
    if (source->layout == AZ_HDF5_PIECE || source->own)
        return read_piece(reader, source, begin, size, bytes, error);
    pthread_mutex_lock(&reader->lock);
    enum az_status status = az_hdf5_read_chunks(reader, &reader->sources[source - reader->sources],
                                                begin, size, bytes, error);
    pthread_mutex_unlock(&reader->lock);
    return status;
}
