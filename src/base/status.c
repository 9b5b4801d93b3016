#include "base/raise.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Under the static analyzer these are macros, see raise.h. */
#undef az_error_raise
#undef az_error_system

static const struct {
    const char *name;
    int exit_code;
} statuses[AZ_STATUS_COUNT] = {
#define AZ_STATUS_ROW(id, name, exit_code, meaning) [id] = {name, exit_code},
    AZ_STATUS_TABLE(AZ_STATUS_ROW)
#undef AZ_STATUS_ROW
};

const char *az_status_name(enum az_status status)
{
    return (unsigned)status < AZ_STATUS_COUNT ? statuses[status].name : "unknown";
}

int az_status_exit_code(enum az_status status)
{
    return (unsigned)status < AZ_STATUS_COUNT ? statuses[status].exit_code : 3;
}

void az_error_clear(struct az_error *error)
{
    if (!error) return;
    memset(error, 0, sizeof *error);
    error->line = error->offset = error->step = -1;
}

enum az_status az_error_raise(struct az_error *error, enum az_status status, const char *format,
                              ...)
{
    if (!error) return status;
    az_error_clear(error);
    error->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return status;
}

static enum az_status status_of_errno(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return AZ_FULL;
    case ENOENT: return AZ_MISSING;
    case ENOMEM: return AZ_MEMORY;
    default: return AZ_IO;
    }
}

enum az_status az_error_system(struct az_error *error, int code, const char *format, ...)
{
    enum az_status status = status_of_errno(code);
    if (!error) return status;
    az_error_clear(error);
    error->status = status;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof error->message)
        snprintf(error->message + length, sizeof error->message - (size_t)length, ": %s",
                 strerror(code));
    return status;
}

void az_error_at(struct az_error *error, const char *file, int64_t line, int64_t offset,
                 int64_t step)
{
    if (!error) return;
    if (file && !error->file[0]) snprintf(error->file, sizeof error->file, "%s", file);
    if (error->line < 0) error->line = line;
    if (error->offset < 0) error->offset = offset;
    if (error->step < 0) error->step = step;
}

void az_error_format(const struct az_error *error, char *text, uint64_t capacity_bytes)
{
    char place[640] = "";
    size_t used = 0;
    if (error->file[0]) used += (size_t)snprintf(place, sizeof place, "%s:", error->file);
    if (error->line >= 0)
        used += (size_t)snprintf(place + used, sizeof place - used, "%" PRId64 ":", error->line);
    if (error->offset >= 0)
        used +=
            (size_t)snprintf(place + used, sizeof place - used, "byte %" PRId64 ":", error->offset);
    if (error->step >= 0)
        snprintf(place + used, sizeof place - used, "step %" PRId64 ":", error->step);
    snprintf(text, capacity_bytes, "%s%s%s", place, place[0] ? " " : "", error->message);
}
