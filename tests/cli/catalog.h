/* catalog.h: questions to a catalog that the program wrote. */
#ifndef TESTS_CLI_CATALOG_H
#define TESTS_CLI_CATALOG_H

#include <sqlite3.h>

#include "program.h"

/* The first column of the first row, as text. */
static const char *ask(const char *name, const char *sql)
{
    static char answer[256];
    char path[256];
    sqlite3 *database;
    sqlite3_stmt *statement;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    snprintf(answer, sizeof answer, "%s", text ? text : "(null)");
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return answer;
}

#endif
