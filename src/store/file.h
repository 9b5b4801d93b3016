/* file.h: whole files: read at once, written under a temporary name and renamed when complete. */
#ifndef AZ_STORE_FILE_H
#define AZ_STORE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/raise.h"

/* *text = the file's bytes and a terminating 0; free with az_memory_free. A file larger than
 * limit_bytes (0: none) is AZ_FORMAT. Pipes and devices are read to their end. */
enum az_status az_file_read(const char *path, size_t limit_bytes, char **text, size_t *length_bytes,
                            struct az_error *error);

/* Writes path + ".part", flushes it to disk, renames it to path. On failure path is untouched and
 * no .part is left. A path that is a pipe or a device is written to as it is. */
enum az_status az_file_write(const char *path, const void *bytes, size_t length_bytes,
                             struct az_error *error);

enum az_status az_directory_create(const char *path, struct az_error *error); /* parents too */
bool az_file_exists(const char *path);
bool az_file_is_directory(const char *path);

/* "DIRECTORY/NAME" into a buffer; AZ_USAGE when it does not fit. */
enum az_status az_path_join(char *path, size_t capacity_bytes, const char *directory,
                            const char *name, struct az_error *error);

/* A file on its way: path + ".part", locked against other writers, which takes its name when it is
 * complete. A process that is killed leaves the .part and nothing under the final name. */
struct az_part {
    int fd;
    bool direct; /* path is a pipe or a device: no temporary name */
    char *path, *part;
};

/* Empties a .part left behind. When another process holds it, waits up to two seconds, then AZ_IO.
 * regular: a pipe or device is AZ_USAGE. */
enum az_status az_part_open(struct az_part *part, const char *path, bool regular,
                            struct az_error *error);
/* The .part as it was left, with everything in it. AZ_MISSING when there is none. */
enum az_status az_part_reopen(struct az_part *part, const char *path, struct az_error *error);
/* Flushes `with`, which was opened for the name of part's .part, and lets it take the place of the
 * .part: whenever the program stops, the name leads to the old one or the new one, whole. part goes
 * on with the new file; with is emptied. On failure both stay as they are. */
enum az_status az_part_replace(struct az_part *part, struct az_part *with, struct az_error *error);
/* Flushes file and directory and renames. On failure the .part stays: abort or close it. */
enum az_status az_part_commit(struct az_part *part, struct az_error *error);
void az_part_close(struct az_part *part); /* keeps the .part */
void az_part_abort(
    struct az_part *part); /* removes the .part; a zeroed or closed part is allowed */

#endif
