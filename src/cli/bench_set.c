#include "cli/bench_set.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cli/preset.h"
#include "cli/print_json.h"
#include "store/csv.h"

#define PEAK_SAMPLES 9

enum az_status az_bench_set_experiment(struct az_bench_set *set, const char *name,
                                       const char *const *overrides, size_t *number,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_bench_experiment *added;
    size_t count = set->experiment_count;
    AZ_TRY(az_memory_grow(&set->experiments, count, count + 1, sizeof *set->experiments,
                          "the experiments", error));
    AZ_TRY(az_memory_allocate(&added, 1, sizeof *added, "an experiment", error));
    set->experiments[count] = added;
    *number = set->experiment_count++;
    snprintf(added->name, sizeof added->name, "%s", name);
    AZ_TRY(az_preset_read(&added->experiment, name, error));
    for (; overrides && *overrides; overrides++)
        AZ_TRY(az_experiment_override(&added->experiment, *overrides, error));
    AZ_TRY(az_experiment_check(&added->experiment, error));
out:
    return status;
}

enum az_status az_bench_set_trial(struct az_bench_set *set, size_t experiment, enum az_isa isa,
                                  int threads, bool recording, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count = set->trial_count;
    AZ_TRY(az_memory_grow(&set->trials, count, count + 1, sizeof *set->trials, "the runs", error));
    AZ_TRY(az_memory_grow(&set->peaks, count, count + 1, sizeof *set->peaks, "the peaks", error));
    set->trials[count] = (struct az_trial){.experiment = &set->experiments[experiment]->experiment,
                                           .isa = isa,
                                           .threads = threads,
                                           .recording = recording};
    set->trial_count++;
out:
    return status;
}

void az_bench_set_free(struct az_bench_set *set)
{
    for (size_t e = 0; e < set->experiment_count; e++) az_memory_free(set->experiments[e]);
    az_memory_free(set->experiments);
    az_memory_free(set->trials);
    az_memory_free(set->peaks);
}

static enum az_status measure_peaks(struct az_bench_set *set, size_t t, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_pool *pool = NULL;
    const struct az_trial *trial = &set->trials[t];
    for (size_t before = 0; before < t; before++) {
        if (set->trials[before].isa != trial->isa || set->trials[before].threads != trial->threads)
            continue;
        set->peaks[t] = set->peaks[before];
        return AZ_OK;
    }
    AZ_TRY(az_pool_create(&pool, trial->threads, error));
    AZ_TRY(az_bench_measure_peaks(trial->isa, pool, PEAK_SAMPLES, &set->peaks[t], error));
out:
    az_pool_free(pool);
    return status;
}

enum az_status az_bench_set_run(struct az_bench_set *set, const struct az_arguments *arguments,
                                struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t rounds = 3, steps = 0;
    AZ_TRY(az_arguments_integer(arguments, "--rounds", 1, AZ_TRIAL_ROUNDS, &rounds, error));
    AZ_TRY(az_arguments_integer(arguments, "--steps", 1, 1000000, &steps, error));
    for (size_t t = 0; t < set->trial_count; t++) {
        set->trials[t].steps = steps;
        AZ_TRY(measure_peaks(set, t, error));
    }
    AZ_TRY(az_trial_run(set->trials, set->trial_count, (unsigned)rounds, progress, error));
out:
    return status;
}

const char *az_bench_set_name(const struct az_bench_set *set, const struct az_trial *trial)
{
    for (size_t e = 0; e < set->experiment_count; e++)
        if (&set->experiments[e]->experiment == trial->experiment) return set->experiments[e]->name;
    return "";
}

double az_bench_undisturbed(const struct az_trial *trial)
{
    const struct az_train_result *result = &trial->result;
    return (double)trial->threads * (double)result->steps / result->processor_seconds;
}

/* ---- rows: one for the whole step, one for each phase ---- */

struct row {
    const char *preset, *isa, *phase;
    int threads;
    bool recording;
    double steps_per_second, least, most, undisturbed; /* of the whole step */
    double seconds, floor_seconds;                     /* of a step; floor 0: it has none */
    uint64_t peak_memory_bytes;
};

static void visit_rows(const struct az_bench_set *set,
                       void (*visit)(void *context, const struct row *row), void *context)
{
    for (size_t t = 0; t < set->trial_count; t++) {
        const struct az_trial *trial = &set->trials[t];
        const struct az_train_result *result = &trial->result;
        struct az_floor floors[AZ_FLOOR_COUNT];
        struct row row = {.preset = az_bench_set_name(set, trial),
                          .isa = az_isa_name(trial->isa),
                          .phase = "step",
                          .threads = trial->threads,
                          .recording = trial->recording,
                          .steps_per_second = trial->median,
                          .least = trial->least,
                          .most = trial->most,
                          .undisturbed = az_bench_undisturbed(trial),
                          .seconds = 1 / result->steps_per_second,
                          .peak_memory_bytes = result->peak_memory_bytes};
        az_trial_floors(trial, floors);
        visit(context, &row);
        for (size_t p = 0; p < result->phase_count; p++) {
            const struct az_train_phase *phase = &result->phases[p];
            const struct az_floor *floor = az_floor_find(floors, phase->name);
            if (phase->place == AZ_PHASE_OUTSIDE) continue;
            row.phase = phase->name;
            row.seconds = phase->seconds / (double)result->steps;
            row.floor_seconds =
                floor ? az_floor_seconds(floor, &set->peaks[t], trial->experiment->model.compute)
                      : 0;
            visit(context, &row);
        }
    }
}

static void write_row(void *context, const struct row *row)
{
    struct az_csv *csv = context;
    az_csv_text(csv, row->preset);
    az_csv_text(csv, row->isa);
    az_csv_integer(csv, row->threads);
    az_csv_text(csv, row->recording ? "on" : "off");
    az_csv_text(csv, row->phase);
    az_csv_f64(csv, row->seconds);
    if (row->floor_seconds > 0)
        az_csv_f64(csv, row->floor_seconds);
    else
        az_csv_empty(csv);
    az_csv_f64(csv, row->steps_per_second);
    az_csv_f64(csv, row->least);
    az_csv_f64(csv, row->most);
    az_csv_f64(csv, row->undisturbed);
    az_csv_integer(csv, (int64_t)row->peak_memory_bytes);
    az_csv_end(csv, NULL); /* a failure is kept for the commit */
}

enum az_status az_bench_set_write_csv(const struct az_bench_set *set, const char *path,
                                      struct az_error *error)
{
    struct az_csv *csv = NULL;
    enum az_status status =
        az_csv_create(&csv, path, AZ_CSV_WHOLE,
                      "preset,isa,threads,recording,phase,seconds,floor_seconds,steps_per_second,"
                      "least,most,undisturbed,peak_memory_bytes",
                      error);
    if (status != AZ_OK) return status;
    visit_rows(set, write_row, csv);
    return az_csv_commit(csv, error);
}

static void add_row(void *context, const struct row *row)
{
    struct az_json *json = context;
    az_json_open(json, NULL, '{');
    az_json_text(json, "preset", row->preset);
    az_json_text(json, "isa", row->isa);
    az_json_integer(json, "threads", row->threads);
    az_json_boolean(json, "recording", row->recording);
    az_json_text(json, "phase", row->phase);
    az_json_real(json, "seconds", row->seconds);
    if (row->floor_seconds > 0) az_json_real(json, "floor_seconds", row->floor_seconds);
    az_json_real(json, "steps_per_second", row->steps_per_second);
    az_json_real(json, "least", row->least);
    az_json_real(json, "most", row->most);
    az_json_real(json, "undisturbed", row->undisturbed);
    az_json_unsigned(json, "peak_memory_bytes", row->peak_memory_bytes);
    az_json_close(json, '}');
}

enum az_status az_bench_set_print_json(const struct az_bench_set *set, struct az_error *error)
{
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_bench_add_machine(&json);
    az_json_open(&json, "timings", '[');
    visit_rows(set, add_row, &json);
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}
