/* command.h: what a subcommand is: one row of the table from which dispatch, help, docs/commands.md
 * and shell completion are made. */
#ifndef AZ_CLI_COMMAND_H
#define AZ_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "azimuth/kernel.h"

/* What the shell may complete a word with. */
enum az_complete {
    AZ_COMPLETE_NONE,
    AZ_COMPLETE_FILE,
    AZ_COMPLETE_OUTPUT, /* a file that the command writes */
    AZ_COMPLETE_FIGURE, /* one that it draws */
    AZ_COMPLETE_DIRECTORY,
    AZ_COMPLETE_ISA,
    AZ_COMPLETE_ARITHMETIC,
    AZ_COMPLETE_PARAMETER,
    AZ_COMPLETE_TEXT,
    AZ_COMPLETE_TOPIC,
    AZ_COMPLETE_TOKEN_MODEL,
    AZ_COMPLETE_PATTERN,
    AZ_COMPLETE_SHELL
};

struct az_option {
    const char *name;         /* "--output" */
    const char *letter;       /* "-o", or NULL */
    const char *argument;     /* "DIR", or NULL: a switch */
    const char *default_text; /* what holds when it is not given, or NULL */
    enum az_complete complete;
    bool required, repeatable;
    const char *help;
};

struct az_arguments;

struct az_command {
    const char *name; /* "train", "tokenizer train" */
    const char *summary;
    const char *operands; /* "EXPERIMENT", "[FILE]", "TEXT..." or "" */
    size_t operands_least, operands_most;
    enum az_complete complete; /* of the operands */
    const char *description;
    const struct az_option *options; /* ended by a NULL name */
    const char *examples;            /* lines "command" or "command  # what for" */
    /* Does it; what it finds goes to stdout. AZ_DIFFERENCE without a message is told by the exit
     * code alone. */
    enum az_status (*run)(const struct az_arguments *arguments, struct az_error *error);
};

/* For the names of a table in a help text. */
#define AZ_OPTION_NAME(id, name, meaning) " " name

#define AZ_OPTION_ISA_HELP                                                                         \
    "highest instruction set to use:" AZ_ISA_TABLE(                                                \
        AZ_OPTION_NAME) "; the environment variable AZ_ISA does the same"
#define AZ_OPTION_ISA                                                                              \
    {                                                                                              \
        "--isa", NULL, "NAME", "the best", AZ_COMPLETE_ISA, false, false, AZ_OPTION_ISA_HELP       \
    }
#define AZ_OPTION_THREADS                                                                          \
    {                                                                                              \
        "--threads", NULL, "N", "one per processor", AZ_COMPLETE_NONE, false, false,               \
            "threads; the result does not depend on it"                                            \
    }
#define AZ_OPTION_END                                                                              \
    {                                                                                              \
        NULL, NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false, NULL                               \
    }

extern const struct az_command *const az_commands[];
extern const size_t az_command_count;

/* The command that the words name, and how many of them its name takes. NULL when there is none. */
const struct az_command *az_command_find(size_t count, char *const *words, size_t *used);

/* True for the first word of commands of two words. */
bool az_command_is_group(const char *word);

/* AZ_USAGE with the command that was probably meant. */
enum az_status az_command_unknown(size_t count, char *const *words, struct az_error *error);

#endif
