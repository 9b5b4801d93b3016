#include "cli/motion_report.h"
#include "cli/print_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/unit.h"
#include "store/csv.h"
#include "store/json.h"

#define MEDIAN 3
#define Q95 5

static double share(int64_t part, int64_t all) { return all ? (double)part / (double)all : NAN; }

static int64_t coordinates(const struct az_lens *lens, enum az_lens_set set)
{
    return lens->subject.counts[set] * lens->subject.dims;
}

/* ---- for people ---- */

static void print_step(const struct az_lens *lens, enum az_lens_set set, int64_t move)
{
    const struct az_motion_step *step = &lens->motion->steps[set][move - 1];
    const double(*q)[AZ_MOTION_QUANTILES] = step->quantiles;
    printf("%8" PRId64 " %7.2f%% %7.2f%% %9.6g %9.6g %9.4g %9.4g %7.0f %9.0f %9.3g",
           lens->subject.steps[move], 100 * share(step->movers, lens->subject.counts[set]),
           100 * (1 - share(step->hops, coordinates(lens, set))), q[AZ_MOTION_L1][MEDIAN],
           q[AZ_MOTION_L1][Q95], q[AZ_MOTION_L2][MEDIAN], q[AZ_MOTION_L2][Q95],
           q[AZ_MOTION_LINF][MEDIAN], q[AZ_MOTION_LINF][AZ_MOTION_QUANTILES - 1],
           q[AZ_MOTION_LENGTH][MEDIAN]);
    if (step->hops)
        printf(" %6.1f%%", 100 * share(step->hops - step->down_hops, step->hops));
    else
        printf(" %7s", "-");
    printf(" %8" PRId64 " %8" PRId64 " %7" PRId64 "\n", step->binade_crossings,
           step->sign_crossings, step->zeros);
}

static void print_steps(const struct az_lens *lens, enum az_lens_set set)
{
    printf("%8s %8s %8s %19s %19s %17s %9s %7s %17s %7s\n", "", "", "frozen", "L1, cells",
           "L2, cells", "Linf, cells", "moved, w", "hops", "crossings of", "exact");
    printf("%8s %8s %8s %9s %9s %9s %9s %7s %9s %9s %7s %8s %8s %7s\n", "step", "movers", "coords",
           "median", "95 %", "median", "95 %", "median", "most", "median", "upward", "binades",
           "zero", "zeros");
    for (int64_t move = 1; move <= lens->subject.moves; move++)
        if (az_lens_is_shown(move, lens->subject.moves)) print_step(lens, set, move);
    printf("\n");
}

static void print_sizes(const struct az_lens *lens, enum az_lens_set set)
{
    static const int from[] = {0, 1, 2, 4, 8, 16}, to[] = {0, 1, 3, 7, 15, AZ_MOTION_SIZES - 1};
    static const char *const names[] = {"1 cell", "2", "3-4", "5-8", "9-16", "more"};
    printf("%-18s %16s %8s", "hops in steps", "hops", "upward");
    for (int k = 0; k < 6; k++) printf(" %8s", names[k]);
    printf("\n");
    for (int window = 0; window < AZ_LENS_WINDOWS; window++) {
        int64_t all = 0, up = 0, parts[6] = {0};
        char text[64], count[AZ_UNIT_TEXT_BYTES];
        int64_t(*sizes)[2] = lens->motion->sizes[set][window];
        if (!az_lens_window_text(lens, window, text, sizeof text)) continue;
        for (int k = 0; k < 6; k++) {
            for (int size = from[k]; size <= to[k]; size++) {
                parts[k] += sizes[size][0] + sizes[size][1];
                up += sizes[size][0];
            }
            all += parts[k];
        }
        az_unit_count((uint64_t)all, count);
        printf("%-18s %16s", text, count);
        printf(all ? " %7.1f%%" : "        -", 100 * share(up, all));
        for (int k = 0; k < 6; k++)
            printf(all ? " %7.2f%%" : "        -", 100 * share(parts[k], all));
        printf("\n");
    }
    printf("\n");
}

/* All windows together. */
static struct az_motion_stratum stratum_of(const struct az_lens *lens, enum az_lens_set set,
                                           int exponent)
{
    struct az_motion_stratum sum = {0};
    for (int window = 0; window < AZ_LENS_WINDOWS; window++) {
        const struct az_motion_stratum *part = &lens->motion->strata[set][window][exponent];
        sum.coordinates += part->coordinates;
        sum.hops += part->hops;
        sum.down_hops += part->down_hops;
        sum.cells += part->cells;
    }
    return sum;
}

static void print_strata(const struct az_lens *lens, enum az_lens_set set)
{
    int64_t all = coordinates(lens, set) * lens->subject.moves;
    int low = 0;
    printf("%-24s %12s %14s %14s\n", "|w| before the step", "coordinates", "of them hop",
           "cells per hop");
    for (int exponent = 0; exponent < AZ_MOTION_EXPONENTS; exponent++) {
        struct az_motion_stratum stratum = stratum_of(lens, set, exponent);
        char name[40];
        if (share(stratum.coordinates, all) < 0.0005) {
            low += stratum.coordinates > 0;
            continue;
        }
        if (exponent)
            snprintf(name, sizeof name, "2^%d to 2^%d", exponent - 127, exponent - 126);
        else
            snprintf(name, sizeof name, "0, and below 2^-126");
        printf("%-24s %11.2f%% %13.2f%%", name, 100 * share(stratum.coordinates, all),
               100 * share(stratum.hops, stratum.coordinates));
        if (stratum.hops)
            printf(" %14.4g\n", share(stratum.cells, stratum.hops));
        else
            printf(" %14s\n", "-");
    }
    if (low) printf("%d binades with less than 0.05 %% of the coordinates are not shown\n", low);
}

void az_motion_print(const struct az_lens *lens, const struct az_lens_request *request)
{
    az_lens_print_head(lens, request);
    print_steps(lens, request->set);
    print_sizes(lens, request->set);
    print_strata(lens, request->set);
}

/* ---- for programs ---- */

static void quantile_name(char *name, size_t capacity_bytes, int quantity, int quantile)
{
    az_lens_quantile_name(name, capacity_bytes, az_motion_name((enum az_motion_quantity)quantity),
                          quantile);
}

static const char *const count_names[] = {"movers",           "l1_cells_sum",    "hops",
                                          "down_hops",        "zero_sign_flips", "sign_crossings",
                                          "binade_crossings", "exact_zeros"};

static void counts_of(const struct az_motion_step *step, int64_t counts[8])
{
    const int64_t values[] = {step->movers,           step->l1_cells,   step->hops,
                              step->down_hops,        step->zero_flips, step->sign_crossings,
                              step->binade_crossings, step->zeros};
    memcpy(counts, values, sizeof values);
}

enum az_status az_motion_csv(const struct az_lens *lens, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    char name[64];
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, NULL, error));
    az_csv_text(csv, "set");
    az_csv_text(csv, "step");
    az_csv_text(csv, "tokens");
    az_csv_text(csv, "frozen_coordinate_share");
    for (int k = 0; k < 8; k++) az_csv_text(csv, count_names[k]);
    for (int n = 0; n < AZ_MOTION_QUANTITIES * AZ_MOTION_QUANTILES; n++) {
        quantile_name(name, sizeof name, n / AZ_MOTION_QUANTILES, n % AZ_MOTION_QUANTILES);
        az_csv_text(csv, name);
    }
    AZ_TRY(az_csv_end(csv, error));
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++) {
        for (int64_t move = 0; lens->subject.present[set] && move < lens->subject.moves; move++) {
            const struct az_motion_step *step = &lens->motion->steps[set][move];
            int64_t counts[8];
            counts_of(step, counts);
            az_csv_text(csv, az_lens_set_title(lens, set));
            az_csv_integer(csv, lens->subject.steps[move + 1]);
            az_csv_integer(csv, lens->subject.counts[set]);
            az_csv_f64(csv, 1 - share(step->hops, coordinates(lens, set)));
            for (int k = 0; k < 8; k++) az_csv_integer(csv, counts[k]);
            for (int n = 0; n < AZ_MOTION_QUANTITIES * AZ_MOTION_QUANTILES; n++)
                az_csv_f32(
                    csv, (float)step->quantiles[n / AZ_MOTION_QUANTILES][n % AZ_MOTION_QUANTILES]);
            AZ_TRY(az_csv_end(csv, error));
        }
    }
out:
    return az_csv_finish(csv, status, error);
}

/* The set and the first and last step of a window; false where there is none. */
static bool begin_window(struct az_csv *csv, const struct az_lens *lens, enum az_lens_set set,
                         int window)
{
    char text[64];
    int64_t first, last;
    if (!lens->subject.present[set] || !az_lens_window_text(lens, window, text, sizeof text) ||
        sscanf(text, "%" SCNd64 " to %" SCNd64, &first, &last) != 2)
        return false;
    az_csv_text(csv, az_lens_set_title(lens, set));
    az_csv_integer(csv, first);
    az_csv_integer(csv, last);
    return true;
}

enum az_status az_motion_sizes_csv(const struct az_lens *lens, const char *path,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "set,first_step,last_step,least_cells,most_cells,up_hops,down_hops",
                         error));
    for (int n = 0; n < AZ_LENS_SETS * AZ_LENS_WINDOWS * AZ_MOTION_SIZES; n++) {
        int size = n % AZ_MOTION_SIZES, window = n / AZ_MOTION_SIZES % AZ_LENS_WINDOWS;
        enum az_lens_set set = (enum az_lens_set)(n / AZ_MOTION_SIZES / AZ_LENS_WINDOWS);
        if (!begin_window(csv, lens, set, window)) continue;
        az_csv_integer(csv, az_motion_size_from(size));
        az_csv_integer(csv, az_motion_size_to(size));
        az_csv_integer(csv, lens->motion->sizes[set][window][size][0]);
        az_csv_integer(csv, lens->motion->sizes[set][window][size][1]);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_motion_strata_csv(const struct az_lens *lens, const char *path,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "set,first_step,last_step,biased_exponent,coordinate_steps,hops,down_hops,"
                         "cells",
                         error));
    for (int n = 0; n < AZ_LENS_SETS * AZ_LENS_WINDOWS * AZ_MOTION_EXPONENTS; n++) {
        int exponent = n % AZ_MOTION_EXPONENTS, window = n / AZ_MOTION_EXPONENTS % AZ_LENS_WINDOWS;
        enum az_lens_set set = (enum az_lens_set)(n / AZ_MOTION_EXPONENTS / AZ_LENS_WINDOWS);
        if (!lens->subject.present[set]) continue;
        const struct az_motion_stratum *stratum = &lens->motion->strata[set][window][exponent];
        if (!stratum->coordinates || !begin_window(csv, lens, set, window)) continue;
        az_csv_integer(csv, exponent);
        az_csv_integer(csv, stratum->coordinates);
        az_csv_integer(csv, stratum->hops);
        az_csv_integer(csv, stratum->down_hops);
        az_csv_integer(csv, stratum->cells);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_motion_print_json(const struct az_lens *lens,
                                    const struct az_lens_request *request, struct az_error *error)
{
    struct az_json json;
    char name[64];
    const struct az_lens_subject *subject = &lens->subject;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "recording", request->path);
    az_json_text(&json, "matrix", subject->matrix);
    az_json_text(&json, "set", az_lens_set_title(lens, request->set));
    az_json_integer(&json, "tokens", subject->counts[request->set]);
    az_json_integer(&json, "dims", subject->dims);
    az_json_open(&json, "steps", '[');
    for (int64_t move = 0; move < subject->moves; move++) {
        const struct az_motion_step *step = &lens->motion->steps[request->set][move];
        int64_t counts[8];
        counts_of(step, counts);
        az_json_open(&json, NULL, '{');
        az_json_integer(&json, "step", subject->steps[move + 1]);
        for (int k = 0; k < 8; k++) az_json_integer(&json, count_names[k], counts[k]);
        for (int n = 0; n < AZ_MOTION_QUANTITIES * AZ_MOTION_QUANTILES; n++) {
            quantile_name(name, sizeof name, n / AZ_MOTION_QUANTILES, n % AZ_MOTION_QUANTILES);
            az_json_real(&json, name,
                         step->quantiles[n / AZ_MOTION_QUANTILES][n % AZ_MOTION_QUANTILES]);
        }
        az_json_close(&json, '}');
    }
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}
