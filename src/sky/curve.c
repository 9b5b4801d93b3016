#include "sky/scan.h"
#include "sky/sighting.h"

static void count(struct az_curve *curve, const struct az_sighting *sighting, const uint8_t *flags)
{
    static const uint32_t spare[4] = {0, 1, 5, 10};
    for (int64_t row = 0; row < sighting->rows; row++) {
        if (flags[row] & (AZ_ROW_NAN | AZ_ROW_INFINITE)) continue;
        int distance = sighting->exponents[row];
        curve->within[distance]++;
        if (distance > curve->greatest) curve->greatest = distance;
        for (int t = 0; t < AZ_SIGHTING_DEEP; t++)
            for (int k = 0; k < 4; k++)
                curve->match[t][k] += sighting->beyond[row * AZ_SIGHTING_DEEP + t] <= spare[k];
    }
    for (int t = 1; t < AZ_CURVE_MOST; t++) curve->within[t] += curve->within[t - 1];
}

static bool is_flat(const struct az_curve *curve, int t)
{
    return (curve->within[t] - curve->within[t - 1]) * AZ_CURVE_FLAT <= curve->within[t - 1];
}

/* Definitions: t* has the least increment below the knee (the first of equals); the plateau is the
 * run of flat increments around it, and is one if it has three thresholds or more. */
void az_curve_of(struct az_curve *curve, const struct az_sighting *sighting, const uint8_t *flags,
                 int64_t centre_rows)
{
    *curve = (struct az_curve){0};
    count(curve, sighting, flags);
    const int64_t *within = curve->within;
    curve->knee = curve->greatest + 1;
    for (int t = curve->greatest; t > 0; t--)
        if (within[t] > 2 * within[0]) curve->knee = t;
    if (curve->knee > curve->greatest) {
        curve->reason = "no knee: no threshold doubles the count at distance 0";
        return;
    }
    if (curve->knee < 2) {
        curve->reason = "the count doubles at once: there is nothing below the knee";
        return;
    }
    int best = 1;
    for (int t = 2; t < curve->knee; t++)
        if (within[t] - within[t - 1] < within[best] - within[best - 1]) best = t;
    curve->threshold = curve->low = curve->high = best;
    if (is_flat(curve, best)) {
        while (curve->low > 1 && is_flat(curve, curve->low - 1)) curve->low--;
        while (curve->high + 1 < curve->knee && is_flat(curve, curve->high + 1)) curve->high++;
    }
    if (curve->high - curve->low < 2) {
        curve->reason = "no plateau: the count keeps growing by more than 1/150 at each threshold";
        return;
    }
    if (within[best] <= centre_rows) {
        curve->reason = "the plateau holds nothing but the centre itself";
        return;
    }
    curve->plateau = true;
}
