#define _GNU_SOURCE
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
#include "cli/commands.h"
#include "store/file.h"

static char folder[] = "/tmp/azimuth-plot-XXXXXX";

static char *in_folder(const char *name)
{
    static char path[512];
    assert_int_equal(az_path_join(path, sizeof path, folder, name, NULL), AZ_OK);
    return path;
}

/* Runs `azimuth plot FOLDER` over these metrics. */
static enum az_status plot(const char *metrics, struct az_error *error)
{
    struct az_arguments arguments;
    char *words[] = {folder};
    az_error_clear(error);
    assert_int_equal(az_file_write(in_folder("metrics.csv"), metrics, strlen(metrics), NULL),
                     AZ_OK);
    assert_int_equal(az_arguments_parse(&arguments, &az_command_plot, 1, words, error), AZ_OK);
    enum az_status status = az_command_plot.run(&arguments, error);
    az_arguments_free(&arguments);
    return status;
}

static void assert_script_has(const char *part, int expected)
{
    char *text;
    size_t length_bytes;
    assert_int_equal(az_file_read(in_folder("figures/training.gp"), 0, &text, &length_bytes, NULL),
                     AZ_OK);
    assert_int_equal(strstr(text, part) != NULL, expected);
    az_memory_free(text);
}

static void need_gnuplot(void)
{
    if (system("command -v gnuplot >/dev/null") == 0) return;
    print_message("gnuplot is not installed (apt-get install gnuplot-nox)\n");
    skip();
}

static void a_run_is_drawn_while_it_grows(void **state)
{
    (void)state;
    struct az_error error;
    need_gnuplot();
    assert_int_equal(plot("step,loss,lr,clip,dead_moving_share,steps_per_second\n"
                          "1,9.2,0.001,1,1,10\n2,9.1,0.001,1,0.5,10\n3,9.0",
                          &error),
                     AZ_OK);
    assert_true(az_file_exists(in_folder("figures/training.png")));
    assert_script_has("Dead tokens that moved at the step, n = 2 steps", 1);
}

static void without_dead_tokens_there_is_one_panel(void **state)
{
    (void)state;
    struct az_error error;
    need_gnuplot();
    assert_int_equal(plot("step,loss,dead_moving_share\n1,9.2,\n2,9.1,\n", &error), AZ_OK);
    assert_script_has("Loss of each step's batch", 0); /* quoted: step''s */
    assert_script_has("Loss of each step''s batch, n = 2 steps", 1);
    assert_script_has("Dead tokens", 0);
}

static void several_runs_are_drawn_over_one_another(void **state)
{
    (void)state;
    struct az_arguments arguments;
    struct az_error error;
    char picture[600], option[] = "-o";
    char *words[] = {folder, folder, option, picture};
    need_gnuplot();
    snprintf(picture, sizeof picture, "%s", in_folder("figures/training.png"));
    assert_int_equal(plot("step,loss,dead_moving_share\n1,9.2,1\n2,9.1,0.5\n", &error), AZ_OK);
    assert_script_has("set key inside", 0);
    assert_int_equal(az_arguments_parse(&arguments, &az_command_plot, 4, words, &error), AZ_OK);
    assert_int_equal(az_command_plot.run(&arguments, &error), AZ_OK);
    az_arguments_free(&arguments);
    assert_script_has("set key inside", 1);
    assert_int_equal(az_arguments_parse(&arguments, &az_command_plot, 2, words, &error), AZ_OK);
    assert_int_equal(az_command_plot.run(&arguments, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "--output"));
    az_arguments_free(&arguments);
}

static void a_folder_that_is_no_run_is_told(void **state)
{
    (void)state;
    struct az_error error;
    assert_int_equal(plot("step,loss\n1,2\n", &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "dead_moving_share"));
    assert_int_equal(plot("step,loss,dead_moving_share\n", &error), AZ_USAGE);
    remove(in_folder("metrics.csv"));
    struct az_arguments arguments;
    char *words[] = {folder};
    assert_int_equal(az_arguments_parse(&arguments, &az_command_plot, 1, words, &error), AZ_OK);
    assert_int_equal(az_command_plot.run(&arguments, &error), AZ_MISSING);
    assert_non_null(strstr(error.file, "metrics.csv"));
    az_arguments_free(&arguments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_drawn_while_it_grows),
        cmocka_unit_test(without_dead_tokens_there_is_one_panel),
        cmocka_unit_test(several_runs_are_drawn_over_one_another),
        cmocka_unit_test(a_folder_that_is_no_run_is_told),
    };
    if (!mkdtemp(folder)) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 || failed;
}
