#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "azimuth/figure.h"
#include "base/memory.h"
#include "store/file.h"
#include "view/layout.h"
#include "view/script.h"

#define COUNT 200

static char folder[] = "/tmp/azimuth-figure-XXXXXX";
static double step[COUNT], falling[COUNT], rising[COUNT];

static void fill(void)
{
    for (int i = 0; i < COUNT; i++) {
        step[i] = i;
        falling[i] = i ? 5 + 4 * exp(-i / 20.0) : NAN;
        rising[i] = i / (double)COUNT;
    }
}

static char *in_folder(const char *name)
{
    static char path[512];
    assert_int_equal(az_path_join(path, sizeof path, folder, name, NULL), AZ_OK);
    return path;
}

/* A figure of one panel over the arrays above. */
struct sample {
    struct az_figure_series series[2];
    struct az_figure_line line;
    struct az_figure_panel panel;
    struct az_figure figure;
};

static void sample_init(struct sample *sample, size_t series_count)
{
    *sample = (struct sample){
        .series = {{.name = "loss", .x = step, .y = falling, .count = COUNT},
                   {.name = "share, it's", .x = step, .y = rising, .count = COUNT}},
        .line = {.at = 5, .label = "floor"},
        .panel = {.title = "Loss", .point_unit = "steps", .x = {.label = "step"}},
    };
    sample->panel.series = sample->series;
    sample->panel.series_count = series_count;
    sample->panel.lines = &sample->line;
    sample->panel.line_count = 1;
    sample->figure = (struct az_figure){.panels = &sample->panel, .panel_count = 1};
}

static enum az_status draw(const struct sample *sample, const char *name, struct az_error *error)
{
    az_error_clear(error);
    return az_figure_draw(&sample->figure, in_folder(name), error);
}

/* Not inlined: gcc 12 then takes the text for the local variable that pointed to it. */
__attribute__((noinline)) static char *read_back(const char *name, size_t *length_bytes)
{
    char *text;
    assert_int_equal(az_file_read(in_folder(name), 0, &text, length_bytes, NULL), AZ_OK);
    return text;
}

/* What draw_png needs; a machine without it skips. */
static void need_gnuplot(void)
{
    if (system("command -v gnuplot >/dev/null") != 0) {
        print_message("gnuplot is not installed (apt-get install gnuplot-nox)\n");
        skip();
    }
}

static void a_picture_has_its_numbers_and_its_script_beside_it(void **state)
{
    (void)state;
    need_gnuplot();
    struct sample sample;
    struct az_error error;
    sample_init(&sample, 2);
    assert_int_equal(draw(&sample, "a b's.png", &error), AZ_OK);
    size_t length_bytes;
    char *picture = read_back("a b's.png", &length_bytes);
    /* 8 x 3 inches at 200 dots per inch: 1600 x 600; pHYs says 7874 dots per metre. */
    assert_memory_equal(picture + 16, "\0\0\x06\x40\0\0\x02\x58", 8);
    assert_memory_equal(picture + 37, "pHYs\0\0\x1e\xc2\0\0\x1e\xc2\1", 13);
    az_memory_free(picture);
    char *numbers = read_back("a b's.csv", &length_bytes);
    assert_memory_equal(numbers, "step,loss,\"share, it's\"\n0,nan,0\n1,", 34);
    az_memory_free(numbers);
    char *script = read_back("a b's.gp", &length_bytes);
    assert_non_null(strstr(script, "set title 'Loss, n = 200 steps'"));
    assert_non_null(strstr(script, "'a b''s.csv' using 1:3 with lines"));
    az_memory_free(script);
    assert_false(az_file_exists(in_folder("a b's.png.drawing")));
    /* The script draws by itself, too. */
    char command[600];
    snprintf(command, sizeof command, "cd %s && rm *.png && gnuplot *.gp && test -s *.png", folder);
    assert_int_equal(system(command), 0);
}

static void svg_and_pdf_are_drawn_too(void **state)
{
    (void)state;
    need_gnuplot();
    struct sample sample;
    struct az_error error;
    sample_init(&sample, 1);
    size_t length_bytes;
    assert_int_equal(draw(&sample, "x.svg", &error), AZ_OK);
    char *svg = read_back("x.svg", &length_bytes);
    assert_non_null(strstr(svg, "<svg"));
    az_memory_free(svg);
    assert_int_equal(draw(&sample, "x.pdf", &error), AZ_OK);
    char *pdf = read_back("x.pdf", &length_bytes);
    assert_memory_equal(pdf, "%PDF", 4);
    az_memory_free(pdf);
}

static void every_mark_is_understood_by_gnuplot(void **state)
{
    (void)state;
    need_gnuplot();
    for (enum az_figure_mark mark = AZ_MARK_LINES; mark < AZ_MARK_CELLS; mark++) {
        for (int more = 0; more < 2; more++) {
            struct sample sample;
            struct az_error error;
            sample_init(&sample, 1);
            sample.series[0].mark = mark;
            sample.panel.y.logarithmic = more;
            sample.figure.colormap = more ? "viridis" : NULL;
            if (more)
                sample.series[0].low = sample.series[0].level = sample.series[0].sizes = falling;
            enum az_status status = draw(&sample, "mark.png", &error);
            if (status != AZ_OK) print_error("%s\n", error.message);
            assert_int_equal(status, AZ_OK);
        }
    }
}

static void what_cannot_be_drawn_is_refused(void **state)
{
    (void)state;
    struct sample sample;
    struct az_error error;
    sample_init(&sample, 1);
    assert_int_equal(draw(&sample, "x.jpeg", &error), AZ_USAGE);
    assert_int_equal(draw(&sample, ".png", &error), AZ_USAGE);
    sample.figure.colormap = "jet";
    assert_int_equal(draw(&sample, "refused.png", &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "inferno"));
    sample_init(&sample, 1);
    sample.series[0].count = 1; /* the first loss is not a number */
    assert_int_equal(draw(&sample, "refused.png", &error), AZ_USAGE);
    sample.series[0].count = 2;
    sample.panel.x.logarithmic = true;
    sample.panel.x.max = 1;
    assert_int_equal(draw(&sample, "refused.png", &error), AZ_USAGE);
    sample_init(&sample, 1);
    assert_int_equal(draw(&sample, "no/such/folder.png", &error), AZ_MISSING);
    assert_false(az_file_exists(in_folder("refused.csv")));
}

/* Runs with a PATH of one folder. */
static enum az_status draw_with_path(const char *path, struct az_error *error)
{
    char *kept = strdup(getenv("PATH"));
    struct sample sample;
    sample_init(&sample, 1);
    setenv("PATH", path, 1);
    enum az_status status = draw(&sample, "fails.png", error);
    setenv("PATH", kept, 1);
    free(kept);
    return status;
}

static void a_missing_gnuplot_is_told_with_the_remedy(void **state)
{
    (void)state;
    struct az_error error;
    assert_int_equal(draw_with_path("/nowhere", &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "apt-get install gnuplot-nox"));
    assert_false(az_file_exists(in_folder("fails.png")));
}

static void a_failing_gnuplot_is_quoted(void **state)
{
    (void)state;
    static const struct {
        const char *body, *words;
    } programs[] = {{"#!/bin/sh\necho no font >&2; exit 1\n", "no font"},
                    {"#!/bin/sh\nexit 0\n", "fails.png.drawing"},
                    {"#!/bin/sh\nkill -9 $$\n", "gnuplot failed"},
                    {"#!/bin/sh\necho text >fails.png.drawing\n", "did not draw a PNG"}};
    for (size_t n = 0; n < sizeof programs / sizeof *programs; n++) {
        struct az_error error;
        char *program = in_folder("gnuplot");
        assert_int_equal(az_file_write(program, programs[n].body, strlen(programs[n].body), NULL),
                         AZ_OK);
        assert_int_equal(chmod(program, 0755), 0);
        assert_int_not_equal(draw_with_path(folder, &error), AZ_OK);
        char text[2048];
        az_error_format(&error, text, sizeof text);
        if (!strstr(text, programs[n].words)) print_error("%s\n", text);
        assert_non_null(strstr(text, programs[n].words));
        assert_false(az_file_exists(in_folder("fails.png")));
        assert_false(az_file_exists(in_folder("fails.png.drawing")));
    }
}

static void the_legend_goes_where_nothing_is(void **state)
{
    (void)state;
    struct sample sample;
    struct az_layout layout;
    sample_init(&sample, 2);
    sample.series[1].y = falling; /* from top left to bottom right: top right is free */
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_true(layout.legend && layout.legend_x == AZ_SIDE_HIGH &&
                layout.legend_y == AZ_SIDE_HIGH);
    for (int i = 0; i < COUNT; i++) falling[i] = i; /* top left and bottom right are free */
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_true(layout.legend_x != layout.legend_y);
    fill();
    sample.panel.series_count = 1;
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_false(layout.legend);
}

/* Points everywhere: the axis goes on upward, and nothing is hidden. */
static void a_legend_without_place_gets_room(void **state)
{
    (void)state;
    struct sample sample;
    struct az_layout layout;
    sample_init(&sample, 2);
    for (int i = 0; i < COUNT; i++) falling[i] = i % 2 ? COUNT : 0;
    sample.series[1].y = falling;
    sample.panel.y.min = 0, sample.panel.y.max = COUNT;
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_int_equal(layout.legend_y, AZ_SIDE_HIGH);
    assert_int_equal(layout.legend_rows, 1);
    double line_inches = 1.5 * AZ_FIGURE_FONT_POINTS / 72;
    assert_true((layout.y.max - COUNT) / layout.y.max * 2 > 1.5 * line_inches);
    assert_true(layout.y.max < 1.5 * COUNT);
    fill();
}

/* What a legend hides of a line does not depend on how many points it is drawn through. */
static void a_line_of_two_points_counts_as_much_as_one_of_many(void **state)
{
    (void)state;
    static double x[COUNT], up[COUNT], down[COUNT];
    for (int tenths = 20; tenths < 80; tenths++) {
        struct az_layout layouts[2];
        for (int many = 0; many < 2; many++) {
            struct sample sample;
            size_t count = many ? COUNT : 2;
            sample_init(&sample, 2);
            sample.panel.line_count = 0;
            for (size_t i = 0; i < count; i++) {
                x[i] = up[i] = (double)i / (double)(count - 1);
                down[i] = 1 - x[i];
            }
            sample.series[0] = (struct az_figure_series){.name = "up", .x = x, .y = up};
            sample.series[1] = (struct az_figure_series){.name = "down", .x = x, .y = down};
            sample.series[0].count = sample.series[1].count = count;
            enum az_status status =
                az_layout_panel(&layouts[many], &sample.panel, tenths / 10.0, 1, NULL);
            assert_int_equal(status, AZ_OK);
        }
        assert_int_equal(layouts[0].legend_rows, layouts[1].legend_rows);
        assert_true(layouts[0].y.max == layouts[1].y.max);
    }
}

static void ranges_hold_all_points_and_lines(void **state)
{
    (void)state;
    struct sample sample;
    struct az_layout layout;
    sample_init(&sample, 1);
    sample.line.at = 20;
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_int_equal(layout.points, COUNT - 1);
    assert_true(layout.x.min < 1 && layout.x.max > COUNT - 1);
    assert_true(layout.y.min < falling[COUNT - 1] && layout.y.max > 20);
    sample.panel.y = (struct az_figure_axis){.logarithmic = true};
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_true(layout.y.min > 0 && layout.y.min < falling[COUNT - 1] && layout.y.max > 20);
    sample.panel.y = (struct az_figure_axis){.min = -1, .max = 30};
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_true(layout.y.min == -1 && layout.y.max == 30);
}

static void bars_stand_at_their_names(void **state)
{
    (void)state;
    need_gnuplot();
    static const char *const names[] = {"Thai, it's 5 %", "Latin"};
    static const double at[] = {0, 1}, length[] = {10, 1000};
    struct sample sample;
    struct az_layout layout;
    struct az_error error;
    size_t length_bytes;
    sample_init(&sample, 1);
    sample.panel.line_count = 0;
    sample.panel.count = 1010;
    sample.panel.y = (struct az_figure_axis){.names = names, .name_count = 2};
    sample.series[0] = (struct az_figure_series){"tokens", AZ_MARK_BARS, length, at, .count = 2};
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_true(layout.y.min == -0.6 && layout.y.max == 1.6 && layout.x.min == 0);
    if (draw(&sample, "bars.png", &error) != AZ_OK) fail_msg("%s", error.message);
    char *numbers = read_back("bars.csv", &length_bytes);
    assert_memory_equal(numbers, "tokens,place from below\n", 24);
    az_memory_free(numbers);
    char *script = read_back("bars.gp", &length_bytes);
    assert_non_null(strstr(script, "set ytics ('Thai, it''s 5 %%' 0, 'Latin' 1)"));
    assert_non_null(strstr(script, "n = 1,010"));
    az_memory_free(script);
    sample.panel.x.logarithmic = true;
    if (draw(&sample, "bars.png", &error) != AZ_OK) fail_msg("%s", error.message);
}

static void columns_stand_on_the_bottom_and_upright_lines_have_room(void **state)
{
    (void)state;
    need_gnuplot();
    static const double edge[] = {1, 2, 4}, begin[] = {0.5, 1, 2}, height[] = {1, 7, 3};
    const struct az_figure_line upright = {.at = 8, .label = "threshold", .upright = true};
    const struct az_figure_text words = {2, 5, "it's here"};
    struct sample sample;
    struct az_layout layout;
    struct az_error error;
    size_t length_bytes;
    sample_init(&sample, 1);
    sample.series[0] =
        (struct az_figure_series){"rows", AZ_MARK_COLUMNS, edge, height, begin, .count = 3};
    sample.panel.lines = &upright;
    sample.panel.texts = &words;
    sample.panel.text_count = 1;
    sample.panel.x.bare = true;
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_true(layout.x.min < 0.5 && layout.x.max > 8 && layout.y.min == 0);
    assert_true(layout.labels[0].below); /* to the left: the line stands at the right edge */
    sample.panel.y.logarithmic = true;
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_true(layout.y.min > 0 && layout.y.min <= 0.5);
    if (draw(&sample, "columns.png", &error) != AZ_OK) fail_msg("%s", error.message);
    char *script = read_back("columns.gp", &length_bytes);
    assert_non_null(strstr(script, "using 1:2:3:1:(0.5):2 with boxxyerror"));
    assert_non_null(strstr(script, "set arrow from first 8, graph 0 to first 8, graph 1"));
    assert_non_null(strstr(script, "set label 11 'it''s here' at first 2, first 5"));
    assert_non_null(strstr(script, "unset xtics"));
    az_memory_free(script);
    sample.series[0].low = NULL; /* about its place */
    assert_int_equal(az_layout_panel(&layout, &sample.panel, 6, 2, NULL), AZ_OK);
    assert_true(layout.x.min < 0.5 && layout.x.max > 4.5);
    assert_true(layout.x.whole && !layout.y.whole);
}

/* A disc has no axes, and its wedges turn clockwise from the top; the next panel has axes again. */
static void a_disc_stands_above_a_panel_of_another_height(void **state)
{
    (void)state;
    need_gnuplot();
    static const double end[] = {0.25, 1}, start[] = {0, 0.25}, rows[] = {1, 3}, whole[] = {1};
    static const char *const names[] = {"Thai, it's 25 %", "Latin"};
    struct az_figure_series wedges = {.name = "rows",
                                      .mark = AZ_MARK_WEDGES,
                                      .x = end,
                                      .low = start,
                                      .y = rows,
                                      .count = 2,
                                      .opacity = 0.85};
    struct sample sample;
    struct az_error error;
    sample_init(&sample, 2);
    struct az_figure_panel panels[] = {{.title = "Scripts",
                                        .height_inches = 2,
                                        .x = {.label = "end"},
                                        .y = {.names = names, .name_count = 2},
                                        .series = &wedges,
                                        .series_count = 1},
                                       sample.panel};
    panels[1].no_legend = true;
    sample.figure.panels = panels;
    sample.figure.panel_count = 2;
    size_t length_bytes;
    assert_int_equal(draw(&sample, "disc.png", &error), AZ_OK);
    char *script = read_back("disc.gp", &length_bytes);
    assert_non_null(strstr(script, "size 1600,1000")); /* 2 and 3 inches */
    assert_non_null(strstr(script, "every ::1::1 using (0):(0):(1):(450-360*column(1)):"
                                   "(450-360*column(3)) with circles fillstyle solid 0.85"));
    assert_non_null(strstr(script, "title 'Thai, it''s 25 %'"));
    assert_non_null(strstr(script, "unset border"));
    assert_non_null(strstr(script, "set title 'Loss"));
    assert_null(strstr(strstr(script, "set title 'Loss"), "unset border"));
    assert_non_null(strstr(strstr(script, "set title 'Loss"), "unset key"));
    az_memory_free(script);
    wedges.x = whole;
    wedges.count = 1;
    assert_int_equal(draw(&sample, "disc.png", &error), AZ_OK);
    script = read_back("disc.gp", &length_bytes);
    assert_non_null(strstr(script, "(0):(0):(1):(0):(360)"));
    az_memory_free(script);
    wedges.low = NULL;
    assert_int_equal(draw(&sample, "none.png", &error), AZ_USAGE);
}

static void text_is_quoted_for_gnuplot(void **state)
{
    (void)state;
    char quoted[AZ_QUOTED_BYTES];
    assert_string_equal(az_script_quote(quoted, "it's `a`\n\"b\" \xe0\xb8\x81"),
                        "it''s `a` \"b\" \xe0\xb8\x81");
    char endless[3 * AZ_QUOTED_BYTES];
    memset(endless, '\'', sizeof endless);
    endless[sizeof endless - 1] = 0;
    az_script_quote(quoted, endless);
    assert_int_equal(strlen(quoted) % 2, 0);
    assert_string_equal(az_script_quote(quoted, NULL), "");
}

/* Columns of one name are told apart by their panel or axis, or by a number. */
static void no_two_columns_have_one_name(void **state)
{
    (void)state;
    need_gnuplot();
    static double other[COUNT], more[COUNT], most[COUNT], low[COUNT];
    static const char head[] = "step,loss,\"share, it's\",\"step, Again\",\"loss, bits\","
                               "\"low, loss\",\"loss, bits 2\"\n";
    struct sample sample;
    struct az_error error;
    size_t length_bytes;
    sample_init(&sample, 2);
    for (int i = 0; i < COUNT; i++) {
        other[i] = i + 1;
        more[i] = 2 * i;
        most[i] = 3 * i;
    }
    const struct az_figure_series again[] = {
        {.name = "loss", .mark = AZ_MARK_FILLED, .x = other, .y = more, .low = low, .count = COUNT},
        {.name = "loss", .x = step, .y = most, .count = COUNT}};
    struct az_figure_panel panels[] = {sample.panel, sample.panel};
    panels[1].title = "Again";
    panels[1].y.label = "bits";
    panels[1].series = again;
    sample.figure.panels = panels;
    sample.figure.panel_count = 2;
    if (draw(&sample, "names.png", &error) != AZ_OK) fail_msg("%s", error.message);
    char *numbers = read_back("names.csv", &length_bytes);
    if (strncmp(numbers, head, sizeof head - 1) != 0) fail_msg("%.200s", numbers);
    az_memory_free(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_has_its_numbers_and_its_script_beside_it),
        cmocka_unit_test(no_two_columns_have_one_name),
        cmocka_unit_test(svg_and_pdf_are_drawn_too),
        cmocka_unit_test(every_mark_is_understood_by_gnuplot),
        cmocka_unit_test(what_cannot_be_drawn_is_refused),
        cmocka_unit_test(a_missing_gnuplot_is_told_with_the_remedy),
        cmocka_unit_test(a_failing_gnuplot_is_quoted),
        cmocka_unit_test(the_legend_goes_where_nothing_is),
        cmocka_unit_test(a_legend_without_place_gets_room),
        cmocka_unit_test(a_line_of_two_points_counts_as_much_as_one_of_many),
        cmocka_unit_test(ranges_hold_all_points_and_lines),
        cmocka_unit_test(bars_stand_at_their_names),
        cmocka_unit_test(columns_stand_on_the_bottom_and_upright_lines_have_room),
        cmocka_unit_test(a_disc_stands_above_a_panel_of_another_height),
        cmocka_unit_test(text_is_quoted_for_gnuplot),
    };
    if (!mkdtemp(folder)) return 1;
    fill();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 || failed;
}
