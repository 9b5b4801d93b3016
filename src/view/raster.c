#include "view/raster.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* The panel's frame in pixels, y downwards. */
struct place {
    double left, right, top, bottom;
    double dots_per_inch;
};

enum az_status az_raster_create(struct az_raster *raster, size_t width, size_t height,
                                struct az_error *error)
{
    size_t cells;
    *raster = (struct az_raster){.width = width, .height = height};
    enum az_status status = az_size_multiply(width * 3, height, &cells, error);
    if (status != AZ_OK) return status;
    return az_memory_allocate(&raster->rgb, cells, sizeof *raster->rgb, "a picture", error);
}

void az_raster_free(struct az_raster *raster)
{
    az_memory_free(raster->rgb);
    raster->rgb = NULL;
}

static enum az_status parse_color(const char *text, float rgb[3], struct az_error *error)
{
    unsigned value = 0xffffff;
    char end;
    if (text && (strlen(text) != 7 || sscanf(text, "#%6x%c", &value, &end) != 1))
        return az_error_raise(error, AZ_USAGE, "\"%.20s\" is no colour: expected #rrggbb", text);
    for (int c = 0; c < 3; c++) rgb[c] = (float)(value >> (16 - 8 * c) & 255) / 255;
    return AZ_OK;
}

static double level_of(const struct az_chart *chart, double value)
{
    double low = chart->level_min, high = chart->level_max;
    if (!(high > low)) return 0.5;
    if (chart->level_logarithmic) return log(value / low) / log(high / low);
    return (value - low) / (high - low);
}

static struct place place_of(const struct az_raster *raster, const struct az_chart *chart,
                             const struct az_chart_panel *panel)
{
    double dpi = (double)raster->width / chart->width_inches;
    double bottom = (double)raster->height - panel->bottom * dpi;
    return (struct place){panel->left * dpi, (panel->left + panel->width) * dpi,
                          bottom - panel->height * dpi, bottom, dpi};
}

static void blend(float *pixel, const float rgb[3], float part)
{
    for (int c = 0; c < 3; c++) pixel[c] += (rgb[c] - pixel[c]) * part;
}

static double clip(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* A disc with soft edges: a pixel's coverage from its distance to the centre. */
static void paint_disc(struct az_raster *raster, const struct place *place, double x, double y,
                       double radius, const float rgb[3], double alpha)
{
    double low_x = clip(floor(x - radius - 1), floor(place->left), place->right);
    double high_x = clip(ceil(x + radius + 1), place->left, ceil(place->right));
    double low_y = clip(floor(y - radius - 1), floor(place->top), place->bottom);
    double high_y = clip(ceil(y + radius + 1), place->top, ceil(place->bottom));
    /* A disc thinner than a pixel keeps its area as faintness. */
    double whole = radius < 0.5 ? 4 * radius * radius : 1, drawn = radius < 0.5 ? 0.5 : radius;
    for (double py = low_y; py < high_y && py < (double)raster->height; py++)
        for (double px = low_x; px < high_x && px < (double)raster->width; px++) {
            double distance = hypot(px + 0.5 - x, py + 0.5 - y);
            double cover = clip(drawn + 0.5 - distance, 0, 1) * whole * alpha;
            if (cover > 0)
                blend(raster->rgb + ((size_t)py * raster->width + (size_t)px) * 3, rgb,
                      (float)cover);
        }
}

static enum az_status paint_stars(struct az_raster *raster, const struct az_chart *chart,
                                  const struct az_chart_panel *panel,
                                  const struct az_chart_stars *stars, const struct az_colormap *map,
                                  struct az_error *error)
{
    struct place place = place_of(raster, chart, panel);
    float rgb[3];
    enum az_status status = parse_color(stars->color, rgb, error);
    if (status != AZ_OK) return status;
    for (size_t i = 0; i < stars->count; i++) {
        double x = (stars->x[i] - panel->x_min) / (panel->x_max - panel->x_min);
        double y = (stars->y[i] - panel->y_min) / (panel->y_max - panel->y_min);
        if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) continue;
        double points = stars->sizes ? stars->sizes[i] : stars->size_points;
        if (!(points > 0)) points = 1;
        if (stars->level) {
            if (!isfinite(stars->level[i])) continue;
            az_colormap_color(map, level_of(chart, stars->level[i]), rgb);
        }
        paint_disc(raster, &place, place.left + x * (place.right - place.left),
                   place.bottom - y * (place.bottom - place.top),
                   points / 144 * place.dots_per_inch, rgb, stars->alpha > 0 ? stars->alpha : 1);
    }
    return AZ_OK;
}

static bool cell_at(const struct az_chart_density *density, double x, double y, double *value)
{
    double u = x, v = y;
    if (density->inverse && !density->inverse(x, y, &u, &v)) return false;
    double column = (u - density->u_min) / (density->u_max - density->u_min);
    double row = (v - density->v_min) / (density->v_max - density->v_min);
    if (!(column >= 0 && column <= 1 && row >= 0 && row <= 1)) return false;
    size_t c = (size_t)(column * (double)density->columns),
           r = (size_t)(row * (double)density->rows);
    if (c == density->columns) c--;
    if (r == density->rows) r--;
    *value = density->cells[r * density->columns + c];
    return *value > 0;
}

static void paint_density(struct az_raster *raster, const struct az_chart *chart,
                          const struct az_chart_panel *panel, const struct az_colormap *map)
{
    struct place place = place_of(raster, chart, panel);
    for (double py = fmax(0, ceil(place.top)); py < place.bottom && py < (double)raster->height;
         py++)
        for (double px = fmax(0, ceil(place.left)); px < place.right && px < (double)raster->width;
             px++) {
            double across = (px + 0.5 - place.left) / (place.right - place.left), value;
            double up = (place.bottom - py - 0.5) / (place.bottom - place.top);
            float *pixel = raster->rgb + ((size_t)py * raster->width + (size_t)px) * 3;
            if (cell_at(panel->density, panel->x_min + across * (panel->x_max - panel->x_min),
                        panel->y_min + up * (panel->y_max - panel->y_min), &value))
                az_colormap_color(map, level_of(chart, value), pixel);
        }
}

enum az_status az_raster_panel(struct az_raster *raster, const struct az_chart *chart,
                               const struct az_chart_panel *panel, const struct az_colormap *map,
                               struct az_error *error)
{
    if (panel->density) paint_density(raster, chart, panel, map);
    for (size_t n = 0; n < panel->star_count; n++) {
        enum az_status status = paint_stars(raster, chart, panel, &panel->stars[n], map, error);
        if (status != AZ_OK) return status;
    }
    return AZ_OK;
}

enum az_status az_raster_bytes(const struct az_raster *raster, unsigned char **bytes,
                               struct az_error *error)
{
    size_t count = raster->width * raster->height * 3;
    enum az_status status = az_memory_allocate(bytes, count, 1, "a picture", error);
    if (status != AZ_OK) return status;
    for (size_t i = 0; i < count; i++) (*bytes)[i] = (unsigned char)(raster->rgb[i] * 255 + 0.5f);
    return AZ_OK;
}
