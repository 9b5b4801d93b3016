/* account_report.h: the forms in which `azimuth account` tells what it found. */
#ifndef AZ_CLI_ACCOUNT_REPORT_H
#define AZ_CLI_ACCOUNT_REPORT_H

#include <stddef.h>

#include "azimuth/account.h"
#include "base/raise.h"

struct az_account_report {
    const char *path;   /* of the recording */
    const char *matrix; /* "W" or "U" */
    struct az_account_result result;
    struct az_account_step *steps;
    size_t step_count;
};

/* To stdout: the first and last 20 steps of all tokens, sums for all, dead and live, the verdict.
 */
void az_account_report_print(const struct az_account_report *report);
/* To stdout: everything, as one JSON object. */
enum az_status az_account_report_json(const struct az_account_report *report,
                                      struct az_error *error);
/* A row for each step and set. */
enum az_status az_account_report_csv(const struct az_account_report *report, const char *path,
                                     struct az_error *error);
/* Change of the matrix with what of it is not predicted, their ratio, components that differ. */
enum az_status az_account_report_draw(const struct az_account_report *report, const char *file,
                                      struct az_error *error);

#endif
