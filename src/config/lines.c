/* Not inih: there, what follows a value is part of it, a key may come twice, over-long lines are
 * cut and an error has a line but no reason; here every mistake is refused with its line and what
 * was expected. */
#include "config/lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

#include "azimuth/experiment.h"
#include "base/memory.h"

#define LINE_BYTES 4096
#define FILE_BYTES ((size_t)1 << 20)

struct reader {
    const struct az_lines_visitor *visitor;
    int line;
    bool in_section;
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

static enum az_status read_section(struct reader *reader, char *line, struct az_error *error)
{
    char *end = strchr(line, ']');
    if (!end)
        return az_error_raise(error, AZ_USAGE, "the section's closing bracket is missing: %.80s",
                              line);
    if (end[1])
        return az_error_raise(error, AZ_USAGE, "unexpected text after the section: %.80s", end + 1);
    *end = 0;
    reader->in_section = true;
    return reader->visitor->section(reader->visitor->context, reader->line, trim(line + 1), error);
}

static enum az_status read_assignment(struct reader *reader, char *line, struct az_error *error)
{
    char *equals = strchr(line, '=');
    if (!equals)
        return az_error_raise(error, AZ_USAGE,
                              "expected `key = value` or `[section]`, found: %.80s", line);
    *equals = 0;
    const char *name = trim(line), *value = trim(equals + 1);
    if (!*name) return az_error_raise(error, AZ_USAGE, "there is no key before the = sign");
    if (!reader->in_section)
        return az_error_raise(error, AZ_USAGE, "key \"%.100s\" before any [section]", name);
    return reader->visitor->assignment(reader->visitor->context, reader->line, name, value, error);
}

static enum az_status read_line(struct reader *reader, const char *text, size_t length,
                                struct az_error *error)
{
    char line[LINE_BYTES];
    enum az_status status = copy_line(text, length, line, error);
    if (status != AZ_OK) return status;
    cut_comment(line);
    char *content = trim(line);
    if (!*content) return AZ_OK;
    return content[0] == '[' ? read_section(reader, content, error)
                             : read_assignment(reader, content, error);
}

enum az_status az_lines_parse(const struct az_lines_visitor *visitor, const char *path,
                              const char *text, size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct reader reader = {.visitor = visitor};
    for (size_t start = 0; start < length_bytes;) {
        const char *end = memchr(text + start, '\n', length_bytes - start);
        size_t length = end ? (size_t)(end - text) - start : length_bytes - start;
        reader.line++;
        AZ_TRY(read_line(&reader, text + start, length, error));
        start += length + 1;
    }
    if (!reader.in_section)
        AZ_RAISE(AZ_USAGE, "the file sets nothing; expected [section] and `key = value` lines");
out:
    if (status != AZ_OK) az_error_at(error, path, reader.line ? reader.line : -1, -1, -1);
    return status;
}

enum az_status az_lines_load(const char *path, const char *what, char **text, size_t *length_bytes,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    FILE *file = NULL;
    *text = NULL;
    if (strlen(path) >= AZ_TEXT_BYTES) AZ_RAISE(AZ_USAGE, "the path is too long: %.80s...", path);
    file = fopen(path, "rb");
    if (!file) {
        status = az_error_system(error, errno, "cannot open the %s", what);
        goto out;
    }
    AZ_TRY(az_memory_allocate(text, FILE_BYTES + 1, 1, what, error));
    *length_bytes = fread(*text, 1, FILE_BYTES + 1, file);
    if (ferror(file)) {
        status = az_error_system(error, errno, "cannot read the %s", what);
        goto out;
    }
    if (*length_bytes > FILE_BYTES) AZ_RAISE(AZ_USAGE, "larger than 1 MiB: that is no %s", what);
out:
    if (status != AZ_OK) {
        az_error_at(error, path, -1, -1, -1);
        az_memory_free(*text);
        *text = NULL;
    }
    if (file) fclose(file);
    return status;
}
