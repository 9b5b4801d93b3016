/* account.h: proves from a recording that every weight change is explained by the AdamW formula.
 *
 * For each step t the kernel that trained is applied to frame t-1 and gradient t, and its m, v and
 * p are compared with frame t, bit for bit. docs/definitions.md, "Accounting". */
#ifndef AZIMUTH_ACCOUNT_H
#define AZIMUTH_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/kernel.h"
#include "azimuth/progress.h"
#include "azimuth/recording.h"
#include "azimuth/status.h"

enum az_account_set { AZ_ACCOUNT_ALL, AZ_ACCOUNT_DEAD, AZ_ACCOUNT_LIVE, AZ_ACCOUNT_SETS };
enum az_account_tensor { AZ_ACCOUNT_W, AZ_ACCOUNT_M, AZ_ACCOUNT_V, AZ_ACCOUNT_TENSORS };

/* Components of one tensor in one set at one step. off_by_one: one step of the type's own lattice.
 */
struct az_account_counts {
    int64_t equal, off_by_one, worse;
};

/* One step. Norms in f64 from exact differences, weight units: of the predicted change (W predicted
 * minus W[t-1]), of the observed change, of predicted minus observed; cosine of the first two and
 * ratio predicted / observed (NaN where a norm is 0). */
struct az_account_step {
    int64_t step;
    bool complete; /* all tensors that the formula needs have frames here */
    struct az_account_counts counts[AZ_ACCOUNT_SETS][AZ_ACCOUNT_TENSORS];
    double predicted_norm_w[AZ_ACCOUNT_SETS], observed_norm_w[AZ_ACCOUNT_SETS];
    double residual_norm_w[AZ_ACCOUNT_SETS], cosine[AZ_ACCOUNT_SETS], ratio[AZ_ACCOUNT_SETS];
};

struct az_account_place {
    bool found;
    int64_t step;
    enum az_account_tensor tensor;
    int64_t token, dim;
    uint32_t expected_bits, found_bits;
};

struct az_account_options {
    bool automatic;         /* try every arithmetic, take the one that explains most */
    const char *arithmetic; /* NULL: as the recording says */
    const char *isa;
    int threads;
    /* Called for every step in order; may be NULL. */
    void (*step)(void *context, const struct az_account_step *step);
    void *context;
};

struct az_account_result {
    enum az_arithmetic arithmetic;
    enum az_rounding rounding;
    bool arithmetic_from_search;
    int64_t steps, steps_complete, steps_exact; /* exact: every component of every tensor equal */
    int64_t rows, dims, dead;
    struct az_account_counts counts[AZ_ACCOUNT_SETS][AZ_ACCOUNT_TENSORS];
    struct az_account_place first; /* first difference in order of step, tensor, token, dim */
    double explained_share[AZ_ARITHMETIC_COUNT]; /* with automatic: share of equal components */
};

/* AZ_DIFFERENCE when a bit differs (result is complete then). */
AZ_API enum az_status az_account(const char *path, const struct az_account_options *options,
                                 struct az_account_result *result, struct az_progress *progress,
                                 struct az_error *error);

#endif
