/* token_arrays.h: a safetensors file of [steps][rows] arrays, written a block of steps at a time.
 */
#ifndef AZ_LENS_TOKEN_ARRAYS_H
#define AZ_LENS_TOKEN_ARRAYS_H

#include "azimuth/lens.h"
#include "store/safetensors_writer.h"

struct az_token_array {
    const char *name;
    bool is_float; /* F32, else I32 */
};

struct az_token_arrays;

/* steps: [count], of the arrays' first axis. The file also has steps, token_ids, and `last`, I64
 * [rows][columns] (columns 1: [rows]), which comes at the end. */
enum az_status az_token_arrays_create(struct az_token_arrays **arrays, const char *path,
                                      const char *const *metadata,
                                      const struct az_lens_subject *subject, const int64_t *steps,
                                      int64_t count, const struct az_token_array *table,
                                      size_t table_count, const char *last, int64_t columns,
                                      struct az_error *error);
/* Steps number..number + count - 1 of array n: [count][rows]. */
enum az_status az_token_arrays_write(struct az_token_arrays *arrays, size_t n, int64_t number,
                                     const uint32_t *keys, int64_t count, struct az_error *error);
/* Completes the file with `last`; frees. */
enum az_status az_token_arrays_commit(struct az_token_arrays *arrays, const int64_t *last,
                                      struct az_error *error);
void az_token_arrays_abort(struct az_token_arrays *arrays); /* NULL is allowed */

#endif
