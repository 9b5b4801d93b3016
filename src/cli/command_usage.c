#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/corpus.h"
#include "azimuth/pool.h"
#include "azimuth/tokens.h"
#include "azimuth/usage.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/token_options.h"
#include "cli/usage_report.h"
#include "store/catalog.h"

/* What was read, in order: the tokenizer, the texts, the sets. */
struct inputs {
    struct az_catalog_input *list;
    size_t count;
};

static struct az_hash *add_input(struct inputs *inputs, const char *role, const char *path)
{
    struct az_catalog_input *input = &inputs->list[inputs->count++];
    *input = (struct az_catalog_input){role, path, {0, 0}};
    return &input->hash;
}

static enum az_status allocate(const struct az_arguments *arguments, struct inputs *inputs,
                               struct az_usage_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t cursor = 0;
    while (az_arguments_next(arguments, "--set", &cursor)) report->set_count++;
    AZ_TRY(az_memory_allocate(&report->sets, report->set_count, sizeof *report->sets, "the sets",
                              error));
    AZ_TRY(az_memory_allocate(&inputs->list, arguments->operand_count + report->set_count,
                              sizeof *inputs->list, "the inputs", error));
out:
    return status;
}

static enum az_status read_sets(const struct az_arguments *arguments, struct inputs *inputs,
                                struct az_usage_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t cursor = 0, rows = report->usage.rows;
    for (size_t n = 0; n < report->set_count; n++) {
        struct az_usage_set *set = &report->sets[n];
        set->name = az_arguments_next(arguments, "--set", &cursor);
        AZ_TRY(az_memory_allocate(&set->member, rows, 1, "a set", error));
        AZ_TRY(az_token_set_read(set->member, rows, set->name, add_input(inputs, "set", set->name),
                                 error));
    }
out:
    return status;
}

static enum az_status write_catalog(const struct az_arguments *arguments,
                                    const struct inputs *inputs,
                                    const struct az_usage_report *report, const char *path,
                                    struct az_error *error)
{
    char rows[32];
    snprintf(rows, sizeof rows, "%zu", report->usage.rows);
    const char *pattern = az_arguments_value(arguments, "--pattern");
    struct az_catalog_parameter parameters[] = {{"rows", rows}, {"pattern", pattern}};
    struct az_catalog_provenance provenance = {arguments->command->name, parameters,
                                               pattern ? 2 : 1, inputs->list, inputs->count};
    return az_usage_report_catalog(report, path, &provenance, error);
}

static enum az_status write_results(const struct az_arguments *arguments,
                                    const struct inputs *inputs,
                                    const struct az_usage_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *masks = az_arguments_value(arguments, "--safetensors");
    const char *catalog = az_arguments_value(arguments, "--catalog");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (csv) AZ_TRY(az_usage_report_csv(report, csv, error));
    if (masks) AZ_TRY(az_masks_write(masks, report->usage.counts, report->usage.rows, error));
    if (catalog) AZ_TRY(write_catalog(arguments, inputs, report, catalog, error));
    if (figure) AZ_TRY(az_usage_report_figure(report, figure, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_usage_report_json(report, error));
    else
        az_usage_report_print(report);
out:
    return status;
}

static enum az_status count(const struct az_arguments *arguments,
                            const struct az_tokenizer *tokenizer, struct inputs *inputs,
                            struct az_usage_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_pool *pool = NULL;
    size_t rows;
    int threads;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_arguments_threads(arguments, &threads, error));
    AZ_TRY(az_pool_create(&pool, threads, error));
    AZ_TRY(az_token_options_rows(arguments, &rows, error));
    AZ_TRY(az_usage_init(&report->usage, tokenizer, rows, error));
    AZ_TRY(allocate(arguments, inputs, report, error));
    *add_input(inputs, "tokenizer", arguments->operands[0]) = az_tokenizer_describe(tokenizer).hash;
    AZ_TRY(read_sets(arguments, inputs, report, error));
    AZ_TRY(az_tokens_survey(&report->tokens, tokenizer, rows, false, pool, progress, error));
    for (size_t n = 1; n < arguments->operand_count; n++) {
        const char *name = arguments->operands[n];
        const char *path = strcmp(name, "-") == 0 ? "/dev/stdin" : name;
        AZ_TRY(az_usage_add(&report->usage, path, add_input(inputs, "corpus", name), pool, progress,
                            error));
    }
    AZ_TRY(az_usage_report_make(report, error));
out:
    az_bar_end(&bar);
    az_pool_free(pool);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    struct az_usage_report report = {0};
    struct inputs inputs = {0};
    AZ_TRY(az_arguments_figure_beside(arguments, "--csv", "--figure", error));
    AZ_TRY(az_token_options_load(arguments, &tokenizer, error));
    AZ_TRY(count(arguments, tokenizer, &inputs, &report, error));
    AZ_TRY(write_results(arguments, &inputs, &report, error));
out:
    az_usage_report_free(&report);
    az_memory_free(inputs.list);
    az_tokenizer_free(tokenizer);
    return status;
}

static const struct az_option options[] = {
    AZ_OPTION_ROWS,
    {"--set", NULL, "FILE[:TENSOR]", NULL, AZ_COMPLETE_FILE, false, true,
     "a set of rows to tell the share of: a safetensors file with a mask or ids, or ids as text"},
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a line for each row with its count"},
    {"--safetensors", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes live_mask, dead_mask, live_indices, dead_indices, token_occurrence_counts"},
    {"--catalog", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the tables usage, usage_sets and usage_set_tokens of a catalog (SQLite); azimuth help "
     "catalog"},
    {"--figure", NULL, "FILE", NULL, AZ_COMPLETE_FIGURE, false, false,
     "draws counts against rank (Zipf), the share of the text that the first ranks cover, and the "
     "enrichment of sets, scripts and classes (.png, .svg, .pdf)"},
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints everything as JSON instead of tables"},
    AZ_OPTION_PATTERN,
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_tokenizer_usage = {
    .name = "tokenizer usage",
    .summary = "counts how often texts use each token",
    .operands = "TOKENIZER TEXT...",
    .operands_least = 2,
    .operands_most = 100001,
    .complete = AZ_COMPLETE_TEXT,
    .description =
        "Encodes each TEXT, a built-in name (azimuth corpus --list), a file in UTF-8 of any length "
        "or - for standard input, and counts the tokens. A row that no text uses is dead. For "
        "every script and class, and for each --set, are told: rows, those that are live, how much "
        "likelier a row of it is live than any row (enriched), the p of that, occurrences, and how "
        "much more often a row of it occurs than any row (enriched).\n"
        "p is that of Fisher's exact test, two-sided: the chance that as many rows drawn without "
        "looking have a count of live ones that is no likelier than this. --json, --catalog and "
        "--figure have the exact 95 % interval of the enrichment too.\n"
        "The counts are those of the whole text, however it is cut for the threads.",
    .options = options,
    .examples = "azimuth tokenizer usage tokenizer.json web thai --figure usage.png\n"
                "azimuth tokenizer reach tokenizer.json --safetensors reach.safetensors\n"
                "azimuth tokenizer usage tokenizer.json web --set reach.safetensors:unreachable\n"
                "azimuth tokenizer usage Qwen3-4B page.txt --rows Qwen3-4B --catalog qwen3.db\n",
    .run = run,
};
