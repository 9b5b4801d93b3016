/* token_options.h: what the commands that look at a tokenizer are told: which one, and how many
 * rows the matrix has. */
#ifndef AZ_CLI_TOKEN_OPTIONS_H
#define AZ_CLI_TOKEN_OPTIONS_H

#include "azimuth/tokenizer.h"
#include "cli/arguments.h"

#define AZ_OPTION_PATTERN                                                                          \
    {                                                                                              \
        "--pattern", NULL, "NAME|REGEX", "by the number of ranks", AZ_COMPLETE_NONE, false, false, \
            "how a .tiktoken file cuts texts: gpt2, cl100k, o200k or a regular expression"         \
    }
#define AZ_OPTION_ROWS                                                                             \
    {                                                                                              \
        "--rows", NULL, "N|MATRIX", "ids of the tokenizer", AZ_COMPLETE_FILE, false, false,        \
            "rows of the matrix, or a matrix (a safetensors or npy file, a checkpoint's folder, "  \
            "a "                                                                                   \
            "recording) that has them; rows that no token has are orphans"                         \
    }

/* The tokenizer of the first operand, with --pattern. */
enum az_status az_token_options_load(const struct az_arguments *arguments,
                                     struct az_tokenizer **tokenizer, struct az_error *error);

/* *rows: of --rows, 0 where it was not given. */
enum az_status az_token_options_rows(const struct az_arguments *arguments, size_t *rows,
                                     struct az_error *error);

#endif
