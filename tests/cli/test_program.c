/* The program as its users meet it: help, versions, documents, completion, units. */
#define _GNU_SOURCE
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "azimuth/azimuth.h"
#include "base/unit.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "program.h"

static void without_arguments_it_says_how_it_is_used(void **state)
{
    (void)state;
    assert_int_equal(azimuth(""), 2);
    assert_string_equal(out, "");
    assert_has(err, "Usage: azimuth COMMAND");
    assert_int_equal(azimuth("--help"), 0);
    assert_has(out, "Usage: azimuth COMMAND");
    assert_string_equal(err, "");
}

static void every_command_explains_itself_in_80_columns(void **state)
{
    (void)state;
    char arguments[128];
    for (size_t c = 0; c < az_command_count; c++) {
        const struct az_command *command = az_commands[c];
        snprintf(arguments, sizeof arguments, "help %s", command->name);
        assert_int_equal(azimuth(arguments), 0);
        assert_has(out, "Usage: azimuth ");
        assert_has(out, "Examples:");
        assert_true(longest_line(out) <= 80);
        for (const struct az_option *option = command->options; option->name; option++)
            assert_has(out, option->name);
        char *first = strdup(out);
        snprintf(arguments, sizeof arguments, "%s --help --nonsense", command->name);
        assert_int_equal(azimuth(arguments), 0);
        assert_string_equal(out, first);
        free(first);
    }
    assert_int_equal(azimuth("help parameters"), 0);
    assert_true(longest_line(out) <= 80);
    assert_has(out, "[optimizer]");
    assert_int_equal(azimuth("help parameters train"), 0);
    assert_null(strstr(out, "[optimizer]"));
}

static void mistakes_on_the_command_line_are_told_once_with_exit_code_2(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"hlep", "azimuth: unknown command \"hlep\"; did you mean \"help\"?\n"},
        {"frobnicate", "azimuth: unknown command \"frobnicate\"; azimuth --help lists all\n"},
        {"help nothing", "azimuth: unknown command \"nothing\"; azimuth --help lists all\n"},
        {"help parameters trian", "azimuth: unknown section \"trian\"; did you mean \"train\"?\n"},
        {"help --markdwon", "azimuth: help: unknown option --markdwon; did you mean --markdown?\n"},
        {"help --markdown=yes", "azimuth: help: --markdown takes no value\n"},
        {"help --markdown --markdown", "azimuth: help: --markdown is given twice\n"},
        {"help a b c", "azimuth: help: unexpected argument \"c\"\n"},
        {"completion", "azimuth: completion: SHELL is missing; see azimuth help completion\n"},
        {"completion fish", "azimuth: completion: unknown shell \"fish\"; there is bash\n"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        assert_int_equal(azimuth(cases[n][0]), 2);
        assert_string_equal(err, cases[n][1]);
        assert_string_equal(out, "");
    }
}

static void the_version_names_build_machine_and_libraries(void **state)
{
    (void)state;
    assert_int_equal(azimuth("--version"), 0);
    assert_has(out, "azimuth 0.");
    assert_has(out, "revision ");
    assert_has(out, "-ffp-contract=off");
    assert_has(out, " reference");
    assert_has(out, "jansson 2.");
    assert_int_equal(setenv("AZ_ISA", "reference", 1), 0);
    assert_int_equal(azimuth("--version"), 0);
    assert_has(out, "isa         reference;");
    assert_int_equal(setenv("AZ_ISA", "sse9", 1), 0);
    assert_int_equal(azimuth("--version"), 2);
    assert_has(err, "sse9");
    unsetenv("AZ_ISA");
}

static void output_that_cannot_be_written_is_a_failure(void **state)
{
    (void)state;
    char command[512];
    snprintf(command, sizeof command, "%s help >/dev/full 2>%s/err", getenv("AZ_PROGRAM"),
             directory);
    assert_int_equal(WEXITSTATUS(system(command)), 3);
    az_memory_free(err);
    err = read_all("err");
    assert_has(err, "azimuth: cannot write to standard output: No space left");
}

static void assert_document_is_current(const char *arguments, const char *name)
{
    char path[1024], *text;
    size_t length;
    snprintf(path, sizeof path, "%s/docs/%s", getenv("AZ_SOURCE"), name);
    assert_int_equal(az_file_read(path, 0, &text, &length, NULL), AZ_OK);
    assert_int_equal(azimuth(arguments), 0);
    if (strcmp(text, out) != 0)
        fail_msg("docs/%s is not current: azimuth %s > docs/%s", name, arguments, name);
    az_memory_free(text);
}

static void the_generated_documents_are_current(void **state)
{
    (void)state;
    assert_document_is_current("help --markdown", "commands.md");
    assert_document_is_current("help parameters --markdown", "experiment.md");
    assert_document_is_current("help catalog --markdown", "catalog.md");
}

/* Completes the last of the words as bash would. */
static void complete(const char *words)
{
    char command[2048];
    snprintf(command, sizeof command,
             "cd %s && bash -c 'source <(%s completion bash); COMP_WORDS=(%s); "
             "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _azimuth; echo \" ${COMPREPLY[@]} \"' >out "
             "2>err",
             directory, getenv("AZ_PROGRAM"), words);
    assert_int_equal(system(command), 0);
    az_memory_free(out);
    out = read_all("out");
}

static void bash_completes_commands_options_and_values(void **state)
{
    (void)state;
    complete("azimuth he");
    assert_string_equal(out, " help \n");
    complete("azimuth help par");
    assert_string_equal(out, " parameters \n");
    complete("azimuth help --m");
    assert_string_equal(out, " --markdown \n");
    complete("azimuth tokenizer enc");
    assert_string_equal(out, " encode \n");
    complete("azimuth tokenizer train --mod");
    assert_string_equal(out, " --model \n");
    complete("azimuth train --isa refer");
    assert_string_equal(out, " reference \n");
    complete("azimuth train x.conf -P train.st");
    assert_string_equal(out, " train.steps= \n");
    complete("azimuth account --arithmetic au");
    assert_string_equal(out, " auto \n");
    complete("azimuth completion \"\"");
    assert_string_equal(out, " bash \n");
}

static void presets_are_experiments_that_pass_every_check(void **state)
{
    (void)state;
    static struct az_experiment experiment;
    char pattern[1024];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/experiments/*.conf", getenv("AZ_SOURCE"));
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 7);
    for (size_t n = 0; n < found.gl_pathc; n++) {
        struct az_error error;
        az_experiment_init(&experiment);
        if (az_experiment_read(&experiment, found.gl_pathv[n], &error) != AZ_OK ||
            az_experiment_check(&experiment, &error) != AZ_OK)
            fail_msg("%s:%d: %s", found.gl_pathv[n], (int)error.line, error.message);
        assert_true(strchr(experiment.experiment.question, '?') != NULL);
        assert_true(experiment.experiment.source[0] && experiment.experiment.name[0]);
    }
    globfree(&found);
}

static void units_have_three_digits(void **state)
{
    (void)state;
    char text[AZ_UNIT_TEXT_BYTES];
    static const struct {
        uint64_t bytes;
        const char *text;
    } bytes[] = {{0, "0 B"},
                 {999, "999 B"},
                 {1000, "1.00 kB"},
                 {999499, "999 kB"},
                 {999500, "1.00 MB"},
                 {12345678, "12.3 MB"},
                 {9994999, "9.99 MB"},
                 {9995000, "10.0 MB"},
                 {7690000000, "7.69 GB"},
                 {99949999, "99.9 MB"},
                 {99950000, "100 MB"},
                 {UINT64_MAX, "18.4 EB"}};
    for (size_t n = 0; n < sizeof bytes / sizeof bytes[0]; n++) {
        az_unit_bytes(bytes[n].bytes, text);
        assert_string_equal(text, bytes[n].text);
    }
    az_unit_count(1057024, text);
    assert_string_equal(text, "1,057,024");
    az_unit_count(UINT64_MAX, text);
    assert_string_equal(text, "18,446,744,073,709,551,615");
    az_unit_seconds(0.123, text);
    assert_string_equal(text, "0.12 s");
    az_unit_seconds(59.96, text);
    assert_string_equal(text, "1 min 00 s");
    az_unit_seconds(3725, text);
    assert_string_equal(text, "1 h 02 min");
    az_unit_clock(3725, text);
    assert_string_equal(text, "1:02:05");
    az_unit_rate(12.345, text);
    assert_string_equal(text, "12.3");
}

static void the_progress_line_fits_its_columns(void **state)
{
    (void)state;
    char line[AZ_BAR_BYTES];
    struct az_progress_state progress = {.stage = "training",
                                         .unit = "steps",
                                         .detail = "loss 4.31  dead moving 12.3 %",
                                         .done = 412,
                                         .total = 1000,
                                         .rate_per_second = 12.3,
                                         .remaining_seconds = 47.8};
    az_bar_line(&progress, 100, false, line);
    assert_string_equal(line, "training [########............] 412/1,000 steps  12.3/s  0:48 left  "
                              "loss 4.31  dead moving 12.3 %");
    for (int columns = 20; columns < 100; columns++) {
        az_bar_line(&progress, columns, true, line);
        assert_true(longest_line(line) < (size_t)columns);
        assert_int_equal(strncmp(line, "training", 8), 0);
    }
    progress.finished = true;
    progress.done = 1000;
    progress.elapsed_seconds = 81.3;
    az_bar_line(&progress, 0, false, line);
    assert_string_equal(line, "training  1,000/1,000 steps  12.3/s  1 min 21 s  loss 4.31  dead "
                              "moving 12.3 %");
    progress = (struct az_progress_state){.detail = "",
                                          .stage = "looking",
                                          .unit = "MB",
                                          .done = 160.1,
                                          .total = 320.2,
                                          .rate_per_second = 76.8};
    progress.remaining_seconds = 2;
    az_bar_line(&progress, 0, false, line);
    assert_string_equal(line, "looking  160.1/320.2 MB  76.8 MB/s  0:02 left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_arguments_it_says_how_it_is_used),
        cmocka_unit_test(every_command_explains_itself_in_80_columns),
        cmocka_unit_test(mistakes_on_the_command_line_are_told_once_with_exit_code_2),
        cmocka_unit_test(the_version_names_build_machine_and_libraries),
        cmocka_unit_test(output_that_cannot_be_written_is_a_failure),
        cmocka_unit_test(the_generated_documents_are_current),
        cmocka_unit_test(bash_completes_commands_options_and_values),
        cmocka_unit_test(presets_are_experiments_that_pass_every_check),
        cmocka_unit_test(units_have_three_digits),
        cmocka_unit_test(the_progress_line_fits_its_columns),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
