/* system.h: the system calls of the store, in one place, so that tests can make any of them fail.
 *
 * Every function returns 0 or an errno value. Reads and writes go on after short counts and
 * interruptions until all is done. */
#ifndef AZ_STORE_SYSTEM_H
#define AZ_STORE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stat;

/* flags as for open(2); O_CLOEXEC is added. New files get mode 0666 less the umask. */
int az_system_open(const char *path, int flags, int *fd);
int az_system_close(int fd); /* -1 is allowed */
int az_system_stat(int fd, struct stat *about);

/* *done < length_bytes only at the end of the file. */
int az_system_read_at(int fd, void *bytes, size_t length_bytes, uint64_t offset_bytes,
                      size_t *done);
int az_system_write_at(int fd, const void *bytes, size_t length_bytes, uint64_t offset_bytes);
/* Without a position, for pipes and terminals as well as files. */
int az_system_read(int fd, void *bytes, size_t length_bytes, size_t *done);
int az_system_write(int fd, const void *bytes, size_t length_bytes);
int az_system_seek(int fd, uint64_t offset_bytes); /* where the next az_system_write goes */

/* Makes the file length_bytes long with its blocks reserved, so that later writes cannot find the
 * disk full. Where the file system cannot reserve, compares with the free space instead. A limit on
 * the size of files (ulimit -f) gives EFBIG, without the signal. */
int az_system_reserve(int fd, uint64_t length_bytes);
/* Gives blocks of a file back, which then reads as zeros there; its length stays. Where the file
 * system cannot do that, nothing happens. */
void az_system_release(int fd, uint64_t offset_bytes, uint64_t length_bytes);
/* What a user may still write to the file's disk. */
int az_system_free(int fd, uint64_t *bytes);
int az_system_truncate(int fd, uint64_t length_bytes);
int az_system_sync(int fd);      /* data and metadata */
int az_system_sync_data(int fd); /* data, and what is needed to read them back */
int az_system_rename(const char *from, const char *to);
int az_system_make_directory(const char *path);
int az_system_lock(int fd); /* exclusive, of the open file; EWOULDBLOCK when another has it */
/* Opens a directory and locks it for this process; EWOULDBLOCK when another has it. Closing
 * unlocks.
 */
int az_system_lock_directory(const char *path, int *fd);

/* For fault tests: the nth call from now (1 is the next) fails with `code`, and so do all after it,
 * or with _once only that one; n = 0 turns it off. Closing and removing never fail on request. */
void az_system_fail_after(size_t n, int code);
void az_system_fail_once(size_t n, int code);
/* Likewise the nth call ends the process by SIGKILL; how many calls there were so far. */
void az_system_kill_after(size_t n);
size_t az_system_calls(void);
bool az_system_fail_pending(void); /* a failure asked for has not come yet */

#endif
