/* flush.h: subnormals flushed, in and out, for the length of one call. */
#ifndef AZ_KERNEL_X86_FLUSH_H
#define AZ_KERNEL_X86_FLUSH_H

#include <immintrin.h>

#include "azimuth/kernel.h"

#define AZ_FLUSH_BOTH 0x8040u /* MXCSR: results to zero (FTZ), operands as zero (DAZ) */

/* walk is not inlined, so no arithmetic can move across the writes of MXCSR. */
static inline void flushing(void (*walk)(const struct az_product_bf16 *),
                            const struct az_product_bf16 *product)
{
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | AZ_FLUSH_BOTH);
    walk(product);
    _mm_setcsr(mode);
}

#endif
