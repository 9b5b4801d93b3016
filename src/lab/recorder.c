#include "lab/recorder.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/unit.h"

#define RING_BYTES ((size_t)64 << 20)
#define PIECE_BYTES ((size_t)256 << 10)
enum { SLOTS_MIN = 2, SLOTS_MAX = 64 };

/* A part of one source's frame: what one thread copies at a time. Rows where token_ids picks rows,
 * bytes otherwise. */
struct piece {
    size_t source, first, count;
};

struct az_recorder {
    struct az_recording_writer *writer;
    bool tells_fingerprint; /* the metadata have a place for it */
    struct az_recorder_source *sources;
    size_t source_count;
    size_t *offsets; /* of each source in a slot */
    struct piece *pieces;
    size_t piece_count;
    unsigned char *ring;
    size_t slot_bytes, slots;
    int64_t *slot_steps;
    struct az_pool *pool;
    int64_t copy_ns, wait_ns;

    /* the writer thread's own */
    int64_t *frames; /* written whole, per source */
    struct az_hasher *hasher;
    int64_t last_step, write_ns;

    pthread_t thread;
    bool running;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t filled, emptied;
    size_t head, tail; /* slots handed over, slots done with */
    bool quit;
    enum az_status failure;
    struct az_error failure_error;
};

static size_t align_up(size_t bytes)
{
    return (bytes + AZ_ALIGNMENT_BYTES - 1) / AZ_ALIGNMENT_BYTES * AZ_ALIGNMENT_BYTES;
}

static bool due(const struct az_recorder_source *source, int64_t step)
{
    return step >= source->recorded.first_step && az_cadence_records(&source->cadence, step);
}

static enum az_status ring_shape(const struct az_recorder_source *sources, size_t count,
                                 size_t *slot_bytes, size_t *slots, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *slot_bytes = 0;
    for (size_t s = 0; s < count; s++)
        AZ_TRY(
            az_size_add(*slot_bytes, align_up(sources[s].recorded.frame_bytes), slot_bytes, error));
    *slots = *slot_bytes ? RING_BYTES / *slot_bytes : SLOTS_MAX;
    if (*slots < SLOTS_MIN) *slots = SLOTS_MIN;
    if (*slots > SLOTS_MAX) *slots = SLOTS_MAX;
out:
    return status;
}

enum az_status az_recorder_memory(const struct az_recorder_source *sources, size_t count,
                                  size_t *bytes, struct az_error *error)
{
    size_t slot_bytes, slots;
    enum az_status status = ring_shape(sources, count, &slot_bytes, &slots, error);
    return status == AZ_OK ? az_size_multiply(slot_bytes, slots, bytes, error) : status;
}

/* ---- the training thread's side ---- */

static size_t units_of(const struct az_recorder_source *source, size_t *per_piece)
{
    if (!source->recorded.token_ids) {
        *per_piece = PIECE_BYTES;
        return source->recorded.frame_bytes;
    }
    *per_piece = source->row_bytes < PIECE_BYTES ? PIECE_BYTES / source->row_bytes : 1;
    return (size_t)source->recorded.frame_shape[0];
}

static enum az_status cut_pieces(struct az_recorder *recorder, struct az_error *error)
{
    size_t count = 0, per_piece;
    for (size_t s = 0; s < recorder->source_count; s++) {
        size_t units = units_of(&recorder->sources[s], &per_piece);
        count += units / per_piece + 1;
    }
    enum az_status status = az_memory_allocate(&recorder->pieces, count, sizeof *recorder->pieces,
                                               "the recorder", error);
    if (status != AZ_OK) return status;
    for (size_t s = 0; s < recorder->source_count; s++) {
        size_t units = units_of(&recorder->sources[s], &per_piece);
        for (size_t first = 0; first < units; first += per_piece) {
            size_t left = units - first;
            recorder->pieces[recorder->piece_count++] =
                (struct piece){s, first, left < per_piece ? left : per_piece};
        }
    }
    return AZ_OK;
}

static void copy_piece(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct az_recorder *recorder = context;
    const struct piece *piece = &recorder->pieces[chunk];
    const struct az_recorder_source *source = &recorder->sources[piece->source];
    size_t slot = recorder->head % recorder->slots;
    int64_t step = recorder->slot_steps[slot];
    if (!due(source, step)) return;
    unsigned char *to =
        recorder->ring + slot * recorder->slot_bytes + recorder->offsets[piece->source];
    const unsigned char *from = source->data;
    size_t unit_bytes = source->recorded.token_ids ? source->row_bytes : 1;
    to += piece->first * unit_bytes;
    if (step == 0 && source->zeros_at_start) {
        memset(to, 0, piece->count * unit_bytes);
    } else if (!source->recorded.token_ids) {
        memcpy(to, from + piece->first, piece->count);
    } else {
        const int64_t *ids = source->recorded.token_ids + piece->first;
        for (size_t n = 0; n < piece->count; n++)
            memcpy(to + n * unit_bytes, from + (size_t)ids[n] * unit_bytes, unit_bytes);
    }
}

static enum az_status wait_for_slot(struct az_recorder *recorder, struct az_error *error)
{
    pthread_mutex_lock(&recorder->mutex);
    while (recorder->head - recorder->tail == recorder->slots && recorder->failure == AZ_OK)
        pthread_cond_wait(&recorder->emptied, &recorder->mutex);
    enum az_status status = recorder->failure;
    if (status != AZ_OK && error) *error = recorder->failure_error;
    pthread_mutex_unlock(&recorder->mutex);
    return status;
}

enum az_status az_recorder_capture(struct az_recorder *recorder, int64_t step,
                                   struct az_error *error)
{
    int64_t start_ns = az_clock_ns();
    enum az_status status = wait_for_slot(recorder, error);
    if (status != AZ_OK) return status;
    int64_t copy_ns = az_clock_ns();
    recorder->wait_ns += copy_ns - start_ns;
    recorder->slot_steps[recorder->head % recorder->slots] = step;
    az_pool_run(recorder->pool, copy_piece, recorder, recorder->piece_count);
    pthread_mutex_lock(&recorder->mutex);
    recorder->head++;
    pthread_cond_signal(&recorder->filled);
    pthread_mutex_unlock(&recorder->mutex);
    recorder->copy_ns += az_clock_ns() - copy_ns;
    return AZ_OK;
}

enum az_status az_recorder_settle(struct az_recorder *recorder, int64_t step,
                                  unsigned char fingerprint_state[AZ_HASHER_STATE_BYTES],
                                  struct az_error *error)
{
    int64_t through;
    pthread_mutex_lock(&recorder->mutex);
    while (recorder->head != recorder->tail && recorder->failure == AZ_OK)
        pthread_cond_wait(&recorder->emptied, &recorder->mutex);
    enum az_status status = recorder->failure;
    if (status != AZ_OK && error) *error = recorder->failure_error;
    if (status == AZ_OK) az_hasher_save(recorder->hasher, fingerprint_state);
    pthread_mutex_unlock(&recorder->mutex);
    if (status == AZ_OK) status = az_recording_sync(recorder->writer, &through, error);
    if (status == AZ_OK && through < step)
        status = az_error_raise(error, AZ_IO, "the recording is whole up to step %lld, not %lld",
                                (long long)through, (long long)step);
    return status;
}

#define MARGIN_BYTES                                                                               \
    ((uint64_t)16 << 20) /* of the disk, for what other programs write meanwhile                   \
                          */

bool az_recorder_is_full(struct az_recorder *recorder, uint64_t limit_bytes, uint64_t spare_bytes,
                         char *why, size_t capacity_bytes)
{
    struct az_recording_room room;
    char file[AZ_UNIT_TEXT_BYTES], most[AZ_UNIT_TEXT_BYTES], left[AZ_UNIT_TEXT_BYTES];
    if (az_recording_room(recorder->writer, &room, NULL) != AZ_OK) return false;
    if (room.free_bytes == UINT64_MAX) return false;
    uint64_t coming = room.waiting_bytes + recorder->slots * recorder->slot_bytes;
    bool over = room.file_bytes + coming > limit_bytes,
         full = coming + spare_bytes + MARGIN_BYTES > room.free_bytes;
    az_unit_bytes(room.file_bytes, file);
    az_unit_bytes(limit_bytes, most);
    az_unit_bytes(room.free_bytes, left);
    if (over)
        snprintf(why, capacity_bytes,
                 "the recording has %s and might exceed budget.hdf5 = %s; --resume with -P "
                 "budget.hdf5 goes on",
                 file, most);
    else if (full)
        snprintf(why, capacity_bytes,
                 "only %s are free on the disk of the recording; make room, and --resume goes on",
                 left);
    return over || full;
}

/* ---- the writer's side ---- */

static enum az_status write_slot(struct az_recorder *recorder, size_t slot, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t step = recorder->slot_steps[slot];
    const unsigned char *bytes = recorder->ring + slot * recorder->slot_bytes;
    for (size_t s = 0; s < recorder->source_count; s++)
        if (due(&recorder->sources[s], step))
            AZ_TRY(az_recording_write(recorder->writer, s, recorder->frames[s],
                                      bytes + recorder->offsets[s], error));
    /* Only when the whole step is there does any of its frames count. */
    for (size_t s = 0; s < recorder->source_count; s++) {
        if (!due(&recorder->sources[s], step)) continue;
        az_hasher_add(recorder->hasher, bytes + recorder->offsets[s],
                      recorder->sources[s].recorded.frame_bytes);
        recorder->frames[s]++;
    }
    recorder->last_step = step;
out:
    if (status != AZ_OK) az_error_at(error, NULL, -1, -1, step);
    return status;
}

static void *write_slots(void *context)
{
    struct az_recorder *recorder = context;
    pthread_mutex_lock(&recorder->mutex);
    for (;;) {
        while (recorder->head == recorder->tail && !recorder->quit)
            pthread_cond_wait(&recorder->filled, &recorder->mutex);
        if (recorder->head == recorder->tail || recorder->failure != AZ_OK) break;
        size_t slot = recorder->tail % recorder->slots;
        pthread_mutex_unlock(&recorder->mutex);
        int64_t start_ns = az_clock_ns();
        struct az_error error;
        az_error_clear(&error);
        enum az_status status = write_slot(recorder, slot, &error);
        recorder->write_ns += az_clock_ns() - start_ns;
        pthread_mutex_lock(&recorder->mutex);
        recorder->failure = status;
        recorder->failure_error = error;
        recorder->tail++;
        pthread_cond_signal(&recorder->emptied);
    }
    pthread_mutex_unlock(&recorder->mutex);
    return NULL;
}

static enum az_status start_writer(struct az_recorder *recorder, struct az_error *error)
{
    int code = pthread_create(&recorder->thread, NULL, write_slots, recorder);
    if (code) return az_error_system(error, code, "cannot start the recorder's thread");
    recorder->running = true;
    return AZ_OK;
}

static void stop_writer(struct az_recorder *recorder)
{
    if (!recorder->running) return;
    pthread_mutex_lock(&recorder->mutex);
    recorder->quit = true;
    pthread_cond_signal(&recorder->filled);
    pthread_mutex_unlock(&recorder->mutex);
    pthread_join(recorder->thread, NULL);
    recorder->running = false;
}

/* ---- beginning and end ---- */

static enum az_status allocate(struct az_recorder *recorder, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count = recorder->source_count;
    AZ_TRY(ring_shape(recorder->sources, count, &recorder->slot_bytes, &recorder->slots, error));
    AZ_TRY(az_memory_allocate(&recorder->offsets, count, sizeof *recorder->offsets, "the recorder",
                              error));
    for (size_t s = 1; s < count; s++)
        recorder->offsets[s] =
            recorder->offsets[s - 1] + align_up(recorder->sources[s - 1].recorded.frame_bytes);
    AZ_TRY(az_memory_allocate(&recorder->frames, count, sizeof *recorder->frames, "the recorder",
                              error));
    AZ_TRY(az_memory_allocate(&recorder->slot_steps, recorder->slots, sizeof *recorder->slot_steps,
                              "the recorder", error));
    AZ_TRY(az_memory_allocate(&recorder->ring, recorder->slots, recorder->slot_bytes,
                              "the recorder's ring", error));
    AZ_TRY(cut_pieces(recorder, error));
    AZ_TRY(az_hasher_create(&recorder->hasher, error));
out:
    return status;
}

static bool has_fingerprint(const char *const *metadata)
{
    for (size_t n = 0; metadata && metadata[n]; n += 2)
        if (strcmp(metadata[n], AZ_RECORDER_FINGERPRINT) == 0) return true;
    return false;
}

/* A new file, or with `from` the one that is there. */
static enum az_status open_file(struct az_recorder *recorder, const char *path,
                                const struct az_recording_plan *plan,
                                const struct az_recorder_from *from, struct az_progress *progress,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recorded *tensors = NULL;
    struct az_recording_plan whole = *plan;
    AZ_TRY(az_memory_allocate(&tensors, recorder->source_count, sizeof *tensors, "the recorder",
                              error));
    for (size_t s = 0; s < recorder->source_count; s++) tensors[s] = recorder->sources[s].recorded;
    whole.tensors = tensors;
    whole.tensor_count = recorder->source_count;
    AZ_TRY(from ? az_recording_reopen(&recorder->writer, path, &whole, from->step, progress, error)
                : az_recording_create(&recorder->writer, path, &whole, error));
out:
    az_memory_free(tensors);
    return status;
}

/* The frames that are there, and what has been made of them. */
static enum az_status go_on(struct az_recorder *recorder, const struct az_recorder_from *from,
                            struct az_error *error)
{
    uint64_t bytes = 0;
    recorder->last_step = from->step;
    for (size_t s = 0; s < recorder->source_count; s++) {
        const struct az_recorder_source *source = &recorder->sources[s];
        bool from_start = source->recorded.first_step == 0;
        recorder->frames[s] = az_cadence_frames(&source->cadence, from->step);
        if (!from_start && recorder->frames[s] > 0) recorder->frames[s]--;
        bytes += (uint64_t)recorder->frames[s] * source->recorded.frame_bytes;
    }
    if (az_hasher_restore(recorder->hasher, from->fingerprint_state) &&
        az_hasher_length(recorder->hasher) == bytes)
        return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "the state of the fingerprint is not that of the frames up to step %lld",
                          (long long)from->step);
}

static enum az_status make(struct az_recorder **recorder_pointer, const char *path,
                           const struct az_recording_plan *plan, struct az_recorder_source *sources,
                           size_t count, struct az_pool *pool, const struct az_recorder_from *from,
                           struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recorder *recorder = NULL;
    *recorder_pointer = NULL;
    AZ_TRY(az_memory_allocate(&recorder, 1, sizeof *recorder, "the recorder", error));
    recorder->tells_fingerprint = has_fingerprint(plan->metadata);
    recorder->sources = sources;
    recorder->source_count = count;
    recorder->pool = pool;
    recorder->last_step = -1;
    pthread_mutex_init(&recorder->mutex, NULL);
    pthread_cond_init(&recorder->filled, NULL);
    pthread_cond_init(&recorder->emptied, NULL);
    AZ_TRY(allocate(recorder, error));
    if (from) AZ_TRY(go_on(recorder, from, error));
    AZ_TRY(open_file(recorder, path, plan, from, progress, error));
    AZ_TRY(start_writer(recorder, error));
    *recorder_pointer = recorder;
out:
    if (status != AZ_OK && from) az_recorder_leave(recorder);
    if (status != AZ_OK && !from) az_recorder_abort(recorder);
    return status;
}

enum az_status az_recorder_create(struct az_recorder **recorder, const char *path,
                                  const struct az_recording_plan *plan,
                                  struct az_recorder_source *sources, size_t count,
                                  struct az_pool *pool, struct az_error *error)
{
    return make(recorder, path, plan, sources, count, pool, NULL, NULL, error);
}

enum az_status az_recorder_resume(struct az_recorder **recorder, const char *path,
                                  const struct az_recording_plan *plan,
                                  struct az_recorder_source *sources, size_t count,
                                  struct az_pool *pool, const struct az_recorder_from *from,
                                  struct az_progress *progress, struct az_error *error)
{
    return make(recorder, path, plan, sources, count, pool, from, progress, error);
}

static void release(struct az_recorder *recorder)
{
    pthread_mutex_destroy(&recorder->mutex);
    pthread_cond_destroy(&recorder->filled);
    pthread_cond_destroy(&recorder->emptied);
    az_hasher_free(recorder->hasher);
    az_memory_free(recorder->offsets);
    az_memory_free(recorder->frames);
    az_memory_free(recorder->slot_steps);
    az_memory_free(recorder->ring);
    az_memory_free(recorder->pieces);
    az_memory_free(recorder);
}

void az_recorder_leave(struct az_recorder *recorder)
{
    if (!recorder) return;
    stop_writer(recorder);
    az_recording_leave(recorder->writer);
    release(recorder);
}

void az_recorder_abort(struct az_recorder *recorder)
{
    if (!recorder) return;
    stop_writer(recorder);
    az_recording_abort(recorder->writer);
    release(recorder);
}

static enum az_status write_fingerprint(struct az_recorder *recorder, struct az_hash fingerprint,
                                        struct az_error *error)
{
    char text[AZ_HASH_TEXT_BYTES];
    if (!recorder->tells_fingerprint) return AZ_OK;
    az_hash_text(fingerprint, text);
    return az_recording_amend(recorder->writer, AZ_RECORDER_FINGERPRINT, text, error);
}

/* Frees the writer, whatever happens. A recording that cannot be completed stays as a .part, which
 * tells how many of its frames are whole. */
static enum az_status end_file(struct az_recorder *recorder, struct az_hash fingerprint,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (recorder->last_step < 0) {
        az_recording_abort(recorder->writer);
        return AZ_OK;
    }
    AZ_TRY(write_fingerprint(recorder, fingerprint, error));
    return az_recording_commit(recorder->writer, recorder->frames, error);
out:
    az_recording_leave(recorder->writer);
    return status;
}

enum az_status az_recorder_commit(struct az_recorder *recorder, struct az_recorder_summary *summary,
                                  struct az_error *error)
{
    stop_writer(recorder);
    az_memory_free(recorder->ring); /* a file that is cut short needs memory to be put together */
    recorder->ring = NULL;
    *summary = (struct az_recorder_summary){.fingerprint = az_hasher_value(recorder->hasher),
                                            .last_step = recorder->last_step,
                                            .copy_seconds = (double)recorder->copy_ns / 1e9,
                                            .wait_seconds = (double)recorder->wait_ns / 1e9,
                                            .write_seconds = (double)recorder->write_ns / 1e9};
    enum az_status status = recorder->failure;
    if (status != AZ_OK && error) *error = recorder->failure_error;
    enum az_status ended = end_file(recorder, summary->fingerprint, status == AZ_OK ? error : NULL);
    if (status == AZ_OK) status = ended;
    release(recorder);
    return status;
}
