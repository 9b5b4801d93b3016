#include "store/container.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/file.h"
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

enum az_status az_container_recognise(const char *path,
                                      const struct az_container_functions **functions,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char first[8];
    size_t length = 0;
    int fd;
    int code = az_system_open(path, O_RDONLY, &fd);
    if (!code) code = az_system_read_at(fd, first, sizeof first, 0, &length);
    az_system_close(fd);
    if (code) {
        status = az_error_system(error, code, "cannot open the recording");
        goto out;
    }
    bool hdf5 = length == sizeof first && memcmp(first, "\x89HDF\r\n\x1a\n", sizeof first) == 0;
    *functions = hdf5 ? &az_container_hdf5 : &az_container_safetensors;
out:
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
