#include <stdio.h>
#include <string.h>

#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/sky_maps.h"

static enum az_status read_options(const struct az_arguments *arguments,
                                   struct az_map_options *options, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *options =
        (struct az_map_options){.bin_degrees = 1,
                                .smoothing = 1,
                                .depth_epsilon = 0.05,
                                .per_steradian = az_arguments_has(arguments, "--per-steradian"),
                                .linear = az_arguments_has(arguments, "--linear")};
    const char *name;
    size_t cursor = 0, which;
    while ((name = az_arguments_next(arguments, "--map", &cursor)))
        if (strcmp(name, "all") != 0) AZ_TRY(az_map_find(name, &which, error));
    AZ_TRY(az_scene_real(arguments, "--bin", &options->bin_degrees, error));
    AZ_TRY(az_scene_real(arguments, "--smooth", &options->smoothing, error));
    AZ_TRY(az_scene_real(arguments, "--epsilon", &options->depth_epsilon, error));
    AZ_TRY(az_scene_real(arguments, "--radius", &options->radius, error));
    if (options->bin_degrees < 0.05 || options->bin_degrees > 60 || options->smoothing < 0 ||
        options->depth_epsilon <= 0 || options->radius < 0)
        AZ_RAISE(AZ_USAGE, "--bin is 0.05 to 60 degrees, --smooth and --radius at least 0, "
                           "--epsilon above 0");
out:
    return status;
}

static enum az_status draw_maps(const struct az_scene *scene, const struct az_arguments *arguments,
                                const struct az_map_options *options, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *name;
    size_t cursor = 0;
    bool any = false;
    while ((name = az_arguments_next(arguments, "--map", &cursor))) {
        any = true;
        for (size_t n = 0; strcmp(name, "all") == 0 && az_map_names[n]; n++)
            AZ_TRY(az_map_draw(scene, az_map_names[n], options, error));
        if (strcmp(name, "all") != 0) AZ_TRY(az_map_draw(scene, name, options, error));
    }
    if (any) goto out;
    AZ_TRY(az_map_draw(scene, "mollweide", options, error));
    AZ_TRY(az_map_draw(scene, "density", options, error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_scene scene = {0};
    struct az_map_options options;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(read_options(arguments, &options, error));
    AZ_TRY(az_scene_open(&scene, arguments, progress, error));
    az_bar_end(&bar);
    az_scene_print(&scene);
    AZ_TRY(az_scene_save(&scene, error));
    AZ_TRY(draw_maps(&scene, arguments, &options, error));
out:
    az_bar_end(&bar);
    az_scene_close(&scene);
    return status;
}

#define MAP_HELP(name, meaning) #name ": " meaning "; "
static const struct az_option options[] = {
    {"--map", NULL, "NAME", "mollweide and density", AZ_COMPLETE_NONE, false, true,
     AZ_MAPS(MAP_HELP) "all: every one of them"},
    {"--bin", NULL, "DEGREES", "1", AZ_COMPLETE_NONE, false, false, "size of a density's cells"},
    {"--smooth", NULL, "CELLS", "1", AZ_COMPLETE_NONE, false, false,
     "sigma of the Gaussian that smooths a density; longitude wraps around"},
    {"--per-steradian", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "densities per solid angle in place of counts per cell"},
    {"--linear", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "colours linear in the density, not logarithmic"},
    {"--epsilon", NULL, "X", "0.05", AZ_COMPLETE_NONE, false, false,
     "of the perspective map, in parts of the farthest distance"},
    {"--radius", NULL, "X", "the farthest row", AZ_COMPLETE_NONE, false, false,
     "where the equatorial maps end"},
    AZ_SCENE_OPTIONS,
    AZ_OPTION_END,
};

const struct az_command az_command_sky = {
    .name = "sky",
    .summary = "maps of all rows of a matrix as stars on a sphere",
    .operands = "MATRIX",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description = "Every row is a star at the latitude and longitude in which it is seen from the "
                   "viewpoint along three principal components; none is left out. MATRIX as for "
                   "azimuth frame. The meaning of every coordinate is in docs/definitions.md, "
                   "\"Sky\"; docs/sky.md shows the maps.",
    .options = options,
    .examples = "azimuth sky model.safetensors\n"
                "azimuth sky model.safetensors --from mean --map all -o maps\n"
                "azimuth sky m.safetensors --overlay masks.safetensors:black_hole_mask\n",
    .run = run,
};
