/* The parser of experiment files. Not inih: there, what follows a value is part of it, a key may
 * come twice, over-long lines are cut and an error has a line but no reason; here every mistake is
 * refused with its line and what was expected. */
#include <stdio.h>
#include <string.h>
#include <unistr.h>

#include "base/memory.h"
#include "config/key.h"

#define LINE_BYTES 4096

struct parser {
    const struct az_section *section; /* NULL before the first */
    int line;
    int *section_lines, *key_lines; /* where each was set, 0: not yet */
    struct az_experiment *experiment;
};

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* Cuts blanks at both ends; returns the new start. */
static char *trim(char *text)
{
    while (is_blank(*text)) text++;
    size_t length = strlen(text);
    while (length && is_blank(text[length - 1])) text[--length] = 0;
    return text;
}

/* A # opens a comment at the start of a line and after a blank. */
static void cut_comment(char *line)
{
    for (char *c = line; *c; c++) {
        if (*c != '#' || (c != line && !is_blank(c[-1]))) continue;
        *c = 0;
        return;
    }
}

/* Copies one line after checking that it is text of a sensible length. */
static enum az_status copy_line(const char *text, size_t length, char line[LINE_BYTES],
                                struct az_error *error)
{
    if (memchr(text, 0, length))
        return az_error_raise(error, AZ_USAGE, "a NUL byte: this is not a text file");
    if (u8_check((const uint8_t *)text, length))
        return az_error_raise(error, AZ_USAGE, "not UTF-8: save the file in that encoding");
    if (length >= LINE_BYTES)
        return az_error_raise(error, AZ_USAGE, "the line has %zu bytes, at most %d are allowed",
                              length, LINE_BYTES - 1);
    for (size_t c = 0; c < length; c++)
        if (((unsigned char)text[c] < ' ' && !is_blank(text[c])) || text[c] == 0x7f)
            return az_error_raise(error, AZ_USAGE, "control character 0x%02x in column %zu",
                                  (unsigned)text[c], c + 1);
    memcpy(line, text, length);
    line[length] = 0;
    return AZ_OK;
}

static enum az_status parse_section(struct parser *parser, char *line, struct az_error *error)
{
    char *end = strchr(line, ']');
    if (!end)
        return az_error_raise(error, AZ_USAGE, "the section's closing bracket is missing: %.80s",
                              line);
    if (end[1])
        return az_error_raise(error, AZ_USAGE, "unexpected text after the section: %.80s", end + 1);
    *end = 0;
    const char *name = trim(line + 1);
    parser->section = az_section_find(name);
    if (!parser->section) return az_section_unknown(name, error);
    int *first = &parser->section_lines[parser->section - az_sections];
    if (*first)
        return az_error_raise(error, AZ_USAGE, "section [%s] comes twice, first on line %d", name,
                              *first);
    *first = parser->line;
    return AZ_OK;
}

static enum az_status parse_assignment(struct parser *parser, char *line, struct az_error *error)
{
    char *equals = strchr(line, '=');
    if (!equals)
        return az_error_raise(error, AZ_USAGE,
                              "expected `key = value` or `[section]`, found: %.80s", line);
    *equals = 0;
    const char *name = trim(line), *value = trim(equals + 1);
    if (!*name) return az_error_raise(error, AZ_USAGE, "there is no key before the = sign");
    if (!parser->section)
        return az_error_raise(error, AZ_USAGE, "key \"%.100s\" before any [section]", name);
    const struct az_key *key = az_key_find(parser->section->name, name);
    if (!key) return az_key_unknown(parser->section->name, name, error);
    int *first = &parser->key_lines[key - az_keys];
    if (*first)
        return az_error_raise(error, AZ_USAGE, "key \"%s\" comes twice in [%s], first on line %d",
                              name, key->section, *first);
    *first = parser->line;
    return az_key_parse(key, value, parser->experiment, error);
}

static enum az_status parse_line(struct parser *parser, const char *text, size_t length,
                                 struct az_error *error)
{
    char line[LINE_BYTES];
    enum az_status status = copy_line(text, length, line, error);
    if (status != AZ_OK) return status;
    cut_comment(line);
    char *content = trim(line);
    if (!*content) return AZ_OK;
    return content[0] == '[' ? parse_section(parser, content, error)
                             : parse_assignment(parser, content, error);
}

enum az_status az_experiment_parse(struct az_experiment *experiment, const char *path,
                                   const char *text, size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_experiment *parsed = NULL;
    struct parser parser = {0};
    AZ_TRY(az_memory_allocate(&parsed, 1, sizeof *parsed, "the experiment", error));
    AZ_TRY(az_memory_allocate(&parser.key_lines, az_key_count, sizeof(int), "keys", error));
    AZ_TRY(az_memory_allocate(&parser.section_lines, az_section_count, sizeof(int), "sections",
                              error));
    *parsed = *experiment;
    parser.experiment = parsed;
    snprintf(parsed->path, sizeof parsed->path, "%s", path);
    for (size_t start = 0; start < length_bytes;) {
        const char *end = memchr(text + start, '\n', length_bytes - start);
        size_t length = end ? (size_t)(end - text) - start : length_bytes - start;
        parser.line++;
        AZ_TRY(parse_line(&parser, text + start, length, error));
        start += length + 1;
    }
    if (!parser.section)
        AZ_RAISE(AZ_USAGE, "the file sets nothing; expected [section] and `key = value` lines");
    *experiment = *parsed;
out:
    if (status != AZ_OK) az_error_at(error, path, parser.line ? parser.line : -1, -1, -1);
    az_memory_free(parsed);
    az_memory_free(parser.key_lines);
    az_memory_free(parser.section_lines);
    return status;
}
