/* recording_foreign.h: what the notebooks' files mean without saying it.
 *
 * Their containers often lack bf16, so a movie of uint16 holds the bits of bf16 numbers; and files
 * of dead rows only keep the rows' tokens in dead_indices, which stands beside them. Files that
 * list their movies in the metadata are ours and say everything themselves. */
#ifndef AZ_STORE_RECORDING_FOREIGN_H
#define AZ_STORE_RECORDING_FOREIGN_H

#include "store/recording_state.h"

/* The type that the bytes of a movie have: BF16 where a tensor known by name is U16. */
enum az_dtype az_foreign_dtype(const struct az_tensor *source);

/* The tokens of a movie's rows: the list dead_indices when it is as long as the frame and the
 * vocabulary, where it is known, is longer; NULL where the frame has all rows. *ids is from
 * az_memory_allocate. AZ_FORMAT when such a list is not ascending. */
enum az_status az_foreign_token_ids(const struct az_container_functions *container,
                                    const struct az_container_file *file, int64_t rows,
                                    int64_t **ids, struct az_error *error);

/* Movie number n is of a kind that has no frame of the start (h, h_mean), and yet it has as many
 * frames as one that begins there, as W does: then its frame 0 is one of the start, too. */
bool az_foreign_has_start(const struct az_recording *recording, size_t n);

#endif
