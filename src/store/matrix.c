#define _GNU_SOURCE
#include "azimuth/matrix.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "store/container.h"
#include "store/file.h"
#include "store/matrix_index.h"
#include "store/matrix_source.h"
#include "store/npy_read.h"
#include "store/safetensors_header.h"
#include "store/system.h"

void az_matrix_set_path(struct az_matrix *matrix, const char *path)
{
    size_t length = strlen(path), room = sizeof matrix->path - 4;
    if (length < sizeof matrix->path)
        memcpy(matrix->path, path, length + 1);
    else
        snprintf(matrix->path, sizeof matrix->path, "...%s", path + (length - room));
}

enum az_status az_matrix_take(struct az_matrix *matrix, const struct az_tensor *tensor,
                              struct az_error *error)
{
    char shown[AZ_SHOWN_BYTES];
    az_tensor_shown(shown, tensor->name);
    if (!az_matrix_is_one(tensor))
        return az_error_raise(
            error, AZ_FORMAT,
            "%s is %s with %d dimensions; a matrix of BF16, F16, F32 or U16 (bits "
            "of bf16) with 2 dimensions is expected",
            *shown ? shown : "the array", az_dtype_name(tensor->dtype), tensor->rank);
    if (tensor->shape[0] < 1 || tensor->shape[1] < 1)
        return az_error_raise(error, AZ_FORMAT, "%s is empty: %" PRId64 " rows of %" PRId64,
                              *shown ? shown : "the array", tensor->shape[0], tensor->shape[1]);
    memcpy(matrix->tensor, tensor->name, sizeof matrix->tensor);
    matrix->raw_bits = tensor->dtype == AZ_DTYPE_U16;
    matrix->dtype = matrix->raw_bits ? AZ_DTYPE_BF16 : tensor->dtype;
    matrix->rows = tensor->shape[0];
    matrix->dims = tensor->shape[1];
    matrix->row_bytes = (size_t)matrix->dims * az_dtype_bytes(matrix->dtype);
    matrix->data = tensor->data;
    matrix->step = -1;
    return AZ_OK;
}

static enum az_status create(struct az_matrix **matrix, struct az_error *error)
{
    enum az_status status = az_memory_allocate(matrix, 1, sizeof **matrix, "a matrix", error);
    if (status != AZ_OK) return status;
    return az_memory_allocate(&(*matrix)->source, 1, sizeof *(*matrix)->source, "a matrix", error);
}

void az_matrix_close(struct az_matrix *matrix)
{
    if (!matrix) return;
    struct az_matrix_source *source = matrix->source;
    if (source) {
        az_safetensors_close(source->file);
        az_recording_close(source->recording);
        if (source->map) munmap(source->map, source->map_bytes);
        az_memory_free(source->copy);
        az_memory_free(source->token_ids);
    }
    az_memory_free(source);
    az_memory_free(matrix);
}

static enum az_status from_npy(struct az_matrix *matrix, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tensor tensor;
    struct stat about = {0};
    int fd;
    int code = az_system_open(path, O_RDONLY, &fd);
    if (!code) code = az_system_stat(fd, &about);
    if (code) {
        status = az_error_system(error, code, "cannot open the file");
        goto out;
    }
    size_t length = (size_t)about.st_size;
    void *map = length ? mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (map == MAP_FAILED) AZ_RAISE(AZ_MEMORY, "cannot map the file's %zu bytes", length);
    matrix->source->map = map;
    matrix->source->map_bytes = length;
    AZ_TRY(az_npy_parse(&tensor, map, length, error));
    AZ_TRY(az_matrix_take(matrix, &tensor, error));
out:
    az_system_close(fd);
    return status;
}

/* What a directory holds: a checkpoint before a recording, for a run's model/ has no recording. */
static enum az_status from_directory(struct az_matrix *matrix, const struct az_matrix_name *name,
                                     struct az_error *error)
{
    char path[4096];
    enum az_status status = AZ_OK;
    AZ_TRY(az_path_join(path, sizeof path, name->path, AZ_MATRIX_INDEX_NAME, error));
    if (az_file_exists(path)) return az_matrix_from_index(matrix, path, name, error);
    AZ_TRY(az_path_join(path, sizeof path, name->path, "model.safetensors", error));
    if (az_file_exists(path)) return az_matrix_from_safetensors(matrix, path, name, error);
    status = az_matrix_from_recording(matrix, name->path, name, error);
    if (status != AZ_MISSING || matrix->source->recording) return status;
    az_error_clear(error ? error : &(struct az_error){0});
    AZ_RAISE(AZ_MISSING,
             "there is no matrix in this directory: no %s, model.safetensors or recording. "
             "Checkpoints in PyTorch's .bin must be saved as safetensors first",
             AZ_MATRIX_INDEX_NAME);
out:
    return status;
}

/* Kinds of files by their first bytes. */
static enum az_status from_file(struct az_matrix *matrix, const struct az_matrix_name *name,
                                struct az_error *error)
{
    unsigned char first[16] = {0};
    struct stat about = {0};
    size_t length = 0;
    int fd;
    int code = az_system_open(name->path, O_RDONLY, &fd);
    if (!code) code = az_system_stat(fd, &about);
    bool regular = !code && S_ISREG(about.st_mode);
    if (regular) code = az_system_read_at(fd, first, sizeof first, 0, &length);
    az_system_close(fd);
    if (code) return az_error_system(error, code, "cannot open the file");
    if (!regular) return az_error_raise(error, AZ_FORMAT, "is no regular file");
    bool npy = memcmp(first, AZ_NPY_MAGIC, AZ_NPY_MAGIC_BYTES) == 0;
    if (npy && (name->tensor[0] || name->has_step))
        return az_error_raise(error, AZ_USAGE,
                              "an npy file has one matrix, without name or step: leave away what "
                              "stands after the @");
    if (npy) return from_npy(matrix, name->path, error);
    if (first[0] == '{') return az_matrix_from_index(matrix, name->path, name, error);
    if (name->has_step || memcmp(first, "\x89HDF\r\n\x1a\n", 8) == 0)
        return az_matrix_from_recording(matrix, name->path, name, error);
    return az_matrix_from_safetensors(matrix, name->path, name, error);
}

enum az_status az_matrix_open(struct az_matrix **matrix_pointer, const char *name_text,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_matrix *matrix = NULL;
    struct az_matrix_name name = {0};
    *matrix_pointer = NULL;
    AZ_TRY(az_matrix_name_parse(&name, name_text, error));
    AZ_TRY(create(&matrix, error));
    az_matrix_set_path(matrix, name.path);
    AZ_TRY(az_file_is_directory(name.path) ? from_directory(matrix, &name, error)
                                           : from_file(matrix, &name, error));
    *matrix_pointer = matrix;
out:
    if (status != AZ_OK) {
        az_error_at(error, name.path ? name.path : name_text, -1, -1, -1);
        az_matrix_close(matrix);
    }
    az_memory_free(name.path);
    return status;
}

enum az_status az_matrix_open_npy_bytes(struct az_matrix **matrix_pointer, const void *bytes,
                                        size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_matrix *matrix = NULL;
    struct az_tensor tensor;
    *matrix_pointer = NULL;
    AZ_TRY(create(&matrix, error));
    AZ_TRY(az_npy_parse(&tensor, bytes, length_bytes, error));
    AZ_TRY(az_matrix_take(matrix, &tensor, error));
    *matrix_pointer = matrix;
out:
    if (status != AZ_OK) az_matrix_close(matrix);
    return status;
}

enum az_status az_matrix_wrap(struct az_matrix **matrix_pointer, enum az_dtype dtype, int64_t rows,
                              int64_t dims, const void *data, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_matrix *matrix = NULL;
    struct az_tensor tensor = {.dtype = dtype, .rank = 2, .shape = {rows, dims}, .data = data};
    *matrix_pointer = NULL;
    AZ_TRY(create(&matrix, error));
    AZ_TRY(az_matrix_take(matrix, &tensor, error));
    AZ_TRY(az_tensor_bytes(&tensor, &tensor.bytes, error));
    *matrix_pointer = matrix;
out:
    if (status != AZ_OK) az_matrix_close(matrix);
    return status;
}
