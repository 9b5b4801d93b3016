#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/exchange_target.h"

static enum az_status convert(const struct az_arguments *arguments,
                              const struct az_recording *recording,
                              const struct az_exchange_target *target, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_selection everything = {0};
    struct az_exchange_result result;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_arguments_threads(arguments, &everything.threads, error));
    AZ_TRY(az_exchange_copy(recording, &everything, target->path, target->container,
                            target->compression, &result, progress, error));
    az_bar_end(&bar);
    az_exchange_tell(target, &result);
out:
    az_bar_end(&bar);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording *recording = NULL;
    struct az_exchange_target target;
    AZ_TRY(az_exchange_target(&target, arguments, arguments->operands[1], error));
    if (target.is_array)
        AZ_RAISE(AZ_USAGE,
                 "%s: a recording is converted to .safetensors or .h5; azimuth export "
                 "writes arrays",
                 target.path);
    AZ_TRY(az_recording_open(&recording, arguments->operands[0], error));
    AZ_TRY(convert(arguments, recording, &target, error));
out:
    az_recording_close(recording);
    return status;
}

static const struct az_option options[] = {
    AZ_OPTION_COMPRESSION,
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_convert = {
    .name = "convert",
    .summary = "copies a recording into another container, bit for bit",
    .operands = "RECORDING FILE",
    .operands_least = 2,
    .operands_most = 2,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Copies all frames, constants and metadata; the ending of FILE says into what: "
        ".safetensors or .h5. Frames get the sums of their bits and the file its fingerprint, so a "
        "copy of a notebook's file can be verified; bf16 that was kept as uint16 becomes bf16 "
        "where the container has it, and dead rows get the list of their tokens. What a .part of a "
        "killed run holds becomes a whole file.\n"
        "The sums and the fingerprint of the original are checked: damage is refused, not copied.",
    .options = options,
    .examples = "azimuth convert thimble_7.h5 thimble_7.safetensors\n"
                "azimuth convert run small.h5 --compression small\n"
                "azimuth convert run/recording.safetensors.part saved.safetensors\n",
    .run = run,
};
