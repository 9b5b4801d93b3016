/* An experiment file: every key of the table once at most. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/key.h"
#include "config/lines.h"

struct parser {
    const struct az_section *section;
    int *section_lines, *key_lines; /* where each was set, 0: not yet */
    struct az_experiment *experiment;
};

static enum az_status take_section(void *context, int line, const char *name,
                                   struct az_error *error)
{
    struct parser *parser = context;
    parser->section = az_section_find(name);
    if (!parser->section) return az_section_unknown(name, error);
    int *first = &parser->section_lines[parser->section - az_sections];
    if (*first)
        return az_error_raise(error, AZ_USAGE, "section [%s] comes twice, first on line %d", name,
                              *first);
    *first = line;
    return AZ_OK;
}

static enum az_status take_assignment(void *context, int line, const char *name, const char *value,
                                      struct az_error *error)
{
    struct parser *parser = context;
    const struct az_key *key = az_key_find(parser->section->name, name);
    if (!key) return az_key_unknown(parser->section->name, name, error);
    int *first = &parser->key_lines[key - az_keys];
    if (*first)
        return az_error_raise(error, AZ_USAGE, "key \"%s\" comes twice in [%s], first on line %d",
                              name, key->section, *first);
    *first = line;
    return az_key_parse(key, value, parser->experiment, error);
}

enum az_status az_experiment_parse(struct az_experiment *experiment, const char *path,
                                   const char *text, size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_experiment *parsed = NULL;
    struct parser parser = {0};
    struct az_lines_visitor visitor = {&parser, take_section, take_assignment};
    AZ_TRY(az_memory_allocate(&parsed, 1, sizeof *parsed, "the experiment", error));
    AZ_TRY(az_memory_allocate(&parser.key_lines, az_key_count, sizeof(int), "keys", error));
    AZ_TRY(az_memory_allocate(&parser.section_lines, az_section_count, sizeof(int), "sections",
                              error));
    *parsed = *experiment;
    parser.experiment = parsed;
    snprintf(parsed->path, sizeof parsed->path, "%s", path);
    AZ_TRY(az_lines_parse(&visitor, path, text, length_bytes, error));
    *experiment = *parsed;
out:
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    az_memory_free(parsed);
    az_memory_free(parser.key_lines);
    az_memory_free(parser.section_lines);
    return status;
}
