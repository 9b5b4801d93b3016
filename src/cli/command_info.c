#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/recording.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/commands.h"

static void print_name(int width, const char *name)
{
    char plain[AZ_TENSOR_NAME_BYTES];
    snprintf(plain, sizeof plain, "%s", name);
    az_unit_plain(plain);
    printf("%-*s ", width, plain);
}

static void print_shape(int rank, const int64_t *shape)
{
    char text[160] = "scalar";
    size_t used = 0;
    for (int r = 0; r < rank && used < sizeof text; r++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRId64, r ? " x " : "",
                                 shape[r]);
    printf(" %-18s", text);
}

static void print_recorded(const struct az_recorded *tensor)
{
    char frames[AZ_UNIT_TEXT_BYTES], bytes[AZ_UNIT_TEXT_BYTES], steps[64] = "-";
    az_unit_count((uint64_t)tensor->frames, frames);
    az_unit_bytes((uint64_t)tensor->frames * tensor->frame_bytes, bytes);
    if (tensor->frames > 0)
        snprintf(steps, sizeof steps, "%" PRId64 " to %" PRId64, az_recording_step_of(tensor, 0),
                 az_recording_step_of(tensor, tensor->frames - 1));
    print_name(26, tensor->name);
    printf("%-4s", az_dtype_name(tensor->dtype));
    print_shape(tensor->frame_rank, tensor->frame_shape);
    printf(" %8s %-11s %8s\n", frames, steps, bytes);
}

static void print_recording(const struct az_recording *recording)
{
    printf("%s: a recording up to step %" PRId64 "%s\n\n", az_recording_path(recording),
           az_recording_last_step(recording),
           az_recording_cut_short(recording) ? ", cut short" : "");
    printf("%-26s %-4s %-18s %8s %-11s %8s\n", "tensor", "type", "shape of a frame", "frames",
           "steps", "size");
    for (size_t n = 0; n < az_recording_count(recording); n++)
        print_recorded(az_recording_at(recording, n));
}

static void print_tensors(const char *path, const struct az_safetensors *file)
{
    char bytes[AZ_UNIT_TEXT_BYTES];
    size_t count = az_safetensors_count(file);
    printf("%s: %zu tensor%s\n\n%-44s %-7s %-18s %8s\n", path, count, count == 1 ? "" : "s",
           "tensor", "type", "shape", "size");
    for (size_t n = 0; n < count; n++) {
        const struct az_tensor *tensor = az_safetensors_at(file, n);
        az_unit_bytes(tensor->bytes, bytes);
        print_name(44, tensor->name);
        printf("%-7s", az_dtype_name(tensor->dtype));
        print_shape(tensor->rank, tensor->shape);
        printf(" %8s\n", bytes);
    }
}

/* A file that is no recording may still be a good safetensors file; when it is neither, the reason
 * for the latter is told, or for the former when the file itself is sound. */
static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    const char *path = arguments->operands[0];
    struct az_recording *recording;
    struct az_safetensors *file;
    enum az_status status = az_recording_open(&recording, path, error);
    if (status == AZ_OK) {
        print_recording(recording);
        az_recording_close(recording);
    } else if (az_safetensors_open(&file, path, NULL) == AZ_OK) {
        print_tensors(path, file);
        az_safetensors_close(file);
        status = AZ_OK;
    }
    return status;
}

static const struct az_option options[] = {AZ_OPTION_END};

const struct az_command az_command_info = {
    .name = "info",
    .summary = "lists the tensors of a recording or safetensors file",
    .operands = "FILE",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description = "FILE is a recording, a run directory that holds one, or any safetensors file. "
                   "Of a recording it prints the shape of one frame, how many there are, and their "
                   "first and last step. Malformed files are refused with the reason.",
    .options = options,
    .examples = "azimuth info demo-run\n"
                "azimuth info model.safetensors\n",
    .run = run,
};
