#include "cli/help.h"

#include <string.h>

void az_help_wrap(FILE *file, const char *text, int at, int indent)
{
    if (at && at + 2 > indent) {
        fputc('\n', file);
        at = 0;
    }
    fprintf(file, "%*s", indent - at, "");
    at = indent;
    while (*text) {
        int length = (int)strcspn(text, " ");
        bool first = at == indent;
        if (!first && at + 1 + length > AZ_HELP_COLUMNS) {
            fprintf(file, "\n%*s", indent, "");
            at = indent;
            first = true;
        }
        at += fprintf(file, "%s%.*s", first ? "" : " ", length, text);
        text += length + (text[length] == ' ');
    }
    fputc('\n', file);
}

void az_help_usage(const struct az_command *command, char text[AZ_HELP_USAGE_BYTES])
{
    bool optional = false;
    size_t used = (size_t)snprintf(text, AZ_HELP_USAGE_BYTES, "azimuth %s%s%s", command->name,
                                   command->operands[0] ? " " : "", command->operands);
    for (const struct az_option *option = command->options; option->name; option++) {
        optional |= !option->required;
        if (option->required)
            used +=
                (size_t)snprintf(text + used, AZ_HELP_USAGE_BYTES - used, " %s %s",
                                 option->letter ? option->letter : option->name, option->argument);
    }
    if (optional) snprintf(text + used, AZ_HELP_USAGE_BYTES - used, " [options]");
}

void az_help_overview(FILE *file)
{
    fprintf(file, "azimuth grows tiny bf16 language models, records every step, and proves every\n"
                  "change of every weight.\n\n"
                  "Usage: azimuth COMMAND [arguments]\n\nCommands:\n");
    for (size_t c = 0; c < az_command_count; c++) {
        int at = fprintf(file, "  %s", az_commands[c]->name);
        az_help_wrap(file, az_commands[c]->summary, at, 20);
    }
    fprintf(file, "\n"
                  "azimuth help COMMAND       says what a command does and takes\n"
                  "azimuth help parameters    lists the keys of experiment files\n"
                  "azimuth help catalog       lists the tables of catalogs (SQLite files)\n"
                  "azimuth --version          says what this program is made of\n");
}

static void print_option(FILE *file, const struct az_option *option)
{
    char help[512];
    int at = fprintf(file, "  %s%s%s%s%s", option->letter ? option->letter : "  ",
                     option->letter ? ", " : "  ", option->name, option->argument ? " " : "",
                     option->argument ? option->argument : "");
    snprintf(help, sizeof help, "%s%s%s%s", option->help, option->repeatable ? "; repeatable" : "",
             option->default_text ? "; default: "
             : option->required   ? "; required"
                                  : "",
             option->default_text ? option->default_text : "");
    az_help_wrap(file, help, at, 26);
}

/* Paragraphs are separated by line feeds. */
static void print_paragraphs(FILE *file, const char *text)
{
    char paragraph[2048];
    while (*text) {
        size_t length = strcspn(text, "\n");
        snprintf(paragraph, sizeof paragraph, "%.*s", (int)length, text);
        fputc('\n', file);
        az_help_wrap(file, paragraph, 0, 0);
        text += length + (text[length] == '\n');
    }
}

static void print_examples(FILE *file, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        fprintf(file, "  %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

void az_help_command(FILE *file, const struct az_command *command)
{
    char usage[AZ_HELP_USAGE_BYTES];
    az_help_usage(command, usage);
    fprintf(file, "azimuth %s: %s\n\nUsage: %s\n", command->name, command->summary, usage);
    print_paragraphs(file, command->description);
    fprintf(file, "\nOptions:\n");
    for (const struct az_option *option = command->options; option->name; option++)
        print_option(file, option);
    fprintf(file, "  -h, --help              this text\n\nExamples:\n");
    print_examples(file, command->examples);
}

/* Text in a cell of a table: | would end it. */
static void print_cell(FILE *file, const char *text)
{
    for (; *text; text++) fprintf(file, *text == '|' ? "\\|" : "%c", *text);
}

static void print_option_markdown(FILE *file, const struct az_option *option)
{
    fprintf(file, "| `");
    if (option->letter) fprintf(file, "%s`, `", option->letter);
    fprintf(file, "%s%s%s` | ", option->name, option->argument ? " " : "",
            option->argument ? option->argument : "");
    print_cell(file, option->help);
    fprintf(file, "%s | %s |\n", option->repeatable ? "; repeatable" : "",
            option->default_text ? option->default_text
            : option->required   ? "required"
                                 : "");
}

void az_help_commands_markdown(FILE *file)
{
    char usage[AZ_HELP_USAGE_BYTES];
    fprintf(file, "# Commands\n\n"
                  "Made by `azimuth help --markdown`; do not edit. Results go to stdout, progress "
                  "to stderr.\nExit codes: 0 done, 1 a difference was found, 2 an argument or an "
                  "experiment file is wrong,\n3 it could not be done.\n");
    for (size_t c = 0; c < az_command_count; c++) {
        const struct az_command *command = az_commands[c];
        az_help_usage(command, usage);
        fprintf(file, "\n## azimuth %s\n\n`%s`\n", command->name, usage);
        print_paragraphs(file, command->description);
        if (command->options->name)
            fprintf(file, "\n| option | meaning | default |\n|---|---|---|\n");
        for (const struct az_option *option = command->options; option->name; option++)
            print_option_markdown(file, option);
        fprintf(file, "\n```sh\n%s```\n", command->examples);
    }
}
