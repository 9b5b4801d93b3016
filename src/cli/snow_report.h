/* snow_report.h: many trials of snow as a table, files and a figure. */
#ifndef AZ_CLI_SNOW_REPORT_H
#define AZ_CLI_SNOW_REPORT_H

#include "azimuth/simulate.h"
#include "base/raise.h"
#include "cli/simulate_center.h"

struct az_snow_report {
    const char *name; /* "snowball": the stem of the files */
    const struct az_snow *plans;
    size_t plan_count, trials;
    const struct az_snow_trial *results; /* [plan_count][trials] */
    const struct az_snow_law *laws;      /* [plan_count], NULL where no law is known */
    const char *reference;
    const struct az_model_figures *model; /* to compare with */
};

/* The mean of a count over the trials of a plan, and its standard deviation between trials. */
struct az_snow_mean {
    double mean, deviation;
};
enum az_snow_count {
    AZ_SNOW_UNIQUE,
    AZ_SNOW_BLACK_HOLES,
    AZ_SNOW_SINGLETONS,
    AZ_SNOW_IN_BLACK_HOLES,
    AZ_SNOW_LARGEST,
    AZ_SNOW_SECOND,
    AZ_SNOW_MEAN_POPULATION,
    AZ_SNOW_MEDIAN_POPULATION,
    AZ_SNOW_GINI,
    AZ_SNOW_EDGES,
    AZ_SNOW_COMPONENTS,
    AZ_SNOW_LINF_CELLS,
    AZ_SNOW_LINF_W,
    AZ_SNOW_COUNTS
};
/* Trials without the count (NaN, -1) are left out; NaN where none has it. */
struct az_snow_mean az_snow_mean(const struct az_snow_report *report, size_t plan,
                                 enum az_snow_count count);

void az_snow_report_print(const struct az_snow_report *report);
/* directory/NAME_trials.csv, NAME_summary.csv and, for at least two scales, NAME.png with its
 * numbers and script. The directory is made. */
enum az_status az_snow_report_write(const struct az_snow_report *report, const char *directory,
                                    struct az_error *error);

#endif
