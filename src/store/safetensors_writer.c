#include "store/safetensors_writer.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "store/file.h"
#include "store/safetensors_header.h"
#include "store/system.h"

#define COPY_BYTES ((size_t)8 << 20)

struct az_safetensors_writer {
    struct az_part part;
    struct az_safetensors_layout layout; /* its tensors and metadata are copies */
    char **metadata;
};

static enum az_status raise_write(const struct az_safetensors_writer *writer, int code,
                                  const char *what, struct az_error *error)
{
    enum az_status status = az_error_system(error, code, "cannot %s", what);
    az_error_at(error, writer->part.part, -1, -1, -1);
    return status;
}

static enum az_status copy_metadata(struct az_safetensors_writer *writer,
                                    const char *const *metadata, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count = 0;
    while (metadata && metadata[count]) count++;
    if (count % 2) AZ_RAISE(AZ_USAGE, "metadata \"%s\" has no value", metadata[count - 1]);
    AZ_TRY(az_memory_allocate(&writer->metadata, count + 1, sizeof *writer->metadata,
                              "the metadata", error));
    for (size_t n = 0; n < count; n++)
        AZ_TRY(az_memory_copy_string(&writer->metadata[n], metadata[n], error));
    writer->layout.metadata = (const char *const *)writer->metadata;
out:
    return status;
}

static enum az_status copy_tensors(struct az_safetensors_writer *writer,
                                   const struct az_tensor *tensors, size_t count,
                                   struct az_error *error)
{
    enum az_status status = az_memory_allocate(&writer->layout.tensors, count, sizeof *tensors,
                                               "the list of tensors", error);
    if (status != AZ_OK) return status;
    if (count) memcpy(writer->layout.tensors, tensors, count * sizeof *tensors);
    for (size_t n = 0; n < count; n++) writer->layout.tensors[n].data = NULL;
    writer->layout.count = count;
    return AZ_OK;
}

static enum az_status begin_file(struct az_safetensors_writer *writer, struct az_error *error)
{
    const struct az_safetensors_layout *layout = &writer->layout;
    int code = az_system_reserve(writer->part.fd, layout->file_bytes);
    if (code) {
        enum az_status status =
            az_error_system(error, code, "cannot reserve %" PRIu64 " bytes", layout->file_bytes);
        az_error_at(error, writer->part.path, -1, -1, -1);
        return status;
    }
    code = az_system_write_at(writer->part.fd, layout->header, layout->header_bytes, 0);
    return code ? raise_write(writer, code, "write the header", error) : AZ_OK;
}

enum az_status az_safetensors_create(struct az_safetensors_writer **writer_pointer,
                                     const char *path, struct az_tensor *tensors, size_t count,
                                     const char *const *metadata, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors_writer *writer;
    *writer_pointer = NULL;
    AZ_TRY(az_memory_allocate(&writer, 1, sizeof *writer, "a safetensors writer", error));
    writer->part.fd = -1;
    AZ_TRY(copy_tensors(writer, tensors, count, error));
    AZ_TRY(copy_metadata(writer, metadata, error));
    AZ_TRY(az_safetensors_layout(&writer->layout, error));
    AZ_TRY(az_part_open(&writer->part, path, true, error));
    AZ_TRY(begin_file(writer, error));
    for (size_t n = 0; n < count; n++) {
        tensors[n].offset_bytes = writer->layout.tensors[n].offset_bytes;
        tensors[n].bytes = writer->layout.tensors[n].bytes;
    }
    *writer_pointer = writer;
out:
    if (status != AZ_OK) {
        az_safetensors_abort(writer);
        az_error_at(error, path, -1, -1, -1);
    }
    return status;
}

/* The file must be the one that the layout would make; its metadata are the writer's from now on.
 */
static enum az_status take_over(struct az_safetensors_writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors *file = NULL;
    struct az_safetensors_layout *layout = &writer->layout;
    size_t got;
    AZ_TRY(az_safetensors_open(&file, writer->part.part, error));
    bool same = az_safetensors_count(file) == layout->count;
    for (size_t n = 0; same && n < layout->count; n++) {
        const struct az_tensor *tensor = &layout->tensors[n];
        const struct az_tensor *found = az_safetensors_find(file, tensor->name);
        same = found && found->dtype == tensor->dtype && found->bytes == tensor->bytes &&
               found->offset_bytes == tensor->offset_bytes;
    }
    for (char **pair = writer->metadata; same && *pair; pair += 2) {
        const char *value = az_safetensors_metadata(file, pair[0]);
        same = value && strlen(value) == strlen(pair[1]);
        if (same) memcpy(pair[1], value, strlen(value));
    }
    if (!same) AZ_RAISE(AZ_USAGE, "%s was begun with other tensors or metadata", writer->part.part);
    int code = az_system_read_at(writer->part.fd, layout->header, layout->header_bytes, 0, &got);
    if (!code) code = az_system_reserve(writer->part.fd, layout->file_bytes);
    if (code) status = raise_write(writer, code, "take it up again", error);
out:
    az_safetensors_close(file);
    return status;
}

enum az_status az_safetensors_reopen(struct az_safetensors_writer **writer_pointer,
                                     const char *path, struct az_tensor *tensors, size_t count,
                                     const char *const *metadata, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors_writer *writer;
    *writer_pointer = NULL;
    AZ_TRY(az_memory_allocate(&writer, 1, sizeof *writer, "a safetensors writer", error));
    writer->part.fd = -1;
    AZ_TRY(copy_tensors(writer, tensors, count, error));
    AZ_TRY(copy_metadata(writer, metadata, error));
    AZ_TRY(az_safetensors_layout(&writer->layout, error));
    AZ_TRY(az_part_reopen(&writer->part, path, error));
    AZ_TRY(take_over(writer, error));
    for (size_t n = 0; n < count; n++) {
        tensors[n].offset_bytes = writer->layout.tensors[n].offset_bytes;
        tensors[n].bytes = writer->layout.tensors[n].bytes;
    }
    *writer_pointer = writer;
out:
    if (status != AZ_OK) {
        az_safetensors_leave(writer);
        az_error_at(error, path, -1, -1, -1);
    }
    return status;
}

enum az_status az_safetensors_write(struct az_safetensors_writer *writer, size_t index,
                                    uint64_t offset_bytes, const void *bytes, size_t length_bytes,
                                    struct az_error *error)
{
    const struct az_tensor *tensor =
        index < writer->layout.count ? &writer->layout.tensors[index] : NULL;
    if (!tensor || offset_bytes > tensor->bytes || length_bytes > tensor->bytes - offset_bytes)
        return az_error_raise(error, AZ_USAGE, "a write beyond the end of a tensor");
    int code = az_system_write_at(writer->part.fd, bytes, length_bytes,
                                  tensor->offset_bytes + offset_bytes);
    return code ? raise_write(writer, code, "write the data", error) : AZ_OK;
}

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e || *text == '"' || *text == '\\') return false;
    return true;
}

/* The place of `"key":"value"` among the metadata, which come first in the header. Both are plain,
 * and a quote within other strings is escaped, so the first match is the pair itself. */
static char *find_pair(const struct az_safetensors_layout *layout, const char *key,
                       const char *value)
{
    size_t key_bytes = strlen(key), value_bytes = strlen(value);
    size_t pair_bytes = key_bytes + value_bytes + 5;
    for (char *at = layout->header + AZ_SAFETENSORS_LENGTH_BYTES;
         at + pair_bytes < layout->header + layout->header_bytes; at++)
        if (at[0] == '"' && memcmp(at + 1, key, key_bytes) == 0 &&
            memcmp(at + 1 + key_bytes, "\":\"", 3) == 0 &&
            memcmp(at + 4 + key_bytes, value, value_bytes) == 0 &&
            at[4 + key_bytes + value_bytes] == '"')
            return at + 4 + key_bytes;
    return NULL;
}

enum az_status az_safetensors_amend(struct az_safetensors_writer *writer, const char *key,
                                    const char *value, struct az_error *error)
{
    char **pair = writer->metadata;
    while (*pair && strcmp(pair[0], key) != 0) pair += 2;
    if (!*pair || !is_plain(key) || !is_plain(value) || !is_plain(pair[1]) ||
        strlen(pair[1]) != strlen(value))
        return az_error_raise(error, AZ_USAGE,
                              "metadata \"%s\" cannot become \"%s\": it is not there with a plain "
                              "value of the same length",
                              key, value);
    char *place = find_pair(&writer->layout, key, pair[1]);
    size_t length = strlen(value);
    memcpy(pair[1], value, length);
    memcpy(place, value, length);
    int code = az_system_write_at(writer->part.fd, value, length,
                                  (uint64_t)(place - writer->layout.header));
    return code ? raise_write(writer, code, "write the header", error) : AZ_OK;
}

enum az_status az_safetensors_sync(struct az_safetensors_writer *writer, struct az_error *error)
{
    int code = az_system_sync_data(writer->part.fd);
    return code ? raise_write(writer, code, "flush the data to disk", error) : AZ_OK;
}

/* ---- a shorter file ---- */

static enum az_status copy_bytes(struct az_safetensors_writer *writer, uint64_t from, int to_fd,
                                 uint64_t to, uint64_t length_bytes, void *buffer,
                                 struct az_error *error)
{
    for (uint64_t done = 0; done < length_bytes;) {
        uint64_t left = length_bytes - done;
        size_t size = left < COPY_BYTES ? (size_t)left : COPY_BYTES, got;
        int code = az_system_read_at(writer->part.fd, buffer, size, from + done, &got);
        if (!code) code = az_system_write_at(to_fd, buffer, got, to + done);
        if (code) return raise_write(writer, code, "copy the data together", error);
        if (got == 0)
            return az_error_raise(error, AZ_IO, "the file was cut short by another process");
        done += got;
    }
    return AZ_OK;
}

/* Room that the planned, unwritten frames hold, given back before as much is asked for. Lists stay:
 * the steps of the frames are needed as long as the old header holds. */
static void release_rest(struct az_safetensors_writer *writer,
                         const struct az_safetensors_layout *layout)
{
    for (size_t n = 0; n < layout->count; n++) {
        const struct az_tensor *tensor = &writer->layout.tensors[n];
        uint64_t kept = layout->tensors[n].bytes;
        if (tensor->rank < 2) continue;
        az_system_release(writer->part.fd, tensor->offset_bytes + kept, tensor->bytes - kept);
    }
}

static enum az_status copy_together(struct az_safetensors_writer *writer,
                                    const struct az_safetensors_layout *layout, int to_fd,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    void *buffer;
    AZ_TRY(az_memory_allocate(&buffer, COPY_BYTES, 1, "copying data", error));
    release_rest(writer, layout);
    int code = az_system_reserve(to_fd, layout->file_bytes);
    if (!code) code = az_system_write_at(to_fd, layout->header, layout->header_bytes, 0);
    if (code) {
        status = raise_write(writer, code, "write the shorter file beside it", error);
        goto out;
    }
    for (size_t n = 0; n < layout->count; n++) {
        const struct az_tensor *tensor = &layout->tensors[n];
        AZ_TRY(copy_bytes(writer, writer->layout.tensors[n].offset_bytes, to_fd,
                          tensor->offset_bytes, tensor->bytes, buffer, error));
    }
out:
    az_memory_free(buffer);
    return status;
}

static enum az_status shrink_shapes(struct az_safetensors_layout *layout,
                                    const int64_t *leading_dims, struct az_error *error)
{
    for (size_t n = 0; n < layout->count; n++) {
        struct az_tensor *tensor = &layout->tensors[n];
        if (tensor->rank == 0) continue;
        if (leading_dims[n] < 0 || leading_dims[n] > tensor->shape[0])
            return az_error_raise(error, AZ_USAGE,
                                  "tensor \"%s\" of %" PRId64 " frames cannot shrink to %" PRId64,
                                  tensor->name, tensor->shape[0], leading_dims[n]);
        tensor->shape[0] = leading_dims[n];
    }
    return AZ_OK;
}

/* Into a file beside it, which takes its place when it is whole, so that a program that is killed
 * meanwhile loses nothing. */
enum az_status az_safetensors_shrink(struct az_safetensors_writer *writer,
                                     const int64_t *leading_dims, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_part beside = {.fd = -1};
    struct az_safetensors_layout layout = {.count = writer->layout.count,
                                           .metadata = writer->layout.metadata};
    AZ_TRY(az_memory_allocate(&layout.tensors, layout.count, sizeof *layout.tensors,
                              "the list of tensors", error));
    if (layout.count)
        memcpy(layout.tensors, writer->layout.tensors, layout.count * sizeof *layout.tensors);
    AZ_TRY(shrink_shapes(&layout, leading_dims, error));
    AZ_TRY(az_safetensors_layout(&layout, error));
    AZ_TRY(az_part_open(&beside, writer->part.part, true, error));
    AZ_TRY(copy_together(writer, &layout, beside.fd, error));
    AZ_TRY(az_part_replace(&writer->part, &beside, error));
    struct az_safetensors_layout old = writer->layout;
    writer->layout = layout;
    layout = old;
out:
    az_part_abort(&beside);
    az_safetensors_layout_free(&layout);
    az_memory_free(layout.tensors);
    return status;
}

static void free_writer(struct az_safetensors_writer *writer)
{
    az_safetensors_layout_free(&writer->layout);
    az_memory_free(writer->layout.tensors);
    for (char **text = writer->metadata; text && *text; text++) az_memory_free(*text);
    az_memory_free(writer->metadata);
    az_memory_free(writer);
}

enum az_status az_safetensors_commit(struct az_safetensors_writer *writer, struct az_error *error)
{
    enum az_status status = az_part_commit(&writer->part, error);
    az_safetensors_leave(writer);
    return status;
}

void az_safetensors_leave(struct az_safetensors_writer *writer)
{
    if (!writer) return;
    az_part_close(&writer->part);
    free_writer(writer);
}

void az_safetensors_abort(struct az_safetensors_writer *writer)
{
    if (!writer) return;
    az_part_abort(&writer->part);
    free_writer(writer);
}

enum az_status az_safetensors_save(const char *path, struct az_tensor *tensors, size_t count,
                                   const char *const *metadata, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors_writer *writer = NULL;
    AZ_TRY(az_safetensors_create(&writer, path, tensors, count, metadata, error));
    for (size_t n = 0; n < count; n++)
        AZ_TRY(az_safetensors_write(writer, n, 0, tensors[n].data, tensors[n].bytes, error));
    AZ_TRY(az_part_commit(&writer->part, error));
out:
    az_safetensors_abort(writer);
    return status;
}
