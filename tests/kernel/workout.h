/* workout.h: for each kernel, how it performs on a scene of a given shape. One table serves the
 * comparison with the reference, the golden hashes and the mutations. */
#ifndef AZ_TESTS_KERNEL_WORKOUT_H
#define AZ_TESTS_KERNEL_WORKOUT_H

#include "azimuth/kernel.h"
#include "scene.h"

/* Sizes of one performance; what a kernel does not use is 0. */
struct shape {
    size_t rows, columns, depth;
};

enum shapes {
    SHAPES_ROW,    /* columns: a count */
    SHAPES_ROW_1,  /* the same without 0 */
    SHAPES_ROWS,   /* rows of columns */
    SHAPES_PRODUCT /* rows x depth times depth x columns */
};

struct workout {
    const char *name; /* of the kernel; "in place" and the like after a space */
    enum shapes shapes;
    void (*perform)(const struct az_kernels *kernels, struct scene *scene,
                    const struct shape *shape);
};

extern const struct workout az_test_workouts[];
extern const size_t az_test_workout_count;

/* Shape i of a kind, false beyond the last. */
bool az_test_shape(enum shapes shapes, size_t i, struct shape *shape);

#endif
