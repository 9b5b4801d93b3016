#include <stdio.h>
#include <string.h>

#include "azimuth/corpus.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "config/key.h"

#define WORD(id, name, meaning) name " "
#define TEXT_WORD(name, package, meaning) name " "

static void print_choices(const char *section, const char *name)
{
    const struct az_key *key = az_key_find(section, name);
    for (const struct az_choice *choice = key->choices; choice->name; choice++)
        printf("%s ", choice->name);
}

/* The shell function's call that fills COMPREPLY with what the kind names. */
static void print_values(enum az_complete kind)
{
    switch (kind) {
    case AZ_COMPLETE_NONE: printf(":"); return;
    case AZ_COMPLETE_FILE:
    case AZ_COMPLETE_OUTPUT:
    case AZ_COMPLETE_FIGURE: printf("_azimuth_files -f"); return;
    case AZ_COMPLETE_DIRECTORY: printf("_azimuth_files -d"); return;
    case AZ_COMPLETE_PARAMETER:
        printf("compopt -o nospace 2>/dev/null; _azimuth_words \"");
        for (size_t k = 0; k < az_key_count; k++)
            printf("%s.%s= ", az_keys[k].section, az_keys[k].name);
        break;
    case AZ_COMPLETE_ISA: printf("_azimuth_words \"" AZ_ISA_TABLE(WORD)); break;
    case AZ_COMPLETE_ARITHMETIC: printf("_azimuth_words \"auto " AZ_ARITHMETIC_TABLE(WORD)); break;
    case AZ_COMPLETE_TEXT:
        printf("_azimuth_files -f; _azimuth_words \"" AZ_TEXT_TABLE(TEXT_WORD));
        break;
    case AZ_COMPLETE_TOPIC: printf("_azimuth_words \"$commands parameters catalog"); break;
    case AZ_COMPLETE_TOKEN_MODEL:
        printf("_azimuth_words \"");
        print_choices("tokenizer", "model");
        break;
    case AZ_COMPLETE_PATTERN:
        printf("_azimuth_words \"");
        print_choices("tokenizer", "pattern");
        break;
    case AZ_COMPLETE_SHELL: printf("_azimuth_words \"bash"); break;
    }
    printf("\"");
}

/* One branch: the options of the command, the values of each, its operands. */
static void print_command(const struct az_command *command)
{
    printf("    \"%s\")\n        case $previous in\n", command->name);
    for (const struct az_option *option = command->options; option->name; option++) {
        if (!option->argument) continue;
        printf("        %s%s%s) ", option->name, option->letter ? "|" : "",
               option->letter ? option->letter : "");
        print_values(option->complete);
        printf("; return ;;\n");
    }
    printf("        esac\n        if [[ $word == -* ]]; then _azimuth_words \"--help");
    for (const struct az_option *option = command->options; option->name; option++)
        printf(" %s", option->name);
    printf("\"; else ");
    print_values(command->complete);
    printf("; fi ;;\n");
}

/* First words of all commands, each once. */
static void print_command_words(void)
{
    const char *before = "";
    for (size_t c = 0; c < az_command_count; c++) {
        const char *name = az_commands[c]->name;
        size_t length = strcspn(name, " ");
        if (strncmp(before, name, length) != 0 || strcspn(before, " ") != length)
            printf("%.*s ", (int)length, name);
        before = name;
    }
}

static void print_groups(void)
{
    for (size_t c = 0; c < az_command_count; c++) {
        const char *name = az_commands[c]->name;
        size_t length = strcspn(name, " ");
        if (!name[length] || (c && strncmp(az_commands[c - 1]->name, name, length + 1) == 0))
            continue;
        printf("    \"%.*s\") _azimuth_words \"", (int)length, name);
        for (size_t d = c; d < az_command_count; d++)
            if (strncmp(az_commands[d]->name, name, length + 1) == 0)
                printf("%s ", az_commands[d]->name + length + 1);
        printf("\" ;;\n");
    }
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    if (strcmp(arguments->operands[0], "bash") != 0)
        return az_error_raise(error, AZ_USAGE, "completion: unknown shell \"%.50s\"; there is bash",
                              arguments->operands[0]);
    printf("# Completion of azimuth for bash; made by `azimuth completion bash`.\n"
           "_azimuth_words() { mapfile -t -O ${#COMPREPLY[@]} COMPREPLY "
           "< <(compgen -W \"$1\" -- \"$word\"); }\n"
           "_azimuth_files() { compopt -o filenames 2>/dev/null; mapfile -t -O ${#COMPREPLY[@]} "
           "COMPREPLY < <(compgen $1 -- \"$word\"); }\n"
           "_azimuth()\n{\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local commands=\"");
    print_command_words();
    printf(
        "\"\n    COMPREPLY=()\n"
        "    if ((COMP_CWORD == 1)); then _azimuth_words \"$commands --help --version\"; return; "
        "fi\n"
        "    local command=${COMP_WORDS[1]}\n"
        "    case $command in\n"
        "    \"\") ;;\n");
    for (size_t c = 0; c < az_command_count; c++) {
        const char *name = az_commands[c]->name;
        size_t length = strcspn(name, " ");
        if (name[length] && (c == 0 || strncmp(az_commands[c - 1]->name, name, length + 1) != 0))
            printf("    %.*s) ((COMP_CWORD > 2)) && command+=\" ${COMP_WORDS[2]}\" ;;\n",
                   (int)length, name);
    }
    printf("    esac\n    case $command in\n");
    for (size_t c = 0; c < az_command_count; c++) print_command(az_commands[c]);
    print_groups();
    printf("    esac\n}\ncomplete -F _azimuth azimuth\n");
    return AZ_OK;
}

static const struct az_option options[] = {AZ_OPTION_END};

const struct az_command az_command_completion = {
    .name = "completion",
    .summary = "prints the completion script of a shell",
    .operands = "SHELL",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_SHELL,
    .description = "SHELL is bash. `meson install` puts the script where bash-completion finds it.",
    .options = options,
    .examples = "source <(azimuth completion bash)\n",
    .run = run,
};
