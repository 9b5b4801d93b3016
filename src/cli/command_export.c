#include "base/memory.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/exchange_target.h"

static enum az_status write_selection(const struct az_arguments *arguments,
                                      const struct az_recording *recording,
                                      const struct az_selection *selection,
                                      const struct az_exchange_target *target,
                                      struct az_error *error)
{
    struct az_bar bar;
    struct az_exchange_result result;
    struct az_progress *progress = az_bar_start(&bar);
    bool bits = az_arguments_has(arguments, "--bits");
    enum az_status status =
        target->is_array ? az_exchange_array(recording, selection, target->path, target->form, bits,
                                             &result, progress, error)
                         : az_exchange_copy(recording, selection, target->path, target->container,
                                            target->compression, &result, progress, error);
    az_bar_end(&bar);
    if (status == AZ_OK) az_exchange_tell(target, &result);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording *recording = NULL;
    struct az_exchange_target target;
    const char **tensors = NULL;
    int64_t end_dim = 0;
    struct az_selection selection = {.rows = az_arguments_value(arguments, "--rows")};
    AZ_TRY(
        az_exchange_target(&target, arguments, az_arguments_value(arguments, "--output"), error));
    AZ_TRY(az_exchange_range(arguments, "--steps", &selection.first_step, &selection.end_step,
                             &selection.every, error));
    AZ_TRY(az_exchange_range(arguments, "--dims", &selection.first_dim, &end_dim, NULL, error));
    if (end_dim) selection.dims = end_dim - selection.first_dim;
    AZ_TRY(az_arguments_threads(arguments, &selection.threads, error));
    AZ_TRY(az_memory_allocate(&tensors, arguments->operand_count, sizeof *tensors, "names", error));
    for (size_t n = 1; n < arguments->operand_count; n++) tensors[n - 1] = arguments->operands[n];
    if (arguments->operand_count > 1) selection.tensors = tensors;
    AZ_TRY(az_recording_open(&recording, arguments->operands[0], error));
    AZ_TRY(write_selection(arguments, recording, &selection, &target, error));
out:
    az_recording_close(recording);
    az_memory_free(tensors);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "FILE", NULL, AZ_COMPLETE_OUTPUT, true, false,
     "what to write; its ending says how: .safetensors, .h5, .npy, .csv"},
    {"--steps", NULL, "FIRST:END:EVERY", "all", AZ_COMPLETE_NONE, false, false,
     "steps of the frames, as a slice of Python: END is not among them; one number is one step"},
    {"--rows", NULL, "ROWS", "all", AZ_COMPLETE_FILE, false, false,
     "dead, live, token ids as 3,5,100:110, or a file of token ids or masks; for tensors whose "
     "frames are rows of tokens"},
    {"--dims", NULL, "FIRST:END", "all", AZ_COMPLETE_NONE, false, false,
     "of the last dimension of a frame"},
    {"--bits", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "npy and csv: numbers as the unsigned integers of their bits, not as values"},
    AZ_OPTION_COMPRESSION,
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_export = {
    .name = "export",
    .summary = "writes steps, rows or dimensions of a recording to another file",
    .operands = "RECORDING [TENSOR...]",
    .operands_least = 1,
    .operands_most = 64,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "A .safetensors or .h5 file becomes a recording itself, of all tensors or those named, "
        "with "
        "the steps and tokens it has, all constants and metadata: every command reads it. An .npy "
        "file holds one tensor, [frames][...]; a .csv file has a line for each row of each frame, "
        "with step and token. There bf16 is written as float32, which is exact, or as its bits. "
        "Constants such as dead_indices can be written to them too.\n"
        "What is written is bit for bit what was recorded; a frame that is not as it was written "
        "is refused. Memory is two frames, and for csv the text of one.",
    .options = options,
    .examples = "azimuth export demo-run W -o last.npy --steps 2000\n"
                "azimuth export demo-run W -o dead.npy --rows dead --steps ::10\n"
                "azimuth export demo-run W variance_W -o some.safetensors --rows 0:100\n"
                "azimuth export demo-run losses -o losses.csv\n",
    .run = run,
};
