#include "cli/sweep_tables.h"

#include <stdio.h>
#include <string.h>

#include "store/catalog.h"
#include "store/csv.h"
#include "store/file.h"

#define PATH_BYTES 4096
#define HEADER_BYTES 2048
#define OUTCOME_COLUMNS 11

const char *az_sweep_state_name(enum az_sweep_state state)
{
    static const char *const names[] = {[AZ_SWEEP_WAITING] = "waiting",
                                        [AZ_SWEEP_FOUND] = "done before",
                                        [AZ_SWEEP_DONE] = "done",
                                        [AZ_SWEEP_FAILED] = "failed"};
    return names[state];
}

bool az_sweep_ended(const struct az_sweep_outcome *outcome)
{
    return outcome->state == AZ_SWEEP_FOUND || outcome->state == AZ_SWEEP_DONE;
}

double az_sweep_frozen_share(const struct az_sweep_outcome *outcome)
{
    return outcome->dead ? (double)outcome->frozen / (double)outcome->dead : 0;
}

/* ---- sweep.csv ---- */

static void put_header(const struct az_sweep *sweep, char header[HEADER_BYTES])
{
    size_t used = (size_t)snprintf(header, HEADER_BYTES, "run");
    for (size_t a = 0; a < sweep->axis_count; a++)
        used += (size_t)snprintf(header + used, HEADER_BYTES - used, ",%s", sweep->axes[a].key);
    snprintf(header + used, HEADER_BYTES - used,
             ",state,steps,last_loss,dead_tokens,frozen_tokens,frozen_share,guard_steps,"
             "first_freeze_step,median_freeze_step,last_freeze_step,steps_per_second,fingerprint");
}

static void put_outcome(struct az_csv *csv, const struct az_sweep_outcome *outcome)
{
    az_csv_integer(csv, outcome->steps);
    az_csv_f64(csv, outcome->last_loss);
    az_csv_integer(csv, outcome->dead);
    az_csv_integer(csv, outcome->frozen);
    az_csv_f64(csv, az_sweep_frozen_share(outcome));
    az_csv_integer(csv, outcome->guard_steps);
    const int64_t steps[] = {outcome->first_freeze_step, outcome->median_freeze_step,
                             outcome->last_freeze_step};
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++)
        outcome->frozen ? az_csv_integer(csv, steps[s]) : az_csv_empty(csv);
    az_csv_f64(csv, outcome->steps_per_second);
    az_csv_text(csv, outcome->fingerprint);
}

enum az_status az_sweep_write_csv(const struct az_sweep *sweep,
                                  const struct az_sweep_outcome *outcomes, const char *directory,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    char path[PATH_BYTES], header[HEADER_BYTES], name[AZ_SWEEP_NAME_BYTES];
    size_t indices[AZ_SWEEP_AXES];
    put_header(sweep, header);
    AZ_TRY(az_path_join(path, sizeof path, directory, "sweep.csv", error));
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, header, error));
    for (size_t run = 0; run < az_sweep_run_count(sweep); run++) {
        az_sweep_name(sweep, run, name);
        az_csv_text(csv, name);
        az_sweep_indices(sweep, run, indices);
        for (size_t a = 0; a < sweep->axis_count; a++)
            az_csv_text(csv, sweep->axes[a].values[indices[a]]);
        az_csv_text(csv, az_sweep_state_name(outcomes[run].state));
        if (az_sweep_ended(&outcomes[run]))
            put_outcome(csv, &outcomes[run]);
        else
            for (int column = 0; column < OUTCOME_COLUMNS; column++) az_csv_empty(csv);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    status = az_csv_finish(csv, status, error);
    if (status == AZ_OK) printf("%s\n", path);
    return status;
}

/* ---- sweep.db ---- */

static void insert_outcome(struct az_catalog *catalog, const struct az_sweep_outcome *outcome)
{
    az_catalog_integer(catalog, outcome->steps);
    az_catalog_real(catalog, outcome->last_loss);
    az_catalog_integer(catalog, outcome->dead);
    az_catalog_integer(catalog, outcome->frozen);
    az_catalog_real(catalog, az_sweep_frozen_share(outcome));
    az_catalog_integer(catalog, outcome->guard_steps);
    const int64_t steps[] = {outcome->first_freeze_step, outcome->median_freeze_step,
                             outcome->last_freeze_step};
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++)
        outcome->frozen ? az_catalog_integer(catalog, steps[s]) : az_catalog_null(catalog);
    az_catalog_real(catalog, outcome->steps_per_second);
    az_catalog_text(catalog, outcome->fingerprint);
}

static enum az_status insert_run(struct az_catalog *catalog, const struct az_sweep *sweep,
                                 size_t run, const struct az_sweep_outcome *outcome,
                                 struct az_error *error)
{
    char name[AZ_SWEEP_NAME_BYTES];
    az_sweep_name(sweep, run, name);
    az_catalog_integer(catalog, (int64_t)run);
    az_catalog_text(catalog, name);
    az_catalog_text(catalog, az_sweep_state_name(outcome->state));
    if (az_sweep_ended(outcome))
        insert_outcome(catalog, outcome);
    else
        for (int column = 0; column < OUTCOME_COLUMNS; column++) az_catalog_null(catalog);
    return az_catalog_row(catalog, error);
}

static enum az_status insert_values(struct az_catalog *catalog, const struct az_sweep *sweep,
                                    size_t run, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t indices[AZ_SWEEP_AXES];
    az_sweep_indices(sweep, run, indices);
    for (size_t a = 0; status == AZ_OK && a < sweep->axis_count; a++) {
        az_catalog_integer(catalog, (int64_t)run);
        az_catalog_text(catalog, sweep->axes[a].key);
        az_catalog_text(catalog, sweep->axes[a].values[indices[a]]);
        status = az_catalog_row(catalog, error);
    }
    return status;
}

enum az_status az_sweep_write_catalog(const struct az_sweep *sweep,
                                      const struct az_sweep_outcome *outcomes,
                                      const char *directory, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_catalog *catalog = NULL;
    char path[PATH_BYTES];
    struct az_catalog_input inputs[] = {{"sweep", sweep->path, {0, 0}},
                                        {"experiment", sweep->base.path, {0, 0}}};
    const struct az_catalog_parameter parameter = {"name", sweep->name};
    for (size_t n = 0; n < sizeof inputs / sizeof *inputs; n++)
        AZ_TRY(az_hash_file(inputs[n].path, &inputs[n].hash, error));
    const struct az_catalog_provenance provenance = {"sweep", &parameter, 1, inputs, 2};
    AZ_TRY(az_path_join(path, sizeof path, directory, "sweep.db", error));
    AZ_TRY(az_catalog_open(&catalog, path, error));
    AZ_TRY(az_catalog_begin(catalog, "sweep_runs", error));
    for (size_t run = 0; run < az_sweep_run_count(sweep); run++)
        AZ_TRY(insert_run(catalog, sweep, run, &outcomes[run], error));
    AZ_TRY(az_catalog_end(catalog, &provenance, error));
    AZ_TRY(az_catalog_begin(catalog, "sweep_values", error));
    for (size_t run = 0; run < az_sweep_run_count(sweep); run++)
        AZ_TRY(insert_values(catalog, sweep, run, error));
    AZ_TRY(az_catalog_end(catalog, &provenance, error));
    status = az_catalog_commit(catalog, error);
    catalog = NULL;
    if (status == AZ_OK) printf("%s\n", path);
out:
    az_catalog_abort(catalog);
    return status;
}
