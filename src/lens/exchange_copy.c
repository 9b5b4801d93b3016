#include <inttypes.h>
#include <string.h>

#include "azimuth/pool.h"
#include "base/memory.h"
#include "lens/exchange_state.h"
#include "lens/verify_lists.h"
#include "store/recording_names.h"
#include "store/recording_sums.h"

#define FINGERPRINT "fingerprint"
#define ORIGIN "copied_from" /* the file, unless the original is a copy itself */
#define CONSTANT_BYTES ((uint64_t)1 << 30)

/* Everything that the new file gets besides frames. */
struct luggage {
    struct az_recorded *tensors;
    struct az_tensor *constants;
    size_t constant_count;
    const char **metadata;
};

struct copy {
    struct az_exchange from;
    struct luggage luggage;
    struct az_recording_writer *writer;
    struct az_hasher *hasher;
    struct az_pool *pool;
    struct az_exchange_frame *now, *next;
    struct az_frame_sums sums; /* of the frame at hand */
    enum az_status status;     /* of writing it */
    struct az_error error;
};

/* ---- luggage ---- */

static enum az_status pack_constant(struct luggage *luggage, const struct az_recording *recording,
                                    const struct az_tensor *constant, struct az_error *error)
{
    enum az_status status = AZ_OK;
    void *data = NULL;
    if (constant->bytes > CONSTANT_BYTES)
        AZ_RAISE(AZ_UNSUPPORTED, "%s has %" PRIu64 " bytes and no frames; at most 1 GiB is copied",
                 constant->name, constant->bytes);
    AZ_TRY(az_memory_allocate(&data, (size_t)constant->bytes, 1, "a constant", error));
    AZ_TRY(az_recording_read_constant(recording, constant, data, error));
    luggage->constants[luggage->constant_count] = *constant;
    luggage->constants[luggage->constant_count++].data = data;
    data = NULL;
out:
    az_memory_free(data);
    return status;
}

static enum az_status pack_constants(struct luggage *luggage, const struct az_recording *recording,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_tensor *constant;
    size_t count = 0, cursor = 0;
    while (az_recording_constant_next(recording, &cursor)) count++;
    AZ_TRY(az_memory_allocate(&luggage->constants, count, sizeof *luggage->constants, "constants",
                              error));
    cursor = 0;
    while ((constant = az_recording_constant_next(recording, &cursor)) != NULL)
        AZ_TRY(pack_constant(luggage, recording, constant, error));
out:
    return status;
}

/* What the writer adds itself, and the fingerprint, which is made anew. */
static bool is_ours(const char *key)
{
    static const char *const keys[] = {AZ_RECORDING_NOTE_KEY, AZ_RECORDING_FORMAT_KEY,
                                       AZ_RECORDING_MOVIES_KEY, FINGERPRINT};
    for (size_t n = 0; n < sizeof keys / sizeof keys[0]; n++)
        if (strcmp(key, keys[n]) == 0) return true;
    return false;
}

static enum az_status pack_metadata(struct luggage *luggage, const struct az_recording *recording,
                                    struct az_error *error)
{
    static const char no_fingerprint[] = "00000000000000000000000000000000";
    enum az_status status = AZ_OK;
    const char *key, *value;
    size_t count = 0, used = 0;
    while (az_recording_metadata_at(recording, count, &key, &value)) count++;
    AZ_TRY(az_memory_allocate(&luggage->metadata, 2 * count + 5, sizeof(char *), "the metadata",
                              error));
    if (!az_recording_text(recording, ORIGIN)) {
        luggage->metadata[used++] = ORIGIN;
        luggage->metadata[used++] = az_recording_path(recording);
    }
    luggage->metadata[used++] = FINGERPRINT;
    luggage->metadata[used++] = no_fingerprint;
    for (size_t n = 0; az_recording_metadata_at(recording, n, &key, &value); n++) {
        if (is_ours(key)) continue;
        luggage->metadata[used++] = key;
        luggage->metadata[used++] = value;
    }
out:
    return status;
}

static enum az_status pack(struct copy *copy, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct luggage *luggage = &copy->luggage;
    AZ_TRY(az_memory_allocate(&luggage->tensors, copy->from.count, sizeof *luggage->tensors,
                              "tensors", error));
    for (size_t n = 0; n < copy->from.count; n++) luggage->tensors[n] = copy->from.slices[n].out;
    AZ_TRY(pack_constants(luggage, copy->from.recording, error));
    AZ_TRY(pack_metadata(luggage, copy->from.recording, error));
out:
    return status;
}

static void unpack(struct luggage *luggage)
{
    for (size_t n = 0; n < luggage->constant_count; n++)
        az_memory_free((void *)luggage->constants[n].data);
    az_memory_free(luggage->constants);
    az_memory_free(luggage->tensors);
    az_memory_free(luggage->metadata);
}

/* ---- frames ---- */

/* Chunk 0 reads the next frame, 1 writes this one, 2 takes its hash, 3 its sums. */
static void work(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct copy *copy = context;
    const struct az_exchange_frame *now = copy->now;
    size_t length = (size_t)copy->from.slices[now->slice].out.frame_bytes;
    switch (chunk) {
    case 0: az_exchange_read(&copy->from, copy->next); break;
    case 1:
        copy->status =
            az_recording_write(copy->writer, now->slice, now->frame, now->bytes, &copy->error);
        break;
    case 2: az_hasher_add(copy->hasher, now->bytes, length); break;
    default:
        copy->sums = (struct az_frame_sums){0, 0};
        az_frame_sums_add(&copy->sums, 0, now->bytes, length);
    }
}

/* A damaged frame must not get new sums that call it sound. */
static enum az_status check_sums(const struct copy *copy, struct az_error *error)
{
    const struct az_slice *slice = &copy->from.slices[copy->now->slice];
    int64_t frame = slice->frames[copy->now->frame];
    struct az_frame_sums written;
    if (slice->out.frame_bytes != slice->tensor->frame_bytes ||
        !az_recording_sums(copy->from.recording, slice->tensor, frame, &written) ||
        (written.plain == copy->sums.plain && written.weighted == copy->sums.weighted))
        return AZ_OK;
    az_error_raise(error, AZ_FORMAT,
                   "the frame of step %" PRId64
                   " of %s is not as it was written, and is not copied "
                   "as if it were; azimuth verify says more, --steps goes round it",
                   slice->steps[copy->now->frame], slice->tensor->name);
    az_error_at(error, az_recording_path(copy->from.recording), -1, -1, -1);
    return AZ_FORMAT;
}

static enum az_status copy_frames(struct copy *copy, struct az_exchange_result *result,
                                  struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    double total = (double)copy->from.total_bytes / 1e6;
    az_exchange_read(&copy->from, &copy->from.frames[0]);
    az_progress_begin(progress);
    for (size_t turn = 0; copy->from.frames[turn % 2].slice != SIZE_MAX; turn++) {
        copy->now = &copy->from.frames[turn % 2];
        copy->next = &copy->from.frames[(turn + 1) % 2];
        if (copy->now->status != AZ_OK) {
            if (error) *error = copy->now->error;
            return copy->now->status;
        }
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped after %" PRId64 " frames of %" PRId64, result->frames,
                     copy->from.total_frames);
        az_pool_run(copy->pool, work, copy, 4);
        if (copy->status != AZ_OK && error) *error = copy->error;
        AZ_TRY(copy->status);
        AZ_TRY(check_sums(copy, error));
        result->frames++;
        result->bytes += copy->from.slices[copy->now->slice].out.frame_bytes;
        az_progress_tell(progress, "copying", "MB", (double)result->bytes / 1e6, total, "");
    }
    az_progress_end(progress, "copying", "MB", total, total, "");
out:
    return status;
}

/* A whole copy has the fingerprint of its original: so the series, which have no sums, are sound.
 */
static enum az_status check_fingerprint(const struct copy *copy, const char *made,
                                        struct az_error *error)
{
    const struct az_recording *recording = copy->from.recording;
    const char *written = az_recording_text(recording, FINGERPRINT);
    bool unfinished =
        az_recording_cut_short(recording) || (written && !strpbrk(written, "123456789abcdef"));
    if (!copy->from.whole || !written || unfinished || strcmp(written, made) == 0) return AZ_OK;
    az_error_raise(error, AZ_FORMAT,
                   "its frames do not give the fingerprint that was written with them, so they are "
                   "not copied as if they did; azimuth verify says more");
    az_error_at(error, az_recording_path(recording), -1, -1, -1);
    return AZ_FORMAT;
}

static enum az_status finish(struct copy *copy, struct az_exchange_result *result,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    char text[AZ_HASH_TEXT_BYTES];
    int64_t *frames = NULL;
    result->fingerprint = az_hasher_value(copy->hasher);
    az_hash_text(result->fingerprint, text);
    AZ_TRY(check_fingerprint(copy, text, error));
    AZ_TRY(az_recording_amend(copy->writer, FINGERPRINT, text, error));
    AZ_TRY(az_memory_allocate(&frames, copy->from.count, sizeof *frames, "frames", error));
    for (size_t n = 0; n < copy->from.count; n++) frames[n] = copy->from.slices[n].out.frames;
    struct az_recording_writer *writer = copy->writer;
    copy->writer = NULL;
    AZ_TRY(az_recording_commit(writer, frames, error));
out:
    az_memory_free(frames);
    return status;
}

enum az_status az_exchange_copy(const struct az_recording *recording,
                                const struct az_selection *selection, const char *path,
                                enum az_container container, enum az_compression compression,
                                struct az_exchange_result *result, struct az_progress *progress,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct copy copy = {0};
    char reason[256];
    *result = (struct az_exchange_result){0};
    AZ_TRY(az_exchange_check_path(recording, path, error));
    if (!az_verify_lists(recording, reason, sizeof reason)) AZ_RAISE(AZ_FORMAT, "%s", reason);
    AZ_TRY(az_exchange_open(&copy.from, recording, selection, error));
    AZ_TRY(pack(&copy, error));
    AZ_TRY(az_pool_create(&copy.pool, selection->threads, error));
    AZ_TRY(az_hasher_create(&copy.hasher, error));
    struct az_recording_plan plan = {.container = container,
                                     .compression = compression,
                                     .tensors = copy.luggage.tensors,
                                     .tensor_count = copy.from.count,
                                     .constants = copy.luggage.constants,
                                     .constant_count = copy.luggage.constant_count,
                                     .metadata = copy.luggage.metadata};
    AZ_TRY(az_recording_create(&copy.writer, path, &plan, error));
    AZ_TRY(copy_frames(&copy, result, progress, error));
    AZ_TRY(finish(&copy, result, error));
out:
    az_recording_abort(copy.writer);
    unpack(&copy.luggage);
    az_exchange_close(&copy.from);
    az_hasher_free(copy.hasher);
    az_pool_free(copy.pool);
    return status;
}
