#include "azimuth/account.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "lens/account_check.h"

#define SAMPLE_STEPS 16 /* of each sample that the search takes */

struct account {
    struct az_account_source source;
    struct az_kernels kernels;
    struct az_pool *pool;
    const struct az_account_options *options;
    struct az_account_result *result;
    struct az_progress *progress;
};

/* ---- search ---- */

/* Share of equal components over steps first+1..last, added to shares[0] of shares[1]. */
static enum az_status sample(struct account *account, enum az_arithmetic arithmetic, int64_t first,
                             int64_t last, int64_t counts[2], struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_account_frames *frames = NULL;
    struct az_account_check *check = NULL;
    AZ_TRY(az_account_check_create(&check, &account->source, &account->kernels, account->pool,
                                   arithmetic, error));
    AZ_TRY(az_account_frames_open(&frames, &account->source, first, last, error));
    for (int64_t t = first; t <= last; t++) {
        const struct az_account_step_frames *before, *now;
        struct az_account_step step;
        struct az_account_place place;
        AZ_TRY(az_account_frames_next(frames, &before, &now, error));
        az_account_check_step(check, before, now, &step, &place);
        for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++) {
            const struct az_account_counts *of = &step.counts[AZ_ACCOUNT_ALL][tensor];
            counts[0] += of->equal;
            counts[1] += of->equal + of->off_by_one + of->worse;
        }
    }
out:
    az_account_frames_close(frames);
    az_account_check_free(check);
    return status;
}

/* The first steps, some in the middle, the last: early steps tell the bias corrections, late ones
 * the roundings. What has a hidden state is followed from the start only. */
static enum az_status try_arithmetic(struct account *account, enum az_arithmetic arithmetic,
                                     double *share, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t last = account->source.last_step, counts[2] = {0, 0};
    int64_t end = last < SAMPLE_STEPS ? last : SAMPLE_STEPS;
    bool hidden =
        arithmetic == AZ_ARITHMETIC_MASTER || account->source.adamw.rounding == AZ_ROUNDING_KAHAN;
    AZ_TRY(sample(account, arithmetic, 0, end, counts, error));
    if (!hidden && last > 3 * SAMPLE_STEPS) {
        AZ_TRY(sample(account, arithmetic, last / 2, last / 2 + SAMPLE_STEPS, counts, error));
        AZ_TRY(sample(account, arithmetic, last - SAMPLE_STEPS, last, counts, error));
    }
    *share = counts[1] ? (double)counts[0] / (double)counts[1] : 0;
out:
    return status;
}

/* The recorded name wins where it is among the best, else the first of the table. */
static enum az_status search(struct account *account, const char *recorded, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_account_result *result = account->result;
    double best = -1;
    result->arithmetic_from_search = true;
    for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++) {
        double *share = &result->explained_share[a];
        if (!az_account_source_fits(&account->source, a)) continue;
        az_progress_tell(account->progress, "searching", "arithmetic", a, AZ_ARITHMETIC_COUNT,
                         az_arithmetic_name(a));
        AZ_TRY(try_arithmetic(account, a, share, error));
        bool named = recorded && strcmp(recorded, az_arithmetic_name(a)) == 0;
        if (*share < best || (*share == best && !named)) continue;
        best = *share;
        result->arithmetic = a;
    }
out:
    return status;
}

static enum az_status check_fits(const struct account *account, enum az_arithmetic arithmetic,
                                 struct az_error *error)
{
    const struct az_account_source *source = &account->source;
    bool wide = az_arithmetic_state_bytes(arithmetic) == sizeof(float);
    if (source->element_bytes[AZ_ACCOUNT_M] == (wide ? 4 : 2) || !wide) return AZ_OK;
    return az_error_raise(error, AZ_USAGE,
                          "the arithmetic %s keeps its moments in float32, and %s is recorded in "
                          "bf16; name another, or auto",
                          az_arithmetic_name(arithmetic), source->names[AZ_ACCOUNT_M]);
}

static enum az_status choose_arithmetic(struct account *account, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *recorded = az_recording_text(account->source.recording, "optimizer.arithmetic");
    const char *name = account->options->arithmetic ? account->options->arithmetic : recorded;
    for (int a = 0; a < AZ_ARITHMETIC_COUNT; a++) account->result->explained_share[a] = -1;
    if (account->options->automatic || !name) return search(account, recorded, error);
    enum az_arithmetic a = 0;
    while (a < AZ_ARITHMETIC_COUNT && strcmp(name, az_arithmetic_name(a)) != 0) a++;
    if (a == AZ_ARITHMETIC_COUNT)
        AZ_RAISE(account->options->arithmetic ? AZ_USAGE : AZ_FORMAT,
                 "'%.40s' is no arithmetic; docs/numerics.md, section 3, has their names", name);
    AZ_TRY(check_fits(account, a, error));
    account->result->arithmetic = a;
out:
    return status;
}

/* ---- all steps ---- */

static void add_step(struct az_account_result *result, const struct az_account_step *step)
{
    result->steps_complete += step->complete;
    result->steps_exact += step->exact;
    result->frames_altered += step->frames_altered;
    for (int set = 0; set < AZ_ACCOUNT_SETS; set++) {
        for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++) {
            struct az_account_counts *to = &result->counts[set][tensor];
            to->equal += step->counts[set][tensor].equal;
            to->off_by_one += step->counts[set][tensor].off_by_one;
            to->worse += step->counts[set][tensor].worse;
        }
    }
}

static void one_step(struct account *account, struct az_account_check *check,
                     const struct az_account_step_frames *before,
                     const struct az_account_step_frames *now)
{
    struct az_account_result *result = account->result;
    struct az_account_step step;
    struct az_account_place differing, altered;
    az_account_check_step(check, before, now, &step, &differing);
    step.frames_altered = az_account_check_sums(check, now, &result->frames_summed, &altered);
    step.exact = step.exact && step.frames_altered == 0;
    /* What is altered explains what differs in this step and after. */
    if (!result->first.found && altered.found) result->first = altered;
    if (!result->first.found && differing.found) result->first = differing;
    add_step(result, &step);
    if (now->step > 0 && account->options->step)
        account->options->step(account->options->context, &step);
}

static void begin_counts(struct az_account_result *result, int64_t steps)
{
    result->steps = steps;
    result->steps_complete = result->steps_exact = 0;
    result->frames_summed = result->frames_altered = 0;
    memset(result->counts, 0, sizeof result->counts);
    result->first = (struct az_account_place){.token = -1, .dim = -1};
}

static enum az_status all_steps(struct account *account, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_account_frames *frames = NULL;
    struct az_account_check *check = NULL;
    int64_t last = account->source.last_step;
    begin_counts(account->result, last);
    AZ_TRY(az_account_check_create(&check, &account->source, &account->kernels, account->pool,
                                   account->result->arithmetic, error));
    az_account_find_tail(check, &account->result->tail);
    AZ_TRY(az_account_frames_open(&frames, &account->source, 0, last, error));
    az_progress_begin(account->progress);
    for (int64_t t = 0; t <= last; t++) {
        const struct az_account_step_frames *before, *now;
        if (az_progress_stopped(account->progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped before step %" PRId64 " of %" PRId64, t, last);
        AZ_TRY(az_account_frames_next(frames, &before, &now, error));
        one_step(account, check, before, now);
        az_progress_tell(account->progress, "accounting", "step", (double)t, (double)last, "");
    }
    az_progress_end(account->progress, "accounting", "step", (double)last, (double)last, "");
out:
    az_account_frames_close(frames);
    az_account_check_free(check);
    return status;
}

static int64_t equal_components(const struct az_account_result *result)
{
    int64_t equal = 0;
    for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++)
        equal += result->counts[AZ_ACCOUNT_ALL][tensor].equal;
    return equal;
}

/* Two arithmetics may be alike on the sample and part later: then the next one is tried, and when
 * none explains everything, the one that explained most is taken. */
static enum az_status all_steps_of_the_best(struct account *account, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_account_result *result = account->result;
    enum az_arithmetic first = result->arithmetic, best = first;
    AZ_TRY(all_steps(account, error));
    int64_t most = equal_components(result);
    for (enum az_arithmetic a = 0; result->arithmetic_from_search && a < AZ_ARITHMETIC_COUNT; a++) {
        bool alike = a != first && result->explained_share[a] == result->explained_share[first];
        if (!alike || !result->first.found || result->first.altered) continue;
        result->arithmetic = a;
        AZ_TRY(all_steps(account, error));
        if (equal_components(result) <= most) continue;
        most = equal_components(result);
        best = a;
    }
    if (best == result->arithmetic) goto out;
    result->arithmetic = best;
    AZ_TRY(all_steps(account, error));
out:
    return status;
}

/* ---- the whole ---- */

static enum az_status verdict(const struct account *account, struct az_error *error)
{
    const struct az_account_result *result = account->result;
    const char *w = account->source.names[AZ_ACCOUNT_W];
    if (result->first.found)
        return az_error_raise(error, AZ_DIFFERENCE,
                              "%" PRId64 " of %" PRId64 " steps are exact; the first difference is "
                              "in %s of step %" PRId64,
                              result->steps_exact, result->steps, result->first.tensor_name,
                              result->first.step);
    if (result->steps_complete > 0) return AZ_OK;
    az_error_raise(error, AZ_MISSING,
                   "none of %" PRId64 " steps can be checked: a step needs %s and both moments "
                   "before and after it, its gradient and its learning rate%s. Record them at "
                   "every step (record.%s = 1 and so on), if only up to some step",
                   result->steps, w,
                   result->arithmetic == AZ_ARITHMETIC_MASTER ||
                           result->rounding == AZ_ROUNDING_KAHAN
                       ? ", without a gap from step 0 (part of its state is never recorded)"
                       : "",
                   w);
    az_error_at(error, az_recording_path(account->source.recording), -1, -1, -1);
    return AZ_MISSING;
}

enum az_status az_account(const char *path, const struct az_account_options *options,
                          struct az_account_result *result, struct az_progress *progress,
                          struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct account account = {.options = options, .result = result, .progress = progress};
    *result = (struct az_account_result){0};
    AZ_TRY(az_kernels_default(&account.kernels, options->isa, error));
    AZ_TRY(az_account_source_open(&account.source, path, options->matrix, options->assignments,
                                  error));
    AZ_TRY(az_pool_create(&account.pool, options->threads, error));
    result->rounding = account.source.adamw.rounding;
    result->other_matrix = az_account_source_other(&account.source);
    result->rows = account.source.rows;
    result->dims = account.source.dims;
    result->dead = account.source.dead;
    AZ_TRY(choose_arithmetic(&account, error));
    AZ_TRY(all_steps_of_the_best(&account, error));
    AZ_TRY(verdict(&account, error));
out:
    az_pool_free(account.pool);
    az_account_source_close(&account.source);
    return status;
}
