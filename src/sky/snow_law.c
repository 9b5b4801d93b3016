#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sky/lattice_point.h"
#include "sky/snow.h"

#define MOST_VECTORS ((size_t)1 << 20)
#define LEAST_P 1e-18 /* of a point that is looked at */
#define REACH 9.0     /* scales from the center at which the normal law ends: 1e-19 */

/* P(X <= x) on the side where it is small, of the noise in units of its scale: x <= 0. */
static double tail(enum az_noise noise, double x)
{
    return noise == AZ_NOISE_LAPLACE ? 0.5 * exp(x) : 0.5 * erfc(-x * 0.70710678118654752440);
}

/* P(a < X <= b), without cancellation in the tails. */
static double between(enum az_noise noise, double a, double b)
{
    if (a >= 0) return tail(noise, -a) - tail(noise, -b);
    if (b <= 0) return tail(noise, b) - tail(noise, a);
    return 1 - tail(noise, a) - tail(noise, -b);
}

/* Calls visit with the probability of every lattice point of one dimension that is not
 * negligible. */
struct dimension {
    double most, squares; /* max p, sum of p^2 */
    double *p;            /* those found, as many as fit */
    size_t count, capacity;
};

static double midpoint(int32_t order)
{
    return (az_lattice_value(order) + az_lattice_value(order + 1)) / 2;
}

static void measure(const struct az_snow *plan, double center, struct dimension *dimension)
{
    double reach = plan->noise == AZ_NOISE_LAPLACE ? 44 : REACH;
    int32_t low = az_bf16_ord(az_lattice_nearest(center - reach * plan->scale));
    int32_t high = az_bf16_ord(az_lattice_nearest(center + reach * plan->scale));
    dimension->most = dimension->squares = 0;
    dimension->count = 0;
    double left = -INFINITY;
    for (int32_t order = low; order <= high; order++) {
        double right = order == high ? INFINITY : (midpoint(order) - center) / plan->scale;
        double p = between(plan->noise, left, right);
        left = right;
        if (p < LEAST_P) continue;
        dimension->most = fmax(dimension->most, p);
        dimension->squares += p * p;
        if (dimension->count < dimension->capacity) dimension->p[dimension->count] = p;
        dimension->count++;
    }
}

/* The probabilities of whole vectors: a list that each dimension multiplies. */
struct vectors {
    double *p, *next;
    size_t count;
    double prune; /* vectors less likely than that are dropped */
    bool overflow;
};

static void multiply(struct vectors *vectors, const struct dimension *dimension)
{
    size_t count = 0;
    for (size_t v = 0; v < vectors->count; v++)
        for (size_t j = 0; j < dimension->count; j++) {
            double p = vectors->p[v] * dimension->p[j];
            if (p < vectors->prune) continue;
            if (count == MOST_VECTORS) {
                vectors->overflow = true;
                return;
            }
            vectors->next[count++] = p;
        }
    double *kept = vectors->p;
    vectors->p = vectors->next;
    vectors->next = kept;
    vectors->count = count;
}

static void sum_up(const struct vectors *vectors, double n, struct az_snow_law *law)
{
    double mass = 0;
    law->unique = law->singletons = 0;
    for (size_t v = 0; v < vectors->count; v++) {
        double p = vectors->p[v];
        law->unique += p >= 1 ? 1 : -expm1(n * log1p(-p));
        law->singletons += n * p * (p >= 1 ? n == 1 : exp((n - 1) * log1p(-p)));
        mass += p;
    }
    law->black_holes = law->unique - law->singletons;
    law->lost = n * fmax(0, 1 - mass);
}

static enum az_status find_law(const struct az_snow *plan, struct vectors *vectors,
                               struct dimension *dimension, struct az_snow_law *law)
{
    double n = (double)plan->survivors, same = 1, modal = 1;
    vectors->p[0] = 1;
    vectors->count = 1;
    for (size_t d = 0; d < plan->dims; d++) {
        measure(plan, plan->center[d], dimension);
        same *= dimension->squares;
        modal *= dimension->most;
        law->active_dims += dimension->count > 1;
        if (vectors->overflow || 1 - dimension->most < vectors->prune) continue;
        if (dimension->count > dimension->capacity)
            vectors->overflow = true;
        else
            multiply(vectors, dimension);
    }
    law->identical_pairs = n * (n - 1) / 2 * same;
    law->modal = n * modal;
    law->unique = law->black_holes = law->singletons = law->lost = NAN;
    if (!vectors->overflow) sum_up(vectors, n, law);
    return AZ_OK;
}

enum az_status az_snow_law(const struct az_snow *plan, struct az_snow_law *law,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct vectors vectors = {.prune = 1e-6 / (double)plan->survivors};
    struct dimension dimension = {.capacity = 4096};
    *law = (struct az_snow_law){0};
    AZ_TRY(az_snow_check(plan, error));
    if (plan->noise != AZ_NOISE_GAUSSIAN && plan->noise != AZ_NOISE_LAPLACE)
        AZ_RAISE(AZ_UNSUPPORTED,
                 "no law is known for noise of kind %s: its dimensions are not independent",
                 az_noise_name(plan->noise));
    AZ_TRY(az_memory_allocate(&vectors.p, MOST_VECTORS, sizeof(double), "a law", error));
    AZ_TRY(az_memory_allocate(&vectors.next, MOST_VECTORS, sizeof(double), "a law", error));
    AZ_TRY(az_memory_allocate(&dimension.p, dimension.capacity, sizeof(double), "a law", error));
    AZ_TRY(find_law(plan, &vectors, &dimension, law));
out:
    az_memory_free(vectors.p);
    az_memory_free(vectors.next);
    az_memory_free(dimension.p);
    return status;
}
