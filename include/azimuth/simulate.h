/* simulate.h: rows scattered about a point and rounded to bf16: can chance make black holes?
 *
 * Snow: each row is bf16(c + noise), in exact arithmetic with one rounding to nearest. Walk: rows
 * that start as noise about zero and take a common step towards c again and again, rounded to bf16
 * each time, while a fixed number of them is culled at random. Random numbers are counted (stream
 * AZ_STREAM_SIMULATION of base/random): a row is a function of (seed, trial, row), so results do
 * not depend on threads, nor on which other rows are drawn. */
#ifndef AZIMUTH_SIMULATE_H
#define AZIMUTH_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"

/* ---- reference points ---- */

#define AZ_CENTER_TABLE(X)                                                                         \
    X(AZ_CENTER_VECTOR, "vector", "a lattice point with the exponents of Qwen 3 4B's 80091")       \
    X(AZ_CENTER_CENTROID, "centroid",                                                              \
      "the same, off the lattice in its finest dimensions as the core's centroid lies")            \
    X(AZ_CENTER_CENTRED, "centred",                                                                \
      "a random vector with the norm that the core's centroid has after centring: the wrong "      \
      "frame, for comparison with the notebooks")

enum az_center {
#define AZ_CENTER_ENUMERATOR(id, name, meaning) id,
    AZ_CENTER_TABLE(AZ_CENTER_ENUMERATOR)
#undef AZ_CENTER_ENUMERATOR
        AZ_CENTER_COUNT
};

#define AZ_CENTER_DIMS 2560

/* values[AZ_CENTER_DIMS]. What was published of the vector is its exponents (how many
 * coordinates have which) and, in eleven dimensions, exponent, sign and mantissa; the rest is drawn
 * from `seed`. Where the centroid lies within its cell in the finest dimensions was not published:
 * those offsets are inferred from the notebooks' own Monument Valley counts (docs/sky.md). */
AZ_API void az_center_fill(enum az_center reference, uint64_t seed, double *values);
AZ_API const char *az_center_name(enum az_center reference);

/* ---- snow ---- */

#define AZ_NOISE_TABLE(X)                                                                          \
    X(AZ_NOISE_GAUSSIAN, "gaussian", "normal in each dimension; scale is its standard deviation")  \
    X(AZ_NOISE_LAPLACE, "laplace", "exp(-|x| / scale) in each dimension")                          \
    X(AZ_NOISE_BALL, "ball", "uniform in the ball of radius scale")                                \
    X(AZ_NOISE_SHELL, "shell", "uniform on the sphere of radius scale")

enum az_noise {
#define AZ_NOISE_ENUMERATOR(id, name, meaning) id,
    AZ_NOISE_TABLE(AZ_NOISE_ENUMERATOR)
#undef AZ_NOISE_ENUMERATOR
        AZ_NOISE_COUNT
};

AZ_API const char *az_noise_name(enum az_noise noise);

struct az_snow {
    const double *center; /* [dims] */
    size_t dims;
    enum az_noise noise;
    double scale;       /* > 0, in weight units */
    int64_t population; /* rows there were in the beginning; at most 2^24 */
    int64_t survivors;  /* of these, drawn uniformly; only they are computed. At most population */
    uint64_t seed;
};

/* What a census of the survivors finds. Adjacent: every coordinate at most one cell apart. */
struct az_snow_trial {
    int64_t unique, black_holes, singletons;
    int64_t in_black_holes; /* rows */
    int64_t largest, second;
    double mean_population, median_population, gini; /* of the black holes; NaN without any */
    int64_t edges, components; /* of the unique vectors, adjacent ones; -1 beyond 1,000 of them */
    int64_t linf_cells;        /* greatest L-infinity between two of them; -1 likewise */
    double linf_w;             /* the same in weight units; NaN likewise */
};

/* results[plan_count][trials]: trials numbered from 0. Two plans that differ only in scale see the
 * same random numbers. AZ_USAGE for a scale that is not above 0, a center that is not finite or
 * beyond the range of bf16, or counts out of range; AZ_INTERRUPTED when asked to stop. */
AZ_API enum az_status az_snow_run(const struct az_snow *plans, size_t plan_count, size_t trials,
                                  struct az_snow_trial *results, struct az_pool *pool,
                                  struct az_progress *progress, struct az_error *error);

/* The law of a plan with gaussian or laplace noise. In dimension d a row falls on lattice point j
 * with probability p_dj = F((b_(j+1) - c_d) / scale) - F((b_j - c_d) / scale), b the midpoints
 * between lattice points, and dimensions are independent. */
struct az_snow_law {
    int64_t active_dims;    /* where any other point than the commonest has p > 1e-18 */
    double identical_pairs; /* expected: n (n - 1) / 2 times the product over d of sum_j p_dj^2 */
    double modal; /* expected rows on the likeliest vector: n times the product of max p */
    /* Expected counts, summed over all vectors of the lattice that matter. NaN where there are more
     * than a million of them; else `lost` bounds what was left out, in vectors. */
    double unique, black_holes, singletons, lost;
};

/* AZ_UNSUPPORTED for ball and shell, whose dimensions are not independent: draw. */
AZ_API enum az_status az_snow_law(const struct az_snow *plan, struct az_snow_law *law,
                                  struct az_error *error);

/* ---- walk ---- */

struct az_walk {
    const double *target; /* [dims] the direction of the drift */
    size_t dims;
    double sigma;         /* of the initial noise about zero */
    double length, decay; /* drift of step k = 0, 1, ...: length * decay^k towards target */
    int64_t rows, steps, culled_per_step;
    int64_t census_every; /* steps between two censuses; 0 and the last step always have one */
    uint64_t seed;
};

struct az_walk_census {
    int64_t step, alive, unique, black_holes, in_black_holes, largest;
    double mean_norm, centroid_norm; /* of the rows alive */
    double exact_norm;               /* of the drift alone, without rounding */
};

/* Number of censuses that a walk takes. */
AZ_API size_t az_walk_censuses(const struct az_walk *walk);
/* results[az_walk_censuses]. The sum of row and step is rounded to float32, then to bf16, as the
 * notebooks did. AZ_USAGE for parameters out of range. */
AZ_API enum az_status az_walk_run(const struct az_walk *walk, struct az_walk_census *results,
                                  struct az_pool *pool, struct az_progress *progress,
                                  struct az_error *error);

#endif
