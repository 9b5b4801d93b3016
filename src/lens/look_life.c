#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lens/look.h"

#define STRAGGLER_SHARE 0.99

#define STATE_NAME(id, state, phase, condition) [id] = state,
#define PHASE_NAME(id, state, phase, condition) [id] = phase,

const char *az_life_state_name(enum az_life life)
{
    static const char *const names[] = {AZ_LIFE_TABLE(STATE_NAME)};
    return names[life];
}

const char *az_life_phase_name(enum az_life life)
{
    static const char *const names[] = {AZ_LIFE_TABLE(PHASE_NAME)};
    return names[life];
}

double az_life_share(int n)
{
    static const double shares[AZ_LIFE_SHARES] = {0.5, 0.9, 0.99, 1};
    return shares[n];
}

static int compare_steps(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool in_set(const struct az_look *look, int set, int64_t row)
{
    return look->sets.members[set] >> look->sets.classes[row] & 1;
}

/* ---- tokens ---- */

static void finish_tokens(struct az_look *look)
{
    const struct az_lens_subject *subject = look->subject;
    int64_t last_step = subject->steps[subject->moves];
    for (int64_t row = 0; row < subject->rows; row++) {
        struct az_token_life *life = &look->lens->lifecycle->tokens[row];
        int64_t last_motion = life->end_step[AZ_LIFE_LATE];
        life->freeze_step = last_motion + 1;
        life->censored = last_step - last_motion < subject->guard_steps;
        life->norm_end_w = look->norms[row];
    }
}

/* ---- phases ---- */

/* The number of the move that ends at a step. */
static int64_t move_of(const struct az_lens_subject *subject, int64_t step)
{
    int64_t low = 1, high = subject->moves;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (subject->steps[middle] < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

/* First the number of tokens whose phase, or a hotter one, ends at each move; then sums from the
 * end give those that are in it or hotter; then differences of neighbours. */
static void finish_phases(struct az_look *look, int set)
{
    int64_t(*phases)[AZ_LIVES] = look->lens->lifecycle->phases[set];
    int64_t moves = look->subject->moves;
    for (int64_t row = 0; row < look->sets.rows; row++) {
        const struct az_token_life *life = &look->lens->lifecycle->tokens[row];
        if (!in_set(look, set, row)) continue;
        for (int phase = AZ_LIFE_LATE; phase < AZ_LIVES; phase++)
            if (life->end_step[phase])
                phases[move_of(look->subject, life->end_step[phase])][phase]++;
    }
    for (int64_t move = moves - 2; move >= 0; move--)
        for (int phase = AZ_LIFE_LATE; phase < AZ_LIVES; phase++)
            phases[move][phase] += phases[move + 1][phase];
    for (int64_t move = 0; move < moves; move++) {
        phases[move][AZ_LIFE_STILL] = look->sets.counts[set];
        for (int phase = AZ_LIFE_STILL; phase + 1 < AZ_LIVES; phase++)
            phases[move][phase] -= phases[move][phase + 1];
    }
}

/* ---- populations ---- */

static int64_t next_step(const struct az_lens_subject *subject, int64_t move)
{
    return subject->steps[move + 1] + 1;
}

static void find_onsets(const struct az_look *look, int set, struct az_set_life *life)
{
    const struct az_lens_subject *subject = look->subject;
    int64_t(*states)[AZ_LIVES] = look->lens->lifecycle->states[set];
    double count = (double)look->sets.counts[set];
    for (int n = 0; n < AZ_LIFE_SHARES; n++) {
        double least = az_life_share(n) * count;
        life->first_onset_step[n] = -1;
        life->last_onset_step[n] = subject->steps[0] + 1;
        for (int64_t move = 0; move < subject->moves; move++) {
            bool reached = (double)states[move][AZ_LIFE_STILL] >= least;
            if (reached && life->first_onset_step[n] < 0)
                life->first_onset_step[n] = subject->steps[move + 1];
            if (!reached) life->last_onset_step[n] = next_step(subject, move);
        }
        if (life->last_onset_step[n] > subject->steps[subject->moves])
            life->last_onset_step[n] = -1;
    }
}

static void keep_run(struct az_set_life *life, struct az_still_run run)
{
    life->runs++;
    life->still_steps += run.frames;
    if (run.frames > life->longest.frames) {
        life->second = life->longest;
        life->longest = run;
    } else if (run.frames > life->second.frames) {
        life->second = run;
    }
}

/* Runs of frames in which nobody of the set moved; the last one may be Fimbulwinter. */
static void find_runs(const struct az_look *look, int set, struct az_set_life *life)
{
    const struct az_lens_subject *subject = look->subject;
    int64_t(*states)[AZ_LIVES] = look->lens->lifecycle->states[set];
    struct az_still_run run = {0};
    int64_t longest_before = 0;
    life->fimbulwinter_step = subject->steps[0] + 1;
    for (int64_t move = 0; move < subject->moves; move++) {
        if (states[move][AZ_LIFE_STILL] == look->sets.counts[set]) {
            if (!run.frames) run.first_step = subject->steps[move + 1];
            run.last_step = subject->steps[move + 1];
            run.frames++;
            continue;
        }
        life->fimbulwinter_step = next_step(subject, move);
        if (run.frames) keep_run(life, run);
        if (run.frames > longest_before) longest_before = run.frames;
        run = (struct az_still_run){0};
    }
    int64_t end = subject->steps[subject->moves];
    if (run.frames) keep_run(life, run);
    life->fimbulwinter_steps = end - life->fimbulwinter_step + 1;
    life->fimbulwinter_ratio = run.frames == 0       ? 0
                               : longest_before == 0 ? INFINITY
                                                     : (double)run.frames / (double)longest_before;
    life->censored = end - (life->fimbulwinter_step - 1) < subject->guard_steps;
}

static int64_t rank_of(double share, int64_t count)
{
    int64_t rank = (int64_t)ceil(share * (double)count);
    return rank < 1 ? 0 : rank - 1;
}

static enum az_status count_tokens(const struct az_look *look, int set, struct az_set_life *life,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t *steps = NULL, all = 0;
    AZ_TRY(
        az_memory_allocate(&steps, (size_t)look->sets.rows, sizeof *steps, "freeze steps", error));
    for (int64_t row = 0; row < look->sets.rows; row++) {
        const struct az_token_life *token = &look->lens->lifecycle->tokens[row];
        if (!in_set(look, set, row)) continue;
        steps[all++] = token->freeze_step;
        life->never_moved += token->moving_steps == 0;
        life->censored_tokens += token->censored;
    }
    qsort(steps, (size_t)all, sizeof *steps, compare_steps);
    life->straggler_step = steps[rank_of(STRAGGLER_SHARE, all)];
    int64_t last_step = look->subject->steps[look->subject->moves];
    while (life->frozen < all &&
           last_step - (steps[life->frozen] - 1) >= look->subject->guard_steps)
        life->frozen++;
    for (int q = 0; q < 5; q++)
        life->freeze_quantiles[q] = life->frozen ? steps[rank_of(0.25 * q, life->frozen)] : -1;
out:
    az_memory_free(steps);
    return status;
}

/* ---- stragglers ---- */

struct latest {
    int64_t freeze_step, row;
};

static int compare_latest(const void *a, const void *b)
{
    const struct latest *x = a, *y = b;
    if (x->freeze_step != y->freeze_step) return x->freeze_step < y->freeze_step ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

static enum az_status find_stragglers(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_lifecycle *lifecycle = look->lens->lifecycle;
    int set = look->sets.present[AZ_LENS_DEAD] ? AZ_LENS_DEAD : AZ_LENS_ALL;
    int64_t above = lifecycle->sets[set].straggler_step, count = 0;
    struct latest *latest = NULL;
    AZ_TRY(az_memory_allocate(&latest, (size_t)look->sets.rows, sizeof *latest, "the stragglers",
                              error));
    AZ_TRY(az_memory_allocate(&lifecycle->stragglers, (size_t)look->sets.rows,
                              sizeof *lifecycle->stragglers, "the stragglers", error));
    for (int64_t row = 0; row < look->sets.rows; row++) {
        const struct az_token_life *token = &lifecycle->tokens[row];
        if (in_set(look, set, row) && (token->censored || token->freeze_step > above))
            latest[count++] = (struct latest){token->freeze_step, row};
    }
    qsort(latest, (size_t)count, sizeof *latest, compare_latest);
    for (int64_t n = 0; n < count; n++) lifecycle->stragglers[n] = latest[n].row;
    lifecycle->straggler_count = count;
out:
    az_memory_free(latest);
    return status;
}

enum az_status az_look_finish_lives(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    finish_tokens(look);
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        struct az_set_life *life = &look->lens->lifecycle->sets[set];
        if (!look->sets.present[set]) continue;
        finish_phases(look, set);
        find_onsets(look, set, life);
        find_runs(look, set, life);
        AZ_TRY(count_tokens(look, set, life, error));
    }
    AZ_TRY(find_stragglers(look, error));
out:
    return status;
}
