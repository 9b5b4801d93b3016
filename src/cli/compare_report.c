#include "cli/compare_report.h"
#include "cli/print_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/unit.h"

#define PARAMETERS_SHOWN 20

static const char *const set_names[AZ_COMPARE_SETS] = {"all", "dead", "live"};

/* ---- gathering ---- */

static void write_rows(struct az_compare_report *report, const struct az_compare_frame *frame)
{
    for (int set = 0; set < AZ_COMPARE_SETS; set++) {
        const struct az_compare_counts *counts = &frame->counts[set];
        if (!counts->rows) continue;
        az_csv_text(report->csv, frame->tensor);
        az_csv_integer(report->csv, frame->step);
        az_csv_text(report->csv, set_names[set]);
        az_csv_integer(report->csv, counts->rows);
        az_csv_integer(report->csv, counts->moved);
        az_csv_integer(report->csv, counts->components);
        az_csv_integer(report->csv, counts->differing);
        az_csv_integer(report->csv, counts->bits);
        az_csv_integer(report->csv, counts->l1_cells);
        az_csv_f64(report->csv, counts->l2_cells);
        az_csv_integer(report->csv, counts->linf_cells);
        az_csv_f64(report->csv, counts->distance_w);
        enum az_status status = az_csv_end(report->csv, &report->error);
        if (report->status == AZ_OK) report->status = status;
    }
}

void az_compare_report_frame(void *context, const struct az_compare_frame *frame)
{
    struct az_compare_report *report = context;
    if (report->csv) write_rows(report, frame);
    if (!frame->counts[AZ_COMPARE_ALL].differing) return;
    if (report->differing < AZ_COMPARE_EDGE) report->first[report->differing] = *frame;
    report->last[report->differing % AZ_COMPARE_EDGE] = *frame;
    report->differing++;
}

void az_compare_report_tensor(void *context, const struct az_compare_tensor *tensor)
{
    struct az_compare_report *report = context;
    if (report->status == AZ_OK && report->tensor_count == report->tensor_capacity) {
        size_t larger = 2 * report->tensor_capacity + 16;
        report->status = az_memory_grow(&report->tensors, report->tensor_capacity, larger,
                                        sizeof *report->tensors, "tensors", &report->error);
        if (report->status == AZ_OK) report->tensor_capacity = larger;
    }
    if (report->status == AZ_OK) report->tensors[report->tensor_count++] = *tensor;
}

void az_compare_report_free(struct az_compare_report *report)
{
    az_memory_free(report->tensors);
    az_csv_abort(report->csv);
    report->csv = NULL;
}

/* ---- for people ---- */

static const char *plain(const char *text, char to[128])
{
    snprintf(to, 128, "%.127s", text);
    az_unit_plain(to);
    return to;
}

/* Parameters of the metadata that both have, with other values; what every run has of its own is
 * left out. */
static bool next_parameter(const struct az_compare_report *report, size_t *index, const char **key,
                           const char **a, const char **b)
{
    while (az_recording_metadata_at(report->a, (*index)++, key, a)) {
        *b = az_recording_text(report->b, *key);
        if (*b && strchr(*key, '.') && strcmp(*a, *b) != 0) return true;
    }
    return false;
}

void az_compare_print_parameters(const struct az_compare_report *report)
{
    const char *key, *a, *b;
    char text[3][128];
    int shown = 0;
    printf("A: %s\nB: %s\n\n", az_recording_path(report->a), az_recording_path(report->b));
    for (size_t n = 0; next_parameter(report, &n, &key, &a, &b); shown++) {
        if (shown == 0) printf("%-26s %-30s %s\n", "parameter", "A", "B");
        if (shown < PARAMETERS_SHOWN)
            printf("%-26s %-30.30s %.40s\n", plain(key, text[0]), plain(a, text[1]),
                   plain(b, text[2]));
    }
    if (shown > PARAMETERS_SHOWN) printf("and %d more\n", shown - PARAMETERS_SHOWN);
    if (shown) printf("\n");
}

static void print_tensor(const struct az_compare_tensor *tensor)
{
    const struct az_compare_counts *all = &tensor->counts[AZ_COMPARE_ALL];
    char name[128], step[32] = "-", counts[4][AZ_UNIT_TEXT_BYTES];
    printf("%-22s ", plain(tensor->name, name));
    if (!tensor->a || !tensor->b) {
        printf("only in %s\n", tensor->a ? "A" : "B");
        return;
    }
    if (!tensor->comparable) {
        printf("of other types, shapes or tokens: %s against %s\n", az_dtype_name(tensor->a->dtype),
               az_dtype_name(tensor->b->dtype));
        return;
    }
    if (tensor->first_step >= 0) snprintf(step, sizeof step, "%" PRId64, tensor->first_step);
    az_unit_count((uint64_t)tensor->frames, counts[0]);
    az_unit_count((uint64_t)tensor->frames_differing, counts[1]);
    az_unit_count((uint64_t)all->differing, counts[2]);
    az_unit_count((uint64_t)all->bits, counts[3]);
    printf("%9s %9s %10s %16s %16s %11" PRId64 "\n", counts[0], counts[1], step, counts[2],
           counts[3], all->linf_cells);
    if (tensor->only_a || tensor->only_b)
        printf("%-22s %" PRId64 " steps only in A, %" PRId64 " only in B\n", "", tensor->only_a,
               tensor->only_b);
    bool by_token = tensor->a->frame_rank == 2;
    if (by_token &&
        (tensor->rows < tensor->a->frame_shape[0] || tensor->rows < tensor->b->frame_shape[0]))
        printf("%-22s the %" PRId64 " tokens that both have, of %" PRId64 " and %" PRId64 "\n", "",
               tensor->rows, tensor->a->frame_shape[0], tensor->b->frame_shape[0]);
}

static void print_frame(const struct az_compare_frame *frame)
{
    char name[128];
    for (int set = 0; set < AZ_COMPARE_SETS; set++) {
        const struct az_compare_counts *counts = &frame->counts[set];
        char differing[AZ_UNIT_TEXT_BYTES], bits[AZ_UNIT_TEXT_BYTES];
        if (!counts->rows) continue;
        az_unit_count((uint64_t)counts->differing, differing);
        az_unit_count((uint64_t)counts->bits, bits);
        if (set == AZ_COMPARE_ALL)
            printf("%8" PRId64 " %-20s", frame->step, plain(frame->tensor, name));
        else
            printf("%8s %-20s", "", "");
        printf(" %-4s %12s %12s %12.6g %10" PRId64 " %12.6g\n", set_names[set], differing, bits,
               counts->l2_cells, counts->linf_cells, counts->distance_w);
    }
}

static void print_frames(const struct az_compare_report *report)
{
    int64_t shown = report->differing < AZ_COMPARE_EDGE ? report->differing : AZ_COMPARE_EDGE;
    int64_t rest = report->differing - shown;
    if (!shown) return;
    printf("\n%8s %-20s %-4s %12s %12s %12s %10s %12s\n", "step", "frames that differ", "rows",
           "components", "bits", "L2 cells", "max cells", "distance");
    for (int64_t n = 0; n < shown; n++) print_frame(&report->first[n]);
    if (rest > AZ_COMPARE_EDGE) printf("%8s\n", "...");
    if (rest > AZ_COMPARE_EDGE) rest = AZ_COMPARE_EDGE;
    for (int64_t n = report->differing - rest; n < report->differing; n++)
        print_frame(&report->last[n % AZ_COMPARE_EDGE]);
}

static void print_first(const struct az_compare_place *first)
{
    int digits = first->bits / 4 < 16 ? first->bits / 4 : 16;
    char name[128];
    printf("first difference: step %" PRId64 ", %s", first->step, plain(first->tensor, name));
    if (first->token >= 0)
        printf(", token %" PRId64 ", dimension %" PRId64, first->token, first->dim);
    else if (first->element > 0)
        printf(", element %" PRId64, first->element);
    printf(": 0x%0*" PRIx64 " in A, 0x%0*" PRIx64 " in B\n", digits, first->a_bits, digits,
           first->b_bits);
}

void az_compare_report_print(const struct az_compare_report *report,
                             const struct az_compare_result *result)
{
    char frames[AZ_UNIT_TEXT_BYTES];
    az_compare_print_parameters(report);
    printf("%-22s %9s %9s %10s %16s %16s %11s\n", "tensor", "frames", "differ", "first step",
           "components", "bits", "max cells");
    for (size_t n = 0; n < report->tensor_count; n++) print_tensor(&report->tensors[n]);
    print_frames(report);
    az_unit_count((uint64_t)result->frames, frames);
    printf("\n%s frames compared, %" PRId64 " differ; %zu of %zu tensors are not the same\n",
           frames, result->frames_differing, result->tensors_differing, result->tensors);
    if (result->first.found) print_first(&result->first);
}

/* ---- for programs ---- */

static void json_counts(struct az_json *json, const char *key,
                        const struct az_compare_counts *counts)
{
    if (!counts->rows) return;
    az_json_open(json, key, '{');
    az_json_integer(json, "components", counts->components);
    az_json_integer(json, "differing", counts->differing);
    az_json_integer(json, "bits_differing", counts->bits);
    az_json_integer(json, "l1_cells", counts->l1_cells);
    az_json_real(json, "l2_cells", counts->l2_cells);
    az_json_integer(json, "linf_cells", counts->linf_cells);
    az_json_real(json, "distance_w", counts->distance_w);
    az_json_close(json, '}');
}

static void json_tensor(struct az_json *json, const struct az_compare_tensor *tensor)
{
    az_json_open(json, NULL, '{');
    az_json_text(json, "name", tensor->name);
    az_json_boolean(json, "in_a", tensor->a != NULL);
    az_json_boolean(json, "in_b", tensor->b != NULL);
    az_json_boolean(json, "comparable", tensor->comparable);
    az_json_integer(json, "frames", tensor->frames);
    az_json_integer(json, "only_a", tensor->only_a);
    az_json_integer(json, "only_b", tensor->only_b);
    az_json_integer(json, "frames_differing", tensor->frames_differing);
    az_json_integer(json, "first_step", tensor->first_step);
    for (int set = 0; set < AZ_COMPARE_SETS; set++)
        json_counts(json, set_names[set], &tensor->counts[set]);
    az_json_close(json, '}');
}

static void json_first(struct az_json *json, const struct az_compare_place *first)
{
    if (!first->found) {
        az_json_literal(json, "first_difference", "null");
        return;
    }
    az_json_open(json, "first_difference", '{');
    az_json_text(json, "tensor", first->tensor);
    az_json_integer(json, "step", first->step);
    if (first->token >= 0) az_json_integer(json, "token", first->token);
    if (first->token >= 0) az_json_integer(json, "dim", first->dim);
    az_json_integer(json, "element", first->element);
    az_json_unsigned(json, "a_bits", first->a_bits);
    az_json_unsigned(json, "b_bits", first->b_bits);
    az_json_integer(json, "bits", first->bits);
    az_json_close(json, '}');
}

void az_compare_json_parameters(struct az_json *json, const struct az_compare_report *report)
{
    const char *key, *a, *b;
    az_json_open(json, "parameters", '{');
    for (size_t n = 0; next_parameter(report, &n, &key, &a, &b);) {
        az_json_open(json, key, '[');
        az_json_text(json, NULL, a);
        az_json_text(json, NULL, b);
        az_json_close(json, ']');
    }
    az_json_close(json, '}');
}

enum az_status az_compare_report_json(const struct az_compare_report *report,
                                      const struct az_compare_result *result,
                                      struct az_error *error)
{
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "a", az_recording_path(report->a));
    az_json_text(&json, "b", az_recording_path(report->b));
    az_json_boolean(&json, "same", result->tensors_differing == 0);
    az_json_integer(&json, "frames", result->frames);
    az_json_integer(&json, "frames_differing", result->frames_differing);
    json_first(&json, &result->first);
    az_compare_json_parameters(&json, report);
    az_json_open(&json, "tensors", '[');
    for (size_t n = 0; n < report->tensor_count; n++) json_tensor(&json, &report->tensors[n]);
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}
