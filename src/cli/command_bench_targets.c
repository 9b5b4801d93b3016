/* The goals of speed that the project has set itself, beside what this machine reaches. */
#include <stdio.h>
#include <string.h>

#include "base/unit.h"
#include "cli/bar.h"
#include "cli/bench_set.h"
#include "cli/commands.h"

/* The timed runs that the goals are about. */
enum run {
    RICH,
    RICH_OFF,
    RICH_OFF_ALONE,
    LEAN,
    BALANCED,
    THIMBLE,
    THIMBLE_OFF,
    THIMBLE_OFF_ALONE,
    RICH_AVX512,
    RICH_AVX2,
    RUNS
};

static const struct {
    const char *preset;
    bool recording, alone;
    enum az_isa isa; /* AZ_ISA_COUNT: the best */
} runs[RUNS] = {
    [RICH] = {"goldilocks-rich", true, false, AZ_ISA_COUNT},
    [RICH_OFF] = {"goldilocks-rich", false, false, AZ_ISA_COUNT},
    [RICH_OFF_ALONE] = {"goldilocks-rich", false, true, AZ_ISA_COUNT},
    [LEAN] = {"goldilocks-lean", true, false, AZ_ISA_COUNT},
    [BALANCED] = {"goldilocks-balanced", true, false, AZ_ISA_COUNT},
    [THIMBLE] = {"thimble-1", true, false, AZ_ISA_COUNT},
    [THIMBLE_OFF] = {"thimble-1", false, false, AZ_ISA_COUNT},
    [THIMBLE_OFF_ALONE] = {"thimble-1", false, true, AZ_ISA_COUNT},
    [RICH_AVX512] = {"goldilocks-rich", true, false, AZ_ISA_AVX512},
    [RICH_AVX2] = {"goldilocks-rich", true, false, AZ_ISA_AVX2},
};

static const char *const everything[] = {"record.W=1", "record.h=1", "record.params=1", NULL};
static const char *const embedding[] = {"record.W=1", "record.grad_W=off", "record.momentum_W=off",
                                        "record.variance_W=off", NULL};

struct targets {
    struct az_bench_set set;
    int places[RUNS]; /* of each run among the trials, -1: this machine cannot */
    int threads;
};

static const struct az_trial *trial_of(const struct targets *targets, enum run run)
{
    return targets->places[run] < 0 ? NULL : &targets->set.trials[targets->places[run]];
}

static enum az_status find_experiment(struct az_bench_set *set, const char *preset, size_t *number,
                                      struct az_error *error)
{
    for (*number = 0; *number < set->experiment_count; ++*number)
        if (strcmp(set->experiments[*number]->name, preset) == 0) return AZ_OK;
    const char *const *overrides = strcmp(preset, "thimble-1") == 0 ? embedding : everything;
    return az_bench_set_experiment(set, preset, overrides, number, error);
}

static enum az_status plan_runs(struct targets *targets, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_kernels best;
    struct az_pool *pool = NULL;
    AZ_TRY(az_kernels_default(&best, NULL, error));
    AZ_TRY(az_pool_create(&pool, 0, error));
    targets->threads = az_pool_threads(pool);
    for (int r = 0; r < RUNS; r++) {
        enum az_isa isa = runs[r].isa == AZ_ISA_COUNT ? best.isa : runs[r].isa;
        size_t number;
        targets->places[r] = -1;
        if (!az_isa_available(isa)) continue;
        targets->places[r] = (int)targets->set.trial_count;
        AZ_TRY(find_experiment(&targets->set, runs[r].preset, &number, error));
        AZ_TRY(az_bench_set_trial(&targets->set, number, isa, runs[r].alone ? 1 : targets->threads,
                                  runs[r].recording, error));
    }
out:
    az_pool_free(pool);
    return status;
}

/* ---- the table ---- */

static void print_row(const char *what, const char *goal, const char *reached,
                      const char *undisturbed)
{
    printf("%-50s %15s %14s %12s\n", what, goal, reached, undisturbed);
}

static void print_rate(const struct targets *targets, enum run run, const char *what,
                       const char *goal)
{
    char reached[AZ_UNIT_TEXT_BYTES] = "-", clean[AZ_UNIT_TEXT_BYTES] = "-";
    const struct az_trial *trial = trial_of(targets, run);
    if (trial) az_unit_rate(trial->median, reached);
    if (trial) az_unit_rate(az_bench_undisturbed(trial), clean);
    print_row(what, goal, reached, clean);
}

/* How much slower the first run is than the second, in percent. */
static void print_loss(const struct targets *targets, enum run run, enum run other,
                       const char *what)
{
    char reached[32], clean[32];
    const struct az_trial *on = trial_of(targets, run), *off = trial_of(targets, other);
    snprintf(reached, sizeof reached, "%.1f %%", 100 * (1 - on->median / off->median));
    snprintf(clean, sizeof clean, "%.1f %%",
             100 * (1 - az_bench_undisturbed(on) / az_bench_undisturbed(off)));
    print_row(what, "at most 10 %", reached, clean);
}

static void print_scaling(const struct targets *targets, enum run run, enum run alone,
                          const char *what)
{
    char reached[32], clean[32];
    const struct az_trial *all = trial_of(targets, run), *one = trial_of(targets, alone);
    snprintf(reached, sizeof reached, "%.2f x", all->median / one->median);
    snprintf(clean, sizeof clean, "%.2f x", az_bench_undisturbed(all) / az_bench_undisturbed(one));
    print_row(what, targets->threads == 2 ? "1.8 x" : "-", reached, clean);
}

static void print_table(const struct targets *targets)
{
    char memory[AZ_UNIT_TEXT_BYTES];
    az_bench_print_machine();
    printf("isa         %s, %d threads; the goals are for two cores with AMX\n\n",
           az_isa_name(trial_of(targets, RICH)->isa), targets->threads);
    print_row("", "goal", "reached", "undisturbed");
    print_rate(targets, RICH, "Goldilocks Rich, all parameters and h, steps/s", "110");
    print_rate(targets, LEAN, "Goldilocks Lean, likewise", "104");
    print_rate(targets, BALANCED, "Goldilocks Balanced, likewise", "113");
    print_rate(targets, THIMBLE, "Thimble 1, recording W, steps/s", "10");
    print_rate(targets, RICH_AVX512, "Goldilocks Rich, --isa avx512, steps/s", "PyTorch's f32");
    print_rate(targets, RICH_AVX2, "Goldilocks Rich, --isa avx2, steps/s", "PyTorch's f32");
    print_loss(targets, RICH, RICH_OFF, "recording costs, Goldilocks Rich");
    print_loss(targets, THIMBLE, THIMBLE_OFF, "recording costs, Thimble 1");
    print_scaling(targets, RICH_OFF, RICH_OFF_ALONE, "all threads against one, Goldilocks Rich");
    print_scaling(targets, THIMBLE_OFF, THIMBLE_OFF_ALONE, "all threads against one, Thimble 1");
    az_unit_bytes(trial_of(targets, THIMBLE_OFF)->result.peak_memory_bytes, memory);
    print_row("peak memory, Thimble 1 without recording", "below 400 MB", memory, "");
    print_row("PyTorch eager bf16, Rich and Thimble 1", "10 x and 20 x", "", "");
    printf("\nundisturbed: by the processor time that the threads took, had no other program run.\n"
           "bench/vs_pytorch/run.sh measures azimuth beside PyTorch.\n");
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *path = az_arguments_value(arguments, "--csv");
    struct targets targets = {.threads = 1};
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(plan_runs(&targets, error));
    AZ_TRY(az_bench_set_run(&targets.set, arguments, progress, error));
    az_bar_end(&bar);
    if (path) AZ_TRY(az_bench_set_write_csv(&targets.set, path, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_bench_set_print_json(&targets.set, error));
    else
        print_table(&targets);
out:
    az_bar_end(&bar);
    az_bench_set_free(&targets.set);
    return status;
}

static const struct az_option options[] = {
    AZ_OPTION_BENCH_ROUNDS, AZ_OPTION_BENCH_STEPS, AZ_OPTION_BENCH_CSV,
    AZ_OPTION_JSON,         AZ_OPTION_END,
};

const struct az_command az_command_bench_targets = {
    .name = "bench targets",
    .summary = "prints the goals of speed beside what is reached here",
    .operands = "",
    .description =
        "Times the presets that the goals are about, in turn, and prints a table: the goal, what "
        "this machine reaches (medians of the rounds), and what it would reach if no other program "
        "ran. The goals are for two cores with AMX.",
    .options = options,
    .examples = "azimuth bench targets\n"
                "azimuth bench targets --rounds 7 --csv targets.csv\n",
    .run = run,
};
