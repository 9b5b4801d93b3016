#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/sweep.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/plot.h"
#include "cli/sweep_tables.h"
#include "store/file.h"

#define PATH_BYTES 4096
#define TOGETHER 3 /* curves that go up and down at every step are told apart in one panel */

/* ---- the table, on the terminal ---- */

static void print_row(const struct az_sweep *sweep, size_t run,
                      const struct az_sweep_outcome *outcome)
{
    char name[AZ_SWEEP_NAME_BYTES];
    az_sweep_name(sweep, run, name);
    if (!az_sweep_ended(outcome)) {
        printf("%-44s %s%s%s\n", name, az_sweep_state_name(outcome->state),
               outcome->state == AZ_SWEEP_FAILED ? ": " : "", outcome->error.message);
        return;
    }
    printf("%-44s %8" PRId64 " %8.4f %7" PRId64 " %7.1f %%", name, outcome->steps,
           outcome->last_loss, outcome->dead, 100 * az_sweep_frozen_share(outcome));
    if (outcome->frozen)
        printf(" %7" PRId64 " %7" PRId64 " %7" PRId64, outcome->first_freeze_step,
               outcome->median_freeze_step, outcome->last_freeze_step);
    else
        printf(" %7s %7s %7s", "-", "-", "-");
    printf("\n");
}

static void print_table(const struct az_sweep *sweep, const struct az_sweep_outcome *outcomes)
{
    printf("%-44s %8s %8s %7s %9s %7s %7s %7s\n", "run", "steps", "loss", "dead", "frozen", "first",
           "median", "last");
    for (size_t run = 0; run < az_sweep_run_count(sweep); run++)
        print_row(sweep, run, &outcomes[run]);
    printf("\nfrozen: no motion in the last max(100, steps / 10) steps; first, median and last "
           "freeze step are over these\n");
}

/* ---- the figure ---- */

struct drawing {
    struct az_plot_run *runs;
    size_t *groups;
    char (*titles)[AZ_TEXT_BYTES];
    const char **title_list;
    size_t count;
};

/* The runs that have ended; a panel for each value of the first axis, in the order of its values,
 * unless all fit in one. */
static enum az_status gather(struct drawing *drawing, const struct az_sweep *sweep,
                             const struct az_sweep_outcome *outcomes, const char *directory,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t runs = az_sweep_run_count(sweep), indices[AZ_SWEEP_AXES];
    bool split = runs > TOGETHER && sweep->axes[0].value_count > 1;
    const struct az_sweep_axis *axis = &sweep->axes[0];
    for (size_t value = 0; value < (split ? axis->value_count : 1); value++) {
        snprintf(drawing->titles[value], AZ_TEXT_BYTES, "%s = %s", axis->key, axis->values[value]);
        if (!split) snprintf(drawing->titles[value], AZ_TEXT_BYTES, "%s", sweep->name);
        drawing->title_list[value] = drawing->titles[value];
        for (size_t run = 0; run < runs; run++) {
            char path[PATH_BYTES], name[AZ_SWEEP_NAME_BYTES];
            az_sweep_indices(sweep, run, indices);
            if (!az_sweep_ended(&outcomes[run]) || (split && indices[0] != value)) continue;
            az_sweep_name(sweep, run, name);
            AZ_TRY(az_path_join(path, sizeof path, directory, name, error));
            AZ_TRY(az_plot_read(&drawing->runs[drawing->count], path, name, error));
            drawing->groups[drawing->count++] = value;
        }
    }
out:
    return status;
}

static enum az_status draw(const struct az_sweep *sweep, const struct az_sweep_outcome *outcomes,
                           const char *directory, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t runs = az_sweep_run_count(sweep);
    struct drawing drawing = {0};
    char path[PATH_BYTES];
    bool any_dead = false;
    for (size_t run = 0; run < runs; run++)
        any_dead = any_dead || (az_sweep_ended(&outcomes[run]) && outcomes[run].dead > 0);
    if (!any_dead) return AZ_OK;
    AZ_TRY(az_memory_allocate(&drawing.runs, runs, sizeof *drawing.runs, "the figure", error));
    AZ_TRY(az_memory_allocate(&drawing.groups, runs, sizeof *drawing.groups, "the figure", error));
    AZ_TRY(az_memory_allocate(&drawing.titles, AZ_SWEEP_VALUES, sizeof *drawing.titles,
                              "the figure", error));
    AZ_TRY(az_memory_allocate(&drawing.title_list, AZ_SWEEP_VALUES, sizeof *drawing.title_list,
                              "the figure", error));
    AZ_TRY(gather(&drawing, sweep, outcomes, directory, error));
    AZ_TRY(az_path_join(path, sizeof path, directory, "motion.png", error));
    AZ_TRY(az_plot_groups(drawing.runs, drawing.count, drawing.groups, drawing.title_list, path,
                          error));
    printf("%s\n", path);
out:
    for (size_t run = 0; run < drawing.count; run++) az_plot_free(&drawing.runs[run]);
    az_memory_free(drawing.runs);
    az_memory_free(drawing.groups);
    az_memory_free(drawing.titles);
    az_memory_free(drawing.title_list);
    return status;
}

/* ---- the command ---- */

static enum az_status list_runs(const struct az_sweep *sweep)
{
    char name[AZ_SWEEP_NAME_BYTES];
    printf("%s: %zu runs of %s\n", sweep->name, az_sweep_run_count(sweep), sweep->base.path);
    for (size_t run = 0; run < az_sweep_run_count(sweep); run++) {
        az_sweep_name(sweep, run, name);
        printf("  %s\n", name);
    }
    return AZ_OK;
}

static enum az_status failures(const struct az_sweep_outcome *outcomes, size_t count,
                               struct az_error *error)
{
    size_t failed = 0;
    for (size_t run = 0; run < count; run++) failed += outcomes[run].state == AZ_SWEEP_FAILED;
    if (!failed) return AZ_OK;
    return az_error_raise(error, AZ_IO,
                          "%zu of %zu runs failed, for the reasons in the table; the same command "
                          "tries them again",
                          failed, count);
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK, executed;
    static struct az_sweep sweep;
    struct az_sweep_outcome *outcomes = NULL;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    int64_t jobs = 1;
    struct az_sweep_options options = {.directory = az_arguments_value(arguments, "--output"),
                                       .isa = az_arguments_value(arguments, "--isa")};
    AZ_TRY(az_sweep_read(&sweep, arguments->operands[0], error));
    if (az_arguments_has(arguments, "--dry-run")) {
        status = list_runs(&sweep);
        goto out;
    }
    if (!options.directory) AZ_RAISE(AZ_USAGE, "sweep: -o DIR is missing: where the runs go");
    AZ_TRY(az_arguments_integer(arguments, "--jobs", 1, 256, &jobs, error));
    AZ_TRY(az_arguments_threads(arguments, &options.threads, error));
    options.jobs = (int)jobs;
    size_t count = az_sweep_run_count(&sweep);
    AZ_TRY(az_memory_allocate(&outcomes, count, sizeof *outcomes, "the table", error));
    executed = az_sweep_execute(&sweep, &options, outcomes, progress, error);
    az_bar_end(&bar);
    if (executed != AZ_OK && executed != AZ_INTERRUPTED) {
        status = executed;
        goto out;
    }
    print_table(&sweep, outcomes);
    struct az_error *told = executed == AZ_OK ? error : NULL;
    AZ_TRY(az_sweep_write_csv(&sweep, outcomes, options.directory, told));
    AZ_TRY(az_sweep_write_catalog(&sweep, outcomes, options.directory, told));
    AZ_TRY(draw(&sweep, outcomes, options.directory, told));
    status = executed != AZ_OK ? executed : failures(outcomes, count, error);
out:
    az_bar_end(&bar);
    az_sweep_free(&sweep);
    az_memory_free(outcomes);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "DIR", NULL, AZ_COMPLETE_DIRECTORY, false, false,
     "directory of the sweep: a directory for each run, sweep.csv, sweep.db and motion.png"},
    {"--jobs", "-j", "N", "1", AZ_COMPLETE_NONE, false, false,
     "runs at a time, fewer where budget.memory does not hold as many; they share the threads"},
    {"--dry-run", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "lists the runs, after checking the parameters of each, and starts none"},
    AZ_OPTION_THREADS,
    AZ_OPTION_ISA,
    AZ_OPTION_END,
};

const struct az_command az_command_sweep = {
    .name = "sweep",
    .summary = "runs an experiment over a grid of parameters, and tables it",
    .operands = "SWEEP -o DIR",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Reads a sweep file: a base experiment, settings for all runs, and axes, each a parameter "
        "with the values it takes. Every run is an ordinary run in a directory of its own. What "
        "has ended already is not run again, so the same command goes on after a stop or a "
        "failure. Ends with a table: who froze, and when.",
    .options = options,
    .examples = "azimuth sweep experiments/sweeps/moments.conf --dry-run\n"
                "azimuth sweep experiments/sweeps/moments.conf -o moments\n"
                "azimuth sweep experiments/sweeps/beta2.conf -o beta2 --jobs 2\n",
    .run = run,
};
