#include "azimuth/ledger.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "azimuth/pool.h"
#include "base/memory.h"
#include "lens/ledger_rows.h"

#define CHUNK_ROWS 64

static const double quantiles[AZ_LEDGER_QUANTILES] = {0, .01, .25, .5, .75, .99, 1};

double az_ledger_quantile(int n) { return quantiles[n]; }

#define CAUSE_NAME(id, name, meaning) [id] = name,
#define CAUSE_MEANING(id, name, meaning) [id] = meaning,
const char *az_cause_name(enum az_cause cause)
{
    static const char *const names[] = {AZ_CAUSE_TABLE(CAUSE_NAME)};
    return names[cause];
}
const char *az_cause_meaning(enum az_cause cause)
{
    static const char *const meanings[] = {AZ_CAUSE_TABLE(CAUSE_MEANING)};
    return meanings[cause];
}

struct work {
    struct az_account_source source;
    struct az_ledger *ledger;
    const struct az_ledger_options *options;
    struct az_pool *pool;
    struct az_ledger_frames frames;
    struct az_ledger_rates rates;
    struct az_ledger_counts *counts;   /* [threads] */
    struct az_ledger_memory *memories; /* [rows] */
    uint32_t *ages;                    /* [rows][dims] */
    uint32_t *age_counts;              /* [steps + 1] */
    int64_t token_row;                 /* -1: none */
};

/* ---- a step ---- */

static void rows_chunk(void *context, size_t chunk, int thread)
{
    struct work *work = context;
    int64_t first = (int64_t)chunk * CHUNK_ROWS, last = first + CHUNK_ROWS;
    if (last > work->source.rows) last = work->source.rows;
    for (int64_t row = first; row < last; row++)
        az_ledger_row(&work->frames, &work->rates, row, work->ledger->guard_steps,
                      &work->counts[thread], work->ages + row * work->source.dims,
                      &work->memories[row]);
}

static double age_median(struct work *work, enum az_ledger_set set, int64_t step)
{
    int64_t seen = 0, total = work->ledger->rows_of[set] * work->source.dims;
    memset(work->age_counts, 0, (size_t)(step + 1) * sizeof *work->age_counts);
    for (int64_t row = 0; row < work->source.rows; row++) {
        bool dead = work->source.kinds[row] == AZ_ACCOUNT_ROW_DEAD;
        if (dead != (set == AZ_LEDGER_DEAD)) continue;
        const uint32_t *ages = work->ages + row * work->source.dims;
        for (int64_t d = 0; d < work->source.dims; d++) work->age_counts[ages[d]]++;
    }
    for (int64_t age = 0; age <= step; age++)
        if ((seen += work->age_counts[age]) > (total - 1) / 2) return (double)age;
    return (double)NAN;
}

static void add_counts(struct az_ledger_counts *to, const struct az_ledger_counts *from)
{
    for (int set = 0; set < AZ_LEDGER_SETS; set++) {
        for (int measure = 0; measure < AZ_LEDGER_MEASURES; measure++)
            for (size_t b = 0; b < AZ_TALLY_POINTS; b++)
                to->bins[set][measure][b] += from->bins[set][measure][b];
        to->drives[set] += from->drives[set];
        to->moved[set] += from->moved[set];
        to->m_zero[set] += from->m_zero[set];
        to->v_power[set] += from->v_power[set];
        to->v_positive[set] += from->v_positive[set];
        to->v_unchanged[set] += from->v_unchanged[set];
    }
}

static void conclude_step(struct work *work, struct az_ledger_step *step)
{
    struct az_ledger_counts *all = &work->counts[0];
    for (int t = 1; t < az_pool_threads(work->pool); t++) add_counts(all, &work->counts[t]);
    for (int set = 0; set < AZ_LEDGER_SETS; set++) {
        struct az_ledger_set_step *to = &step->sets[set];
        double count = (double)(work->ledger->rows_of[set] * work->source.dims);
        az_tally_quantiles(all->bins[set][AZ_LEDGER_DRIVE], quantiles, AZ_LEDGER_QUANTILES,
                           to->drive);
        az_tally_quantiles(all->bins[set][AZ_LEDGER_M], quantiles, AZ_LEDGER_QUANTILES, to->m_abs);
        az_tally_quantiles(all->bins[set][AZ_LEDGER_V], quantiles, AZ_LEDGER_QUANTILES, to->v_root);
        to->drive_share = (double)all->drives[set] / count;
        to->moved_share = (double)all->moved[set] / count;
        to->m_zero_share = (double)all->m_zero[set] / count;
        to->v_power_share = (double)all->v_power[set] / (double)all->v_positive[set];
        to->v_unchanged_share = (double)all->v_unchanged[set] / count;
        to->v_age_median_steps = age_median(work, (enum az_ledger_set)set, step->step);
    }
}

/* ---- the token that is followed ---- */

static void tell_token(struct work *work)
{
    const struct az_ledger_frames *frames = &work->frames;
    if (work->token_row < 0 || !work->options->entry) return;
    for (int64_t d = 0; d < work->source.dims; d++) {
        size_t i = (size_t)(work->token_row * work->source.dims + d);
        struct az_bf16 from = az_ledger_weight(frames->before, i),
                       to = az_ledger_weight(frames->now, i);
        struct az_ledger_entry entry = {.step = frames->now->step, .dim = d};
        entry.g = az_ledger_moment(frames, frames->now, (enum az_account_tensor)AZ_ACCOUNT_G, i);
        entry.m = az_ledger_moment(frames, frames->now, AZ_ACCOUNT_M, i);
        entry.v = az_ledger_moment(frames, frames->now, AZ_ACCOUNT_V, i);
        entry.w_before = (double)az_bf16_to_f32(from);
        entry.w_after = (double)az_bf16_to_f32(to);
        struct az_ledger_coordinate c = az_ledger_weigh(&work->rates, from, entry.m, entry.v);
        entry.step_w = c.step_w;
        entry.half_gap_w = c.half_gap_w;
        entry.drive = c.drive;
        double next = entry.w_before * work->rates.decay - c.step_w;
        entry.cells_predicted = az_bf16_cells(from, az_bf16_from_f32((float)next));
        entry.cells_seen = az_bf16_cells(from, to);
        work->options->entry(work->options->context, &entry);
    }
}

/* ---- all steps ---- */

static enum az_status set_rates(struct work *work, int64_t step, struct az_error *error)
{
    const struct az_adamw *adamw = &work->source.adamw;
    const struct az_account_step_frames *sides[] = {work->frames.before, work->frames.now};
    for (int side = 0; side < 2; side++)
        for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++)
            if (sides[side]->frames[n] < 0 && (side == 1 || n != AZ_ACCOUNT_G))
                return az_error_raise(error, AZ_MISSING,
                                      "%s has no frame of step %" PRId64
                                      ": the ledger needs one at every step",
                                      work->source.names[n], sides[side]->step);
    double lr = work->source.rates[step];
    if (isnan(lr))
        return az_error_raise(error, AZ_MISSING, "the learning rate of step %" PRId64 " is missing",
                              step);
    work->rates = (struct az_ledger_rates){.lr = lr,
                                           .bias1 = 1 - pow(adamw->beta1, (double)step),
                                           .bias2 = 1 - pow(adamw->beta2, (double)step),
                                           .eps = adamw->eps,
                                           .decay = 1 - lr * adamw->weight_decay};
    return AZ_OK;
}

static enum az_status one_step(struct work *work, struct az_error *error)
{
    size_t chunks = (size_t)(work->source.rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    struct az_ledger_step step = {.step = work->frames.now->step};
    enum az_status status = set_rates(work, step.step, error);
    if (status != AZ_OK) return status;
    step.lr = work->rates.lr;
    memset(work->counts, 0, (size_t)az_pool_threads(work->pool) * sizeof *work->counts);
    az_pool_run(work->pool, rows_chunk, work, chunks);
    conclude_step(work, &step);
    tell_token(work);
    if (work->options->step) work->options->step(work->options->context, &step);
    return AZ_OK;
}

static enum az_status all_steps(struct work *work, struct az_progress *progress,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_account_frames *frames = NULL;
    int64_t last = work->source.last_step;
    work->frames.source = &work->source;
    AZ_TRY(az_account_frames_open(&frames, &work->source, 0, last, error));
    az_progress_begin(progress);
    for (int64_t t = 0; t <= last; t++) {
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped before step %" PRId64 " of %" PRId64, t, last);
        AZ_TRY(az_account_frames_next(frames, &work->frames.before, &work->frames.now, error));
        if (t > 0) AZ_TRY(one_step(work, error));
        az_progress_tell(progress, "weighing", "step", (double)t, (double)last, "");
    }
    az_progress_end(progress, "weighing", "step", (double)last, (double)last, "");
out:
    az_account_frames_close(frames);
    return status;
}

/* ---- causes ---- */

static void find_cause(struct az_ledger_token *token, const struct az_ledger_memory *memory)
{
    double n = (double)memory->followed;
    token->parts[AZ_CAUSE_M] = memory->log_m / n - log(memory->m_hat);
    token->parts[AZ_CAUSE_V] = log(memory->root) - memory->log_root / n;
    token->parts[AZ_CAUSE_GAP] = log(memory->half_gap_w) - memory->log_gap / n;
    token->parts[AZ_CAUSE_LR] = memory->log_lr / n - log(memory->lr);
    for (int c = 1; c < AZ_CAUSES; c++)
        if (token->parts[c] < token->parts[token->cause]) token->cause = (enum az_cause)c;
}

static void conclude(struct work *work)
{
    struct az_ledger *ledger = work->ledger;
    for (int64_t row = 0; row < ledger->rows; row++) {
        const struct az_ledger_memory *memory = &work->memories[row];
        struct az_ledger_token *token = &ledger->tokens[row];
        token->token = az_account_token(&work->source, row);
        token->dead = work->source.kinds[row] == AZ_ACCOUNT_ROW_DEAD;
        token->last_motion_step = memory->last_motion_step;
        token->frozen = ledger->steps - memory->last_motion_step >= ledger->guard_steps;
        token->dim = memory->last_motion_step ? memory->dim : -1;
        token->drive_at_last_hop = memory->drive;
        token->v_locked = memory->last_motion_step && memory->v_locked;
        token->m_end = memory->strongest.m_hat;
        token->v_root_end = memory->strongest.root;
        token->half_gap_end_w = memory->strongest.half_gap_w;
        token->m_needed_end =
            memory->strongest.half_gap_w * memory->strongest.root / work->rates.lr;
        bool caused = token->frozen && memory->last_motion_step > 0 && memory->followed > 0;
        if (caused) find_cause(token, memory);
        if (!token->dead) continue;
        ledger->never_moved += memory->last_motion_step == 0;
        ledger->censored += !token->frozen;
        ledger->frozen += caused;
        ledger->causes[token->cause] += caused;
        ledger->locked += caused && token->v_locked;
    }
}

/* ---- the whole ---- */

static enum az_status prepare(struct work *work, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_ledger *ledger = work->ledger;
    const struct az_account_source *source = &work->source;
    size_t rows = (size_t)source->rows, steps = (size_t)source->last_step + 1;
    *ledger = (struct az_ledger){.steps = source->last_step,
                                 .rows = source->rows,
                                 .dims = source->dims,
                                 .guard_steps = work->options->guard_steps};
    if (!ledger->guard_steps)
        ledger->guard_steps = ledger->steps / 10 > 100 ? ledger->steps / 10 : 100;
    for (int64_t row = 0; row < source->rows; row++)
        ledger->rows_of[source->kinds[row] == AZ_ACCOUNT_ROW_DEAD ? AZ_LEDGER_DEAD
                                                                  : AZ_LEDGER_LIVE]++;
    work->token_row = -1;
    for (int64_t row = 0; row < source->rows && work->options->token >= 0; row++)
        if (az_account_token(source, row) == work->options->token) work->token_row = row;
    if (work->options->token >= 0 && work->token_row < 0)
        AZ_RAISE(AZ_USAGE, "token %" PRId64 " was not recorded; there are %" PRId64 " rows",
                 work->options->token, source->rows);
    AZ_TRY(az_pool_create(&work->pool, work->options->threads, error));
    AZ_TRY(az_memory_allocate(&work->counts, (size_t)az_pool_threads(work->pool),
                              sizeof *work->counts, "the counts", error));
    AZ_TRY(az_memory_allocate(&work->memories, rows, sizeof *work->memories, "the rows", error));
    AZ_TRY(az_memory_allocate(&work->ages, rows * (size_t)source->dims, sizeof *work->ages,
                              "the ages of v", error));
    AZ_TRY(az_memory_allocate(&work->age_counts, steps, sizeof *work->age_counts, "ages", error));
    AZ_TRY(az_memory_allocate(&ledger->tokens, rows, sizeof *ledger->tokens, "the tokens", error));
out:
    return status;
}

enum az_status az_ledger_make(struct az_ledger *ledger, const char *path,
                              const struct az_ledger_options *options, struct az_progress *progress,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct work work = {.ledger = ledger, .options = options};
    memset(ledger, 0, sizeof *ledger);
    AZ_TRY(az_account_source_open(&work.source, path, options->matrix ? options->matrix : "W",
                                  options->assignments, error));
    AZ_TRY(prepare(&work, error));
    AZ_TRY(all_steps(&work, progress, error));
    conclude(&work);
out:
    az_account_source_close(&work.source);
    az_pool_free(work.pool);
    az_memory_free(work.counts);
    az_memory_free(work.memories);
    az_memory_free(work.ages);
    az_memory_free(work.age_counts);
    return status;
}

void az_ledger_free(struct az_ledger *ledger)
{
    az_memory_free(ledger->tokens);
    memset(ledger, 0, sizeof *ledger);
}
