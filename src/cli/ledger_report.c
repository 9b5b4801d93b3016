#include "cli/ledger_report.h"
#include "cli/print_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/unit.h"
#include "store/csv.h"
#include "store/json.h"

static const char *const set_names[AZ_LEDGER_SETS] = {"dead", "live"};

/* ---- gathering ---- */

struct gathering {
    struct az_ledger_report *report;
    size_t step_capacity, entry_capacity;
    enum az_status status;
    struct az_error error;
};

static bool make_room(struct gathering *gathering, void *array, size_t count, size_t *capacity,
                      size_t size)
{
    if (gathering->status != AZ_OK) return false;
    if (count < *capacity) return true;
    size_t larger = 2 * *capacity + 1024;
    gathering->status =
        az_memory_grow(array, *capacity, larger, size, "the ledger", &gathering->error);
    if (gathering->status == AZ_OK) *capacity = larger;
    return gathering->status == AZ_OK;
}

static void gather_step(void *context, const struct az_ledger_step *step)
{
    struct gathering *gathering = context;
    struct az_ledger_report *report = gathering->report;
    if (make_room(gathering, &report->steps, report->step_count, &gathering->step_capacity,
                  sizeof *step))
        report->steps[report->step_count++] = *step;
}

static void gather_entry(void *context, const struct az_ledger_entry *entry)
{
    struct gathering *gathering = context;
    struct az_ledger_report *report = gathering->report;
    if (make_room(gathering, &report->entries, report->entry_count, &gathering->entry_capacity,
                  sizeof *entry))
        report->entries[report->entry_count++] = *entry;
}

enum az_status az_ledger_report_make(struct az_ledger_report *report,
                                     struct az_ledger_options *options,
                                     struct az_progress *progress, struct az_error *error)
{
    struct gathering gathering = {.report = report};
    options->token = report->token;
    options->step = gather_step;
    options->entry = gather_entry;
    options->context = &gathering;
    enum az_status status = az_ledger_make(&report->ledger, report->path, options, progress, error);
    if (status != AZ_OK || gathering.status == AZ_OK) return status;
    if (error) *error = gathering.error;
    return gathering.status;
}

void az_ledger_report_free(struct az_ledger_report *report)
{
    az_memory_free(report->steps);
    az_memory_free(report->entries);
    az_ledger_free(&report->ledger);
}

/* ---- on the terminal ---- */

/* 1, 2, 5, 10, 20, 50 ... and the last. */
static bool is_shown(int64_t step, int64_t last)
{
    int64_t unit = 1;
    while (unit * 10 <= step) unit *= 10;
    return step == last || step == unit || step == 2 * unit || step == 5 * unit;
}

static void print_set(const struct az_ledger_report *report, int set)
{
    char rows[AZ_UNIT_TEXT_BYTES];
    if (!report->ledger.rows_of[set]) return;
    az_unit_count((uint64_t)report->ledger.rows_of[set], rows);
    printf("%s tokens: %s\n", set_names[set], rows);
    printf("%8s %10s %10s %9s %9s %9s %9s %9s\n", "step", "drive 50%", "drive 99%", "above 1",
           "moved", "v locked", "v = 2^k", "v age");
    for (size_t s = 0; s < report->step_count; s++) {
        const struct az_ledger_step *step = &report->steps[s];
        const struct az_ledger_set_step *of = &step->sets[set];
        if (!is_shown(step->step, report->ledger.steps)) continue;
        printf("%8" PRId64 " %10.4g %10.4g %7.2f %% %7.2f %% %7.2f %% %7.2f %% %9.0f\n", step->step,
               of->drive[3], of->drive[5], 100 * of->drive_share, 100 * of->moved_share,
               100 * of->v_unchanged_share, 100 * of->v_power_share, of->v_age_median_steps);
    }
    printf("\n");
}

static void print_causes(const struct az_ledger *ledger)
{
    char count[AZ_UNIT_TEXT_BYTES], dead[AZ_UNIT_TEXT_BYTES];
    if (!ledger->rows_of[AZ_LEDGER_DEAD]) {
        printf("the recording does not say which tokens are dead: no causes\n");
        return;
    }
    az_unit_count((uint64_t)ledger->frozen, count);
    az_unit_count((uint64_t)ledger->rows_of[AZ_LEDGER_DEAD], dead);
    printf("why dead tokens froze: %s of %s (no motion in the last %" PRId64 " steps)\n", count,
           dead, ledger->guard_steps);
    for (int c = 0; c < AZ_CAUSES; c++) {
        double share =
            ledger->frozen ? 100 * (double)ledger->causes[c] / (double)ledger->frozen : 0;
        az_unit_count((uint64_t)ledger->causes[c], count);
        printf("  %-16s %8s %7.1f %%   %s\n", az_cause_name((enum az_cause)c), count, share,
               az_cause_meaning((enum az_cause)c));
    }
    az_unit_count((uint64_t)ledger->locked, count);
    printf("  %-16s %8s            v of that coordinate did not change any more\n",
           "of all, v locked", count);
    if (ledger->never_moved) printf("  never moved      %8" PRId64 "\n", ledger->never_moved);
    if (ledger->censored)
        printf("  %-16s %8" PRId64 "            moved in the last %" PRId64 " steps\n",
               "not frozen", ledger->censored, ledger->guard_steps);
}

static void print_token(const struct az_ledger_report *report)
{
    int64_t dims = report->ledger.dims;
    if (report->token < 0 || report->entry_count < (size_t)dims) return;
    const struct az_ledger_entry *last = report->entries + report->entry_count - (size_t)dims;
    printf("\ntoken %" PRId64 " at step %" PRId64 "\n%5s %11s %11s %11s %11s %11s %9s %5s %5s\n",
           report->token, last->step, "dim", "w", "g", "m", "v", "step", "drive", "pred.", "seen");
    for (int64_t d = 0; d < dims; d++)
        printf("%5" PRId64 " %11.4g %11.3g %11.3g %11.3g %11.3g %9.3g %5d %5d\n", last[d].dim,
               last[d].w_after, last[d].g, last[d].m, last[d].v, last[d].step_w, last[d].drive,
               last[d].cells_predicted, last[d].cells_seen);
}

void az_ledger_report_print(const struct az_ledger_report *report)
{
    for (int set = 0; set < AZ_LEDGER_SETS; set++) print_set(report, set);
    printf("drive: |a| / half gap, quantiles over coordinates; v locked: same bits as the step "
           "before;\nv age: median of the steps since v last changed\n\n");
    print_causes(&report->ledger);
    print_token(report);
}

/* ---- JSON ---- */

enum az_status az_ledger_report_json(const struct az_ledger_report *report, struct az_error *error)
{
    const struct az_ledger *ledger = &report->ledger;
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_integer(&json, "steps", ledger->steps);
    az_json_integer(&json, "guard_steps", ledger->guard_steps);
    az_json_integer(&json, "dead", ledger->rows_of[AZ_LEDGER_DEAD]);
    az_json_integer(&json, "live", ledger->rows_of[AZ_LEDGER_LIVE]);
    az_json_integer(&json, "frozen", ledger->frozen);
    az_json_integer(&json, "never_moved", ledger->never_moved);
    az_json_integer(&json, "censored", ledger->censored);
    az_json_integer(&json, "v_locked", ledger->locked);
    az_json_open(&json, "causes", '{');
    for (int c = 0; c < AZ_CAUSES; c++)
        az_json_integer(&json, az_cause_name((enum az_cause)c), ledger->causes[c]);
    az_json_close(&json, '}');
    for (int set = 0; set < AZ_LEDGER_SETS && report->step_count; set++) {
        const struct az_ledger_set_step *last = &report->steps[report->step_count - 1].sets[set];
        az_json_open(&json, set_names[set], '{');
        az_json_real(&json, "drive_median", last->drive[3]);
        az_json_real(&json, "drive_share", last->drive_share);
        az_json_real(&json, "moved_share", last->moved_share);
        az_json_real(&json, "v_power_share", last->v_power_share);
        az_json_real(&json, "v_unchanged_share", last->v_unchanged_share);
        az_json_real(&json, "v_age_median_steps", last->v_age_median_steps);
        az_json_close(&json, '}');
    }
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}

/* ---- CSV ---- */

static void put_quantiles(struct az_csv *csv, const double values[AZ_LEDGER_QUANTILES])
{
    for (int q = 0; q < AZ_LEDGER_QUANTILES; q++) az_csv_f64(csv, values[q]);
}

#define QUANTILE_COLUMNS(name, unit)                                                               \
    "," name "_min" unit "," name "_q01" unit "," name "_q25" unit "," name "_median" unit         \
    "," name "_q75" unit "," name "_q99" unit "," name "_max" unit

enum az_status az_ledger_report_csv(const struct az_ledger_report *report, const char *path,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(
        &csv, path, AZ_CSV_WHOLE,
        "step,set,lr" QUANTILE_COLUMNS("drive", "") QUANTILE_COLUMNS("m_abs", "_w")
            QUANTILE_COLUMNS(
                "v_root",
                "_w") ",drive_above_1_share,moved_share,m_zero_share,v_power_of_two_share,"
                      "v_unchanged_share,v_age_median_steps",
        error));
    for (size_t s = 0; s < report->step_count; s++) {
        for (int set = 0; set < AZ_LEDGER_SETS; set++) {
            const struct az_ledger_set_step *of = &report->steps[s].sets[set];
            if (!report->ledger.rows_of[set]) continue;
            az_csv_integer(csv, report->steps[s].step);
            az_csv_text(csv, set_names[set]);
            az_csv_f64(csv, report->steps[s].lr);
            put_quantiles(csv, of->drive);
            put_quantiles(csv, of->m_abs);
            put_quantiles(csv, of->v_root);
            az_csv_f64(csv, of->drive_share);
            az_csv_f64(csv, of->moved_share);
            az_csv_f64(csv, of->m_zero_share);
            az_csv_f64(csv, of->v_power_share);
            az_csv_f64(csv, of->v_unchanged_share);
            az_csv_f64(csv, of->v_age_median_steps);
            AZ_TRY(az_csv_end(csv, error));
        }
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_ledger_report_tokens(const struct az_ledger_report *report, const char *path,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "token,set,frozen,last_motion_step,dim,drive_at_last_hop,cause,"
                         "m_part_log,v_part_log,spacing_part_log,lr_part_log,v_locked,m_end_w,"
                         "m_needed_end_w,v_root_end_w,half_gap_end_w",
                         error));
    for (int64_t row = 0; row < report->ledger.rows; row++) {
        const struct az_ledger_token *token = &report->ledger.tokens[row];
        bool caused = token->frozen && token->last_motion_step > 0;
        az_csv_integer(csv, token->token);
        az_csv_text(csv, set_names[token->dead ? AZ_LEDGER_DEAD : AZ_LEDGER_LIVE]);
        az_csv_integer(csv, token->frozen);
        az_csv_integer(csv, token->last_motion_step);
        az_csv_integer(csv, token->dim);
        az_csv_f64(csv, token->drive_at_last_hop);
        az_csv_text(csv, caused ? az_cause_name(token->cause) : "");
        for (int c = 0; c < AZ_CAUSES; c++)
            caused ? az_csv_f64(csv, token->parts[c]) : az_csv_empty(csv);
        az_csv_integer(csv, token->v_locked);
        az_csv_f64(csv, token->m_end);
        az_csv_f64(csv, token->m_needed_end);
        az_csv_f64(csv, token->v_root_end);
        az_csv_f64(csv, token->half_gap_end_w);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_ledger_report_entries(const struct az_ledger_report *report, const char *path,
                                        struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "step,dim,g,m,v,w_before,w_after,step_w,half_gap_w,drive_ratio,"
                         "predicted_cells,seen_cells",
                         error));
    for (size_t e = 0; e < report->entry_count; e++) {
        const struct az_ledger_entry *entry = &report->entries[e];
        const double values[] = {entry->g,       entry->m,      entry->v,          entry->w_before,
                                 entry->w_after, entry->step_w, entry->half_gap_w, entry->drive};
        az_csv_integer(csv, entry->step);
        az_csv_integer(csv, entry->dim);
        for (size_t n = 0; n < sizeof values / sizeof *values; n++) az_csv_f64(csv, values[n]);
        az_csv_integer(csv, entry->cells_predicted);
        az_csv_integer(csv, entry->cells_seen);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}
