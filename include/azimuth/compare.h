/* compare.h: two recordings against each other, bit for bit, a frame at a time.
 *
 * Tensors of one name are compared at the steps and tokens that both have. bf16 against float32 is
 * compared as float32 (the notebooks upcast their moments). Distances are those of
 * docs/definitions.md: cells are points of the type's own lattice between the two numbers. */
#ifndef AZIMUTH_COMPARE_H
#define AZIMUTH_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/progress.h"
#include "azimuth/recording.h"
#include "azimuth/status.h"

enum az_compare_set { AZ_COMPARE_ALL, AZ_COMPARE_DEAD, AZ_COMPARE_LIVE, AZ_COMPARE_SETS };

/* Of one set of rows in one frame, or summed over frames (linf_cells: the greatest). Types other
 * than BF16 and F32 have no cells and no distance: 0. */
struct az_compare_counts {
    int64_t components, differing, bits; /* bits: that differ, of those components */
    int64_t l1_cells, linf_cells;
    double l2_cells;     /* sqrt of the sum of squares */
    double distance_w;   /* L2 norm of B - A, in the units of the values, in f64 */
    int64_t rows, moved; /* rows; those of them with a component that differs */
};

/* One tensor at one step; names are the recordings'. dead and live have rows only where frames are
 * rows of tokens and a recording says which are dead. */
struct az_compare_frame {
    const char *tensor;
    int64_t step;
    struct az_compare_counts counts[AZ_COMPARE_SETS];
};

struct az_compare_tensor {
    const char *name;
    const struct az_recorded *a, *b; /* NULL where one does not have it */
    bool comparable;                 /* both have it, in shapes and types that can be compared */
    int64_t rows;                    /* tokens that both have */
    int64_t frames, only_a, only_b;  /* steps that both have, that one has */
    int64_t frames_differing, first_step; /* -1: none */
    struct az_compare_counts counts[AZ_COMPARE_SETS];
};

struct az_compare_place {
    bool found;
    char tensor[AZ_TENSOR_NAME_BYTES];
    int64_t step, token, dim; /* token, dim: -1 where frames have no rows of tokens */
    int64_t element;          /* of the frame of A */
    uint64_t a_bits, b_bits;  /* of the type that is compared */
    int bits;
};

struct az_compare_result {
    int64_t frames, frames_differing;
    size_t tensors, tensors_differing; /* a tensor that one does not have differs */
    struct az_compare_place first;     /* in order of step, tensor, row, dimension */
};

struct az_compare_options {
    bool common; /* what only one has is no difference */
    int threads;
    /* For every frame that both have, in order of step; and for every tensor, at the end. Either
     * may be NULL. */
    void (*frame)(void *context, const struct az_compare_frame *frame);
    void (*tensor)(void *context, const struct az_compare_tensor *tensor);
    void *context;
};

/* Memory: two frames of each. AZ_DIFFERENCE when they differ (result is complete then). AZ_MISSING
 * when they have no tensor in common. AZ_INTERRUPTED when progress was asked to stop. */
AZ_API enum az_status az_compare(const struct az_recording *a, const struct az_recording *b,
                                 const struct az_compare_options *options,
                                 struct az_compare_result *result, struct az_progress *progress,
                                 struct az_error *error);

#endif
