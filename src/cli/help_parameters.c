#include <string.h>

#include "azimuth/experiment.h"
#include "cli/help.h"
#include "config/key.h"

static void print_choices(FILE *file, const struct az_choice *choices)
{
    for (; choices->name; choices++) {
        int at = fprintf(file, "      %s", choices->name);
        az_help_wrap(file, choices->meaning, at, 24);
    }
}

static void print_key(FILE *file, const struct az_key *key)
{
    char range[AZ_KEY_TEXT_BYTES], text[2 * AZ_KEY_TEXT_BYTES];
    az_key_range(key, range);
    bool bounded = key->range != NULL, has_unit = key->unit[0] != 0;
    snprintf(text, sizeof text, "%s (%s%s%.100s%s%s)", key->help, az_key_type_name(key->type),
             bounded ? " " : "", bounded ? range : "",
             !has_unit ? ""
             : bounded ? " "
                       : ", in ",
             key->unit);
    int at = fprintf(file, "  %s = %s", key->name, key->default_text);
    az_help_wrap(file, text, at, 32);
    if (key->choices) print_choices(file, key->choices);
}

void az_help_parameters(FILE *file, const char *section)
{
    fprintf(file, "Keys of experiment files, with their defaults. On the command line:\n"
                  "-P section.key=value. How a value is written:\n");
    for (int type = 0; type < AZ_KEY_TYPE_COUNT; type++) {
        int at = fprintf(file, "  %s", az_key_type_name((enum az_key_type)type));
        az_help_wrap(file, az_key_type_form((enum az_key_type)type), at, 12);
    }
    for (size_t s = 0; s < az_section_count; s++) {
        if (section && strcmp(section, az_sections[s].name) != 0) continue;
        fprintf(file, "\n[%s]  %s\n", az_sections[s].name, az_sections[s].help);
        for (size_t k = 0; k < az_key_count; k++)
            if (strcmp(az_keys[k].section, az_sections[s].name) == 0) print_key(file, &az_keys[k]);
    }
}

static void print_escaped(FILE *file, const char *text)
{
    for (; *text; text++) fprintf(file, *text == '|' ? "\\|" : "%c", *text);
}

static void print_key_markdown(FILE *file, const struct az_key *key)
{
    char range[AZ_KEY_TEXT_BYTES];
    az_key_range(key, range);
    fprintf(file, "| `%s` | %s | %s%s%s | ", key->name, az_key_type_name(key->type),
            key->default_text[0] ? "`" : "", key->default_text, key->default_text[0] ? "`" : "");
    if (key->range) print_escaped(file, range);
    fprintf(file, " | %s | ", key->unit);
    print_escaped(file, key->help);
    for (const struct az_choice *choice = key->choices; choice && choice->name; choice++) {
        fprintf(file, "<br>`%s`: ", choice->name);
        print_escaped(file, choice->meaning);
    }
    fprintf(file, " |\n");
}

void az_help_parameters_markdown(FILE *file)
{
    fprintf(file,
            "# Experiment files\n\n"
            "Made by `azimuth help parameters --markdown`; do not edit.\n\n"
            "An experiment is a plain text file in UTF-8: `[section]` lines, `key = value` lines, "
            "and comments\nfrom a `#` that begins a line or follows a blank. A value goes to the "
            "end of the line; there are no\nquotation marks. A key that is not given has its "
            "default. An unknown key, a key or section that\ncomes twice, a value of the wrong "
            "type or out of range, and a line beyond 4,095 bytes are refused\nwith the line. Paths "
            "are relative to the directory in which the program runs.\n\n"
            "`azimuth train FILE -P section.key=value` overrides one key; `--dry-run` prints all "
            "of them.\n\n| type | written |\n|---|---|\n");
    for (int type = 0; type < AZ_KEY_TYPE_COUNT; type++)
        fprintf(file, "| %s | %s |\n", az_key_type_name((enum az_key_type)type),
                az_key_type_form((enum az_key_type)type));
    for (size_t s = 0; s < az_section_count; s++) {
        fprintf(file, "\n## [%s]\n\n%s\n\n", az_sections[s].name, az_sections[s].help);
        fprintf(file, "| key | type | default | range | unit | meaning |\n"
                      "|---|---|---|---|---|---|\n");
        for (size_t k = 0; k < az_key_count; k++)
            if (strcmp(az_keys[k].section, az_sections[s].name) == 0)
                print_key_markdown(file, &az_keys[k]);
    }
}
