/* ledger_report.h: the forms in which `azimuth ledger` tells what it found. */
#ifndef AZ_CLI_LEDGER_REPORT_H
#define AZ_CLI_LEDGER_REPORT_H

#include <stddef.h>

#include "azimuth/ledger.h"
#include "base/raise.h"

struct az_ledger_report {
    const char *path;
    int64_t token; /* followed, or -1 */
    struct az_ledger ledger;
    struct az_ledger_step *steps;
    size_t step_count;
    struct az_ledger_entry *entries; /* [steps][dims] */
    size_t entry_count;
};

/* Reads the recording at report->path; options: without token, step, entry. Free in any case. */
enum az_status az_ledger_report_make(struct az_ledger_report *report,
                                     struct az_ledger_options *options,
                                     struct az_progress *progress, struct az_error *error);
void az_ledger_report_free(struct az_ledger_report *report);

/* To stdout: some steps of dead and live tokens, the causes, the coordinates of the token. */
void az_ledger_report_print(const struct az_ledger_report *report);
enum az_status az_ledger_report_json(const struct az_ledger_report *report, struct az_error *error);
enum az_status az_ledger_report_csv(const struct az_ledger_report *report, const char *path,
                                    struct az_error *error);
enum az_status az_ledger_report_tokens(const struct az_ledger_report *report, const char *path,
                                       struct az_error *error);
enum az_status az_ledger_report_entries(const struct az_ledger_report *report, const char *path,
                                        struct az_error *error);
/* FILE-beside: medians of both runs over one another. */
enum az_status az_ledger_report_draw_beside(const struct az_ledger_report *report,
                                            const struct az_ledger_report *other, const char *file,
                                            struct az_error *error);
enum az_status az_ledger_report_draw(const struct az_ledger_report *report, const char *path,
                                     struct az_error *error);

#endif
