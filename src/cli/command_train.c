#include <stdio.h>
#include <string.h>

#include "azimuth/train.h"
#include "base/raise.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/profile.h"

/* ---- the resolved parameters, as an experiment file ---- */

struct printing {
    char section[64];
};

static void print_parameter(void *context, const struct az_parameter_view *view)
{
    struct printing *printing = context;
    char line[AZ_TEXT_BYTES + 64];
    if (strcmp(printing->section, view->section) != 0) printf("\n[%s]\n", view->section);
    snprintf(printing->section, sizeof printing->section, "%s", view->section);
    bool is_default = strcmp(view->value, view->default_value) == 0;
    snprintf(line, sizeof line, "%s =%s%s", view->key, view->value[0] ? " " : "", view->value);
    if (is_default || !view->default_value[0])
        printf("%s\n", line);
    else
        printf("%-38s  # default: %s\n", line, view->default_value);
}

static void print_experiment(const struct az_experiment *experiment)
{
    struct printing printing = {""};
    printf("# %s, resolved\n", experiment->path);
    az_experiment_visit(experiment, print_parameter, &printing);
    printf("\n");
}

/* ---- the plan ---- */

static void print_bytes_row(const char *name, uint64_t memory_bytes, uint64_t disk_bytes)
{
    char memory[AZ_UNIT_TEXT_BYTES] = "-", disk[AZ_UNIT_TEXT_BYTES] = "-";
    if (memory_bytes) az_unit_bytes(memory_bytes, memory);
    if (disk_bytes) az_unit_bytes(disk_bytes, disk);
    printf("  %-36s %12s %12s\n", name, memory, disk);
}

static void print_count(const char *name, uint64_t count, const char *more)
{
    char text[AZ_UNIT_TEXT_BYTES];
    az_unit_count(count, text);
    printf("  %-36s %12s%s\n", name, text, more);
}

static void print_plan(void *context, const struct az_train_plan *plan)
{
    (void)context;
    char dead[AZ_UNIT_TEXT_BYTES], more[80];
    char recording[AZ_UNIT_TEXT_BYTES], least[AZ_UNIT_TEXT_BYTES], free_space[AZ_UNIT_TEXT_BYTES];
    char limit[AZ_UNIT_TEXT_BYTES], time[AZ_UNIT_TEXT_BYTES];
    az_unit_count(plan->dead, dead);
    snprintf(more, sizeof more, "   %s of them dead", dead);
    printf("plan\n");
    print_count("vocabulary, tokens", plan->vocabulary, more);
    print_count("training text, tokens", plan->corpus_tokens, "");
    print_count("parameters", plan->parameters, "");
    print_count("frames", plan->frames, "");
    if (plan->resumed) {
        print_count("steps that are done", (uint64_t)plan->resumed_step, "");
        print_count("steps to come", plan->frames - 1 - (uint64_t)plan->resumed_step, "");
    }
    if (plan->seconds_estimate > 0) {
        az_unit_seconds(plan->seconds_estimate, time);
        printf("  %-36s %12s\n", "time of training, estimated", time);
    }
    printf("\n  %-36s %12s %12s\n", "", "memory", "disk");
    for (size_t line = 0; line < plan->line_count; line++)
        print_bytes_row(plan->lines[line].name, plan->lines[line].memory_bytes,
                        plan->lines[line].disk_bytes);
    print_bytes_row("total", plan->memory_bytes, plan->disk_bytes);
    if (plan->resumed) print_bytes_row("of it there already", 0, plan->disk_held_bytes);
    print_bytes_row("limit", plan->memory_limit_bytes, 0);
    az_unit_bytes(plan->recording_bytes, recording);
    az_unit_bytes(plan->recording_least_bytes, least);
    az_unit_bytes(plan->recording_limit_bytes, limit);
    az_unit_bytes(plan->disk_free_bytes, free_space);
    bool range = plan->recording_least_bytes < plan->recording_bytes;
    printf("  the recording takes %s%s%s of %s allowed; %s are free on the disk\n",
           range ? least : "", range ? " to " : "", recording, limit, free_space);
    if (plan->recording_bytes > plan->recording_limit_bytes ||
        (plan->disk_free_bytes && plan->disk_bytes > plan->disk_free_bytes + plan->disk_held_bytes))
        printf("  it might not fit: then the run stops before that, whole, and --resume goes on\n");
    if (plan->warning[0]) printf("\nwarning: %s\n", plan->warning);
    printf("\n");
    fflush(stdout);
}

/* ---- the result ---- */

static void print_freezing(const struct az_train_result *result)
{
    char dead[AZ_UNIT_TEXT_BYTES], frozen[AZ_UNIT_TEXT_BYTES];
    az_unit_count(result->dead, dead);
    az_unit_count(result->frozen, frozen);
    if (!result->dead) {
        printf("dead tokens  none\n");
        return;
    }
    printf("dead tokens  %s, of which %s (%.1f %%) froze: no motion in the last %lld steps\n", dead,
           frozen, 100.0 * (double)result->frozen / (double)result->dead,
           (long long)result->guard_steps);
    if (result->frozen)
        printf("             frozen from step %lld (first), %lld (median), %lld (last)\n",
               (long long)result->first_freeze_step, (long long)result->median_freeze_step,
               (long long)result->last_freeze_step);
}

static bool can_be_accounted(const struct az_experiment *experiment)
{
    for (int r = AZ_RECORD_W; r <= AZ_RECORD_VARIANCE; r++)
        if (!experiment->record.cadence[r].every) return false;
    return true;
}

static void print_result(const struct az_experiment *experiment, const char *directory,
                         const struct az_train_result *result)
{
    char steps[AZ_UNIT_TEXT_BYTES], time[AZ_UNIT_TEXT_BYTES], rate[AZ_UNIT_TEXT_BYTES];
    char peak[AZ_UNIT_TEXT_BYTES], fingerprint[AZ_HASH_TEXT_BYTES];
    az_unit_count((uint64_t)(result->steps - result->resumed_step), steps);
    az_unit_rate(result->steps_per_second, rate);
    az_unit_seconds(result->steps_per_second > 0
                        ? (double)(result->steps - result->resumed_step) / result->steps_per_second
                        : 0,
                    time);
    az_unit_bytes(result->peak_memory_bytes, peak);
    az_hash_text(result->fingerprint, fingerprint);
    if (result->resumed) printf("resumed      after step %lld\n", (long long)result->resumed_step);
    printf("trained      %s steps in %s, %s steps/s\n", steps, time, rate);
    if (result->steps < experiment->train.steps) printf("ended early  %s\n", result->ended);
    printf("loss         %.4f at step 1, %.4f at step %lld\n", (double)result->first_loss,
           (double)result->last_loss, (long long)result->steps);
    print_freezing(result);
    printf("fingerprint  %s\n", fingerprint);
    printf("peak memory  %s\n", peak);
    printf("recording    %s\n", result->recording);
    printf("next         azimuth %s %s\n", can_be_accounted(experiment) ? "account" : "info",
           directory);
}

/* ---- the command ---- */

static enum az_status read_experiment(const struct az_arguments *arguments,
                                      struct az_experiment *experiment, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *assignment;
    size_t cursor = 0;
    const char *resumed = az_arguments_value(arguments, "--resume");
    az_experiment_init(experiment);
    AZ_TRY(resumed ? az_train_read_experiment(resumed, experiment, error)
                   : az_experiment_read(experiment, arguments->operands[0], error));
    while ((assignment = az_arguments_next(arguments, "--parameter", &cursor)))
        AZ_TRY(az_experiment_override(experiment, assignment, error));
    AZ_TRY(az_experiment_check(experiment, error));
out:
    return status;
}

static enum az_status dry_run(const struct az_experiment *experiment,
                              const struct az_train_options *options, struct az_progress *progress,
                              struct az_error *error)
{
    static struct az_train_plan plan;
    print_experiment(experiment);
    fflush(stdout);
    enum az_status status = az_train_plan(experiment, options, &plan, progress, error);
    if (status == AZ_OK || status == AZ_BUDGET) print_plan(NULL, &plan);
    return status;
}

/* What begins a run and what goes on with one do not go together. */
static enum az_status check_arguments(const struct az_arguments *arguments, struct az_error *error)
{
    bool resume = az_arguments_has(arguments, "--resume");
    bool dry = az_arguments_has(arguments, "--dry-run");
    const char *superfluous = arguments->operand_count                  ? "EXPERIMENT"
                              : az_arguments_has(arguments, "--output") ? "-o"
                                                                        : NULL;
    if (resume && superfluous)
        return az_error_raise(error, AZ_USAGE,
                              "train: --resume DIR goes on with a run that is there; %s is for a "
                              "new one",
                              superfluous);
    if (!resume && arguments->operand_count == 0)
        return az_error_raise(error, AZ_USAGE,
                              "train: EXPERIMENT -o DIR is missing: a file, such as those in "
                              "experiments/, and the directory of the run; or --resume DIR");
    if (!resume && !dry && !az_arguments_has(arguments, "--output"))
        return az_error_raise(error, AZ_USAGE,
                              "train: -o DIR is missing: the directory of the run");
    return AZ_OK;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    static struct az_experiment experiment;
    static struct az_train_result result;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    struct az_train_options options = {
        .directory = az_arguments_value(arguments, "--output"),
        .isa = az_arguments_value(arguments, "--isa"),
        .planned = print_plan,
    };
    bool dry = az_arguments_has(arguments, "--dry-run");
    AZ_TRY(check_arguments(arguments, error));
    options.resume = az_arguments_has(arguments, "--resume");
    if (options.resume) options.directory = az_arguments_value(arguments, "--resume");
    if (!options.directory) options.directory = "."; /* for the space that is free there */
    AZ_TRY(az_arguments_threads(arguments, &options.threads, error));
    AZ_TRY(read_experiment(arguments, &experiment, error));
    if (dry) {
        status = dry_run(&experiment, &options, progress, error);
        goto out;
    }
    AZ_TRY(az_train_run(&experiment, &options, &result, progress, error));
    az_bar_end(&bar);
    print_result(&experiment, options.directory, &result);
    if (az_arguments_has(arguments, "--profile")) az_profile_print(&result);
out:
    az_bar_end(&bar);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "DIR", NULL, AZ_COMPLETE_DIRECTORY, false, false,
     "directory of the run; it is created and must not hold a finished run; only with --dry-run it "
     "may be left out"},
    {"--resume", NULL, "DIR", NULL, AZ_COMPLETE_DIRECTORY, false, false,
     "goes on with the run in DIR from its last checkpoint, after Ctrl-C, a kill or a full disk, "
     "to "
     "the bits of a run that never stopped; with -P train.steps=N it makes a run longer"},
    {"--parameter", "-P", "SECTION.KEY=VALUE", NULL, AZ_COMPLETE_PARAMETER, false, true,
     "sets one parameter over the file's; azimuth help parameters lists them"},
    {"--dry-run", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints every parameter, memory, disk and time, and writes nothing; with --resume: of the "
     "steps to come"},
    {"--profile", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints where the time of a step went, after the run"},
    AZ_OPTION_THREADS,
    AZ_OPTION_ISA,
    AZ_OPTION_END,
};

const struct az_command az_command_train = {
    .name = "train",
    .summary = "grows a model from an experiment file and records it",
    .operands = "EXPERIMENT -o DIR | --resume DIR",
    .operands_least = 0,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Reads the text, trains or loads the tokenizer, trains the model, and writes the run "
        "directory: run.json, recording, metrics.csv, tokenizer.json, masks of live and dead "
        "tokens, and the model as Hugging Face's GPT-2. Before it starts it prints what memory "
        "and disk it will take, and refuses what is beyond the budget.\n"
        "The same experiment gives the same bits on every machine, with any number of threads. "
        "Ctrl-C ends it after the current step with everything written; a second one at once. "
        "--resume goes on with a run that ended early or was killed.",
    .options = options,
    .examples = "azimuth train experiments/demo.conf -o demo-run\n"
                "azimuth train experiments/thimble-1.conf -o run --dry-run\n"
                "azimuth train experiments/thimble-1.conf -o bf16 -P optimizer.arithmetic=bf16\n"
                "azimuth train --resume bf16 --dry-run\n"
                "azimuth train --resume bf16\n",
    .run = run,
};
