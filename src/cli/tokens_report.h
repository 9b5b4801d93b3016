/* tokens_report.h: what `azimuth tokenizer survey` and `reach` print. */
#ifndef AZ_CLI_TOKENS_REPORT_H
#define AZ_CLI_TOKENS_REPORT_H

#include "azimuth/tokens.h"
#include "base/raise.h"

/* Tables for people, on stdout. path: the tokenizer's. */
void az_tokens_report_print(const struct az_tokens *tokens, const char *path);
/* One JSON object, on stdout. */
enum az_status az_tokens_report_json(const struct az_tokens *tokens, const char *path,
                                     struct az_error *error);

#endif
