#include "lattice/tally.h"

#include <math.h>

void az_tally_quantiles(const uint32_t tally[AZ_TALLY_POINTS], const double *shares, int count,
                        double *values)
{
    int64_t total = 0, seen = 0;
    int next = 0;
    for (uint32_t point = 0; point < AZ_TALLY_POINTS; point++) total += tally[point];
    for (int n = 0; n < count; n++) values[n] = (double)NAN;
    for (uint32_t point = 0; point < AZ_TALLY_POINTS && total; point++) {
        seen += tally[point];
        while (next < count && seen > (int64_t)floor(shares[next] * (double)(total - 1)))
            values[next++] = (double)az_bf16_to_f32((struct az_bf16){(uint16_t)point});
    }
}
