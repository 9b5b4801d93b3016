/* preset.h: the experiment files that come with the program. */
#ifndef AZ_CLI_PRESET_H
#define AZ_CLI_PRESET_H

#include <stddef.h>

#include "azimuth/experiment.h"
#include "base/raise.h"

/* Reads a preset by its name ("thimble-1"), from experiments/ in the working directory or else from
 * where they were installed; or any experiment file by its path (with a slash or ending in .conf).
 */
enum az_status az_preset_read(struct az_experiment *experiment, const char *name,
                              struct az_error *error);

/* Calls visit with the name of every preset, in order of the alphabet. AZ_MISSING: no folder. */
enum az_status az_preset_visit(enum az_status (*visit)(void *context, const char *name,
                                                       struct az_error *error),
                               void *context, struct az_error *error);

#endif
