#include "cli/hidden_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "azimuth/tokens.h"
#include "base/unit.h"
#include "cli/lens_common.h"
#include "cli/print_json.h"

#define DEGREES 57.29577951308232
#define SHOWN_TOWARDS 5
#define SHOWN_AWAY 3

double az_hidden_degrees(double cosine)
{
    return isnan(cosine) ? cosine : acos(fmin(fmax(cosine, -1), 1)) * DEGREES;
}

void az_hidden_token_text(const struct az_hidden_report *report, int64_t token, char *text,
                          size_t capacity_bytes)
{
    size_t length;
    const char *bytes = report->tokenizer && token >= 0
                            ? az_tokenizer_bytes(report->tokenizer, (size_t)token, &length)
                            : NULL;
    text[0] = 0;
    if (bytes) az_token_escape(bytes, length, text, capacity_bytes);
}

bool az_hidden_window_text(const struct az_hidden *hidden, int window, char *text,
                           size_t capacity_bytes)
{
    int64_t first = -1, last = -1;
    for (int64_t n = 0; n < hidden->count; n++) {
        int64_t step = hidden->steps[n].step;
        if (window < AZ_LENS_WINDOWS && az_lens_window(step) != window) continue;
        if (first < 0) first = step;
        last = step;
    }
    if (first >= 0) snprintf(text, capacity_bytes, "%" PRId64 " to %" PRId64, first, last);
    return first >= 0;
}

/* A number, or "-" where it is not known. */
static void print_number(int width, const char *format, double value)
{
    char text[48];
    snprintf(text, sizeof text, format, value);
    printf(" %*s", width, isnan(value) ? "-" : text);
}

/* ---- head ---- */

static void print_sources(const struct az_hidden *hidden)
{
    printf("h_dead: %s%s\n",
           hidden->probabilities ? "the mean of h weighted with the probability of dead tokens"
           : hidden->gradients ? "its direction only, that of the sum of the dead tokens' gradients"
           : hidden->means
               ? "not known: that needs h at every position, or the dead tokens' gradients"
               : "not known: that needs the whole unembedding at every step, the dead tokens, or "
                 "their gradients",
           hidden->probabilities && hidden->gradients
               ? "; the sum of their gradients stands beside it"
               : "");
    if (hidden->means)
        printf("h_mean as it was recorded; h itself was not: its spread, resultant length and "
               "effective rank are not known\n");
    else if (!hidden->positions)
        printf("h itself was not recorded (-P record.h=1), so h_mean is not known\n");
    if (!hidden->matrix[0])
        printf("the unembedding was not recorded: nothing can be said of tokens and centroids\n");
}

static void print_head(const struct az_hidden_report *report)
{
    const struct az_hidden *hidden = report->hidden;
    char steps[AZ_UNIT_TEXT_BYTES], positions[AZ_UNIT_TEXT_BYTES], dead[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)hidden->count, steps);
    az_unit_count((uint64_t)hidden->positions, positions);
    az_unit_count((uint64_t)hidden->dead, dead);
    printf("%s: %s steps from %" PRId64 " to %" PRId64, report->path, steps, hidden->steps[0].step,
           hidden->steps[hidden->count - 1].step);
    if (hidden->longest_gap_steps > 1)
        printf(", up to %" PRId64 " apart", hidden->longest_gap_steps);
    if (hidden->positions)
        printf(", h at %s positions of %" PRId64 " dimensions", positions, hidden->dims);
    if (hidden->means) printf(", h_mean of %" PRId64 " dimensions", hidden->dims);
    if (hidden->matrix[0]) printf("\nmatrix %s", hidden->matrix);
    if (hidden->dead) printf("%s%s dead tokens", hidden->matrix[0] ? ", " : "\n", dead);
    printf("\n");
    print_sources(hidden);
    printf("\n");
}

/* ---- steps ---- */

/* What the table shows, in degrees where a cosine is an angle. */
static const struct {
    enum az_hidden_quantity quantity;
    int width;
    const char *heads[2], *format;
    bool angle;
} columns[] = {
    {AZ_HIDDEN_NORM, 7, {"", "|h_mean|"}, "%.3f", false},
    {AZ_HIDDEN_RESULTANT, 9, {"resultant", "length"}, "%.4f", false},
    {AZ_HIDDEN_RANK, 9, {"effective", "rank"}, "%.2f", false},
    {AZ_HIDDEN_AGAIN, 8, {"turn of", "h_mean"}, "%.2f", true},
    {AZ_HIDDEN_DEAD_MEAN, 8, {"h_dead,", "h_mean"}, "%.2f", true},
    {AZ_HIDDEN_DEAD_SHARE, 9, {"p of the", "dead"}, "%.3g", false},
    {AZ_HIDDEN_MEAN_DRIFT, 8, {"h_mean,", "-dc"}, "%.2f", true},
    {AZ_HIDDEN_DEAD_DRIFT, 8, {"h_dead,", "-dc"}, "%.2f", true},
    {AZ_HIDDEN_CARRIED, 7, {"dc uses", "dims"}, "%.2f", false},
    {AZ_HIDDEN_AGAINST, 7, {"against", "h_dead"}, "%.4f", false},
    {AZ_HIDDEN_MEAN_DEAD, 8, {"h_mean,", "c dead"}, "%.2f", true},
    {AZ_HIDDEN_MEAN_LIVE, 8, {"h_mean,", "c live"}, "%.2f", true},
};
#define COLUMNS (sizeof columns / sizeof *columns)

static void print_steps(const struct az_hidden *hidden)
{
    printf("angles in degrees; dc: motion of the dead tokens' centroid at the step\n");
    for (int line = 0; line < 2; line++) {
        printf("%8s", line ? "step" : "");
        for (size_t c = 0; c < COLUMNS; c++)
            printf(" %*s", columns[c].width, columns[c].heads[line]);
        printf("\n");
    }
    for (int64_t n = 0; n < hidden->count; n++) {
        if (!az_lens_is_shown(n + 1, hidden->count)) continue;
        printf("%8" PRId64, hidden->steps[n].step);
        for (size_t c = 0; c < COLUMNS; c++) {
            double value = hidden->steps[n].of[columns[c].quantity];
            print_number(columns[c].width, columns[c].format,
                         columns[c].angle ? az_hidden_degrees(value) : value);
        }
        printf("\n");
    }
    printf("\n");
}

/* ---- lags, tracks ---- */

static bool is_followed(const struct az_hidden *hidden, int vector)
{
    return hidden->tracks[vector].directions > 1;
}

static void print_lags(const struct az_hidden *hidden, int vector)
{
    const struct az_hidden_lag(*lags)[AZ_HIDDEN_LAGS] = hidden->lags[vector];
    printf("%-8s steps     lag:", az_hidden_vector_name((enum az_hidden_vector)vector));
    for (int n = 0; n < AZ_HIDDEN_LAGS; n++) printf(" %7" PRId64, lags[0][n].lag_frames);
    printf("\n");
    for (int window = 0; window <= AZ_LENS_WINDOWS; window++) {
        char text[64];
        if (!az_hidden_window_text(hidden, window, text, sizeof text)) continue;
        for (int kind = 0; kind < 2; kind++) {
            printf("%-12s %7s", kind ? "" : text, kind ? "Pearson" : "cosine");
            for (int n = 0; n < AZ_HIDDEN_LAGS; n++)
                print_number(7, "%.4f",
                             kind ? lags[window][n].pearson : lags[window][n].mean_cosine);
            printf("\n");
        }
    }
    printf("\n");
}

static void print_tracks(const struct az_hidden *hidden)
{
    printf("way of the direction over the sphere, degrees\n%-16s %10s %10s %13s %22s\n", "", "path",
           "net", "net / path", "from its mean: mean, most");
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++) {
        const struct az_hidden_track *track = &hidden->tracks[v];
        if (!is_followed(hidden, v)) continue;
        printf("%-16s %10.2f %10.2f %13.4f %15.2f %9.2f\n",
               az_hidden_vector_name((enum az_hidden_vector)v), track->path_degrees,
               track->net_degrees, track->straightness, track->spread_degrees,
               track->spread_most_degrees);
    }
    printf("\n");
}

/* ---- tokens ---- */

static void print_token(const struct az_hidden_report *report, const struct az_hidden_token *token)
{
    char text[40];
    if (token->token < 0) return;
    az_hidden_token_text(report, token->token, text, sizeof text);
    if (text[0])
        printf("  %.4f %s", token->cosine, text);
    else
        printf("  %.4f #%" PRId64, token->cosine, token->token);
}

static void print_tokens(const struct az_hidden_report *report)
{
    const struct az_hidden *hidden = report->hidden;
    printf("tokens that h_mean points at, and away from: cosine with the token's row, text\n");
    for (int64_t n = 0; n < hidden->count; n++) {
        if (!az_lens_is_shown(n + 1, hidden->count)) continue;
        printf("%8" PRId64, hidden->steps[n].step);
        for (int k = 0; k < SHOWN_TOWARDS; k++)
            print_token(report, &hidden->towards[n * AZ_HIDDEN_TOKENS + k]);
        printf("\n%8s", "away");
        for (int k = 0; k < SHOWN_AWAY; k++)
            print_token(report, &hidden->away[n * AZ_HIDDEN_TOKENS + k]);
        printf("\n");
    }
}

/* The least agreement of the two ways to h_dead. */
static void print_agreement(const struct az_hidden *hidden)
{
    double least = INFINITY;
    int64_t step = 0, steps = 0;
    for (int64_t n = 0; n < hidden->count; n++) {
        double cosine = hidden->steps[n].of[AZ_HIDDEN_GRADIENT];
        if (isnan(cosine)) continue;
        steps++;
        if (cosine < least) step = hidden->steps[n].step;
        least = fmin(least, cosine);
    }
    if (steps)
        printf("h_dead and the sum of the dead tokens' gradients: least cosine %.9f, at step "
               "%" PRId64 " (of %" PRId64 ")\n\n",
               least, step, steps);
}

void az_hidden_print(const struct az_hidden_report *report)
{
    const struct az_hidden *hidden = report->hidden;
    print_head(report);
    print_steps(hidden);
    for (int v = 0; v <= AZ_HIDDEN_H_DEAD; v++)
        if (is_followed(hidden, v)) print_lags(hidden, v);
    print_tracks(hidden);
    print_agreement(hidden);
    if (hidden->towards) print_tokens(report);
}
