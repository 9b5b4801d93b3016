#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "config/key.h"

static enum az_status help_parameters(const struct az_arguments *arguments, struct az_error *error)
{
    const char *section = arguments->operand_count > 1 ? arguments->operands[1] : NULL;
    if (section && !az_section_find(section)) return az_section_unknown(section, error);
    if (az_arguments_has(arguments, "--markdown"))
        az_help_parameters_markdown(stdout);
    else
        az_help_parameters(stdout, section);
    return AZ_OK;
}

static enum az_status help_catalog(const struct az_arguments *arguments, struct az_error *error)
{
    if (arguments->operand_count > 1)
        return az_error_raise(error, AZ_USAGE, "help catalog takes no operand");
    if (az_arguments_has(arguments, "--markdown"))
        az_help_catalog_markdown(stdout);
    else
        az_help_catalog(stdout);
    return AZ_OK;
}

static void help_group(const char *word)
{
    printf("azimuth %s is several commands:\n\n", word);
    for (size_t c = 0; c < az_command_count; c++) {
        size_t length = strlen(word);
        if (strncmp(az_commands[c]->name, word, length) != 0) continue;
        int at = printf("  %s", az_commands[c]->name);
        az_help_wrap(stdout, az_commands[c]->summary, at, 20);
    }
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    size_t used, count = arguments->operand_count;
    char *const *words = (char *const *)arguments->operands;
    if (count == 0) {
        if (az_arguments_has(arguments, "--markdown"))
            az_help_commands_markdown(stdout);
        else
            az_help_overview(stdout);
        return AZ_OK;
    }
    if (strcmp(words[0], "parameters") == 0) return help_parameters(arguments, error);
    if (strcmp(words[0], "catalog") == 0) return help_catalog(arguments, error);
    const struct az_command *command = az_command_find(count, words, &used);
    if (command)
        az_help_command(stdout, command);
    else if (count == 1 && az_command_is_group(words[0]))
        help_group(words[0]);
    else
        return az_command_unknown(count, words, error);
    return AZ_OK;
}

static const struct az_option options[] = {
    {"--markdown", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "as a document: docs/commands.md; with parameters docs/experiment.md, with catalog "
     "docs/catalog.md"},
    AZ_OPTION_END,
};

const struct az_command az_command_help = {
    .name = "help",
    .summary = "says what a command does and takes",
    .operands = "[COMMAND | parameters [SECTION] | catalog]",
    .operands_most = 2,
    .complete = AZ_COMPLETE_TOPIC,
    .description =
        "Without an operand it lists all commands. `parameters` lists the keys of "
        "experiment files with type, range, unit and default, `catalog` the tables of the "
        "SQLite files that --catalog writes.",
    .options = options,
    .examples = "azimuth help train\n"
                "azimuth help parameters optimizer\n"
                "azimuth help catalog\n",
    .run = run,
};
