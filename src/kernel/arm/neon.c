#include "kernel/guests.h"

#include "kernel/arm/lanes_neon.h"
#include "kernel/arm/vector_neon.h"

#include "kernel/guest/adamw.h"
#include "kernel/guest/rows.h"
#include "kernel/guest/tiles.h"

#include "kernel/guest/burst.h"
#include "kernel/guest/product.h"

void az_guest_fill_neon(struct az_kernels *kernels)
{
    fill_rows(kernels);
    fill_adamw(kernels);
    fill_tiles(kernels);
    kernels->product_bf16 = walk_bf16;
    kernels->product_f32 = walk_f32;
}

double az_guest_burst_neon(size_t repeats, double *sink) { return burst(repeats, sink); }
