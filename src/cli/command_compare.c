#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/compare_report.h"

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

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording *a = NULL, *b = NULL;
    struct az_compare_report report = {0};
    AZ_TRY(az_recording_open(&a, arguments->operands[0], error));
    AZ_TRY(az_recording_open(&b, arguments->operands[1], error));
    report.a = a;
    report.b = b;
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
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false,
     "writes a row for each tensor, step and set of tokens that both have"},
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints the sums as JSON instead of tables"},
    AZ_OPTION_THREADS,
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
        "with their length. Exit code 1 when they differ.",
    .options = options,
    .examples = "azimuth compare run-a run-b\n"
                "azimuth compare seed-1 seed-2 --csv distance.csv  # how they part\n"
                "azimuth compare crucible-3.h5 crucible-4.h5 --common  # the first is shorter\n",
    .run = run,
};
