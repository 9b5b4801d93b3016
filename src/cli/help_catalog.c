#include "cli/help.h"
#include "store/catalog.h"

static void print_table(FILE *file, const struct az_catalog_table *table)
{
    fprintf(file, "\n%s  %s (key: %s)\n", table->name, table->help, table->key);
    for (const struct az_catalog_column *column = table->columns; column->name; column++) {
        int at = fprintf(file, "  %s %s%s", column->name, az_catalog_type_name(column->type),
                         column->indexed ? ", indexed" : "");
        az_help_wrap(file, column->help, at, 32);
    }
}

void az_help_catalog(FILE *file)
{
    fprintf(file, "Tables of a catalog (an SQLite file, option --catalog of several commands):\n");
    for (size_t n = 0; n < az_catalog_table_count; n++) print_table(file, &az_catalog_tables[n]);
}

static void print_table_markdown(FILE *file, const struct az_catalog_table *table)
{
    fprintf(file, "\n## %s\n\n%s. Primary key: `%s`.\n\n", table->name, table->help, table->key);
    fprintf(file, "| column | type | may be NULL | indexed | meaning |\n|---|---|---|---|---|\n");
    for (const struct az_catalog_column *column = table->columns; column->name; column++)
        fprintf(file, "| `%s` | %s | %s | %s | %s |\n", column->name,
                az_catalog_type_name(column->type), column->optional ? "yes" : "",
                column->indexed ? "yes" : "", column->help);
}

void az_help_catalog_markdown(FILE *file)
{
    fprintf(
        file,
        "# The catalog\n\n"
        "Made by `azimuth help catalog --markdown`; do not edit.\n\n"
        "A catalog is one SQLite file with results as tables, for questions in SQL: from the "
        "shell (`sqlite3`),\nfrom Python (`sqlite3`, `pandas.read_sql`), from R. Commands with "
        "the option `--catalog FILE` create it,\nor put their tables into the one that is "
        "there; a table that is there already is replaced, the others stay.\n\n"
        "`PRAGMA application_id` is %d (\"azim\"), `PRAGMA user_version` is %d: the version of "
        "this page. A file\nwith another application id, of a later version, or with damage is "
        "refused. It is written whole or not at\nall, as every file is ([formats](formats.md)): "
        "a program that reads it meanwhile goes on reading the old one.\nThe same results in a "
        "fresh file are the same bytes. Views, indexes and tables of your own stay where they "
        "are.\n\n```sh\nazimuth tokenizer reach qwen3/tokenizer.json --rows 151936 --catalog "
        "qwen3.db\nsqlite3 qwen3.db \"SELECT script, count(*) FROM tokens WHERE reachability = "
        "'split' GROUP BY 1 ORDER BY 2 DESC\"\n```\n",
        AZ_CATALOG_APPLICATION_ID, AZ_CATALOG_VERSION);
    for (size_t n = 0; n < az_catalog_table_count; n++)
        print_table_markdown(file, &az_catalog_tables[n]);
}
