/* help.h: help texts and documents, made from the tables of commands and of parameters. */
#ifndef AZ_CLI_HELP_H
#define AZ_CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

#define AZ_HELP_COLUMNS 80

void az_help_overview(FILE *file);
void az_help_command(FILE *file, const struct az_command *command);
/* All keys of experiment files, or those of one section (NULL: all). */
void az_help_parameters(FILE *file, const char *section);

/* The tables of the catalog with their columns. */
void az_help_catalog(FILE *file);

/* docs/commands.md, docs/experiment.md and docs/catalog.md. */
void az_help_commands_markdown(FILE *file);
void az_help_parameters_markdown(FILE *file);
void az_help_catalog_markdown(FILE *file);

/* Words of text in lines of at most AZ_HELP_COLUMNS, from column `indent` on. The first line goes
 * on from column `at`; where that leaves less than two blanks, text begins on the next line. Ends
 * with a line feed. */
void az_help_wrap(FILE *file, const char *text, int at, int indent);

/* "azimuth train EXPERIMENT -o DIR [options]" */
#define AZ_HELP_USAGE_BYTES 256
void az_help_usage(const struct az_command *command, char text[AZ_HELP_USAGE_BYTES]);

#endif
