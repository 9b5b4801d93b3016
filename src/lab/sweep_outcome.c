#include "lab/sweep_outcome.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/raise.h"
#include "config/key.h"
#include "lab/train_state.h"
#include "store/file.h"
#include "store/json.h"

#define MANIFEST_BYTES ((size_t)1 << 22)
#define LINE_BYTES (2 * AZ_TEXT_BYTES)
#define PARAMETERS "\"parameters\": {"

/* ---- are its parameters those of the experiment? ---- */

/* Copies the line at *text without blanks at its start and a comma at its end; moves behind it. */
static void next_line(const char **text, char line[LINE_BYTES])
{
    const char *start = *text + strspn(*text, " ");
    size_t length = strcspn(start, "\n");
    *text = start + length + (start[length] == '\n');
    while (length && (start[length - 1] == ',' || start[length - 1] == '\r')) length--;
    snprintf(line, LINE_BYTES, "%.*s", (int)length, start);
}

/* The name in a line `"name": ...`. */
static void name_of(const char *line, char name[AZ_SWEEP_NAME_BYTES])
{
    size_t start = line[0] == '"';
    snprintf(name, AZ_SWEEP_NAME_BYTES, "%.*s", (int)strcspn(line + start, "\""), line + start);
}

/* Both texts list parameters as the manifest does, a line each, in the table's order. */
static enum az_status compare_parameters(const char *found, const char *expected,
                                         struct az_error *error)
{
    char a[LINE_BYTES], b[LINE_BYTES];
    char section[AZ_SWEEP_NAME_BYTES] = "", name[AZ_SWEEP_NAME_BYTES];
    found = strstr(found, PARAMETERS);
    expected = strstr(expected, PARAMETERS);
    if (!found || !expected) return az_error_raise(error, AZ_FORMAT, "no parameters in it");
    do {
        next_line(&found, a);
        next_line(&expected, b);
        name_of(b, name);
        if (b[0] && b[strlen(b) - 1] == '{') memcpy(section, name, sizeof section);
        if (strcmp(a, b) != 0 && az_key_decides_bits(section, name))
            return az_error_raise(error, AZ_USAGE,
                                  "this run has other parameters than the sweep: %.200s here, "
                                  "%.200s in the sweep; choose another directory with -o",
                                  a, b);
    } while (*found && *expected);
    return AZ_OK;
}

/* ---- what came out ---- */

static int64_t integer_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void copy_of(char *to, size_t capacity_bytes, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    snprintf(to, capacity_bytes, "%s", text ? text : "");
}

static enum az_status take(struct az_sweep_outcome *outcome, const json_t *manifest,
                           const struct az_experiment *experiment, struct az_error *error)
{
    const json_t *freeze = json_object_get(manifest, "freeze");
    const json_t *timings = json_object_get(manifest, "timings");
    if (!json_is_integer(json_object_get(manifest, "steps")) || !json_is_object(freeze))
        return az_error_raise(error, AZ_FORMAT, "no steps or no freeze in it: not a manifest");
    outcome->steps = integer_of(manifest, "steps");
    copy_of(outcome->ended, sizeof outcome->ended, manifest, "ended");
    copy_of(outcome->fingerprint, sizeof outcome->fingerprint, manifest, "fingerprint");
    outcome->last_loss = json_number_value(json_object_get(manifest, "last_loss"));
    outcome->dead = integer_of(freeze, "dead");
    outcome->frozen = integer_of(freeze, "frozen");
    outcome->guard_steps = integer_of(freeze, "guard_steps");
    outcome->first_freeze_step = integer_of(freeze, "first_step");
    outcome->median_freeze_step = integer_of(freeze, "median_step");
    outcome->last_freeze_step = integer_of(freeze, "last_step");
    outcome->steps_per_second = json_number_value(json_object_get(timings, "steps_per_second"));
    bool stopped = outcome->steps < experiment->train.steps &&
                   strncmp(outcome->ended, AZ_TRAIN_STOPPED, strlen(AZ_TRAIN_STOPPED)) == 0;
    outcome->state = stopped ? AZ_SWEEP_WAITING : AZ_SWEEP_FOUND;
    return AZ_OK;
}

enum az_status az_sweep_outcome_read(struct az_sweep_outcome *outcome, const char *directory,
                                     const struct az_experiment *experiment, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES] = "";
    char *found = NULL, *expected = NULL;
    json_t *manifest = NULL;
    size_t length_bytes;
    outcome->state = AZ_SWEEP_WAITING;
    AZ_TRY(az_path_join(path, sizeof path, directory, "run.json", error));
    if (!az_file_exists(path)) return AZ_OK;
    AZ_TRY(az_file_read(path, MANIFEST_BYTES, &found, &length_bytes, error));
    AZ_TRY(az_json_parse(path, found, length_bytes, &manifest, error));
    AZ_TRY(az_manifest_parameters(experiment, &expected, error));
    AZ_TRY(compare_parameters(found, expected, error));
    AZ_TRY(take(outcome, manifest, experiment, error));
out:
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    json_decref(manifest);
    az_memory_free(found);
    az_memory_free(expected);
    return status;
}
