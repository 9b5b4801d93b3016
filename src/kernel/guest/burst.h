/* burst.h: the arithmetic peak of an instruction set: fused multiply-adds between registers only.
 * Include it once in a guest's file, after the header with its vectors. */
#ifndef AZ_KERNEL_GUEST_BURST_H
#define AZ_KERNEL_GUEST_BURST_H

#include "kernel/guest/inline.h"

#define BURST_CHAINS 12 /* more than latency times units of any processor that is meant */

/* Returns the number of operations; their result goes into *sink, so that they take place. */
static AZ_INLINE double burst(size_t repeats, double *sink)
{
    float start[BURST_CHAINS + VECTOR], half[VECTOR]; /* no two chains may be equal */
    for (size_t i = 0; i < BURST_CHAINS + VECTOR; i++) start[i] = (float)*sink + (float)i;
    for (size_t i = 0; i < VECTOR; i++) half[i] = 0.5f;
    vector chains[BURST_CHAINS], x = vector_load(half);
    AZ_UNROLL
    for (size_t c = 0; c < BURST_CHAINS; c++) chains[c] = vector_load(start + c);
    for (size_t r = 0; r < repeats; r++) {
        AZ_UNROLL
        for (size_t c = 0; c < BURST_CHAINS; c++) chains[c] = vector_fma(chains[c], x, x);
    }
    AZ_UNROLL
    for (size_t c = 1; c < BURST_CHAINS; c++) chains[0] = vector_add(chains[0], chains[c]);
    vector_store(start, chains[0]);
    *sink += (double)start[0] * 1e-9;
    return 2.0 * VECTOR * BURST_CHAINS * (double)repeats;
}

#endif
