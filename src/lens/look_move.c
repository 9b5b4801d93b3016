#include <math.h>
#include <string.h>

#include "lens/look.h"

#define HYPERNOVA_CELLS 1000.0

/* One row at one frame, and where its doings are counted. */
struct spot {
    int64_t row, frame, step;
    int window, class_number;
    const struct az_bf16 *before, *now;
    struct az_look_sums *sums;
    struct az_look_counts *counts;
    uint16_t *kinds;
};

/* ---- hops, one by one ---- */

int64_t az_motion_size_from(int size)
{
    return size < 16 ? size + 1 : ((int64_t)1 << (size - 12)) + 1;
}

int64_t az_motion_size_to(int size)
{
    if (size < 16) return size + 1;
    return size + 1 == AZ_MOTION_SIZES ? 2 * 0x7fff : (int64_t)1 << (size - 11);
}

static int exponent_of(struct az_bf16 x) { return x.bits >> 7 & 0xff; }

/* From the next move on the coordinate counts in another stratum: in the rest of this window and in
 * all later ones. */
static void change_stratum(const struct az_look *look, const struct spot *spot, int from, int to)
{
    int64_t move = look->block.number + spot->frame; /* moves up to this one */
    int64_t ended = 0;
    for (int window = 0; window < AZ_LENS_WINDOWS; window++) {
        ended += look->window_moves[window];
        if (ended <= move) continue;
        int64_t rest = ended - move;
        if (rest > look->window_moves[window]) rest = look->window_moves[window];
        int64_t *coordinates = spot->counts->coordinates[window][spot->class_number];
        coordinates[from] -= rest;
        coordinates[to] += rest;
    }
}

static void count_crossings(const struct az_look *look, const struct spot *spot)
{
    for (size_t d = 0; d < look->dims; d++) {
        struct az_bf16 before = spot->before[d], now = spot->now[d];
        if ((before.bits ^ now.bits) & 0x7f80)
            change_stratum(look, spot, exponent_of(before), exponent_of(now));
    }
}

/* Cells of hops whose size shares its bin with others: many in the first steps only. */
static void count_large(const struct az_look *look, const struct spot *spot)
{
    int64_t *large = spot->counts->large_cells[spot->window][spot->class_number];
    for (size_t d = 0; d < look->dims; d++) {
        int32_t cells = az_bf16_cells(spot->before[d], spot->now[d]);
        int32_t size = cells < 0 ? -cells : cells;
        if (size > 16) large[exponent_of(spot->before[d])] += size;
    }
}

static void count_hops(const struct az_look *look, const struct spot *spot,
                       const struct az_row_motion *motion)
{
    int64_t(*hops)[AZ_HOP_KINDS + 1] = spot->counts->hops[spot->window][spot->class_number];
    size_t padded = az_look_padded(look->dims);
    look->rows.hops(spot->before, spot->now, look->dims, spot->kinds);
    for (size_t d = 0; d < padded; d += 4)
        for (size_t k = 0; k < 4; k++) hops[k][spot->kinds[d + k]]++;
    if (motion->binade_crossings) count_crossings(look, spot);
    if (motion->linf_cells > 16) count_large(look, spot);
}

static void count_start(const struct az_look *look, const struct spot *spot)
{
    for (int window = 0; window < AZ_LENS_WINDOWS; window++) {
        int64_t *coordinates = spot->counts->coordinates[window][spot->class_number];
        for (size_t d = 0; d < look->dims && look->window_moves[window]; d++)
            coordinates[exponent_of(spot->now[d])] += look->window_moves[window];
    }
}

/* ---- lives ---- */

static enum az_life state_of(const struct az_look *look, const struct az_row_motion *motion)
{
    if (motion->l1_cells == 0) return AZ_LIFE_STILL;
    if (motion->l2_squared_cells > HYPERNOVA_CELLS * HYPERNOVA_CELLS) return AZ_LIFE_HYPERNOVA;
    if (motion->l2_squared_cells > (double)look->dims) return AZ_LIFE_EARLY;
    return motion->linf_cells > 1 ? AZ_LIFE_MIDLIFE : AZ_LIFE_LATE;
}

/* A still run counts for its token when a motion ends it; and as a stumble when one began it. */
static void end_still_run(struct az_token_life *life, int64_t frames)
{
    life->still_runs++;
    if (frames > life->longest_still_steps) life->longest_still_steps = frames;
    life->stumbles += life->moving_steps > 0;
}

static void keep_span(struct az_lifecycle *lifecycle, const struct az_look *look, int64_t move,
                      int64_t row, enum az_life state)
{
    int64_t span = (move - 1) * lifecycle->span_count / look->subject->moves;
    uint8_t *hottest = &lifecycle->spans[span * look->sets.rows + row];
    if (state > *hottest) *hottest = (uint8_t)state;
}

static void live_on(struct az_look *look, const struct spot *spot, enum az_life state)
{
    struct az_token_life *life = &look->lens->lifecycle->tokens[spot->row];
    int64_t *still_run = &look->still_run[spot->row];
    bool first = look->block.number + spot->frame == 1;
    enum az_life before = look->states[spot->row];
    spot->sums->states[state]++;
    keep_span(look->lens->lifecycle, look, look->block.number + spot->frame, spot->row, state);
    if (!first) {
        life->reheats += state > before;
        life->cools += state < before;
    }
    look->states[spot->row] = (uint8_t)state;
    if (state == AZ_LIFE_STILL) {
        if (!life->first_still_step) life->first_still_step = spot->step;
        ++*still_run;
        return;
    }
    if (*still_run) end_still_run(life, *still_run);
    *still_run = 0;
    life->moving_steps++;
    for (int colder = AZ_LIFE_LATE; colder <= (int)state; colder++)
        life->end_step[colder] = spot->step;
}

/* ---- one row ---- */

static void keep_keys(struct az_look *look, const struct spot *spot,
                      const struct az_row_motion *motion)
{
    size_t at = (size_t)((spot->frame - 1) * look->sets.rows + spot->row);
    look->keys[AZ_MOTION_L1][at] = (uint32_t)motion->l1_cells;
    look->keys[AZ_MOTION_L2][at] = az_look_key(sqrt(motion->l2_squared_cells));
    look->keys[AZ_MOTION_LINF][at] = (uint32_t)motion->linf_cells;
    look->keys[AZ_MOTION_HOPS][at] = (uint32_t)motion->hops;
    look->keys[AZ_MOTION_L1_ULP][at] = az_look_key(motion->l1_ulp);
    look->keys[AZ_MOTION_L2_ULP][at] = az_look_key(sqrt(motion->l2_squared_ulp));
    look->keys[AZ_MOTION_LINF_ULP][at] = az_look_key(motion->linf_ulp);
    look->keys[AZ_MOTION_LENGTH][at] = az_look_key(sqrt(motion->displacement_squared));
    look->squares[at] = motion->displacement_squared;
}

static void keep_place(struct az_look *look, const struct spot *spot)
{
    struct az_row_place place;
    look->rows.place(spot->now, look->dims, &place);
    look->norms[spot->row] = sqrt(place.norm_squared);
    look->zeros[spot->row] = place.zeros;
}

/* Radial parts are about the origin, along the position before the step. */
static void add_direction(struct az_look *look, const struct spot *spot,
                          const struct az_row_motion *motion)
{
    double length = sqrt(motion->displacement_squared), norm = look->norms[spot->row];
    double share = norm > 0 && length > 0 ? motion->along / (norm * length) : 0;
    struct az_token_path *path = &look->lens->kinematics->tokens[spot->row];
    spot->sums->radial += share;
    spot->sums->radial_sizes += fabs(share);
    spot->sums->radial_squares += share * share * motion->displacement_squared;
    spot->sums->outward += motion->along > 0;
    spot->sums->inward += motion->along < 0;
    spot->sums->squares += motion->displacement_squared;
    spot->sums->fourths += motion->displacement_squared * motion->displacement_squared;
    path->path_w += length;
    path->squares_w2 += motion->displacement_squared;
    path->radial_share += share;
    path->outward_steps += motion->along > 0;
    path->inward_steps += motion->along < 0;
}

static void add_motion(struct az_motion_step *to, const struct az_row_motion *motion)
{
    to->movers += motion->l1_cells > 0;
    to->l1_cells += motion->l1_cells;
    to->hops += motion->hops;
    to->down_hops += motion->down_hops;
    to->zero_flips += motion->zero_flips;
    to->sign_crossings += motion->sign_crossings;
    to->binade_crossings += motion->binade_crossings;
}

/* True when any bit of the row changed. */
static bool look_at_row(struct az_look *look, struct spot *spot)
{
    struct az_row_motion motion = {0};
    bool changed = memcmp(spot->before, spot->now, look->dims * sizeof *spot->now) != 0;
    if (changed) look->rows.motion(spot->before, spot->now, look->dims, &motion);
    keep_keys(look, spot, &motion);
    live_on(look, spot, state_of(look, &motion));
    if (!changed) return false;
    struct az_token_life *life = &look->lens->lifecycle->tokens[spot->row];
    life->hops += motion.hops;
    life->l1_cells += motion.l1_cells;
    add_motion(&spot->sums->motion, &motion);
    if (motion.hops) count_hops(look, spot, &motion);
    if (look->kinematics && motion.hops) add_direction(look, spot, &motion);
    keep_place(look, spot);
    return true;
}

static void look_at_start(struct az_look *look, const struct spot *spot)
{
    size_t bytes = look->dims * sizeof *spot->now;
    keep_place(look, spot);
    count_start(look, spot);
    look->lens->lifecycle->tokens[spot->row].norm_start_w = look->norms[spot->row];
    if (look->start) memcpy(look->start + (size_t)spot->row * look->dims, spot->now, bytes);
}

/* ---- one chunk of rows ---- */

/* Sums of the positions, and of the drifts of those rows that changed. A chunk in which nothing
 * changed has the sums that it had. */
static void add_vectors(struct az_look *look, int64_t frame, int64_t chunk, bool changed)
{
    size_t dims = look->dims, slot = az_look_slot(look, frame, chunk, 0, AZ_TOKEN_CLASSES);
    size_t bytes = AZ_TOKEN_CLASSES * dims * sizeof(double);
    double *drifts = look->drifts + slot * dims;
    double *positions = look->chunk_positions + (size_t)chunk * AZ_TOKEN_CLASSES * dims;
    memset(drifts, 0, bytes);
    if (changed) memset(positions, 0, bytes);
    for (int64_t row = chunk * AZ_LOOK_CHUNK_ROWS; changed && row < az_look_end_row(look, chunk);
         row++) {
        size_t place = look->sets.classes[row] * dims;
        const struct az_bf16 *now = az_look_row(look, frame, row);
        look->rows.add(now, dims, positions + place);
        size_t at = (size_t)((frame - 1) * look->sets.rows + row);
        if (frame > 0 && look->squares[at] > 0)
            look->rows.add_difference(az_look_row(look, frame - 1, row), now, dims, drifts + place);
    }
    memcpy(look->positions + slot * dims, positions, bytes);
}

static void look_at_frame(struct az_look *look, int64_t frame, int64_t chunk, int thread)
{
    struct az_look_sums *sums = &look->sums[az_look_slot(look, frame, chunk, 0, AZ_TOKEN_CLASSES)];
    bool changed = frame == 0;
    memset(sums, 0, AZ_TOKEN_CLASSES * sizeof *sums);
    int64_t step = az_look_step(look, frame);
    struct spot spot = {.frame = frame,
                        .step = step,
                        .window = az_lens_window(step),
                        .counts = &look->counts[thread],
                        .kinds = look->kinds + (size_t)thread * az_look_padded(look->dims)};
    for (int64_t row = chunk * AZ_LOOK_CHUNK_ROWS; row < az_look_end_row(look, chunk); row++) {
        spot.row = row;
        spot.class_number = look->sets.classes[row];
        spot.sums = &sums[spot.class_number];
        spot.now = az_look_row(look, frame, row);
        if (frame == 0) {
            look_at_start(look, &spot);
        } else {
            spot.before = az_look_row(look, frame - 1, row);
            changed |= look_at_row(look, &spot);
        }
        spot.sums->norms += look->norms[row];
        spot.sums->motion.zeros += look->zeros[row];
    }
    if (look->kinematics) add_vectors(look, frame, chunk, changed);
}

static void look_at_chunk(void *context, size_t chunk, int thread)
{
    struct az_look *look = context;
    for (int64_t frame = look->from; frame <= look->block.moves; frame++)
        look_at_frame(look, frame, (int64_t)chunk, thread);
}

void az_look_move(struct az_look *look)
{
    az_pool_run(look->pool, look_at_chunk, look, (size_t)look->chunks);
}
