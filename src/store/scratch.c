#define _GNU_SOURCE
#include "store/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define DIRECTORIES_OPEN 16

enum az_status az_scratch_create(char path[AZ_SCRATCH_BYTES], struct az_error *error)
{
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent) parent = "/tmp";
    int length = snprintf(path, AZ_SCRATCH_BYTES, "%s/azimuth-XXXXXX", parent);
    if (length >= AZ_SCRATCH_BYTES)
        return az_error_raise(error, AZ_USAGE, "TMPDIR is too long: %d characters", length);
    if (!mkdtemp(path))
        return az_error_system(error, errno, "cannot make a directory in %s (TMPDIR says where)",
                               parent);
    return AZ_OK;
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *walk)
{
    (void)about;
    (void)type;
    (void)walk;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

enum az_status az_scratch_remove(const char *path, struct az_error *error)
{
    if (nftw(path, remove_entry, DIRECTORIES_OPEN, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return AZ_OK;
    return az_error_system(error, errno, "cannot remove %s", path);
}
