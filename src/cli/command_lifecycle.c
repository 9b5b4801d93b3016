#include "cli/commands.h"
#include "cli/drawing.h"
#include "cli/lifecycle_report.h"

static enum az_status write_files(const struct az_arguments *arguments,
                                  const struct az_lifecycle_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *steps = az_arguments_value(arguments, "--steps");
    const char *stragglers = az_arguments_value(arguments, "--stragglers");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (csv) AZ_TRY(az_lifecycle_csv(report, csv, error));
    if (steps) AZ_TRY(az_lifecycle_steps_csv(report, steps, error));
    if (stragglers) AZ_TRY(az_lifecycle_stragglers_csv(report, stragglers, error));
    if (figure) AZ_TRY(az_lifecycle_draw(report, figure, error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_lens_request request;
    struct az_lens *lens = NULL;
    struct az_tokenizer *tokenizer = NULL;
    struct az_lifecycle_report report = {.request = &request};
    AZ_TRY(az_lens_request_read(&request, arguments, error));
    request.options.arrays = az_arguments_value(arguments, "--arrays");
    AZ_TRY(az_lens_tokenizer_read(&tokenizer, az_arguments_value(arguments, "--tokenizer"),
                                  request.path, error));
    AZ_TRY(az_lens_request_look(&request, &lens, error));
    report.lens = lens;
    report.tokenizer = tokenizer;
    AZ_TRY(
        az_straggling_find(&report.straggling, request.path, lens, request.options.threads, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_lifecycle_print_json(&report, error));
    else
        az_lifecycle_print(&report);
    AZ_TRY(write_files(arguments, &report, error));
out:
    az_straggling_free(&report.straggling);
    az_tokenizer_free(tokenizer);
    az_lens_free(lens);
    return status;
}

static const struct az_option options[] = {
    AZ_LENS_OPTIONS,
    AZ_LENS_GUARD,
    {"--tokenizer", NULL, "FILE", "tokenizer.json beside it", AZ_COMPLETE_FILE, false, false,
     "whose tokens the rows are, for their text, bytes and script"},
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each token of the set: ends of its phases, freeze step, stumbles, reheats"},
    {"--steps", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each set and step: tokens in each phase and state, still share"},
    {"--stragglers", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes all stragglers; where h was recorded, with their angle to h and their probability at "
     "nine steps"},
    {"--arrays", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the motion of each token at each step, and phase_end_step: safetensors"},
    AZ_DRAWING_OPTION,
    AZ_LENS_JSON,
    AZ_OPTION_THREADS,
    AZ_OPTION_ISA,
    AZ_OPTION_END,
};

const struct az_command az_command_lifecycle = {
    .name = "lifecycle",
    .summary = "when tokens cool and freeze: phases, onsets, stragglers",
    .operands = "RECORDING",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Follows every row of a matrix through its phases: hypernova (L2 > 1000 cells), early "
        "(L2 > sqrt(D)), midlife (Linf > 1), late (L1 > 0), Fimbulwinter. A phase lasts to the "
        "last step at which its condition held; the state is that of one step. Tells when shares "
        "of the tokens came to rest, first and for good, who froze and when, who is censored "
        "because the run ended too early to say, runs in which nobody moved, and the "
        "stragglers.\n"
        "RECORDING is a file or a run directory.",
    .options = options,
    .examples = "azimuth lifecycle demo-run\n"
                "azimuth lifecycle demo-run --set live --guard 500\n"
                "azimuth lifecycle thimble-1.safetensors --csv tokens.csv --figure life.png\n",
    .run = run,
};
