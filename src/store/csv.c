#define _GNU_SOURCE
#include "store/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "config/number.h"
#include "store/file.h"
#include "store/system.h"

#define BUFFER_BYTES ((size_t)64 << 10)

struct az_csv {
    struct az_part part; /* path only, when live */
    enum az_csv_mode mode;
    int code; /* errno of the first failure */
    bool row_begun;
    struct az_buffer rows; /* that are in memory */
    size_t used_bytes;
    char buffer[BUFFER_BYTES];
};

static void write_out(struct az_csv *csv, const char *bytes, size_t length)
{
    if (csv->code) return;
    if (csv->mode != AZ_CSV_ROWS)
        csv->code = az_system_write(csv->part.fd, bytes, length);
    else if (az_buffer_add(&csv->rows, bytes, length, NULL) != AZ_OK)
        csv->code = ENOMEM;
}

static void flush(struct az_csv *csv)
{
    write_out(csv, csv->buffer, csv->used_bytes);
    csv->used_bytes = 0;
}

static void put(struct az_csv *csv, char c)
{
    if (csv->used_bytes == BUFFER_BYTES) flush(csv);
    csv->buffer[csv->used_bytes++] = c;
}

static void put_bytes(struct az_csv *csv, const char *bytes, size_t length)
{
    if (length > BUFFER_BYTES - csv->used_bytes) flush(csv);
    if (length > BUFFER_BYTES) {
        write_out(csv, bytes, length);
    } else if (length) {
        memcpy(csv->buffer + csv->used_bytes, bytes, length);
        csv->used_bytes += length;
    }
}

static void put_string(struct az_csv *csv, const char *text) { put_bytes(csv, text, strlen(text)); }

static void begin_field(struct az_csv *csv)
{
    if (csv->row_begun) put(csv, ',');
    csv->row_begun = true;
}

static enum az_status open_live(struct az_csv *csv, const char *path, struct az_error *error)
{
    enum az_status status = az_memory_copy_string(&csv->part.path, path, error);
    if (status != AZ_OK) return status;
    int code = az_system_open(path, O_WRONLY | O_CREAT | O_TRUNC, &csv->part.fd);
    if (!code) return AZ_OK;
    status = az_error_system(error, code, "cannot create the file");
    az_error_at(error, path, -1, -1, -1);
    return status;
}

enum az_status az_csv_create(struct az_csv **csv_pointer, const char *path, enum az_csv_mode mode,
                             const char *header, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv;
    *csv_pointer = NULL;
    AZ_TRY(az_memory_allocate(&csv, 1, sizeof *csv, "a CSV file", error));
    csv->part.fd = -1;
    csv->mode = mode;
    if (mode == AZ_CSV_LIVE) AZ_TRY(open_live(csv, path, error));
    if (mode == AZ_CSV_WHOLE) AZ_TRY(az_part_open(&csv->part, path, false, error));
    if (header) {
        put_string(csv, header);
        AZ_TRY(az_csv_end(csv, error));
    }
    *csv_pointer = csv;
out:
    if (status != AZ_OK) az_csv_abort(csv);
    return status;
}

/* ---- going on ---- */

/* Looks for the end of a number of lines; *begin and *end: of the last of them. False: there are
 * fewer. */
static int find_line(struct az_csv *csv, int64_t lines, uint64_t *begin, uint64_t *end, bool *found)
{
    uint64_t at = 0;
    size_t got = 0;
    *begin = *end = 0;
    *found = false;
    for (;;) {
        int code = az_system_read_at(csv->part.fd, csv->buffer, BUFFER_BYTES, at, &got);
        if (code) return code;
        const char *next = csv->buffer, *limit = csv->buffer + got;
        while ((next = memchr(next, '\n', (size_t)(limit - next))) != NULL) {
            next++;
            *begin = *end;
            *end = at + (uint64_t)(next - csv->buffer);
            if (--lines == 0) {
                *found = true;
                return 0;
            }
        }
        if (got < BUFFER_BYTES) return 0;
        at += got;
    }
}

/* True when the file has `text` at this place. */
static bool has_text(const struct az_csv *csv, uint64_t at, const char *text)
{
    char there[256];
    for (size_t left = strlen(text), part, got; left; left -= part, at += part, text += part) {
        part = left < sizeof there ? left : sizeof there;
        if (az_system_read_at(csv->part.fd, there, part, at, &got) != 0 || got != part ||
            memcmp(there, text, part) != 0)
            return false;
    }
    return true;
}

static enum az_status cut_behind(struct az_csv *csv, const char *header, int64_t rows,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint64_t begin, end;
    char number[AZ_NUMBER_TEXT_BYTES];
    bool found;
    snprintf(number, sizeof number, "%" PRId64 ",", rows);
    int code = find_line(csv, rows + 1, &begin, &end, &found);
    if (!code && (!has_text(csv, 0, header) || !has_text(csv, strlen(header), "\n")))
        AZ_RAISE(AZ_FORMAT, "does not begin with the row \"%s\"", header);
    if (!code && (!found || (rows > 0 && !has_text(csv, begin, number))))
        AZ_RAISE(AZ_FORMAT, "does not have the %" PRId64 " rows of that many steps", rows);
    if (!code) code = az_system_truncate(csv->part.fd, end);
    if (!code) code = az_system_seek(csv->part.fd, end);
    if (code) status = az_error_system(error, code, "cannot go on with the table");
out:
    return status;
}

enum az_status az_csv_reopen(struct az_csv **csv_pointer, const char *path, const char *header,
                             int64_t rows, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv;
    *csv_pointer = NULL;
    AZ_TRY(az_memory_allocate(&csv, 1, sizeof *csv, "a CSV file", error));
    csv->part.fd = -1;
    csv->mode = AZ_CSV_LIVE;
    AZ_TRY(az_memory_copy_string(&csv->part.path, path, error));
    int code = az_system_open(path, O_RDWR, &csv->part.fd);
    if (code) {
        status = az_error_system(error, code, "cannot open the table");
        goto out;
    }
    AZ_TRY(cut_behind(csv, header, rows, error));
    *csv_pointer = csv;
out:
    if (status != AZ_OK) {
        az_csv_abort(csv);
        az_error_at(error, path, -1, -1, -1);
    }
    return status;
}

void az_csv_text(struct az_csv *csv, const char *value)
{
    begin_field(csv);
    if (value[strcspn(value, ",\"\r\n")] == 0) {
        put_string(csv, value);
        return;
    }
    put(csv, '"');
    for (; *value; value++) {
        if (*value == '"') put(csv, '"');
        put(csv, *value);
    }
    put(csv, '"');
}

void az_csv_integer(struct az_csv *csv, int64_t value)
{
    char text[AZ_NUMBER_TEXT_BYTES], *at = text + sizeof text - 1;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    *at = 0;
    do *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0) *--at = '-';
    begin_field(csv);
    put_string(csv, at);
}

void az_csv_f64(struct az_csv *csv, double value)
{
    char text[AZ_NUMBER_TEXT_BYTES];
    az_number_format(value, text);
    begin_field(csv);
    put_string(csv, text);
}

void az_csv_known(struct az_csv *csv, double value)
{
    isnan(value) ? az_csv_empty(csv) : az_csv_f64(csv, value);
}

void az_csv_f32(struct az_csv *csv, float value)
{
    char text[AZ_NUMBER_TEXT_BYTES];
    az_number_format_f32(value, text);
    begin_field(csv);
    put_string(csv, text);
}

void az_csv_empty(struct az_csv *csv) { begin_field(csv); }

static enum az_status told(const struct az_csv *csv, struct az_error *error)
{
    if (!csv->code) return AZ_OK;
    enum az_status status = az_error_system(error, csv->code, "cannot write the table");
    az_error_at(error, csv->part.path, -1, -1, -1);
    return status;
}

enum az_status az_csv_end(struct az_csv *csv, struct az_error *error)
{
    put(csv, '\n');
    csv->row_begun = false;
    if (csv->mode == AZ_CSV_LIVE) flush(csv);
    return told(csv, error);
}

enum az_status az_csv_append(struct az_csv *csv, struct az_csv *rows, struct az_error *error)
{
    flush(rows);
    if (!csv->code) csv->code = rows->code;
    put_bytes(csv, rows->rows.bytes, rows->rows.length);
    rows->rows.length = 0;
    return told(csv, error);
}

enum az_status az_csv_sync(struct az_csv *csv, struct az_error *error)
{
    if (!csv->code) csv->code = az_system_sync_data(csv->part.fd);
    return told(csv, error);
}

enum az_status az_csv_commit(struct az_csv *csv, struct az_error *error)
{
    flush(csv);
    enum az_status status = told(csv, error);
    bool whole = csv->mode == AZ_CSV_WHOLE;
    if (status == AZ_OK && whole) status = az_part_commit(&csv->part, error);
    if (status == AZ_OK && !whole) {
        csv->code = az_system_sync_data(csv->part.fd);
        status = told(csv, error);
    }
    az_csv_abort(csv);
    return status;
}

void az_csv_abort(struct az_csv *csv)
{
    if (!csv) return;
    if (csv->mode == AZ_CSV_LIVE) { /* its .part is the file itself, and stays */
        az_system_close(csv->part.fd);
        az_memory_free(csv->part.path);
    } else if (csv->mode == AZ_CSV_WHOLE) {
        az_part_abort(&csv->part);
    }
    az_buffer_free(&csv->rows);
    az_memory_free(csv);
}

enum az_status az_csv_finish(struct az_csv *csv, enum az_status status, struct az_error *error)
{
    if (status == AZ_OK) return az_csv_commit(csv, error);
    az_csv_abort(csv);
    return status;
}
