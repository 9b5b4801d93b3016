/* galaxy_write.h: the plan of a galaxy as files and as numbers. */
#ifndef AZ_SKY_GALAXY_WRITE_H
#define AZ_SKY_GALAXY_WRITE_H

#include "sky/galaxy_parts.h"

void az_galaxy_tell(struct az_galaxy_truth *truth, const struct az_galaxy_core *core,
                    const struct az_galaxy_plan *plan);
enum az_status az_galaxy_write_plan(const char *path, const struct az_galaxy_options *options,
                                    const struct az_galaxy_core *core,
                                    const struct az_galaxy_plan *plan,
                                    const struct az_galaxy_truth *truth, struct az_error *error);

#endif
