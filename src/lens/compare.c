#include "azimuth/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lens/compare_state.h"
#include "lens/dead_rows.h"

#define CHUNK_BYTES 65536 /* about: whole rows */

/* What one chunk of rows found: live rows (all, where nothing is known) and dead ones. */
struct chunk {
    struct az_compare_counts counts[2];
    int64_t first_row; /* -1: none */
    size_t first_element;
};

/* A frame of each recording in memory. */
struct slot {
    struct az_compare_match *match; /* NULL: there is none */
    int64_t step;
    unsigned char *bytes[AZ_COMPARE_SIDES];
    enum az_status status;
    struct az_error error;
};

struct compare {
    const struct az_recording *recordings[AZ_COMPARE_SIDES];
    const struct az_compare_options *options;
    struct az_compare_result *result;
    struct az_pool *pool;
    struct az_compare_match *matches;
    size_t count;
    struct slot slots[2]; /* the frame that is compared, the one that is read meanwhile */
    struct slot *now, *next;
    struct chunk *chunks;
    size_t rows_per_chunk;
};

/* ---- the order of frames ---- */

static int64_t next_step_of(const struct az_compare_match *match, enum az_compare_side side)
{
    const struct az_recorded *tensor = side == AZ_COMPARE_A ? match->told.a : match->told.b;
    if (match->next[side] >= tensor->frames) return INT64_MAX;
    return az_recording_step_of(tensor, match->next[side]);
}

/* Passes over the steps that only one has. */
static int64_t common_step(struct az_compare_match *match)
{
    for (;;) {
        int64_t a = next_step_of(match, AZ_COMPARE_A), b = next_step_of(match, AZ_COMPARE_B);
        if (a == b) return a;
        enum az_compare_side behind = a < b ? AZ_COMPARE_A : AZ_COMPARE_B;
        match->next[behind]++;
        ++*(behind == AZ_COMPARE_A ? &match->told.only_a : &match->told.only_b);
    }
}

/* The tensor whose next common step is the least; the first of several. */
static struct az_compare_match *choose_next(struct compare *compare, int64_t *step)
{
    struct az_compare_match *chosen = NULL;
    *step = INT64_MAX;
    for (size_t n = 0; n < compare->count; n++) {
        if (!compare->matches[n].told.comparable) continue;
        int64_t candidate = common_step(&compare->matches[n]);
        if (candidate >= *step) continue;
        *step = candidate;
        chosen = &compare->matches[n];
    }
    return chosen;
}

static void read_next(struct compare *compare)
{
    struct slot *slot = compare->next;
    slot->match = choose_next(compare, &slot->step);
    slot->status = AZ_OK;
    if (!slot->match) return;
    az_error_clear(&slot->error);
    const struct az_recorded *tensors[] = {slot->match->told.a, slot->match->told.b};
    for (int side = 0; side < AZ_COMPARE_SIDES && slot->status == AZ_OK; side++)
        slot->status =
            az_recording_read(compare->recordings[side], tensors[side], slot->match->next[side]++,
                              1, slot->bytes[side], &slot->error);
}

/* ---- a frame ---- */

static size_t row_bytes(const struct az_compare_match *match, bool wide)
{
    size_t element = match->pair.kind == AZ_COMPARE_BYTES ? match->pair.bytes : wide ? 4 : 2;
    return element * match->row_elements;
}

static const unsigned char *row_of(const struct slot *slot, enum az_compare_side side, int64_t row)
{
    const struct az_compare_match *match = slot->match;
    bool wide = side == AZ_COMPARE_A ? match->pair.a_wide : match->pair.b_wide;
    return slot->bytes[side] + (size_t)az_compare_row_of(match, side, row) * row_bytes(match, wide);
}

static size_t chunks_of(const struct compare *compare, const struct slot *slot)
{
    if (!slot->match || slot->status != AZ_OK) return 0;
    return ((size_t)slot->match->told.rows + compare->rows_per_chunk - 1) / compare->rows_per_chunk;
}

/* Chunk 0 reads the next frames, the others compare rows of these. */
static void work(void *context, size_t number, int thread)
{
    (void)thread;
    struct compare *compare = context;
    const struct slot *slot = compare->now;
    if (number == 0) {
        read_next(compare);
        return;
    }
    struct chunk *chunk = &compare->chunks[number - 1];
    int64_t row = (int64_t)((number - 1) * compare->rows_per_chunk);
    int64_t end = row + (int64_t)compare->rows_per_chunk;
    if (end > slot->match->told.rows) end = slot->match->told.rows;
    *chunk = (struct chunk){.first_row = -1};
    for (; row < end; row++) {
        bool dead = slot->match->dead && slot->match->dead[row];
        size_t count = slot->match->row_elements;
        size_t first = az_compare_row(&slot->match->pair, row_of(slot, AZ_COMPARE_A, row),
                                      row_of(slot, AZ_COMPARE_B, row), count, &chunk->counts[dead]);
        if (first == count || chunk->first_row >= 0) continue;
        chunk->first_row = row;
        chunk->first_element = first;
    }
}

/* Squares stay squares. */
static void add_counts(struct az_compare_counts *to, const struct az_compare_counts *from)
{
    to->components += from->components;
    to->differing += from->differing;
    to->bits += from->bits;
    to->l1_cells += from->l1_cells;
    to->l2_cells += from->l2_cells;
    to->distance_w += from->distance_w;
    to->rows += from->rows;
    to->moved += from->moved;
    if (from->linf_cells > to->linf_cells) to->linf_cells = from->linf_cells;
}

static void take_roots(struct az_compare_counts counts[AZ_COMPARE_SETS])
{
    for (int set = 0; set < AZ_COMPARE_SETS; set++) {
        counts[set].l2_cells = sqrt(counts[set].l2_cells);
        counts[set].distance_w = sqrt(counts[set].distance_w);
    }
}

static void note_first(struct compare *compare, const struct chunk *chunk)
{
    const struct slot *slot = compare->now;
    const struct az_compare_match *match = slot->match;
    struct az_compare_place *first = &compare->result->first;
    bool by_token = match->told.a->frame_rank == 2;
    int64_t row = az_compare_row_of(match, AZ_COMPARE_A, chunk->first_row);
    if (first->found) return;
    *first = (struct az_compare_place){
        .found = true,
        .step = slot->step,
        .token = by_token ? az_recorded_token(match->told.a, row) : -1,
        .dim = by_token ? (int64_t)chunk->first_element : -1,
        .element = row * (int64_t)match->row_elements + (int64_t)chunk->first_element,
        .a_bits =
            az_compare_element(&match->pair, match->pair.a_wide,
                               row_of(slot, AZ_COMPARE_A, chunk->first_row), chunk->first_element),
        .b_bits =
            az_compare_element(&match->pair, match->pair.b_wide,
                               row_of(slot, AZ_COMPARE_B, chunk->first_row), chunk->first_element),
        .bits = az_compare_bits(&match->pair)};
    snprintf(first->tensor, sizeof first->tensor, "%s", match->told.name);
}

static void judge(struct compare *compare)
{
    const struct slot *slot = compare->now;
    struct az_compare_tensor *told = &slot->match->told;
    struct az_compare_frame frame = {.tensor = told->name, .step = slot->step};
    size_t chunks = chunks_of(compare, slot);
    for (size_t n = 0; n < chunks; n++) {
        const struct chunk *chunk = &compare->chunks[n];
        for (int dead = 0; dead < 2; dead++) {
            add_counts(&frame.counts[AZ_COMPARE_ALL], &chunk->counts[dead]);
            if (slot->match->dead)
                add_counts(&frame.counts[dead ? AZ_COMPARE_DEAD : AZ_COMPARE_LIVE],
                           &chunk->counts[dead]);
        }
        if (chunk->first_row >= 0) note_first(compare, chunk);
    }
    for (int set = 0; set < AZ_COMPARE_SETS; set++)
        add_counts(&told->counts[set], &frame.counts[set]);
    told->frames++;
    compare->result->frames++;
    if (frame.counts[AZ_COMPARE_ALL].differing) {
        if (told->first_step < 0) told->first_step = slot->step;
        told->frames_differing++;
        compare->result->frames_differing++;
    }
    take_roots(frame.counts);
    if (compare->options->frame) compare->options->frame(compare->options->context, &frame);
}

/* ---- all frames ---- */

static double frames_to_come(const struct compare *compare)
{
    double frames = 0;
    for (size_t n = 0; n < compare->count; n++) {
        const struct az_compare_tensor *told = &compare->matches[n].told;
        if (told->comparable)
            frames +=
                (double)(told->a->frames < told->b->frames ? told->a->frames : told->b->frames);
    }
    return frames;
}

static enum az_status all_frames(struct compare *compare, struct az_progress *progress,
                                 struct az_error *error)
{
    double total = frames_to_come(compare);
    compare->next = &compare->slots[0];
    read_next(compare);
    az_progress_begin(progress);
    for (size_t turn = 0; compare->slots[turn % 2].match; turn++) {
        compare->now = &compare->slots[turn % 2];
        compare->next = &compare->slots[(turn + 1) % 2];
        if (compare->now->status != AZ_OK) {
            if (error) *error = compare->now->error;
            return compare->now->status;
        }
        if (az_progress_stopped(progress))
            return az_error_raise(error, AZ_INTERRUPTED, "stopped after %" PRId64 " frames",
                                  compare->result->frames);
        compare->rows_per_chunk = CHUNK_BYTES / row_bytes(compare->now->match, true) + 1;
        az_pool_run(compare->pool, work, compare, chunks_of(compare, compare->now) + 1);
        judge(compare);
        az_progress_tell(progress, "comparing", "frame", (double)turn + 1, total, "");
    }
    az_progress_end(progress, "comparing", "frame", total, total, "");
    return AZ_OK;
}

/* ---- beginning and end ---- */

static enum az_status match_tensors(struct compare *compare, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recording *a = compare->recordings[0], *b = compare->recordings[1];
    size_t capacity = az_recording_count(a) + az_recording_count(b), common = 0;
    AZ_TRY(az_memory_allocate(&compare->matches, capacity, sizeof *compare->matches, "tensors",
                              error));
    for (size_t n = 0; n < az_recording_count(a); n++) {
        const struct az_recorded *tensor = az_recording_at(a, n);
        const struct az_recorded *other = az_recording_find(b, tensor->name);
        common += other != NULL;
        AZ_TRY(az_compare_match(&compare->matches[compare->count++], a, b, tensor, other, error));
    }
    for (size_t n = 0; n < az_recording_count(b); n++) {
        const struct az_recorded *tensor = az_recording_at(b, n);
        if (az_recording_find(a, tensor->name)) continue;
        AZ_TRY(az_compare_match(&compare->matches[compare->count++], a, b, NULL, tensor, error));
    }
    if (!common) AZ_RAISE(AZ_MISSING, "the two recordings have no tensor of the same name");
out:
    return status;
}

static enum az_status prepare(struct compare *compare, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t largest[AZ_COMPARE_SIDES] = {1, 1}, chunks = 1;
    AZ_TRY(match_tensors(compare, error));
    AZ_TRY(az_pool_create(&compare->pool, compare->options->threads, error));
    for (size_t n = 0; n < compare->count; n++) {
        const struct az_compare_match *match = &compare->matches[n];
        if (!match->told.comparable) continue;
        size_t bytes[] = {(size_t)match->told.a->frame_bytes, (size_t)match->told.b->frame_bytes};
        for (int side = 0; side < AZ_COMPARE_SIDES; side++)
            if (bytes[side] > largest[side]) largest[side] = bytes[side];
        size_t rows_per_chunk = CHUNK_BYTES / row_bytes(match, true) + 1;
        size_t of = (size_t)match->told.rows / rows_per_chunk + 1;
        if (of > chunks) chunks = of;
    }
    AZ_TRY(az_memory_allocate(&compare->chunks, chunks, sizeof *compare->chunks, "counts", error));
    for (int slot = 0; slot < 2; slot++)
        for (int side = 0; side < AZ_COMPARE_SIDES; side++)
            AZ_TRY(az_memory_allocate(&compare->slots[slot].bytes[side], largest[side], 1,
                                      "two frames of each recording", error));
out:
    return status;
}

static bool differs(const struct compare *compare, const struct az_compare_tensor *told)
{
    bool both = told->a && told->b;
    if (compare->options->common) return both && (!told->comparable || told->frames_differing);
    return !both || !told->comparable || told->frames_differing || told->only_a || told->only_b ||
           (told->a->frame_rank == 2 &&
            (told->rows < told->a->frame_shape[0] || told->rows < told->b->frame_shape[0]));
}

static enum az_status verdict(struct compare *compare, struct az_error *error)
{
    struct az_compare_result *result = compare->result;
    for (size_t n = 0; n < compare->count; n++) {
        struct az_compare_tensor *told = &compare->matches[n].told;
        result->tensors++;
        result->tensors_differing += differs(compare, told);
        take_roots(told->counts);
        if (compare->options->tensor) compare->options->tensor(compare->options->context, told);
    }
    if (!result->tensors_differing) return AZ_OK;
    return az_error_raise(error, AZ_DIFFERENCE, "%zu of %zu tensors differ",
                          result->tensors_differing, result->tensors);
}

enum az_status az_compare(const struct az_recording *a, const struct az_recording *b,
                          const struct az_compare_options *options,
                          struct az_compare_result *result, struct az_progress *progress,
                          struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct compare compare = {.recordings = {a, b}, .options = options, .result = result};
    *result = (struct az_compare_result){.first = {.token = -1, .dim = -1}};
    AZ_TRY(prepare(&compare, error));
    AZ_TRY(all_frames(&compare, progress, error));
    AZ_TRY(verdict(&compare, error));
out:
    for (size_t n = 0; n < compare.count; n++) az_compare_match_free(&compare.matches[n]);
    for (int slot = 0; slot < 2; slot++)
        for (int side = 0; side < AZ_COMPARE_SIDES; side++)
            az_memory_free(compare.slots[slot].bytes[side]);
    az_memory_free(compare.matches);
    az_memory_free(compare.chunks);
    az_pool_free(compare.pool);
    return status;
}
