#include "store/container.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/file.h"
#include "store/safetensors_header.h"
#include "store/system.h"

static const struct az_container_functions *const containers[] = {&az_container_safetensors,
                                                                  &az_container_hdf5};

#define CONTAINERS (sizeof containers / sizeof containers[0])

const struct az_container_functions *az_container_of(enum az_container kind)
{
    for (size_t n = 0; n < CONTAINERS; n++)
        if (containers[n]->kind == kind) return containers[n];
    return NULL;
}

static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

static int read_start(int fd, uint64_t offset_bytes, unsigned char start[sizeof signature])
{
    size_t length;
    memset(start, 0, sizeof signature);
    return az_system_read_at(fd, start, sizeof signature, offset_bytes, &length);
}

/* HDF5 allows bytes of anyone before its own; no length of a safetensors header then. */
static enum az_status check_user_block(int fd, const unsigned char start[sizeof signature],
                                       struct az_error *error)
{
    unsigned char there[sizeof signature];
    uint64_t header_bytes = 0;
    for (int n = 7; n >= 0; n--) header_bytes = header_bytes << 8 | start[n];
    if (header_bytes > 0 && header_bytes <= AZ_SAFETENSORS_HEADER_BYTES) return AZ_OK;
    for (uint64_t offset = 512; offset <= 4096; offset *= 2)
        if (read_start(fd, offset, there) == 0 && memcmp(there, signature, sizeof there) == 0)
            return az_error_raise(error, AZ_UNSUPPORTED,
                                  "is an HDF5 file behind a user block of %d bytes, which is not "
                                  "read: h5unjam takes it off",
                                  (int)offset);
    return AZ_OK;
}

enum az_status az_container_recognise(const char *path,
                                      const struct az_container_functions **functions,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char start[sizeof signature];
    int fd;
    int code = az_system_open(path, O_RDONLY, &fd);
    if (!code) code = read_start(fd, 0, start);
    if (code) {
        status = az_error_system(error, code, "cannot open the recording");
        goto out;
    }
    bool hdf5 = memcmp(start, signature, sizeof start) == 0;
    if (!hdf5) AZ_TRY(check_user_block(fd, start, error));
    *functions = hdf5 ? &az_container_hdf5 : &az_container_safetensors;
out:
    az_system_close(fd);
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    return status;
}

enum az_status az_container_find(const char *directory, char **path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t capacity = strlen(directory) + 64;
    size_t cut_short = CONTAINERS;
    AZ_TRY(az_memory_allocate(path, capacity, 1, "a file name", error));
    for (size_t n = 0; n < CONTAINERS; n++) {
        snprintf(*path, capacity, "%s/%s.part", directory, containers[n]->file_name);
        if (az_file_exists(*path)) cut_short = n;
        snprintf(*path, capacity, "%s/%s", directory, containers[n]->file_name);
        if (az_file_exists(*path)) goto out;
    }
    if (cut_short < CONTAINERS)
        AZ_RAISE(AZ_MISSING,
                 "this run was cut short or is still going on; name %s/%s.part to read "
                 "the frames that are whole",
                 directory, containers[cut_short]->file_name);
    AZ_RAISE(AZ_MISSING, "there is no recording in this directory: no %s and no %s",
             containers[0]->file_name, containers[1]->file_name);
out:
    if (status != AZ_OK) az_error_at(error, directory, -1, -1, -1);
    return status;
}
