#include "lens/account_state.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

#define CHUNK_ELEMENTS 8192 /* about: whole rows; its scratch stays in the cache of one core */

/* ---- memory ---- */

static enum az_status allocate_scratch(struct az_account_check *check, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_arena arena;
    size_t threads = (size_t)az_pool_threads(check->pool), each, total;
    /* p, residue, m, v, master, wide at their widest, and room to align */
    size_t elements = az_account_padded(check->rows_per_chunk * check->row_elements);
    AZ_TRY(az_size_multiply(elements, 2 + 2 + 4 + 4 + 4 + 4, &each, error));
    AZ_TRY(az_size_add(each, 6 * AZ_ALIGNMENT_BYTES, &each, error));
    AZ_TRY(az_size_multiply(each, threads, &total, error));
    AZ_TRY(az_memory_allocate(&check->scratch, threads, sizeof *check->scratch, "scratch", error));
    AZ_TRY(az_memory_allocate(&check->scratch_block, total, 1, "scratch", error));
    az_arena_init(&arena, check->scratch_block, total);
    for (size_t n = 0; n < threads; n++) {
        struct az_account_scratch *scratch = &check->scratch[n];
        scratch->p = az_arena_take(&arena, elements, sizeof *scratch->p);
        scratch->residue = az_arena_take(&arena, elements, sizeof *scratch->residue);
        scratch->m = az_arena_take(&arena, elements, sizeof(float));
        scratch->v = az_arena_take(&arena, elements, sizeof(float));
        scratch->master = az_arena_take(&arena, elements, sizeof *scratch->master);
        scratch->wide = az_arena_take(&arena, elements, sizeof *scratch->wide);
    }
out:
    return status;
}

static enum az_status allocate_hidden(struct az_account_check *check, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count = (size_t)check->source->rows * check->row_elements;
    if (check->adamw.arithmetic == AZ_ARITHMETIC_MASTER)
        AZ_TRY(az_memory_allocate(&check->master, count, sizeof *check->master,
                                  "the replayed master weights", error));
    if (check->adamw.rounding == AZ_ROUNDING_KAHAN)
        AZ_TRY(az_memory_allocate(&check->residue, count, sizeof *check->residue,
                                  "the replayed Kahan residue", error));
out:
    return status;
}

static enum az_status allocate_pieces(struct az_account_check *check, struct az_error *error)
{
    size_t count = 0;
    for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++)
        count += (size_t)(check->source->tensors[n]->frame_bytes / AZ_ACCOUNT_PIECE_BYTES) + 1;
    return az_memory_allocate(&check->pieces, count, sizeof *check->pieces, "sums", error);
}

/* Rows that are not neighbours in the flat vector draw their random numbers row by row. */
static bool goes_by_rows(const struct az_account_check *check)
{
    return check->source->token_ids && check->adamw.rounding == AZ_ROUNDING_STOCHASTIC;
}

/* Which elements are the last ones depends on how many there are. */
static enum az_status check_tail_known(const struct az_account_source *source,
                                       enum az_arithmetic arithmetic, struct az_error *error)
{
    if (arithmetic != AZ_ARITHMETIC_BF16_FUSED || source->vocabulary >= 0 ||
        source->dims % AZ_ACCOUNT_TAIL_UNIT == 0)
        return AZ_OK;
    return az_error_raise(error, AZ_MISSING,
                          "rows of %" PRId64 " numbers can be checked by bf16-fused only when the "
                          "size of the vocabulary is known: tell it with -P vocab_size=NUMBER",
                          source->dims);
}

enum az_status az_account_check_create(struct az_account_check **check_pointer,
                                       const struct az_account_source *source,
                                       const struct az_kernels *kernels, struct az_pool *pool,
                                       enum az_arithmetic arithmetic, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_account_check *check = NULL;
    *check_pointer = NULL;
    AZ_TRY(check_tail_known(source, arithmetic, error));
    AZ_TRY(az_memory_allocate(&check, 1, sizeof *check, "accounting", error));
    check->source = source;
    check->kernels = kernels;
    check->pool = pool;
    check->adamw = source->adamw;
    check->adamw.arithmetic = arithmetic;
    check->state_bytes = az_arithmetic_state_bytes(arithmetic);
    check->widened = check->state_bytes < source->element_bytes[AZ_ACCOUNT_M];
    check->row_elements = (size_t)source->dims;
    check->rows_per_chunk = goes_by_rows(check) ? 1 : CHUNK_ELEMENTS / check->row_elements + 1;
    check->chunk_count = ((size_t)source->rows + check->rows_per_chunk - 1) / check->rows_per_chunk;
    AZ_TRY(az_memory_allocate(&check->chunks, check->chunk_count, sizeof *check->chunks,
                              "the counts", error));
    AZ_TRY(allocate_scratch(check, error));
    AZ_TRY(allocate_hidden(check, error));
    AZ_TRY(allocate_pieces(check, error));
    *check_pointer = check;
out:
    if (status != AZ_OK) az_account_check_free(check);
    return status;
}

void az_account_check_free(struct az_account_check *check)
{
    if (!check) return;
    az_memory_free(check->chunks);
    az_memory_free(check->scratch);
    az_memory_free(check->scratch_block);
    az_memory_free(check->master);
    az_memory_free(check->residue);
    az_memory_free(check->pieces);
    az_memory_free(check);
}

/* ---- comparison ---- */

static void note(struct az_account_place *first, size_t row, size_t dim, uint32_t expected,
                 uint32_t found, int bits)
{
    if (first->found) return;
    *first = (struct az_account_place){.found = true,
                                       .token = (int64_t)row, /* turned into a token later */
                                       .dim = (int64_t)dim,
                                       .expected_bits = expected,
                                       .found_bits = found,
                                       .bits = bits};
}

static void compare_16(const void *expected, const void *found, size_t row, size_t count,
                       struct az_account_counts *counts, struct az_account_place *first)
{
    const uint16_t *e = expected, *f = found;
    size_t at = az_account_compare_16(e, f, count, counts);
    if (at < count) note(first, row, at, e[at], f[at], 16);
}

static void compare_32(const void *expected, const void *found, size_t row, size_t count,
                       bool upcast, struct az_account_counts *counts,
                       struct az_account_place *first)
{
    const uint32_t *e = expected, *f = found;
    size_t at = az_account_compare_32(e, f, count, upcast, counts);
    if (at < count) note(first, row, at, e[at], f[at], 32);
}

/* element: of the row's first coordinate in scratch; row: in the matrix. */
static void compare_moment(const struct az_account_check *check, int tensor, size_t row,
                           size_t element, const struct az_account_scratch *scratch,
                           struct az_account_chunk *chunk)
{
    size_t count = check->row_elements, bytes = check->state_bytes;
    const unsigned char *expected =
        (tensor == AZ_ACCOUNT_M ? scratch->m : scratch->v) + element * bytes;
    const void *found =
        check->now->bytes[tensor] + row * count * check->source->element_bytes[tensor];
    struct az_account_counts *counts = &chunk->counts[check->source->kinds[row]][tensor];
    struct az_account_place *first = &chunk->first[tensor];
    if (check->widened) {
        check->kernels->widen(count, (const struct az_bf16 *)expected, scratch->wide);
        compare_32(scratch->wide, found, row, count, true, counts, first);
    } else if (bytes == sizeof(float)) {
        compare_32(expected, found, row, count, false, counts, first);
    } else {
        compare_16(expected, found, row, count, counts, first);
    }
}

static void compare_row(const struct az_account_check *check, size_t row, size_t element,
                        const struct az_account_scratch *scratch, struct az_account_chunk *chunk)
{
    size_t count = check->row_elements, offset = row * count;
    const struct az_bf16 *before = (const struct az_bf16 *)check->before->bytes[AZ_ACCOUNT_W];
    const struct az_bf16 *found = (const struct az_bf16 *)check->now->bytes[AZ_ACCOUNT_W];
    int kind = check->source->kinds[row];
    compare_16(scratch->p + element, found + offset, row, count, &chunk->counts[kind][AZ_ACCOUNT_W],
               &chunk->first[AZ_ACCOUNT_W]);
    az_account_move(before + offset, scratch->p + element, found + offset, count,
                    &chunk->motion[kind]);
    compare_moment(check, AZ_ACCOUNT_M, row, element, scratch, chunk);
    compare_moment(check, AZ_ACCOUNT_V, row, element, scratch, chunk);
}

static void check_chunk(void *context, size_t number, int thread)
{
    struct az_account_check *check = context;
    struct az_account_scratch *scratch = &check->scratch[thread];
    size_t first = number * check->rows_per_chunk, rows = (size_t)check->source->rows - first;
    if (rows > check->rows_per_chunk) rows = check->rows_per_chunk;
    struct az_account_part part = az_account_part_of_row(check, first);
    part.count = rows * check->row_elements;
    check->chunks[number] = (struct az_account_chunk){0};
    az_account_predict(check, first, part, scratch);
    for (size_t row = 0; row < rows; row++)
        compare_row(check, first + row, row * check->row_elements, scratch, &check->chunks[number]);
}

/* ---- a step ---- */

static bool has_frames(const struct az_account_step_frames *frames)
{
    return frames->frames[AZ_ACCOUNT_W] >= 0 && frames->frames[AZ_ACCOUNT_M] >= 0 &&
           frames->frames[AZ_ACCOUNT_V] >= 0;
}

static bool is_complete(const struct az_account_check *check)
{
    const struct az_account_source *source = check->source;
    const struct az_account_step_frames *before = check->before, *now = check->now;
    bool hidden = check->master || check->residue;
    return before && has_frames(before) && has_frames(now) && now->frames[AZ_ACCOUNT_G] >= 0 &&
           !isnan(source->rates[now->step]) && !isnan(source->clips[now->step]) &&
           (!hidden || check->hidden_known);
}

/* Master weights and residues are known at step 0, and from step to step without a gap. */
static void follow_hidden(struct az_account_check *check, bool complete)
{
    const struct az_account_step_frames *now = check->now;
    bool start = now->step == 0 && now->frames[AZ_ACCOUNT_W] >= 0;
    check->hidden_known = start || (complete && check->hidden_known);
    if (!start) return;
    size_t count = (size_t)check->source->rows * check->row_elements;
    const void *w = now->bytes[AZ_ACCOUNT_W];
    if (check->master) check->kernels->widen(count, w, check->master);
    if (check->residue) memset(check->residue, 0, count * sizeof *check->residue);
}

static void add_counts(struct az_account_counts *to, const struct az_account_counts *from)
{
    to->equal += from->equal;
    to->off_by_one += from->off_by_one;
    to->worse += from->worse;
}

static void add_motion(struct az_account_motion *to, const struct az_account_motion *from)
{
    to->predicted += from->predicted;
    to->observed += from->observed;
    to->residual += from->residual;
    to->product += from->product;
}

static void set_norms(struct az_account_step *step, enum az_account_set set,
                      const struct az_account_motion *motion)
{
    double cosine = motion->product / sqrt(motion->predicted) / sqrt(motion->observed);
    step->predicted_norm_w[set] = sqrt(motion->predicted);
    step->observed_norm_w[set] = sqrt(motion->observed);
    step->residual_norm_w[set] = sqrt(motion->residual);
    bool both = motion->predicted > 0 && motion->observed > 0;
    step->cosine[set] = both ? fmax(-1, fmin(1, cosine)) : NAN;
    step->ratio[set] = both ? sqrt(motion->predicted / motion->observed) : NAN;
}

static void add_chunks(const struct az_account_check *check, struct az_account_step *step)
{
    static const enum az_account_set sets[] = {
        [AZ_ACCOUNT_ROW_DEAD] = AZ_ACCOUNT_DEAD, [AZ_ACCOUNT_ROW_LIVE] = AZ_ACCOUNT_LIVE};
    struct az_account_motion all = {0};
    for (int kind = 0; kind < AZ_ACCOUNT_ROW_KINDS; kind++) {
        struct az_account_motion motion = {0};
        for (size_t n = 0; n < check->chunk_count; n++) {
            const struct az_account_chunk *chunk = &check->chunks[n];
            add_motion(&motion, &chunk->motion[kind]);
            for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++) {
                add_counts(&step->counts[AZ_ACCOUNT_ALL][tensor], &chunk->counts[kind][tensor]);
                if (check->source->dead >= 0)
                    add_counts(&step->counts[sets[kind]][tensor], &chunk->counts[kind][tensor]);
            }
        }
        add_motion(&all, &motion);
        if (check->source->dead < 0) motion = (struct az_account_motion){0};
        set_norms(step, sets[kind], &motion);
    }
    set_norms(step, AZ_ACCOUNT_ALL, &all);
}

static void find_first(const struct az_account_check *check, struct az_account_place *first)
{
    for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++) {
        for (size_t n = 0; n < check->chunk_count; n++) {
            if (!check->chunks[n].first[tensor].found) continue;
            *first = check->chunks[n].first[tensor];
            first->step = check->now->step;
            first->tensor = (enum az_account_tensor)tensor;
            first->tensor_name = check->source->names[tensor];
            first->token = az_account_token(check->source, first->token);
            return;
        }
    }
}

static bool all_equal(const struct az_account_step *step)
{
    for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++) {
        const struct az_account_counts *counts = &step->counts[AZ_ACCOUNT_ALL][tensor];
        if (counts->off_by_one || counts->worse) return false;
    }
    return true;
}

void az_account_check_step(struct az_account_check *check,
                           const struct az_account_step_frames *before,
                           const struct az_account_step_frames *now, struct az_account_step *step,
                           struct az_account_place *first)
{
    *step = (struct az_account_step){.step = now->step};
    *first = (struct az_account_place){.token = -1, .dim = -1};
    check->before = before;
    check->now = now;
    step->complete = is_complete(check);
    if (step->complete) {
        check->adamw.step = now->step;
        check->adamw.lr = check->source->rates[now->step];
        check->adamw.gradient_scale = (double)check->source->clips[now->step];
        az_adamw_prepare(&check->adamw);
        az_pool_run(check->pool, check_chunk, check, check->chunk_count);
        add_chunks(check, step);
        find_first(check, first);
        step->exact = all_equal(step);
    }
    follow_hidden(check, step->complete);
}
