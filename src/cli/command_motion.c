#include "cli/commands.h"
#include "cli/drawing.h"
#include "cli/motion_report.h"

static enum az_status write_files(const struct az_arguments *arguments, const struct az_lens *lens,
                                  const struct az_lens_request *request, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *sizes = az_arguments_value(arguments, "--sizes");
    const char *strata = az_arguments_value(arguments, "--strata");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (csv) AZ_TRY(az_motion_csv(lens, csv, error));
    if (sizes) AZ_TRY(az_motion_sizes_csv(lens, sizes, error));
    if (strata) AZ_TRY(az_motion_strata_csv(lens, strata, error));
    if (figure) AZ_TRY(az_motion_draw(lens, request, figure, error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_lens_request request;
    struct az_lens *lens = NULL;
    AZ_TRY(az_lens_request_read(&request, arguments, error));
    request.options.arrays = az_arguments_value(arguments, "--arrays");
    AZ_TRY(az_lens_request_look(&request, &lens, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_motion_print_json(lens, &request, error));
    else
        az_motion_print(lens, &request);
    AZ_TRY(write_files(arguments, lens, &request, error));
out:
    az_lens_free(lens);
    return status;
}

static const struct az_option options[] = {
    AZ_LENS_OPTIONS,
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each set and step: counts, and quantiles of L1, L2, Linf, hops, ulp_start "
     "and length"},
    {"--sizes", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the hops by size and direction, for each set and window of steps"},
    {"--strata", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the hops by the binade of |w| before them, for each set and window of steps"},
    {"--arrays", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes all of it for each token and step: safetensors, [steps][tokens]"},
    AZ_DRAWING_OPTION,
    AZ_LENS_JSON,
    AZ_OPTION_THREADS,
    AZ_OPTION_ISA,
    AZ_OPTION_END,
};

const struct az_command az_command_motion = {
    .name = "motion",
    .summary = "how far tokens move on the bf16 lattice, step by step",
    .operands = "RECORDING",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Compares each recorded frame of a matrix with the one before: L1, L2 and Linf of every "
        "token in cells of the bf16 lattice (and in ulp_start, for comparison with the "
        "notebooks), the coordinates that hop, sizes and signs of hops, crossings of binades and "
        "of zero, exact zeros, frozen coordinates, and how all that depends on |w|. Shows "
        "quantiles over the tokens at some steps; the files hold every step.\n"
        "RECORDING is a file or a run directory. It is read once, whatever is asked for.",
    .options = options,
    .examples = "azimuth motion demo-run\n"
                "azimuth motion demo-run --set live --csv motion.csv --figure motion.png\n"
                "azimuth motion thimble-7.h5 --arrays every-token.safetensors\n",
    .run = run,
};
