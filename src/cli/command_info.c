#define _GNU_SOURCE
#include <time.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/info_report.h"

#define FOLLOW_NS 500000000

/* A line whenever more frames are whole, until the recording has its final name. */
static enum az_status follow(struct az_recording *recording, struct az_error *error)
{
    const struct timespec pause = {.tv_nsec = FOLLOW_NS};
    int64_t told = az_recording_last_step(recording);
    while (az_recording_cut_short(recording)) {
        nanosleep(&pause, NULL);
        enum az_status status = az_recording_refresh(recording, error);
        if (status != AZ_OK) return status;
        if (az_recording_last_step(recording) == told) continue;
        told = az_recording_last_step(recording);
        az_info_print_growth(recording);
    }
    return AZ_OK;
}

/* A file that is no recording may still be a good safetensors file; when it is neither, the reason
 * for the latter is told, or for the former when the file itself is sound. */
static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    const char *path = arguments->operands[0];
    bool json = az_arguments_has(arguments, "--json");
    if (json && az_arguments_has(arguments, "--follow"))
        return az_error_raise(error, AZ_USAGE, "info: --follow prints lines, not --json");
    struct az_recording *recording;
    struct az_safetensors *file;
    enum az_status status = az_recording_open(&recording, path, error);
    if (status == AZ_OK) {
        if (json)
            status = az_info_json_recording(recording, error);
        else
            az_info_print_recording(recording);
        if (status == AZ_OK && az_arguments_has(arguments, "--follow"))
            status = follow(recording, error);
        az_recording_close(recording);
    } else if (az_safetensors_open(&file, path, NULL) == AZ_OK) {
        status = AZ_OK;
        if (json)
            status = az_info_json_tensors(path, file, error);
        else
            az_info_print_tensors(path, file);
        az_safetensors_close(file);
    }
    return status;
}

static const struct az_option options[] = {
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints everything as JSON, all metadata too"},
    {"--follow", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "stays with a recording that a run is writing (its .part), and prints a line whenever more "
     "frames are whole, until the run is over"},
    AZ_OPTION_END,
};

const struct az_command az_command_info = {
    .name = "info",
    .summary = "tells what is in a recording or safetensors file",
    .operands = "FILE",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description = "FILE is a recording, a run directory that holds one, or any safetensors file. "
                   "Of a recording it prints the container and its size, its share of the budget, "
                   "how many frames are whole (of a run that was cut short too), who made it, the "
                   "shape of one frame of each tensor, how many there are, their first and last "
                   "step, and the constants. The notebooks' files are read too. Malformed files "
                   "are refused with the reason.",
    .options = options,
    .examples = "azimuth info demo-run\n"
                "azimuth info run/recording.safetensors.part  # of a run that was killed\n"
                "azimuth info run/recording.h5.part --follow  # while the run goes on\n"
                "azimuth info thimble_7.h5 --json\n"
                "azimuth info model.safetensors\n",
    .run = run,
};
