#include <math.h>
#include <stdlib.h>

#include "sky/lattice_point.h"
#include "sky/snow.h"

static int descending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* Of populations in descending order: sum over i < j of |p_i - p_j| / (n * sum of p). */
static double gini(const int64_t *populations, size_t count, double sum)
{
    double weighted = 0;
    for (size_t i = 0; i < count; i++)
        weighted += ((double)count - 1 - 2 * (double)i) * (double)populations[i];
    return weighted / ((double)count * sum);
}

static void count_populations(struct az_snow_scratch *scratch, struct az_snow_trial *trial)
{
    size_t holes = 0;
    int64_t sum = 0;
    for (size_t g = 0; g < scratch->groups.count; g++) {
        if (scratch->groups.population[g] < 2) continue;
        scratch->sorted[holes++] = scratch->groups.population[g];
        sum += scratch->groups.population[g];
    }
    qsort(scratch->sorted, holes, sizeof *scratch->sorted, descending);
    *trial = (struct az_snow_trial){.unique = (int64_t)scratch->groups.count,
                                    .black_holes = (int64_t)holes,
                                    .singletons = (int64_t)(scratch->groups.count - holes),
                                    .in_black_holes = sum,
                                    .largest = holes ? scratch->sorted[0] : 1,
                                    .second = holes > 1 ? scratch->sorted[1] : 0,
                                    .mean_population = NAN,
                                    .median_population = NAN,
                                    .gini = NAN};
    if (!holes) return;
    const int64_t *middle = &scratch->sorted[holes / 2];
    trial->mean_population = (double)sum / (double)holes;
    trial->median_population = holes % 2 ? (double)middle[0] : (double)(middle[-1] + middle[0]) / 2;
    trial->gini = gini(scratch->sorted, holes, (double)sum);
}

static uint32_t root_of(uint32_t *parent, uint32_t node)
{
    while (parent[node] != node) node = parent[node] = parent[parent[node]];
    return node;
}

/* L-infinity of two rows in cells; *w becomes at least that in weight units. */
static int32_t compare(const int32_t *a, const int32_t *b, size_t count, double *w)
{
    int32_t most = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t cells = abs(a[i] - b[i]);
        if (cells == 0) continue;
        most = cells > most ? cells : most;
        *w = fmax(*w, fabs(az_lattice_value(a[i]) - az_lattice_value(b[i])));
    }
    return most;
}

static void compare_pairs(const struct az_snow_active *active, struct az_snow_scratch *scratch,
                          struct az_snow_trial *trial)
{
    const struct az_groups *groups = &scratch->groups;
    for (uint32_t g = 0; g < groups->count; g++) scratch->parent[g] = g;
    trial->components = trial->unique;
    trial->linf_w = 0;
    for (uint32_t g = 0; g < groups->count; g++)
        for (uint32_t h = 0; h < g; h++) {
            int32_t cells = compare(scratch->orders + groups->first[g] * active->count,
                                    scratch->orders + groups->first[h] * active->count,
                                    active->count, &trial->linf_w);
            if (cells > trial->linf_cells) trial->linf_cells = cells;
            if (cells != 1) continue;
            uint32_t a = root_of(scratch->parent, g), b = root_of(scratch->parent, h);
            trial->edges++;
            trial->components -= a != b;
            scratch->parent[a] = b;
        }
}

void az_snow_census(const struct az_snow *plan, const struct az_snow_active *active,
                    struct az_snow_scratch *scratch, struct az_snow_trial *trial)
{
    az_groups_find(&scratch->groups, scratch->orders, (size_t)plan->survivors,
                   active->count * sizeof *scratch->orders);
    count_populations(scratch, trial);
    trial->edges = trial->components = trial->linf_cells = -1;
    trial->linf_w = NAN;
    if (scratch->groups.count > AZ_SNOW_PAIRED) return;
    trial->edges = trial->linf_cells = 0;
    compare_pairs(active, scratch, trial);
}
