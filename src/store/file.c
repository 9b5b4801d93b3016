#define _GNU_SOURCE
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "store/system.h"

#define READ_BLOCK_BYTES ((size_t)64 << 10) /* first guess where the size is not known */

/* Bytes to make room for: one more than the file says it has, so that its end is seen at once. */
static size_t first_capacity(const struct stat *about)
{
    if (S_ISREG(about->st_mode) && about->st_size > 0) return (size_t)about->st_size + 1;
    return READ_BLOCK_BYTES;
}

static enum az_status read_to_end(int fd, size_t limit_bytes, size_t capacity, char **text,
                                  size_t *length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t length = 0, got;
    char *bytes = NULL;
    for (;;) {
        AZ_TRY(az_memory_grow(&bytes, length, capacity + 1, 1, "a file's bytes", error));
        int code = az_system_read(fd, bytes + length, capacity - length, &got);
        if (code) {
            status = az_error_system(error, code, "cannot read the file");
            goto out;
        }
        length += got;
        if (limit_bytes && length > limit_bytes)
            AZ_RAISE(AZ_FORMAT, "the file is larger than %zu bytes, the most that is expected here",
                     limit_bytes);
        if (length < capacity) break;
        AZ_TRY(az_size_multiply(capacity, 2, &capacity, error));
    }
    bytes[length] = 0;
    *text = bytes;
    *length_bytes = length;
    bytes = NULL;
out:
    az_memory_free(bytes);
    return status;
}

enum az_status az_file_read(const char *path, size_t limit_bytes, char **text, size_t *length_bytes,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct stat about;
    int fd = -1;
    *text = NULL;
    *length_bytes = 0;
    int code = az_system_open(path, O_RDONLY, &fd);
    if (!code) code = az_system_stat(fd, &about);
    if (!code && S_ISDIR(about.st_mode)) code = EISDIR;
    if (code) {
        status = az_error_system(error, code, "cannot open the file");
        goto out;
    }
    if (limit_bytes && S_ISREG(about.st_mode) && (uint64_t)about.st_size > limit_bytes)
        AZ_RAISE(AZ_FORMAT, "the file has %jd bytes; at most %zu are expected here",
                 (intmax_t)about.st_size, limit_bytes);
    AZ_TRY(read_to_end(fd, limit_bytes, first_capacity(&about), text, length_bytes, error));
out:
    az_system_close(fd);
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    return status;
}

enum az_status az_file_write(const char *path, const void *bytes, size_t length_bytes,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_part part = {.fd = -1};
    AZ_TRY(az_part_open(&part, path, false, error));
    int code = az_system_write(part.fd, bytes, length_bytes);
    if (code) {
        status = az_error_system(error, code, "cannot write %zu bytes", length_bytes);
        goto out;
    }
    AZ_TRY(az_part_commit(&part, error));
out:
    az_part_abort(&part);
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    return status;
}

static int make_directory(const char *path)
{
    struct stat about;
    int code = az_system_make_directory(path);
    if (code == EEXIST && stat(path, &about) == 0) return S_ISDIR(about.st_mode) ? 0 : ENOTDIR;
    /* A parent that is there already may refuse (read-only, automounted) before it says so. */
    if (code && stat(path, &about) == 0 && S_ISDIR(about.st_mode)) return 0;
    return code;
}

enum az_status az_directory_create(const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *partial = NULL;
    AZ_TRY(az_memory_copy_string(&partial, path, error));
    size_t length = strlen(partial);
    for (size_t n = 1; n <= length; n++) {
        if (partial[n] != '/' && partial[n] != 0) continue;
        char kept = partial[n];
        partial[n] = 0;
        int code = partial[n - 1] == '/' ? 0 : make_directory(partial);
        if (code) {
            status = az_error_system(error, code, "cannot create the directory");
            az_error_at(error, partial, -1, -1, -1);
            goto out;
        }
        partial[n] = kept;
    }
    if (length == 0) AZ_RAISE(AZ_USAGE, "the name of the directory is empty");
out:
    az_memory_free(partial);
    return status;
}

bool az_file_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

bool az_file_is_directory(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

enum az_status az_path_join(char *path, size_t capacity_bytes, const char *directory,
                            const char *name, struct az_error *error)
{
    size_t length = strlen(directory);
    const char *slash = length == 0 || directory[length - 1] == '/' ? "" : "/";
    int used = snprintf(path, capacity_bytes, "%s%s%s", directory, slash, name);
    if (used >= 0 && (size_t)used < capacity_bytes) return AZ_OK;
    return az_error_raise(error, AZ_USAGE, "the path is too long: %s%s%s has more than %zu bytes",
                          directory, slash, name, capacity_bytes - 1);
}
