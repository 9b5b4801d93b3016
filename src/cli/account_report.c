#include "cli/account_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "cli/print_json.h"
#include "store/csv.h"

#define EDGE_STEPS 20 /* shown at the beginning and at the end */

static const char *const set_names[AZ_ACCOUNT_SETS] = {"all", "dead", "live"};
static const char *const tensor_names[AZ_ACCOUNT_TENSORS] = {"weight", "momentum", "variance"};
static const char *const short_names[AZ_ACCOUNT_TENSORS] = {"w", "m", "v"};

static int64_t total(const struct az_account_counts *counts)
{
    return counts->equal + counts->off_by_one + counts->worse;
}

static int64_t differing(const struct az_account_counts *counts)
{
    return counts->off_by_one + counts->worse;
}

static bool has_rows(const struct az_account_report *report, int set)
{
    return total(&report->result.counts[set][AZ_ACCOUNT_W]) > 0;
}

/* ---- for people ---- */

static void print_number(const char *format, int width, double value)
{
    if (isnan(value))
        printf(" %*s", width, "-");
    else
        printf(format, value);
}

static void print_step(const struct az_account_step *step)
{
    printf("%7" PRId64, step->step);
    if (!step->complete) {
        printf("   not all tensors are recorded here\n");
        return;
    }
    printf(" %12.5e %12.5e %12.5e", step->predicted_norm_w[0], step->observed_norm_w[0],
           step->residual_norm_w[0]);
    print_number(" %9.6f", 9, step->cosine[0]);
    print_number(" %9.6f", 9, step->ratio[0]);
    for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++)
        printf(" %8" PRId64, differing(&step->counts[0][tensor]));
    printf("%s\n", step->frames_altered ? "  altered" : "");
}

static void print_steps(const struct az_account_report *report)
{
    size_t count = report->step_count;
    printf("%7s %38s %19s %26s\n", "", "norm of the change, weight units", "",
           "components that differ");
    printf("%7s %12s %12s %12s %9s %9s %8s %8s %8s\n", "step", "predicted", "observed",
           "difference", "cosine", "ratio", "w", "m", "v");
    for (size_t n = 0; n < count; n++) {
        if (n == EDGE_STEPS && count > 2 * EDGE_STEPS) {
            printf("%7s\n", "...");
            n = count - EDGE_STEPS;
        }
        print_step(&report->steps[n]);
    }
    printf("\n");
}

static void print_counts(const struct az_account_report *report)
{
    printf("%-5s %-2s %18s %18s %14s %14s\n", "rows", "", "components", "equal", "off by one",
           "worse");
    for (int set = 0; set < AZ_ACCOUNT_SETS; set++) {
        for (int tensor = 0; has_rows(report, set) && tensor < AZ_ACCOUNT_TENSORS; tensor++) {
            const struct az_account_counts *counts = &report->result.counts[set][tensor];
            char text[4][AZ_UNIT_TEXT_BYTES];
            az_unit_count((uint64_t)total(counts), text[0]);
            az_unit_count((uint64_t)counts->equal, text[1]);
            az_unit_count((uint64_t)counts->off_by_one, text[2]);
            az_unit_count((uint64_t)counts->worse, text[3]);
            printf("%-5s %-2s %18s %18s %14s %14s\n", tensor ? "" : set_names[set],
                   short_names[tensor], text[0], text[1], text[2], text[3]);
        }
    }
    printf("\n");
}

/* The notebooks' measure: how near the norms and directions come, whatever the bits. Steps in which
 * nothing moved have neither ratio nor cosine. */
static void print_likeness(const struct az_account_report *report)
{
    printf("%-5s %16s %18s %14s %14s %14s\n", "rows", "ratio within 1 %", "cosine above 0.99",
           "mean ratio", "mean cosine", "still steps");
    for (int set = 0; set < AZ_ACCOUNT_SETS; set++) {
        int64_t near = 0, aligned = 0, moving = 0, still = 0;
        double ratios = 0, cosines = 0;
        if (!has_rows(report, set)) continue;
        for (size_t n = 0; n < report->step_count; n++) {
            const struct az_account_step *step = &report->steps[n];
            if (!step->complete) continue;
            still += step->observed_norm_w[set] == 0;
            if (isnan(step->ratio[set]) || isnan(step->cosine[set])) continue;
            moving++;
            near += fabs(step->ratio[set] - 1) <= 0.01;
            aligned += step->cosine[set] > 0.99;
            ratios += step->ratio[set];
            cosines += step->cosine[set];
        }
        printf("%-5s %7" PRId64 " of %5" PRId64 " %9" PRId64 " of %5" PRId64, set_names[set], near,
               moving, aligned, moving);
        print_number(" %14.6f", 14, moving ? ratios / (double)moving : NAN);
        print_number(" %14.6f", 14, moving ? cosines / (double)moving : NAN);
        printf(" %14" PRId64 "\n", still);
    }
    printf("\n");
}

/* The search took one of several that explained its sample alike. */
static bool is_alike(const struct az_account_result *result, int arithmetic)
{
    return result->arithmetic_from_search && arithmetic != (int)result->arithmetic &&
           result->explained_share[arithmetic] == result->explained_share[result->arithmetic];
}

static void print_search(const struct az_account_result *result)
{
    bool alike = false;
    if (!result->arithmetic_from_search) return;
    printf("share of components that each arithmetic explains:\n");
    for (int n = 0; n < AZ_ARITHMETIC_COUNT; n++)
        if (result->explained_share[n] >= 0)
            printf("  %-14s %.6f %%\n", az_arithmetic_name((enum az_arithmetic)n),
                   100 * result->explained_share[n]);
    for (int n = 0; n < AZ_ARITHMETIC_COUNT; n++) {
        if (!is_alike(result, n)) continue;
        printf("%s%s", alike ? ", " : "these steps do not tell apart from it: ",
               az_arithmetic_name((enum az_arithmetic)n));
        alike = true;
    }
    printf(alike ? "\n\n" : "\n");
}

/* Only what PyTorch computes in two ways needs a word. */
static void print_paths(const struct az_account_result *result)
{
    const struct az_account_tail *tail = &result->tail;
    char body[AZ_UNIT_TEXT_BYTES];
    if (result->arithmetic != AZ_ARITHMETIC_BF16_FUSED) return;
    az_unit_count((uint64_t)(result->rows * result->dims - tail->elements), body);
    printf("paths of the fused kernel: %s elements in its vector body, 16 at a time from the "
           "start of the matrix, whatever the threads;\n",
           body);
    if (tail->elements)
        printf(
            "the last %" PRId64 " (numel mod 16), from token %" PRId64 ", dimension %" PRId64
            " on, one by one in its scalar tail: there the compiler fused v b2 and not w2 g g\n\n",
            tail->elements, tail->first_token, tail->first_dim);
    else
        printf("none of these rows in its scalar tail, the last numel mod 16\n\n");
}

/* They need not be among the first and last steps shown. */
static void print_inexact_steps(const struct az_account_report *report)
{
    int shown = 0, more = 0;
    for (size_t n = 0; n < report->step_count; n++) {
        const struct az_account_step *step = &report->steps[n];
        if (!step->complete || step->exact) continue;
        if (shown == EDGE_STEPS)
            more++;
        else
            printf(shown++ ? ", %" PRId64 : "steps that differ: %" PRId64, step->step);
    }
    if (more) printf(" and %d more", more);
    if (shown) printf("\n");
}

static void print_first(const struct az_account_place *first)
{
    int digits = first->bits / 4;
    printf("first difference: step %" PRId64 ", %s", first->step, first->tensor_name);
    if (first->token < 0)
        printf(": the frame is not as it was written\n");
    else
        printf(", token %" PRId64 ", dimension %" PRId64 ": expected bits 0x%0*" PRIx32
               ", found 0x%0*" PRIx32 "\n",
               first->token, first->dim, digits, first->expected_bits, digits, first->found_bits);
}

static void print_verdict(const struct az_account_report *report)
{
    const struct az_account_result *result = &report->result;
    char exact[AZ_UNIT_TEXT_BYTES], complete[AZ_UNIT_TEXT_BYTES], other[AZ_UNIT_TEXT_BYTES];
    char summed[AZ_UNIT_TEXT_BYTES], altered[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)result->steps_exact, exact);
    az_unit_count((uint64_t)result->steps_complete, complete);
    az_unit_count((uint64_t)(result->steps - result->steps_complete), other);
    az_unit_count((uint64_t)result->frames_summed, summed);
    az_unit_count((uint64_t)result->frames_altered, altered);
    printf("%s of %s steps exact: arithmetic %s, rounding %s\n", exact, complete,
           az_arithmetic_name(result->arithmetic), az_rounding_name(result->rounding));
    if (result->steps_complete < result->steps)
        printf("%s more steps are not recorded in full and prove nothing\n", other);
    if (result->frames_summed)
        printf("%s frames compared with the sums written with them, %s altered\n", summed, altered);
    if (result->other_matrix)
        printf("%s is recorded too: azimuth account --matrix %s accounts for it\n",
               result->other_matrix, result->other_matrix);
    print_inexact_steps(report);
    if (result->first.found) print_first(&result->first);
}

void az_account_report_print(const struct az_account_report *report)
{
    const struct az_account_result *result = &report->result;
    char rows[AZ_UNIT_TEXT_BYTES], dead[AZ_UNIT_TEXT_BYTES] = "unknown how many";
    az_unit_count((uint64_t)result->rows, rows);
    if (result->dead >= 0) az_unit_count((uint64_t)result->dead, dead);
    printf("%s: %s, %s rows of %" PRId64 " dimensions, %s of them dead\n\n", report->path,
           report->matrix, rows, result->dims, dead);
    print_steps(report);
    print_likeness(report);
    print_counts(report);
    print_search(&report->result);
    print_paths(&report->result);
    print_verdict(report);
}

/* ---- for programs ---- */

static void json_counts(struct az_json *json, const char *key,
                        const struct az_account_counts *counts)
{
    az_json_open(json, key, '{');
    az_json_integer(json, "equal", counts->equal);
    az_json_integer(json, "off_by_one", counts->off_by_one);
    az_json_integer(json, "worse", counts->worse);
    az_json_close(json, '}');
}

static void json_step(struct az_json *json, const struct az_account_report *report,
                      const struct az_account_step *step)
{
    az_json_open(json, NULL, '{');
    az_json_integer(json, "step", step->step);
    az_json_boolean(json, "complete", step->complete);
    az_json_boolean(json, "exact", step->exact);
    az_json_integer(json, "frames_altered", step->frames_altered);
    for (int set = 0; step->complete && set < AZ_ACCOUNT_SETS; set++) {
        if (!has_rows(report, set)) continue;
        az_json_open(json, set_names[set], '{');
        az_json_real(json, "predicted_norm_w", step->predicted_norm_w[set]);
        az_json_real(json, "observed_norm_w", step->observed_norm_w[set]);
        az_json_real(json, "difference_norm_w", step->residual_norm_w[set]);
        az_json_real(json, "cosine", step->cosine[set]);
        az_json_real(json, "ratio", step->ratio[set]);
        for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++)
            json_counts(json, tensor_names[tensor], &step->counts[set][tensor]);
        az_json_close(json, '}');
    }
    az_json_close(json, '}');
}

static void json_first(struct az_json *json, const struct az_account_place *first)
{
    if (!first->found) {
        az_json_literal(json, "first_difference", "null");
        return;
    }
    az_json_open(json, "first_difference", '{');
    az_json_integer(json, "step", first->step);
    az_json_text(json, "tensor", first->tensor_name);
    az_json_boolean(json, "altered", first->altered);
    if (first->token >= 0) {
        az_json_integer(json, "token", first->token);
        az_json_integer(json, "dim", first->dim);
        az_json_integer(json, "expected_bits", first->expected_bits);
        az_json_integer(json, "found_bits", first->found_bits);
        az_json_integer(json, "bits", first->bits);
    }
    az_json_close(json, '}');
}

static void json_result(struct az_json *json, const struct az_account_result *result)
{
    az_json_text(json, "arithmetic", az_arithmetic_name(result->arithmetic));
    az_json_text(json, "rounding", az_rounding_name(result->rounding));
    if (result->arithmetic_from_search) {
        az_json_open(json, "explained_share", '{');
        for (int n = 0; n < AZ_ARITHMETIC_COUNT; n++)
            if (result->explained_share[n] >= 0)
                az_json_real(json, az_arithmetic_name((enum az_arithmetic)n),
                             result->explained_share[n]);
        az_json_close(json, '}');
        az_json_open(json, "equally_explained_by", '[');
        for (int n = 0; n < AZ_ARITHMETIC_COUNT; n++)
            if (is_alike(result, n))
                az_json_text(json, NULL, az_arithmetic_name((enum az_arithmetic)n));
        az_json_close(json, ']');
    }
    az_json_integer(json, "tail_elements", result->tail.elements);
    az_json_integer(json, "steps", result->steps);
    az_json_integer(json, "steps_complete", result->steps_complete);
    az_json_integer(json, "steps_exact", result->steps_exact);
    az_json_integer(json, "rows", result->rows);
    az_json_integer(json, "dims", result->dims);
    if (result->dead >= 0) az_json_integer(json, "dead_rows", result->dead);
    az_json_integer(json, "frames_summed", result->frames_summed);
    az_json_integer(json, "frames_altered", result->frames_altered);
    json_first(json, &result->first);
}

enum az_status az_account_report_json(const struct az_account_report *report,
                                      struct az_error *error)
{
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "recording", report->path);
    az_json_text(&json, "matrix", report->matrix);
    json_result(&json, &report->result);
    az_json_open(&json, "components", '{');
    for (int set = 0; set < AZ_ACCOUNT_SETS; set++) {
        if (!has_rows(report, set)) continue;
        az_json_open(&json, set_names[set], '{');
        for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++)
            json_counts(&json, tensor_names[tensor], &report->result.counts[set][tensor]);
        az_json_close(&json, '}');
    }
    az_json_close(&json, '}');
    az_json_open(&json, "by_step", '[');
    for (size_t n = 0; n < report->step_count; n++) json_step(&json, report, &report->steps[n]);
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}

static enum az_status csv_row(struct az_csv *csv, const struct az_account_step *step, int set,
                              struct az_error *error)
{
    az_csv_integer(csv, step->step);
    az_csv_text(csv, set_names[set]);
    az_csv_f64(csv, step->predicted_norm_w[set]);
    az_csv_f64(csv, step->observed_norm_w[set]);
    az_csv_f64(csv, step->residual_norm_w[set]);
    az_csv_f64(csv, step->cosine[set]);
    az_csv_f64(csv, step->ratio[set]);
    for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++) {
        az_csv_integer(csv, step->counts[set][tensor].equal);
        az_csv_integer(csv, step->counts[set][tensor].off_by_one);
        az_csv_integer(csv, step->counts[set][tensor].worse);
    }
    az_csv_integer(csv, step->frames_altered);
    return az_csv_end(csv, error);
}

enum az_status az_account_report_csv(const struct az_account_report *report, const char *path,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(
        az_csv_create(&csv, path, AZ_CSV_WHOLE,
                      "step,rows,predicted_norm_w,observed_norm_w,difference_norm_w,cosine,ratio,"
                      "weight_equal,weight_off_by_one,weight_worse,"
                      "momentum_equal,momentum_off_by_one,momentum_worse,"
                      "variance_equal,variance_off_by_one,variance_worse,frames_altered",
                      error));
    for (size_t n = 0; n < report->step_count; n++)
        for (int set = 0; set < AZ_ACCOUNT_SETS; set++)
            if (report->steps[n].complete && has_rows(report, set))
                AZ_TRY(csv_row(csv, &report->steps[n], set, error));
out:
    return az_csv_finish(csv, status, error);
}
