#include "azimuth/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/hash.h"
#include "azimuth/pool.h"
#include "base/memory.h"
#include "lens/verify_lists.h"
#include "store/frame_walk.h"
#include "store/recording_sums.h"

#define PIECE_BYTES ((size_t)256 << 10)

/* A frame in memory, and what became of reading it. */
struct slot {
    struct az_frame_place place;
    unsigned char *bytes;
    bool filled;
    enum az_status status;
    struct az_error error;
};

struct verify {
    const struct az_recording *recording;
    struct az_frame_walk walk;
    struct az_pool *pool;
    struct az_hasher *hasher;
    struct az_verify_tensor *tensors; /* beside the recording's */
    struct az_frame_sums *pieces;
    struct slot slots[2]; /* the frame that is looked at, the one that is read meanwhile */
    struct slot *now, *next;
    struct az_verify_result *result;
};

static void read_next(struct verify *verify)
{
    struct slot *slot = verify->next;
    slot->filled = az_frame_walk_next(&verify->walk, &slot->place);
    if (!slot->filled) return;
    az_error_clear(&slot->error);
    slot->status = az_recording_read(verify->recording, slot->place.tensor, slot->place.frame, 1,
                                     slot->bytes, &slot->error);
}

static size_t piece_count(const struct slot *slot)
{
    if (!slot->filled || slot->status != AZ_OK) return 0;
    return (size_t)((slot->place.tensor->frame_bytes + PIECE_BYTES - 1) / PIECE_BYTES);
}

/* Chunk 0 reads the next frame, 1 adds this one to the fingerprint, the others sum its pieces. */
static void work(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct verify *verify = context;
    const struct slot *now = verify->now;
    if (chunk == 0) {
        read_next(verify);
        return;
    }
    size_t frame_bytes = (size_t)now->place.tensor->frame_bytes;
    if (chunk == 1) {
        az_hasher_add(verify->hasher, now->bytes, frame_bytes);
        return;
    }
    size_t offset = (chunk - 2) * PIECE_BYTES, length = frame_bytes - offset;
    verify->pieces[chunk - 2] = (struct az_frame_sums){0, 0};
    az_frame_sums_add(&verify->pieces[chunk - 2], offset, now->bytes + offset,
                      length < PIECE_BYTES ? length : PIECE_BYTES);
}

/* Element, bit, token and dimension of a flipped bit. */
static void locate(const struct slot *slot, struct az_frame_sums written,
                   struct az_frame_sums found, struct az_verify_place *place)
{
    const struct az_recorded *tensor = slot->place.tensor;
    uint64_t offset, bytes = az_dtype_bytes(tensor->dtype);
    int bit;
    if (!az_frame_sums_locate(written, found, tensor->frame_bytes, &offset, &bit) || bytes == 0)
        return;
    place->element = (int64_t)(offset / bytes);
    place->bit = (int)(8 * (offset % bytes)) + bit;
    if (tensor->frame_rank != 2) return;
    int64_t row = place->element / tensor->frame_shape[1];
    place->token = tensor->token_ids ? tensor->token_ids[row] : row;
    place->dim = place->element % tensor->frame_shape[1];
}

static void note_bad(struct verify *verify, const struct slot *slot, struct az_verify_place *place)
{
    verify->tensors[slot->place.tensor - az_recording_at(verify->recording, 0)].bad++;
    if (verify->result->bad++ == 0) {
        place->tensor = slot->place.tensor;
        place->frame = slot->place.frame;
        place->step = slot->place.step;
        verify->result->first = *place;
    }
}

/* What the pieces of the frame `now` say. */
static void judge(struct verify *verify)
{
    const struct slot *slot = verify->now;
    const struct az_recorded *tensor = slot->place.tensor;
    struct az_verify_tensor *of = &verify->tensors[tensor - az_recording_at(verify->recording, 0)];
    struct az_verify_place place = {.element = -1, .token = -1, .dim = -1};
    struct az_frame_sums written, found = {0, 0};
    of->frames++;
    verify->result->frames++;
    verify->result->bytes += tensor->frame_bytes;
    if (slot->status != AZ_OK) {
        place.unreadable = true;
        snprintf(place.reason, sizeof place.reason, "%.255s", slot->error.message);
        note_bad(verify, slot, &place);
        return;
    }
    if (!az_recording_sums(verify->recording, tensor, slot->place.frame, &written)) return;
    of->summed++;
    verify->result->summed++;
    for (size_t n = 0; n < piece_count(slot); n++) {
        found.plain += verify->pieces[n].plain;
        found.weighted += verify->pieces[n].weighted;
    }
    if (found.plain == written.plain && found.weighted == written.weighted) return;
    locate(slot, written, found, &place);
    note_bad(verify, slot, &place);
}

/* Damage lies in a frame; a system that does not read, or a full memory, is another matter. */
static bool is_damage(const struct slot *slot)
{
    return slot->status == AZ_OK || slot->status == AZ_FORMAT || slot->status == AZ_IO;
}

static enum az_status all_frames(struct verify *verify, struct az_progress *progress,
                                 struct az_error *error)
{
    double total = (double)verify->walk.total_bytes / 1e6;
    verify->next = &verify->slots[0];
    read_next(verify);
    az_progress_begin(progress);
    for (size_t turn = 0; verify->slots[turn % 2].filled; turn++) {
        verify->now = &verify->slots[turn % 2];
        verify->next = &verify->slots[(turn + 1) % 2];
        if (az_progress_stopped(progress))
            return az_error_raise(error, AZ_INTERRUPTED, "stopped after %" PRId64 " frames",
                                  verify->result->frames);
        if (!is_damage(verify->now)) {
            if (error) *error = verify->now->error;
            return verify->now->status;
        }
        size_t pieces = piece_count(verify->now);
        az_pool_run(verify->pool, work, verify, pieces ? pieces + 2 : 1);
        judge(verify);
        az_progress_tell(progress, "verifying", "MB", (double)verify->result->bytes / 1e6, total,
                         "");
    }
    az_progress_end(progress, "verifying", "MB", total, total, "");
    return AZ_OK;
}

static void compare_fingerprint(const struct verify *verify)
{
    char text[AZ_HASH_TEXT_BYTES], zeros[AZ_HASH_TEXT_BYTES];
    const char *written = az_recording_text(verify->recording, "fingerprint");
    az_hash_text(az_hasher_value(verify->hasher), text);
    az_hash_text((struct az_hash){0, 0}, zeros);
    if (!written || az_recording_cut_short(verify->recording) || strcmp(written, zeros) == 0)
        return;
    verify->result->fingerprint =
        strcmp(written, text) == 0 ? AZ_FINGERPRINT_EQUAL : AZ_FINGERPRINT_OTHER;
}

static enum az_status prepare(struct verify *verify, int threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count = az_recording_count(verify->recording);
    AZ_TRY(az_frame_walk_open(&verify->walk, verify->recording, error));
    AZ_TRY(az_pool_create(&verify->pool, threads, error));
    AZ_TRY(az_hasher_create(&verify->hasher, error));
    AZ_TRY(
        az_memory_allocate(&verify->tensors, count, sizeof *verify->tensors, "the counts", error));
    size_t largest = az_frame_walk_largest(&verify->walk);
    for (int n = 0; n < 2; n++)
        AZ_TRY(az_memory_allocate(&verify->slots[n].bytes, largest, 1, "two frames", error));
    AZ_TRY(az_memory_allocate(&verify->pieces, largest / PIECE_BYTES + 1, sizeof *verify->pieces,
                              "sums", error));
    for (size_t n = 0; n < count; n++)
        verify->tensors[n].tensor = az_recording_at(verify->recording, n);
out:
    return status;
}

static enum az_status verdict(const struct verify *verify, struct az_error *error)
{
    const struct az_verify_result *result = verify->result;
    if (result->bad)
        az_error_raise(error, AZ_DIFFERENCE,
                       "%" PRId64 " of %" PRId64 " frames are not as they were written; the first "
                       "is that of step %" PRId64 " of %s",
                       result->bad, result->frames, result->first.step, result->first.tensor->name);
    else if (result->fingerprint == AZ_FINGERPRINT_OTHER)
        az_error_raise(error, AZ_DIFFERENCE,
                       "the frames do not give the fingerprint that was "
                       "written with them");
    else if (result->lists[0])
        az_error_raise(error, AZ_DIFFERENCE, "%s", result->lists);
    else
        return AZ_OK;
    az_error_at(error, az_recording_path(verify->recording), -1, -1, -1);
    return AZ_DIFFERENCE;
}

enum az_status az_verify(const struct az_recording *recording,
                         const struct az_verify_options *options, struct az_verify_result *result,
                         struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct verify verify = {.recording = recording, .result = result};
    *result = (struct az_verify_result){.first = {.element = -1, .token = -1, .dim = -1}};
    AZ_TRY(prepare(&verify, options->threads, error));
    AZ_TRY(all_frames(&verify, progress, error));
    compare_fingerprint(&verify);
    az_verify_lists(recording, result->lists, sizeof result->lists);
    for (size_t n = 0; options->tensor && n < az_recording_count(recording); n++)
        options->tensor(options->context, &verify.tensors[n]);
    AZ_TRY(verdict(&verify, error));
out:
    az_frame_walk_close(&verify.walk);
    az_pool_free(verify.pool);
    az_hasher_free(verify.hasher);
    az_memory_free(verify.tensors);
    az_memory_free(verify.pieces);
    for (int n = 0; n < 2; n++) az_memory_free(verify.slots[n].bytes);
    return status;
}
