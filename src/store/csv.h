/* csv.h: comma-separated values (RFC 4180), written row by row.
 *
 * A row is a sequence of fields and az_csv_end. Numbers read back to the same bits. The first
 * failure is kept and everything after it ignored; az_csv_end and az_csv_commit tell it. */
#ifndef AZ_STORE_CSV_H
#define AZ_STORE_CSV_H

#include <stdint.h>

#include "base/raise.h"

struct az_csv;

enum az_csv_mode {
    AZ_CSV_WHOLE, /* takes its name at commit, when it is complete */
    AZ_CSV_LIVE,  /* under its name from the start; each row is there as soon as it has ended */
    AZ_CSV_ROWS   /* rows in memory, made by one thread while others make theirs; no path */
};

/* header: the first row, "step,loss,lr", or NULL. */
enum az_status az_csv_create(struct az_csv **csv, const char *path, enum az_csv_mode mode,
                             const char *header, struct az_error *error);
/* Goes on with a live file: its first row must be the header; `rows` rows after it stay, whatever
 * is behind them is cut off. AZ_FORMAT when there are fewer, or the last of them does not begin
 * with the number `rows`. */
enum az_status az_csv_reopen(struct az_csv **csv, const char *path, const char *header,
                             int64_t rows, struct az_error *error);
/* Everything written so far is on the disk when it returns. Live files only. */
enum az_status az_csv_sync(struct az_csv *csv, struct az_error *error);
void az_csv_text(struct az_csv *csv, const char *value); /* quoted where it must be */
void az_csv_integer(struct az_csv *csv, int64_t value);
void az_csv_f64(struct az_csv *csv, double value);   /* "nan", "inf" where not finite */
void az_csv_known(struct az_csv *csv, double value); /* the same; a field without a value for NaN */
void az_csv_f32(struct az_csv *csv, float value);
void az_csv_empty(struct az_csv *csv); /* a field without a value */
/* Ends the row with a line feed. */
enum az_status az_csv_end(struct az_csv *csv, struct az_error *error);
/* Puts rows (AZ_CSV_ROWS) behind those of csv; none are left in `rows`. Tells the first failure of
 * either. */
enum az_status az_csv_append(struct az_csv *csv, struct az_csv *rows, struct az_error *error);

/* Flushes, completes and frees. On failure nothing is left under the final name, but for
 * AZ_CSV_LIVE the rows that got there. */
enum az_status az_csv_commit(struct az_csv *csv, struct az_error *error);
void az_csv_abort(struct az_csv *csv); /* NULL is allowed */
/* How a function that wrote rows ends: commits when status is AZ_OK, else aborts; gives the first
 * failure. */
enum az_status az_csv_finish(struct az_csv *csv, enum az_status status, struct az_error *error);

#endif
