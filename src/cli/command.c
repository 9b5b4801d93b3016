#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/raise.h"
#include "base/suggest.h"
#include "cli/commands.h"

const struct az_command *const az_commands[] = {
#define COMMAND_ADDRESS(id) &id,
    AZ_COMMANDS(COMMAND_ADDRESS)
#undef COMMAND_ADDRESS
};
const size_t az_command_count = sizeof az_commands / sizeof az_commands[0];

/* Length in words of the name if the words begin with it, else 0. */
static size_t matches(const char *name, size_t count, char *const *words)
{
    size_t used = 0;
    while (*name) {
        size_t length = strcspn(name, " ");
        if (used == count || strlen(words[used]) != length ||
            strncmp(words[used], name, length) != 0)
            return 0;
        used++;
        name += length + (name[length] == ' ');
    }
    return used;
}

const struct az_command *az_command_find(size_t count, char *const *words, size_t *used)
{
    for (size_t c = 0; c < az_command_count; c++) {
        *used = matches(az_commands[c]->name, count, words);
        if (*used) return az_commands[c];
    }
    return NULL;
}

bool az_command_is_group(const char *word)
{
    size_t length = strlen(word);
    for (size_t c = 0; c < az_command_count; c++)
        if (strncmp(az_commands[c]->name, word, length) == 0 && az_commands[c]->name[length] == ' ')
            return true;
    return false;
}

enum az_status az_command_unknown(size_t count, char *const *words, struct az_error *error)
{
    char text[128];
    struct az_suggest suggest;
    bool group = az_command_is_group(words[0]);
    if (group && count < 2)
        return az_error_raise(error, AZ_USAGE, "%s is several commands; azimuth help %s lists them",
                              words[0], words[0]);
    snprintf(text, sizeof text, "%.50s%s%.50s", words[0], group ? " " : "", group ? words[1] : "");
    az_suggest_init(&suggest, text);
    for (size_t c = 0; c < az_command_count; c++) az_suggest_offer(&suggest, az_commands[c]->name);
    const char *best = az_suggest_best(&suggest);
    if (best)
        return az_error_raise(error, AZ_USAGE, "unknown command \"%s\"; did you mean \"%s\"?", text,
                              best);
    return az_error_raise(error, AZ_USAGE, "unknown command \"%s\"; azimuth --help lists all",
                          text);
}
