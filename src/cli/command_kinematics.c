#include "cli/commands.h"
#include "cli/drawing.h"
#include "cli/kinematics_report.h"

static enum az_status write_files(const struct az_arguments *arguments, const struct az_lens *lens,
                                  const struct az_lens_request *request, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *tokens = az_arguments_value(arguments, "--tokens");
    const char *velocity = az_arguments_value(arguments, "--velocity");
    const char *shape = az_arguments_value(arguments, "--shape");
    const char *arrays = az_arguments_value(arguments, "--arrays");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (csv) AZ_TRY(az_kinematics_csv(lens, csv, error));
    if (tokens) AZ_TRY(az_kinematics_tokens_csv(lens, request->set, tokens, error));
    if (velocity) AZ_TRY(az_kinematics_velocity_csv(lens, velocity, error));
    if (shape) AZ_TRY(az_kinematics_shape_csv(lens, shape, error));
    if (arrays) AZ_TRY(az_kinematics_arrays(lens, arrays, error));
    if (figure) AZ_TRY(az_kinematics_draw(lens, request, figure, error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_lens_request request;
    struct az_lens *lens = NULL;
    AZ_TRY(az_lens_request_read(&request, arguments, error));
    request.options.kinematics = true;
    AZ_TRY(az_lens_request_look(&request, &lens, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_kinematics_print_json(lens, &request, error));
    else
        az_kinematics_print(lens, &request);
    AZ_TRY(write_files(arguments, lens, &request, error));
out:
    az_lens_free(lens);
    return status;
}

static const struct az_option options[] = {
    AZ_LENS_OPTIONS,
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each set and frame: centroid, radii, speed, bulk, thermal, radial parts"},
    {"--tokens", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each token of the set: net displacement, path, efficiency, comoving ones"},
    {"--velocity", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the velocity autocorrelation by set, window of steps and lag"},
    {"--shape", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the shape of each set's cloud at some steps"},
    {"--arrays", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the centroids of every frame and the spectra of the shapes: safetensors"},
    AZ_DRAWING_OPTION,
    AZ_LENS_JSON,
    AZ_OPTION_THREADS,
    AZ_OPTION_ISA,
    AZ_OPTION_END,
};

const struct az_command az_command_kinematics = {
    .name = "kinematics",
    .summary = "where tokens go: centroid, radii, bulk and thermal",
    .operands = "RECORDING",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "In weight units: the centroid of a set of tokens and its speed, cloud_radius (mean "
        "distance to the centroid) and origin_radius (mean norm), which are three things; the "
        "motion of each step split into bulk (of the centroid) and thermal (about it); radial "
        "parts of the movers' steps; net displacement, path and efficiency of each token, at rest "
        "and in the frame of its centroid; what independent random walks would give; velocity "
        "autocorrelation by window and lag; the shape of the cloud.\n"
        "RECORDING is a file or a run directory.",
    .options = options,
    .examples = "azimuth kinematics demo-run\n"
                "azimuth kinematics demo-run --set live --figure motion.svg\n"
                "azimuth kinematics demo-run --csv frames.csv --arrays centroids.safetensors\n",
    .run = run,
};
