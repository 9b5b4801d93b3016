/* lines.h: the plain text that experiment and sweep files are written in: `[section]`, `key =
 * value`, `#` comments. */
#ifndef AZ_CONFIG_LINES_H
#define AZ_CONFIG_LINES_H

#include <stddef.h>

#include "base/raise.h"

/* What is called for each line that says something; names and values have no blanks at their ends
 * and are borrowed for the call. A failure ends the reading. */
struct az_lines_visitor {
    void *context;
    enum az_status (*section)(void *context, int line, const char *name, struct az_error *error);
    enum az_status (*assignment)(void *context, int line, const char *name, const char *value,
                                 struct az_error *error);
};

/* AZ_USAGE with path and line: no UTF-8, control characters, over-long lines, neither section nor
 * assignment, an assignment before the first section, nothing at all. */
enum az_status az_lines_parse(const struct az_lines_visitor *visitor, const char *path,
                              const char *text, size_t length_bytes, struct az_error *error);

/* Reads a whole file of at most 1 MiB; free *text with az_memory_free. what: "experiment file". */
enum az_status az_lines_load(const char *path, const char *what, char **text, size_t *length_bytes,
                             struct az_error *error);

#endif
