#include "store/catalog.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/build.h"
#include "base/memory.h"
#include "store/catalog_state.h"
#include "store/catalog_vfs.h"
#include "store/json.h"

#define CANNOT_WRITE "cannot write the catalog"

/* ---- SQLite's results ---- */

enum az_status az_catalog_raise(const struct az_catalog *catalog, int result, const char *what,
                                struct az_error *error)
{
    if (catalog->code) return az_error_system(error, catalog->code, "%s", what);
    if ((result & 0xff) == SQLITE_NOMEM)
        return az_error_raise(error, AZ_MEMORY, "%s: no memory for SQLite", what);
    bool damaged = (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
    const char *message =
        catalog->database ? sqlite3_errmsg(catalog->database) : sqlite3_errstr(result);
    return az_error_raise(error, damaged ? AZ_FORMAT : AZ_IO, "%s: %s%s", what, message,
                          damaged ? "; delete it, and make its results again" : "");
}

enum az_status az_catalog_run_text(struct az_catalog *catalog, const char *sql, const char *what,
                                   struct az_error *error)
{
    int result = sqlite3_exec(catalog->database, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? AZ_OK : az_catalog_raise(catalog, result, what, error);
}

enum az_status az_catalog_run(struct az_catalog *catalog, char *sql, const char *what,
                              struct az_error *error)
{
    enum az_status status = sql ? az_catalog_run_text(catalog, sql, what, error)
                                : az_catalog_raise(catalog, SQLITE_NOMEM, what, error);
    sqlite3_free(sql);
    return status;
}

/* ---- open, commit, abort ---- */

/* No journal: the file is a copy that nobody else sees, and is thrown away when anything fails.
 * What a hostile file brings along (triggers, views) is not run. */
static enum az_status prepare(struct az_catalog *catalog, struct az_error *error)
{
    static const char sql[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
                              "PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; "
                              "PRAGMA cache_size = -65536;";
    enum az_status status = az_catalog_run_text(catalog, sql, CANNOT_WRITE, error);
    sqlite3_db_config(catalog->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(catalog->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(catalog->database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(catalog->database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return status;
}

/* The tables that every catalog has. */
static enum az_status create_tables(struct az_catalog *catalog, struct az_error *error)
{
    static const char *const names[] = {"provenance", "inputs"};
    enum az_status status = AZ_OK;
    char *sql = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;",
                                AZ_CATALOG_APPLICATION_ID, AZ_CATALOG_VERSION);
    AZ_TRY(az_catalog_run(catalog, sql, CANNOT_WRITE, error));
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        const struct az_catalog_table *table = az_catalog_table_named(names[n]);
        AZ_TRY(az_catalog_run(catalog, az_catalog_sql_create(table), CANNOT_WRITE, error));
        AZ_TRY(az_catalog_run(catalog, az_catalog_sql_indexes(table), CANNOT_WRITE, error));
    }
out:
    return status;
}

static enum az_status open_database(struct az_catalog *catalog, const char *path,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    bool exists = az_file_exists(path);
    int result = az_catalog_vfs_open(&catalog->database, catalog->part.fd, &catalog->code);
    if (result != SQLITE_OK) {
        status = az_catalog_raise(catalog, result, "cannot begin the catalog", error);
        goto out;
    }
    AZ_TRY(prepare(catalog, error));
    if (exists) AZ_TRY(az_catalog_copy(catalog, path, error));
    AZ_TRY(az_catalog_run_text(catalog, "BEGIN", CANNOT_WRITE, error));
    if (!exists) AZ_TRY(create_tables(catalog, error));
out:
    return status;
}

enum az_status az_catalog_open(struct az_catalog **catalog_pointer, const char *path,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_catalog *catalog;
    *catalog_pointer = NULL;
    AZ_TRY(az_memory_allocate(&catalog, 1, sizeof *catalog, "a catalog", error));
    catalog->part.fd = -1;
    *catalog_pointer = catalog;
    AZ_TRY(az_part_open(&catalog->part, path, true, error));
    AZ_TRY(open_database(catalog, path, error));
out:
    if (status != AZ_OK) {
        az_error_at(error, path, -1, -1, -1);
        az_catalog_abort(*catalog_pointer);
        *catalog_pointer = NULL;
    }
    return status;
}

static int close_database(struct az_catalog *catalog)
{
    sqlite3_finalize(catalog->insert);
    catalog->insert = NULL;
    int result = sqlite3_close(catalog->database);
    if (result == SQLITE_OK) catalog->database = NULL;
    return result;
}

enum az_status az_catalog_commit(struct az_catalog *catalog, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (catalog->table)
        AZ_RAISE(AZ_USAGE, "the table %s of the catalog was not ended", catalog->table->name);
    AZ_TRY(az_catalog_run_text(catalog, "COMMIT", CANNOT_WRITE, error));
    int result = close_database(catalog);
    if (result != SQLITE_OK) {
        status = az_catalog_raise(catalog, result, CANNOT_WRITE, error);
        goto out;
    }
    AZ_TRY(az_part_commit(&catalog->part, error));
out:
    if (status != AZ_OK) az_error_at(error, catalog->part.path, -1, -1, -1);
    az_catalog_abort(catalog);
    return status;
}

void az_catalog_abort(struct az_catalog *catalog)
{
    if (!catalog) return;
    close_database(catalog);
    az_part_abort(&catalog->part);
    az_memory_free(catalog);
}

/* ---- tables ---- */

enum az_status az_catalog_begin(struct az_catalog *catalog, const char *name,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *sql = NULL;
    const struct az_catalog_table *table = az_catalog_table_named(name);
    if (!table || catalog->table)
        AZ_RAISE(AZ_USAGE, "the table %s of the catalog cannot be begun now", name);
    AZ_TRY(az_catalog_run(catalog, az_catalog_sql_create(table), CANNOT_WRITE, error));
    sql = az_catalog_sql_insert(table);
    int result =
        sql ? sqlite3_prepare_v2(catalog->database, sql, -1, &catalog->insert, NULL) : SQLITE_NOMEM;
    if (result != SQLITE_OK) {
        status = az_catalog_raise(catalog, result, CANNOT_WRITE, error);
        goto out;
    }
    catalog->table = table;
    catalog->rows = catalog->column = catalog->columns = 0;
    catalog->status = AZ_OK;
    while (table->columns[catalog->columns].name) catalog->columns++;
out:
    sqlite3_free(sql);
    if (status != AZ_OK) az_error_at(error, catalog->part.path, -1, -1, -1);
    return status;
}

enum az_status az_catalog_holds(struct az_catalog *catalog, const char *name, const char *column,
                                const struct az_catalog_input *input, bool *holds,
                                struct az_error *error)
{
    char hash[AZ_HASH_TEXT_BYTES];
    sqlite3_stmt *statement = NULL;
    az_hash_text(input->hash, hash);
    char *sql =
        sqlite3_mprintf("SELECT 1 FROM \"%w\" WHERE \"%w\" IS NOT NULL AND EXISTS (SELECT 1 "
                        "FROM inputs WHERE result = %Q AND role = %Q AND hash = %Q)",
                        name, column, name, input->role, hash);
    int result =
        sql ? sqlite3_prepare_v2(catalog->database, sql, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    *holds = false;
    if (result == SQLITE_ERROR) return AZ_OK; /* there is no such table */
    if (result == SQLITE_OK) result = sqlite3_step(statement);
    *holds = result == SQLITE_ROW;
    sqlite3_finalize(statement);
    if (result == SQLITE_ROW || result == SQLITE_DONE) return AZ_OK;
    enum az_status status =
        az_catalog_raise(catalog, result, "cannot read the catalog that is there", error);
    az_error_at(error, catalog->part.path, -1, -1, -1);
    return status;
}

/* The parameter to bind the next value to, 0 where it may not be bound. */
static int next_column(struct az_catalog *catalog, enum az_catalog_type type, bool is_null)
{
    if (catalog->status != AZ_OK) return 0;
    const struct az_catalog_column *column = catalog->table && catalog->column < catalog->columns
                                                 ? &catalog->table->columns[catalog->column]
                                                 : NULL;
    if (column && (is_null ? column->optional : column->type == type)) return ++catalog->column;
    catalog->status = az_error_raise(
        &catalog->error, AZ_USAGE, "a value of type %s for column %s of table %s",
        is_null ? "NULL" : az_catalog_type_name(type), column ? column->name : "(none)",
        catalog->table ? catalog->table->name : "");
    return 0;
}

static void bound(struct az_catalog *catalog, int result)
{
    if (result != SQLITE_OK)
        catalog->status = az_catalog_raise(catalog, result, CANNOT_WRITE, &catalog->error);
}

void az_catalog_integer(struct az_catalog *catalog, int64_t value)
{
    int place = next_column(catalog, AZ_CATALOG_INTEGER, false);
    if (place) bound(catalog, sqlite3_bind_int64(catalog->insert, place, value));
}

void az_catalog_real(struct az_catalog *catalog, double value)
{
    int place = next_column(catalog, AZ_CATALOG_REAL, isnan(value));
    if (place) bound(catalog, sqlite3_bind_double(catalog->insert, place, value));
}

/* SQLite copies what it is given at the step, so nothing has to outlive az_catalog_row. */
void az_catalog_text(struct az_catalog *catalog, const char *text)
{
    int place = next_column(catalog, AZ_CATALOG_TEXT, false);
    if (place)
        bound(catalog, sqlite3_bind_text64(catalog->insert, place, text, strlen(text),
                                           SQLITE_TRANSIENT, SQLITE_UTF8));
}

void az_catalog_blob(struct az_catalog *catalog, const void *bytes, size_t length_bytes)
{
    int place = next_column(catalog, AZ_CATALOG_BLOB, false);
    if (!place) return;
    bound(catalog, length_bytes ? sqlite3_bind_blob64(catalog->insert, place, bytes, length_bytes,
                                                      SQLITE_TRANSIENT)
                                : sqlite3_bind_zeroblob(catalog->insert, place, 0));
}

void az_catalog_null(struct az_catalog *catalog)
{
    int place = next_column(catalog, AZ_CATALOG_TEXT, true);
    if (place) bound(catalog, sqlite3_bind_null(catalog->insert, place));
}

enum az_status az_catalog_row(struct az_catalog *catalog, struct az_error *error)
{
    if (catalog->status == AZ_OK && catalog->column != catalog->columns)
        catalog->status = az_error_raise(
            &catalog->error, AZ_USAGE, "a row of table %s with %d of %d values",
            catalog->table ? catalog->table->name : "", catalog->column, catalog->columns);
    if (catalog->status == AZ_OK) {
        int result = sqlite3_step(catalog->insert);
        bound(catalog, result == SQLITE_DONE ? SQLITE_OK : result);
        sqlite3_reset(catalog->insert);
    }
    catalog->column = 0;
    catalog->rows += catalog->status == AZ_OK;
    if (catalog->status != AZ_OK && error) {
        *error = catalog->error;
        az_error_at(error, catalog->part.path, -1, -1, -1);
    }
    return catalog->status;
}

/* ---- provenance ---- */

static enum az_status parameters_json(const struct az_catalog_provenance *provenance, char **text,
                                      struct az_error *error)
{
    struct az_json json;
    size_t length;
    az_json_init(&json, false);
    az_json_open(&json, NULL, '{');
    for (size_t n = 0; n < provenance->parameter_count; n++)
        az_json_text(&json, provenance->parameters[n].name, provenance->parameters[n].value);
    az_json_close(&json, '}');
    enum az_status status = az_json_take(&json, text, &length, error);
    az_json_free(&json);
    return status;
}

static char *inputs_sql(const char *result, const struct az_catalog_provenance *provenance)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "DELETE FROM inputs WHERE result = %Q;", result);
    for (size_t n = 0; n < provenance->input_count; n++) {
        const struct az_catalog_input *input = &provenance->inputs[n];
        char hash[AZ_HASH_TEXT_BYTES];
        az_hash_text(input->hash, hash);
        sqlite3_str_appendf(sql, "INSERT INTO inputs VALUES (%Q, %d, %Q, %Q, %Q);", result, (int)n,
                            input->role, input->path, hash);
    }
    return sqlite3_str_finish(sql);
}

enum az_status az_catalog_end(struct az_catalog *catalog,
                              const struct az_catalog_provenance *provenance,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_catalog_table *table = catalog->table;
    char *parameters = NULL;
    if (!table || catalog->column) AZ_RAISE(AZ_USAGE, "no table of the catalog can be ended now");
    sqlite3_finalize(catalog->insert);
    catalog->insert = NULL;
    AZ_TRY(az_catalog_run(catalog, az_catalog_sql_indexes(table), CANNOT_WRITE, error));
    AZ_TRY(parameters_json(provenance, &parameters, error));
    AZ_TRY(az_catalog_run(catalog, inputs_sql(table->name, provenance), CANNOT_WRITE, error));
    char *sql = sqlite3_mprintf("REPLACE INTO provenance VALUES (%Q, %Q, '%q %q', %Q, %lld)",
                                table->name, provenance->command, az_build_version(),
                                az_build_revision(), parameters, (long long)catalog->rows);
    AZ_TRY(az_catalog_run(catalog, sql, CANNOT_WRITE, error));
    catalog->table = NULL;
out:
    az_memory_free(parameters);
    if (status != AZ_OK) az_error_at(error, catalog->part.path, -1, -1, -1);
    return status;
}
