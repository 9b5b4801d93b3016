#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/unit.h"
#include "cli/bar.h"
#include "cli/bench_set.h"
#include "cli/commands.h"
#include "cli/preset.h"
#include "cli/profile.h"

/* ---- what to run ---- */

static enum az_status processors(int *count, struct az_error *error)
{
    struct az_pool *pool;
    enum az_status status = az_pool_create(&pool, 0, error);
    if (status == AZ_OK) *count = az_pool_threads(pool);
    if (status == AZ_OK) az_pool_free(pool);
    return status;
}

struct choice {
    struct az_bench_isas isas;
    int threads[2];
    size_t thread_count;
};

/* By default the best instruction set; one thread, and all. */
static enum az_status choose(const struct az_arguments *arguments, struct choice *choice,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_kernels kernels;
    AZ_TRY(az_bench_isas(arguments, &choice->isas, error));
    if (!az_arguments_has(arguments, "--isa")) {
        AZ_TRY(az_kernels_default(&kernels, NULL, error));
        choice->isas = (struct az_bench_isas){.list = {kernels.isa}, .count = 1};
    }
    AZ_TRY(az_arguments_threads(arguments, &choice->threads[0], error));
    choice->thread_count = 1;
    if (!choice->threads[0]) {
        choice->threads[0] = 1;
        AZ_TRY(processors(&choice->threads[1], error));
        choice->thread_count = choice->threads[1] > 1 ? 2 : 1;
    }
out:
    return status;
}

struct adding {
    struct az_bench_set *set;
    const struct choice *choice;
};

static enum az_status add_preset(void *context, const char *name, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct adding *adding = context;
    const struct choice *choice = adding->choice;
    size_t number;
    AZ_TRY(az_bench_set_experiment(adding->set, name, NULL, &number, error));
    for (size_t i = 0; i < choice->isas.count; i++)
        for (size_t t = 0; t < choice->thread_count; t++)
            for (int recording = 0; recording < 2; recording++)
                AZ_TRY(az_bench_set_trial(adding->set, number, choice->isas.list[i],
                                          choice->threads[t], recording != 0, error));
out:
    return status;
}

/* ---- what came out: trials come in pairs, without recording and with it ---- */

static void print_rates(const struct az_trial *pair)
{
    char off[AZ_UNIT_TEXT_BYTES], on[AZ_UNIT_TEXT_BYTES], clean[AZ_UNIT_TEXT_BYTES];
    az_unit_rate(pair[0].median, off);
    az_unit_rate(pair[1].median, on);
    az_unit_rate(az_bench_undisturbed(&pair[1]), clean);
    printf("  %-10s %7d %14s %14s %12.2f %14s\n", az_isa_name(pair->isa), pair->threads, off, on,
           pair[1].median / pair[0].median, clean);
}

static void print_phase(const char *name, double seconds, double step_seconds, double floor_seconds)
{
    printf("  %-38s %10.3f %7.1f %%", name, seconds * 1e3, 100 * seconds / step_seconds);
    if (floor_seconds > 0)
        printf(" %10.3f %8.1f %%", floor_seconds * 1e3, 100 * floor_seconds / seconds);
    printf("\n");
}

static void print_phases(const struct az_trial *trial, const struct az_bench_peaks *peaks)
{
    struct az_floor floors[AZ_FLOOR_COUNT];
    const struct az_train_result *result = &trial->result;
    double steps = (double)result->steps, step_seconds = 1 / result->steps_per_second;
    double total_floor = 0;
    az_trial_floors(trial, floors);
    printf("\n  %s, %d thread%s, recording; peaks: float32 %.0f, bf16 %.0f GFLOP/s, memory %.0f "
           "GB/s\n",
           az_isa_name(trial->isa), trial->threads, trial->threads == 1 ? "" : "s",
           peaks->f32_gflops, peaks->bf16_gflops, peaks->memory_gbs);
    printf("  %-38s %10s %9s %10s %10s\n", "phase", "ms a step", "share", "floor, ms", "floor by");
    for (size_t p = 0; p < result->phase_count; p++) {
        const struct az_train_phase *phase = &result->phases[p];
        const struct az_floor *floor = az_floor_find(floors, phase->name);
        double least = floor ? az_floor_seconds(floor, peaks, trial->experiment->model.compute) : 0;
        if (phase->place == AZ_PHASE_OUTSIDE) continue;
        if (phase->place == AZ_PHASE_LOOP) total_floor += least;
        print_phase(phase->name, phase->seconds / steps, step_seconds, least);
    }
    print_phase("other", az_profile_other_seconds(result) / steps, step_seconds, 0);
    print_phase("a step", step_seconds, step_seconds, total_floor);
}

static void print_preset(const struct az_bench_set *set, size_t first, size_t count)
{
    const struct az_trial *trials = &set->trials[first];
    const struct az_train_plan *plan = &trials->plan;
    char parameters[AZ_UNIT_TEXT_BYTES], vocabulary[AZ_UNIT_TEXT_BYTES];
    az_unit_count(plan->parameters, parameters);
    az_unit_count(plan->vocabulary, vocabulary);
    printf("\n%s: %s parameters, vocabulary %s, %d sequences of %d tokens a step\n",
           az_bench_set_name(set, trials), parameters, vocabulary,
           (int)trials->experiment->train.batch, (int)trials->experiment->model.context);
    printf("  %-10s %7s %14s %14s %12s %14s\n", "", "threads", "not recording", "recording",
           "recording by", "undisturbed");
    printf("  %-10s %7s %14s %14s %12s %14s\n", "", "", "steps/s", "steps/s", "not", "steps/s");
    for (size_t t = 0; t < count; t += 2) print_rates(&trials[t]);
    for (size_t t = 1; t < count; t += 2) print_phases(&trials[t], &set->peaks[first + t]);
}

static void print_all(const struct az_bench_set *set)
{
    size_t each = set->trial_count / set->experiment_count;
    az_bench_print_machine();
    for (size_t e = 0; e < set->experiment_count; e++) print_preset(set, e * each, each);
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *path = az_arguments_value(arguments, "--csv");
    struct choice choice = {.thread_count = 0};
    struct az_bench_set set = {0};
    struct adding adding = {&set, &choice};
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(choose(arguments, &choice, error));
    for (size_t n = 0; n < arguments->operand_count; n++)
        AZ_TRY(add_preset(&adding, arguments->operands[n], error));
    if (arguments->operand_count == 0) AZ_TRY(az_preset_visit(add_preset, &adding, error));
    AZ_TRY(az_bench_set_run(&set, arguments, progress, error));
    az_bar_end(&bar);
    if (path) AZ_TRY(az_bench_set_write_csv(&set, path, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(az_bench_set_print_json(&set, error));
    else
        print_all(&set);
out:
    az_bar_end(&bar);
    az_bench_set_free(&set);
    return status;
}

static const struct az_option options[] = {
    {"--isa", NULL, "NAME", "the best", AZ_COMPLETE_ISA, false, true,
     "instruction set to time:" AZ_ISA_TABLE(AZ_OPTION_NAME)},
    {"--threads", NULL, "N", "1, and one per processor", AZ_COMPLETE_NONE, false, false,
     "threads to time"},
    AZ_OPTION_BENCH_ROUNDS,
    AZ_OPTION_BENCH_STEPS,
    AZ_OPTION_BENCH_CSV,
    AZ_OPTION_JSON,
    AZ_OPTION_END,
};

const struct az_command az_command_bench_presets = {
    .name = "bench presets",
    .summary = "times training by presets, with and without recording",
    .operands = "[PRESET...]",
    .operands_most = 100,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "A PRESET is a name (thimble-1) or the path of an experiment file; without one all presets "
        "are timed. Short runs without recording and with that of the experiment take turns, "
        "in a temporary directory ($TMPDIR says where) that is removed. Printed are steps a "
        "second, medians of the rounds; what they would be if no other program had disturbed; and "
        "each phase of a step beside its floor, the least time that this machine's measured peaks "
        "allow (docs/performance.md).",
    .options = options,
    .examples = "azimuth bench presets goldilocks-rich\n"
                "azimuth bench presets thimble-1 --isa avx2 --isa avx512 --rounds 5\n"
                "azimuth bench presets --csv presets.csv\n",
    .run = run,
};
