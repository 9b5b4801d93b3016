#include "store/catalog_vfs.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/system.h"

#define VFS_NAME "azimuth"

struct target {
    sqlite3_file file; /* the first member, as SQLite wants it */
    int fd;
    int *code;
};

/* What the thread is opening: SQLite hands over a name and no more. */
static _Thread_local struct target opening;

static struct target *target_of(sqlite3_file *file) { return (struct target *)(void *)file; }

static int told(sqlite3_file *file, int code, int result)
{
    struct target *target = target_of(file);
    if (code && !*target->code) *target->code = code;
    return code ? result : SQLITE_OK;
}

static int close_file(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int read_file(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
    size_t done, wanted = (size_t)length;
    int code = az_system_read_at(target_of(file)->fd, bytes, wanted, (uint64_t)offset, &done);
    if (code) return told(file, code, SQLITE_IOERR_READ);
    if (done == wanted) return SQLITE_OK;
    memset((unsigned char *)bytes + done, 0, wanted - done);
    return SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
    int code = az_system_write_at(target_of(file)->fd, bytes, (size_t)length, (uint64_t)offset);
    return told(file, code, SQLITE_IOERR_WRITE);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 length)
{
    int code = az_system_truncate(target_of(file)->fd, (uint64_t)length);
    return told(file, code, SQLITE_IOERR_TRUNCATE);
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *length)
{
    struct stat about = {0};
    int code = az_system_stat(target_of(file)->fd, &about);
    *length = (sqlite3_int64)about.st_size;
    return told(file, code, SQLITE_IOERR_FSTAT);
}

/* The file is flushed once, before it gets its name. */
static int sync_file(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    return SQLITE_OK;
}

static int lock_file(sqlite3_file *file, int lock)
{
    (void)file;
    (void)lock;
    return SQLITE_OK;
}

static int check_lock(sqlite3_file *file, int *reserved)
{
    (void)file;
    *reserved = 0;
    return SQLITE_OK;
}

static int control_file(sqlite3_file *file, int operation, void *argument)
{
    (void)file;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int zero_of(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = lock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = control_file,
    .xSectorSize = zero_of,
    .xDeviceCharacteristics = zero_of,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *used)
{
    (void)vfs;
    struct target *target = target_of(file);
    file->pMethods = NULL;
    if (!name || !(flags & SQLITE_OPEN_MAIN_DB) || !opening.code) return SQLITE_CANTOPEN;
    *target = opening;
    file->pMethods = &methods;
    if (used) *used = flags;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)name;
    (void)sync;
    return SQLITE_OK;
}

/* There is never a journal to recover from. */
static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    (void)vfs;
    (void)name;
    (void)flags;
    *result = 0;
    return SQLITE_OK;
}

static int name_file(sqlite3_vfs *vfs, const char *name, int capacity, char *full)
{
    (void)vfs;
    int length = snprintf(full, (size_t)capacity, "%s", name);
    return length >= 0 && length < capacity ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* The system's own, for time and random bytes, with another idea of files. */
static sqlite3_vfs vfs;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void register_vfs(void)
{
    const sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    if (!system) return;
    vfs = *system;
    vfs.pNext = NULL;
    vfs.zName = VFS_NAME;
    vfs.szOsFile = (int)sizeof(struct target);
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    vfs.xAccess = access_file;
    vfs.xFullPathname = name_file;
    sqlite3_vfs_register(&vfs, 0);
}

int az_catalog_vfs_open(sqlite3 **database, int fd, int *code)
{
    *database = NULL;
    *code = 0;
    pthread_once(&once, register_vfs);
    opening = (struct target){.fd = fd, .code = code};
    int result = sqlite3_open_v2(
        "catalog", database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_PRIVATECACHE,
        VFS_NAME);
    opening = (struct target){0};
    return result;
}
