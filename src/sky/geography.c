#include "sky/geography.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define VOID_ROWS 10000

static int compare_places(const void *left, const void *right)
{
    const struct az_place *a = left, *b = right;
    if (a->radius != b->radius) return a->radius < b->radius ? -1 : 1;
    return a->vector < b->vector ? -1 : a->vector > b->vector;
}

/* Keeps the best AZ_GAPS, greatest first. */
static void keep_gap(struct az_gap gaps[AZ_GAPS], struct az_gap gap, bool by_width)
{
    for (int n = 0; n < AZ_GAPS; n++) {
        double here = by_width ? gaps[n].to - gaps[n].from : gaps[n].ratio;
        double there = by_width ? gap.to - gap.from : gap.ratio;
        if (gaps[n].inside && here >= there) continue;
        memmove(gaps + n + 1, gaps + n, (size_t)(AZ_GAPS - 1 - n) * sizeof *gaps);
        gaps[n] = gap;
        return;
    }
}

static void find_gaps(struct az_geography *geography)
{
    for (int64_t k = 1; k < geography->count; k++) {
        double from = geography->places[k - 1].radius, to = geography->places[k].radius;
        struct az_gap gap = {k, from, to, from > 0 ? to / from : 0};
        if (!(to > from)) continue;
        keep_gap(geography->by_width, gap, true);
        if (from > 0) keep_gap(geography->by_ratio, gap, false);
        if (k < geography->least || geography->count - k < geography->least) continue;
        if (gap.ratio <= geography->gap.ratio) continue;
        geography->gap = gap;
        geography->split = true;
    }
}

/* Between the two radii of the gap, in the middle of their logarithms. */
static void split(struct az_geography *geography, double core_radius)
{
    if (core_radius > 0) {
        geography->split = true;
        geography->gap = (struct az_gap){0};
        geography->core_radius = core_radius;
    } else if (geography->split) {
        geography->core_radius = sqrt(geography->gap.from * geography->gap.to);
    }
    for (int64_t k = 0; geography->split && k < geography->count; k++) {
        const struct az_place *place = &geography->places[k];
        bool core = place->radius < geography->core_radius;
        *(core ? &geography->core_vectors : &geography->oort_vectors) += 1;
        *(core ? &geography->core_tokens : &geography->oort_tokens) += place->population;
        *(core ? &geography->core_black_holes : &geography->oort_black_holes) +=
            place->population > 1;
    }
}

enum az_status az_geography_chart(struct az_geography *geography, const struct az_duplicates *found,
                                  const struct az_sighting *sighting, const int32_t *vectors,
                                  int64_t count, double core_radius, int64_t least,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    *geography = (struct az_geography){.count = count, .least = least < 2 ? 2 : least};
    AZ_TRY(az_memory_allocate(&geography->places, (size_t)count, sizeof *geography->places,
                              "radii of the vectors", error));
    for (int64_t n = 0; n < count; n++)
        geography->places[n] = (struct az_place){vectors[n], found->population[vectors[n]],
                                                 sighting->radii[found->first[vectors[n]]]};
    qsort(geography->places, (size_t)count, sizeof *geography->places, compare_places);
    find_gaps(geography);
    split(geography, core_radius);
out:
    return status;
}

void az_geography_free(struct az_geography *geography)
{
    az_memory_free(geography->places);
    *geography = (struct az_geography){0};
}

/* Upper ends of the shells; the first holds what is equal to the centre. */
static const double shell_ends[AZ_SHELLS] = {
    0,  1e-6, 1e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2,     .1,
    .2, .3,   .4,   .5,   .6,   .8,   1,    1.2,  1.5,  2,    5,    INFINITY, NAN};

void az_geography_shells(struct az_shell shells[AZ_SHELLS], const struct az_duplicates *found,
                         const struct az_sighting *sighting)
{
    for (int n = 0; n < AZ_SHELLS; n++)
        shells[n] = (struct az_shell){n ? shell_ends[n - 1] : 0, shell_ends[n], 0, 0};
    for (int64_t row = 0; row < found->rows; row++) {
        double radius = sighting->radii[row];
        int n = 0;
        while (n < AZ_SHELLS - 1 && !(radius <= shell_ends[n])) n++; /* NaN comes into the last */
        int32_t vector = found->vector_of[row];
        shells[n].rows++;
        shells[n].vectors += vector >= 0 && found->first[vector] == row;
    }
}

static int compare_reals(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

enum az_status az_geography_void(struct az_gap *gap, const struct az_sighting *sighting,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    double *radii = NULL;
    int64_t count = 0;
    *gap = (struct az_gap){0};
    AZ_TRY(az_memory_allocate(&radii, (size_t)sighting->rows, sizeof *radii, "radii", error));
    for (int64_t row = 0; row < sighting->rows; row++)
        if (isfinite(sighting->radii[row])) radii[count++] = sighting->radii[row];
    qsort(radii, (size_t)count, sizeof *radii, compare_reals);
    for (int64_t k = 1; k < count && k < VOID_ROWS; k++)
        if (radii[k] - radii[k - 1] > gap->to - gap->from)
            *gap = (struct az_gap){k, radii[k - 1], radii[k],
                                   radii[k - 1] > 0 ? radii[k] / radii[k - 1] : 0};
out:
    az_memory_free(radii);
    return status;
}
