/* verify_lists.h: are the lists of a recording, which have no sums, what the rest of it says? */
#ifndef AZ_LENS_VERIFY_LISTS_H
#define AZ_LENS_VERIFY_LISTS_H

#include <stdbool.h>
#include <stddef.h>

#include "azimuth/recording.h"

/* Steps, tokens, dead and live tokens; false: reason says which is not. */
bool az_verify_lists(const struct az_recording *recording, char *reason, size_t capacity_bytes);

#endif
