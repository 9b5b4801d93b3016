/* recording_names.h: the words of a recording: metadata keys, companions, what is known by name. */
#ifndef AZ_STORE_RECORDING_NAMES_H
#define AZ_STORE_RECORDING_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/recording.h"

#define AZ_RECORDING_FORMAT "azimuth-recording-1"

/* Metadata that the writer adds; the note comes first, so that it lies within the first sector of
 * the file and is written whole or not at all. */
#define AZ_RECORDING_NOTE_KEY "recorded_through_step"
#define AZ_RECORDING_NOTE_BYTES 32
#define AZ_RECORDING_FORMAT_KEY "format"
#define AZ_RECORDING_MOVIES_KEY "movies"

#define AZ_RECORDING_STEPS_SUFFIX ".steps"
#define AZ_RECORDING_IDS_SUFFIX ".token_ids"
#define AZ_RECORDING_SUMS_SUFFIX ".sums"

/* A list of steps, rows or sums that a reader may be asked to hold. */
#define AZ_RECORDING_LIST_BYTES ((uint64_t)1 << 30)

/* A frame that a reader may be asked to hold. */
#define AZ_RECORDING_FRAME_BYTES ((uint64_t)8 << 30)

/* What a tensor of this name has by definition; NULL for names that mean nothing beforehand. */
struct az_known_movie {
    const char *name;
    int frame_rank;
    int64_t first_step; /* of a movie without steps */
    const char *parent; /* the weights whose frame shape it has; NULL: none */
};
const struct az_known_movie *az_known_movie(const char *name);
int64_t az_known_first_step(const char *name);

/* Names that mean the same number, the experiment file's first, ended by NULL; NULL when none is
 * `name`. */
const char *const *az_number_synonyms(const char *name);

/* A 0-d number, or one of one element; a float32 is taken for the decimal that was meant. False
 * where it is none. */
bool az_recording_scalar(const struct az_tensor *tensor, double *value);

/* NAME + suffix into text; false when it does not fit. */
bool az_companion_name(char text[AZ_TENSOR_NAME_BYTES], const char *name, const char *suffix);

#endif
