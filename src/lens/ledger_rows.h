/* ledger_rows.h: the ledger of some rows at one step, and what is kept of each row between steps.
 */
#ifndef AZ_LENS_LEDGER_ROWS_H
#define AZ_LENS_LEDGER_ROWS_H

#include "azimuth/bf16.h"
#include "azimuth/ledger.h"
#include "lattice/tally.h"
#include "lens/account_frames.h"

enum az_ledger_measure { AZ_LEDGER_DRIVE, AZ_LEDGER_M, AZ_LEDGER_V, AZ_LEDGER_MEASURES };

/* Counts of one thread in one step; sums over threads do not depend on who counted what. */
struct az_ledger_counts {
    uint32_t bins[AZ_LEDGER_SETS][AZ_LEDGER_MEASURES][AZ_TALLY_POINTS];
    int64_t drives[AZ_LEDGER_SETS], moved[AZ_LEDGER_SETS], m_zero[AZ_LEDGER_SETS];
    int64_t v_power[AZ_LEDGER_SETS], v_positive[AZ_LEDGER_SETS], v_unchanged[AZ_LEDGER_SETS];
};

/* The numbers that decide a step. */
struct az_ledger_rates {
    double lr, bias1, bias2, eps, decay; /* bias: 1 - beta^t */
};

/* A coordinate at a step: the drive ratio is the product of the parts. */
struct az_ledger_coordinate {
    double m_hat, root; /* |mhat|, sqrt(vhat) + eps */
    double step_w, half_gap_w, drive;
};
struct az_ledger_coordinate az_ledger_weigh(const struct az_ledger_rates *rates, struct az_bf16 w,
                                            double m, double v);

/* Of a row, since its last motion. */
struct az_ledger_memory {
    int64_t last_motion_step, dim, followed;   /* steps followed since, at most the guard */
    double lr, m_hat, root, half_gap_w, drive; /* at the last motion */
    double log_m, log_root, log_gap, log_lr;   /* sums over the steps followed */
    double v;
    bool v_locked;
    struct az_ledger_coordinate strongest; /* greatest drive ratio at the step just counted */
};

struct az_ledger_frames {
    const struct az_account_source *source;
    const struct az_account_step_frames *before, *now;
};

struct az_bf16 az_ledger_weight(const struct az_account_step_frames *of, size_t index);
double az_ledger_moment(const struct az_ledger_frames *frames,
                        const struct az_account_step_frames *of, enum az_account_tensor tensor,
                        size_t index);

/* Counts row `row` into counts, brings ages[dims] (steps since v changed) and its memory up to
 * date. */
void az_ledger_row(const struct az_ledger_frames *frames, const struct az_ledger_rates *rates,
                   int64_t row, int64_t guard_steps, struct az_ledger_counts *counts,
                   uint32_t *ages, struct az_ledger_memory *memory);

#endif
