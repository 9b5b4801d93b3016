/* drawing.h: figures put together from results, a panel and a series at a time.
 *
 * The first failure is kept and what follows ignored; az_drawing_draw tells it. */
#ifndef AZ_CLI_DRAWING_H
#define AZ_CLI_DRAWING_H

#include "azimuth/figure.h"
#include "cli/arguments.h"

#define AZ_DRAWING_OPTION                                                                          \
    {                                                                                              \
        "--figure", NULL, "FILE", NULL, AZ_COMPLETE_FIGURE, false, false,                          \
            "draws pictures, each with its numbers and its script beside: FILE.png (.svg, .pdf) "  \
            "gives FILE-NAME.png for each"                                                         \
    }

#define AZ_DRAWING_PANELS 6
#define AZ_DRAWING_SERIES 64
#define AZ_DRAWING_ARRAYS 256

struct az_drawing {
    struct az_figure figure;
    struct az_figure_panel panels[AZ_DRAWING_PANELS];
    struct az_figure_series series[AZ_DRAWING_PANELS][AZ_DRAWING_SERIES];
    struct az_figure_line lines[AZ_DRAWING_PANELS][4];
    char names[AZ_DRAWING_ARRAYS][64];
    double *arrays[AZ_DRAWING_ARRAYS];
    size_t panel_count, array_count, name_count;
    enum az_status status;
    struct az_error error;
};

/* FILE.png, "hops" -> FILE-hops.png. AZ_USAGE where FILE has no ending or is too long. */
#define AZ_DRAWING_PATH_BYTES 4096
enum az_status az_drawing_path(char path[AZ_DRAWING_PATH_BYTES], const char *file, const char *name,
                               struct az_error *error);
/* Draws into path, or tells what went wrong. Frees the plot. */
enum az_status az_drawing_finish(struct az_drawing *plot, const char *path, struct az_error *error);
/* The same into FILE-NAME.EXT, and prints that name. Panels without a point that can be drawn are
 * left out; where all are, nothing is drawn. */
enum az_status az_drawing_draw(struct az_drawing *plot, const char *file, const char *name,
                               struct az_error *error);

/* From az_memory_allocate, zeroed. NULL after a failure: everything else allows that. */
struct az_drawing *az_drawing_create(const char *title, struct az_error *error);
void az_drawing_free(struct az_drawing *plot);

struct az_figure_panel *az_drawing_panel(struct az_drawing *plot, const char *title,
                                         const char *unit, const char *x, const char *y);
/* An array that lives as long as the plot, or NULL. */
double *az_drawing_array(struct az_drawing *plot, size_t count);
/* In the last panel; name is copied. */
struct az_figure_series *az_drawing_add(struct az_drawing *plot, const char *name,
                                        enum az_figure_mark mark, const double *x, const double *y,
                                        size_t count);
/* A panel of quantiles against the step (5 %, median, 95 %, most), the step logarithmic. first: the
 * AZ_MOTION_QUANTILES of the first step; those of the next lie stride_bytes behind. On a
 * logarithmic axis a zero is a gap; where nothing can be drawn there is no panel. */
void az_drawing_quantiles(struct az_drawing *plot, const char *title, const char *label,
                          bool logarithmic, const double *steps, const double *first,
                          size_t stride_bytes, size_t count);
/* Horizontal at y, or upright at x; label is borrowed until the figure is drawn. */
void az_drawing_line(struct az_drawing *plot, double at, bool upright, const char *label);

#endif
