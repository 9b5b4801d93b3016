/* Any bytes at all as an experiment file: they are refused with a reason and a line, leaving the
 * experiment as it was, or accepted, and then what is printed of them reads back to the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "fuzz_experiment: %s\n", what);
    abort();
}

static void set_again(void *context, const struct az_parameter_view *view)
{
    char assignment[4096];
    struct az_error error;
    snprintf(assignment, sizeof assignment, "%s.%s=%s", view->section, view->key, view->value);
    must(az_experiment_override(context, assignment, &error) == AZ_OK, "a value is not read back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct az_experiment experiment, before;
    struct az_error error;
    int64_t lines = 1;
    for (size_t n = 0; n < size; n++) lines += data[n] == '\n';
    az_error_clear(&error);
    az_experiment_init(&experiment);
    before = experiment;
    enum az_status status =
        az_experiment_parse(&experiment, "fuzz.conf", (const char *)data, size, &error);
    if (status == AZ_OK) {
        az_experiment_visit(&experiment, set_again, &before);
        memcpy(before.path, experiment.path, sizeof before.path);
        az_experiment_check(&experiment, &error);
    } else {
        must(status == AZ_USAGE, "a status other than usage");
        must(error.message[0] && strcmp(error.file, "fuzz.conf") == 0, "no reason or no place");
        must(error.line <= lines, "a line beyond the last");
    }
    /* Both began as zeroed bytes, padding included. NOLINTNEXTLINE(bugprone-suspicious-*) */
    must(memcmp(&experiment, &before, sizeof before) == 0, "the experiment is not as it should be");
    return 0;
}
