/* lifecycle_report.h: what `azimuth lifecycle` prints, writes and draws. */
#ifndef AZ_CLI_LIFECYCLE_REPORT_H
#define AZ_CLI_LIFECYCLE_REPORT_H

#include "azimuth/lifecycle.h"
#include "azimuth/tokenizer.h"
#include "cli/lens_common.h"

struct az_lifecycle_report {
    const struct az_lens *lens;
    const struct az_lens_request *request;
    const struct az_tokenizer *tokenizer; /* NULL: not known */
    struct az_straggling straggling;
};

void az_lifecycle_print(const struct az_lifecycle_report *report);
enum az_status az_lifecycle_print_json(const struct az_lifecycle_report *report,
                                       struct az_error *error);
/* A row for each token; each set and step; each straggler. */
enum az_status az_lifecycle_csv(const struct az_lifecycle_report *report, const char *path,
                                struct az_error *error);
enum az_status az_lifecycle_steps_csv(const struct az_lifecycle_report *report, const char *path,
                                      struct az_error *error);
enum az_status az_lifecycle_stragglers_csv(const struct az_lifecycle_report *report,
                                           const char *path, struct az_error *error);
enum az_status az_lifecycle_draw(const struct az_lifecycle_report *report, const char *file,
                                 struct az_error *error);

/* FILE-worldlines: rows of the tokens that freeze last, and of some at the median: norm against the
 * step, coordinates of one of them, distance to the last place. */
enum az_status az_lifecycle_draw_worldlines(const struct az_lifecycle_report *report,
                                            const char *title, const char *file,
                                            struct az_error *error);

/* The token's bytes for people, its script; "" and "-" where they are not known. Returns the number
 * of bytes, -1 where that is not known. */
int64_t az_lifecycle_token_text(const struct az_lifecycle_report *report, int64_t token, char *text,
                                size_t capacity_bytes, const char **script);
/* Its bytes in hexadecimal, as azimuth tokenizer survey writes them; "" where they are not known.
 * What does not fit is cut, and ends in "..". */
void az_lifecycle_token_hex(const struct az_lifecycle_report *report, int64_t token, char *hex,
                            size_t capacity_bytes);

#endif
