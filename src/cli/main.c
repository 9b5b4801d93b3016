/* The program: finds the command, runs it, and prints what went wrong, once. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/raise.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/version.h"

/* `azimuth tokenizer --help` */
static bool asks_for_group(size_t count, char *const *words)
{
    return count > 1 && az_command_is_group(words[0]) &&
           (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0);
}

static enum az_status run_command(size_t count, char *const *words, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_arguments arguments = {0};
    size_t used;
    const struct az_command *command = az_command_find(count, words, &used);
    if (!command && asks_for_group(count, words)) {
        command = &az_command_help;
        count = 1;
        used = 0;
    }
    if (!command) return az_command_unknown(count, words, error);
    AZ_TRY(az_arguments_parse(&arguments, command, count - used, words + used, error));
    if (arguments.help)
        az_help_command(stdout, command);
    else
        AZ_TRY(command->run(&arguments, error));
out:
    az_arguments_free(&arguments);
    return status;
}

static enum az_status run(size_t count, char *const *words, struct az_error *error)
{
    if (count == 0) {
        az_help_overview(stderr);
        return AZ_USAGE;
    }
    if (strcmp(words[0], "--version") == 0) return az_version_print(stdout, error);
    if (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0) {
        az_help_overview(stdout);
        return AZ_OK;
    }
    return run_command(count, words, error);
}

/* What was buffered may fail only now; a result that did not arrive is a failure. */
static enum az_status flush_output(enum az_status status, struct az_error *error)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    if (status != AZ_OK && status != AZ_DIFFERENCE) return status;
    return az_error_system(error, errno ? errno : EIO, "cannot write to standard output");
}

int main(int argc, char **argv)
{
    struct az_error error;
    char text[2048];
    /* For the characters of progress bars; numbers keep their decimal point. */
    setlocale(LC_CTYPE, "");
    az_error_clear(&error);
    enum az_status status = run(argc > 0 ? (size_t)argc - 1 : 0, argv + 1, &error);
    status = flush_output(status, &error);
    if (status != AZ_OK && status != AZ_DIFFERENCE && error.message[0]) {
        az_error_format(&error, text, sizeof text);
        az_unit_plain(text);
        fprintf(stderr, "azimuth: %s\n", text);
    }
    return az_status_exit_code(status);
}
