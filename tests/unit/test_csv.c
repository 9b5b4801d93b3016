#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "base/memory.h"
#include "store/csv.h"
#include "store/system.h"

static void fields_are_quoted_where_they_must_be(void **state)
{
    (void)state;
    struct az_csv *csv;
    char text[256] = {0};
    const char *path = fixture_path("a.csv");
    assert_int_equal(az_csv_create(&csv, path, AZ_CSV_WHOLE, "a,b,c,d,e", NULL), AZ_OK);
    az_csv_text(csv, "plain");
    az_csv_text(csv, "a,b");
    az_csv_text(csv, "say \"hi\"");
    az_csv_text(csv, "two\nlines");
    az_csv_text(csv, "");
    assert_int_equal(az_csv_end(csv, NULL), AZ_OK);
    az_csv_integer(csv, INT64_MIN);
    az_csv_f64(csv, 0.1);
    az_csv_f32(csv, 0.1f);
    az_csv_f64(csv, (double)NAN);
    az_csv_empty(csv);
    assert_int_equal(az_csv_end(csv, NULL), AZ_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(az_csv_commit(csv, NULL), AZ_OK);
    fixture_read(path, text, sizeof text);
    assert_string_equal(text, "a,b,c,d,e\nplain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\n"
                              "-9223372036854775808,0.1,0.1,nan,\n");
    assert_int_equal(fixture_count_files(), 1);
}

static void a_live_row_is_there_when_it_has_ended(void **state)
{
    (void)state;
    struct az_csv *csv;
    char text[64] = {0};
    const char *path = fixture_path("live.csv");
    assert_int_equal(az_csv_create(&csv, path, AZ_CSV_LIVE, "step", NULL), AZ_OK);
    az_csv_integer(csv, 1);
    assert_int_equal(az_csv_end(csv, NULL), AZ_OK);
    az_csv_integer(csv, 2);
    fixture_read(path, text, sizeof text);
    assert_string_equal(text, "step\n1\n");
    az_csv_abort(csv);
    assert_int_equal(access(path, F_OK), 0);
}

/* Rows made apart, fewer and more than the buffer holds, stand in the order of az_csv_append. */
static void rows_made_in_memory_are_put_in_order(void **state)
{
    (void)state;
    enum { ROWS = 30000 };
    static char text[2 * ROWS * 8], expected[sizeof text];
    struct az_csv *csv, *rows[2];
    size_t length = 0;
    const char *path = fixture_path("rows.csv");
    assert_int_equal(az_csv_create(&csv, path, AZ_CSV_WHOLE, "n", NULL), AZ_OK);
    length += (size_t)sprintf(expected + length, "n\n");
    for (int k = 0; k < 2; k++)
        assert_int_equal(az_csv_create(&rows[k], NULL, AZ_CSV_ROWS, NULL, NULL), AZ_OK);
    for (int64_t round = 0; round < 2; round++) {
        int64_t count = round == 0 ? 2 : ROWS;
        for (int64_t n = 0; n < count; n++)
            for (int k = 0; k < 2; k++) {
                az_csv_integer(rows[k], k == 0 ? n : -n);
                assert_int_equal(az_csv_end(rows[k], NULL), AZ_OK);
            }
        for (int k = 0; k < 2; k++) {
            assert_int_equal(az_csv_append(csv, rows[k], NULL), AZ_OK);
            for (int64_t n = 0; n < count; n++)
                length += (size_t)sprintf(expected + length, "%d\n", (int)(k == 0 ? n : -n));
        }
    }
    for (int k = 0; k < 2; k++) {
        assert_int_equal(az_csv_append(csv, rows[k], NULL), AZ_OK); /* nothing is left */
        az_csv_abort(rows[k]);
    }
    assert_int_equal(az_csv_commit(csv, NULL), AZ_OK);
    fixture_read(path, text, sizeof text);
    assert_string_equal(text, expected);
}

static void large_tables_are_whole(void **state)
{
    (void)state;
    struct az_csv *csv;
    const char *path = fixture_path("large.csv");
    assert_int_equal(az_csv_create(&csv, path, AZ_CSV_WHOLE, NULL, NULL), AZ_OK);
    for (int i = 0; i < 100000; i++) {
        az_csv_integer(csv, i);
        assert_int_equal(az_csv_end(csv, NULL), AZ_OK);
    }
    assert_int_equal(az_csv_commit(csv, NULL), AZ_OK);
    FILE *file = fopen(path, "r");
    int expected = 0, found;
    while (fscanf(file, "%d\n", &found) == 1) assert_int_equal(found, expected++);
    fclose(file);
    assert_int_equal(expected, 100000);
}

static void a_failure_at_any_call_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    int failures = 0;
    for (size_t n = 1; n < 20; n++) {
        struct az_csv *csv;
        struct az_error error;
        fixture_empty();
        az_system_fail_after(n, ENOSPC);
        enum az_status status =
            az_csv_create(&csv, fixture_path("a.csv"), AZ_CSV_WHOLE, "a", &error);
        if (status == AZ_OK) {
            az_csv_integer(csv, 1);
            az_csv_end(csv, NULL);
            status = az_csv_commit(csv, &error);
        }
        az_system_fail_after(0, 0);
        assert_int_equal(fixture_count_files(), status == AZ_OK);
        if (status != AZ_OK) assert_int_equal(status, AZ_FULL);
        failures += status != AZ_OK;
    }
    assert_true(failures >= 5);
}

static void a_full_device_and_a_failed_allocation_are_told(void **state)
{
    (void)state;
    struct az_csv *csv;
    struct az_error error;
    assert_int_equal(az_csv_create(&csv, "/dev/full", AZ_CSV_LIVE, "a", &error), AZ_FULL);
    assert_null(csv);
    for (size_t n = 1; n <= 3; n++) {
        az_memory_fail_after(n);
        assert_int_equal(az_csv_create(&csv, fixture_path("m.csv"), AZ_CSV_WHOLE, "a", &error),
                         AZ_MEMORY);
        az_memory_fail_after(0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_quoted_where_they_must_be),
        cmocka_unit_test(a_live_row_is_there_when_it_has_ended),
        cmocka_unit_test(rows_made_in_memory_are_put_in_order),
        cmocka_unit_test(large_tables_are_whole),
        cmocka_unit_test(a_failure_at_any_call_is_told_and_leaves_nothing),
        cmocka_unit_test(a_full_device_and_a_failed_allocation_are_told),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
