/* program.h: runs the program in a directory of its own, for the tests of tests/cli. The path of
 * the program and the root of the sources come from meson. Include it after cmocka.h. */
#ifndef AZ_TESTS_CLI_PROGRAM_H
#define AZ_TESTS_CLI_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/file.h"

static char directory[] = "/tmp/azimuth-cli-XXXXXX";
static char *out, *err; /* what the last run printed */

/* Not inlined: gcc 12 then takes the text for the local variable that pointed to it. */
__attribute__((noinline)) static char *read_all(const char *name)
{
    char path[256], *text;
    size_t length;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(az_file_read(path, 0, &text, &length, NULL), AZ_OK);
    return text;
}

/* What is printed as JSON ends with one line end, whatever the command. */
static void check_json_end(const char *arguments)
{
    size_t length = strlen(out);
    bool ends = length > 1 && out[length - 1] == '\n' && strchr("}]", out[length - 2]);
    if (strstr(arguments, "--json") && length && !ends) fail_msg("%s ends with:%s", arguments, out);
}

/* Runs `azimuth ARGUMENTS` in the test's directory and returns its exit code. input: the file that
 * is its standard input. */
static int azimuth_reading(const char *input, const char *arguments)
{
    char command[2048];
    snprintf(command, sizeof command, "cd %s && %s %s >out 2>err <%s", directory,
             getenv("AZ_PROGRAM"), arguments, input);
    int status = system(command);
    az_memory_free(out);
    az_memory_free(err);
    out = read_all("out");
    err = read_all("err");
    assert_true(WIFEXITED(status));
    check_json_end(arguments);
    return WEXITSTATUS(status);
}

static inline int azimuth(const char *arguments) { return azimuth_reading("/dev/null", arguments); }

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(az_file_write(path, text, strlen(text), NULL), AZ_OK);
}

static inline void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("expected \"%s\" in:\n%s", part, text);
}

static inline size_t longest_line(const char *text)
{
    size_t longest = 0;
    while (*text) {
        size_t length = strcspn(text, "\n"), columns = 0;
        for (size_t c = 0; c < length; c++) columns += ((unsigned char)text[c] & 0xc0) != 0x80;
        if (columns > longest) longest = columns;
        text += length + (text[length] == '\n');
    }
    return longest;
}

static int enter(void **state)
{
    (void)state;
    if (!getenv("AZ_PROGRAM") || !getenv("AZ_SOURCE") || !mkdtemp(directory)) return -1;
    write_file("out", "");
    write_file("err", "");
    return 0;
}

static int leave(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    az_memory_free(out);
    az_memory_free(err);
    return system(command);
}

#endif
