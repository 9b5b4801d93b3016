#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lab/recorder_plan.h"
#include "store/file.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)

/* One line, trimmed: a decimal number below vocabulary that has not been seen. */
static enum az_status read_line(const char *line, size_t vocabulary, bool *seen,
                                struct az_error *error)
{
    char *end;
    errno = 0;
    unsigned long long id = strtoull(line, &end, 10);
    if (*end || !isdigit((unsigned char)*line))
        return az_error_raise(error, AZ_USAGE, "'%.40s' is not a token id: a line holds one number",
                              line);
    if (errno || id >= vocabulary)
        return az_error_raise(error, AZ_USAGE, "token id %.40s is beyond the vocabulary of %zu",
                              line, vocabulary);
    if (seen[id]) return az_error_raise(error, AZ_USAGE, "token id %llu is there twice", id);
    seen[id] = true;
    return AZ_OK;
}

static char *trim(char *line)
{
    while (isspace((unsigned char)*line)) line++;
    size_t length = strlen(line);
    while (length && isspace((unsigned char)line[length - 1])) length--;
    line[length] = 0;
    return line;
}

static enum az_status read_lines(char *text, size_t vocabulary, bool *seen, int64_t *number,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (char *next; text; text = next) {
        ++*number;
        next = strchr(text, '\n');
        if (next) *next++ = 0;
        char *line = trim(text);
        if (*line && *line != '#') AZ_TRY(read_line(line, vocabulary, seen, error));
    }
out:
    return status;
}

enum az_status az_recorder_read_rows(const char *path, size_t vocabulary, int64_t **rows_pointer,
                                     size_t *count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL;
    bool *seen = NULL;
    int64_t *rows = NULL, number = 0;
    size_t length;
    *count = 0;
    AZ_TRY(az_file_read(path, FILE_BYTES_MAX, &text, &length, error));
    if (strlen(text) != length) AZ_RAISE(AZ_USAGE, "holds a zero byte: it is not a text file");
    AZ_TRY(az_memory_allocate(&seen, vocabulary, sizeof *seen, "the recorded rows", error));
    AZ_TRY(az_memory_allocate(&rows, vocabulary, sizeof *rows, "the recorded rows", error));
    AZ_TRY(read_lines(text, vocabulary, seen, &number, error));
    number = 0;
    for (size_t v = 0; v < vocabulary; v++)
        if (seen[v]) rows[(*count)++] = (int64_t)v;
    if (*count == 0) AZ_RAISE(AZ_USAGE, "holds no token id; record.row_file needs one or more");
out:
    az_memory_free(text);
    az_memory_free(seen);
    if (status != AZ_OK) {
        az_error_at(error, path, number > 0 ? number : -1, -1, -1);
        az_memory_free(rows);
        rows = NULL;
    }
    *rows_pointer = rows;
    return status;
}
