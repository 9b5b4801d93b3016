/* profile.h: where the time of a run went. */
#ifndef AZ_CLI_PROFILE_H
#define AZ_CLI_PROFILE_H

#include "azimuth/train.h"

/* A table on stdout: each phase of the loop, nanoseconds a step and share; then what runs beside
 * the loop, and what came before and after it. */
void az_profile_print(const struct az_train_result *result);

/* Seconds of the loop that no phase accounts for. */
double az_profile_other_seconds(const struct az_train_result *result);

#endif
