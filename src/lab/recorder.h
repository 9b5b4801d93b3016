/* recorder.h: copies frames out of a running model and has a thread of its own write them.
 *
 * The training thread copies the tensors that are due into a slot of a bounded ring and goes on;
 * the writer thread puts them in their places in the file and adds them to the fingerprint, in
 * order of step and then of tensor. The loop waits only while the ring is full. */
#ifndef AZ_LAB_RECORDER_H
#define AZ_LAB_RECORDER_H

#include "azimuth/hash.h"
#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/recording.h"
#include "base/hasher.h"

/* One tensor of the recording and where its frames come from. */
struct az_recorder_source {
    struct az_recorded recorded; /* frames: the number planned */
    struct az_cadence cadence;
    const void *data;    /* the whole tensor; set anew before a capture where it has moved */
    size_t row_bytes;    /* of one row of data, where recorded.token_ids picks some */
    bool zeros_at_start; /* frame 0 is zeros, whatever data says */
};

struct az_recorder;

/* Bytes of the ring for these sources. */
enum az_status az_recorder_memory(const struct az_recorder_source *sources, size_t count,
                                  size_t *bytes, struct az_error *error);

/* Metadata with this key, of AZ_HASH_TEXT_BYTES - 1 characters, get the fingerprint at the end. */
#define AZ_RECORDER_FINGERPRINT "fingerprint"

/* Creates the file and starts the writer. plan->tensors and tensor_count are not used: the tensors
 * are the sources', borrowed until commit or abort. The plan is not needed after the call. */
enum az_status az_recorder_create(struct az_recorder **recorder, const char *path,
                                  const struct az_recording_plan *plan,
                                  struct az_recorder_source *sources, size_t count,
                                  struct az_pool *pool, struct az_error *error);

/* Where a recorder that goes on begins: after `step`, with the fingerprint so far. */
struct az_recorder_from {
    int64_t step;
    const unsigned char *fingerprint_state; /* [AZ_HASHER_STATE_BYTES] */
};

/* The same for a recording that is there: az_recording_reopen. AZ_FORMAT also when the fingerprint
 * is not one of the frames up to that step. */
enum az_status az_recorder_resume(struct az_recorder **recorder, const char *path,
                                  const struct az_recording_plan *plan,
                                  struct az_recorder_source *sources, size_t count,
                                  struct az_pool *pool, const struct az_recorder_from *from,
                                  struct az_progress *progress, struct az_error *error);

/* Waits until every frame handed over, the last being that of `step`, is on the disk; the state of
 * the fingerprint then. */
enum az_status az_recorder_settle(struct az_recorder *recorder, int64_t step,
                                  unsigned char fingerprint_state[AZ_HASHER_STATE_BYTES],
                                  struct az_error *error);

/* Hands over the frame of `step` (0, 1, 2, ... in order). Fails with the writer's error when a
 * frame before could not be written. Allocates nothing. */
enum az_status az_recorder_capture(struct az_recorder *recorder, int64_t step,
                                   struct az_error *error);

/* True when the frames on their way might not fit: limit_bytes is what the file may take,
 * spare_bytes what other files still need of the disk. why says what is in the way and what to do.
 */
bool az_recorder_is_full(struct az_recorder *recorder, uint64_t limit_bytes, uint64_t spare_bytes,
                         char *why, size_t capacity_bytes);

/* What a run knows of its recording at the end. */
struct az_recorder_summary {
    struct az_hash fingerprint;
    int64_t last_step; /* the last that is whole */
    double copy_seconds, wait_seconds, write_seconds;
};

/* Waits for the writer, ends the file with the frames that are whole, gives it its name, frees the
 * recorder. When a frame could not be written the file is still committed, up to the step before,
 * and the writer's error is returned. Without any whole frame nothing is left. */
enum az_status az_recorder_commit(struct az_recorder *recorder, struct az_recorder_summary *summary,
                                  struct az_error *error);
/* Both free it; NULL is allowed. leave keeps the .part with the frames that are whole. */
void az_recorder_leave(struct az_recorder *recorder);
void az_recorder_abort(struct az_recorder *recorder);

#endif
