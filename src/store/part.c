#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/file.h"
#include "store/system.h"

#define LOCK_TRIES 200 /* with 10 ms between them */

static void pause_10_ms(void)
{
    struct timespec pause = {.tv_nsec = 10000000};
    nanosleep(&pause, NULL);
}

/* True when the name still leads to the open file: its last owner may have renamed it before we got
 * the lock. */
static bool is_still_named(int fd, const char *name)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(name, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

/* Opens and locks the .part; EWOULDBLOCK when another process keeps it. */
static int open_locked(struct az_part *part, int flags)
{
    int code = EWOULDBLOCK;
    for (int n = 0; n < LOCK_TRIES; n++) {
        code = az_system_open(part->part, O_RDWR | O_NOFOLLOW | flags, &part->fd);
        if (code) return code;
        code = az_system_lock(part->fd);
        if (code && code != EWOULDBLOCK) return code;
        if (code == 0 && is_still_named(part->fd, part->part)) return 0;
        az_system_close(part->fd);
        part->fd = -1;
        if (code == EWOULDBLOCK) pause_10_ms();
        code = EWOULDBLOCK;
    }
    return code;
}

/* flags: O_CREAT, or 0 to go on with one that is there. */
static enum az_status open_part(struct az_part *part, int flags, struct az_error *error)
{
    int code = open_locked(part, flags);
    if (code == EWOULDBLOCK)
        return az_error_raise(error, AZ_IO,
                              "%s is being written by another process; wait for it, or stop it",
                              part->part);
    if (code)
        return az_error_system(error, code, "cannot %s %s", flags ? "create" : "open", part->part);
    if (!flags) return AZ_OK;
    code = az_system_truncate(part->fd, 0);
    if (code) return az_error_system(error, code, "cannot empty %s", part->part);
    return AZ_OK;
}

static enum az_status open_direct(struct az_part *part, struct az_error *error)
{
    part->direct = true;
    int code = az_system_open(part->path, O_WRONLY, &part->fd);
    return code ? az_error_system(error, code, "cannot open for writing") : AZ_OK;
}

static enum az_status name_part(struct az_part *part, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t capacity = strlen(path) + sizeof ".part";
    *part = (struct az_part){.fd = -1};
    AZ_TRY(az_memory_copy_string(&part->path, path, error));
    AZ_TRY(az_memory_allocate(&part->part, capacity, 1, "a file name", error));
    snprintf(part->part, capacity, "%s.part", path);
out:
    return status;
}

enum az_status az_part_open(struct az_part *part, const char *path, bool regular,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct stat about;
    AZ_TRY(name_part(part, path, error));
    bool exists = stat(path, &about) == 0;
    if (exists && S_ISDIR(about.st_mode))
        AZ_RAISE(AZ_USAGE, "is a directory; name a file in it to write to");
    if (exists && !S_ISREG(about.st_mode) && regular)
        AZ_RAISE(AZ_USAGE, "is not a regular file; this is written in place and needs one");
    bool direct = exists && !S_ISREG(about.st_mode);
    AZ_TRY(direct ? open_direct(part, error) : open_part(part, O_CREAT, error));
out:
    if (status != AZ_OK) {
        az_part_abort(part);
        az_error_at(error, path, -1, -1, -1);
    }
    return status;
}

enum az_status az_part_reopen(struct az_part *part, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(name_part(part, path, error));
    AZ_TRY(open_part(part, 0, error));
out:
    if (status != AZ_OK) {
        az_part_close(part);
        az_error_at(error, path, -1, -1, -1);
    }
    return status;
}

enum az_status az_part_replace(struct az_part *part, struct az_part *with, struct az_error *error)
{
    int code = az_system_sync(with->fd);
    if (!code) code = az_system_rename(with->part, part->part);
    if (code) {
        enum az_status status = az_error_system(error, code, "cannot replace the file");
        az_error_at(error, part->part, -1, -1, -1);
        return status;
    }
    az_system_close(part->fd);
    part->fd = with->fd;
    with->fd = -1;
    az_part_close(with);
    return AZ_OK;
}

/* Makes the new name itself durable. */
static int sync_directory_of(const char *path)
{
    char directory[4096] = ".";
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (length >= sizeof directory) return ENAMETOOLONG;
    if (slash) snprintf(directory, sizeof directory, "%.*s", length ? (int)length : 1, path);
    int fd;
    int code = az_system_open(directory, O_RDONLY | O_DIRECTORY, &fd);
    if (code) return code;
    code = az_system_sync(fd);
    az_system_close(fd);
    return code;
}

enum az_status az_part_commit(struct az_part *part, struct az_error *error)
{
    int code = az_system_sync(part->fd);
    if (!code && part->direct) {
        code = az_system_close(part->fd);
        part->fd = -1;
    }
    if (!code && !part->direct) code = az_system_rename(part->part, part->path);
    if (code) {
        enum az_status status = az_error_system(error, code, "cannot complete the file");
        az_error_at(error, part->path, -1, -1, -1);
        return status;
    }
    /* The file is whole under its name; that the name outlives a power cut cannot be had from every
     * file system, and taking the file back would help nobody. */
    if (!part->direct) sync_directory_of(part->path);
    az_part_close(part);
    return AZ_OK;
}

void az_part_close(struct az_part *part)
{
    az_system_close(part->part ? part->fd : -1);
    az_memory_free(part->path);
    az_memory_free(part->part);
    *part = (struct az_part){.fd = -1};
}

void az_part_abort(struct az_part *part)
{
    if (part->part && part->fd >= 0 && !part->direct) unlink(part->part);
    az_part_close(part);
}
