/* catalog_state.h: the parts of the catalog's writer. */
#ifndef AZ_STORE_CATALOG_STATE_H
#define AZ_STORE_CATALOG_STATE_H

#include <sqlite3.h>

#include "store/catalog.h"
#include "store/file.h"

struct az_catalog {
    struct az_part part;
    sqlite3 *database;
    int code; /* errno of the first call of the system that failed */
    sqlite3_stmt *insert;
    const struct az_catalog_table *table; /* that rows go to; NULL: none */
    int columns, column;                  /* of it, and the row's next one */
    int64_t rows;
    enum az_status status; /* of the row, with its error */
    struct az_error error;
};

/* A failure of SQLite's as a status, with a message that begins with `what`. */
enum az_status az_catalog_raise(const struct az_catalog *catalog, int result, const char *what,
                                struct az_error *error);

/* Runs SQL from sqlite3_str_finish and frees it; NULL stands for no memory. */
enum az_status az_catalog_run(struct az_catalog *catalog, char *sql, const char *what,
                              struct az_error *error);
enum az_status az_catalog_run_text(struct az_catalog *catalog, const char *sql, const char *what,
                                   struct az_error *error);

/* Statements for a table, from sqlite3_malloc; NULL where there is no memory. indexes is "" where
 * there is none. */
char *az_catalog_sql_create(const struct az_catalog_table *table);
char *az_catalog_sql_insert(const struct az_catalog_table *table);
char *az_catalog_sql_indexes(const struct az_catalog_table *table);

/* Copies the catalog at path, which exists, into the empty database. */
enum az_status az_catalog_copy(struct az_catalog *catalog, const char *path,
                               struct az_error *error);

#endif
