/* file.h: whole files: read at once, written under a temporary name and renamed when complete. */
#ifndef AZ_STORE_FILE_H
#define AZ_STORE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/raise.h"

/* *text = the file's bytes and a terminating 0; free with az_memory_free. A file larger than
 * limit_bytes (0: none) is AZ_FORMAT. */
enum az_status az_file_read(const char *path, size_t limit_bytes, char **text, size_t *length_bytes,
                            struct az_error *error);

/* Writes path + ".part", flushes it to disk, renames it to path. On failure path is untouched and
 * no .part is left. */
enum az_status az_file_write(const char *path, const void *bytes, size_t length_bytes,
                             struct az_error *error);

enum az_status az_directory_create(const char *path, struct az_error *error); /* parents too */
bool az_file_exists(const char *path);

/* "DIRECTORY/NAME" into a buffer; AZ_USAGE when it does not fit. */
enum az_status az_path_join(char *path, size_t capacity_bytes, const char *directory,
                            const char *name, struct az_error *error);

#endif
