/* report.h: a page in HTML that stands alone: no script, no file beside it, no network. It reads on
 * a wide screen, on a phone and on paper.
 *
 * Parts are added from top to bottom. Every text is plain UTF-8 and is escaped here; NULL is "".
 * The first failure is kept and everything after it ignored, so that only az_report_write needs a
 * check. */
#ifndef AZIMUTH_REPORT_H
#define AZIMUTH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "azimuth/status.h"

struct az_report;

/* title: of the page; question: below it, larger than text; facts: one small line, or NULL. */
AZ_API enum az_status az_report_create(struct az_report **report, const char *title,
                                       const char *question, const char *facts,
                                       struct az_error *error);
AZ_API void az_report_free(struct az_report *report); /* NULL is allowed */

/* A heading; it is also a line of the list of contents. Parts up to the next belong to it. */
AZ_API void az_report_section(struct az_report *report, const char *heading);
AZ_API void az_report_text(struct az_report *report, const char *text);    /* a paragraph */
AZ_API void az_report_command(struct az_report *report, const char *text); /* lines as they are */

/* What was found, in one sentence; good: green with a tick, else red with a cross. */
AZ_API void az_report_verdict(struct az_report *report, bool good, const char *sentence,
                              const char *detail);

/* A number in large type. The definition is shown when the pointer rests on it, when it is touched,
 * and on paper. */
struct az_report_number {
    const char *label, *value, *note, *definition;
};
AZ_API void az_report_numbers(struct az_report *report, const struct az_report_number *numbers,
                              size_t count);

/* A picture (SVG or PNG), copied into the page. AZ_MISSING where it is not there. */
AZ_API void az_report_figure(struct az_report *report, const char *path, const char *caption);

/* cells[rows][columns]. A head may say what its column means (definitions: NULL, or [columns] with
 * NULL where nothing is to be said). A column whose cells all begin with a number, or are "-", is
 * set to the right. folded: closed until it is touched, with the caption to touch. */
struct az_report_table {
    const char *caption;
    const char *const *heads, *const *definitions, *const *cells;
    size_t rows, columns;
    bool folded;
};
AZ_API void az_report_table(struct az_report *report, const struct az_report_table *table);

/* Writes the page, whole or not at all, or says what went wrong since it was created. */
AZ_API enum az_status az_report_write(struct az_report *report, const char *path,
                                      struct az_error *error);

#endif
