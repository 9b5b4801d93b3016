#define _GNU_SOURCE
#include "store/system.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TRANSFER_BYTES ((size_t)1 << 30) /* one read(2) or write(2) moves at most 2 GiB - 4 KiB */

static atomic_size_t calls_until_failure; /* 0: never fail; 1: the next call fails */
static atomic_int failure_code;
static atomic_bool fails_once;

static void fail(size_t n, int code, bool once)
{
    atomic_store(&failure_code, code);
    atomic_store(&fails_once, once);
    atomic_store(&calls_until_failure, n);
}

void az_system_fail_after(size_t n, int code) { fail(n, code, false); }

void az_system_fail_once(size_t n, int code) { fail(n, code, true); }

bool az_system_fail_pending(void) { return atomic_load(&calls_until_failure) != 0; }

static atomic_size_t calls, fatal_call; /* so far; that is not survived, 0: none */

void az_system_kill_after(size_t n) { atomic_store(&fatal_call, n ? az_system_calls() + n : 0); }

size_t az_system_calls(void) { return atomic_load(&calls); }

static int failure_on_request(void)
{
    if (atomic_fetch_add(&calls, 1) + 1 == atomic_load(&fatal_call)) raise(SIGKILL);
    size_t left = atomic_load(&calls_until_failure);
    if (left == 0) return 0;
    if (left > 1 || atomic_load(&fails_once)) atomic_store(&calls_until_failure, left - 1);
    return left == 1 ? atomic_load(&failure_code) : 0;
}

int az_system_open(const char *path, int flags, int *fd)
{
    *fd = -1;
    int code = failure_on_request();
    if (code) return code;
    do *fd = open(path, flags | O_CLOEXEC, 0666);
    while (*fd < 0 && errno == EINTR);
    return *fd < 0 ? errno : 0;
}

int az_system_close(int fd) { return fd >= 0 && close(fd) != 0 ? errno : 0; }

int az_system_stat(int fd, struct stat *about)
{
    int code = failure_on_request();
    if (code) return code;
    return fstat(fd, about) == 0 ? 0 : errno;
}

static size_t transfer(size_t left) { return left < TRANSFER_BYTES ? left : TRANSFER_BYTES; }

/* offset < 0: at the file's own position. */
static int read_all(int fd, unsigned char *bytes, size_t length_bytes, int64_t offset, size_t *done)
{
    *done = 0;
    int code = failure_on_request();
    if (code) return code;
    while (*done < length_bytes) {
        size_t size = transfer(length_bytes - *done);
        ssize_t got = offset < 0 ? read(fd, bytes + *done, size)
                                 : pread(fd, bytes + *done, size, (off_t)offset + (off_t)*done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) break;
        *done += (size_t)got;
    }
    return 0;
}

static int write_all(int fd, const unsigned char *bytes, size_t length_bytes, int64_t offset)
{
    size_t done = 0;
    int code = failure_on_request();
    if (code) return code;
    while (done < length_bytes) {
        size_t size = transfer(length_bytes - done);
        ssize_t put = offset < 0 ? write(fd, bytes + done, size)
                                 : pwrite(fd, bytes + done, size, (off_t)offset + (off_t)done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return errno;
        if (put == 0) return EIO;
        done += (size_t)put;
    }
    return 0;
}

int az_system_read_at(int fd, void *bytes, size_t length_bytes, uint64_t offset_bytes, size_t *done)
{
    *done = 0;
    if (offset_bytes > INT64_MAX - length_bytes) return EOVERFLOW;
    return read_all(fd, bytes, length_bytes, (int64_t)offset_bytes, done);
}

int az_system_read(int fd, void *bytes, size_t length_bytes, size_t *done)
{
    return read_all(fd, bytes, length_bytes, -1, done);
}

/* The kernel would send SIGXFSZ, which ends a program that does not expect it. */
static bool exceeds_size_limit(uint64_t end_bytes)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
    return end_bytes > limit.rlim_cur;
}

int az_system_write_at(int fd, const void *bytes, size_t length_bytes, uint64_t offset_bytes)
{
    if (offset_bytes > INT64_MAX - length_bytes) return EFBIG;
    if (exceeds_size_limit(offset_bytes + length_bytes)) return EFBIG;
    return write_all(fd, bytes, length_bytes, (int64_t)offset_bytes);
}

int az_system_write(int fd, const void *bytes, size_t length_bytes)
{
    struct stat about;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
        off_t position = lseek(fd, 0, SEEK_CUR);
        if (position < 0) return errno;
        if (exceeds_size_limit((uint64_t)position + length_bytes)) return EFBIG;
    }
    return write_all(fd, bytes, length_bytes, -1);
}

int az_system_seek(int fd, uint64_t offset_bytes)
{
    if (offset_bytes > INT64_MAX) return EOVERFLOW;
    return lseek(fd, (off_t)offset_bytes, SEEK_SET) < 0 ? errno : 0;
}

static int reserve_by_free_space(int fd, uint64_t length_bytes)
{
    struct statvfs about;
    if (fstatvfs(fd, &about) != 0) return errno;
    if (about.f_frsize && length_bytes / about.f_frsize > about.f_bavail) return ENOSPC;
    return ftruncate(fd, (off_t)length_bytes) == 0 ? 0 : errno;
}

int az_system_reserve(int fd, uint64_t length_bytes)
{
    int code = failure_on_request();
    if (code) return code;
    if (length_bytes > INT64_MAX || exceeds_size_limit(length_bytes)) return EFBIG;
    if (length_bytes == 0) return 0;
    do code = fallocate(fd, 0, 0, (off_t)length_bytes) == 0 ? 0 : errno;
    while (code == EINTR);
    if (code != EOPNOTSUPP && code != ENOSYS) return code;
    return reserve_by_free_space(fd, length_bytes);
}

void az_system_release(int fd, uint64_t offset_bytes, uint64_t length_bytes)
{
    if (length_bytes == 0 || offset_bytes > INT64_MAX - length_bytes) return;
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    while (fallocate(fd, mode, (off_t)offset_bytes, (off_t)length_bytes) != 0 && errno == EINTR) {
    }
}

int az_system_free(int fd, uint64_t *bytes)
{
    struct statvfs about;
    int code = failure_on_request();
    if (code) return code;
    if (fstatvfs(fd, &about) != 0) return errno;
    *bytes = (uint64_t)about.f_bavail * about.f_frsize;
    return 0;
}

int az_system_truncate(int fd, uint64_t length_bytes)
{
    int code = failure_on_request();
    if (code) return code;
    return ftruncate(fd, (off_t)length_bytes) == 0 ? 0 : errno;
}

/* Pipes and some file systems cannot be flushed; there is nothing to lose there. */
static int unless_unsupported(int code) { return code == EINVAL || code == ENOTSUP ? 0 : code; }

int az_system_sync(int fd)
{
    int code = failure_on_request();
    if (code) return code;
    return fsync(fd) == 0 ? 0 : unless_unsupported(errno);
}

int az_system_sync_data(int fd)
{
    int code = failure_on_request();
    if (code) return code;
    return fdatasync(fd) == 0 ? 0 : unless_unsupported(errno);
}

int az_system_rename(const char *from, const char *to)
{
    int code = failure_on_request();
    if (code) return code;
    return rename(from, to) == 0 ? 0 : errno;
}

int az_system_make_directory(const char *path)
{
    int code = failure_on_request();
    if (code) return code;
    return mkdir(path, 0777) == 0 ? 0 : errno;
}

int az_system_lock(int fd)
{
    int code = failure_on_request();
    if (code) return code;
    /* Not flock(2), with which HDF5 keeps readers away from a file that is being written. */
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0) return 0;
    return errno == EAGAIN || errno == EACCES ? EWOULDBLOCK : 0; /* no locks here: without */
}

int az_system_lock_directory(const char *path, int *fd)
{
    int code = az_system_open(path, O_RDONLY | O_DIRECTORY, fd);
    if (code) return code;
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return 0;
    az_system_close(*fd);
    *fd = -1;
    return EWOULDBLOCK;
}
