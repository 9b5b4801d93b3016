#include "cli/arguments.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/suggest.h"
#include "config/number.h"
#include "store/file.h"
#include "view/picture.h"

static enum az_status unknown_option(const struct az_command *command, const char *word,
                                     struct az_error *error)
{
    struct az_suggest suggest;
    az_suggest_init(&suggest, word);
    for (const struct az_option *option = command->options; option->name; option++)
        az_suggest_offer(&suggest, option->name);
    az_suggest_offer(&suggest, "--help");
    const char *best = az_suggest_best(&suggest);
    if (best)
        return az_error_raise(error, AZ_USAGE, "%s: unknown option %.100s; did you mean %s?",
                              command->name, word, best);
    return az_error_raise(error, AZ_USAGE, "%s: unknown option %.100s; see azimuth help %s",
                          command->name, word, command->name);
}

/* The option that a word names; *value: what follows in the same word, or NULL. */
static const struct az_option *find_option(const struct az_command *command, const char *word,
                                           const char **value)
{
    size_t length = strcspn(word, "=");
    for (const struct az_option *option = command->options; option->name; option++) {
        *value = word[length] ? word + length + 1 : NULL;
        if (strlen(option->name) == length && strncmp(option->name, word, length) == 0)
            return option;
        *value = word[2] ? word + 2 : NULL;
        if (option->letter && word[1] != '-' && strncmp(option->letter, word, 2) == 0)
            return option;
    }
    return NULL;
}

/* Takes the option words[*at] and, where its value is the next word, that one too. */
static enum az_status take_option(struct az_arguments *arguments, size_t count, char *const *words,
                                  size_t *at, struct az_error *error)
{
    const char *value, *command = arguments->command->name;
    const struct az_option *option = find_option(arguments->command, words[*at], &value);
    if (!option) return unknown_option(arguments->command, words[*at], error);
    if (!option->argument && value)
        return az_error_raise(error, AZ_USAGE, "%s: %s takes no value", command, option->name);
    if (option->argument && !value && ++*at == count)
        return az_error_raise(error, AZ_USAGE, "%s: %s needs a value: %s", command, option->name,
                              option->argument);
    if (option->argument && !value) value = words[*at];
    if (!option->repeatable && az_arguments_has(arguments, option->name))
        return az_error_raise(error, AZ_USAGE, "%s: %s is given twice", command, option->name);
    arguments->given[arguments->given_count++] = (struct az_given){option, value};
    return AZ_OK;
}

static enum az_status check_completeness(const struct az_arguments *arguments,
                                         struct az_error *error)
{
    const struct az_command *command = arguments->command;
    const char *missing = command->operands;
    for (size_t n = 0; n < arguments->operand_count && strchr(missing, ' '); n++)
        missing = strchr(missing, ' ') + 1;
    if (arguments->operand_count < command->operands_least)
        return az_error_raise(error, AZ_USAGE, "%s: %s is missing; see azimuth help %s",
                              command->name, missing, command->name);
    if (arguments->operand_count > command->operands_most)
        return az_error_raise(error, AZ_USAGE, "%s: unexpected argument \"%.100s\"", command->name,
                              arguments->operands[command->operands_most]);
    for (const struct az_option *option = command->options; option->name; option++)
        if (option->required && !az_arguments_has(arguments, option->name))
            return az_error_raise(error, AZ_USAGE, "%s: %s %s is missing: %s", command->name,
                                  option->letter ? option->letter : option->name, option->argument,
                                  option->help);
    return AZ_OK;
}

static bool is_same(const char *path, const char *other)
{
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && S_ISREG(a.st_mode) &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Whether path is the file `input`, or a run's own file in the directory `input`. */
static bool is_of_input(const char *path, const char *input)
{
    static const char *const own[] = {"recording.safetensors",
                                      "recording.h5",
                                      "recording.safetensors.part",
                                      "recording.h5.part",
                                      "run.json",
                                      "metrics.csv",
                                      "tokenizer.json",
                                      "checkpoint.safetensors",
                                      "live_dead_tokens.safetensors",
                                      "model.safetensors",
                                      "config.json",
                                      "model/model.safetensors"};
    char file[AZ_PICTURE_PATH_BYTES];
    if (is_same(path, input)) return true;
    for (size_t n = 0; n < sizeof own / sizeof *own; n++) {
        snprintf(file, sizeof file, "%.4000s/%s", input, own[n]);
        if (is_same(path, file)) return true;
    }
    return false;
}

/* What is read is not written over: an export of three rows would leave no others. */
static enum az_status spare_operands(const struct az_arguments *arguments, const char *path,
                                     struct az_error *error)
{
    for (size_t n = 0; n < arguments->operand_count; n++)
        if (is_of_input(path, arguments->operands[n]))
            return az_error_raise(error, AZ_USAGE,
                                  "%s: %.200s is what is read, or a file of its run: name another",
                                  arguments->command->name, path);
    return AZ_OK;
}

/* -o DIR makes its folder, in which other files may go. */
static bool makes_folder(const struct az_arguments *arguments)
{
    for (size_t n = 0; n < arguments->given_count; n++)
        if (strcmp(arguments->given[n].option->name, "--output") == 0)
            return arguments->given[n].option->complete == AZ_COMPLETE_DIRECTORY;
    return false;
}

/* What would come to nothing after minutes of work is told before them: the folder of a file that
 * will be written is there, the picture's ending is one that is drawn. */
static enum az_status check_output(const struct az_arguments *arguments,
                                   const struct az_given *given, struct az_error *error)
{
    const char *command = arguments->command->name;
    enum az_status status = AZ_OK;
    const char *slash = strrchr(given->value, '/');
    char folder[AZ_PICTURE_PATH_BYTES];
    struct az_picture_files files;
    if (given->option->complete == AZ_COMPLETE_FIGURE &&
        az_picture_name(&files, given->value, error) != AZ_OK)
        AZ_RAISE(AZ_USAGE, "%s: %s %.200s: its name ends in .png, .svg or .pdf", command,
                 given->option->name, given->value);
    AZ_TRY(spare_operands(arguments, given->value, error));
    if (!slash || slash == given->value || makes_folder(arguments)) return AZ_OK;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - given->value), given->value);
    if (!az_file_is_directory(folder))
        AZ_RAISE(AZ_MISSING, "%s: %s %.200s: there is no directory %.200s", command,
                 given->option->name, given->value, folder);
out:
    return status;
}

static enum az_status check_outputs(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n < arguments->given_count && status == AZ_OK; n++) {
        enum az_complete kind = arguments->given[n].option->complete;
        if (kind == AZ_COMPLETE_OUTPUT || kind == AZ_COMPLETE_FIGURE)
            status = check_output(arguments, &arguments->given[n], error);
    }
    return status;
}

enum az_status az_arguments_parse(struct az_arguments *arguments, const struct az_command *command,
                                  size_t count, char *const *words, struct az_error *error)
{
    enum az_status status = AZ_OK;
    bool only_operands = false;
    *arguments = (struct az_arguments){.command = command};
    for (size_t at = 0; at < count && strcmp(words[at], "--") != 0; at++)
        if (strcmp(words[at], "--help") == 0 || strcmp(words[at], "-h") == 0)
            arguments->help = true;
    if (arguments->help) return AZ_OK;
    AZ_TRY(az_memory_allocate(&arguments->operands, count, sizeof(char *), "arguments", error));
    AZ_TRY(
        az_memory_allocate(&arguments->given, count, sizeof(struct az_given), "arguments", error));
    for (size_t at = 0; at < count; at++) {
        if (only_operands || words[at][0] != '-' || !words[at][1])
            arguments->operands[arguments->operand_count++] = words[at];
        else if (strcmp(words[at], "--") == 0)
            only_operands = true;
        else
            AZ_TRY(take_option(arguments, count, words, &at, error));
    }
    AZ_TRY(check_completeness(arguments, error));
    AZ_TRY(check_outputs(arguments, error));
out:
    return status;
}

void az_arguments_free(struct az_arguments *arguments)
{
    az_memory_free(arguments->operands);
    az_memory_free(arguments->given);
}

const char *az_arguments_next(const struct az_arguments *arguments, const char *name,
                              size_t *cursor)
{
    while (*cursor < arguments->given_count) {
        const struct az_given *given = &arguments->given[(*cursor)++];
        if (strcmp(given->option->name, name) == 0) return given->value;
    }
    return NULL;
}

const char *az_arguments_value(const struct az_arguments *arguments, const char *name)
{
    size_t cursor = 0;
    return az_arguments_next(arguments, name, &cursor);
}

bool az_arguments_has(const struct az_arguments *arguments, const char *name)
{
    for (size_t n = 0; n < arguments->given_count; n++)
        if (strcmp(arguments->given[n].option->name, name) == 0) return true;
    return false;
}

enum az_status az_arguments_integer(const struct az_arguments *arguments, const char *name,
                                    int64_t least, int64_t most, int64_t *value,
                                    struct az_error *error)
{
    const char *text = az_arguments_value(arguments, name);
    if (!text) return AZ_OK;
    int64_t parsed;
    if (!az_number_parse_integer(text, &parsed) || parsed < least || parsed > most)
        return az_error_raise(error, AZ_USAGE,
                              "%s: %s %.100s: expected an integer from %" PRId64 " to %" PRId64,
                              arguments->command->name, name, text, least, most);
    *value = parsed;
    return AZ_OK;
}

enum az_status az_arguments_threads(const struct az_arguments *arguments, int *threads,
                                    struct az_error *error)
{
    int64_t value = 0;
    enum az_status status = az_arguments_integer(arguments, "--threads", 1, 1024, &value, error);
    *threads = (int)value;
    return status;
}

enum az_status az_arguments_figure_beside(const struct az_arguments *arguments, const char *csv,
                                          const char *figure, struct az_error *error)
{
    const char *table = az_arguments_value(arguments, csv);
    const char *picture = az_arguments_value(arguments, figure);
    const char *dot = picture ? strrchr(picture, '.') : NULL;
    if (!table || !dot) return AZ_OK;
    size_t stem = (size_t)(dot - picture);
    if (strncmp(table, picture, stem) != 0 || strcmp(table + stem, ".csv") != 0) return AZ_OK;
    return az_error_raise(error, AZ_USAGE,
                          "%s is also where the numbers of the figure %s go; name one of them "
                          "otherwise",
                          table, picture);
}
