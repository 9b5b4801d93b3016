#include <string.h>

#include "lens/account_state.h"
#include "store/recording_sums.h"

static void sum_piece(void *context, size_t number, int thread)
{
    (void)thread;
    struct az_account_check *check = context;
    struct az_account_piece *piece = &check->pieces[number];
    piece->sums = (struct az_frame_sums){0, 0};
    az_frame_sums_add(&piece->sums, piece->offset_bytes,
                      check->now->bytes[piece->tensor] + piece->offset_bytes, piece->length_bytes);
}

static bool written_sums(const struct az_account_check *check, int tensor,
                         struct az_frame_sums *sums)
{
    int64_t frame = check->now->frames[tensor];
    return frame >= 0 &&
           az_recording_sums(check->source->recording, check->source->tensors[tensor], frame, sums);
}

static void cut_pieces(struct az_account_check *check)
{
    check->piece_count = 0;
    for (int tensor = 0; tensor < AZ_ACCOUNT_INPUTS; tensor++) {
        struct az_frame_sums written;
        uint64_t bytes = check->source->tensors[tensor]->frame_bytes;
        if (!written_sums(check, tensor, &written)) continue;
        for (uint64_t at = 0; at < bytes; at += AZ_ACCOUNT_PIECE_BYTES)
            check->pieces[check->piece_count++] = (struct az_account_piece){
                .tensor = tensor,
                .offset_bytes = at,
                .length_bytes =
                    bytes - at < AZ_ACCOUNT_PIECE_BYTES ? bytes - at : AZ_ACCOUNT_PIECE_BYTES};
    }
}

/* Where in the frame: the bit, if one is to blame, else the frame alone. */
static struct az_account_place altered_place(const struct az_account_check *check, int tensor,
                                             struct az_frame_sums written,
                                             struct az_frame_sums found)
{
    const struct az_account_source *source = check->source;
    size_t bytes = source->element_bytes[tensor];
    struct az_account_place place = {.found = true,
                                     .altered = true,
                                     .step = check->now->step,
                                     .tensor = (enum az_account_tensor)tensor,
                                     .tensor_name = source->names[tensor],
                                     .token = -1,
                                     .dim = -1,
                                     .bits = (int)bytes * 8};
    uint64_t offset;
    int bit;
    if (!az_frame_sums_locate(written, found, source->tensors[tensor]->frame_bytes, &offset, &bit))
        return place;
    int64_t element = (int64_t)(offset / bytes);
    place.token = az_account_token(source, element / source->dims);
    place.dim = element % source->dims;
    memcpy(&place.found_bits, check->now->bytes[tensor] + (size_t)element * bytes, bytes);
    place.expected_bits = place.found_bits ^ (uint32_t)1 << (8 * (offset % bytes) + (uint64_t)bit);
    return place;
}

int64_t az_account_check_sums(struct az_account_check *check,
                              const struct az_account_step_frames *now, int64_t *summed,
                              struct az_account_place *first)
{
    int64_t altered = 0;
    *first = (struct az_account_place){.token = -1, .dim = -1};
    check->now = now;
    cut_pieces(check);
    az_pool_run(check->pool, sum_piece, check, check->piece_count);
    for (int tensor = 0; tensor < AZ_ACCOUNT_INPUTS; tensor++) {
        struct az_frame_sums written, found = {0, 0};
        if (!written_sums(check, tensor, &written)) continue;
        for (size_t n = 0; n < check->piece_count; n++) {
            if (check->pieces[n].tensor != tensor) continue;
            found.plain += check->pieces[n].sums.plain;
            found.weighted += check->pieces[n].sums.weighted;
        }
        ++*summed;
        if (found.plain == written.plain && found.weighted == written.weighted) continue;
        if (!altered++) *first = altered_place(check, tensor, written, found);
    }
    return altered;
}
