#include <stdio.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/plot.h"
#include "store/file.h"

#define PATH_BYTES 4096

/* RUN/figures/training.png; the folder is made. */
static enum az_status usual_path(char path[PATH_BYTES], const char *directory,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char folder[PATH_BYTES];
    AZ_TRY(az_path_join(folder, sizeof folder, directory, "figures", error));
    AZ_TRY(az_directory_create(folder, error));
    AZ_TRY(az_path_join(path, PATH_BYTES, folder, "training.png", error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *picture = az_arguments_value(arguments, "--output");
    size_t run_count = arguments->operand_count;
    struct az_plot_run runs[AZ_PLOT_RUNS] = {0};
    char path[PATH_BYTES];
    if (run_count > 1 && !picture)
        AZ_RAISE(AZ_USAGE, "several runs in one figure: name the picture with --output");
    for (size_t r = 0; r < run_count; r++)
        AZ_TRY(az_plot_read(&runs[r], arguments->operands[r], NULL, error));
    if (!picture) {
        AZ_TRY(usual_path(path, arguments->operands[0], error));
        picture = path;
    }
    AZ_TRY(az_plot_training(runs, run_count, picture, error));
    printf("%s\n", picture);
out:
    for (size_t r = 0; r < AZ_PLOT_RUNS; r++) az_plot_free(&runs[r]);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "FILE", "RUN/figures/training.png", AZ_COMPLETE_FIGURE, false, false,
     "the picture; its ending says the format: .png, .svg or .pdf"},
    AZ_OPTION_END,
};

const struct az_command az_command_plot = {
    .name = "plot",
    .summary = "draws the loss and the dead tokens' motion of runs",
    .operands = "RUN...",
    .operands_least = 1,
    .operands_most = AZ_PLOT_RUNS,
    .complete = AZ_COMPLETE_DIRECTORY,
    .description =
        "Reads RUN/metrics.csv, of a run that has ended or of one that is still going on, and "
        "draws "
        "the loss and the share of dead tokens that moved against the step, several runs over one "
        "another. Beside the picture stand its numbers (.csv) and the gnuplot script that drew it "
        "(.gp).",
    .options = options,
    .examples = "azimuth plot demo-run\n"
                "azimuth plot bf16-run f32-run -o both.svg\n",
    .run = run,
};
