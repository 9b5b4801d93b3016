/* sweep_tables.h: what came out of a sweep, in its directory: sweep.csv, and the same in SQLite. */
#ifndef AZ_CLI_SWEEP_TABLES_H
#define AZ_CLI_SWEEP_TABLES_H

#include "azimuth/sweep.h"

const char *az_sweep_state_name(enum az_sweep_state state);
bool az_sweep_ended(const struct az_sweep_outcome *outcome); /* its numbers are there */
double az_sweep_frozen_share(const struct az_sweep_outcome *outcome);

/* Each prints the name of its file. sweep.db has the tables sweep_runs and sweep_values. */
enum az_status az_sweep_write_csv(const struct az_sweep *sweep,
                                  const struct az_sweep_outcome *outcomes, const char *directory,
                                  struct az_error *error);
enum az_status az_sweep_write_catalog(const struct az_sweep *sweep,
                                      const struct az_sweep_outcome *outcomes,
                                      const char *directory, struct az_error *error);

#endif
