/* matrix_find.h: which matrix a name means: the parts of PATH@TENSOR:STEP, and the tensors that are
 * looked for when none is named. */
#ifndef AZ_STORE_MATRIX_FIND_H
#define AZ_STORE_MATRIX_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/safetensors.h"

#define AZ_MATRIX_LAST_STEP (-1)

struct az_matrix_name {
    char *path;                        /* az_memory_free */
    char tensor[AZ_TENSOR_NAME_BYTES]; /* "": find it */
    bool has_step;
    int64_t step;
};

/* AZ_USAGE: a tensor's name that is too long, a step that is none. Free path in any case. */
enum az_status az_matrix_name_parse(struct az_matrix_name *parts, const char *name,
                                    struct az_error *error);

/* The first known name for which `has` is true, and in *other the known embedding beside an
 * unembedding (or NULL). NULL when there is none. */
const char *az_matrix_known_tensor(bool (*has)(const void *context, const char *name),
                                   const void *context, const char **other);

/* True for BF16, F16, F32 and U16 with two dimensions. */
bool az_matrix_is_one(const struct az_tensor *tensor);

#endif
