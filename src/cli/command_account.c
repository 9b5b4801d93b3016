#include <string.h>

#include "base/memory.h"
#include "cli/account_report.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"

struct gathering {
    struct az_account_report report;
    size_t capacity;
    enum az_status status;
    struct az_error error;
};

/* Keeps every step; a failure is told after the accounting. */
static void gather(void *context, const struct az_account_step *step)
{
    struct gathering *gathering = context;
    struct az_account_report *report = &gathering->report;
    if (step->step == 1) report->step_count = 0; /* another arithmetic is tried */
    if (gathering->status == AZ_OK && report->step_count == gathering->capacity) {
        size_t larger = 2 * gathering->capacity + 1024;
        gathering->status = az_memory_grow(&report->steps, gathering->capacity, larger,
                                           sizeof *report->steps, "steps", &gathering->error);
        if (gathering->status == AZ_OK) gathering->capacity = larger;
    }
    if (gathering->status == AZ_OK) report->steps[report->step_count++] = *step;
}

static enum az_status tell(const struct az_arguments *arguments,
                           const struct az_account_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (csv) AZ_TRY(az_account_report_csv(report, csv, error));
    if (figure) AZ_TRY(az_account_report_draw(report, figure, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_account_report_json(report, error));
    else
        az_account_report_print(report);
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK, told;
    const char **assignments = NULL;
    const char *arithmetic = az_arguments_value(arguments, "--arithmetic");
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    const char *matrix = az_arguments_value(arguments, "--matrix");
    struct gathering gathering = {
        .report = {.path = arguments->operands[0], .matrix = matrix ? matrix : "W"}};
    struct az_account_options options = {
        .automatic = arithmetic && strcmp(arithmetic, "auto") == 0,
        .matrix = gathering.report.matrix,
        .isa = az_arguments_value(arguments, "--isa"),
        .step = gather,
        .context = &gathering,
    };
    options.arithmetic = options.automatic ? NULL : arithmetic;
    AZ_TRY(az_arguments_figure_beside(arguments, "--csv", "--figure", error));
    AZ_TRY(az_arguments_threads(arguments, &options.threads, error));
    AZ_TRY(az_memory_allocate(&assignments, arguments->given_count + 1, sizeof *assignments,
                              "the hyperparameters", error));
    for (size_t n = 0, cursor = 0; n <= arguments->given_count; n++)
        assignments[n] = az_arguments_next(arguments, "--parameter", &cursor);
    options.assignments = assignments;
    status =
        az_account(arguments->operands[0], &options, &gathering.report.result, progress, error);
    az_bar_end(&bar);
    if (status != AZ_OK && status != AZ_DIFFERENCE) goto out;
    if (gathering.status != AZ_OK) {
        *error = gathering.error;
        status = gathering.status;
        goto out;
    }
    told = tell(arguments, &gathering.report, error);
    if (told != AZ_OK) status = told;
out:
    az_bar_end(&bar);
    az_memory_free(assignments);
    az_memory_free(gathering.report.steps);
    return status;
}

static const struct az_option options[] = {
    {"--arithmetic", NULL, "NAME", "as recorded", AZ_COMPLETE_ARITHMETIC, false, false,
     "arithmetic of the optimizer:" AZ_ARITHMETIC_TABLE(
         AZ_OPTION_NAME) "; auto tries all and takes "
                         "the one that explains most"},
    {"--matrix", NULL, "NAME", "W", AZ_COMPLETE_NONE, false, false,
     "matrix to account for: W, or the unembedding U of an untied model"},
    {"--parameter", "-P", "NAME=NUMBER", NULL, AZ_COMPLETE_NONE, false, true,
     "a number that the file does not say, or says wrongly: optimizer.lr, weight_decay, beta1, "
     "beta2, eps, or vocab_size (where only some rows were recorded)"},
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each step and set of tokens"},
    {"--figure", NULL, "FILE", NULL, AZ_COMPLETE_FIGURE, false, false,
     "draws the change at each step, what of it is not predicted, and how many components differ "
     "(.png, .svg, .pdf)"},
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints everything as JSON instead of tables"},
    AZ_OPTION_THREADS,
    AZ_OPTION_ISA,
    AZ_OPTION_END,
};

const struct az_command az_command_account = {
    .name = "account",
    .summary = "proves every weight change of a recording, to the bit",
    .operands = "RECORDING",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Takes W, the gradient and Adam's moments of each step from the recording, computes the "
        "next m, v and W with the kernel that trained, and compares them with the next frame, bit "
        "for bit: for all tokens, and for dead and live ones apart. Every frame is also compared "
        "with the sums that were written with it. Beside the exact counts stand "
        "the measures of the notebooks: norms of the predicted and the observed change and of "
        "their difference, cosine and ratio.\n"
        "RECORDING is a file or a run directory, of azimuth or of the notebooks: their safetensors "
        "and HDF5 files, with moments upcast to float32, bf16 as uint16, or dead rows only. Those "
        "in float16 are refused: they have lost bits. Exit code 1 when a bit differs; the first "
        "place "
        "is "
        "told.",
    .options = options,
    .examples = "azimuth account demo-run\n"
                "azimuth account thimble_1.safetensors --arithmetic auto  # made by PyTorch\n"
                "azimuth account crucible.h5 -P optimizer.beta2=0.999 -P optimizer.eps=1e-8\n"
                "azimuth account thimble-1 --csv steps.csv --figure account.png\n",
    .run = run,
};
