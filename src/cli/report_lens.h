/* report_lens.h: the parts of a report that come from looking at the recording. */
#ifndef AZ_CLI_REPORT_LENS_H
#define AZ_CLI_REPORT_LENS_H

#include "azimuth/progress.h"
#include "azimuth/report.h"
#include "base/raise.h"

struct az_report_source {
    const char *directory; /* of the run */
    const char *figures;   /* folder of the pictures */
    int threads;
    struct az_progress *progress;
};

/* Each adds its section; where the recording does not have what it needs, a line that says so. */
enum az_status az_report_add_lens(struct az_report *report, const struct az_report_source *source,
                                  struct az_error *error);
enum az_status az_report_add_forces(struct az_report *report, const struct az_report_source *source,
                                    struct az_error *error);
enum az_status az_report_add_hidden(struct az_report *report, const struct az_report_source *source,
                                    struct az_error *error);
enum az_status az_report_add_structure(struct az_report *report,
                                       const struct az_report_source *source,
                                       struct az_error *error);

#endif
