/* The catalog: what is written is what SQLite reads back; other results stay; what is no catalog,
 * or a damaged one, is refused and left as it is. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../store_fixture.h"
#include "store/catalog.h"

static const struct az_catalog_parameter parameters[] = {{"rows", "3"}, {"note", "a \"b\" 'c'"}};
static const struct az_catalog_input input = {"tokenizer", "it's.json", {1, 0xabcdef}};
static const struct az_catalog_provenance provenance = {"tokenizer reach", parameters, 2, &input,
                                                        1};

static void put_token(struct az_catalog *catalog, int64_t id, const char *script)
{
    az_catalog_integer(catalog, id);
    az_catalog_blob(catalog, "a\0b", 3);
    az_catalog_text(catalog, "a\\x00b \xe0\xb8\x81");
    az_catalog_text(catalog, script);
    az_catalog_text(catalog, "letters");
    az_catalog_integer(catalog, 3);
    az_catalog_null(catalog);
    az_catalog_text(catalog, "ok");
    az_catalog_null(catalog);
    az_catalog_null(catalog);
}

/* A catalog with count tokens, of a script. */
static enum az_status write_tokens(const char *path, int64_t count, const char *script,
                                   struct az_error *error)
{
    struct az_catalog *catalog;
    enum az_status status = az_catalog_open(&catalog, path, error);
    if (status != AZ_OK) return status;
    status = az_catalog_begin(catalog, "tokens", error);
    for (int64_t n = 0; n < count && status == AZ_OK; n++) {
        put_token(catalog, n, script);
        status = az_catalog_row(catalog, error);
    }
    if (status == AZ_OK) status = az_catalog_end(catalog, &provenance, error);
    if (status == AZ_OK) return az_catalog_commit(catalog, error);
    az_catalog_abort(catalog);
    return status;
}

/* The first column of the first row, as text. */
static const char *ask(const char *path, const char *sql)
{
    static char answer[512];
    sqlite3 *database;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    const char *text = sqlite3_step(statement) == SQLITE_ROW
                           ? (const char *)sqlite3_column_text(statement, 0)
                           : NULL;
    snprintf(answer, sizeof answer, "%s", text ? text : "(null)");
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return answer;
}

static void tell(const char *path, const char *sql)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    sqlite3_close(database);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    const char *path = fixture_path("new.db");
    assert_int_equal(write_tokens(path, 3, "Thai", NULL), AZ_OK);
    assert_string_equal(ask(path, "PRAGMA integrity_check"), "ok");
    assert_string_equal(ask(path, "PRAGMA application_id"), "1635412333");
    assert_string_equal(ask(path, "PRAGMA user_version"), "1");
    assert_string_equal(ask(path, "SELECT count(*) FROM tokens WHERE script = 'Thai'"), "3");
    assert_string_equal(ask(path, "SELECT hex(bytes) FROM tokens WHERE id = 2"), "610062");
    assert_string_equal(ask(path, "SELECT hex(text) FROM tokens"), "615C7830306220E0B881");
    assert_string_equal(ask(path, "SELECT typeof(encoding) || typeof(bytes) || typeof(id) "
                                  "FROM tokens"),
                        "nullblobinteger");
    assert_string_equal(ask(path, "SELECT command || rows FROM provenance"), "tokenizer reach3");
    assert_string_equal(ask(path, "SELECT json_extract(parameters, '$.note') FROM provenance"),
                        "a \"b\" 'c'");
    assert_string_equal(ask(path, "SELECT path || hash FROM inputs"),
                        "it's.json00000000000000010000000000abcdef");
    assert_string_equal(ask(path,
                            "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = "
                            "'tokens_script'"),
                        "1");
}

static void other_tables_stay_and_its_own_is_replaced(void **state)
{
    (void)state;
    const char *path = fixture_path("again.db");
    assert_int_equal(write_tokens(path, 500, "Thai", NULL), AZ_OK);
    tell(path, "CREATE TABLE mine (x); INSERT INTO mine VALUES (42);"
               "CREATE VIEW thai AS SELECT * FROM tokens WHERE script = 'Thai';"
               "CREATE TRIGGER late AFTER INSERT ON inputs BEGIN DELETE FROM mine; END;");
    assert_int_equal(write_tokens(path, 2, "Latin", NULL), AZ_OK);
    assert_string_equal(ask(path, "PRAGMA integrity_check"), "ok");
    assert_string_equal(ask(path, "SELECT count(*) || script FROM tokens"), "2Latin");
    assert_string_equal(ask(path, "SELECT x FROM mine"), "42");
    assert_string_equal(ask(path, "SELECT count(*) FROM thai"), "0");
    assert_string_equal(ask(path, "SELECT count(*) || '.' || rows FROM provenance"), "1.2");
    assert_string_equal(ask(path, "SELECT count(*) FROM inputs"), "1");
    assert_int_equal(access(fixture_path("again.db.part"), F_OK), -1);
}

static bool holds(const char *path, const char *table, const char *column,
                  const struct az_catalog_input *made_from)
{
    struct az_catalog *catalog;
    bool answer = true;
    assert_int_equal(az_catalog_open(&catalog, path, NULL), AZ_OK);
    assert_int_equal(az_catalog_holds(catalog, table, column, made_from, &answer, NULL), AZ_OK);
    az_catalog_abort(catalog);
    return answer;
}

/* Values of a column, made from this input; not where there is no such table, or a view instead. */
static void what_a_catalog_holds_is_told(void **state)
{
    (void)state;
    const char *path = fixture_path("holds.db");
    struct az_catalog_input other = input;
    assert_false(holds(path, "tokens", "reachability", &input));
    assert_int_equal(write_tokens(path, 5, "Thai", NULL), AZ_OK);
    assert_true(holds(path, "tokens", "reachability", &input));
    assert_false(holds(path, "tokens", "encoding", &input));
    assert_false(holds(path, "usage", "count", &input));
    other.hash.low ^= 1;
    assert_false(holds(path, "tokens", "reachability", &other));
    other = input;
    other.role = "corpus";
    assert_false(holds(path, "tokens", "reachability", &other));
    tell(path, "ALTER TABLE tokens RENAME TO was; CREATE VIEW tokens AS SELECT * FROM was");
    assert_false(holds(path, "tokens", "reachability", &input));
    assert_int_equal(write_tokens(fixture_path("none.db"), 0, "Thai", NULL), AZ_OK);
    assert_false(holds(fixture_path("none.db"), "tokens", "reachability", &input));
}

static void fresh_files_are_the_same_bytes(void **state)
{
    (void)state;
    static char a[1 << 20], b[1 << 20];
    assert_int_equal(write_tokens(fixture_path("a.db"), 2000, "Thai", NULL), AZ_OK);
    assert_int_equal(write_tokens(fixture_path("b.db"), 2000, "Thai", NULL), AZ_OK);
    long length = fixture_read(fixture_path("a.db"), a, sizeof a);
    assert_in_range(length, 20000, sizeof a - 1);
    assert_int_equal(fixture_read(fixture_path("b.db"), b, sizeof b), length);
    assert_memory_equal(a, b, (size_t)length);
}

static void a_row_of_other_types_is_refused(void **state)
{
    (void)state;
    struct az_catalog *catalog;
    struct az_error error;
    const char *path = fixture_path("types.db");
    assert_int_equal(az_catalog_open(&catalog, path, NULL), AZ_OK);
    assert_int_equal(az_catalog_begin(catalog, "no such table", &error), AZ_USAGE);
    assert_int_equal(az_catalog_begin(catalog, "tokens", NULL), AZ_OK);
    az_catalog_integer(catalog, 1);
    assert_int_equal(az_catalog_row(catalog, &error), AZ_USAGE); /* too short */
    assert_non_null(strstr(error.message, "1 of 10"));
    az_catalog_abort(catalog);
    for (int bad = 0; bad < 3; bad++) {
        assert_int_equal(az_catalog_open(&catalog, path, NULL), AZ_OK);
        assert_int_equal(az_catalog_begin(catalog, "tokens", NULL), AZ_OK);
        if (bad == 0) az_catalog_text(catalog, "1");
        if (bad == 1) az_catalog_null(catalog);
        put_token(catalog, 0, "Thai");
        if (bad == 2) az_catalog_integer(catalog, 0);
        assert_int_equal(az_catalog_row(catalog, &error), AZ_USAGE);
        assert_non_null(strstr(error.message, bad == 2 ? "(none)" : "column id"));
        put_token(catalog, 1, "Thai");
        assert_int_equal(az_catalog_row(catalog, &error), AZ_USAGE); /* the first one is kept */
        assert_int_equal(az_catalog_commit(catalog, &error), AZ_USAGE);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void a_repeated_key_is_refused(void **state)
{
    (void)state;
    struct az_catalog *catalog;
    struct az_error error;
    assert_int_equal(az_catalog_open(&catalog, fixture_path("key.db"), NULL), AZ_OK);
    assert_int_equal(az_catalog_begin(catalog, "tokens", NULL), AZ_OK);
    put_token(catalog, 7, "Thai");
    assert_int_equal(az_catalog_row(catalog, NULL), AZ_OK);
    put_token(catalog, 7, "Thai");
    assert_int_equal(az_catalog_row(catalog, &error), AZ_IO);
    assert_non_null(strstr(error.message, "UNIQUE"));
    az_catalog_abort(catalog);
}

static void assert_refused(const char *path, enum az_status status, const char *part)
{
    static char before[1 << 20], after[1 << 20];
    struct az_error error;
    long length = fixture_read(path, before, sizeof before);
    assert_int_equal(write_tokens(path, 1, "Thai", &error), status);
    if (!strstr(error.message, part)) fail_msg("expected \"%s\" in: %s", part, error.message);
    assert_string_equal(error.file, path);
    assert_int_equal(fixture_read(path, after, sizeof after), length);
    assert_memory_equal(before, after, (size_t)length);
}

static void what_is_no_catalog_is_refused_and_left(void **state)
{
    (void)state;
    const char *path = fixture_path("foreign.db");
    fixture_write(path, "", 0);
    assert_refused(path, AZ_FORMAT, "no SQLite file");
    fixture_write(path, "id,bytes\n1,2\n", 13);
    assert_refused(path, AZ_FORMAT, "no SQLite file");
    unlink(path);
    tell(path, "CREATE TABLE mine (x)");
    assert_refused(path, AZ_FORMAT, "no catalog of azimuth");
    unlink(path);
    assert_int_equal(write_tokens(path, 1, "Thai", NULL), AZ_OK);
    tell(path, "PRAGMA user_version = 2");
    assert_refused(path, AZ_UNSUPPORTED, "version 2");
    tell(path, "PRAGMA user_version = 0");
    assert_refused(path, AZ_FORMAT, "without a version");
    tell(path, "PRAGMA user_version = 1; PRAGMA journal_mode = WAL");
    assert_refused(path, AZ_UNSUPPORTED, "WAL");
    tell(path, "PRAGMA journal_mode = DELETE");
    fixture_write(fixture_path("foreign.db-journal"), "x", 1);
    assert_refused(path, AZ_IO, "journal beside it");
    unlink(fixture_path("foreign.db-journal"));
    assert_int_equal(write_tokens(path, 1, "Thai", NULL), AZ_OK);
}

/* Every page in turn is overwritten; what SQLite notices is refused, and nothing else happens. */
static void a_damaged_catalog_is_refused(void **state)
{
    (void)state;
    static char bytes[1 << 20];
    const char *path = fixture_path("damaged.db");
    assert_int_equal(write_tokens(path, 1000, "Thai", NULL), AZ_OK);
    long length = fixture_read(path, bytes, sizeof bytes);
    size_t refused = 0, pages = (size_t)length / 4096;
    assert_in_range(pages, 20, 200);
    for (size_t page = 0; page < pages; page++) {
        static char damaged[1 << 20];
        struct az_error error;
        memcpy(damaged, bytes, (size_t)length);
        memset(damaged + page * 4096 + (page ? 0 : 100), 0xa5, 1000);
        fixture_write(path, damaged, (size_t)length);
        enum az_status status = write_tokens(path, 1, "Thai", &error);
        assert_true(status == AZ_OK || status == AZ_FORMAT);
        refused += status == AZ_FORMAT;
        if (status == AZ_FORMAT) assert_non_null(strstr(error.message, "delete it"));
    }
    assert_int_equal(refused, pages);
    fixture_write(path, bytes, (size_t)length / 2); /* cut short */
    assert_refused(path, AZ_FORMAT, "delete it");
}

static void another_writer_is_waited_for_and_then_told(void **state)
{
    (void)state;
    const char *path = fixture_path("busy.db");
    struct az_error error;
    sqlite3 *other;
    assert_int_equal(write_tokens(path, 1, "Thai", NULL), AZ_OK);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE", 0, 0, 0),
                     SQLITE_OK);
    assert_int_equal(write_tokens(path, 1, "Thai", &error), AZ_IO);
    assert_non_null(strstr(error.message, "another program"));
    sqlite3_close(other);
    assert_int_equal(write_tokens(path, 1, "Thai", NULL), AZ_OK);
}

static void every_table_is_declared_whole(void **state)
{
    (void)state;
    for (size_t n = 0; n < az_catalog_table_count; n++) {
        const struct az_catalog_table *table = &az_catalog_tables[n];
        assert_ptr_equal(az_catalog_table_named(table->name), table);
        assert_non_null(table->key);
        assert_non_null(table->help);
        for (const struct az_catalog_column *c = table->columns; c->name; c++) {
            assert_non_null(c->help);
            for (const struct az_catalog_column *d = table->columns; d != c; d++)
                assert_string_not_equal(c->name, d->name);
        }
    }
    assert_null(az_catalog_table_named("token"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(other_tables_stay_and_its_own_is_replaced),
        cmocka_unit_test(what_a_catalog_holds_is_told),
        cmocka_unit_test(fresh_files_are_the_same_bytes),
        cmocka_unit_test(a_row_of_other_types_is_refused),
        cmocka_unit_test(a_repeated_key_is_refused),
        cmocka_unit_test(what_is_no_catalog_is_refused_and_left),
        cmocka_unit_test(a_damaged_catalog_is_refused),
        cmocka_unit_test(another_writer_is_waited_for_and_then_told),
        cmocka_unit_test(every_table_is_declared_whole),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
