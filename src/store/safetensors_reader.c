#define _GNU_SOURCE
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "store/safetensors_header.h"
#include "store/system.h"

struct az_safetensors {
    char *path; /* NULL: bytes of the caller */
    int fd;
    const unsigned char *bytes; /* of the whole file */
    size_t length_bytes;
    struct az_safetensors_header header;
};

static const char *name_of(const void *context, size_t index)
{
    return ((const struct az_safetensors_header *)context)->tensors[index].name;
}

static void point_at_data(struct az_safetensors *file)
{
    for (size_t n = 0; n < file->header.count; n++)
        file->header.tensors[n].data = file->bytes + file->header.tensors[n].offset_bytes;
}

enum az_status az_safetensors_open_bytes(struct az_safetensors **file_pointer, const void *bytes,
                                         size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors *file;
    uint64_t header_bytes;
    *file_pointer = NULL;
    AZ_TRY(az_memory_allocate(&file, 1, sizeof *file, "a safetensors file", error));
    file->fd = -1;
    file->length_bytes = length_bytes;
    AZ_TRY(az_safetensors_header_length(bytes, length_bytes, &header_bytes, error));
    AZ_TRY(az_safetensors_header_parse(&file->header,
                                       (const char *)bytes + AZ_SAFETENSORS_LENGTH_BYTES,
                                       header_bytes, length_bytes, error));
    file->bytes = bytes;
    point_at_data(file);
    *file_pointer = file;
out:
    if (status != AZ_OK) az_safetensors_close(file);
    return status;
}

static enum az_status read_exactly(int fd, void *bytes, size_t length_bytes, uint64_t offset_bytes,
                                   struct az_error *error)
{
    size_t done;
    int code = az_system_read_at(fd, bytes, length_bytes, offset_bytes, &done);
    if (code) return az_error_system(error, code, "cannot read the file");
    if (done == length_bytes) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "cut short: %zu bytes were expected and %zu are there; has the file been "
                          "changed while it was read?",
                          length_bytes, done);
}

static enum az_status open_file(struct az_safetensors *file, const char *path,
                                struct az_error *error)
{
    struct stat about;
    int code = az_system_open(path, O_RDONLY, &file->fd);
    if (!code) code = az_system_stat(file->fd, &about);
    if (code) return az_error_system(error, code, "cannot open the file");
    if (!S_ISREG(about.st_mode))
        return az_error_raise(error, AZ_FORMAT, "is %s, not a safetensors file",
                              S_ISDIR(about.st_mode) ? "a directory" : "no regular file");
    file->length_bytes = (size_t)about.st_size;
    return az_memory_copy_string(&file->path, path, error);
}

/* The header is read into memory of our own, so that it cannot change between check and use. */
static enum az_status read_header(struct az_safetensors *file, struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char first[AZ_SAFETENSORS_LENGTH_BYTES] = {0};
    char *text = NULL;
    uint64_t header_bytes;
    if (file->length_bytes >= sizeof first)
        AZ_TRY(read_exactly(file->fd, first, sizeof first, 0, error));
    AZ_TRY(az_safetensors_header_length(first, file->length_bytes, &header_bytes, error));
    AZ_TRY(az_memory_allocate(&text, header_bytes, 1, "the header", error));
    AZ_TRY(read_exactly(file->fd, text, header_bytes, sizeof first, error));
    AZ_TRY(
        az_safetensors_header_parse(&file->header, text, header_bytes, file->length_bytes, error));
out:
    az_memory_free(text);
    return status;
}

enum az_status az_safetensors_open(struct az_safetensors **file_pointer, const char *path,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors *file;
    *file_pointer = NULL;
    AZ_TRY(az_memory_allocate(&file, 1, sizeof *file, "a safetensors file", error));
    file->fd = -1;
    AZ_TRY(open_file(file, path, error));
    AZ_TRY(read_header(file, error));
    void *map = mmap(NULL, file->length_bytes, PROT_READ, MAP_SHARED, file->fd, 0);
    if (map == MAP_FAILED)
        AZ_RAISE(AZ_MEMORY, "cannot map the file's %zu bytes", file->length_bytes);
    file->bytes = map;
    point_at_data(file);
    *file_pointer = file;
out:
    if (status != AZ_OK) {
        az_safetensors_close(file);
        az_error_at(error, path, -1, -1, -1);
    }
    return status;
}

void az_safetensors_close(struct az_safetensors *file)
{
    if (!file) return;
    if (file->fd >= 0 && file->bytes) munmap((void *)file->bytes, file->length_bytes);
    az_system_close(file->fd);
    az_safetensors_header_free(&file->header);
    az_memory_free(file->path);
    az_memory_free(file);
}

size_t az_safetensors_count(const struct az_safetensors *file) { return file->header.count; }

const struct az_tensor *az_safetensors_at(const struct az_safetensors *file, size_t index)
{
    return index < file->header.count ? &file->header.tensors[index] : NULL;
}

const struct az_tensor *az_safetensors_find(const struct az_safetensors *file, const char *name)
{
    return az_safetensors_header_find(&file->header, name);
}

enum az_status az_safetensors_require(const struct az_safetensors *file, const char *name,
                                      const struct az_tensor **tensor, struct az_error *error)
{
    char shown[AZ_SHOWN_BYTES], list[512];
    *tensor = az_safetensors_find(file, name);
    if (*tensor) return AZ_OK;
    az_tensor_list(list, sizeof list, file->header.count, name_of, &file->header);
    az_error_raise(error, AZ_MISSING, "there is no tensor \"%s\"; the file has: %s",
                   az_tensor_shown(shown, name), list);
    az_error_at(error, file->path, -1, -1, -1);
    return AZ_MISSING;
}

bool az_safetensors_metadata_at(const struct az_safetensors *file, size_t index, const char **key,
                                const char **value)
{
    if (index >= file->header.key_count) return false;
    *key = file->header.keys[index];
    *value = json_string_value(json_object_get(file->header.metadata, *key));
    return true;
}

const char *az_safetensors_metadata(const struct az_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(file->header.metadata, key));
}

enum az_status az_safetensors_read(const struct az_safetensors *file,
                                   const struct az_tensor *tensor, uint64_t offset_bytes,
                                   void *bytes, size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (offset_bytes > tensor->bytes || length_bytes > tensor->bytes - offset_bytes)
        AZ_RAISE(AZ_USAGE, "a read beyond the end of a tensor");
    uint64_t place = tensor->offset_bytes + offset_bytes;
    if (file->fd < 0)
        memcpy(bytes, file->bytes + place, length_bytes);
    else
        AZ_TRY(read_exactly(file->fd, bytes, length_bytes, place, error));
out:
    if (status != AZ_OK) az_error_at(error, file->path, -1, -1, -1);
    return status;
}
