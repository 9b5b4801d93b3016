#include <math.h>

#include "kernel/guests.h"

double az_guest_burst_reference(size_t repeats, double *sink)
{
    float chains[4] = {(float)*sink, 1, 2, 3};
    for (size_t r = 0; r < repeats; r++)
        for (size_t c = 0; c < 4; c++) chains[c] = fmaf(chains[c], 0.5f, 0.5f);
    *sink += (double)(chains[0] + chains[1] + chains[2] + chains[3]) * 1e-9;
    return 8.0 * (double)repeats;
}
