/* tokens_figure.h: figures of a survey: how many rows in each group, and at which ids they lie. */
#ifndef AZ_CLI_TOKENS_FIGURE_H
#define AZ_CLI_TOKENS_FIGURE_H

#include "azimuth/tokens.h"

/* Two panels over one another: bars with the rows of the most frequent groups, and for each of them
 * the share of the rows in every stretch of ids. With `unreachable` only rows that are neither ok
 * nor special are counted. AZ_USAGE where there is no such row. */
enum az_status az_tokens_figure(const struct az_tokens *tokens, const char *name, bool unreachable,
                                const char *path, struct az_error *error);

#endif
