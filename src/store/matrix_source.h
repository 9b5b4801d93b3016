/* matrix_source.h: what holds the bytes of an open matrix, and the ways to open one. */
#ifndef AZ_STORE_MATRIX_SOURCE_H
#define AZ_STORE_MATRIX_SOURCE_H

#include "azimuth/matrix.h"
#include "azimuth/recording.h"
#include "store/matrix_find.h"

struct az_matrix_source {
    struct az_safetensors *file;
    struct az_recording *recording;
    void *map; /* of an npy file */
    size_t map_bytes;
    void *copy; /* of a frame that could not be mapped */
    int64_t *token_ids;
};

/* Each fills matrix and its source from a path; the place of errors is set by the caller. */
enum az_status az_matrix_from_safetensors(struct az_matrix *matrix, const char *path,
                                          const struct az_matrix_name *name,
                                          struct az_error *error);
enum az_status az_matrix_from_index(struct az_matrix *matrix, const char *path,
                                    const struct az_matrix_name *name, struct az_error *error);
enum az_status az_matrix_from_recording(struct az_matrix *matrix, const char *path,
                                        const struct az_matrix_name *name, struct az_error *error);

/* Takes shape, type and data of a tensor. AZ_FORMAT when it is no matrix that is read. */
enum az_status az_matrix_take(struct az_matrix *matrix, const struct az_tensor *tensor,
                              struct az_error *error);
void az_matrix_set_path(struct az_matrix *matrix, const char *path);

#endif
