#include "azimuth/experiment.h"

#include <string.h>

#include "base/memory.h"
#include "config/key.h"
#include "config/lines.h"
#include "config/number.h"

static const char *const record_names[AZ_RECORD_COUNT] = {
#define RECORD_NAME(id, name, meaning) [id] = name,
    AZ_RECORD_TABLE(RECORD_NAME)
#undef RECORD_NAME
};

const char *az_record_name(enum az_record record)
{
    return (unsigned)record < AZ_RECORD_COUNT ? record_names[record] : "unknown";
}

void az_experiment_init(struct az_experiment *experiment)
{
    memset(experiment, 0, sizeof *experiment);
    for (size_t k = 0; k < az_key_count; k++)
        az_key_parse(&az_keys[k], az_keys[k].default_text, experiment, NULL);
}

enum az_status az_experiment_read(struct az_experiment *experiment, const char *path,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL;
    size_t length_bytes;
    AZ_TRY(az_lines_load(path, "experiment file", &text, &length_bytes, error));
    AZ_TRY(az_experiment_parse(experiment, path, text, length_bytes, error));
out:
    az_memory_free(text);
    return status;
}

/* With the first key of that name, where the section was left out. */
static enum az_status no_section(const char *assignment, struct az_error *error)
{
    size_t length = strcspn(assignment, "=");
    for (size_t k = 0; assignment[length] && k < az_key_count; k++) {
        const struct az_key *key = &az_keys[k];
        if (strlen(key->name) != length || strncmp(key->name, assignment, length) != 0) continue;
        return az_error_raise(
            error, AZ_USAGE,
            "expected section.key=value, found \"%.100s\"; did you mean %s.%.100s?", assignment,
            key->section, assignment);
    }
    return az_error_raise(error, AZ_USAGE, "expected section.key=value, found \"%.100s\"",
                          assignment);
}

enum az_status az_experiment_override(struct az_experiment *experiment, const char *assignment,
                                      struct az_error *error)
{
    char name[80];
    const char *equals = strchr(assignment, '=');
    const char *dot = strchr(assignment, '.');
    if (!equals || !dot || dot > equals) return no_section(assignment, error);
    size_t length = (size_t)(equals - assignment);
    if (length >= sizeof name)
        return az_error_raise(error, AZ_USAGE, "unknown key \"%.100s\"", assignment);
    memcpy(name, assignment, length);
    name[length] = 0;
    name[dot - assignment] = 0;
    const char *section = name, *key_name = name + (dot - assignment) + 1;
    if (!az_section_find(section)) return az_section_unknown(section, error);
    const struct az_key *key = az_key_find(section, key_name);
    if (!key) return az_key_unknown(section, key_name, error);
    return az_key_parse(key, equals + 1, experiment, error);
}

/* Many readers of JSON hold whole numbers in 64 bits with a sign, and refuse a file with greater
 * ones.
 */
static bool is_quoted(const struct az_key *key, const char *value)
{
    int64_t number;
    if (key->type == AZ_KEY_SEED) return !az_number_parse_integer(value, &number);
    return key->type != AZ_KEY_INTEGER && key->type != AZ_KEY_NUMBER && key->type != AZ_KEY_SWITCH;
}

void az_experiment_visit(const struct az_experiment *experiment,
                         void (*visit)(void *context, const struct az_parameter_view *view),
                         void *context)
{
    struct az_experiment defaults;
    char value[AZ_KEY_TEXT_BYTES], default_value[AZ_KEY_TEXT_BYTES], range[AZ_KEY_TEXT_BYTES];
    az_experiment_init(&defaults);
    for (size_t k = 0; k < az_key_count; k++) {
        const struct az_key *key = &az_keys[k];
        az_key_format(key, experiment, value);
        az_key_format(key, &defaults, default_value);
        az_key_range(key, range);
        struct az_parameter_view view = {
            .section = key->section,
            .key = key->name,
            .type = az_key_type_name(key->type),
            .value = value,
            .default_value = default_value,
            .range = range,
            .unit = key->unit,
            .help = key->help,
            .quoted = is_quoted(key, value),
        };
        visit(context, &view);
    }
}
