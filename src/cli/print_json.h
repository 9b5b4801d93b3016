/* print_json.h: how a command ends that was asked for JSON. */
#ifndef AZ_CLI_PRINT_JSON_H
#define AZ_CLI_PRINT_JSON_H

#include "store/json.h"

/* Prints what was written (pretty: it ends with one line end) and frees it; or says what went wrong
 * while it was written. */
enum az_status az_print_json(struct az_json *json, struct az_error *error);

#endif
