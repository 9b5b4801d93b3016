/* Every allocation (ours and SQLite's) and every system call of the catalog fails in turn: the old
 * catalog stays to the byte, a new one is whole or not there, and the failure is told. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../store_fixture.h"
#include "base/memory.h"
#include "store/catalog.h"
#include "store/system.h"

enum { ROWS = 300, MOST_BYTES = 1 << 18 };

static enum az_status fill(struct az_catalog *catalog, int64_t rows, struct az_error *error)
{
    enum az_status status = az_catalog_begin(catalog, "tokens", error);
    for (int64_t n = 0; n < rows && status == AZ_OK; n++) {
        az_catalog_integer(catalog, n);
        az_catalog_blob(catalog, "", 0);
        az_catalog_text(catalog, "some text of a token, long enough to fill a few pages of a file");
        az_catalog_text(catalog, "Latin");
        az_catalog_text(catalog, "letters");
        az_catalog_integer(catalog, 0);
        az_catalog_null(catalog);
        az_catalog_null(catalog);
        az_catalog_null(catalog);
        az_catalog_null(catalog);
        status = az_catalog_row(catalog, error);
    }
    return status;
}

static enum az_status write_catalog(const char *path, int64_t rows, struct az_error *error)
{
    static const struct az_catalog_parameter parameter = {"rows", "300"};
    static const struct az_catalog_input input = {"tokenizer", "t.json", {0, 1}};
    static const struct az_catalog_provenance provenance = {"test", &parameter, 1, &input, 1};
    struct az_catalog *catalog;
    bool holds;
    az_error_clear(error);
    enum az_status status = az_catalog_open(&catalog, path, error);
    if (status != AZ_OK) return status;
    status = az_catalog_holds(catalog, "tokens", "text", &input, &holds, error);
    if (status == AZ_OK) status = fill(catalog, rows, error);
    if (status == AZ_OK) status = az_catalog_end(catalog, &provenance, error);
    if (status == AZ_OK) return az_catalog_commit(catalog, error);
    az_catalog_abort(catalog);
    return status;
}

static char old_bytes[MOST_BYTES], new_bytes[MOST_BYTES];
static long old_length;

static void begin(const char *path, bool exists)
{
    struct az_error error;
    fixture_empty();
    old_length = -1;
    if (!exists) return;
    assert_int_equal(write_catalog(path, 20, &error), AZ_OK);
    old_length = fixture_read(path, old_bytes, sizeof old_bytes);
}

/* The old file or the new one under the name, and nothing else in the directory. */
static void check(const char *path, enum az_status status, const struct az_error *error)
{
    if (status == AZ_OK) return;
    assert_true(error->message[0]);
    assert_int_equal(fixture_read(path, new_bytes, sizeof new_bytes), old_length);
    if (old_length > 0) assert_memory_equal(new_bytes, old_bytes, (size_t)old_length);
    assert_int_equal(fixture_count_files(), old_length > 0);
}

static void the_catalog_survives_every_failed_allocation(void **state)
{
    (void)state;
    const char *path = fixture_path("memory.db");
    for (int exists = 0; exists < 2; exists++) {
        struct az_error error;
        enum az_status status;
        size_t n = 0;
        do {
            begin(path, exists);
            az_memory_fail_after(++n);
            status = write_catalog(path, ROWS, &error);
            az_memory_fail_after(0);
            assert_true(status == AZ_OK || status == AZ_MEMORY);
            check(path, status, &error);
        } while (status != AZ_OK && n < 1000);
        assert_in_range(n, 5, 999);
    }
}

/* ---- SQLite's own memory ---- */

static sqlite3_mem_methods real;
static size_t sqlite_fails; /* 0: never; 1: the next allocation and all after it */

static bool fails(void)
{
    if (sqlite_fails > 1)
        sqlite_fails--;
    else if (sqlite_fails == 1)
        return true;
    return false;
}

static void *failing_malloc(int bytes) { return fails() ? NULL : real.xMalloc(bytes); }
static void *failing_realloc(void *old, int bytes)
{
    return fails() ? NULL : real.xRealloc(old, bytes);
}

static int install(void **state)
{
    sqlite3_mem_methods failing;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK) return -1;
    failing = real;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) != SQLITE_OK) return -1;
    return fixture_make(state);
}

/* The first ones each, later ones ever farther apart. */
static void the_catalog_survives_failed_allocations_of_sqlite(void **state)
{
    (void)state;
    const char *path = fixture_path("sqlite.db");
    for (int exists = 0; exists < 2; exists++) {
        struct az_error error;
        enum az_status status = AZ_MEMORY;
        size_t tries = 0;
        for (size_t n = 1; status != AZ_OK && n < 1000000; n += 1 + n / 50, tries++) {
            begin(path, exists);
            sqlite_fails = n;
            status = write_catalog(path, ROWS, &error);
            sqlite_fails = 0;
            assert_true(status == AZ_OK || status == AZ_MEMORY || status == AZ_IO);
            check(path, status, &error);
        }
        print_message("%zu allocations of SQLite failed in turn\n", tries - 1);
        assert_int_equal(status, AZ_OK);
        assert_in_range(tries, 50, 1000);
    }
}

static void the_catalog_survives_every_failed_call(void **state)
{
    (void)state;
    static const struct {
        int code;
        enum az_status status;
    } codes[] = {{EIO, AZ_IO}, {ENOSPC, AZ_FULL}, {EDQUOT, AZ_FULL}};
    const char *path = fixture_path("calls.db");
    for (size_t c = 0; c < sizeof codes / sizeof codes[0]; c++)
        for (int exists = 0; exists < 2; exists++) {
            struct az_error error;
            enum az_status status;
            size_t n = 0;
            do {
                begin(path, exists);
                az_system_fail_after(++n, codes[c].code);
                status = write_catalog(path, ROWS, &error);
                az_system_fail_after(0, 0);
                assert_true(status == AZ_OK || status == codes[c].status);
                check(path, status, &error);
                if (status != AZ_OK) assert_non_null(strstr(error.file, "calls.db"));
            } while (status != AZ_OK && n < 1000);
            print_message("%zu calls failed in turn\n", n - 1);
            assert_in_range(n, 20, 999);
        }
}

/* In a child with the signal's deadly default. */
static void a_catalog_beyond_the_size_limit_is_full(void **state)
{
    (void)state;
    fixture_empty();
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {20000, 20000};
        struct az_error error;
        setrlimit(RLIMIT_FSIZE, &limit);
        enum az_status status = write_catalog(fixture_path("limit.db"), ROWS, &error);
        _exit(status == AZ_FULL ? 0 : 1);
    }
    int result;
    waitpid(child, &result, 0);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
    assert_int_equal(fixture_count_files(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_catalog_survives_every_failed_allocation),
        cmocka_unit_test(the_catalog_survives_failed_allocations_of_sqlite),
        cmocka_unit_test(the_catalog_survives_every_failed_call),
        cmocka_unit_test(a_catalog_beyond_the_size_limit_is_full),
    };
    return cmocka_run_group_tests(tests, install, fixture_remove);
}
