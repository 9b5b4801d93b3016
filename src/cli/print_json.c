#include "cli/print_json.h"

#include <stdio.h>

#include "base/memory.h"

enum az_status az_print_json(struct az_json *json, struct az_error *error)
{
    char *text = NULL;
    size_t length;
    enum az_status status = az_json_take(json, &text, &length, error);
    if (status == AZ_OK) fputs(text, stdout);
    az_memory_free(text);
    az_json_free(json);
    return status;
}
