/* matrix_index.h: model.safetensors.index.json, which says in which shard of a checkpoint each
 * tensor is. */
#ifndef AZ_STORE_MATRIX_INDEX_H
#define AZ_STORE_MATRIX_INDEX_H

#include <stddef.h>

#include "base/raise.h"

#define AZ_MATRIX_INDEX_NAME "model.safetensors.index.json"

struct az_matrix_index {
    struct az_matrix_shard {
        const char *tensor, *file; /* file: a plain name within the index's directory */
    } * shards;                    /* in the order of the file */
    size_t count;
    void *json;
};

/* name: of the text, for errors. Refused: no weight_map, entries that are no file names, names that
 * lead out of the directory. Free in any case. */
enum az_status az_matrix_index_parse(struct az_matrix_index *index, const char *name,
                                     const char *text, size_t length_bytes, struct az_error *error);
enum az_status az_matrix_index_read(struct az_matrix_index *index, const char *path,
                                    struct az_error *error);
void az_matrix_index_free(struct az_matrix_index *index);

/* NULL when there is none of that name. */
const char *az_matrix_index_file(const struct az_matrix_index *index, const char *tensor);
/* "a, b, c and 7 more" */
void az_matrix_index_list(const struct az_matrix_index *index, char *text, size_t capacity_bytes);

#endif
