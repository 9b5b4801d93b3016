#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/ledger_report.h"

static enum az_status tell(const struct az_arguments *arguments,
                           const struct az_ledger_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *tokens = az_arguments_value(arguments, "--tokens");
    const char *entries = az_arguments_value(arguments, "--entries");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (csv) AZ_TRY(az_ledger_report_csv(report, csv, error));
    if (tokens) AZ_TRY(az_ledger_report_tokens(report, tokens, error));
    if (entries) AZ_TRY(az_ledger_report_entries(report, entries, error));
    if (figure) AZ_TRY(az_ledger_report_draw(report, figure, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_ledger_report_json(report, error));
    else
        az_ledger_report_print(report);
out:
    return status;
}

/* The figure of both runs. */
static enum az_status draw_beside(const struct az_arguments *arguments,
                                  const struct az_ledger_report *report,
                                  struct az_ledger_options options, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_ledger_report other = {.path = az_arguments_value(arguments, "--beside"),
                                     .token = -1};
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_ledger_report_make(&other, &options, progress, error));
    az_bar_end(&bar);
    AZ_TRY(az_ledger_report_draw_beside(report, &other, az_arguments_value(arguments, "--figure"),
                                        error));
out:
    az_bar_end(&bar);
    az_ledger_report_free(&other);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_ledger_report report = {.path = arguments->operands[0], .token = -1};
    bool beside = az_arguments_has(arguments, "--beside");
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    const char **assignments = NULL;
    struct az_ledger_options options = {.matrix = az_arguments_value(arguments, "--matrix")};
    if (beside && !az_arguments_has(arguments, "--figure"))
        AZ_RAISE(AZ_USAGE, "--beside draws a second run: name the picture with --figure");
    if (az_arguments_has(arguments, "--entries") && !az_arguments_has(arguments, "--token"))
        AZ_RAISE(AZ_USAGE, "--entries lists the coordinates of one token: name it with --token");
    AZ_TRY(az_arguments_threads(arguments, &options.threads, error));
    AZ_TRY(az_arguments_integer(arguments, "--token", 0, INT32_MAX, &report.token, error));
    AZ_TRY(az_arguments_integer(arguments, "--guard", 1, INT32_MAX, &options.guard_steps, error));
    AZ_TRY(az_memory_allocate(&assignments, arguments->given_count + 1, sizeof *assignments,
                              "the hyperparameters", error));
    for (size_t n = 0, cursor = 0; n <= arguments->given_count; n++)
        assignments[n] = az_arguments_next(arguments, "--parameter", &cursor);
    options.assignments = assignments;
    AZ_TRY(az_ledger_report_make(&report, &options, progress, error));
    az_bar_end(&bar);
    AZ_TRY(tell(arguments, &report, error));
    if (beside) AZ_TRY(draw_beside(arguments, &report, options, error));
out:
    az_bar_end(&bar);
    az_memory_free(assignments);
    az_ledger_report_free(&report);
    return status;
}

static const struct az_option options[] = {
    {"--token", NULL, "ID", NULL, AZ_COMPLETE_NONE, false, false,
     "follows the coordinates of one token"},
    {"--guard", NULL, "STEPS", "max(100, T/10)", AZ_COMPLETE_NONE, false, false,
     "steps without motion after which a token counts as frozen"},
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each step and set: quantiles of drive ratio, |m|, sqrt(v), and shares"},
    {"--tokens", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each token: last motion, cause, its four parts"},
    {"--entries", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each step and coordinate of the token named by --token"},
    {"--figure", NULL, "FILE", NULL, AZ_COMPLETE_FIGURE, false, false,
     "draws drive ratio, |m| and sqrt(v), the lock of v, and |m| against what would move w"},
    {"--beside", NULL, "RECORDING", NULL, AZ_COMPLETE_FILE, false, false,
     "another run: draws its sqrt(v), |m| and drive ratio over those of this one, into "
     "FILE-beside"},
    {"--matrix", NULL, "NAME", "W", AZ_COMPLETE_NONE, false, false,
     "matrix: W, or the unembedding U of an untied model"},
    {"--parameter", "-P", "NAME=NUMBER", NULL, AZ_COMPLETE_NONE, false, true,
     "a number that the file does not say, or says wrongly, as for azimuth account"},
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints the causes and the last step as JSON instead of tables"},
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_ledger = {
    .name = "ledger",
    .summary = "weighs the forces on each coordinate, and says why tokens froze",
    .operands = "RECORDING",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "A weight in bf16 moves when Adam's step exceeds half the gap to its neighbour: the drive "
        "ratio is the one by the other. This command follows it through training, for dead and "
        "live tokens; says how many of the second moments are locked on a power of two or have "
        "not changed; and names, for each dead token that froze, what let go: m decayed, v grew, "
        "the gap doubled, or the learning rate fell.\n"
        "RECORDING needs what azimuth account needs, at every step: W, grad_W, momentum_W, "
        "variance_W.",
    .options = options,
    .examples = "azimuth ledger demo-run\n"
                "azimuth ledger demo-run --figure forces.png --tokens causes.csv\n"
                "azimuth ledger demo-run --token 1204 --entries token.csv\n"
                "azimuth ledger bf16-run --beside f32-run --figure forces.png\n",
    .run = run,
};
