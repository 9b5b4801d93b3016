/* metrics.h: metrics.csv, a row for each step.
 *
 * Columns: step; loss (mean over the step's positions, before the update); lr; clip (coefficient
 * that the gradient was multiplied by, 1 where clipping is off or did not bite); dead_moving_share
 * (share of dead tokens that moved at this step, empty where none is dead); quantiles of their L1
 * and Linf and of the drive ratio of their coordinates, at the steps of az_train_live_is_due;
 * h_autocorrelation, h_mean_norm and h_resultant_length at each step; the cosines of h_dead, h_mean
 * and the dead centroid's motion at those steps (train_live.h); steps_per_second (over the last
 * AZ_METRICS_WINDOW steps). */
#ifndef AZ_LAB_METRICS_H
#define AZ_LAB_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/raise.h"
#include "lab/train_live.h"

#define AZ_METRICS_WINDOW 32

struct az_metrics_row {
    int64_t step;
    float loss, clip;
    double lr;
    size_t dead, moved;
    const struct az_train_live *live;
};

struct az_metrics;
/* The file has its name from the start, and each row is in it as soon as it is given. */
enum az_status az_metrics_create(struct az_metrics **metrics, const char *path,
                                 struct az_error *error);
/* Goes on with one that has the rows of `steps` steps; what is behind them is cut off. */
enum az_status az_metrics_reopen(struct az_metrics **metrics, const char *path, int64_t steps,
                                 struct az_error *error);
enum az_status az_metrics_sync(struct az_metrics *metrics, struct az_error *error);
enum az_status az_metrics_add(struct az_metrics *metrics, const struct az_metrics_row *row,
                              struct az_error *error);
enum az_status az_metrics_commit(struct az_metrics *metrics, struct az_error *error); /* frees */
void az_metrics_abort(struct az_metrics *metrics); /* NULL is allowed */

#endif
