/* usage_report.h: what `azimuth tokenizer usage` prints, writes and draws. */
#ifndef AZ_CLI_USAGE_REPORT_H
#define AZ_CLI_USAGE_REPORT_H

#include <stdbool.h>

#include "azimuth/hash.h"
#include "azimuth/tokens.h"
#include "azimuth/usage.h"

struct az_usage_set {
    const char *name;
    uint8_t *member; /* [rows] */
};

struct az_usage_report {
    struct az_usage usage;
    struct az_tokens tokens; /* surveyed */
    struct az_usage_set *sets;
    size_t set_count;
};

enum az_status az_usage_report_print(const struct az_usage_report *report, struct az_error *error);
enum az_status az_usage_report_json(const struct az_usage_report *report, struct az_error *error);
/* id,text,script,class,count */
enum az_status az_usage_report_csv(const struct az_usage_report *report, const char *path,
                                   struct az_error *error);
/* AZ_USAGE where no token occurs. */
enum az_status az_usage_report_figure(const struct az_usage_report *report, const char *path,
                                      struct az_error *error);

/* Hash of an input's bytes: of a file, or, with text, of a built-in text. */
enum az_status az_usage_hash(const char *name, bool text, struct az_hash *hash,
                             struct az_error *error);

#endif
