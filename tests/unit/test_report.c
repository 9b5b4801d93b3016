/* The page of a report: what is escaped, what is copied into it, what ends it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store_fixture.h"
#include "azimuth/report.h"
#include "base/memory.h"
#include "store/file.h"

static char *page;

static void write_page(struct az_report *report)
{
    size_t length;
    const char *path = fixture_path("page.html");
    az_memory_free(page);
    assert_int_equal(az_report_write(report, path, NULL), AZ_OK);
    assert_int_equal(az_file_read(path, 0, &page, &length, NULL), AZ_OK);
    az_report_free(report);
}

static void assert_has(const char *part)
{
    if (!strstr(page, part)) fail_msg("expected \"%s\" in:\n%s", part, page);
}

static size_t occurrences(const char *part)
{
    size_t count = 0;
    for (const char *at = page; (at = strstr(at, part)); at++) count++;
    return count;
}

/* A token may be anything. */
static void hostile_texts_stay_texts(void **state)
{
    (void)state;
    static const char bad[] = "<script>\"&\x1b[31m";
    static const char good[] = "&lt;script&gt;&quot;&amp;\xef\xbf\xbd[31m";
    static const char *const heads[] = {bad, "n"}, *const cells[] = {bad, "-1"};
    static const char *const definitions[] = {bad, NULL};
    struct az_report *report;
    assert_int_equal(az_report_create(&report, bad, bad, bad, NULL), AZ_OK);
    az_report_section(report, bad);
    az_report_text(report, bad);
    az_report_command(report, bad);
    az_report_verdict(report, false, bad, bad);
    az_report_numbers(report, &(struct az_report_number){bad, bad, bad, bad}, 1);
    az_report_table(report, &(struct az_report_table){.caption = bad,
                                                      .heads = heads,
                                                      .definitions = definitions,
                                                      .cells = cells,
                                                      .rows = 1,
                                                      .columns = 2,
                                                      .folded = true});
    write_page(report);
    assert_int_equal(occurrences("<script"), 0);
    assert_null(strchr(page, 0x1b));
    /* title twice, question, facts; heading twice; text, command, verdict 2, number 3 + 2;
     * caption, head 1 + 2, cell */
    assert_int_equal(occurrences(good), 4 + 2 + 1 + 1 + 2 + 5 + 1 + 3 + 1);
    assert_has("<td class=\"n\">-1</td>");
    assert_int_equal(occurrences("<section"), occurrences("</section>"));
    assert_int_equal(occurrences("<div"), occurrences("</div>"));
    assert_int_equal(occurrences("<details"), occurrences("</details>"));
}

/* A column stands right where all of it are numbers, or unknown. */
static void columns_of_numbers_stand_right(void **state)
{
    (void)state;
    static const char *const heads[] = {"token", "text", "p", "bytes"};
    static const char *const cells[] = {"11", "+",  "-",     "2b",   "12", "1",
                                        "+5", "30", "-7 %%", "word", "-",  "e0b8"};
    struct az_report *report;
    assert_int_equal(az_report_create(&report, "t", "t", "t", NULL), AZ_OK);
    az_report_table(report,
                    &(struct az_report_table){
                        .caption = "t", .heads = heads, .cells = cells, .rows = 3, .columns = 4});
    write_page(report);
    assert_int_equal(occurrences("<th class=\"n\">"), 2);
    assert_has("<td class=\"n\">-7 %%</td><td>word</td><td class=\"n\">-</td><td>e0b8</td>");
    assert_has("<td class=\"n\">11</td><td>+</td><td class=\"n\">-</td><td>2b</td>");
}

/* RFC 4648, section 10. */
static void pictures_are_copied_into_the_page(void **state)
{
    (void)state;
    static const char *const bytes[] = {"f", "fo", "foo", "foob"};
    static const char *const base64[] = {"Zg==", "Zm8=", "Zm9v", "Zm9vYg=="};
    struct az_report *report;
    for (size_t n = 0; n < 4; n++) {
        char path[320], expected[64];
        snprintf(path, sizeof path, "%s", fixture_path(n % 2 ? "a.svg" : "a.png"));
        assert_int_equal(az_file_write(path, bytes[n], strlen(bytes[n]), NULL), AZ_OK);
        assert_int_equal(az_report_create(&report, "t", NULL, NULL, NULL), AZ_OK);
        az_report_section(report, "s");
        az_report_figure(report, path, "what it shows");
        write_page(report);
        snprintf(expected, sizeof expected, "data:image/%s;base64,%s\"", n % 2 ? "svg+xml" : "png",
                 base64[n]);
        assert_has(expected);
        assert_has("alt=\"what it shows\"");
    }
    assert_int_equal(occurrences("http"), 0);
}

static void a_missing_picture_is_told_and_leaves_no_page(void **state)
{
    (void)state;
    struct az_report *report;
    struct az_error error;
    char path[320];
    snprintf(path, sizeof path, "%s", fixture_path("none.html"));
    az_error_clear(&error);
    assert_int_equal(az_report_create(&report, "t", NULL, NULL, NULL), AZ_OK);
    az_report_figure(report, fixture_path("nothing.svg"), "c");
    az_report_text(report, "more");
    assert_int_equal(az_report_write(report, path, &error), AZ_MISSING);
    assert_non_null(strstr(error.file, "nothing.svg"));
    assert_int_equal(access(path, F_OK), -1);
    az_report_free(report);
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    const char *path = fixture_path("short.html");
    for (size_t n = 1;; n++) {
        struct az_report *report = NULL;
        az_memory_fail_after(n);
        enum az_status status = az_report_create(&report, "t", "q", "f", NULL);
        if (status == AZ_OK) {
            az_report_section(report, "s");
            az_report_text(report, "a text");
            status = az_report_write(report, path, NULL);
        }
        az_memory_fail_after(0);
        az_report_free(report);
        if (status == AZ_OK) {
            assert_true(n > 3);
            return;
        }
        assert_int_equal(status, AZ_MEMORY);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static int end(void **state)
{
    az_memory_free(page);
    return fixture_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_texts_stay_texts),
        cmocka_unit_test(columns_of_numbers_stand_right),
        cmocka_unit_test(pictures_are_copied_into_the_page),
        cmocka_unit_test(a_missing_picture_is_told_and_leaves_no_page),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, fixture_make, end);
}
