/* plot.h: the figure of a run's metrics: loss, and dead tokens in motion. */
#ifndef AZ_CLI_PLOT_H
#define AZ_CLI_PLOT_H

#include <stddef.h>

#include "base/raise.h"
#include "store/table.h"

#define AZ_PLOT_RUNS 6 /* in a panel: the colours of the palette */

struct az_plot_run {
    struct az_table metrics;
    char name[256];
};

/* Reads DIRECTORY/metrics.csv; name: NULL takes the last part of the path. Free in any case. */
enum az_status az_plot_read(struct az_plot_run *run, const char *directory, const char *name,
                            struct az_error *error);
void az_plot_free(struct az_plot_run *run);

/* Loss and motion, at most AZ_PLOT_RUNS runs over one another. */
enum az_status az_plot_training(const struct az_plot_run *runs, size_t count, const char *path,
                                struct az_error *error);

/* Motion only, a panel for each group of runs: group[count] numbers the panel of each run, titles
 * are theirs. A group of more than AZ_PLOT_RUNS takes several panels. */
enum az_status az_plot_groups(const struct az_plot_run *runs, size_t count, const size_t *group,
                              const char *const *titles, const char *path, struct az_error *error);

#endif
