#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "sky/galaxy_parts.h"

enum { ORPHANS = 267, FIRST_SINGLETON = 124, OUTLIER_TOKEN = 27487, OUTLIER = 124 };

/* Rows of the halo by distance from the centre: the published shells up to .6, less what the core
 * has there. */
static const struct {
    double from, to;
    int count;
} shells[] = {{.0164, 2e-2, 7}, {2e-2, 5e-2, 71}, {5e-2, .1, 285}, {.1, .2, 457},
              {.2, .3, 522},    {.3, .4, 598},    {.4, .5, 752},   {.5, .6, 1030}};

struct planning {
    struct az_galaxy_plan *plan;
    uint64_t seed, drawn;
};

static uint64_t draw(struct planning *planning, uint64_t bound)
{
    return az_random_below(planning->seed, az_galaxy_stream(AZ_GALAXY_PLAN), planning->drawn++,
                           bound);
}

/* A row of first..end-1 that is nobody's yet. */
static int64_t draw_row(struct planning *planning, int64_t first, int64_t end)
{
    for (;;) {
        int64_t row = first + (int64_t)draw(planning, (uint64_t)(end - first));
        if (planning->plan->kind[row] == AZ_GALAXY_BULK) return row;
    }
}

static void plant(struct az_galaxy_plan *plan, int64_t row, int vector)
{
    plan->kind[row] = AZ_GALAXY_PLANTED;
    plan->vector[row] = vector;
}

static int64_t scaled(int64_t token, int64_t rows) { return token * rows / AZ_GALAXY_ROWS; }

/* First the lowest tokens and the rows at the end, then the rest of each black hole above its
 * lowest. */
static void plant_holes(struct planning *planning)
{
    struct az_galaxy_plan *plan = planning->plan;
    int64_t rows = plan->rows, orphan = rows - ORPHANS;
    for (int h = 0; h < AZ_GALAXY_HOLES; h++) {
        int64_t first = scaled(az_galaxy_holes[h].first, rows);
        while (plan->kind[first] != AZ_GALAXY_BULK) first++;
        plant(plan, first, h);
        for (int n = 0; n < az_galaxy_holes[h].orphans; n++) plant(plan, orphan++, h);
    }
    for (int h = 0; h < AZ_GALAXY_HOLES; h++) {
        int64_t first = 0;
        while (plan->vector[first] != h) first++;
        int left = az_galaxy_holes[h].population - 1 - az_galaxy_holes[h].orphans;
        while (left-- > 0) plant(plan, draw_row(planning, first + 1, rows - ORPHANS), h);
    }
}

static void plant_halo(struct planning *planning)
{
    struct az_galaxy_plan *plan = planning->plan;
    for (size_t s = 0; s < sizeof shells / sizeof shells[0]; s++) {
        int64_t count = (shells[s].count * plan->rows + AZ_GALAXY_ROWS - 1) / AZ_GALAXY_ROWS;
        double from = shells[s].from * 1.03, to = shells[s].to * .97;
        for (int64_t n = 0; n < count; n++) {
            int64_t row = draw_row(planning, 0, plan->rows - ORPHANS);
            double share = ((double)n + .5) / (double)count;
            plan->kind[row] = AZ_GALAXY_HALO;
            plan->radius[row] = (float)(from + (to - from) * share * share);
            plan->halo_rows++;
        }
    }
}

enum az_status az_galaxy_plan_make(struct az_galaxy_plan *plan, const struct az_galaxy_core *core,
                                   const struct az_galaxy_options *options, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)options->rows;
    struct planning planning = {plan, options->seed, 0};
    *plan = (struct az_galaxy_plan){.rows = options->rows};
    AZ_TRY(az_memory_allocate(&plan->kind, rows, 1, "the plan", error));
    AZ_TRY(az_memory_allocate(&plan->vector, rows, sizeof(int32_t), "the plan", error));
    AZ_TRY(az_memory_allocate(&plan->radius, rows, sizeof(float), "the plan", error));
    for (size_t row = 0; row < rows; row++) plan->vector[row] = -1;
    plant_holes(&planning);
    int64_t outlier = scaled(OUTLIER_TOKEN, options->rows);
    while (plan->kind[outlier] != AZ_GALAXY_BULK) outlier++;
    plant(plan, outlier, OUTLIER);
    for (int n = AZ_GALAXY_HOLES; n < AZ_GALAXY_VECTORS; n++)
        if (n != OUTLIER && core->vectors[n].population == 1)
            plant(plan, draw_row(&planning, FIRST_SINGLETON, options->rows - ORPHANS), n);
    plant_halo(&planning);
out:
    return status;
}

void az_galaxy_plan_free(struct az_galaxy_plan *plan)
{
    az_memory_free(plan->kind);
    az_memory_free(plan->vector);
    az_memory_free(plan->radius);
    *plan = (struct az_galaxy_plan){0};
}
