#include "cli/divergence_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/unit.h"
#include "cli/print_json.h"

#define MEDIAN 3
#define Q95 5
#define MOST (AZ_MOTION_QUANTILES - 1)

const char *az_divergence_set_title(const struct az_divergence *told, enum az_lens_set set)
{
    return set == AZ_LENS_NAMED ? told->subject.named : az_lens_set_name(set);
}

/* ---- the set as a whole ---- */

static void summarise_steps(const struct az_divergence *told, const struct az_divergence_step *of,
                            struct az_divergence_summary *summary)
{
    const int64_t *steps = told->subject.steps;
    double most = 0;
    for (int64_t n = 0; n <= told->subject.moves; n++) {
        most = fmax(most, of[n].distance_w);
        if (of[n].parted && summary->first_step < 0) summary->first_step = steps[n];
        if (n == 0) continue;
        double speed =
            (of[n].distance_w - of[n - 1].distance_w) / (double)(steps[n] - steps[n - 1]);
        if (speed <= summary->fastest_w) continue;
        summary->fastest_w = speed;
        summary->fastest_step = steps[n];
    }
    for (int64_t n = 0; n <= told->subject.moves && summary->half_step < 0 && most > 0; n++)
        if (of[n].distance_w >= most / 2) summary->half_step = steps[n];
}

void az_divergence_summarise(const struct az_divergence *told, enum az_lens_set set,
                             struct az_divergence_summary *summary)
{
    double count = (double)told->subject.counts[set], squares = 0;
    *summary = (struct az_divergence_summary){
        .first_step = -1, .fastest_step = -1, .half_step = -1, .most_token = -1};
    summarise_steps(told, told->steps[set], summary);
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t row = 0; row < told->subject.rows; row++) {
            double distance = told->tokens[row].last[AZ_DIVERGENCE_DISTANCE];
            if (!(told->subject.sets[row] >> set & 1)) continue;
            if (pass) {
                squares += (distance - summary->mean_w) * (distance - summary->mean_w);
                continue;
            }
            summary->mean_w += distance / count;
            summary->never += told->tokens[row].first_step < 0;
            if (summary->most_token >= 0 && distance <= summary->most_w) continue;
            summary->most_w = distance;
            summary->most_token = told->subject.tokens[row];
        }
    }
    summary->deviation_w = sqrt(squares / count);
}

/* ---- for people ---- */

static void print_head(const struct az_divergence *told, enum az_lens_set set)
{
    const struct az_lens_subject *subject = &told->subject;
    char rows[AZ_UNIT_TEXT_BYTES], frames[AZ_UNIT_TEXT_BYTES], of[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)subject->rows, rows);
    az_unit_count((uint64_t)subject->moves + 1, frames);
    az_unit_count((uint64_t)subject->counts[set], of);
    printf("%s: %s tokens of %" PRId64 " dimensions and %s frames, step %" PRId64 " to %" PRId64
           ", in both",
           subject->matrix, rows, subject->dims, frames, subject->steps[0],
           subject->steps[subject->moves]);
    if (told->only_a || told->only_b)
        printf("; %" PRId64 " frames only in A, %" PRId64 " only in B", told->only_a, told->only_b);
    printf("\ntold of: %s, %s tokens\n\n", az_divergence_set_title(told, set), of);
}

static void print_cosine(double value, int width)
{
    if (isnan(value))
        printf(" %*s", width, "-");
    else
        printf(" %*.3f", width, value);
}

static void print_step(const struct az_divergence *told, enum az_lens_set set, int64_t n)
{
    const struct az_divergence_step *step = &told->steps[set][n];
    const double(*q)[AZ_MOTION_QUANTILES] = step->quantiles;
    double count = (double)told->subject.counts[set];
    printf("%8" PRId64 " %7.2f%% %7.4g %9.6g %9.6g %9.4g %7.0f %9.0f %9.4g %9.4g",
           told->subject.steps[n], 100 * (double)step->parted / count,
           q[AZ_DIVERGENCE_COORDINATES][MEDIAN], q[AZ_DIVERGENCE_L1][MEDIAN],
           q[AZ_DIVERGENCE_L2][MEDIAN], q[AZ_DIVERGENCE_L2][Q95], q[AZ_DIVERGENCE_LINF][MEDIAN],
           q[AZ_DIVERGENCE_LINF][MOST], q[AZ_DIVERGENCE_DISTANCE][MEDIAN],
           q[AZ_DIVERGENCE_DISTANCE][Q95]);
    printf(" %9.4g %9.4g", step->distance_w, step->evolution_w);
    double angle = q[AZ_DIVERGENCE_ANGLE][MEDIAN];
    if (isnan(angle))
        printf(" %7s", "-");
    else
        printf(" %7.1f", angle);
    print_cosine(step->step_cosine, 7);
    printf("\n");
}

static void print_steps(const struct az_divergence *told, enum az_lens_set set)
{
    printf("%8s %8s %7s %9s %19s %17s %19s %19s %7s %7s\n", "", "", "coords", "L1, cells",
           "L2, cells", "Linf, cells", "distance, w", "all tokens, w", "angle", "steps'");
    printf("%8s %8s %7s %9s %9s %9s %7s %9s %9s %9s %9s %9s %7s %7s\n", "step", "parted", "median",
           "median", "median", "95 %", "median", "most", "median", "95 %", "distance", "evolution",
           "median", "cosine");
    for (int64_t n = 0; n <= told->subject.moves; n++)
        if (n == 0 || az_lens_is_shown(n, told->subject.moves)) print_step(told, set, n);
    printf("\n");
}

/* What share of the squares of all tokens' distances the dead ones have. */
static double dead_share(const struct az_divergence *told)
{
    const struct az_divergence_step *all = &told->steps[AZ_LENS_ALL][told->subject.moves];
    if (!told->steps[AZ_LENS_DEAD] || all->distance_w == 0) return NAN;
    double share = told->steps[AZ_LENS_DEAD][told->subject.moves].distance_w / all->distance_w;
    return share * share;
}

static void print_summary(const struct az_divergence *told, enum az_lens_set set)
{
    struct az_divergence_summary summary;
    const struct az_divergence_step *last = &told->steps[set][told->subject.moves];
    az_divergence_summarise(told, set, &summary);
    if (summary.first_step < 0) {
        printf("no token differs at any step\n");
        return;
    }
    printf("first apart    step %" PRId64 "; %" PRId64 " tokens never part\n", summary.first_step,
           summary.never);
    if (summary.fastest_step >= 0)
        printf("apart fastest  step %" PRId64
               ", by %.4g w a step; half of the most at step %" PRId64 "\n",
               summary.fastest_step, summary.fastest_w, summary.half_step);
    printf("at the end     distance %.4g w, evolution part %.4g w", last->distance_w,
           last->evolution_w);
    if (last->evolution_w > 0) printf(", ratio %.4g", last->distance_w / last->evolution_w);
    if (!isnan(dead_share(told)))
        printf("; dead tokens have %.1f %% of all squares", 100 * dead_share(told));
    printf("\na token, then  %.4g w in the mean, deviation %.3g, most %.4g (token %" PRId64 ")\n",
           summary.mean_w, summary.deviation_w, summary.most_w, summary.most_token);
}

void az_divergence_print(const struct az_divergence *told, enum az_lens_set set)
{
    print_head(told, set);
    print_steps(told, set);
    print_summary(told, set);
}

/* ---- for programs ---- */

static void put_step(struct az_csv *csv, const struct az_divergence_step *step)
{
    az_csv_integer(csv, step->parted);
    az_csv_integer(csv, step->l1_cells);
    az_csv_f64(csv, step->distance_w);
    az_csv_f64(csv, step->evolution_w);
    isnan(step->step_cosine) ? az_csv_empty(csv) : az_csv_f64(csv, step->step_cosine);
    for (int n = 0; n < AZ_DIVERGENCE_QUANTITIES * AZ_MOTION_QUANTILES; n++) {
        double value = step->quantiles[n / AZ_MOTION_QUANTILES][n % AZ_MOTION_QUANTILES];
        isnan(value) ? az_csv_empty(csv) : az_csv_f32(csv, (float)value);
    }
}

enum az_status az_divergence_csv(const struct az_divergence *told, const char *path,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    char name[64];
    static const char *const columns[] = {"set",           "step",         "tokens",
                                          "parted_tokens", "l1_cells_sum", "distance_w",
                                          "evolution_w",   "step_cosine"};
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, NULL, error));
    for (size_t n = 0; n < sizeof columns / sizeof *columns; n++) az_csv_text(csv, columns[n]);
    for (int n = 0; n < AZ_DIVERGENCE_QUANTITIES * AZ_MOTION_QUANTILES; n++) {
        az_lens_quantile_name(
            name, sizeof name,
            az_divergence_name((enum az_divergence_quantity)(n / AZ_MOTION_QUANTILES)),
            n % AZ_MOTION_QUANTILES);
        az_csv_text(csv, name);
    }
    AZ_TRY(az_csv_end(csv, error));
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++) {
        for (int64_t n = 0; told->steps[set] && n <= told->subject.moves; n++) {
            az_csv_text(csv, az_divergence_set_title(told, set));
            az_csv_integer(csv, told->subject.steps[n]);
            az_csv_integer(csv, told->subject.counts[set]);
            put_step(csv, &told->steps[set][n]);
            AZ_TRY(az_csv_end(csv, error));
        }
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_divergence_tokens_csv(const struct az_divergence *told, const char *path,
                                        struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "token,kind,first_step,equal_frames,most_w,most_step,last_l1_cells,"
                         "last_l2_cells,last_linf_cells,last_coordinates,last_distance_w,"
                         "last_angle_degrees",
                         error));
    for (int64_t row = 0; row < told->subject.rows; row++) {
        const struct az_divergence_token *token = &told->tokens[row];
        az_csv_integer(csv, told->subject.tokens[row]);
        az_csv_text(csv, az_lens_kind(&told->subject, row));
        token->first_step < 0 ? az_csv_empty(csv) : az_csv_integer(csv, token->first_step);
        az_csv_integer(csv, token->equal_frames);
        az_csv_f64(csv, token->most_w);
        az_csv_integer(csv, token->most_step);
        for (int q = 0; q < AZ_DIVERGENCE_QUANTITIES; q++)
            isnan(token->last[q]) ? az_csv_empty(csv) : az_csv_f32(csv, (float)token->last[q]);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

static void json_step(struct az_json *json, const struct az_divergence_step *step, int64_t number)
{
    char name[64];
    az_json_open(json, NULL, '{');
    az_json_integer(json, "step", number);
    az_json_integer(json, "parted_tokens", step->parted);
    az_json_integer(json, "l1_cells_sum", step->l1_cells);
    az_json_real(json, "distance_w", step->distance_w);
    az_json_real(json, "evolution_w", step->evolution_w);
    az_json_real(json, "step_cosine", step->step_cosine);
    for (int n = 0; n < AZ_DIVERGENCE_QUANTITIES * AZ_MOTION_QUANTILES; n++) {
        int quantity = n / AZ_MOTION_QUANTILES, quantile = n % AZ_MOTION_QUANTILES;
        az_lens_quantile_name(name, sizeof name,
                              az_divergence_name((enum az_divergence_quantity)quantity), quantile);
        az_json_real(json, name, step->quantiles[quantity][quantile]);
    }
    az_json_close(json, '}');
}

enum az_status az_divergence_print_json(const struct az_divergence *told, enum az_lens_set set,
                                        const struct az_compare_report *report,
                                        struct az_error *error)
{
    struct az_json json;
    struct az_divergence_summary summary;
    az_divergence_summarise(told, set, &summary);
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "a", az_recording_path(report->a));
    az_json_text(&json, "b", az_recording_path(report->b));
    az_compare_json_parameters(&json, report);
    az_json_text(&json, "matrix", told->subject.matrix);
    az_json_text(&json, "set", az_divergence_set_title(told, set));
    az_json_integer(&json, "tokens", told->subject.counts[set]);
    az_json_integer(&json, "dims", told->subject.dims);
    az_json_integer(&json, "first_step", summary.first_step);
    az_json_integer(&json, "tokens_never_parted", summary.never);
    az_json_integer(&json, "fastest_step", summary.fastest_step);
    az_json_integer(&json, "half_of_most_step", summary.half_step);
    az_json_real(&json, "dead_share_of_squares", dead_share(told));
    az_json_real(&json, "token_mean_w", summary.mean_w);
    az_json_real(&json, "token_deviation_w", summary.deviation_w);
    az_json_real(&json, "token_most_w", summary.most_w);
    az_json_integer(&json, "token_most", summary.most_token);
    az_json_open(&json, "steps", '[');
    for (int64_t n = 0; n <= told->subject.moves; n++)
        json_step(&json, &told->steps[set][n], told->subject.steps[n]);
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}
