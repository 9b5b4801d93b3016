#include "azimuth/chart.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "store/file.h"
#include "view/layout.h"
#include "view/picture.h"
#include "view/png.h"
#include "view/raster.h"
#include "view/script.h"

#define MOST_DOTS 20000 /* of a side */
#define TERMINAL_DOTS_PER_INCH 96.0

struct text {
    struct az_buffer buffer;
    enum az_status status;
};

/* Appends; after a failure it does nothing. */
AZ_PRINTF(2, 3) static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (text->status == AZ_OK)
        text->status = az_buffer_print(&text->buffer, NULL, format, arguments);
    va_end(arguments);
}

static double dots_per_inch(const struct az_chart *chart)
{
    return chart->dots_per_inch > 0 ? chart->dots_per_inch : AZ_SCRIPT_DOTS_PER_INCH;
}

/* Large pages are looked at from farther away. */
static double font_points(const struct az_chart *chart)
{
    return (AZ_FIGURE_FONT_POINTS + 1) * fmin(1.6, fmax(1, chart->width_inches / 10));
}

static void put_terminal(struct text *text, const struct az_chart *chart, enum az_picture format)
{
    double width = chart->width_inches, height = chart->height_inches, dpi = dots_per_inch(chart);
    double scale = dpi / TERMINAL_DOTS_PER_INCH, font = font_points(chart);
    if (format == AZ_PICTURE_PNG)
        put(text,
            "set terminal pngcairo size %.0f,%.0f font 'DejaVu Sans,%g' fontscale %.4f "
            "linewidth %.4f background '#000000'\n",
            width * dpi, height * dpi, font, scale, scale);
    else if (format == AZ_PICTURE_PDF)
        put(text,
            "set terminal pdfcairo size %gin,%gin font 'DejaVu Sans,%g' fontscale 0.75 "
            "linewidth 1 background '#000000'\n",
            width, height, font);
    else
        put(text,
            "set terminal svg size %.0f,%.0f font 'DejaVu Sans,%g' fontscale %.4f linewidth 1 "
            "background '#000000'\n",
            width * TERMINAL_DOTS_PER_INCH, height * TERMINAL_DOTS_PER_INCH, font,
            TERMINAL_DOTS_PER_INCH / 72);
}

static void put_head(struct text *text, const struct az_chart *chart, const struct az_colormap *map,
                     const struct az_picture_files *files)
{
    char quoted[AZ_QUOTED_BYTES], stops[AZ_COLORMAP_TEXT_BYTES];
    az_colormap_text(map, stops);
    put(text, "# Made by azimuth. Change what you like and draw it again:  gnuplot FILE.gp\n"
              "set encoding utf8\n");
    put_terminal(text, chart, files->format);
    put(text, "if (!exists('output')) output = '%s'\nset output output\n",
        az_script_quote(quoted, files->picture));
    put(text, "set pixmap 1 '%s' at screen 0,0 size screen 1,1 behind\n",
        az_script_quote(quoted, files->raster));
    put(text, "set border linecolor '#808080'\nset linetype 101 linecolor '#808080'\n"
              "set tics out scale 0.5 textcolor '#c8c8c8'\n"
              "set key noautotitle noenhanced textcolor '#d8d8d8' Left reverse samplen 1\n"
              "unset colorbox\n");
    put(text, "set palette defined (%s)\nset cbrange [%.10g:%.10g]\n", stops, chart->level_min,
        chart->level_max > chart->level_min ? chart->level_max : chart->level_min + 1);
    if (chart->level_logarithmic) put(text, "set logscale cb\n");
    put(text, "set multiplot\n");
    if (chart->title)
        put(text,
            "set label 1 '%s' at screen 0.5,%.5f center noenhanced textcolor '#e0e0e0' "
            "font ',%g'\n",
            az_script_quote(quoted, chart->title), 1 - 0.22 / chart->height_inches,
            1.2 * font_points(chart));
}

static void put_curves(struct text *text, const struct az_chart_panel *panel, size_t number)
{
    for (size_t n = 0; n < panel->curve_count; n++) {
        const struct az_chart_curve *curve = &panel->curves[n];
        bool broken = true;
        put(text, "$curve%zu_%zu << EOD\n", number, n);
        for (size_t i = 0; i < curve->count; i++) {
            bool gap = !isfinite(curve->x[i]) || !isfinite(curve->y[i]);
            if (!gap)
                put(text, "%.7g %.7g\n", curve->x[i], curve->y[i]);
            else if (!broken)
                put(text, "\n");
            broken = gap;
        }
        put(text, "EOD\n");
    }
}

static void put_plot(struct text *text, const struct az_chart *chart,
                     const struct az_chart_panel *panel, size_t number, bool bar)
{
    char quoted[AZ_QUOTED_BYTES];
    put(text, "plot NaN with lines");
    for (size_t n = 0; n < panel->curve_count; n++)
        put(text, ", $curve%zu_%zu with lines linewidth 0.5 linecolor rgb '%s'", number, n,
            panel->curves[n].color ? az_script_quote(quoted, panel->curves[n].color) : "#a0ffffff");
    for (size_t n = 0; n < panel->star_count; n++)
        if (panel->stars[n].name)
            put(text, ", NaN with points pointtype 7 pointsize 1.2 linecolor rgb '%s' title '%s'",
                panel->stars[n].color ? panel->stars[n].color : "#ffffff",
                az_script_quote(quoted, panel->stars[n].name));
    if (bar && chart->bar_label) put(text, ", NaN with points palette");
    put(text, "\n");
}

static void put_bar(struct text *text, const struct az_chart *chart)
{
    char quoted[AZ_QUOTED_BYTES];
    double letter_inches = font_points(chart) / 72, least = chart->level_min;
    bool doublings = chart->level_logarithmic && chart->level_max < 100 * least;
    put(text, "set cbtics textcolor '#c8c8c8'");
    if (doublings) put(text, " %.17g,2", pow(10, floor(log10(2 * least))));
    put(text,
        "\nset colorbox vertical user origin screen %.5f,%.5f size screen %.5f,%.5f border 101\n",
        1 - 1.05 / chart->width_inches, 0.2, 0.16 / chart->width_inches, 0.6);
    /* Its place does not depend on how wide the numbers are. */
    put(text, "set label 2 '%s' at screen %.5f,0.5 center rotate noenhanced textcolor '#c8c8c8'\n",
        az_script_quote(quoted, chart->bar_label), 1 - 0.7 * letter_inches / chart->width_inches);
}

static void put_panel(struct text *text, const struct az_chart *chart, size_t number)
{
    const struct az_chart_panel *panel = &chart->panels[number];
    char quoted[AZ_QUOTED_BYTES];
    double width = chart->width_inches, height = chart->height_inches;
    put_curves(text, panel, number);
    put(text,
        "set lmargin at screen %.6f; set rmargin at screen %.6f\n"
        "set bmargin at screen %.6f; set tmargin at screen %.6f\n",
        panel->left / width, (panel->left + panel->width) / width, panel->bottom / height,
        (panel->bottom + panel->height) / height);
    put(text, "set xrange [%.10g:%.10g]\nset yrange [%.10g:%.10g]\n", panel->x_min, panel->x_max,
        panel->y_min, panel->y_max);
    put(text, "set title '%s' noenhanced textcolor '#e0e0e0' offset 0,-0.4\n",
        az_script_quote(quoted, panel->title));
    if (panel->axes) {
        put(text, "set border 15; set tics\nset grid linetype 1 linecolor rgb '#c0ffffff' "
                  "linewidth 0.5\n");
        put(text, "set xlabel '%s' noenhanced textcolor '#c8c8c8'\n",
            az_script_quote(quoted, panel->x_label));
        put(text, "set ylabel '%s' noenhanced textcolor '#c8c8c8'\n",
            az_script_quote(quoted, panel->y_label));
    } else
        put(text, "unset border; unset tics; unset grid; unset xlabel; unset ylabel\n");
    /* A map without axes is round: the page's lower left corner is empty. */
    if (!panel->axes && chart->panel_count == 1)
        put(text, "set key at screen 0.01,0.02 left bottom\n");
    for (size_t n = 0; n < panel->text_count; n++)
        put(text, "set label %zu '%s' at first %.7g,%.7g center noenhanced textcolor '#c0c0c0'\n",
            n + 10, az_script_quote(quoted, panel->texts[n].text), panel->texts[n].x,
            panel->texts[n].y);
    bool bar = number + 1 == chart->panel_count;
    if (bar && chart->bar_label) put_bar(text, chart);
    put_plot(text, chart, panel, number, bar);
    for (size_t n = 0; n < panel->text_count; n++) put(text, "unset label %zu\n", n + 10);
    if (number == 0) put(text, "unset pixmap\nunset label 1\n");
}

static enum az_status write_raster(const struct az_chart *chart, const struct az_colormap *map,
                                   const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_raster raster = {0};
    unsigned char *rgb = NULL;
    char *png = NULL;
    size_t bytes, width = (size_t)lround(chart->width_inches * dots_per_inch(chart));
    size_t height = (size_t)lround(chart->height_inches * dots_per_inch(chart));
    AZ_TRY(az_raster_create(&raster, width, height, error));
    for (size_t n = 0; n < chart->panel_count; n++)
        AZ_TRY(az_raster_panel(&raster, chart, &chart->panels[n], map, error));
    AZ_TRY(az_raster_bytes(&raster, &rgb, error));
    AZ_TRY(az_png_encode(rgb, width, height, &png, &bytes, error));
    AZ_TRY(az_file_write(path, png, bytes, error));
out:
    az_raster_free(&raster);
    az_memory_free(rgb);
    az_memory_free(png);
    return status;
}

static enum az_status check(const struct az_chart *chart, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    double dpi = dots_per_inch(chart);
    if (chart->panel_count == 0) AZ_RAISE(AZ_USAGE, "%s: a chart needs a panel", path);
    if (!(chart->width_inches * dpi >= 1) || !(chart->height_inches * dpi >= 1) ||
        chart->width_inches * dpi > MOST_DOTS || chart->height_inches * dpi > MOST_DOTS)
        AZ_RAISE(AZ_USAGE, "%s: a chart has 1 to %d dots on a side", path, MOST_DOTS);
    if (chart->level_logarithmic && !(chart->level_min > 0))
        AZ_RAISE(AZ_USAGE, "%s: logarithmic levels begin above 0", path);
    for (size_t n = 0; n < chart->panel_count; n++) {
        const struct az_chart_panel *panel = &chart->panels[n];
        if (!(panel->x_max > panel->x_min) || !(panel->y_max > panel->y_min) ||
            !isfinite(panel->x_max - panel->x_min) || !isfinite(panel->y_max - panel->y_min))
            AZ_RAISE(AZ_USAGE, "%s: panel \"%s\" has no extent", path,
                     panel->title ? panel->title : "");
    }
out:
    return status;
}

enum az_status az_chart_draw(const struct az_chart *chart, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_picture_files files;
    const struct az_colormap *map;
    struct text text = {0};
    char *script = NULL;
    size_t length_bytes;
    AZ_TRY(check(chart, path, error));
    AZ_TRY(az_picture_name(&files, path, error));
    AZ_TRY(az_colormap_find(chart->colormap, &map, error));
    AZ_TRY(write_raster(chart, map, files.raster_path, error));
    put_head(&text, chart, map, &files);
    for (size_t n = 0; n < chart->panel_count; n++) put_panel(&text, chart, n);
    put(&text, "unset multiplot\nunset output\n");
    if (text.status != AZ_OK) AZ_RAISE(text.status, "no memory for a script for gnuplot");
    AZ_TRY(az_buffer_take(&text.buffer, &script, &length_bytes, error));
    AZ_TRY(az_picture_draw(&files, path, script, dots_per_inch(chart), error));
out:
    az_buffer_free(&text.buffer);
    az_memory_free(script);
    return status;
}
