#include "sky/near_code.h"

void az_near_code_select(struct az_near_code *code, const struct az_kernels *kernels, size_t most_k)
{
    /* The canonical product: 16 in a chain, 1 for e + o, one for each block of 32. */
    code->estimate = kernels->product_bf16;
    code->roundings = 17 + (double)most_k / AZ_PRODUCT_BLOCK;
    az_near_fill_base(code);
#if defined(__x86_64__)
    if (kernels->isa >= AZ_ISA_AVX2) az_near_fill_avx2(code);
    if (kernels->isa >= AZ_ISA_AVX512) az_near_fill_avx512(code);
    /* Tiles are faster still, and canonical. */
    if (kernels->isa != AZ_ISA_AVX512BF16) return;
    code->estimate = az_near_estimate_avx512bf16;
    /* Two sums of most_k / 2 pairs in a chain; four units for each sum, for it is not written down
     * whether the processor rounds between them, and how. */
    code->roundings = 4 * (double)most_k;
#endif
}
