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
#include "cli/usage_report.h"
#include "store/catalog.h"

#define MOST_ROWS 4194304 /* AZ_TOKEN_LIMIT */

static enum az_status read_sets(const struct az_arguments *arguments,
                                struct az_usage_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t cursor = 0, rows = report->usage.rows;
    while (az_arguments_next(arguments, "--set", &cursor)) report->set_count++;
    AZ_TRY(az_memory_allocate(&report->sets, report->set_count, sizeof *report->sets, "the sets",
                              error));
    cursor = 0;
    for (size_t n = 0; n < report->set_count; n++) {
        struct az_usage_set *set = &report->sets[n];
        set->name = az_arguments_next(arguments, "--set", &cursor);
        AZ_TRY(az_memory_allocate(&set->member, rows, 1, "a set", error));
        AZ_TRY(az_token_set_read(set->member, rows, set->name, error));
    }
out:
    return status;
}

static enum az_status write_catalog(const struct az_arguments *arguments,
                                    const struct az_usage *usage, const char *path,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_catalog *catalog = NULL;
    struct az_catalog_input *inputs = NULL;
    char rows[32];
    size_t count = 0;
    snprintf(rows, sizeof rows, "%zu", usage->rows);
    struct az_catalog_parameter parameter = {"rows", rows};
    AZ_TRY(az_memory_allocate(&inputs, arguments->operand_count, sizeof *inputs, "inputs", error));
    for (size_t n = 0; n < arguments->operand_count; n++) {
        const char *name = arguments->operands[n];
        inputs[n] = (struct az_catalog_input){n ? "corpus" : "tokenizer", name, {0, 0}};
        AZ_TRY(az_usage_hash(name, n > 0, &inputs[n].hash, error));
        count++;
    }
    struct az_catalog_provenance provenance = {arguments->command->name, &parameter, 1, inputs,
                                               count};
    AZ_TRY(az_catalog_open(&catalog, path, error));
    AZ_TRY(az_catalog_begin(catalog, "usage", error));
    for (size_t id = 0; id < usage->rows; id++) {
        az_catalog_integer(catalog, (int64_t)id);
        az_catalog_integer(catalog, (int64_t)usage->counts[id]);
        AZ_TRY(az_catalog_row(catalog, error));
    }
    AZ_TRY(az_catalog_end(catalog, &provenance, error));
    status = az_catalog_commit(catalog, error);
    catalog = NULL;
out:
    az_catalog_abort(catalog);
    az_memory_free(inputs);
    return status;
}

static enum az_status write_results(const struct az_arguments *arguments,
                                    const struct az_usage_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *masks = az_arguments_value(arguments, "--safetensors");
    const char *catalog = az_arguments_value(arguments, "--catalog");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (csv) AZ_TRY(az_usage_report_csv(report, csv, error));
    if (masks) AZ_TRY(az_masks_write(masks, report->usage.counts, report->usage.rows, error));
    if (catalog) AZ_TRY(write_catalog(arguments, &report->usage, catalog, error));
    if (figure) AZ_TRY(az_usage_report_figure(report, figure, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_usage_report_json(report, error));
    else
        AZ_TRY(az_usage_report_print(report, error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    struct az_usage_report report = {0};
    struct az_pool *pool = NULL;
    int64_t rows = 0;
    int threads;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_arguments_integer(arguments, "--rows", 1, MOST_ROWS, &rows, error));
    AZ_TRY(az_arguments_figure_beside(arguments, "--csv", "--figure", error));
    AZ_TRY(az_arguments_threads(arguments, &threads, error));
    AZ_TRY(az_pool_create(&pool, threads, error));
    AZ_TRY(az_tokenizer_load(&tokenizer, arguments->operands[0], error));
    AZ_TRY(az_usage_init(&report.usage, tokenizer, (size_t)rows, error));
    AZ_TRY(read_sets(arguments, &report, error));
    AZ_TRY(az_tokens_survey(&report.tokens, tokenizer, (size_t)rows, false, pool, progress, error));
    for (size_t n = 1; n < arguments->operand_count; n++)
        AZ_TRY(az_usage_add(&report.usage, arguments->operands[n], pool, progress, error));
    az_bar_end(&bar);
    AZ_TRY(write_results(arguments, &report, error));
out:
    az_bar_end(&bar);
    for (size_t n = 0; report.sets && n < report.set_count; n++)
        az_memory_free(report.sets[n].member);
    az_memory_free(report.sets);
    az_tokens_free(&report.tokens);
    az_usage_free(&report.usage);
    az_tokenizer_free(tokenizer);
    az_pool_free(pool);
    return status;
}

static const struct az_option options[] = {
    {"--rows", NULL, "N", "ids of the tokenizer", AZ_COMPLETE_NONE, false, false,
     "rows of the matrix; orphans are dead"},
    {"--set", NULL, "FILE[:TENSOR]", NULL, AZ_COMPLETE_FILE, false, true,
     "a set of rows to tell the share of: a safetensors file with a mask or ids, or ids as text"},
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false,
     "writes a line for each row with its count"},
    {"--safetensors", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false,
     "writes live_mask, dead_mask, live_indices, dead_indices, token_occurrence_counts"},
    {"--catalog", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false,
     "writes the table usage of a catalog (SQLite); azimuth help catalog"},
    {"--figure", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false,
     "draws counts against rank (Zipf) and the share of the text that the first ranks cover"},
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints everything as JSON instead of tables"},
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
        "Encodes each TEXT, a built-in name (azimuth corpus --list) or a file in UTF-8 of any "
        "length, and counts the tokens. A row that no text uses is dead. For every script and "
        "class, "
        "and for each --set, are told: rows, those that are live, how much likelier a row of it is "
        "live than any row, occurrences, and how much more often a row of it occurs than any row.\n"
        "The counts are those of the whole text, however it is cut for the threads.",
    .options = options,
    .examples = "azimuth tokenizer usage qwen3/tokenizer.json web thai --rows 151936\n"
                "azimuth tokenizer usage t.json text.txt --set reach.safetensors:unreachable\n"
                "azimuth tokenizer usage t.json web --safetensors live_dead.safetensors\n",
    .run = run,
};
