/* sky_scene.h: what the commands of the sky share: a matrix, its frame, a viewpoint, selections,
 * and where every row is seen. */
#ifndef AZ_CLI_SKY_SCENE_H
#define AZ_CLI_SKY_SCENE_H

#include "azimuth/chart.h"
#include "azimuth/sky.h"
#include "cli/arguments.h"

#define AZ_SCENE_OVERLAYS 6
#define AZ_SCENE_PATH_BYTES 4096

/* Rows that are drawn in a colour of their own. */
struct az_scene_overlay {
    char name[128];
    const char *color;
    unsigned char *use; /* [rows] */
    int64_t count;
};

struct az_scene {
    struct az_matrix *matrix;
    struct az_frame *frame;
    struct az_pool *pool;
    struct az_sky *sky;
    struct az_sky_plan plan;
    double *viewpoint; /* [dims], NULL: origin */
    double *basis;     /* [3][dims], NULL: principal components */
    char basis_name[64];
    char description[256]; /* "from the origin, north PC2, meridian PC1, equinox PC3" */
    struct az_scene_overlay overlays[AZ_SCENE_OVERLAYS];
    size_t overlay_count;
    double *level; /* [rows] that colours the stars, NULL: none */
    char level_name[96];
    double level_min, level_max; /* of its middle 98 % */
    double dots_per_inch, star_points, alpha;
    const char *colormap; /* NULL: the map's own */
    const char *directory;
};

/* Reads the shared options, opens, finds the frame, projects. Free in any case. */
enum az_status az_scene_open(struct az_scene *scene, const struct az_arguments *arguments,
                             struct az_progress *progress, struct az_error *error);
void az_scene_close(struct az_scene *scene);

/* What is seen, in a few lines on stdout. */
void az_scene_print(const struct az_scene *scene);
/* directory/sky.safetensors: coordinates of every row and the frame in its metadata. */
enum az_status az_scene_save(const struct az_scene *scene, struct az_error *error);
/* directory/NAME into a buffer. */
enum az_status az_scene_path(const struct az_scene *scene, const char *name,
                             char path[AZ_SCENE_PATH_BYTES], struct az_error *error);

/* The layers of a map with rows at (u, v) [rows]: rows of no overlay first, then the overlays.
 * keep[rows]: NULL, or which rows are drawn. sizes, level: of each row, or NULL; level then is the
 * scene's. Free with az_layers_free. */
struct az_layers {
    struct az_chart_stars stars[AZ_SCENE_OVERLAYS + 1];
    size_t count;
    double *values; /* all arrays of the stars */
};
enum az_status az_layers_make(struct az_layers *layers, const struct az_scene *scene,
                              const double *u, const double *v, const double *sizes,
                              const double *level, const unsigned char *keep,
                              struct az_error *error);
void az_layers_free(struct az_layers *layers);

/* Gives a chart the levels of the scene, where it has any, and their colour bar. */
void az_scene_color(const struct az_scene *scene, struct az_chart *chart);

enum az_status az_scene_real(const struct az_arguments *arguments, const char *name, double *value,
                             struct az_error *error);

#define AZ_SCENE_OPTIONS                                                                           \
    {"--output",                                                                                   \
     "-o",                                                                                         \
     "DIR",                                                                                        \
     "sky",                                                                                        \
     AZ_COMPLETE_DIRECTORY,                                                                        \
     false,                                                                                        \
     false,                                                                                        \
     "where the pictures go, each with its script and raster, and sky.safetensors with the "       \
     "coordinates of every row"},                                                                  \
        {"--axes",                                                                                 \
         NULL,                                                                                     \
         "N,M,E",                                                                                  \
         "2,1,3",                                                                                  \
         AZ_COMPLETE_NONE,                                                                         \
         false,                                                                                    \
         false,                                                                                    \
         "principal components that point north, to the prime meridian and to the equinox; a "     \
         "minus flips one: --axes=-2,1,3"},                                                        \
        {"--basis",                                                                                \
         NULL,                                                                                     \
         "FILE:NAME",                                                                              \
         NULL,                                                                                     \
         AZ_COMPLETE_FILE,                                                                         \
         false,                                                                                    \
         false,                                                                                    \
         "any three vectors as axes in place of components: north, meridian and equinox, 3 x "     \
         "dimensions numbers (F32, F64) in a safetensors file, taken as they are"},                \
        {"--from",                                                                                 \
         NULL,                                                                                     \
         "WHERE",                                                                                  \
         "origin",                                                                                 \
         AZ_COMPLETE_NONE,                                                                         \
         false,                                                                                    \
         false,                                                                                    \
         "viewpoint: origin, mean (of all rows), overlay (mean of the first overlay's rows), or "  \
         "a row's number"},                                                                        \
        {"--causal",       NULL,  NULL,  NULL,                                                     \
         AZ_COMPLETE_NONE, false, false, "coordinates in the causal metric, about the mean"},      \
        {"--ridge",        NULL,  "X",   "1e-6",                                                   \
         AZ_COMPLETE_NONE, false, false, "added to the eigenvalues for --causal"},                 \
        {"--overlay",                                                                              \
         NULL,                                                                                     \
         "FILE:NAME",                                                                              \
         NULL,                                                                                     \
         AZ_COMPLETE_FILE,                                                                         \
         false,                                                                                    \
         true,                                                                                     \
         "draws a selection in a colour of its own: a mask (BOOL, U8) over the rows or a list of " \
         "rows (I32, I64) in a safetensors file; up to six"},                                      \
        {"--level",                                                                                \
         NULL,                                                                                     \
         "FILE:NAME",                                                                              \
         NULL,                                                                                     \
         AZ_COMPLETE_FILE,                                                                         \
         false,                                                                                    \
         false,                                                                                    \
         "colours the stars by a number of each row, such as "                                     \
         "neighbours.safetensors:distances, over its middle 98 %; a row without a number is not "  \
         "drawn. Maps of stars only"},                                                             \
        {"--colormap",     NULL,  "NAME", "the map's own",                                         \
         AZ_COMPLETE_NONE, false, false,  "inferno, inferno_r, hot, viridis, bwr or greys"},       \
        {"--dpi", NULL, "N", "200", AZ_COMPLETE_NONE, false, false, "dots per inch"},              \
        {"--star",         NULL,  "X",   "1.2",                                                    \
         AZ_COMPLETE_NONE, false, false, "diameter of a star in points"},                          \
        {"--alpha", NULL, "X", "0.5", AZ_COMPLETE_NONE, false, false, "opacity of a star"},        \
        {"--cache",                                                                                \
         NULL,                                                                                     \
         "DIR",                                                                                    \
         "AZ_CACHE or ~/.cache/azimuth",                                                           \
         AZ_COMPLETE_DIRECTORY,                                                                    \
         false,                                                                                    \
         false,                                                                                    \
         "where found frames are kept; \"\" keeps none"},                                          \
        AZ_OPTION_THREADS

#endif
