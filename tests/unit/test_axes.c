/* At which numbers an axis has tics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/figure.h"
#include "base/memory.h"
#include "view/script.h"

/* The script of a figure of one series has the words. */
static void check_script(const struct az_figure_series *series, const struct az_figure_axis *y,
                         const char *words)
{
    const struct az_figure_panel panel = {.series = series, .series_count = 1, .y = *y};
    const struct az_figure figure = {.panels = &panel, .panel_count = 1};
    struct az_column list[] = {{"x", series->x, series->count},
                               {"y", series->y, series->count},
                               {"level", series->level, series->count}};
    const struct az_columns columns = {list, series->level ? 3 : 2};
    const struct az_script_names names = {"a.png", "a.csv", AZ_PICTURE_PNG};
    char *script;
    assert_int_equal(az_script_write(&figure, &names, &columns, &script, NULL), AZ_OK);
    if (!strstr(script, words)) fail_msg("expected \"%s\" in:\n%s", words, script);
    az_memory_free(script);
}

/* Whole numbers only are for places that are numbers of something, not for shares. */
static void cells_have_whole_tics_where_their_places_are_whole(void **state)
{
    (void)state;
    static const double numbers[] = {0, 1, 2}, shares[] = {0, 0.5, 1}, level[] = {1, 2, 3};
    struct az_figure_series cells = {"cells", AZ_MARK_CELLS, numbers, shares, .count = 3};
    const struct az_figure_axis plain = {0};
    cells.level = level;
    check_script(&cells, &plain, "set xtics 1\n");
    check_script(&cells, &plain, "set ytics autofreq\n");
    cells.y = numbers;
    check_script(&cells, &plain, "set ytics 1\n");
}

/* Less than two decades are numbered by doublings, among which is the power of ten. */
static void short_logarithmic_axes_double_about_a_power_of_ten(void **state)
{
    (void)state;
    static const double x[] = {0, 1, 2}, y[] = {3, 5, 8};
    static const struct {
        double min, max;
        const char *tics;
    } cases[] = {{0.5, 40, "set ytics 0.5,2\n"},
                 {7, 90, "set ytics 10,2\n"},
                 {2.3, 80, "set ytics 2.5,2\n"},
                 {2, 9, "set ytics 1,2\n"}};
    const struct az_figure_series series = {"line", AZ_MARK_LINES, x, y, .count = 3};
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        const struct az_figure_axis axis = {
            .logarithmic = true, .min = cases[n].min, .max = cases[n].max};
        check_script(&series, &axis, cases[n].tics);
    }
}

/* The room that a legend gets above a range, a given one and that of the data, has no tics. */
static void tics_end_where_the_range_does(void **state)
{
    (void)state;
    static double x[100], y[100];
    for (int i = 0; i < 100; i++) x[i] = i, y[i] = i % 2;
    const struct az_figure_series series[] = {{.name = "everywhere", .x = x, .y = y, .count = 100},
                                              {.name = "the same", .x = x, .y = y, .count = 100}};
    struct az_figure_panel panel = {.series = series, .series_count = 2, .y = {.max = 1}};
    const struct az_figure figure = {.panels = &panel, .panel_count = 1};
    struct az_column list[] = {{"x", x, 100}, {"y", y, 100}};
    const struct az_columns columns = {list, 2};
    const struct az_script_names names = {"a.png", "a.csv", AZ_PICTURE_PNG};
    for (int given = 0; given < 2; given++) {
        char *script;
        if (!given) panel.y.max = 0;
        if (given) panel.y = (struct az_figure_axis){.min = -0.03, .max = 1.03};
        assert_int_equal(az_script_write(&figure, &names, &columns, &script, NULL), AZ_OK);
        const char *words = given ? "set ytics 0,0.2,1.03\n" : "set ytics 0,0.2,1.05\n";
        if (!strstr(script, words)) fail_msg("expected \"%s\" in:\n%s", words, script);
        az_memory_free(script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_have_whole_tics_where_their_places_are_whole),
        cmocka_unit_test(short_logarithmic_axes_double_about_a_power_of_ten),
        cmocka_unit_test(tics_end_where_the_range_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
