/* arguments.h: the words after a command, sorted by the command's table of options. */
#ifndef AZ_CLI_ARGUMENTS_H
#define AZ_CLI_ARGUMENTS_H

#include <stdint.h>

#include "base/raise.h"
#include "cli/command.h"

struct az_given {
    const struct az_option *option;
    const char *value; /* NULL for a switch */
};

struct az_arguments {
    const struct az_command *command;
    bool help; /* --help was among the words; nothing else is checked then */
    size_t operand_count, given_count;
    const char **operands;
    struct az_given *given;
};

/* Options may stand before, between and after operands, as "--name VALUE", "--name=VALUE", "-o
 * VALUE" or "-oVALUE"; "--" ends them. AZ_USAGE: unknown or doubled option, missing or superfluous
 * value, option or operand; a figure of an ending that is not drawn, a file that would be written
 * over what is read. AZ_MISSING: a file that would be written has no folder. Strings are borrowed
 * from words. Free in any case. */
enum az_status az_arguments_parse(struct az_arguments *arguments, const struct az_command *command,
                                  size_t count, char *const *words, struct az_error *error);
void az_arguments_free(struct az_arguments *arguments);

bool az_arguments_has(const struct az_arguments *arguments, const char *name);
/* NULL when it was not given. */
const char *az_arguments_value(const struct az_arguments *arguments, const char *name);
/* The next value of a repeatable option; *cursor starts at 0; NULL at the end. */
const char *az_arguments_next(const struct az_arguments *arguments, const char *name,
                              size_t *cursor);
/* *value is left alone when the option was not given. AZ_USAGE: not an integer of that range. */
enum az_status az_arguments_integer(const struct az_arguments *arguments, const char *name,
                                    int64_t least, int64_t most, int64_t *value,
                                    struct az_error *error);
/* As above for --threads, 0 when not given. */
enum az_status az_arguments_threads(const struct az_arguments *arguments, int *threads,
                                    struct az_error *error);
/* AZ_USAGE where the file that one option names is where the figure of the other puts its numbers:
 * those of NAME.png go to NAME.csv. */
enum az_status az_arguments_figure_beside(const struct az_arguments *arguments, const char *csv,
                                          const char *figure, struct az_error *error);

#endif
