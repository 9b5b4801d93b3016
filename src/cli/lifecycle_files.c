#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "cli/lifecycle_report.h"
#include "cli/print_json.h"
#include "store/csv.h"
#include "store/json.h"

static void put_token(struct az_csv *csv, const struct az_lifecycle_report *report, int64_t row)
{
    int64_t token = report->lens->subject.tokens[row];
    const char *script;
    char text[256], hex[1024];
    int64_t length_bytes = az_lifecycle_token_text(report, token, text, sizeof text, &script);
    az_lifecycle_token_hex(report, token, hex, sizeof hex);
    az_csv_integer(csv, token);
    az_csv_text(csv, text);
    az_csv_text(csv, hex);
    if (length_bytes < 0)
        az_csv_empty(csv);
    else
        az_csv_integer(csv, length_bytes);
    az_csv_text(csv, script);
    az_csv_text(csv, az_lens_kind(&report->lens->subject, row));
}

enum az_status az_lifecycle_csv(const struct az_lifecycle_report *report, const char *path,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    const struct az_lens *lens = report->lens;
    AZ_TRY(
        az_csv_create(&csv, path, AZ_CSV_WHOLE,
                      "token,text,bytes,length_bytes,script,kind,end_hypernova_step,end_early_step,"
                      "end_midlife_step,last_motion_step,freeze_step,censored,first_still_step,"
                      "moving_steps,stumbles,reheats,cools,still_runs,longest_still_steps,hops,"
                      "l1_cells,norm_start_w,norm_end_w",
                      error));
    for (int64_t row = 0; row < lens->subject.rows; row++) {
        const struct az_token_life *life = &lens->lifecycle->tokens[row];
        if (!(lens->subject.sets[row] >> report->request->set & 1)) continue;
        put_token(csv, report, row);
        for (int phase = AZ_LIFE_HYPERNOVA; phase >= AZ_LIFE_LATE; phase--)
            az_csv_integer(csv, life->end_step[phase]);
        const int64_t values[] = {life->freeze_step,  life->censored,   life->first_still_step,
                                  life->moving_steps, life->stumbles,   life->reheats,
                                  life->cools,        life->still_runs, life->longest_still_steps,
                                  life->hops,         life->l1_cells};
        for (size_t n = 0; n < sizeof values / sizeof *values; n++) az_csv_integer(csv, values[n]);
        az_csv_f64(csv, life->norm_start_w);
        az_csv_f64(csv, life->norm_end_w);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_lifecycle_steps_csv(const struct az_lifecycle_report *report, const char *path,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    const struct az_lens *lens = report->lens;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "set,step,tokens,phase_hypernova,phase_early,phase_midlife,phase_late,"
                         "phase_fimbulwinter,state_hypernova,state_early,state_midlife,state_late,"
                         "state_still,still_share",
                         error));
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++) {
        for (int64_t move = 0; lens->subject.present[set] && move < lens->subject.moves; move++) {
            const int64_t *phases = lens->lifecycle->phases[set][move];
            const int64_t *states = lens->lifecycle->states[set][move];
            az_csv_text(csv, az_lens_set_title(lens, set));
            az_csv_integer(csv, lens->subject.steps[move + 1]);
            az_csv_integer(csv, lens->subject.counts[set]);
            for (int life = AZ_LIFE_HYPERNOVA; life >= 0; life--) az_csv_integer(csv, phases[life]);
            for (int life = AZ_LIFE_HYPERNOVA; life >= 0; life--) az_csv_integer(csv, states[life]);
            az_csv_f64(csv, (double)states[AZ_LIFE_STILL] / (double)lens->subject.counts[set]);
            AZ_TRY(az_csv_end(csv, error));
        }
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_lifecycle_stragglers_csv(const struct az_lifecycle_report *report,
                                           const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    const struct az_lens *lens = report->lens;
    const struct az_straggling *straggling = &report->straggling;
    int64_t points = straggling->point_count ? straggling->point_count : 1;
    AZ_TRY(az_csv_create(
        &csv, path, AZ_CSV_WHOLE,
        "token,text,bytes,length_bytes,script,kind,freeze_step,censored,stumbles,norm_end_w,"
        "step,angle_h_degrees,p_mean",
        error));
    for (int64_t n = 0; n < lens->lifecycle->straggler_count; n++) {
        int64_t row = lens->lifecycle->stragglers[n];
        const struct az_token_life *life = &lens->lifecycle->tokens[row];
        for (int64_t k = 0; k < points; k++) {
            bool known = k < straggling->point_count && n < straggling->token_count;
            if (k && !known) break;
            put_token(csv, report, row);
            az_csv_integer(csv, life->freeze_step);
            az_csv_integer(csv, life->censored);
            az_csv_integer(csv, life->stumbles);
            az_csv_f64(csv, life->norm_end_w);
            if (known) {
                az_csv_integer(csv, straggling->steps[k]);
                az_csv_known(csv, straggling->angle_h_degrees[k * straggling->token_count + n]);
                az_csv_known(csv, straggling->p_mean[k * straggling->token_count + n]);
            } else {
                for (int column = 0; column < 3; column++) az_csv_empty(csv);
            }
            AZ_TRY(az_csv_end(csv, error));
        }
    }
out:
    return az_csv_finish(csv, status, error);
}

/* ---- JSON ---- */

static void json_set(struct az_json *json, const struct az_lens *lens, enum az_lens_set set)
{
    const struct az_set_life *life = &lens->lifecycle->sets[set];
    char name[40];
    az_json_open(json, az_lens_set_title(lens, set), '{');
    az_json_integer(json, "tokens", lens->subject.counts[set]);
    for (int n = 0; n < AZ_LIFE_SHARES; n++) {
        snprintf(name, sizeof name, "first_onset_%.0f_step", 100 * az_life_share(n));
        az_json_integer(json, name, life->first_onset_step[n]);
        snprintf(name, sizeof name, "last_onset_%.0f_step", 100 * az_life_share(n));
        az_json_integer(json, name, life->last_onset_step[n]);
    }
    az_json_integer(json, "frozen", life->frozen);
    az_json_integer(json, "censored_tokens", life->censored_tokens);
    az_json_integer(json, "never_moved", life->never_moved);
    static const char *const quantiles[] = {"first", "q25", "median", "q75", "last"};
    for (int q = 0; q < 5; q++) {
        snprintf(name, sizeof name, "freeze_%s_step", quantiles[q]);
        az_json_integer(json, name, life->freeze_quantiles[q]);
    }
    az_json_integer(json, "still_steps", life->still_steps);
    az_json_integer(json, "still_runs", life->runs);
    az_json_integer(json, "longest_still_frames", life->longest.frames);
    az_json_integer(json, "second_still_frames", life->second.frames);
    az_json_integer(json, "fimbulwinter_step", life->fimbulwinter_step);
    az_json_integer(json, "fimbulwinter_steps", life->fimbulwinter_steps);
    az_json_real(json, "fimbulwinter_ratio", life->fimbulwinter_ratio);
    az_json_boolean(json, "censored", life->censored);
    az_json_close(json, '}');
}

enum az_status az_lifecycle_print_json(const struct az_lifecycle_report *report,
                                       struct az_error *error)
{
    struct az_json json;
    const struct az_lens *lens = report->lens;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "recording", report->request->path);
    az_json_text(&json, "matrix", lens->subject.matrix);
    az_json_integer(&json, "last_step", lens->subject.steps[lens->subject.moves]);
    az_json_integer(&json, "guard_steps", lens->subject.guard_steps);
    az_json_open(&json, "sets", '{');
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++)
        if (lens->subject.present[set]) json_set(&json, lens, set);
    az_json_close(&json, '}');
    az_json_open(&json, "stragglers", '[');
    for (int64_t n = 0; n < lens->lifecycle->straggler_count; n++) {
        int64_t row = lens->lifecycle->stragglers[n];
        const char *script;
        char token[256], hex[1024];
        int64_t id = lens->subject.tokens[row];
        az_json_open(&json, NULL, '{');
        az_lifecycle_token_text(report, id, token, sizeof token, &script);
        az_json_integer(&json, "token", id);
        az_json_text(&json, "text", token);
        az_lifecycle_token_hex(report, id, hex, sizeof hex);
        az_json_text(&json, "bytes", hex);
        az_json_text(&json, "script", script);
        az_json_integer(&json, "freeze_step", lens->lifecycle->tokens[row].freeze_step);
        az_json_boolean(&json, "censored", lens->lifecycle->tokens[row].censored);
        az_json_close(&json, '}');
    }
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}
