#include <string.h>

#include "base/memory.h"
#include "lens/compare_state.h"
#include "lens/dead_rows.h"

static bool is_number(enum az_dtype dtype)
{
    return dtype == AZ_DTYPE_BF16 || dtype == AZ_DTYPE_F32;
}

/* False when numbers of these types cannot be compared. */
static bool choose_pair(struct az_compare_pair *pair, enum az_dtype a, enum az_dtype b)
{
    *pair = (struct az_compare_pair){
        .kind = AZ_COMPARE_F32, .a_wide = a == AZ_DTYPE_F32, .b_wide = b == AZ_DTYPE_F32};
    if (is_number(a) && is_number(b)) {
        if (a == AZ_DTYPE_BF16 && b == AZ_DTYPE_BF16) pair->kind = AZ_COMPARE_BF16;
        return true;
    }
    pair->kind = AZ_COMPARE_BYTES;
    pair->a_wide = pair->b_wide = false;
    pair->bytes = az_dtype_bytes(a);
    return a == b && pair->bytes > 0;
}

/* Rows may be of different tokens; everything else of a frame must be alike. */
static bool shapes_agree(const struct az_recorded *a, const struct az_recorded *b)
{
    bool by_token = a->frame_rank == 2;
    if (a->frame_rank != b->frame_rank) return false;
    for (int n = by_token ? 1 : 0; n < a->frame_rank; n++)
        if (a->frame_shape[n] != b->frame_shape[n]) return false;
    return !by_token || a->token_ids || b->token_ids || a->frame_shape[0] == b->frame_shape[0];
}

static bool same_rows(const struct az_recorded *a, const struct az_recorded *b)
{
    size_t bytes = (size_t)a->frame_shape[0] * sizeof(int64_t);
    if (a->frame_shape[0] != b->frame_shape[0] || !a->token_ids != !b->token_ids) return false;
    return !a->token_ids || memcmp(a->token_ids, b->token_ids, bytes) == 0;
}

/* The tokens that both have, in order. */
static enum az_status match_rows(struct az_compare_match *match, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *a = match->told.a, *b = match->told.b;
    int64_t least = a->frame_shape[0] < b->frame_shape[0] ? a->frame_shape[0] : b->frame_shape[0];
    match->told.rows = a->frame_shape[0];
    if (same_rows(a, b)) return AZ_OK;
    match->told.rows = 0;
    for (int side = 0; side < AZ_COMPARE_SIDES; side++)
        AZ_TRY(
            az_memory_allocate(&match->rows[side], (size_t)least, sizeof(int64_t), "rows", error));
    for (int64_t i = 0, k = 0; i < a->frame_shape[0] && k < b->frame_shape[0];) {
        int64_t token_a = az_recorded_token(a, i), token_b = az_recorded_token(b, k);
        if (token_a == token_b) {
            match->rows[AZ_COMPARE_A][match->told.rows] = i;
            match->rows[AZ_COMPARE_B][match->told.rows++] = k;
        }
        i += token_a <= token_b;
        k += token_b <= token_a;
    }
out:
    return status;
}

/* Which rows are dead, as A says, else as B does. */
static enum az_status mark_dead(struct az_compare_match *match, const struct az_recording *a,
                                const struct az_recording *b, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *tensors[] = {match->told.a, match->told.b};
    const struct az_recording *recordings[] = {a, b};
    uint8_t *kinds = NULL;
    int64_t count = -1;
    for (int side = 0; side < AZ_COMPARE_SIDES && count < 0; side++) {
        az_memory_free(kinds);
        AZ_TRY(az_memory_allocate(&kinds, (size_t)tensors[side]->frame_shape[0], 1, "rows", error));
        AZ_TRY(az_dead_rows_mark(recordings[side], tensors[side], kinds, 1, &count, error));
        if (count < 0) continue;
        AZ_TRY(az_memory_allocate(&match->dead, (size_t)match->told.rows, 1, "rows", error));
        for (int64_t row = 0; row < match->told.rows; row++)
            match->dead[row] = kinds[az_compare_row_of(match, (enum az_compare_side)side, row)];
    }
out:
    az_memory_free(kinds);
    return status;
}

enum az_status az_compare_match(struct az_compare_match *match, const struct az_recording *a,
                                const struct az_recording *b, const struct az_recorded *tensor_a,
                                const struct az_recorded *tensor_b, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *match = (struct az_compare_match){.told = {.name = tensor_a ? tensor_a->name : tensor_b->name,
                                                .a = tensor_a,
                                                .b = tensor_b,
                                                .rows = 1,
                                                .first_step = -1}};
    if (!tensor_a || !tensor_b || !choose_pair(&match->pair, tensor_a->dtype, tensor_b->dtype) ||
        !shapes_agree(tensor_a, tensor_b))
        return AZ_OK;
    match->row_elements = 1;
    bool by_token = tensor_a->frame_rank == 2;
    for (int n = by_token ? 1 : 0; n < tensor_a->frame_rank; n++)
        match->row_elements *= (size_t)tensor_a->frame_shape[n];
    if (by_token) {
        AZ_TRY(match_rows(match, error));
        AZ_TRY(mark_dead(match, a, b, error));
    }
    match->told.comparable = match->told.rows > 0;
out:
    return status;
}

void az_compare_match_free(struct az_compare_match *match)
{
    for (int side = 0; side < AZ_COMPARE_SIDES; side++) az_memory_free(match->rows[side]);
    az_memory_free(match->dead);
}
