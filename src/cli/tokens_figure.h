/* tokens_figure.h: figures of a survey: how many rows in each group, and at which ids they lie. */
#ifndef AZ_CLI_TOKENS_FIGURE_H
#define AZ_CLI_TOKENS_FIGURE_H

#include "azimuth/tokens.h"

/* Bars with the rows of the groups that have most, and for each of them the share of the rows in
 * every stretch of ids; before these, a disc of the groups and what there is at each id in its
 * colours. With `unreachable` only rows that are neither ok nor special are counted, without disc.
 * Where there is no such row nothing is drawn, and stderr told so. */
enum az_status az_tokens_figure(const struct az_tokens *tokens, const char *name, bool unreachable,
                                const char *path, struct az_error *error);

#endif
