#include "lab/metrics.h"

#include <math.h>

#include "base/clock.h"
#include "base/memory.h"
#include "store/csv.h"

struct az_metrics {
    struct az_csv *csv;
    int64_t rows;
    int64_t times_ns[AZ_METRICS_WINDOW + 1]; /* of row n at n mod this: 0 is the start */
};

#define HEADER                                                                                     \
    "step,loss,lr,clip,dead_moving_share,dead_l1_median_cells,dead_l1_q99_cells,"                  \
    "dead_linf_median_cells,dead_linf_q99_cells,dead_drive_median,dead_drive_q99,"                 \
    "h_autocorrelation,h_mean_norm,h_resultant_length,cos_h_dead_h_mean,cos_h_mean_minus_dc,"      \
    "cos_h_dead_minus_dc,steps_per_second"

/* steps: -1 for a new file. */
static enum az_status open_file(struct az_metrics **metrics_pointer, const char *path,
                                int64_t steps, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_metrics *metrics = NULL;
    *metrics_pointer = NULL;
    AZ_TRY(az_memory_allocate(&metrics, 1, sizeof *metrics, "the metrics", error));
    AZ_TRY(steps < 0 ? az_csv_create(&metrics->csv, path, AZ_CSV_LIVE, HEADER, error)
                     : az_csv_reopen(&metrics->csv, path, HEADER, steps, error));
    metrics->times_ns[0] = az_clock_ns();
    *metrics_pointer = metrics;
out:
    if (status != AZ_OK) az_metrics_abort(metrics);
    return status;
}

enum az_status az_metrics_create(struct az_metrics **metrics, const char *path,
                                 struct az_error *error)
{
    return open_file(metrics, path, -1, error);
}

enum az_status az_metrics_reopen(struct az_metrics **metrics, const char *path, int64_t steps,
                                 struct az_error *error)
{
    return open_file(metrics, path, steps, error);
}

enum az_status az_metrics_sync(struct az_metrics *metrics, struct az_error *error)
{
    return az_csv_sync(metrics->csv, error);
}

static double steps_per_second(struct az_metrics *metrics)
{
    int64_t now_ns = az_clock_ns(), row = ++metrics->rows;
    int64_t steps = row < AZ_METRICS_WINDOW ? row : AZ_METRICS_WINDOW;
    int64_t since_ns = now_ns - metrics->times_ns[(row - steps) % (AZ_METRICS_WINDOW + 1)];
    metrics->times_ns[row % (AZ_METRICS_WINDOW + 1)] = now_ns;
    return since_ns > 0 ? (double)steps * 1e9 / (double)since_ns : 0;
}

/* A NaN is a field without a value. */
static void add_measure(struct az_csv *csv, double value)
{
    isnan(value) ? az_csv_empty(csv) : az_csv_f32(csv, (float)value);
}

enum az_status az_metrics_add(struct az_metrics *metrics, const struct az_metrics_row *row,
                              struct az_error *error)
{
    az_csv_integer(metrics->csv, row->step);
    az_csv_f32(metrics->csv, row->loss);
    az_csv_f64(metrics->csv, row->lr);
    az_csv_f32(metrics->csv, row->clip);
    if (row->dead)
        az_csv_f32(metrics->csv, (float)((double)row->moved / (double)row->dead));
    else
        az_csv_empty(metrics->csv);
    const struct az_train_live *live = row->live;
    add_measure(metrics->csv, live->l1_median_cells);
    add_measure(metrics->csv, live->l1_q99_cells);
    add_measure(metrics->csv, live->linf_median_cells);
    add_measure(metrics->csv, live->linf_q99_cells);
    add_measure(metrics->csv, live->drive_median);
    add_measure(metrics->csv, live->drive_q99);
    add_measure(metrics->csv, live->h_autocorrelation);
    add_measure(metrics->csv, live->h_mean_norm);
    add_measure(metrics->csv, live->h_resultant_length);
    add_measure(metrics->csv, live->cos_h_dead_h_mean);
    add_measure(metrics->csv, live->cos_h_mean_minus_dc);
    add_measure(metrics->csv, live->cos_h_dead_minus_dc);
    az_csv_f32(metrics->csv, (float)steps_per_second(metrics));
    return az_csv_end(metrics->csv, error);
}

enum az_status az_metrics_commit(struct az_metrics *metrics, struct az_error *error)
{
    enum az_status status = az_csv_commit(metrics->csv, error);
    az_memory_free(metrics);
    return status;
}

void az_metrics_abort(struct az_metrics *metrics)
{
    if (!metrics) return;
    az_csv_abort(metrics->csv);
    az_memory_free(metrics);
}
