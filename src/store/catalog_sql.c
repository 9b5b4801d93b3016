#include "store/catalog_state.h"

char *az_catalog_sql_create(const struct az_catalog_table *table)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "DROP TABLE IF EXISTS \"%w\"; CREATE TABLE \"%w\" (", table->name,
                        table->name);
    for (const struct az_catalog_column *column = table->columns; column->name; column++)
        sqlite3_str_appendf(sql, "\"%w\" %s%s, ", column->name, az_catalog_type_name(column->type),
                            column->optional ? "" : " NOT NULL");
    sqlite3_str_appendf(sql, "PRIMARY KEY (%s))", table->key);
    return sqlite3_str_finish(sql);
}

char *az_catalog_sql_insert(const struct az_catalog_table *table)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "INSERT INTO \"%w\" VALUES (?", table->name);
    for (const struct az_catalog_column *column = table->columns + 1; column->name; column++)
        sqlite3_str_appendall(sql, ", ?");
    sqlite3_str_appendall(sql, ")");
    return sqlite3_str_finish(sql);
}

char *az_catalog_sql_indexes(const struct az_catalog_table *table)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    for (const struct az_catalog_column *column = table->columns; column->name; column++)
        if (column->indexed)
            sqlite3_str_appendf(sql, "CREATE INDEX \"%w_%w\" ON \"%w\" (\"%w\"); ", table->name,
                                column->name, table->name, column->name);
    sqlite3_str_appendall(sql, ";");
    return sqlite3_str_finish(sql);
}
