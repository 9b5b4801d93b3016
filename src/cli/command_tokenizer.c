#include <stdio.h>
#include <string.h>

#include "azimuth/corpus.h"
#include "azimuth/tokenizer.h"
#include "base/memory.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"

/* ---- train ---- */

static enum az_status read_weighted(const char *operand, struct az_weighted_text *text,
                                    struct az_error *error)
{
    char name[AZ_TEXT_BYTES], *bytes;
    const char *rest = operand;
    enum az_status status = az_experiment_next_text(&rest, name, &text->weight, error);
    if (status == AZ_OK && (!name[0] || *rest))
        status = az_error_raise(error, AZ_USAGE, "\"%.200s\" is no name of a text", operand);
    if (status == AZ_OK) status = az_corpus_read(name, &bytes, &text->length_bytes, error);
    if (status == AZ_OK) text->bytes = bytes;
    return status;
}

static enum az_status plan_tokenizer(const struct az_arguments *arguments,
                                     struct az_tokenizer_plan *plan, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *model = az_arguments_value(arguments, "--model");
    const char *pattern = az_arguments_value(arguments, "--pattern");
    const char *special = az_arguments_value(arguments, "--special");
    static struct az_experiment checked; /* the keys [tokenizer] check the same values */
    char assignment[256];
    az_experiment_init(&checked);
    *plan = (struct az_tokenizer_plan){.special_tokens = special ? special : ""};
    AZ_TRY(az_arguments_integer(arguments, "--vocabulary", 2, 1000000,
                                &checked.tokenizer.vocabulary, error));
    AZ_TRY(az_arguments_integer(arguments, "--base-characters", 1, 1000000,
                                &checked.tokenizer.base_characters, error));
    snprintf(assignment, sizeof assignment, "tokenizer.model=%.100s", model ? model : "byte");
    AZ_TRY(az_experiment_override(&checked, assignment, error));
    snprintf(assignment, sizeof assignment, "tokenizer.pattern=%.100s",
             pattern ? pattern : "marks");
    AZ_TRY(az_experiment_override(&checked, assignment, error));
    AZ_TRY(az_experiment_check(&checked, error));
    plan->model = checked.tokenizer.model;
    plan->pattern = checked.tokenizer.pattern;
    plan->vocabulary = checked.tokenizer.vocabulary;
    plan->base_characters = checked.tokenizer.base_characters;
out:
    return status;
}

static enum az_status train(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    struct az_weighted_text *texts = NULL;
    struct az_tokenizer_plan plan;
    size_t count = arguments->operand_count;
    char size[AZ_UNIT_TEXT_BYTES];
    const char *path = az_arguments_value(arguments, "--output");
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(plan_tokenizer(arguments, &plan, error));
    AZ_TRY(az_memory_allocate(&texts, count, sizeof *texts, "texts", error));
    for (size_t n = 0; n < count; n++)
        AZ_TRY(read_weighted(arguments->operands[n], &texts[n], error));
    AZ_TRY(az_tokenizer_train(&tokenizer, &plan, texts, count, progress, error));
    az_bar_end(&bar);
    AZ_TRY(az_tokenizer_save(tokenizer, path, error));
    az_unit_count(az_tokenizer_size(tokenizer), size);
    printf("%s tokens written to %s\n", size, path);
out:
    az_bar_end(&bar);
    for (size_t n = 0; texts && n < count; n++) az_corpus_free_text((char *)texts[n].bytes);
    az_memory_free(texts);
    az_tokenizer_free(tokenizer);
    return status;
}

static const struct az_option train_options[] = {
    {"--output", "-o", "FILE", NULL, AZ_COMPLETE_OUTPUT, true, false,
     "the tokenizer.json to write, in Hugging Face's format"},
    {"--vocabulary", NULL, "N", "4000", AZ_COMPLETE_NONE, false, false,
     "entries of the vocabulary, special tokens included"},
    {"--model", NULL, "NAME", "byte", AZ_COMPLETE_TOKEN_MODEL, false, false,
     "byte: the alphabet is the 256 bytes; character: the commonest characters"},
    {"--pattern", NULL, "NAME", "marks", AZ_COMPLETE_PATTERN, false, false,
     "where the text is cut before merging: gpt2, marks or whitespace"},
    {"--base-characters", NULL, "N", NULL, AZ_COMPLETE_NONE, false, false,
     "character model: size of the base alphabet"},
    {"--special", NULL, "TOKENS", "none", AZ_COMPLETE_NONE, false, false,
     "special tokens, separated by blanks; they take the first ids"},
    AZ_OPTION_END,
};

const struct az_command az_command_tokenizer_train = {
    .name = "tokenizer train",
    .summary = "learns a vocabulary from texts (byte-pair encoding)",
    .operands = "TEXT[:WEIGHT]...",
    .operands_least = 1,
    .operands_most = 1000,
    .complete = AZ_COMPLETE_TEXT,
    .description =
        "A TEXT is a built-in name (azimuth corpus --list) or a file in UTF-8. Its words "
        "count WEIGHT times. Texts that training never sees, such as the Thai word list "
        "beside English, give a vocabulary with dead tokens. Equal pairs are merged in a "
        "fixed order, so the same texts give the same file.",
    .options = train_options,
    .examples = "azimuth tokenizer train web:1 thai:5 --vocabulary 4000 -o tokenizer.json\n",
    .run = train,
};
