#include <stddef.h>
#include <string.h>

#include "base/raise.h"
#include "store/container.h"
#include "store/safetensors_writer.h"

/* The file is the reader or the writer itself. */
static const struct az_safetensors *reader_of(const struct az_container_file *file)
{
    return (const struct az_safetensors *)file;
}

static struct az_safetensors_writer *writer_of(struct az_container_file *file)
{
    return (struct az_safetensors_writer *)file;
}

static enum az_status open_file(struct az_container_file **file, const char *path,
                                struct az_error *error)
{
    struct az_safetensors *reader;
    enum az_status status = az_safetensors_open(&reader, path, error);
    *file = (struct az_container_file *)reader;
    return status;
}

static void close_file(struct az_container_file *file)
{
    az_safetensors_close((struct az_safetensors *)file);
}

static size_t count(const struct az_container_file *file)
{
    return az_safetensors_count(reader_of(file));
}

static const struct az_tensor *at(const struct az_container_file *file, size_t index)
{
    return az_safetensors_at(reader_of(file), index);
}

static const struct az_tensor *find(const struct az_container_file *file, const char *name)
{
    return az_safetensors_find(reader_of(file), name);
}

static const char *metadata(const struct az_container_file *file, const char *key)
{
    return az_safetensors_metadata(reader_of(file), key);
}

static bool metadata_at(const struct az_container_file *file, size_t index, const char **key,
                        const char **value)
{
    return az_safetensors_metadata_at(reader_of(file), index, key, value);
}

/* Elements that lie side by side: the last `inner` dimensions are whole, so the box is made of runs
 * of size[rank - inner - 1] times as many. A type of less than a byte is read by whole frames. */
static enum az_status read_box(const struct az_container_file *file, const struct az_tensor *tensor,
                               const int64_t *begin, const int64_t *size, void *bytes,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t at[AZ_TENSOR_DIMS];
    unsigned char *to = bytes;
    int outer = tensor->rank - 1; /* the dimension along which a run goes */
    uint64_t unit_bytes = az_dtype_bytes(tensor->dtype), runs = 1;
    if (tensor->bytes == 0) return AZ_OK;
    while (outer > 0 && size[outer] == tensor->shape[outer])
        unit_bytes *= (uint64_t)tensor->shape[outer--];
    if (az_dtype_bytes(tensor->dtype) == 0 && outer > 0)
        return az_error_raise(error, AZ_UNSUPPORTED, "parts of a frame of %s cannot be read",
                              az_dtype_name(tensor->dtype));
    if (az_dtype_bytes(tensor->dtype) == 0)
        unit_bytes = tensor->bytes / (tensor->rank ? (uint64_t)tensor->shape[0] : 1);
    for (int n = 0; n < outer; n++) runs *= (uint64_t)size[n];
    if (tensor->rank) memcpy(at, begin, (size_t)tensor->rank * sizeof *at);
    uint64_t run_bytes = tensor->rank ? unit_bytes * (uint64_t)size[outer] : unit_bytes;
    for (uint64_t run = 0; run < runs; run++, to += run_bytes) {
        uint64_t offset = 0;
        for (int n = 0; n <= outer; n++)
            offset = offset * (uint64_t)tensor->shape[n] + (uint64_t)at[n];
        AZ_TRY(az_safetensors_read(reader_of(file), tensor, offset * unit_bytes, to, run_bytes,
                                   error));
        for (int n = outer - 1; n >= 0 && ++at[n] == begin[n] + size[n]; n--) at[n] = begin[n];
    }
out:
    return status;
}

static enum az_status plan_bytes(struct az_tensor *tensors, size_t tensor_count,
                                 const char *const *pairs, enum az_compression compression,
                                 uint64_t *bytes, struct az_error *error)
{
    (void)compression;
    struct az_safetensors_layout layout = {
        .tensors = tensors, .count = tensor_count, .metadata = pairs};
    enum az_status status = az_safetensors_layout(&layout, error);
    *bytes = layout.file_bytes;
    az_safetensors_layout_free(&layout);
    return status;
}

static enum az_status create(struct az_container_file **file, const char *path,
                             struct az_tensor *tensors, size_t tensor_count,
                             const char *const *pairs, enum az_compression compression,
                             struct az_error *error)
{
    (void)compression;
    struct az_safetensors_writer *writer;
    enum az_status status =
        az_safetensors_create(&writer, path, tensors, tensor_count, pairs, error);
    *file = (struct az_container_file *)writer;
    return status;
}

static enum az_status reopen(struct az_container_file **file, const char *path,
                             struct az_tensor *tensors, size_t tensor_count,
                             const char *const *pairs, enum az_compression compression,
                             const int64_t *keep, struct az_error *error)
{
    (void)compression;
    (void)keep;
    struct az_safetensors_writer *writer;
    enum az_status status =
        az_safetensors_reopen(&writer, path, tensors, tensor_count, pairs, error);
    *file = (struct az_container_file *)writer;
    return status;
}

static enum az_status write_bytes(struct az_container_file *file, size_t index,
                                  uint64_t offset_bytes, const void *bytes, size_t length_bytes,
                                  struct az_error *error)
{
    return az_safetensors_write(writer_of(file), index, offset_bytes, bytes, length_bytes, error);
}

static enum az_status amend(struct az_container_file *file, const char *key, const char *value,
                            struct az_error *error)
{
    return az_safetensors_amend(writer_of(file), key, value, error);
}

static enum az_status sync_file(struct az_container_file *file, bool all, struct az_error *error)
{
    (void)all;
    return az_safetensors_sync(writer_of(file), error);
}

static enum az_status shrink(struct az_container_file *file, const int64_t *leading_dims,
                             struct az_error *error)
{
    return az_safetensors_shrink(writer_of(file), leading_dims, error);
}

static enum az_status commit(struct az_container_file *file, struct az_error *error)
{
    return az_safetensors_commit(writer_of(file), error);
}

static void leave(struct az_container_file *file) { az_safetensors_leave(writer_of(file)); }

static void abort_file(struct az_container_file *file) { az_safetensors_abort(writer_of(file)); }

const struct az_container_functions az_container_safetensors = {
    .kind = AZ_CONTAINER_SAFETENSORS,
    .file_name = "recording.safetensors",
    .open = open_file,
    .close = close_file,
    .count = count,
    .at = at,
    .find = find,
    .metadata = metadata,
    .metadata_at = metadata_at,
    .read = read_box,
    .plan_bytes = plan_bytes,
    .create = create,
    .reopen = reopen,
    .write = write_bytes,
    .amend = amend,
    .sync = sync_file,
    .shrink = shrink,
    .commit = commit,
    .leave = leave,
    .abort = abort_file,
};
