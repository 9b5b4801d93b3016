/* report_run.h: what a run directory says of itself, as texts for a report. */
#ifndef AZ_CLI_REPORT_RUN_H
#define AZ_CLI_REPORT_RUN_H

#include "azimuth/report.h"
#include "base/raise.h"

struct json_t;

struct az_report_run {
    const char *directory;
    struct json_t *manifest; /* run.json */
    char name[256], question[1024], facts[512];
};

/* Reads run.json. AZ_MISSING: no run, or one that has not ended. Free in any case. */
enum az_status az_report_run_read(struct az_report_run *run, const char *directory,
                                  struct az_error *error);
void az_report_run_free(struct az_report_run *run);

const char *az_report_run_fingerprint(const struct az_report_run *run);
/* The numbers of the run, with their definitions. */
void az_report_run_numbers(const struct az_report_run *run, struct az_report *report);
/* Every parameter, what it takes to make the run again. */
void az_report_run_parameters(const struct az_report_run *run, struct az_report *report);

#endif
