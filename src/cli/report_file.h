/* report_file.h: what a recording says of itself where no run directory is about it: files that
 * PyTorch or the notebooks wrote, copies. As texts for a report. */
#ifndef AZ_CLI_REPORT_FILE_H
#define AZ_CLI_REPORT_FILE_H

#include "azimuth/recording.h"
#include "azimuth/report.h"
#include "base/raise.h"

struct az_report_file {
    struct az_recording *recording;
    const char *path;
    char name[256], facts[512];
};

/* Opens it. Free in any case. */
enum az_status az_report_file_read(struct az_report_file *file, const char *path,
                                   struct az_error *error);
void az_report_file_free(struct az_report_file *file);

/* Steps, loss, vocabulary, dead tokens: as far as the file tells. */
enum az_status az_report_file_numbers(const struct az_report_file *file, struct az_report *report,
                                      struct az_error *error);
/* The section on training: losses against the step, drawn to `picture`. Nothing without losses. */
enum az_status az_report_file_training(const struct az_report_file *file, struct az_report *report,
                                       const char *picture, struct az_error *error);
/* Every number and text that stands beside the frames. */
enum az_status az_report_file_parameters(const struct az_report_file *file,
                                         struct az_report *report, struct az_error *error);

#endif
