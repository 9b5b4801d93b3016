#include <stdio.h>
#include <string.h>

#include "azimuth/census.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/census_figures.h"
#include "cli/census_models.h"
#include "cli/census_report.h"
#include "cli/commands.h"
#include "cli/drawing.h"
#include "config/number.h"
#include "sky/census_files.h"

enum { SELECTIONS_MOST = 16 };

/* What the command line asks for, ready for the library. */
struct asked {
    struct az_census_options options;
    const char *selections[SELECTIONS_MOST];
    struct az_tokenizer *tokenizer;
    int64_t vector;
    int threads;
    const char *output, *figure, *csv;
    bool json;
};

static enum az_status parse_selections(const struct az_arguments *arguments, struct asked *asked,
                                       struct az_error *error)
{
    size_t cursor = 0;
    const char *text;
    asked->options.selections = asked->selections;
    while ((text = az_arguments_next(arguments, "--select", &cursor)) != NULL) {
        if (asked->options.selection_count == SELECTIONS_MOST)
            return az_error_raise(error, AZ_USAGE, "--select is taken up to %d times",
                                  SELECTIONS_MOST);
        asked->selections[asked->options.selection_count++] = text;
    }
    return AZ_OK;
}

static enum az_status parse(const struct az_arguments *arguments, struct asked *asked,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *radius = az_arguments_value(arguments, "--core-radius");
    const char *tokenizer = az_arguments_value(arguments, "--tokenizer");
    *asked = (struct asked){.options = AZ_CENSUS_DEFAULTS, .vector = -1};
    struct az_census_options *options = &asked->options;
    AZ_TRY(az_arguments_integer(arguments, "--center", 0, INT64_MAX, &options->center, error));
    AZ_TRY(az_arguments_integer(arguments, "--threshold", 0, 255, &options->threshold, error));
    AZ_TRY(az_arguments_integer(arguments, "--steps", 1, 65535, &options->reach, error));
    AZ_TRY(az_arguments_integer(arguments, "--vector", 0, INT64_MAX, &asked->vector, error));
    if (radius && (!az_number_parse(radius, &options->core_radius) || !(options->core_radius > 0)))
        AZ_RAISE(AZ_USAGE, "--core-radius %.60s: a number above 0 is expected", radius);
    options->distinct_zero = az_arguments_has(arguments, "--distinct-zero");
    options->duplicates_only = az_arguments_has(arguments, "--duplicates");
    options->suspects = tokenizer || az_arguments_has(arguments, "--suspects");
    asked->output = az_arguments_value(arguments, "--output");
    asked->figure = az_arguments_value(arguments, "--figure");
    asked->csv = az_arguments_value(arguments, "--csv");
    asked->json = az_arguments_has(arguments, "--json");
    if (options->duplicates_only &&
        (asked->output || asked->figure || options->suspects || asked->json))
        AZ_RAISE(AZ_USAGE, "--duplicates finds and prints the duplicates only; leave away "
                           "--output, --figure, --json, --suspects and --tokenizer");
    bool several = arguments->operand_count > 1;
    if (several && (asked->output || asked->figure || asked->vector >= 0))
        AZ_RAISE(AZ_USAGE, "--output, --figure and --vector are of one matrix; several are told "
                           "side by side (--csv, --json)");
    if (asked->csv && asked->vector >= 0)
        AZ_RAISE(AZ_USAGE, "--vector takes one row apart only; leave away --csv");
    AZ_TRY(parse_selections(arguments, asked, error));
    AZ_TRY(az_arguments_threads(arguments, &asked->threads, error));
    if (tokenizer) AZ_TRY(az_tokenizer_load(&asked->tokenizer, tokenizer, error));
    options->tokenizer = asked->tokenizer;
out:
    return status;
}

/* Takes, tells and writes one census. models: takes its line; side_by_side: nothing else is told.
 */
static enum az_status survey(const char *name, const struct asked *asked,
                             struct az_census_models *models, bool side_by_side,
                             struct az_pool *pool, struct az_bar *bar, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_matrix *matrix = NULL;
    struct az_census *census = NULL;
    AZ_TRY(az_matrix_open(&matrix, name, error));
    if (asked->vector >= 0) {
        AZ_TRY(az_census_report_vector(matrix, asked->vector, error));
        goto out;
    }
    AZ_TRY(az_census_take(&census, matrix, &asked->options, pool, &bar->progress, error));
    if (asked->output) AZ_TRY(az_census_write(census, asked->output, &bar->progress, error));
    az_bar_end(bar);
    if (asked->figure) AZ_TRY(az_census_draw(census, asked->figure, error));
    az_census_models_add(models, name, census);
    if (side_by_side && !asked->json)
        az_census_model_print(&models->list[models->count - 1]);
    else if (!side_by_side && asked->json)
        AZ_TRY(az_census_print_json(census, stdout, error));
    else if (!side_by_side)
        az_census_report(census);
out:
    az_census_free(census);
    az_matrix_close(matrix);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct asked asked = {0};
    struct az_pool *pool = NULL;
    struct az_bar bar;
    static struct az_census_models models;
    bool several = arguments->operand_count > 1;
    az_bar_start(&bar);
    AZ_TRY(parse(arguments, &asked, error));
    AZ_TRY(az_pool_create(&pool, asked.threads, error));
    if (several && !asked.json) az_census_model_print(NULL);
    for (size_t n = 0; n < arguments->operand_count; n++)
        AZ_TRY(survey(arguments->operands[n], &asked, &models, several, pool, &bar, error));
    if (several && asked.json) AZ_TRY(az_census_models_json(&models, error));
    if (asked.csv) AZ_TRY(az_census_models_csv(&models, asked.csv, error));
out:
    az_bar_end(&bar);
    az_pool_free(pool);
    az_tokenizer_free(asked.tokenizer);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "DIR", NULL, AZ_COMPLETE_DIRECTORY, false, false,
     "writes catalog.sqlite, masks.safetensors, census.json and a CSV file for each table"},
    {"--tokenizer", NULL, "FILE", NULL, AZ_COMPLETE_FILE, false, false,
     "tokenizer.json of the model: demographics of the selections, and suspects ranked against "
     "the rows it leaves unused"},
    {"--suspects", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "ranks under-trained tokens; without a tokenizer against the largest black hole"},
    {"--center", NULL, "TOKEN", "the largest black hole", AZ_COMPLETE_NONE, false, false,
     "token whose row is the centre of all distances"},
    {"--threshold", NULL, "T", "the plateau's", AZ_COMPLETE_NONE, false, false,
     "the neighbourhood is what lies within exponent distance T of the centre"},
    {"--steps", NULL, "N", "1", AZ_COMPLETE_NONE, false, false,
     "vectors touch when no component differs by more than N steps of the lattice"},
    {"--core-radius", NULL, "R", "the greatest log gap", AZ_COMPLETE_NONE, false, false,
     "core is what lies nearer to the centre than R (weight units), Oort cloud the rest"},
    {"--select", NULL, "NAME=EXPR", NULL, AZ_COMPLETE_NONE, false, true,
     "adds a selection: terms joined by & | - with parentheses; a term is a selection's name or "
     "exponent, steps, radius, norm, population or token with <= or >= and a number"},
    {"--vector", NULL, "TOKEN", NULL, AZ_COMPLETE_NONE, false, false,
     "takes one row apart instead: exponents, spacing, values, extreme dimensions"},
    {"--duplicates", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "finds exact duplicates only: one pass, hashes and comparisons"},
    {"--distinct-zero", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "-0 and +0 differ; else they are equal and the rows that have -0 are counted"},
    AZ_DRAWING_OPTION,
    {"--csv", NULL, "FILE", NULL, AZ_COMPLETE_OUTPUT, false, false,
     "writes a row for each matrix: counts, norms, threshold"},
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints census.json instead; of several matrices a list with the columns of --csv"},
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_census = {
    .name = "census",
    .summary = "duplicates, lattice neighbours and shells of a matrix",
    .operands = "MATRIX...",
    .operands_least = 1,
    .operands_most = AZ_CENSUS_MODELS,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Reads an embedding matrix out of any model's file, mapped, and says which tokens are "
        "equal to the bit (black holes), which touch on the lattice of their type, where the crowd "
        "is and what lies around it.\n"
        "MATRIX is PATH, PATH@TENSOR, PATH@STEP or PATH@TENSOR:STEP: a safetensors file, a sharded "
        "checkpoint or its directory, an .npy file, or a frame of a recording. Without a name the "
        "tensor is found. Several matrices are printed side by side, a line each.",
    .options = options,
    .examples = "azimuth census model.safetensors\n"
                "azimuth census Qwen3-4B --tokenizer Qwen3-4B/tokenizer.json -o out\n"
                "azimuth census model-a model-b W.npy --csv models.csv\n"
                "azimuth census run@0 run@1000 run  # frames of a recording\n"
                "azimuth census W.npy --select 'close=neighborhood & radius<=1e-4'\n"
                "azimuth census model.safetensors --vector 80091\n",
    .run = run,
};
