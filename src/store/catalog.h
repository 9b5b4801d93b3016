/* catalog.h: the catalog: results as tables of one SQLite file, for whoever asks in SQL.
 *
 * Every table is declared once, in catalog_tables.c; CREATE TABLE, the checks of what is inserted
 * and docs/catalog.md come from there. A table holds one result and is written whole; the tables of
 * other results in the same file stay as they are. Each table that a result owns has a row in
 * "provenance" and its input files in "inputs".
 *
 * A catalog is written under PATH.part, a copy of the old one with the new tables, and takes its
 * name at commit: a reader sees the old file or the new one, never something between. The same
 * results written to a fresh file give the same bytes. */
#ifndef AZ_STORE_CATALOG_H
#define AZ_STORE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/hash.h"
#include "base/raise.h"

#define AZ_CATALOG_APPLICATION_ID 0x617a696d /* "azim", PRAGMA application_id */
#define AZ_CATALOG_VERSION 1                 /* PRAGMA user_version */

enum az_catalog_type { AZ_CATALOG_INTEGER, AZ_CATALOG_REAL, AZ_CATALOG_TEXT, AZ_CATALOG_BLOB };

struct az_catalog_column {
    const char *name;
    enum az_catalog_type type;
    bool optional; /* may be NULL */
    bool indexed;
    const char *help;
};

struct az_catalog_table {
    const char *name;
    const char *key; /* columns of the primary key, "id" or "a, b" */
    const char *help;
    const struct az_catalog_column *columns; /* ended by a NULL name */
};

extern const struct az_catalog_table az_catalog_tables[];
extern const size_t az_catalog_table_count;

const struct az_catalog_table *az_catalog_table_named(const char *name); /* NULL for none */
const char *az_catalog_type_name(enum az_catalog_type type);             /* "INTEGER" */

/* How a result was made: the command, its parameters in the order of the help, the files read. */
struct az_catalog_parameter {
    const char *name, *value;
};
struct az_catalog_input {
    const char *role, *path; /* "tokenizer", "tokenizer.json" */
    struct az_hash hash;     /* of the file's bytes */
};
struct az_catalog_provenance {
    const char *command; /* "tokenizer reach" */
    const struct az_catalog_parameter *parameters;
    size_t parameter_count;
    const struct az_catalog_input *inputs;
    size_t input_count;
};

struct az_catalog;

/* Begins a new catalog at path, or a new state of the one that is there. AZ_FORMAT for a file that
 * is no catalog or is damaged, AZ_UNSUPPORTED for one of a later version or in WAL mode, AZ_IO for
 * one that another program is writing. *catalog is NULL on failure. */
enum az_status az_catalog_open(struct az_catalog **catalog, const char *path,
                               struct az_error *error);

/* *holds: the table of that name has a value in this column, and was made from this input: its role
 * and hash. */
enum az_status az_catalog_holds(struct az_catalog *catalog, const char *name, const char *column,
                                const struct az_catalog_input *input, bool *holds,
                                struct az_error *error);

/* Empties the table of that name (or creates it) and takes the rows that follow. */
enum az_status az_catalog_begin(struct az_catalog *catalog, const char *name,
                                struct az_error *error);

/* The values of a row in the order of the table's columns. The first failure is kept and everything
 * after it ignored; az_catalog_row tells it. A value of another type than its column's, a NULL
 * where none is allowed, and a row that is too short or too long are failures. text is UTF-8. */
void az_catalog_integer(struct az_catalog *catalog, int64_t value);
void az_catalog_real(struct az_catalog *catalog, double value); /* NULL where it is NaN */
void az_catalog_text(struct az_catalog *catalog, const char *text);
void az_catalog_blob(struct az_catalog *catalog, const void *bytes, size_t length_bytes);
void az_catalog_null(struct az_catalog *catalog);
enum az_status az_catalog_row(struct az_catalog *catalog, struct az_error *error);

/* Ends the table: indexes it and notes where it comes from. */
enum az_status az_catalog_end(struct az_catalog *catalog,
                              const struct az_catalog_provenance *provenance,
                              struct az_error *error);

/* Completes the file under its name and frees. On failure nothing has changed there. */
enum az_status az_catalog_commit(struct az_catalog *catalog, struct az_error *error);
void az_catalog_abort(struct az_catalog *catalog); /* NULL is allowed */

#endif
