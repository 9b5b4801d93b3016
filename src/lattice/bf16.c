#include "azimuth/bf16.h"

#include <math.h>
#include <string.h>

double az_bf16_ulp(struct az_bf16 x)
{
    int exponent = x.bits >> 7 & 0xff;
    return ldexp(1.0, (exponent > 1 ? exponent : 1) - 134);
}

double az_bf16_ulp_start(struct az_bf16 a, struct az_bf16 b)
{
    return ((double)az_bf16_to_f32(b) - (double)az_bf16_to_f32(a)) / az_bf16_ulp(a);
}

struct az_displacement az_bf16_displacement(const struct az_bf16 *from, const struct az_bf16 *to,
                                            size_t dims)
{
    struct az_displacement result = {0};
    double squares = 0;
    for (size_t d = 0; d < dims; d++) {
        int32_t cells = az_bf16_cells(from[d], to[d]);
        int32_t size = cells < 0 ? -cells : cells;
        result.l1_cells += size;
        squares += (double)size * size;
        if (size > result.linf_cells) result.linf_cells = size;
        result.hops += size != 0;
        result.sign_flips_of_zero += size == 0 && from[d].bits != to[d].bits;
    }
    result.l2_cells = sqrt(squares);
    return result;
}

int az_bf16_row_moved(const struct az_bf16 *from, const struct az_bf16 *to, size_t dims)
{
    if (memcmp(from, to, dims * sizeof *from) == 0) return 0;
    for (size_t d = 0; d < dims; d++)
        if (az_bf16_cells(from[d], to[d]) != 0) return 1;
    return 0;
}
