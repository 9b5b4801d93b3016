#include <stdio.h>
#include <string.h>

#include "azimuth/pool.h"
#include "azimuth/tokens.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/tokens_figure.h"
#include "cli/tokens_report.h"
#include "store/catalog.h"
#include "text/tokens_files.h"

#define MOST_ROWS 4194304 /* AZ_TOKEN_LIMIT */

static enum az_status write_catalog(const struct az_arguments *arguments,
                                    const struct az_tokens *tokens, const char *path,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_catalog *catalog = NULL;
    char rows[32];
    snprintf(rows, sizeof rows, "%zu", tokens->rows);
    struct az_catalog_parameter parameter = {"rows", rows};
    struct az_catalog_input input = {"tokenizer", arguments->operands[0], {0, 0}};
    struct az_catalog_provenance provenance = {arguments->command->name, &parameter, 1, &input, 1};
    AZ_TRY(az_hash_file(input.path, &input.hash, error));
    AZ_TRY(az_catalog_open(&catalog, path, error));
    AZ_TRY(az_tokens_catalog(tokens, catalog, &provenance, error));
    status = az_catalog_commit(catalog, error);
    catalog = NULL;
out:
    az_catalog_abort(catalog);
    return status;
}

static enum az_status write_arrays(const struct az_arguments *arguments,
                                   const struct az_tokens *tokens, const char *path,
                                   struct az_error *error)
{
    struct az_hash hash;
    char text[AZ_HASH_TEXT_BYTES];
    enum az_status status = az_hash_file(arguments->operands[0], &hash, error);
    if (status != AZ_OK) return status;
    az_hash_text(hash, text);
    const char *metadata[] = {"tokenizer", arguments->operands[0], "tokenizer.hash", text, NULL};
    return az_tokens_arrays(tokens, path, metadata, error);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Files first: what is printed is told only when all of it is there. */
static enum az_status write_results(const struct az_arguments *arguments,
                                    const struct az_tokens *tokens, bool reach,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *arrays = az_arguments_value(arguments, "--safetensors");
    const char *catalog = az_arguments_value(arguments, "--catalog");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (csv) AZ_TRY(az_tokens_csv(tokens, csv, error));
    if (arrays) AZ_TRY(write_arrays(arguments, tokens, arrays, error));
    if (catalog) AZ_TRY(write_catalog(arguments, tokens, catalog, error));
    if (figure)
        AZ_TRY(az_tokens_figure(tokens, base_name(arguments->operands[0]), reach, figure, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_tokens_report_json(tokens, arguments->operands[0], error));
    else
        az_tokens_report_print(tokens, arguments->operands[0]);
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, bool reach, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    struct az_tokens tokens = {0};
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
    AZ_TRY(az_tokens_survey(&tokens, tokenizer, (size_t)rows, reach, pool, progress, error));
    az_bar_end(&bar);
    AZ_TRY(write_results(arguments, &tokens, reach, error));
out:
    az_bar_end(&bar);
    az_tokens_free(&tokens);
    az_tokenizer_free(tokenizer);
    az_pool_free(pool);
    return status;
}

static enum az_status survey(const struct az_arguments *arguments, struct az_error *error)
{
    return run(arguments, false, error);
}

static enum az_status reach(const struct az_arguments *arguments, struct az_error *error)
{
    return run(arguments, true, error);
}

static const struct az_option options[] = {
    {"--rows", NULL, "N", "ids of the tokenizer", AZ_COMPLETE_NONE, false, false,
     "rows of the matrix; those that no token has are orphans"},
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false, "writes a line for each row"},
    {"--safetensors", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false,
     "writes arrays and masks over the rows"},
    {"--catalog", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false,
     "writes the table tokens of a catalog (SQLite); azimuth help catalog"},
    {"--figure", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false,
     "draws how many rows each script and class has, and at which ids (.png, .svg, .pdf)"},
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints everything as JSON instead of tables"},
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_tokenizer_survey = {
    .name = "tokenizer survey",
    .summary = "counts the scripts and classes of a vocabulary",
    .operands = "TOKENIZER",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Gives every row of a matrix, by the bytes of its token, a class (letters, number, "
        "punctuation, symbol, control, whitespace, empty, invalid, special, orphan) and a script "
        "(the Unicode Script of most of its characters, Common and Inherited left out). Rows with "
        "letters are counted under their script, the others under their class.\n"
        "A matrix often has more rows than the tokenizer has tokens: --rows says how many.",
    .options = options,
    .examples = "azimuth tokenizer survey qwen3/tokenizer.json --rows 151936\n"
                "azimuth tokenizer survey tokenizer.json --csv tokens.csv --figure map.png\n",
    .run = survey,
};

const struct az_command az_command_tokenizer_reach = {
    .name = "tokenizer reach",
    .summary = "finds the tokens that no text gives, and why",
    .operands = "TOKENIZER",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Encodes the bytes of every token again. A token is ok where that gives the token, and "
        "it alone; else the first cause is told: its bytes are a piece of a character "
        "(invalid_utf8), the normaliser changes its text (normalised), the pre-tokenizer cuts it "
        "(split), or the model makes other tokens of it (merge). Special tokens and orphans are "
        "told apart. --csv and --catalog hold the ids that come instead, and the place of the "
        "cut.\n"
        "The bytes are taken, not a text in which what is no UTF-8 was replaced. For invalid_utf8 "
        "tokens, and for pieces that go on a word (continuation), a longer text is looked for that "
        "gives them.",
    .options = options,
    .examples = "azimuth tokenizer reach qwen3/tokenizer.json --rows 151936\n"
                "azimuth tokenizer reach tokenizer.json --catalog tokens.db\n"
                "azimuth tokenizer reach tokenizer.json --csv reach.csv --figure map.png\n",
    .run = reach,
};
