/* container.h: what a recording needs from the file format that holds it.
 *
 * One row of functions for each format; recordings know nothing else of it. */
#ifndef AZ_STORE_CONTAINER_H
#define AZ_STORE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/experiment.h"
#include "azimuth/recording.h"
#include "azimuth/safetensors.h"

/* A file of the format, open for reading or for writing. */
struct az_container_file;

struct az_container_functions {
    enum az_container kind;
    const char *file_name; /* in a run directory */
    bool takes_changes;    /* reopen: parameters and the number of frames may have changed */

    /* Reading. Tensors and metadata are borrowed until close; a tensor's `data` is there whenever
     * it has no more than one dimension. read: the box of the tensor that begins at begin[rank] and
     * has size[rank], within its shape, packed. */
    enum az_status (*open)(struct az_container_file **file, const char *path,
                           struct az_error *error);
    void (*close)(struct az_container_file *file);
    size_t (*count)(const struct az_container_file *file);
    const struct az_tensor *(*at)(const struct az_container_file *file, size_t index);
    const struct az_tensor *(*find)(const struct az_container_file *file, const char *name);
    const char *(*metadata)(const struct az_container_file *file, const char *key);
    bool (*metadata_at)(const struct az_container_file *file, size_t index, const char **key,
                        const char **value);
    /* The leading dimension that the tensor is to have in the end; NULL: what it has. */
    int64_t (*planned)(const struct az_container_file *file, const struct az_tensor *tensor);
    enum az_status (*read)(const struct az_container_file *file, const struct az_tensor *tensor,
                           const int64_t *begin, const int64_t *size, void *bytes,
                           struct az_error *error);

    /* Writing, as in safetensors.h. reopen: PATH.part, which was created with the same tensors and
     * metadata, without touching what is in it; keep[count]: the leading dimensions that are wanted
     * of it. */
    enum az_status (*plan_bytes)(struct az_tensor *tensors, size_t count,
                                 const char *const *metadata, enum az_compression compression,
                                 uint64_t *bytes, struct az_error *error);
    /* Of the writer, in bytes; NULL: next to nothing. */
    uint64_t (*plan_memory)(const struct az_tensor *tensors, size_t count,
                            enum az_compression compression);
    enum az_status (*create)(struct az_container_file **file, const char *path,
                             struct az_tensor *tensors, size_t count, const char *const *metadata,
                             enum az_compression compression, struct az_error *error);
    enum az_status (*reopen)(struct az_container_file **file, const char *path,
                             struct az_tensor *tensors, size_t count, const char *const *metadata,
                             enum az_compression compression, const int64_t *keep,
                             struct az_error *error);
    enum az_status (*write)(struct az_container_file *file, size_t index, uint64_t offset_bytes,
                            const void *bytes, size_t length_bytes, struct az_error *error);
    enum az_status (*amend)(struct az_container_file *file, const char *key, const char *value,
                            struct az_error *error);
    /* What was written so far is on the disk; all = false: as much of it as costs little. */
    enum az_status (*sync)(struct az_container_file *file, bool all, struct az_error *error);
    /* Leading entries of a tensor that the last sync made whole; NULL: all that were written. */
    int64_t (*whole)(struct az_container_file *file, size_t index);
    /* NULL: the room was reserved. */
    enum az_status (*room)(struct az_container_file *file, struct az_recording_room *room,
                           struct az_error *error);
    enum az_status (*shrink)(struct az_container_file *file, const int64_t *leading_dims,
                             struct az_error *error);
    enum az_status (*commit)(struct az_container_file *file, struct az_error *error);
    void (*leave)(struct az_container_file *file);
    void (*abort)(struct az_container_file *file);
};

extern const struct az_container_functions az_container_safetensors;
extern const struct az_container_functions az_container_hdf5;

/* NULL when this build cannot write the format. */
const struct az_container_functions *az_container_of(enum az_container kind);

/* The row for a file, by its first bytes; AZ_UNSUPPORTED names a format that is known but not read.
 */
enum az_status az_container_recognise(const char *path,
                                      const struct az_container_functions **functions,
                                      struct az_error *error);

/* The recording within a run directory. *path: from az_memory_allocate. */
enum az_status az_container_find(const char *directory, char **path, struct az_error *error);

#endif
