#include "lens/ledger_rows.h"

#include <math.h>
#include <string.h>

struct az_ledger_coordinate az_ledger_weigh(const struct az_ledger_rates *rates, struct az_bf16 w,
                                            double m, double v)
{
    struct az_ledger_coordinate c;
    double mhat = m / rates->bias1;
    c.root = sqrt(v / rates->bias2) + rates->eps;
    c.m_hat = fabs(mhat);
    c.step_w = m == 0 ? 0 : rates->lr * mhat / c.root;
    bool negative = (w.bits & 0x8000) != 0;
    c.half_gap_w = az_bf16_half_gap(w, negative ? c.step_w < 0 : c.step_w > 0);
    c.drive = fabs(c.step_w) / c.half_gap_w;
    return c;
}

double az_ledger_moment(const struct az_ledger_frames *frames,
                        const struct az_account_step_frames *of, enum az_account_tensor tensor,
                        size_t index)
{
    const unsigned char *bytes = of->bytes[tensor];
    if (frames->source->element_bytes[tensor] == sizeof(float)) {
        float wide;
        memcpy(&wide, bytes + index * sizeof wide, sizeof wide);
        return (double)wide;
    }
    struct az_bf16 narrow;
    memcpy(&narrow, bytes + index * sizeof narrow, sizeof narrow);
    return (double)az_bf16_to_f32(narrow);
}

/* Of a float32 above 0. */
static bool is_power_of_two(double v)
{
    uint32_t bits = az_f32_bits((float)v), mantissa = bits & 0x7fffff;
    return bits >> 23 ? mantissa == 0 : (mantissa & (mantissa - 1)) == 0;
}

struct az_bf16 az_ledger_weight(const struct az_account_step_frames *of, size_t index)
{
    struct az_bf16 w;
    memcpy(&w, of->bytes[AZ_ACCOUNT_W] + index * sizeof w, sizeof w);
    return w;
}

/* A new last motion: everything is measured from here. */
static void begin(struct az_ledger_memory *memory, int64_t step, int64_t dim, double lr, double v,
                  const struct az_ledger_coordinate *c)
{
    *memory = (struct az_ledger_memory){.last_motion_step = step,
                                        .dim = dim,
                                        .lr = lr,
                                        .m_hat = c->m_hat,
                                        .root = c->root,
                                        .half_gap_w = c->half_gap_w,
                                        .drive = c->drive,
                                        .v = v,
                                        .v_locked = true,
                                        .strongest = memory->strongest};
}

static void follow(struct az_ledger_memory *memory, double lr, double v,
                   const struct az_ledger_coordinate *c)
{
    memory->followed++;
    memory->log_m += log(c->m_hat);
    memory->log_root += log(c->root);
    memory->log_gap += log(c->half_gap_w);
    memory->log_lr += log(lr);
    memory->v_locked = memory->v_locked && v == memory->v;
}

void az_ledger_row(const struct az_ledger_frames *frames, const struct az_ledger_rates *rates,
                   int64_t row, int64_t guard_steps, struct az_ledger_counts *counts,
                   uint32_t *ages, struct az_ledger_memory *memory)
{
    const struct az_account_source *source = frames->source;
    int set = source->kinds[row] == AZ_ACCOUNT_ROW_DEAD ? AZ_LEDGER_DEAD : AZ_LEDGER_LIVE;
    struct az_ledger_coordinate best = {.drive = -1}, strongest = {.drive = -1};
    int64_t best_dim = -1;
    double best_v = 0;
    for (int64_t d = 0; d < source->dims; d++) {
        size_t i = (size_t)(row * source->dims + d);
        struct az_bf16 from = az_ledger_weight(frames->before, i),
                       to = az_ledger_weight(frames->now, i);
        double m = az_ledger_moment(frames, frames->now, AZ_ACCOUNT_M, i);
        double v = az_ledger_moment(frames, frames->now, AZ_ACCOUNT_V, i);
        bool same_v = v == az_ledger_moment(frames, frames->before, AZ_ACCOUNT_V, i);
        bool moved = az_bf16_cells(from, to) != 0;
        struct az_ledger_coordinate c = az_ledger_weigh(rates, from, m, v);
        if (c.drive > strongest.drive) strongest = c;
        az_tally_add(counts->bins[set][AZ_LEDGER_DRIVE], c.drive);
        az_tally_add(counts->bins[set][AZ_LEDGER_M], fabs(m));
        az_tally_add(counts->bins[set][AZ_LEDGER_V], sqrt(v));
        counts->drives[set] += c.drive > 1;
        counts->moved[set] += moved;
        counts->m_zero[set] += m == 0;
        counts->v_positive[set] += v > 0;
        counts->v_power[set] += v > 0 && is_power_of_two(v);
        counts->v_unchanged[set] += same_v;
        ages[d] = same_v ? ages[d] + 1 : 0;
        if (moved && c.drive > best.drive) best = c, best_dim = d, best_v = v;
        bool followed = !moved && memory->last_motion_step > 0 && memory->dim == d &&
                        memory->followed < guard_steps;
        if (followed) follow(memory, rates->lr, v, &c);
    }
    memory->strongest = strongest;
    if (best_dim >= 0) begin(memory, frames->now->step, best_dim, rates->lr, best_v, &best);
}
