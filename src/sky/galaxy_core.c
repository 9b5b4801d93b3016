#include <math.h>
#include <string.h>

#include "azimuth/bf16.h"
#include "base/memory.h"
#include "base/random.h"
#include "sky/galaxy_parts.h"

/* The published exponents of the centre, of 2,560 dimensions: from 107 to 123. */
enum { LEAST_EXPONENT = 107, EXPONENTS = 17, BIAS = 127, MANTISSA_BITS = 7 };
static const int exponent_counts[EXPONENTS] = {2,   1,   0,   2,   2,   12, 18, 58, 93,
                                               212, 341, 632, 805, 300, 61, 19, 2};

/* ---- the centre ---- */

/* The published counts without the active dimensions, ascending, one entry for each of the others.
 */
static void sort_exponents(uint8_t exponents[AZ_GALAXY_DIMS - AZ_GALAXY_ACTIVE])
{
    int left[EXPONENTS], at = 0;
    memcpy(left, exponent_counts, sizeof left);
    for (int n = 0; n < AZ_GALAXY_ACTIVE; n++) left[az_galaxy_dims[n].exponent - LEAST_EXPONENT]--;
    for (int e = 0; e < EXPONENTS; e++)
        while (left[e]-- > 0) exponents[at++] = (uint8_t)(LEAST_EXPONENT + e);
}

/* Where dimension `dim` of 2,560 lies in a matrix of `dims`. */
static int64_t place_of(int dim, int64_t dims) { return dim * dims / AZ_GALAXY_DIMS; }

static uint64_t draw(uint64_t seed, uint64_t *drawn, uint64_t bound)
{
    return az_random_below(seed, az_galaxy_stream(AZ_GALAXY_CORE), (*drawn)++, bound);
}

/* active: [dims] number of the active dimension + 1, or 0. */
static enum az_status make_center(uint16_t *bits, uint8_t *active, int64_t dims, uint64_t seed,
                                  struct az_error *error)
{
    uint8_t exponents[AZ_GALAXY_DIMS - AZ_GALAXY_ACTIVE];
    int64_t others = dims - AZ_GALAXY_ACTIVE;
    uint64_t drawn = 0;
    int32_t *slots;
    enum az_status status =
        az_memory_allocate(&slots, (size_t)others, sizeof *slots, "dimensions", error);
    if (status != AZ_OK) return status;
    sort_exponents(exponents);
    for (int32_t n = 0; n < others; n++) {
        int64_t other = (int64_t)draw(seed, &drawn, (uint64_t)n + 1);
        slots[n] = slots[other];
        slots[other] = n;
    }
    for (int n = 0; n < AZ_GALAXY_ACTIVE; n++) {
        const struct az_galaxy_dim *dim = &az_galaxy_dims[n];
        int64_t place = place_of(dim->dim, dims);
        active[place] = (uint8_t)(n + 1);
        bits[place] = (uint16_t)(dim->sign << 15 | dim->exponent << MANTISSA_BITS | dim->mantissa);
    }
    for (int64_t d = 0, n = 0; d < dims; d++) {
        if (active[d]) continue;
        int64_t slot = (2 * slots[n++] + 1) * (int64_t)sizeof exponents / (2 * others);
        uint64_t sign = draw(seed, &drawn, 2), mantissa = draw(seed, &drawn, 128);
        bits[d] = (uint16_t)(sign << 15 | (uint64_t)exponents[slot] << MANTISSA_BITS | mantissa);
    }
    az_memory_free(slots);
    return AZ_OK;
}

/* L2 from the centre, from the planted bits. */
static double radius_of(const uint16_t *bits, const uint16_t *center, int64_t dims)
{
    double squares = 0;
    for (int64_t d = 0; d < dims; d++) {
        double gap = (double)az_bf16_to_f32((struct az_bf16){bits[d]}) -
                     (double)az_bf16_to_f32((struct az_bf16){center[d]});
        squares += gap * gap;
    }
    return sqrt(squares);
}

/* ---- vectors near others ---- */

static void make_close(struct az_galaxy_core *core, const uint16_t *center)
{
    for (int n = 0; n < AZ_GALAXY_CLOSE; n++) {
        uint16_t *bits = core->bits + n * core->dims;
        memcpy(bits, center, (size_t)core->dims * sizeof *bits);
        for (int k = 0; k < AZ_GALAXY_ACTIVE; k++)
            bits[place_of(az_galaxy_dims[k].dim, core->dims)] =
                (uint16_t)(bits[place_of(az_galaxy_dims[k].dim, core->dims)] +
                           az_galaxy_offsets[n][k]);
        core->vectors[n].population = n < AZ_GALAXY_HOLES ? az_galaxy_holes[n].population : 1;
        core->vectors[n].component = az_galaxy_component[n];
    }
}

/* ---- vectors far from all others ---- */

enum { FAR = AZ_GALAXY_VECTORS - AZ_GALAXY_CLOSE, LEAST_STEPS = 24, MOST_STEPS = 60 };

/* Exponent distances of the far ones by ascending radius: the published increments of the curve
 * (39 rows at 0, then 38, 18, 10, 6, 1) less the close ones; 3 at 6 and 2 each at 7 to 10 outside,
 * so that the curve has its least increment at 5 in a small galaxy too. */
static int far_exponents(int number)
{
    static const int ends[] = {5, 43, 61, 71, 77, 78, 81, 83, 85, 87, 89};
    int exponents = 0;
    while (number >= ends[exponents]) exponents++;
    return exponents;
}

static double between(double low, double high, int n, int count)
{
    return low + (high - low) * ((double)n + .5) / (double)count;
}

/* Radii, ascending: the core, then the published bands of the Oort cloud (to 1e-4, 5e-4, 1e-3,
 * 5e-3, and the outlier), then those outside. */
static double far_radius(int number)
{
    static const double outer[] = {5.6e-4,  6.9e-4,  8.7e-4,  .001019, .001034, .005495,
                                   8.1e-4,  .003565, .003696, .006882, .007598, .0078,
                                   .008590, .009263, .009575, .014709, .016145};
    static const double inmost[] = {2.15e-6, 3.34e-6, 4.3e-6, 8.6e-6, 5.8e-6};
    const int core = AZ_GALAXY_FAR_CORE, inner = AZ_GALAXY_NEAR - AZ_GALAXY_CLOSE - 6 - 23;
    if (number < 5) return inmost[number];
    if (number < core) return between(1.1e-5, 3.95e-5, number - 5, core - 5);
    if (number < inner) return between(6.6e-5, 9.8e-5, number - core, inner - core);
    if (number < inner + 23) return between(1.02e-4, 4.95e-4, number - inner, 23);
    return outer[number - inner - 23];
}

/* Steps in the dimension of its own, where they are planted: these join the largest component at
 * thresholds 9, 14, 18 and 18 as published, and two pairs join each other at 14 and 18. */
static int far_steps(int number, int *partner)
{
    static const struct {
        int number, steps, partner;
    } planted[] = {{0, 9, -1}, {1, 14, -1}, {2, 18, -1}, {3, 18, -1}, {11, 14, 10}, {21, 18, 20}};
    *partner = -1;
    for (size_t n = 0; n < sizeof planted / sizeof planted[0]; n++)
        if (planted[n].number == number) {
            *partner = planted[n].partner;
            return planted[n].steps;
        }
    return 0;
}

struct placing {
    struct az_galaxy_core *core;
    const uint16_t *center;
    uint8_t *taken; /* [dims] active, or somebody's own */
    int64_t fine[4];
};

/* The finest dimensions that are nobody's, in which exponents are shifted. */
static void find_fine(struct placing *placing)
{
    for (int n = 0; n < 4; n++) {
        int64_t best = -1;
        for (int64_t d = 0; d < placing->core->dims; d++) {
            int exponent = placing->center[d] >> MANTISSA_BITS & 255;
            if (placing->taken[d]) continue;
            if (best < 0 || exponent < (placing->center[best] >> MANTISSA_BITS & 255)) best = d;
        }
        placing->fine[n] = best;
        placing->taken[best] = 1;
    }
}

/* A dimension that is nobody's, with that exponent and room for the steps within the binade. */
static int64_t find_own(const struct placing *placing, int exponent, int steps)
{
    for (int64_t d = 0; d < placing->core->dims; d++) {
        int mantissa = placing->center[d] & 127;
        if (placing->taken[d] || (placing->center[d] >> MANTISSA_BITS & 255) != exponent) continue;
        if (mantissa >= steps || mantissa + steps <= 127) return d;
    }
    return -1;
}

/* Moves the vector in a dimension of its own so that `rest` is about the length of that move. */
static bool move_own(struct placing *placing, uint16_t *bits, double rest, int steps)
{
    int scale = ilogb(rest / (steps ? steps : LEAST_STEPS));
    for (int shift = 0; shift < 4; shift++) {
        static const int shifts[] = {0, 1, -1, 2};
        int exponent = scale + shifts[shift] + BIAS + MANTISSA_BITS;
        int k = steps ? steps : (int)(rest / ldexp(1.0, scale + shifts[shift]) + .5);
        if (k > MOST_STEPS) k = MOST_STEPS;
        if (!steps && k < LEAST_STEPS) k = LEAST_STEPS;
        int64_t own = find_own(placing, exponent, k);
        if (own < 0) continue;
        placing->taken[own] = 1;
        bits[own] = (uint16_t)(bits[own] + ((bits[own] & 127) + k <= 127 ? k : -k));
        return true;
    }
    return false;
}

static bool make_far(struct placing *placing, int number)
{
    struct az_galaxy_core *core = placing->core;
    int partner, steps = far_steps(number, &partner), exponents = far_exponents(number);
    uint16_t *bits = core->bits + (AZ_GALAXY_CLOSE + number) * core->dims;
    const uint16_t *from =
        partner < 0 ? placing->center : core->bits + (AZ_GALAXY_CLOSE + partner) * core->dims;
    double radius = far_radius(number), moved = 0;
    memcpy(bits, from, (size_t)core->dims * sizeof *bits);
    if (exponents && partner < 0) {
        int64_t fine = placing->fine[number % 4];
        bits[fine] = (uint16_t)(bits[fine] - (exponents << MANTISSA_BITS));
    }
    moved = radius_of(bits, placing->center, core->dims);
    double rest = partner >= 0           ? radius / 2
                  : radius > 1.1 * moved ? sqrt(radius * radius - moved * moved)
                                         : radius / 2;
    core->vectors[AZ_GALAXY_CLOSE + number] =
        (struct az_galaxy_vector){.population = 1, .exponents = exponents};
    return move_own(placing, bits, rest, steps);
}

enum az_status az_galaxy_core_make(struct az_galaxy_core *core, int64_t dims, uint64_t seed,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct placing placing = {.core = core};
    *core = (struct az_galaxy_core){.dims = dims};
    AZ_TRY(az_memory_allocate(&core->bits, (size_t)dims, AZ_GALAXY_VECTORS * sizeof(uint16_t),
                              "the core", error));
    AZ_TRY(az_memory_allocate(&placing.taken, (size_t)dims, 1, "the core", error));
    uint16_t *center = core->bits + AZ_GALAXY_CENTER * dims;
    placing.center = center;
    AZ_TRY(make_center(center, placing.taken, dims, seed, error));
    for (int64_t d = 1; d < dims; d++)
        if ((center[d] >> MANTISSA_BITS & 255) < (center[core->finest] >> MANTISSA_BITS & 255))
            core->finest = d;
    make_close(core, center);
    find_fine(&placing);
    for (int number = 0; number < FAR; number++)
        if (!make_far(&placing, number))
            AZ_RAISE(AZ_USAGE, "%d dimensions are too few for the core with this seed", (int)dims);
    for (int n = 0; n < AZ_GALAXY_VECTORS; n++) {
        core->vectors[n].radius = radius_of(core->bits + n * dims, center, dims);
        core->vectors[n].oort = core->vectors[n].radius >= AZ_GALAXY_CORE_RADIUS;
    }
out:
    az_memory_free(placing.taken);
    return status;
}

void az_galaxy_core_free(struct az_galaxy_core *core)
{
    az_memory_free(core->bits);
    *core = (struct az_galaxy_core){0};
}
