#include <stddef.h>

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

static enum az_status read_bytes(const struct az_container_file *file,
                                 const struct az_tensor *tensor, uint64_t offset_bytes, void *bytes,
                                 size_t length_bytes, struct az_error *error)
{
    return az_safetensors_read(reader_of(file), tensor, offset_bytes, bytes, length_bytes, error);
}

static enum az_status plan_bytes(struct az_tensor *tensors, size_t tensor_count,
                                 const char *const *pairs, uint64_t *bytes, struct az_error *error)
{
    struct az_safetensors_layout layout = {
        .tensors = tensors, .count = tensor_count, .metadata = pairs};
    enum az_status status = az_safetensors_layout(&layout, error);
    *bytes = layout.file_bytes;
    az_safetensors_layout_free(&layout);
    return status;
}

static enum az_status create(struct az_container_file **file, const char *path,
                             struct az_tensor *tensors, size_t tensor_count,
                             const char *const *pairs, struct az_error *error)
{
    struct az_safetensors_writer *writer;
    enum az_status status =
        az_safetensors_create(&writer, path, tensors, tensor_count, pairs, error);
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

static enum az_status sync_file(struct az_container_file *file, struct az_error *error)
{
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
    .read = read_bytes,
    .plan_bytes = plan_bytes,
    .create = create,
    .write = write_bytes,
    .amend = amend,
    .sync = sync_file,
    .shrink = shrink,
    .commit = commit,
    .leave = leave,
    .abort = abort_file,
};
