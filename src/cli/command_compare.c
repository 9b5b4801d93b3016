#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/compare_report.h"
#include "cli/divergence_report.h"
#include "cli/drawing.h"

static enum az_status tell(const struct az_arguments *arguments, struct az_compare_report *report,
                           const struct az_compare_result *result, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (report->status != AZ_OK) {
        *error = report->error;
        return report->status;
    }
    if (report->csv) {
        struct az_csv *csv = report->csv;
        report->csv = NULL;
        AZ_TRY(az_csv_commit(csv, error));
    }
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_compare_report_json(report, result, error));
    else
        az_compare_report_print(report, result);
out:
    return status;
}

static enum az_status compare(const struct az_arguments *arguments,
                              struct az_compare_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK, told;
    struct az_compare_result result;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    const char *csv = az_arguments_value(arguments, "--csv");
    struct az_compare_options options = {.common = az_arguments_has(arguments, "--common"),
                                         .frame = az_compare_report_frame,
                                         .tensor = az_compare_report_tensor,
                                         .context = report};
    AZ_TRY(az_arguments_threads(arguments, &options.threads, error));
    if (csv) AZ_TRY(az_csv_create(&report->csv, csv, AZ_CSV_WHOLE, AZ_COMPARE_CSV_HEADER, error));
    status = az_compare(report->a, report->b, &options, &result, progress, error);
    az_bar_end(&bar);
    if (status != AZ_OK && status != AZ_DIFFERENCE) goto out;
    told = tell(arguments, report, &result, error);
    if (told != AZ_OK) status = told;
out:
    az_bar_end(&bar);
    return status;
}

/* ---- --motion ---- */

static enum az_status write_motion(const struct az_arguments *arguments,
                                   const struct az_divergence *told, enum az_lens_set set,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *tokens = az_arguments_value(arguments, "--tokens");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (csv) AZ_TRY(az_divergence_csv(told, csv, error));
    if (tokens) AZ_TRY(az_divergence_tokens_csv(told, tokens, error));
    if (figure) AZ_TRY(az_divergence_draw(told, set, figure, error));
out:
    return status;
}

static enum az_status compare_motion(const struct az_arguments *arguments,
                                     const struct az_compare_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_lens_request request;
    struct az_divergence *told = NULL;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_lens_request_read(&request, arguments, error));
    const struct az_divergence_options options = {.matrix = request.options.matrix,
                                                  .named = request.options.named,
                                                  .arrays =
                                                      az_arguments_value(arguments, "--arrays"),
                                                  .isa = request.options.isa,
                                                  .threads = request.options.threads,
                                                  .first_step = request.options.first_step,
                                                  .last_step = request.options.last_step};
    AZ_TRY(az_divergence_look(&told, report->a, report->b, &options, progress, error));
    az_bar_end(&bar);
    AZ_TRY(az_lens_request_choose(&request, told->subject.present, error));
    if (az_arguments_has(arguments, "--json")) {
        AZ_TRY(az_divergence_print_json(told, request.set, report, error));
    } else {
        az_compare_print_parameters(report);
        az_divergence_print(told, request.set);
    }
    AZ_TRY(write_motion(arguments, told, request.set, error));
out:
    az_bar_end(&bar);
    az_divergence_free(told);
    return status;
}

/* Options of one way to compare are a mistake in the other. */
static enum az_status check_options(const struct az_arguments *arguments, struct az_error *error)
{
    static const char *const motion_only[] = {"--set",    "--matrix", "--from",   "--to",
                                              "--tokens", "--arrays", "--figure", "--isa"};
    bool motion = az_arguments_has(arguments, "--motion");
    for (size_t n = 0; n < sizeof motion_only / sizeof *motion_only && !motion; n++)
        if (az_arguments_has(arguments, motion_only[n]))
            return az_error_raise(error, AZ_USAGE, "%s tells of motion: give --motion too",
                                  motion_only[n]);
    if (motion && az_arguments_has(arguments, "--common"))
        return az_error_raise(error, AZ_USAGE, "--common: --motion always looks at what both have");
    return AZ_OK;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording *a = NULL, *b = NULL;
    struct az_compare_report report = {0};
    AZ_TRY(check_options(arguments, error));
    AZ_TRY(az_recording_open(&a, arguments->operands[0], error));
    AZ_TRY(az_recording_open(&b, arguments->operands[1], error));
    report.a = a;
    report.b = b;
    if (az_arguments_has(arguments, "--motion"))
        AZ_TRY(compare_motion(arguments, &report, error));
    else
        AZ_TRY(compare(arguments, &report, error));
out:
    az_compare_report_free(&report);
    az_recording_close(a);
    az_recording_close(b);
    return status;
}

static const struct az_option options[] = {
    {"--common", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "tensors, steps and tokens that only one has are no difference"},
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each tensor, step and set of tokens that both have"},
    {"--motion", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "tells how the tokens of one matrix part, by the options below; --csv then writes a row for "
     "each set and step"},
    AZ_LENS_OPTIONS,
    {"--tokens", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each token: when it parts, its greatest and its last distance"},
    {"--arrays", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the distances and angles of each token at each step: safetensors, [steps][tokens]"},
    AZ_DRAWING_OPTION,
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints the sums as JSON instead of tables"},
    AZ_OPTION_THREADS,
    AZ_OPTION_ISA,
    AZ_OPTION_END,
};

const struct az_command az_command_compare = {
    .name = "compare",
    .summary = "compares two recordings, bit for bit",
    .operands = "A B",
    .operands_least = 2,
    .operands_most = 2,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Compares tensors of one name at the steps and tokens that both recordings have: how many "
        "components and bits differ at each step, how far apart they are in cells of the lattice "
        "and in weight units, dead and live tokens apart, and where the first difference is (step, "
        "tensor, token, dimension). bf16 is compared with float32 by value, as the notebooks "
        "stored moments. Parameters that differ are listed. What only one recording has is a "
        "difference, but for --common.\n"
        "A and B are files or run directories, also of different containers. Memory does not grow "
        "with their length. Exit code 1 when they differ.\n"
        "With --motion it measures instead how the same tokens part in two runs of other seeds or "
        "rules: distances on the lattice and in weight units, the angle between their ways, "
        "quantiles over the tokens at every step. Exit code 0, whatever comes out.",
    .options = options,
    .examples = "azimuth compare run-a run-b\n"
                "azimuth compare seed-1 seed-2 --csv distance.csv  # how they part\n"
                "azimuth compare crucible-3.h5 crucible-4.h5 --common  # the first is shorter\n"
                "azimuth compare bf16-run f32-run --motion --figure parted.png\n",
    .run = run,
};
