/* A block of frames: every row of both runs, then sums over rows and quantiles. */
#include <math.h>
#include <string.h>

#include "lens/divergence_state.h"
#include "lens/quantile.h"

#define DEGREES 57.29577951308232

bool az_divergence_is_float(enum az_divergence_quantity quantity)
{
    return quantity == AZ_DIVERGENCE_L2 || quantity == AZ_DIVERGENCE_DISTANCE ||
           quantity == AZ_DIVERGENCE_ANGLE;
}

static double value_of(uint32_t key, enum az_divergence_quantity quantity)
{
    return az_divergence_is_float(quantity) ? (double)az_f32_from_bits(key) : (double)key;
}

static size_t slot_of(const struct az_divergence_state *state, int64_t frame, int64_t chunk)
{
    return (size_t)(frame * state->chunks + chunk) * AZ_TOKEN_CLASSES;
}

/* ---- a row ---- */

/* One token in one run: its first row, and those of the frame and of the frame before. */
struct place {
    const struct az_bf16 *start, *before, *now;
};

static struct place place_of(const struct az_divergence_state *state, enum az_compare_side side,
                             int64_t frame, int64_t row)
{
    size_t at = (size_t)az_compare_row_of(&state->match, side, row) * state->dims;
    const struct az_pass_block *block = &state->blocks[side];
    const struct az_recorded *tensor = state->tensors[side];
    return (struct place){state->starts[side] + at,
                          az_pass_rows(block, tensor, frame ? frame - 1 : 0) + at,
                          az_pass_rows(block, tensor, frame) + at};
}

/* Between the ways from the first place; none where one of the two is 0. */
static uint32_t angle_key(const struct az_divergence_state *state, const struct place *a,
                          const struct place *b)
{
    double (*product)(const struct az_bf16 *, const struct az_bf16 *, const struct az_bf16 *,
                      const struct az_bf16 *, size_t) = state->code.product;
    double aa = product(a->start, a->now, a->start, a->now, state->dims);
    double bb = product(b->start, b->now, b->start, b->now, state->dims);
    double ab = product(a->start, a->now, b->start, b->now, state->dims);
    if (aa == 0 || bb == 0) return AZ_QUANTILE_NONE;
    double cosine = ab / sqrt(aa) / sqrt(bb);
    return az_f32_bits((float)(DEGREES * acos(cosine > 1 ? 1 : cosine < -1 ? -1 : cosine)));
}

static void measure(const struct az_divergence_state *state, const struct place *a,
                    const struct place *b, struct az_divergence_row *row)
{
    struct az_row_motion apart;
    state->code.motion(a->now, b->now, state->dims, &apart);
    row->l1_cells = apart.l1_cells;
    row->distance = apart.displacement_squared;
    row->evolution = state->code.evolution_squared(a->start, a->now, b->start, b->now, state->dims);
    row->keys[AZ_DIVERGENCE_L1] = (uint32_t)apart.l1_cells;
    row->keys[AZ_DIVERGENCE_L2] = az_f32_bits((float)sqrt(apart.l2_squared_cells));
    row->keys[AZ_DIVERGENCE_LINF] = (uint32_t)apart.linf_cells;
    row->keys[AZ_DIVERGENCE_COORDINATES] = (uint32_t)apart.hops;
    row->keys[AZ_DIVERGENCE_DISTANCE] = az_f32_bits((float)sqrt(apart.displacement_squared));
    row->keys[AZ_DIVERGENCE_ANGLE] = angle_key(state, a, b);
}

static void add_steps(const struct az_divergence_state *state, const struct place *a,
                      const struct place *b, struct az_divergence_sums *sums)
{
    size_t dims = state->dims;
    sums->product += state->code.product(a->before, a->now, b->before, b->now, dims);
    sums->squares_a += state->code.product(a->before, a->now, a->before, a->now, dims);
    sums->squares_b += state->code.product(b->before, b->now, b->before, b->now, dims);
}

static void tell_token(struct az_divergence_token *token, const struct az_divergence_row *row,
                       int64_t step)
{
    double distance = value_of(row->keys[AZ_DIVERGENCE_DISTANCE], AZ_DIVERGENCE_DISTANCE);
    if (row->keys[AZ_DIVERGENCE_COORDINATES] == 0)
        token->equal_frames++;
    else if (token->first_step < 0)
        token->first_step = step;
    if (distance > token->most_w) {
        token->most_w = distance;
        token->most_step = step;
    }
    for (enum az_divergence_quantity q = 0; q < AZ_DIVERGENCE_QUANTITIES; q++)
        token->last[q] = value_of(row->keys[q], q);
}

static void one_row(struct az_divergence_state *state, int64_t frame, int64_t number,
                    struct az_divergence_sums *sums)
{
    struct place a = place_of(state, AZ_COMPARE_A, frame, number);
    struct place b = place_of(state, AZ_COMPARE_B, frame, number);
    struct az_divergence_row *row = &state->rows[number];
    size_t row_bytes = state->dims * sizeof *a.now;
    bool still = frame > 0 && memcmp(a.before, a.now, row_bytes) == 0 &&
                 memcmp(b.before, b.now, row_bytes) == 0;
    if (!still) {
        measure(state, &a, &b, row);
        add_steps(state, &a, &b, sums);
    }
    sums->parted += row->keys[AZ_DIVERGENCE_COORDINATES] > 0;
    sums->l1_cells += row->l1_cells;
    sums->distance += row->distance;
    sums->evolution += row->evolution;
    int64_t at = frame * state->sets.rows + number;
    for (int q = 0; q < AZ_DIVERGENCE_QUANTITIES; q++) state->keys[q][at] = row->keys[q];
    tell_token(&state->told->tokens[number], row,
               state->told->subject.steps[state->blocks[0].number + frame]);
}

static void one_chunk(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct az_divergence_state *state = context;
    int64_t end = ((int64_t)chunk + 1) * AZ_DIVERGENCE_CHUNK_ROWS;
    if (end > state->sets.rows) end = state->sets.rows;
    for (int64_t frame = state->from; frame <= state->blocks[0].moves; frame++) {
        struct az_divergence_sums *sums = state->sums + slot_of(state, frame, (int64_t)chunk);
        memset(sums, 0, AZ_TOKEN_CLASSES * sizeof *sums);
        for (int64_t row = (int64_t)chunk * AZ_DIVERGENCE_CHUNK_ROWS; row < end; row++)
            one_row(state, frame, row, &sums[state->sets.classes[row]]);
    }
}

/* ---- over the rows ---- */

static void add_sums(struct az_divergence_sums *to, const struct az_divergence_sums *from)
{
    to->parted += from->parted;
    to->l1_cells += from->l1_cells;
    to->distance += from->distance;
    to->evolution += from->evolution;
    to->product += from->product;
    to->squares_a += from->squares_a;
    to->squares_b += from->squares_b;
}

/* Chunks in order, and in each the classes in order. */
static void sum_frame(struct az_divergence_state *state, int64_t frame, int set)
{
    struct az_divergence_sums sums = {0};
    for (int64_t chunk = 0; chunk < state->chunks; chunk++)
        for (int number = 0; number < AZ_TOKEN_CLASSES; number++)
            if (state->sets.members[set] >> number & 1)
                add_sums(&sums, state->sums + slot_of(state, frame, chunk) + number);
    struct az_divergence_step *step = &state->told->steps[set][state->blocks[0].number + frame];
    step->parted = sums.parted;
    step->l1_cells = sums.l1_cells;
    step->distance_w = sqrt(sums.distance);
    step->evolution_w = sqrt(sums.evolution);
    step->step_cosine = sums.product / sqrt(sums.squares_a) / sqrt(sums.squares_b);
}

static void one_quantity(void *context, size_t number, int thread)
{
    struct az_divergence_state *state = context;
    int64_t rows = state->sets.rows;
    int64_t frame = state->from + (int64_t)number / AZ_DIVERGENCE_QUANTITIES;
    enum az_divergence_quantity quantity = number % AZ_DIVERGENCE_QUANTITIES;
    uint32_t quantiles[AZ_LENS_SETS][AZ_MOTION_QUANTILES];
    az_quantiles(&state->sets, state->keys[quantity] + frame * rows,
                 state->sorting + (size_t)thread * 2 * (size_t)rows, quantiles);
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        if (!state->sets.present[set]) continue;
        double *to = state->told->steps[set][state->blocks[0].number + frame].quantiles[quantity];
        for (int q = 0; q < AZ_MOTION_QUANTILES; q++) to[q] = value_of(quantiles[set][q], quantity);
    }
}

void az_divergence_block(struct az_divergence_state *state)
{
    int64_t frames = state->blocks[0].moves + 1 - state->from;
    az_pool_run(state->pool, one_chunk, state, (size_t)state->chunks);
    for (int64_t frame = state->from; frame <= state->blocks[0].moves; frame++)
        for (int set = 0; set < AZ_LENS_SETS; set++)
            if (state->sets.present[set]) sum_frame(state, frame, set);
    az_pool_run(state->pool, one_quantity, state, (size_t)frames * AZ_DIVERGENCE_QUANTITIES);
}
