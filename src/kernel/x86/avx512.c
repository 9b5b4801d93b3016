#include "kernel/guests.h"

#include "kernel/x86/lanes_avx512.h"
#include "kernel/x86/vector_avx512.h"

#include "kernel/guest/adamw.h"
#include "kernel/guest/rows.h"
#include "kernel/guest/tiles.h"

#include "kernel/guest/burst.h"
#include "kernel/guest/product.h"
#include "kernel/x86/flush.h"

static void product_bf16(const struct az_product_bf16 *product) { flushing(walk_bf16, product); }

void az_guest_fill_avx512(struct az_kernels *kernels)
{
    fill_rows(kernels);
    fill_adamw(kernels);
    fill_tiles(kernels);
    kernels->product_bf16 = product_bf16;
    kernels->product_f32 = walk_f32;
}

double az_guest_burst_avx512(size_t repeats, double *sink) { return burst(repeats, sink); }
