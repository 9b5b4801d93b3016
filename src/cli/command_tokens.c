#include <stdio.h>
#include <string.h>

#include "azimuth/pool.h"
#include "azimuth/tokens.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/token_options.h"
#include "cli/tokens_figure.h"
#include "cli/tokens_report.h"
#include "store/catalog.h"
#include "text/tokens_files.h"

/* What was asked for, and the catalog, which is opened before the work: it says what it must not
 * lose. */
struct asked {
    const struct az_arguments *arguments;
    size_t rows;
    bool reach;
    struct az_catalog_input input;
    struct az_catalog *catalog;
};

/* Reachability that the catalog has of this tokenizer is made again by a survey, which replaces the
 * table: it takes a second, and all columns are then of one version and one number of rows. */
static enum az_status open_catalog(struct asked *asked, bool *reach, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *path = az_arguments_value(asked->arguments, "--catalog");
    bool holds = false;
    if (!path) return AZ_OK;
    AZ_TRY(az_catalog_open(&asked->catalog, path, error));
    AZ_TRY(
        az_catalog_holds(asked->catalog, "tokens", "reachability", &asked->input, &holds, error));
    *reach = asked->reach || holds;
out:
    return status;
}

static enum az_status write_catalog(struct asked *asked, const struct az_tokens *tokens,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    char rows[32];
    snprintf(rows, sizeof rows, "%zu", tokens->rows);
    const char *pattern = az_arguments_value(asked->arguments, "--pattern");
    struct az_catalog_parameter parameters[] = {{"rows", rows}, {"pattern", pattern}};
    struct az_catalog_provenance provenance = {asked->arguments->command->name, parameters,
                                               pattern ? 2 : 1, &asked->input, 1};
    AZ_TRY(az_tokens_catalog(tokens, asked->catalog, &provenance, error));
    status = az_catalog_commit(asked->catalog, error);
    asked->catalog = NULL;
out:
    return status;
}

static enum az_status write_arrays(const struct asked *asked, const struct az_tokens *tokens,
                                   const char *path, struct az_error *error)
{
    char text[AZ_HASH_TEXT_BYTES];
    az_hash_text(asked->input.hash, text);
    const char *metadata[] = {"tokenizer", asked->input.path, "tokenizer.hash", text, NULL};
    return az_tokens_arrays(tokens, path, metadata, error);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Files first: what is printed is told only when all of it is there. */
static enum az_status write_results(struct asked *asked, struct az_tokens *tokens,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_arguments *arguments = asked->arguments;
    const char *name = arguments->operands[0];
    const char *csv = az_arguments_value(arguments, "--csv");
    const char *arrays = az_arguments_value(arguments, "--safetensors");
    const char *figure = az_arguments_value(arguments, "--figure");
    if (asked->catalog) AZ_TRY(write_catalog(asked, tokens, error));
    tokens->reached = asked->reach;
    if (csv) AZ_TRY(az_tokens_csv(tokens, csv, error));
    if (arrays) AZ_TRY(write_arrays(asked, tokens, arrays, error));
    if (figure) AZ_TRY(az_tokens_figure(tokens, base_name(name), asked->reach, figure, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_tokens_report_json(tokens, name, error));
    else
        az_tokens_report_print(tokens, name);
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, bool reach, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct asked asked = {.arguments = arguments, .reach = reach};
    struct az_tokenizer *tokenizer = NULL;
    struct az_tokens tokens = {0};
    struct az_pool *pool = NULL;
    int threads;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_token_options_rows(arguments, &asked.rows, error));
    AZ_TRY(az_arguments_figure_beside(arguments, "--csv", "--figure", error));
    AZ_TRY(az_arguments_threads(arguments, &threads, error));
    AZ_TRY(az_pool_create(&pool, threads, error));
    AZ_TRY(az_token_options_load(arguments, &tokenizer, error));
    asked.input = (struct az_catalog_input){"tokenizer", arguments->operands[0],
                                            az_tokenizer_describe(tokenizer).hash};
    AZ_TRY(open_catalog(&asked, &reach, error));
    AZ_TRY(az_tokens_survey(&tokens, tokenizer, asked.rows, reach, pool, progress, error));
    az_bar_end(&bar);
    AZ_TRY(write_results(&asked, &tokens, error));
out:
    az_bar_end(&bar);
    az_catalog_abort(asked.catalog);
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
    AZ_OPTION_ROWS,
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false, "writes a line for each row"},
    {"--safetensors", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes arrays and masks over the rows"},
    {"--catalog", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes the table tokens of a catalog (SQLite); azimuth help catalog"},
    {"--figure", NULL, "FILE", NULL, AZ_COMPLETE_FIGURE, false, false,
     "draws the rows of each script and class as a disc and bars (reach: of those that do not "
     "encode to themselves), and at which ids they lie (.png, .svg, .pdf)"},
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints everything as JSON instead of tables"},
    AZ_OPTION_PATTERN,
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
        "A matrix often has more rows than the tokenizer has tokens: --rows says how many.\n"
        "Where --catalog holds the reachability of the same tokenizer (azimuth tokenizer reach), "
        "that is found again with the new table, not lost.",
    .options = options,
    .examples = "azimuth tokenizer survey tokenizer.json --csv tokens.csv --figure map.png\n"
                "azimuth tokenizer survey qwen3/tokenizer.json --rows 151936\n"
                "azimuth tokenizer survey Qwen3-4B --rows Qwen3-4B --catalog qwen3.db\n",
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
    .examples = "azimuth tokenizer reach tokenizer.json --csv tokens.csv --figure reach.png\n"
                "azimuth tokenizer reach qwen3/tokenizer.json --rows 151936\n"
                "azimuth tokenizer reach Qwen3-4B --rows Qwen3-4B --catalog qwen3.db\n",
    .run = reach,
};
