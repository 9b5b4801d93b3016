#include <string.h>

#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/drawing.h"
#include "cli/lens_common.h"
#include "cli/structure_report.h"

static enum az_status look(const struct az_arguments *arguments, struct az_structure **structure,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_lens_request request;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_lens_request_read(&request, arguments, error));
    struct az_structure_options options = {.matrix = request.options.matrix,
                                           .set = request.set,
                                           .named = request.options.named,
                                           .every = 1,
                                           .first_step = request.options.first_step,
                                           .last_step = request.options.last_step,
                                           .threads = request.options.threads};
    AZ_TRY(az_arguments_integer(arguments, "--every", 1, INT64_MAX / 2, &options.every, error));
    AZ_TRY(az_structure_look(structure, request.path, &options, progress, error));
out:
    az_bar_end(&bar);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_structure *structure = NULL;
    const char *path = arguments->operands[0];
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *tokens = az_arguments_value(arguments, "--tokens");
    const char *arrays = az_arguments_value(arguments, "--arrays");
    const char *figure = az_arguments_value(arguments, "--figure");
    AZ_TRY(look(arguments, &structure, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_structure_print_json(structure, path, error));
    else
        az_structure_print(structure, path);
    if (csv) AZ_TRY(az_structure_csv(structure, csv, error));
    if (tokens) AZ_TRY(az_structure_tokens_csv(structure, tokens, error));
    if (arrays) AZ_TRY(az_structure_arrays(structure, arrays, error));
    if (figure) AZ_TRY(az_structure_draw(structure, figure, error));
out:
    az_structure_free(structure);
    return status;
}

static const struct az_option options[] = {
    {"--set", NULL, "SET", "all", AZ_COMPLETE_FILE, false, false,
     "tokens to look at: dead, live, all, or a file with token ids (text) or a mask or ids "
     "(safetensors, FILE or FILE:TENSOR)"},
    {"--matrix", NULL, "NAME", "W", AZ_COMPLETE_NONE, false, false,
     "matrix to look at: W, U, or params/NAME of two dimensions, recorded in bf16"},
    {"--from", NULL, "STEP", "the start", AZ_COMPLETE_NONE, false, false,
     "first step whose frame is looked at"},
    {"--to", NULL, "STEP", "the end", AZ_COMPLETE_NONE, false, false, "last one"},
    {"--every", NULL, "K", "1", AZ_COMPLETE_NONE, false, false,
     "looks at every Kth frame and at the last one"},
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false, "writes a row for each frame"},
    {"--tokens", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each token: rows equal to it at the start and the end, when it first left "
     "and joined others"},
    {"--arrays", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes all numbers of the frames as safetensors"},
    AZ_DRAWING_OPTION,
    AZ_LENS_JSON,
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_structure = {
    .name = "structure",
    .summary = "equal and neighbouring rows through training",
    .operands = "RECORDING",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "At each frame: unique vectors, black holes (vectors that several rows share), pairs of "
        "vectors that are neighbours on the bf16 lattice (Linf = 1) and the components that these "
        "make. From frame to frame: births and deaths of black holes, fissions and fusions, and "
        "the tokens that leave and join.\n"
        "RECORDING is a file or a run directory.",
    .options = options,
    .examples = "azimuth structure demo-run\n"
                "azimuth structure demo-run --set dead --every 10 --figure dead.png\n"
                "azimuth structure singular-run --csv frames.csv --tokens tokens.csv\n",
    .run = run,
};
