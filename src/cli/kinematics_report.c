#include "cli/kinematics_report.h"
#include "cli/print_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/json.h"

static void print_number(int width, const char *format, double value)
{
    char text[40];
    snprintf(text, sizeof text, format, value);
    printf(" %*s", width, isnan(value) ? "-" : text);
}

static void print_frame(const struct az_lens *lens, enum az_lens_set set, int64_t number)
{
    const struct az_kinematics_frame *frame = &lens->kinematics->frames[set][number];
    double movers = (double)frame->movers;
    printf("%8" PRId64, lens->subject.steps[number]);
    print_number(9, "%.5f", frame->centroid_norm_w);
    print_number(9, "%.5f", frame->cloud_radius_w);
    print_number(9, "%.5f", frame->origin_radius_w);
    print_number(10, "%.3e", frame->centroid_speed_w);
    print_number(7, "%.3f", frame->centroid_turn);
    print_number(10, "%.3e", frame->bulk_w2);
    print_number(10, "%.3e", frame->thermal_w2);
    print_number(9, "%.3g", frame->bulk_w2 / frame->thermal_w2);
    print_number(8, "%.3f", frame->radial_share);
    print_number(8, "%.1f %%", number ? 100 * (double)frame->outward / movers : NAN);
    print_number(8, "%.1f %%",
                 100 * frame->movers_tangential_w2 /
                     (frame->movers_radial_w2 + frame->movers_tangential_w2));
    print_number(10, "%.1f", frame->participation_tokens);
    printf("\n");
}

static void print_frames(const struct az_lens *lens, enum az_lens_set set)
{
    printf("%8s %29s %18s %31s %26s %10s\n", "", "weight units", "centroid's",
           "motion per token, w^2", "movers: radial, outward,", "tokens");
    printf("%8s %9s %9s %9s %10s %7s %10s %10s %9s %8s %8s %8s %10s\n", "step", "centroid", "cloud",
           "origin", "speed", "turn", "bulk", "thermal", "ratio", "mean", "tokens", "across",
           "that carry");
    for (int64_t number = 0; number <= lens->subject.moves; number++)
        if (number == 0 || az_lens_is_shown(number, lens->subject.moves))
            print_frame(lens, set, number);
    printf("\n");
}

/* ---- paths ---- */

static int compare_f64(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median over the tokens of a set of one of their numbers. */
static double median_of(const struct az_lens *lens, enum az_lens_set set,
                        double (*number)(const struct az_token_path *path))
{
    double *values, median = NAN;
    int64_t count = 0;
    if (az_memory_allocate(&values, (size_t)lens->subject.rows, sizeof *values, "a median", NULL) !=
        AZ_OK)
        return NAN;
    for (int64_t row = 0; row < lens->subject.rows; row++) {
        double value = number(&lens->kinematics->tokens[row]);
        if ((lens->subject.sets[row] >> set & 1) && !isnan(value)) values[count++] = value;
    }
    qsort(values, (size_t)count, sizeof *values, compare_f64);
    if (count) median = values[(count - 1) / 2];
    az_memory_free(values);
    return median;
}

static double net(const struct az_token_path *path) { return path->net_w; }
static double length(const struct az_token_path *path) { return path->path_w; }
static double efficiency(const struct az_token_path *path) { return path->net_w / path->path_w; }
static double peculiar_net(const struct az_token_path *path) { return path->peculiar_net_w; }
static double peculiar_length(const struct az_token_path *path) { return path->peculiar_path_w; }
static double radial(const struct az_token_path *path) { return path->radial_share; }

static void print_paths(const struct az_lens *lens)
{
    static const struct {
        const char *name;
        double (*number)(const struct az_token_path *path);
    } rows[] = {{"net displacement, w", net},           {"path, w", length},
                {"efficiency, net / path", efficiency}, {"net, comoving, w", peculiar_net},
                {"path, comoving, w", peculiar_length}, {"radial share of motions", radial}};
    printf("%-40s", "");
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++)
        if (lens->subject.present[set]) printf(" %10.10s", az_lens_set_title(lens, set));
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        printf("\nmedian token: %-26s", rows[n].name);
        for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++)
            if (lens->subject.present[set])
                print_number(10, "%.4g", median_of(lens, set, rows[n].number));
    }
    printf("\n");
}

static void print_steps(const struct az_lens *lens, const char *name, int which)
{
    printf("%-40s", name);
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++) {
        const struct az_set_path *path = &lens->kinematics->sets[set];
        const int64_t steps[] = {path->inhale_end_step, path->sneeze_end_step,
                                 path->deceleration_end_step};
        if (lens->subject.present[set])
            print_number(10, "%.0f", steps[which] < 0 ? NAN : (double)steps[which]);
    }
    printf("\n");
}

static void print_sets(const struct az_lens *lens)
{
    static const char *const names[] = {
        "centroid: net displacement, w",    "centroid: path, w",    "centroid: efficiency",
        "net of a random walk's mean, w",   "centroid: net / that", "median token: net / its walk",
        "T_tot - T_bulk - T_thermal, share"};
    for (int n = 0; n < 7; n++) {
        printf("%-40s", names[n]);
        for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++) {
            const struct az_set_path *path = &lens->kinematics->sets[set];
            const double values[] = {path->centroid_net_w,      path->centroid_path_w,
                                     path->centroid_efficiency, path->walk_null_w,
                                     path->walk_ratio,          path->token_walk_ratio,
                                     path->identity_error};
            if (lens->subject.present[set]) print_number(10, n == 6 ? "%.0e" : "%.4g", values[n]);
        }
        printf("\n");
    }
    print_steps(lens, "inhale ends (least origin radius)", 0);
    print_steps(lens, "sneeze ends (fastest growth)", 1);
    print_steps(lens, "deceleration ends (1 % of it)", 2);
    printf("\n");
}

/* ---- velocity, shape ---- */

static void print_velocity(const struct az_lens *lens, enum az_lens_set set)
{
    struct az_velocity_lag(*velocity)[AZ_VELOCITY_LAGS] = lens->kinematics->sets[set].velocity;
    printf(
        "velocity autocorrelation: sum of v(t).v(t+lag) over sum of |v(t)|^2, and mean cosine of "
        "movers;\nfrom each of the first ten motions, then from one in %" PRId64 "\n%-18s %10s",
        lens->kinematics->velocity_every, "starts in steps", "lag:");
    for (int lag = 0; lag < AZ_VELOCITY_LAGS; lag++)
        printf(" %7" PRId64, velocity[0][lag].lag_frames);
    printf("\n");
    for (int window = 0; window < AZ_LENS_WINDOWS; window++) {
        char text[64];
        if (!az_lens_window_text(lens, window, text, sizeof text)) continue;
        for (int kind = 0; kind < 2; kind++) {
            printf("%-18s %10s", kind ? "" : text, kind ? "cosine" : "sums");
            for (int lag = 0; lag < AZ_VELOCITY_LAGS; lag++)
                print_number(7, "%.3f",
                             kind ? velocity[window][lag].mean_cosine
                                  : velocity[window][lag].products_ratio);
            printf("\n");
        }
    }
    printf("\n");
}

static void print_shape(const struct az_lens *lens, enum az_lens_set set)
{
    if (lens->kinematics->shape_count == 0) {
        printf("shape of the cloud: not computed beyond 512 dimensions\n");
        return;
    }
    printf("shape of the cloud about its centroid\n%8s %12s %14s %14s %14s\n", "step",
           "variance, w2", "largest share", "participation", "eccentricity");
    for (int64_t n = 0; n < lens->kinematics->shape_count; n++) {
        const struct az_cloud_shape *shape = &lens->kinematics->shapes[set][n];
        printf("%8" PRId64 " %12.5g %14.4f %14.2f %14.4g\n", shape->step, shape->trace_w2,
               shape->largest_share, shape->participation_dims, shape->eccentricity);
    }
}

void az_kinematics_print(const struct az_lens *lens, const struct az_lens_request *request)
{
    az_lens_print_head(lens, request);
    print_frames(lens, request->set);
    print_paths(lens);
    print_sets(lens);
    print_velocity(lens, request->set);
    print_shape(lens, request->set);
}

/* ---- JSON ---- */

static void json_set(struct az_json *json, const struct az_lens *lens, enum az_lens_set set)
{
    const struct az_set_path *path = &lens->kinematics->sets[set];
    const struct az_kinematics_frame *last = &lens->kinematics->frames[set][lens->subject.moves];
    az_json_open(json, az_lens_set_title(lens, set), '{');
    az_json_integer(json, "tokens", lens->subject.counts[set]);
    az_json_real(json, "centroid_net_w", path->centroid_net_w);
    az_json_real(json, "centroid_path_w", path->centroid_path_w);
    az_json_real(json, "centroid_efficiency", path->centroid_efficiency);
    az_json_real(json, "walk_null_w", path->walk_null_w);
    az_json_real(json, "walk_ratio", path->walk_ratio);
    az_json_real(json, "token_walk_ratio", path->token_walk_ratio);
    az_json_integer(json, "inhale_end_step", path->inhale_end_step);
    az_json_integer(json, "sneeze_end_step", path->sneeze_end_step);
    az_json_integer(json, "deceleration_end_step", path->deceleration_end_step);
    az_json_real(json, "identity_error", path->identity_error);
    az_json_real(json, "median_net_w", median_of(lens, set, net));
    az_json_real(json, "median_path_w", median_of(lens, set, length));
    az_json_real(json, "median_efficiency", median_of(lens, set, efficiency));
    az_json_real(json, "centroid_norm_w", last->centroid_norm_w);
    az_json_real(json, "cloud_radius_w", last->cloud_radius_w);
    az_json_real(json, "origin_radius_w", last->origin_radius_w);
    az_json_close(json, '}');
}

enum az_status az_kinematics_print_json(const struct az_lens *lens,
                                        const struct az_lens_request *request,
                                        struct az_error *error)
{
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "recording", request->path);
    az_json_text(&json, "matrix", lens->subject.matrix);
    az_json_integer(&json, "last_step", lens->subject.steps[lens->subject.moves]);
    az_json_open(&json, "sets", '{');
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++)
        if (lens->subject.present[set]) json_set(&json, lens, set);
    az_json_close(&json, '}');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}
