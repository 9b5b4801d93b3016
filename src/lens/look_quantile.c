#include "lens/look.h"
#include "lens/quantile.h"

static double value_of(uint32_t key, enum az_motion_quantity quantity)
{
    return az_look_key_is_float(quantity) ? (double)az_f32_from_bits(key) : (double)key;
}

static void tell(void *context, size_t number, int thread)
{
    struct az_look *look = context;
    int64_t rows = look->sets.rows, move = (int64_t)number / AZ_MOTION_QUANTITIES;
    enum az_motion_quantity quantity = number % AZ_MOTION_QUANTITIES;
    uint32_t quantiles[AZ_LENS_SETS][AZ_MOTION_QUANTILES];
    az_quantiles(&look->sets, look->keys[quantity] + move * rows,
                 look->sorting + (size_t)thread * 2 * (size_t)rows, quantiles);
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        if (!look->sets.present[set]) continue;
        struct az_motion_step *step = &look->lens->motion->steps[set][look->block.number + move];
        for (int q = 0; q < AZ_MOTION_QUANTILES; q++)
            step->quantiles[quantity][q] = value_of(quantiles[set][q], quantity);
    }
}

void az_look_quantiles(struct az_look *look)
{
    az_pool_run(look->pool, tell, look, (size_t)look->block.moves * AZ_MOTION_QUANTITIES);
}
