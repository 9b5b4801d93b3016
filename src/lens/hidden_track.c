/* What compares one step with others. */
#include <math.h>
#include <string.h>

#include "lens/hidden_state.h"

#define DEGREES 57.29577951308232
#define FORGOTTEN 1e-4 /* of the running mean: below it, what was before no longer matters */

/* ---- from step to step ---- */

/* The first moment of all dead rows together would be this, were it not rounded. */
static void run_on(struct az_hidden_look *look, int64_t number, const double *push)
{
    const struct az_hidden *hidden = look->hidden;
    int64_t step = hidden->steps[number].step;
    bool goes_on = number > 0 && hidden->steps[number - 1].step == step - 1;
    double keep = hidden->beta1;
    if (!goes_on) {
        memset(look->running, 0, look->dims * sizeof *look->running);
        look->forgotten = step == 1 ? 0 : 1;
    }
    for (size_t d = 0; d < look->dims; d++)
        look->running[d] = keep * look->running[d] + (1 - keep) * push[d];
    look->forgotten *= keep;
}

/* What of the centroid's motion goes against h_dead, coordinate by coordinate. */
static void weigh_drift(const double *drift, const double *h_dead, size_t dims, double *of)
{
    double squares = 0, fourths = 0, sizes = 0, against = 0;
    for (size_t d = 0; d < dims; d++) {
        double square = drift[d] * drift[d];
        squares += square;
        fourths += square * square;
        sizes += fabs(drift[d]);
        against += h_dead[d] * drift[d] < 0 ? fabs(drift[d]) : 0;
    }
    of[AZ_HIDDEN_SPEED] = sqrt(squares);
    if (!(squares > 0)) return;
    of[AZ_HIDDEN_CARRIED] = squares * squares / fourths;
    if (!isnan(h_dead[0])) of[AZ_HIDDEN_AGAINST] = against / sizes;
}

void az_hidden_follow(struct az_hidden_look *look, int64_t n)
{
    size_t dims = look->dims;
    const struct az_hidden *hidden = look->hidden;
    int64_t number = look->number + n;
    double *of = hidden->steps[number].of;
    const double *mean = az_hidden_row(hidden, AZ_HIDDEN_H_MEAN, number);
    const double *h_dead = az_hidden_row(hidden, AZ_HIDDEN_H_DEAD, number);
    const double *dead = az_hidden_row(hidden, AZ_HIDDEN_DEAD_CENTROID, number);
    const double *live = az_hidden_row(hidden, AZ_HIDDEN_LIVE_CENTROID, number);
    const double *drift = look->drift + (size_t)n * dims;
    run_on(look, number, look->push + (size_t)n * dims);
    weigh_drift(drift, h_dead, dims, of);
    of[AZ_HIDDEN_DEAD_MEAN] = az_hidden_cosine(h_dead, mean, dims);
    of[AZ_HIDDEN_MEAN_DRIFT] = -az_hidden_cosine(mean, drift, dims);
    of[AZ_HIDDEN_DEAD_DRIFT] = -az_hidden_cosine(h_dead, drift, dims);
    if (look->forgotten < FORGOTTEN)
        of[AZ_HIDDEN_PUSH_DRIFT] = -az_hidden_cosine(look->running, drift, dims);
    of[AZ_HIDDEN_MEAN_DEAD] = az_hidden_cosine(mean, dead, dims);
    of[AZ_HIDDEN_MEAN_LIVE] = az_hidden_cosine(mean, live, dims);
    of[AZ_HIDDEN_DEAD_LIVE] = az_hidden_cosine(dead, live, dims);
    if (number > 0) {
        of[AZ_HIDDEN_AGAIN] = az_hidden_cosine(mean - dims, mean, dims);
        of[AZ_HIDDEN_DEAD_AGAIN] = az_hidden_cosine(h_dead - dims, h_dead, dims);
        of[AZ_HIDDEN_TURN] = az_hidden_cosine(look->last_drift, drift, dims);
    }
    memcpy(look->last_drift, drift, dims * sizeof *drift);
}

/* ---- lags ---- */

static const int64_t lags[AZ_HIDDEN_LAGS] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

/* Pairs (n, n + lag) that start in from..to-1 and have both directions. */
struct lag_pairs {
    const double *values; /* [count][dims] */
    size_t dims;
    int64_t from, to, lag;
};

static double cosine_at(const struct lag_pairs *pairs, int64_t n)
{
    const double *x = pairs->values + (size_t)n * pairs->dims;
    return az_hidden_cosine(x, x + (size_t)pairs->lag * pairs->dims, pairs->dims);
}

/* means: [2][dims] of the pairs' first and second. */
static double pearson(const struct lag_pairs *pairs, const double *means)
{
    double product = 0, squares[2] = {0};
    for (int64_t n = pairs->from; n < pairs->to; n++) {
        const double *x = pairs->values + (size_t)n * pairs->dims;
        const double *y = x + (size_t)pairs->lag * pairs->dims;
        if (isnan(cosine_at(pairs, n))) continue;
        for (size_t d = 0; d < pairs->dims; d++) {
            double a = x[d] - means[d], b = y[d] - means[pairs->dims + d];
            product += a * b;
            squares[0] += a * a;
            squares[1] += b * b;
        }
    }
    double size = sqrt(squares[0]) * sqrt(squares[1]);
    return size > 0 ? product / size : (double)NAN;
}

static void find_lag(const struct lag_pairs *pairs, double *means, struct az_hidden_lag *lag)
{
    size_t dims = pairs->dims;
    double least = INFINITY, sum = 0;
    memset(means, 0, 2 * dims * sizeof *means);
    for (int64_t n = pairs->from; n < pairs->to; n++) {
        const double *x = pairs->values + (size_t)n * dims, *y = x + (size_t)pairs->lag * dims;
        double cosine = cosine_at(pairs, n);
        if (isnan(cosine)) continue;
        for (size_t d = 0; d < dims; d++) {
            means[d] += x[d];
            means[dims + d] += y[d];
        }
        lag->pairs++;
        sum += cosine;
        least = fmin(least, cosine);
    }
    double count = (double)lag->pairs;
    for (size_t d = 0; d < 2 * dims; d++) means[d] /= count;
    lag->mean_cosine = lag->pairs ? sum / count : (double)NAN;
    lag->least_cosine = lag->pairs ? least : (double)NAN;
    lag->pearson = lag->pairs ? pearson(pairs, means) : (double)NAN;
}

static void find_lags(struct az_hidden *hidden, int vector, int window, double *scratch)
{
    int64_t from = 0, to = hidden->count;
    if (window < AZ_LENS_WINDOWS) {
        while (from < to && az_lens_window(hidden->steps[from].step) < window) from++;
        while (to > from && az_lens_window(hidden->steps[to - 1].step) > window) to--;
    }
    for (int n = 0; n < AZ_HIDDEN_LAGS; n++) {
        struct az_hidden_lag *lag = &hidden->lags[vector][window][n];
        int64_t last = hidden->count - lags[n];
        lag->lag_frames = lags[n];
        find_lag(&(struct lag_pairs){hidden->vectors[vector], (size_t)hidden->dims, from,
                                     to < last ? to : last, lags[n]},
                 scratch, lag);
    }
}

/* ---- tracks ---- */

static double angle_to(const double *a, const double *b, size_t dims)
{
    double cosine = az_hidden_cosine(a, b, dims);
    return isnan(cosine) ? cosine : acos(fmin(fmax(cosine, -1), 1)) * DEGREES;
}

/* The vector's first and last directions, the sum of the turns between, the mean direction. */
static void follow_track(const struct az_hidden *hidden, const double *values, double *mean,
                         struct az_hidden_track *track)
{
    size_t dims = (size_t)hidden->dims;
    const double *first = NULL, *last = NULL;
    for (int64_t n = 0; n < hidden->count; n++) {
        const double *now = values + (size_t)n * dims;
        double squares = 0;
        for (size_t d = 0; d < dims; d++) squares += now[d] * now[d];
        if (!(squares > 0)) continue;
        for (size_t d = 0; d < dims; d++) mean[d] += now[d] / sqrt(squares);
        if (last) track->path_degrees += angle_to(last, now, dims);
        if (!first) first = now;
        last = now;
        track->directions++;
    }
    if (last) track->net_degrees = angle_to(first, last, dims);
    if (track->path_degrees > 0) track->straightness = track->net_degrees / track->path_degrees;
    for (int64_t n = 0; n < hidden->count; n++) {
        double angle = angle_to(mean, values + (size_t)n * dims, dims);
        if (isnan(angle)) continue;
        track->spread_degrees += angle / (double)track->directions;
        track->spread_most_degrees = fmax(track->spread_most_degrees, angle);
    }
}

void az_hidden_finish(struct az_hidden *hidden, double *scratch)
{
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++) {
        memset(scratch, 0, (size_t)hidden->dims * sizeof *scratch);
        follow_track(hidden, hidden->vectors[v], scratch, &hidden->tracks[v]);
        for (int window = 0; window <= AZ_LENS_WINDOWS; window++)
            find_lags(hidden, v, window, scratch);
    }
}
