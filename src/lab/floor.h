/* floor.h: the least time that a phase of a training step can take on a machine whose peaks are
 * known. docs/performance.md derives each formula. */
#ifndef AZ_LAB_FLOOR_H
#define AZ_LAB_FLOOR_H

#include "azimuth/model.h"
#include "kernel/bench.h"

/* The phases that have a floor: those of the model, then these. Names are those of a run's
 * timings. */
enum az_floor_phase {
    AZ_FLOOR_OPTIMIZER = AZ_MODEL_PHASE_COUNT,
    AZ_FLOOR_RECORDING,
    AZ_FLOOR_COUNT
};

/* What a phase of one step has to do. */
struct az_floor {
    double products; /* operations of matrix products, two for each multiply-add */
    double others;   /* of all else, float32, two for each multiplication or multiply-add */
    double bytes;    /* read from memory and written to it, when no cache keeps any of it */
};

/* recorded_bytes: of one step's frames. */
void az_floor_fill(const struct az_model_plan *plan, enum az_arithmetic arithmetic,
                   double recorded_bytes, struct az_floor floors[AZ_FLOOR_COUNT]);

/* NULL when the phase of that name has no floor. */
const struct az_floor *az_floor_find(const struct az_floor floors[AZ_FLOOR_COUNT],
                                     const char *name);

/* The larger of operations by peaks and bytes by bandwidth. */
double az_floor_seconds(const struct az_floor *floor, const struct az_bench_peaks *peaks,
                        enum az_compute compute);

#endif
