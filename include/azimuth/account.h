/* account.h: proves from a recording that every weight change is explained by the AdamW formula.
 *
 * For each step t the kernel that trained is applied to frame t-1 and gradient t, and its m, v and
 * p are compared with frame t, bit for bit (NaN too). Besides, every frame that is read is compared
 * with the sums that were written with it, where the recording has them: so a changed bit is caught
 * also where rounding hides it from the formula. docs/definitions.md, "Accounting", and
 * docs/accounting.md. */
#ifndef AZIMUTH_ACCOUNT_H
#define AZIMUTH_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/kernel.h"
#include "azimuth/progress.h"
#include "azimuth/recording.h"
#include "azimuth/status.h"

enum az_account_set { AZ_ACCOUNT_ALL, AZ_ACCOUNT_DEAD, AZ_ACCOUNT_LIVE, AZ_ACCOUNT_SETS };
/* The gradient is only an input: it has no counts, but a frame of it can be altered. */
enum az_account_tensor {
    AZ_ACCOUNT_W,
    AZ_ACCOUNT_M,
    AZ_ACCOUNT_V,
    AZ_ACCOUNT_TENSORS,
    AZ_ACCOUNT_G = AZ_ACCOUNT_TENSORS,
    AZ_ACCOUNT_INPUTS
};

/* Components of one tensor in one set at one step. off_by_one: at most one point of the type's own
 * lattice away (a zero of the other sign too). */
struct az_account_counts {
    int64_t equal, off_by_one, worse;
};

/* PyTorch's fused kernel takes 16 elements at a time, counted from the start of the tensor whatever
 * the number of threads; the last ones, numel % 16, go one by one through a loop that its compiler
 * contracted otherwise (docs/numerics.md, section 3). Other arithmetics have one path: elements 0.
 */
struct az_account_tail {
    int64_t elements; /* of the recorded rows; the others go through the body */
    int64_t first_token, first_dim;
};

/* One step. Norms in f64 from exact differences, weight units: of the predicted change (W predicted
 * minus W[t-1]), of the observed change, of predicted minus observed; cosine of the first two and
 * ratio predicted / observed (NaN where a norm is 0). */
struct az_account_step {
    int64_t step;
    bool complete; /* all tensors that the formula needs have frames here; else no counts */
    bool exact;    /* complete, every component of m, v and W equal, no frame altered */
    int64_t frames_altered; /* of this step: the sums say that these are not the recorded bits */
    struct az_account_counts counts[AZ_ACCOUNT_SETS][AZ_ACCOUNT_TENSORS];
    double predicted_norm_w[AZ_ACCOUNT_SETS], observed_norm_w[AZ_ACCOUNT_SETS];
    double residual_norm_w[AZ_ACCOUNT_SETS], cosine[AZ_ACCOUNT_SETS], ratio[AZ_ACCOUNT_SETS];
};

/* Where the first difference is. It is in the frame of `step` of the tensor; token and dim are -1
 * where only the frame is known. With sums, one flipped bit is told by its own place and found_bits
 * is what lies there; else the place is where the formula and the frame part first, in order of
 * step, tensor (W, m, v), token, dim. */
struct az_account_place {
    bool found;
    bool altered; /* known from the sums, not from the formula */
    int64_t step;
    enum az_account_tensor tensor;
    const char *tensor_name; /* "momentum_W"; static */
    int64_t token, dim;
    uint32_t expected_bits, found_bits; /* of the type in which it is recorded */
    int bits;                           /* 16 or 32: width of that type */
};

struct az_account_options {
    bool automatic;         /* try every arithmetic, take the one that explains most */
    const char *arithmetic; /* NULL: as the recording says, and automatic where it does not */
    const char *matrix;     /* "W" (NULL) or "U": the unembedding of an untied model */
    /* Hyperparameters that the file does not say, or says wrongly: "optimizer.lr=0.001"; ended by
     * NULL; may be NULL. */
    const char *const *assignments;
    const char *isa;
    int threads;
    /* Called for every step in order; may be NULL. When several arithmetics explain the search's
     * sample alike and the one taken fails later, the next is tried: steps begin again from 1, and
     * what was told before is void. */
    void (*step)(void *context, const struct az_account_step *step);
    void *context;
};

struct az_account_result {
    enum az_arithmetic arithmetic;
    enum az_rounding rounding;
    bool arithmetic_from_search;
    int64_t steps, steps_complete, steps_exact;
    const char
        *other_matrix; /* "U" or "W" when all four tensors of that are recorded too, or NULL */
    int64_t rows, dims, dead; /* dead: -1 where the recording does not say which rows are */
    int64_t frames_summed,
        frames_altered; /* frames that have sums, and those of them not as written */
    struct az_account_counts counts[AZ_ACCOUNT_SETS][AZ_ACCOUNT_TENSORS];
    struct az_account_place first;
    struct az_account_tail tail;
    double
        explained_share[AZ_ARITHMETIC_COUNT]; /* of components equal on the sample that the search
                                                 took; -1: not tried, its state has another type */
};

/* AZ_DIFFERENCE when a bit differs (result is complete then). AZ_MISSING names tensors that are not
 * there, or says that no step is recorded whole. AZ_INTERRUPTED when progress was asked to stop. */
AZ_API enum az_status az_account(const char *path, const struct az_account_options *options,
                                 struct az_account_result *result, struct az_progress *progress,
                                 struct az_error *error);

#endif
