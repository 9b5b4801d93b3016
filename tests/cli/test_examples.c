/* Every command that a help text or a document shows is one that the program takes: its name, its
 * options, the number of its operands. Nothing is run. */
#define _GNU_SOURCE
#include <ctype.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "cli/arguments.h"
#include "store/file.h"

#define WORDS 64

/* Cuts at blanks, within quotes nowhere; ends where the shell's command ends. In place. */
static size_t split(char *line, char *words[WORDS])
{
    size_t count = 0;
    for (char *at = line; *at;) {
        while (isspace((unsigned char)*at)) at++;
        if (!*at || strchr("#|<>&;)", *at) || count == WORDS) break;
        char *to = words[count++] = at, quote = 0;
        for (; *at && (quote || !isspace((unsigned char)*at)); at++) {
            if (!quote && (*at == ')' || *at == ';')) break;
            if (*at == quote)
                quote = 0;
            else if (!quote && (*at == '\'' || *at == '"'))
                quote = *at;
            else
                *to++ = *at;
        }
        bool more = isspace((unsigned char)*at);
        *to = 0;
        if (!more) break;
        at++;
    }
    return count;
}

/* The words after "azimuth", at the beginning of the line or after a pipe, $(, <( or folder. */
static char *after_name(char *line)
{
    for (char *at = line; (at = strstr(at, "azimuth ")) != NULL; at++) {
        bool piped = at >= line + 2 && strncmp(at - 2, "| ", 2) == 0;
        if (at == line || piped || strchr("/(", at[-1])) return at + strlen("azimuth ");
    }
    return NULL;
}

/* Returns whether the line has a command; one that is not taken is told, and counted. */
static bool check(const char *where, const char *text, int *refused)
{
    char line[1024], *words[WORDS], *rest;
    struct az_arguments arguments = {0};
    struct az_error error;
    size_t used = 0;
    snprintf(line, sizeof line, "%s", text);
    char *comment = strstr(line, " #");
    if (comment) *comment = 0;
    if (line[0] == '#' || !(rest = after_name(line))) return false;
    size_t count = split(rest, words);
    if (count == 0 || words[0][0] == '-') return false;
    az_error_clear(&error);
    const struct az_command *command = az_command_find(count, words, &used);
    enum az_status status =
        command ? az_arguments_parse(&arguments, command, count - used, words + used, &error)
                : az_command_unknown(count, words, &error);
    /* The folders of their files need not be here. */
    if (status != AZ_OK && status != AZ_MISSING) {
        print_error("%s: %s\n    %s\n", where, text, error.message);
        (*refused)++;
    }
    az_arguments_free(&arguments);
    return true;
}

/* Line by line, those that end in a backslash with the next. fenced: only code of the shell. */
static int check_text(const char *where, char *text, bool fenced, int *refused)
{
    int found = 0;
    bool code = !fenced, shell = true;
    for (char *next, *line = text; line && *line; line = next) {
        char *end = strstr(line, "\n");
        while (end && end > line && end[-1] == '\\') {
            end[-1] = end[0] = ' ';
            end = strstr(end, "\n");
        }
        next = end ? end + 1 : NULL;
        if (end) *end = 0;
        if (fenced && strncmp(line, "```", 3) == 0) {
            code = !code;
            shell = !line[3] || strcmp(line, "```sh") == 0;
        } else if (code && shell)
            found += check(where, line, refused);
    }
    return found;
}

static void examples_of_help_are_taken(void **state)
{
    (void)state;
    int refused = 0;
    for (size_t c = 0; c < az_command_count; c++) {
        char text[4096];
        snprintf(text, sizeof text, "%s", az_commands[c]->examples);
        if (check_text(az_commands[c]->name, text, false, &refused) == 0)
            fail_msg("azimuth %s has no example", az_commands[c]->name);
    }
    assert_int_equal(refused, 0);
}

static void commands_of_documents_are_taken(void **state)
{
    (void)state;
    static const char *const patterns[] = {"README.md", "docs/*.md"};
    int refused = 0, found = 0;
    for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        char pattern[512], *text;
        size_t length_bytes;
        glob_t files;
        snprintf(pattern, sizeof pattern, "%s/%s", getenv("AZ_SOURCE"), patterns[p]);
        assert_int_equal(glob(pattern, 0, NULL, &files), 0);
        for (size_t n = 0; n < files.gl_pathc; n++) {
            assert_int_equal(az_file_read(files.gl_pathv[n], 0, &text, &length_bytes, NULL), AZ_OK);
            found += check_text(files.gl_pathv[n], text, true, &refused);
            az_memory_free(text);
        }
        globfree(&files);
    }
    assert_int_equal(refused, 0);
    assert_true(found > 150);
}

static void a_wrong_example_is_found(void **state)
{
    (void)state;
    int refused = 0;
    char text[] = "azimuth motion demo-run --figur x.png\n"
                  "echo 1 | azimuth tokenizer decode t.json | head  # fine\n"
                  "source <(azimuth completion bash)\n"
                  "azimuth train a.conf -P x=1 \\\n    -o 'a run'\n"
                  "azimuth trian a.conf\n"
                  "azimuth compare a  # one is missing\n";
    assert_int_equal(check_text("text", text, false, &refused), 6);
    assert_int_equal(refused, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_help_are_taken),
        cmocka_unit_test(commands_of_documents_are_taken),
        cmocka_unit_test(a_wrong_example_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
