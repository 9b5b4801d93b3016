#include "cli/token_options.h"

#include <inttypes.h>
#include <string.h>

#include "azimuth/matrix.h"
#include "config/number.h"
#include "store/file.h"

#define MOST_ROWS ((int64_t)4194304) /* AZ_TOKEN_LIMIT */

enum az_status az_token_options_load(const struct az_arguments *arguments,
                                     struct az_tokenizer **tokenizer, struct az_error *error)
{
    return az_tokenizer_load_with(tokenizer, arguments->operands[0],
                                  az_arguments_value(arguments, "--pattern"), error);
}

/* A recording of chosen tokens has a row for each of them, and does not say how many there are. */
static enum az_status matrix_rows(const char *name, int64_t *rows, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_matrix *matrix = NULL;
    AZ_TRY(az_matrix_open(&matrix, name, error));
    *rows = matrix->rows;
    if (matrix->token_ids)
        AZ_RAISE(AZ_USAGE, "%s has the rows of %" PRId64 " chosen tokens; give --rows as a number",
                 name, matrix->rows);
    if (matrix->rows > MOST_ROWS)
        AZ_RAISE(AZ_USAGE, "%s has %" PRId64 " rows; a tokenizer has at most %" PRId64, name,
                 matrix->rows, MOST_ROWS);
out:
    az_matrix_close(matrix);
    return status;
}

enum az_status az_token_options_rows(const struct az_arguments *arguments, size_t *rows,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *name = az_arguments_value(arguments, "--rows");
    int64_t value = 0;
    bool number = !name || az_number_parse_integer(name, &value);
    if (!number && !az_file_exists(name) && !strchr(name, '@'))
        AZ_RAISE(AZ_USAGE,
                 "%s: --rows %.200s: expected an integer from 1 to %" PRId64
                 " or a matrix, and there is no file of that name",
                 arguments->command->name, name, MOST_ROWS);
    if (!number)
        AZ_TRY(matrix_rows(name, &value, error));
    else
        AZ_TRY(az_arguments_integer(arguments, "--rows", 1, MOST_ROWS, &value, error));
    *rows = (size_t)value;
out:
    return status;
}
