/* usage_report.h: what `azimuth tokenizer usage` prints, writes and draws. */
#ifndef AZ_CLI_USAGE_REPORT_H
#define AZ_CLI_USAGE_REPORT_H

#include "azimuth/tokens.h"
#include "azimuth/usage.h"
#include "store/catalog.h"

struct az_usage_set {
    const char *name;
    uint8_t *member; /* [rows] */
};

/* A line of the table: a set and its share. */
struct az_usage_line {
    const char *name, *kind; /* kind: "all", "class", "script", "set" */
    struct az_usage_share share;
};

struct az_usage_report {
    struct az_usage usage;
    struct az_tokens tokens; /* surveyed */
    struct az_usage_set *sets;
    size_t set_count;
    struct az_usage_line *lines; /* all rows, the groups by their rows, the sets */
    size_t line_count;
};

/* Fills lines. */
enum az_status az_usage_report_make(struct az_usage_report *report, struct az_error *error);
void az_usage_report_free(struct az_usage_report *report); /* zeroed is allowed */

void az_usage_report_print(const struct az_usage_report *report);
enum az_status az_usage_report_json(const struct az_usage_report *report, struct az_error *error);

/* id,text,script,class,count */
enum az_status az_usage_report_csv(const struct az_usage_report *report, const char *path,
                                   struct az_error *error);
/* The tables usage, usage_sets and usage_set_tokens. */
enum az_status az_usage_report_catalog(const struct az_usage_report *report, const char *path,
                                       const struct az_catalog_provenance *provenance,
                                       struct az_error *error);
/* AZ_USAGE where no token occurs. */
enum az_status az_usage_report_figure(const struct az_usage_report *report, const char *path,
                                      struct az_error *error);

#endif
