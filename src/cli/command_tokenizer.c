#include <stdio.h>
#include <string.h>

#include "azimuth/corpus.h"
#include "azimuth/tokenizer.h"
#include "base/memory.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "config/number.h"
#include "store/file.h"

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
    {"--output", "-o", "FILE", NULL, AZ_COMPLETE_FILE, true, false,
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

/* ---- encode and decode ---- */

#define INPUT_BYTES ((size_t)1 << 32)

static const char *input_path(const struct az_arguments *arguments)
{
    bool given = arguments->operand_count > 1 && strcmp(arguments->operands[1], "-") != 0;
    return given ? arguments->operands[1] : "/dev/stdin";
}

static enum az_status encode(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    char *text = NULL;
    uint32_t *ids = NULL;
    size_t length_bytes, count;
    AZ_TRY(az_tokenizer_load(&tokenizer, arguments->operands[0], error));
    AZ_TRY(az_file_read(input_path(arguments), INPUT_BYTES, &text, &length_bytes, error));
    AZ_TRY(az_tokenizer_encode(tokenizer, text, length_bytes, &ids, &count, NULL, error));
    for (size_t n = 0; n < count; n++) printf("%u\n", (unsigned)ids[n]);
out:
    az_tokenizer_free_ids(ids);
    az_memory_free(text);
    az_tokenizer_free(tokenizer);
    return status;
}

/* Decimal numbers separated by white space. ids has room for one in every two bytes. */
static enum az_status parse_ids(char *text, size_t length_bytes, uint32_t *ids, size_t *count,
                                struct az_error *error)
{
    int64_t line = 1;
    *count = 0;
    if (strlen(text) != length_bytes)
        return az_error_raise(error, AZ_FORMAT, "a NUL byte: expected token ids");
    for (char *at = text; *at;) {
        size_t length = strcspn(at, " \t\r\n");
        char after = at[length];
        uint64_t id;
        at[length] = 0;
        if (length && (!az_number_parse_seed(at, &id) || id > UINT32_MAX)) {
            az_error_raise(error, AZ_FORMAT, "expected a token id, found \"%.40s\"", at);
            az_error_at(error, NULL, line, -1, -1);
            return AZ_FORMAT;
        }
        if (length) ids[(*count)++] = (uint32_t)id;
        line += after == '\n';
        at += length + (after != 0);
    }
    return AZ_OK;
}

static enum az_status decode(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tokenizer *tokenizer = NULL;
    char *input = NULL, *text = NULL;
    uint32_t *ids = NULL;
    size_t input_bytes, length_bytes, count;
    AZ_TRY(az_tokenizer_load(&tokenizer, arguments->operands[0], error));
    AZ_TRY(az_file_read(input_path(arguments), INPUT_BYTES, &input, &input_bytes, error));
    AZ_TRY(az_memory_allocate(&ids, input_bytes / 2 + 1, sizeof *ids, "token ids", error));
    status = parse_ids(input, input_bytes, ids, &count, error);
    if (status != AZ_OK) {
        az_error_at(error, input_path(arguments), -1, -1, -1);
        goto out;
    }
    AZ_TRY(az_tokenizer_decode(tokenizer, ids, count, &text, &length_bytes, error));
    fwrite(text, 1, length_bytes, stdout);
out:
    az_tokenizer_free_text(text);
    az_memory_free(ids);
    az_memory_free(input);
    az_tokenizer_free(tokenizer);
    return status;
}

static const struct az_option no_options[] = {AZ_OPTION_END};

const struct az_command az_command_tokenizer_encode = {
    .name = "tokenizer encode",
    .summary = "turns text into token ids, one a line",
    .operands = "TOKENIZER [FILE]",
    .operands_least = 1,
    .operands_most = 2,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "TOKENIZER is a tokenizer.json, Hugging Face's or our own. Without FILE, or with "
        "-, the text comes from standard input. The ids are those that Hugging Face's "
        "tokenizers package gives.",
    .options = no_options,
    .examples = "echo In the beginning | azimuth tokenizer encode tokenizer.json\n",
    .run = encode,
};

const struct az_command az_command_tokenizer_decode = {
    .name = "tokenizer decode",
    .summary = "turns token ids into text",
    .operands = "TOKENIZER [FILE]",
    .operands_least = 1,
    .operands_most = 2,
    .complete = AZ_COMPLETE_FILE,
    .description = "FILE, or standard input, has token ids separated by blanks or line ends.",
    .options = no_options,
    .examples = "echo 318 257 | azimuth tokenizer decode tokenizer.json\n",
    .run = decode,
};
