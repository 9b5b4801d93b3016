/* scratch.h: a directory for what nobody will want later. */
#ifndef AZ_STORE_SCRATCH_H
#define AZ_STORE_SCRATCH_H

#include "base/raise.h"

#define AZ_SCRATCH_BYTES 512

/* Makes a directory under $TMPDIR, or /tmp. */
enum az_status az_scratch_create(char path[AZ_SCRATCH_BYTES], struct az_error *error);

/* Removes a directory with all that is in it; links are not followed. What is not there is no
 * error. */
enum az_status az_scratch_remove(const char *path, struct az_error *error);

#endif
