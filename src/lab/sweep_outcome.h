/* sweep_outcome.h: what a run directory of a sweep holds. */
#ifndef AZ_LAB_SWEEP_OUTCOME_H
#define AZ_LAB_SWEEP_OUTCOME_H

#include "azimuth/sweep.h"

/* Fills the outcome from DIRECTORY/run.json: AZ_SWEEP_FOUND where the run came to its end,
 * AZ_SWEEP_WAITING where there is none, or one that was stopped. AZ_USAGE: its parameters are not
 * those of the experiment; AZ_FORMAT: the file is damaged. */
enum az_status az_sweep_outcome_read(struct az_sweep_outcome *outcome, const char *directory,
                                     const struct az_experiment *experiment,
                                     struct az_error *error);

#endif
