#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/table.h"

static char path[] = "/tmp/azimuth-table-XXXXXX";

static enum az_status read_text(struct az_table *table, const char *text, struct az_error *error)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
    az_error_clear(error);
    return az_table_read(table, path, error);
}

static void columns_are_found_by_name(void **state)
{
    (void)state;
    struct az_table table;
    struct az_error error;
    const double *values;
    assert_int_equal(read_text(&table, "step,loss\n1,9.25\n2,nan\r\n3,\n", &error), AZ_OK);
    assert_int_equal(table.rows, 3);
    assert_int_equal(az_table_column(&table, "loss", &values, &error), AZ_OK);
    assert_true(values[0] == 9.25 && isnan(values[1]) && isnan(values[2]));
    assert_int_equal(az_table_column(&table, "step", &values, &error), AZ_OK);
    assert_true(values[0] == 1 && values[2] == 3);
    assert_int_equal(az_table_column(&table, "share", &values, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "step, loss"));
    az_table_free(&table);
}

static void a_line_that_does_not_end_is_left_out(void **state)
{
    (void)state;
    struct az_table table;
    struct az_error error;
    assert_int_equal(read_text(&table, "step,loss\n1,9.25\n2,8.", &error), AZ_OK);
    assert_int_equal(table.rows, 1);
    az_table_free(&table);
}

static void what_is_no_table_of_numbers_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t line;
    } bad[] = {{"", 1},
               {"step,loss", 1},
               {"step,loss\n1,2\n3\n", 3},
               {"step,loss\n1,2,3\n", 2},
               {"step,loss\n1,two\n", 2},
               {"step,loss\n1,2x\n", 2}};
    struct az_table table;
    struct az_error error;
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
        assert_int_equal(read_text(&table, bad[n].text, &error), AZ_FORMAT);
        assert_int_equal(error.line, bad[n].line);
        assert_string_equal(error.file, path);
    }
    assert_int_equal(az_table_read(&table, "/nowhere/metrics.csv", &error), AZ_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(a_line_that_does_not_end_is_left_out),
        cmocka_unit_test(what_is_no_table_of_numbers_is_refused_with_its_line),
    };
    int fd = mkstemp(path);
    if (fd < 0) return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
