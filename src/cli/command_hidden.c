#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/drawing.h"
#include "cli/hidden_report.h"
#include "cli/lens_common.h"

static enum az_status look(const struct az_arguments *arguments, struct az_hidden **hidden,
                           int *threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    struct az_hidden_options options = {.matrix = az_arguments_value(arguments, "--matrix"),
                                        .isa = az_arguments_value(arguments, "--isa"),
                                        .every = 1,
                                        .need_tokens = az_arguments_has(arguments, "--tokens")};
    AZ_TRY(az_arguments_threads(arguments, &options.threads, error));
    AZ_TRY(az_arguments_integer(arguments, "--every", 1, INT64_MAX / 2, &options.every, error));
    AZ_TRY(az_arguments_integer(arguments, "--from", 0, INT64_MAX / 2, &options.first_step, error));
    AZ_TRY(az_arguments_integer(arguments, "--to", 1, INT64_MAX / 2, &options.last_step, error));
    *threads = options.threads;
    AZ_TRY(az_hidden_look(hidden, arguments->operands[0], &options, progress, error));
out:
    az_bar_end(&bar);
    return status;
}

static enum az_status write_files(const struct az_arguments *arguments,
                                  const struct az_hidden_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *tokens = az_arguments_value(arguments, "--tokens");
    const char *lags = az_arguments_value(arguments, "--lags");
    const char *arrays = az_arguments_value(arguments, "--arrays");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (csv) AZ_TRY(az_hidden_csv(report, csv, error));
    if (tokens) AZ_TRY(az_hidden_tokens_csv(report, tokens, error));
    if (lags) AZ_TRY(az_hidden_lags_csv(report, lags, error));
    if (arrays) AZ_TRY(az_hidden_arrays(report, arrays, error));
    if (figure) AZ_TRY(az_hidden_draw(report, figure, error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hidden *hidden = NULL;
    struct az_tokenizer *tokenizer = NULL;
    struct az_hidden_report report = {.path = arguments->operands[0]};
    AZ_TRY(az_lens_tokenizer_read(&tokenizer, az_arguments_value(arguments, "--tokenizer"),
                                  report.path, error));
    AZ_TRY(look(arguments, &hidden, &report.threads, error));
    report.hidden = hidden;
    report.tokenizer = tokenizer;
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_hidden_print_json(&report, error));
    else
        az_hidden_print(&report);
    AZ_TRY(write_files(arguments, &report, error));
out:
    az_hidden_free(hidden);
    az_tokenizer_free(tokenizer);
    return status;
}

static const struct az_option options[] = {
    {"--matrix", NULL, "NAME", "U, else W", AZ_COMPLETE_NONE, false, false,
     "the unembedding, which the hidden states meet"},
    {"--from", NULL, "STEP", "the start", AZ_COMPLETE_NONE, false, false, "first step looked at"},
    {"--to", NULL, "STEP", "the end", AZ_COMPLETE_NONE, false, false, "last one"},
    {"--every", NULL, "K", "1", AZ_COMPLETE_NONE, false, false,
     "looks at every Kth step that has h, and at the last one"},
    {"--tokenizer", NULL, "FILE", "tokenizer.json beside it", AZ_COMPLETE_FILE, false, false,
     "whose tokens the rows are, for their text"},
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false, "writes a row for each step"},
    {"--tokens", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes, for each step, the tokens whose rows h_mean points at and away from"},
    {"--lags", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the autocorrelations by vector, window of steps and lag"},
    {"--arrays", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes h_mean, h_dead and the centroids of every step: safetensors"},
    AZ_DRAWING_OPTION,
    AZ_LENS_JSON,
    AZ_OPTION_THREADS,
    AZ_OPTION_ISA,
    AZ_OPTION_END,
};

const struct az_command az_command_hidden = {
    .name = "hidden",
    .summary = "hidden states, and where they push the dead tokens",
    .operands = "RECORDING",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Of the final hidden states h at each step: their mean, spread and effective rank; how far "
        "its direction turns and how long it is remembered; the tokens it points at. The gradient "
        "of a dead token is its probability times h: all are pushed against h_dead, the mean of h "
        "weighted with the probability of dead tokens. Its angle, and that of h_mean, to -dc, the "
        "motion of the dead tokens' centroid turned round.\n"
        "RECORDING is a file or a run directory with h (-P record.h=1). A file that has h_mean "
        "instead, as some notebooks wrote it, tells all but the spread, the effective rank and "
        "the probability of dead tokens. Without h the direction of h_dead comes from the "
        "gradients of dead tokens, where these were recorded.",
    .options = options,
    .examples = "azimuth train experiments/demo.conf -o run -P record.h=1\n"
                "azimuth hidden run --figure hidden.png\n"
                "azimuth hidden run --every 10 --csv steps.csv --arrays h.safetensors\n",
    .run = run,
};
