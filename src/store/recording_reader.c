#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/number.h"
#include "store/container.h"
#include "store/file.h"
#include "store/recording_foreign.h"
#include "store/recording_names.h"
#include "store/recording_state.h"
#include "store/safetensors_header.h"

static const int64_t origin[AZ_TENSOR_DIMS];

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* True when `name` is one of the words of the list. */
static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    if (!length) return false;
    for (const char *at = list; (at = strstr(at, name)) != NULL; at++)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0)) return true;
    return false;
}

static const struct az_tensor *companion(const struct az_recording *recording, const char *name,
                                         const char *suffix)
{
    char text[AZ_TENSOR_NAME_BYTES];
    if (!az_companion_name(text, name, suffix)) return NULL;
    return recording->container->find(recording->file, text);
}

/* A tensor may have fewer frames than its companions: it grows, and is shortened, by itself. */
static bool grows(const struct az_recording *recording)
{
    return recording->container->planned && recording->through_step != INT64_MAX;
}

/* Frames that there will be. */
static int64_t planned_frames(const struct az_recording *recording, const struct az_tensor *tensor)
{
    return grows(recording) ? recording->container->planned(recording->file, tensor)
                            : tensor->shape[0];
}

static bool lists_movies(const struct az_recording *recording)
{
    return recording->container->metadata(recording->file, AZ_RECORDING_MOVIES_KEY) != NULL;
}

/* Our files list their movies; in others they are known by name, or by a companion. */
static bool is_movie(const struct az_recording *recording, const struct az_tensor *tensor)
{
    const char *list = recording->container->metadata(recording->file, AZ_RECORDING_MOVIES_KEY);
    if (list) return is_listed(list, tensor->name);
    if (ends_with(tensor->name, AZ_RECORDING_STEPS_SUFFIX)) return false;
    return az_known_movie(tensor->name) ||
           companion(recording, tensor->name, AZ_RECORDING_STEPS_SUFFIX);
}

/* A companion's numbers, copied, ascending and not negative; NULL where there is none. */
static enum az_status read_companion(const struct az_recording *recording, const char *name,
                                     const char *suffix, int64_t expected, int64_t **values,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    char shown[AZ_SHOWN_BYTES];
    const struct az_tensor *tensor = companion(recording, name, suffix);
    if (!tensor) return AZ_OK;
    az_tensor_shown(shown, tensor->name);
    if (tensor->dtype != AZ_DTYPE_I64 || tensor->rank != 1 || tensor->shape[0] != expected)
        AZ_RAISE(AZ_FORMAT, "%s is not the list of %" PRId64 " I64 numbers that its tensor needs",
                 shown, expected);
    if (tensor->bytes > AZ_RECORDING_LIST_BYTES)
        AZ_RAISE(AZ_FORMAT, "%s is longer than any list of a recording", shown);
    AZ_TRY(az_memory_allocate(values, (size_t)expected, sizeof **values, shown, error));
    AZ_TRY(
        recording->container->read(recording->file, tensor, origin, tensor->shape, *values, error));
    for (int64_t n = 0; n < expected; n++)
        if ((*values)[n] < 0 || (n && (*values)[n] <= (*values)[n - 1]))
            AZ_RAISE(AZ_FORMAT, "%s is not ascending from 0 up at its entry %" PRId64, shown, n);
out:
    return status;
}

/* As many as the frames, or in a file that grows, at least. */
static int64_t listed_steps(const struct az_recording *recording, const struct az_recorded *tensor)
{
    const struct az_tensor *steps = companion(recording, tensor->name, AZ_RECORDING_STEPS_SUFFIX);
    bool more = steps && steps->rank == 1 && steps->shape[0] > tensor->frames;
    return grows(recording) && more ? steps->shape[0] : tensor->frames;
}

/* [frames][2], filled as the frames were written; there may be fewer of them than frames. */
static enum az_status read_sums(const struct az_recording *recording,
                                struct az_recording_movie *movie, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char shown[AZ_SHOWN_BYTES];
    const struct az_tensor *tensor =
        companion(recording, movie->source->name, AZ_RECORDING_SUMS_SUFFIX);
    if (!tensor) return AZ_OK;
    az_tensor_shown(shown, tensor->name);
    if (tensor->dtype != AZ_DTYPE_I64 || tensor->rank != 2 ||
        (!grows(recording) && tensor->shape[0] != movie->planned) || tensor->shape[1] != 2)
        AZ_RAISE(AZ_FORMAT, "%s is not the list of %" PRId64 " pairs of I64 that its tensor needs",
                 shown, movie->planned);
    if (tensor->bytes > AZ_RECORDING_LIST_BYTES)
        AZ_RAISE(AZ_FORMAT, "%s is longer than any list of a recording", shown);
    movie->sum_count = tensor->shape[0];
    AZ_TRY(az_memory_allocate(&movie->sums, (size_t)tensor->shape[0], sizeof *movie->sums, shown,
                              error));
    AZ_TRY(recording->container->read(recording->file, tensor, origin, tensor->shape, movie->sums,
                                      error));
out:
    return status;
}

static enum az_status check_type(const struct az_recorded *tensor, struct az_error *error)
{
    const struct az_known_movie *known = az_known_movie(tensor->name);
    bool number = known && known->frame_rank == 0;
    bool narrow = tensor->dtype == AZ_DTYPE_BF16 || tensor->dtype == AZ_DTYPE_F16;
    if (!known || tensor->dtype == AZ_DTYPE_F32 || (narrow && !number)) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT, "%s has the type %s; %s is expected", tensor->name,
                          az_dtype_name(tensor->dtype),
                          number ? "F32" : "BF16 (or its bits as U16), F32 or F16");
}

static enum az_status describe(struct az_recorded *tensor, const struct az_tensor *source,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    char shown[AZ_SHOWN_BYTES];
    const struct az_known_movie *known = az_known_movie(source->name);
    struct az_tensor frame = *source;
    az_tensor_shown(shown, source->name);
    if (source->rank == 0 || (known && source->rank != known->frame_rank + 1))
        AZ_RAISE(AZ_FORMAT, "%s has %d dimensions and not %d: a frame of a recording comes first",
                 shown, source->rank, known ? known->frame_rank + 1 : 1);
    snprintf(tensor->name, sizeof tensor->name, "%s", source->name);
    tensor->dtype = az_foreign_dtype(source);
    tensor->frame_rank = source->rank - 1;
    for (int n = 1; n < source->rank; n++) tensor->frame_shape[n - 1] = source->shape[n];
    tensor->frames = source->shape[0];
    frame.shape[0] = 1;
    AZ_TRY(az_tensor_bytes(&frame, &tensor->frame_bytes, error));
    tensor->first_step = az_known_first_step(source->name);
    if (tensor->frame_bytes == 0) AZ_RAISE(AZ_FORMAT, "the frames of %s are empty", shown);
    if (tensor->frame_bytes > AZ_RECORDING_FRAME_BYTES)
        AZ_RAISE(AZ_FORMAT, "a frame of %s has %" PRIu64 " bytes; at most %" PRIu64 " are read",
                 shown, tensor->frame_bytes, AZ_RECORDING_FRAME_BYTES);
    AZ_TRY(check_type(tensor, error));
out:
    return status;
}

static enum az_status add_movie(struct az_recording *recording, const struct az_tensor *source,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recorded *tensor = &recording->tensors[recording->count];
    struct az_recording_movie *movie = &recording->movies[recording->count];
    recording->count++;
    movie->source = source;
    AZ_TRY(describe(tensor, source, error));
    movie->planned = planned_frames(recording, source);
    AZ_TRY(read_companion(recording, source->name, AZ_RECORDING_STEPS_SUFFIX,
                          listed_steps(recording, tensor), &movie->steps, error));
    tensor->steps = movie->steps;
    if (tensor->frame_rank > 0)
        AZ_TRY(read_companion(recording, source->name, AZ_RECORDING_IDS_SUFFIX,
                              tensor->frame_shape[0], &movie->token_ids, error));
    if (!movie->token_ids && tensor->frame_rank == 2 && !lists_movies(recording))
        AZ_TRY(az_foreign_token_ids(recording->container, recording->file, tensor->frame_shape[0],
                                    &movie->token_ids, error));
    tensor->token_ids = movie->token_ids;
    AZ_TRY(read_sums(recording, movie, error));
    if (tensor->steps && listed_steps(recording, tensor) > 0) tensor->first_step = tensor->steps[0];
    if (recording->through_step != INT64_MAX)
        tensor->frames = az_recording_frames_through(tensor, recording->through_step);
    recording->cut_short |= tensor->frames < movie->planned;
out:
    return status;
}

/* Gradient and moments have the shape of their weights, unless they are of chosen rows. */
static enum az_status check_family(const struct az_recording *recording,
                                   const struct az_recorded *tensor, struct az_error *error)
{
    const struct az_known_movie *known = az_known_movie(tensor->name);
    if (!known || !known->parent) return AZ_OK;
    const struct az_recorded *parent = az_recording_find(recording, known->parent);
    if (!parent) return AZ_OK;
    bool rows =
        parent->frame_shape[0] == tensor->frame_shape[0] || parent->token_ids || tensor->token_ids;
    if (rows && parent->frame_shape[1] == tensor->frame_shape[1]) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "a frame of %s is [%" PRId64 "][%" PRId64 "] and one of %s is [%" PRId64
                          "][%" PRId64 "]; they must agree",
                          tensor->name, tensor->frame_shape[0], tensor->frame_shape[1],
                          parent->name, parent->frame_shape[0], parent->frame_shape[1]);
}

/* Movies without steps have a frame for every step, so they end at the same one. */
static enum az_status check_ends(const struct az_recording *recording, struct az_error *error)
{
    size_t first = recording->count;
    if (grows(recording)) return AZ_OK;
    for (size_t n = 0; n < recording->count; n++) {
        const struct az_recorded *tensors = recording->tensors;
        const struct az_recording_movie *all = recording->movies;
        if (tensors[n].steps) continue;
        if (first == recording->count) first = n;
        int64_t end = tensors[n].first_step + all[n].planned;
        if (end == tensors[first].first_step + all[first].planned) continue;
        return az_error_raise(error, AZ_FORMAT,
                              "%s has %" PRId64 " frames and %s %" PRId64
                              ", and neither says at which steps (a tensor NAME.steps would)",
                              tensors[first].name, all[first].planned, tensors[n].name,
                              all[n].planned);
    }
    return AZ_OK;
}

static const char *name_in_file(const void *context, size_t index)
{
    const struct az_recording *recording = context;
    return recording->container->at(recording->file, index)->name;
}

static const char *name_of_movie(const void *context, size_t index)
{
    return ((const struct az_recording *)context)->tensors[index].name;
}

static enum az_status find_movies(struct az_recording *recording, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char list[512];
    size_t count = recording->container->count(recording->file);
    AZ_TRY(az_memory_allocate(&recording->tensors, count, sizeof *recording->tensors,
                              "the list of tensors", error));
    AZ_TRY(az_memory_allocate(&recording->movies, count, sizeof *recording->movies,
                              "the list of tensors", error));
    for (size_t n = 0; n < count; n++) {
        const struct az_tensor *tensor = recording->container->at(recording->file, n);
        if (is_movie(recording, tensor)) AZ_TRY(add_movie(recording, tensor, error));
    }
    if (recording->count == 0) {
        az_tensor_list(list, sizeof list, count, name_in_file, recording);
        AZ_RAISE(AZ_FORMAT, "is not a recording: it has no W, losses or h; it has: %s", list);
    }
    for (size_t n = 0; n < recording->count; n++) {
        AZ_TRY(check_family(recording, &recording->tensors[n], error));
        if (!lists_movies(recording) && az_foreign_has_start(recording, n))
            recording->tensors[n].first_step = 0;
    }
    AZ_TRY(check_ends(recording, error));
out:
    return status;
}

/* The note is believed, not the name: a .part may have been renamed by hand. */
static enum az_status read_note(struct az_recording *recording, struct az_error *error)
{
    const char *note = recording->container->metadata(recording->file, AZ_RECORDING_NOTE_KEY);
    recording->through_step = INT64_MAX;
    if (!note && !ends_with(recording->path, ".part")) return AZ_OK;
    if (note && az_number_parse_integer(note, &recording->through_step)) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "is an unfinished file without a note of how far it is whole; its frames "
                          "cannot be trusted");
}

static enum az_status check_format(const struct az_recording *recording, struct az_error *error)
{
    char shown[AZ_SHOWN_BYTES];
    const char *format = recording->container->metadata(recording->file, AZ_RECORDING_FORMAT_KEY);
    if (!format || strncmp(format, "azimuth-", 8) != 0 || strcmp(format, AZ_RECORDING_FORMAT) == 0)
        return AZ_OK;
    return az_error_raise(error, AZ_UNSUPPORTED, "has the format \"%s\"; this build reads \"%s\"",
                          az_tensor_shown(shown, format), AZ_RECORDING_FORMAT);
}

enum az_status az_recording_open(struct az_recording **recording_pointer, const char *path,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording *recording;
    *recording_pointer = NULL;
    AZ_TRY(az_memory_allocate(&recording, 1, sizeof *recording, "a recording", error));
    AZ_TRY(az_file_is_directory(path) ? az_container_find(path, &recording->path, error)
                                      : az_memory_copy_string(&recording->path, path, error));
    AZ_TRY(az_container_recognise(recording->path, &recording->container, error));
    AZ_TRY(recording->container->open(&recording->file, recording->path, error));
    AZ_TRY(check_format(recording, error));
    AZ_TRY(read_note(recording, error));
    AZ_TRY(find_movies(recording, error));
    *recording_pointer = recording;
out:
    if (status != AZ_OK) {
        az_error_at(error, recording && recording->path ? recording->path : path, -1, -1, -1);
        az_recording_close(recording);
    }
    return status;
}

void az_recording_close(struct az_recording *recording)
{
    if (!recording) return;
    for (size_t n = 0; n < recording->count; n++) {
        az_memory_free(recording->movies[n].steps);
        az_memory_free(recording->movies[n].token_ids);
        az_memory_free(recording->movies[n].sums);
    }
    if (recording->file) recording->container->close(recording->file);
    az_memory_free(recording->movies);
    az_memory_free(recording->tensors);
    az_memory_free(recording->path);
    az_memory_free(recording);
}

const char *az_recording_path(const struct az_recording *recording) { return recording->path; }

bool az_recording_cut_short(const struct az_recording *recording) { return recording->cut_short; }

size_t az_recording_count(const struct az_recording *recording) { return recording->count; }

const struct az_recorded *az_recording_at(const struct az_recording *recording, size_t index)
{
    return index < recording->count ? &recording->tensors[index] : NULL;
}

const struct az_recorded *az_recording_find(const struct az_recording *recording, const char *name)
{
    for (size_t n = 0; n < recording->count; n++)
        if (strcmp(recording->tensors[n].name, name) == 0) return &recording->tensors[n];
    return NULL;
}

enum az_status az_recording_require(const struct az_recording *recording, const char *name,
                                    const struct az_recorded **tensor, struct az_error *error)
{
    char shown[AZ_SHOWN_BYTES], list[512];
    *tensor = az_recording_find(recording, name);
    if (*tensor) return AZ_OK;
    az_tensor_list(list, sizeof list, recording->count, name_of_movie, recording);
    az_error_raise(error, AZ_MISSING, "%s was not recorded; what was: %s",
                   az_tensor_shown(shown, name), list);
    az_error_at(error, recording->path, -1, -1, -1);
    return AZ_MISSING;
}

int64_t az_recording_step_of(const struct az_recorded *tensor, int64_t frame)
{
    return tensor->steps ? tensor->steps[frame] : tensor->first_step + frame;
}

int64_t az_recording_frames_through(const struct az_recorded *tensor, int64_t step)
{
    int64_t frames = 0;
    if (!tensor->steps && step < tensor->first_step) return 0;
    if (!tensor->steps) frames = step - tensor->first_step + 1;
    while (tensor->steps && frames < tensor->frames && tensor->steps[frames] <= step) frames++;
    return frames < tensor->frames ? frames : tensor->frames;
}

int64_t az_recording_frame_of(const struct az_recorded *tensor, int64_t step)
{
    int64_t low = 0, high = tensor->frames;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (az_recording_step_of(tensor, middle) < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low < tensor->frames && az_recording_step_of(tensor, low) == step ? low : -1;
}

int64_t az_recording_last_step(const struct az_recording *recording)
{
    int64_t last = -1;
    for (size_t n = 0; n < recording->count; n++) {
        const struct az_recorded *tensor = &recording->tensors[n];
        int64_t step = tensor->frames ? az_recording_step_of(tensor, tensor->frames - 1) : -1;
        if (step > last) last = step;
    }
    return last;
}

enum az_status az_recording_read_box(const struct az_recording *recording,
                                     const struct az_recorded *tensor, int64_t first, int64_t count,
                                     const int64_t *begin, const int64_t *size, void *bytes,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t at[AZ_TENSOR_DIMS] = {first}, lengths[AZ_TENSOR_DIMS] = {count};
    if (first < 0 || count < 0 || first > tensor->frames || count > tensor->frames - first)
        AZ_RAISE(AZ_USAGE,
                 "%s has %" PRId64 " whole frames; %" PRId64 " from number %" PRId64
                 " were asked for",
                 tensor->name, tensor->frames, count, first);
    for (int n = 0; n < tensor->frame_rank; n++) {
        int64_t length = tensor->frame_shape[n];
        if (begin[n] < 0 || size[n] < 0 || begin[n] > length || size[n] > length - begin[n])
            AZ_RAISE(AZ_USAGE,
                     "a frame of %s has the length %" PRId64 " along its dimension %d; %" PRId64
                     " from number %" PRId64 " were asked for",
                     tensor->name, length, n, size[n], begin[n]);
        at[n + 1] = begin[n];
        lengths[n + 1] = size[n];
    }
    const struct az_tensor *source = recording->movies[tensor - recording->tensors].source;
    AZ_TRY(recording->container->read(recording->file, source, at, lengths, bytes, error));
out:
    if (status != AZ_OK) az_error_at(error, recording->path, -1, -1, -1);
    return status;
}

enum az_status az_recording_read(const struct az_recording *recording,
                                 const struct az_recorded *tensor, int64_t first, int64_t count,
                                 void *bytes, struct az_error *error)
{
    return az_recording_read_box(recording, tensor, first, count, origin, tensor->frame_shape,
                                 bytes, error);
}

enum az_status az_recording_read_rows(const struct az_recording *recording,
                                      const struct az_recorded *tensor, int64_t first,
                                      int64_t count, int64_t row, int64_t rows, void *bytes,
                                      struct az_error *error)
{
    int64_t begin[AZ_TENSOR_DIMS] = {row}, size[AZ_TENSOR_DIMS];
    memcpy(size, tensor->frame_shape, sizeof size);
    size[0] = rows;
    if (tensor->frame_rank == 0)
        return az_error_raise(error, AZ_USAGE, "the frames of %s have no rows", tensor->name);
    return az_recording_read_box(recording, tensor, first, count, begin, size, bytes, error);
}

bool az_recording_sums(const struct az_recording *recording, const struct az_recorded *tensor,
                       int64_t frame, struct az_frame_sums *sums)
{
    const struct az_recording_movie *movie = &recording->movies[tensor - recording->tensors];
    if (frame < 0 || frame >= tensor->frames || frame >= movie->sum_count) return false;
    *sums = movie->sums[frame];
    return true;
}

const char *az_recording_text(const struct az_recording *recording, const char *key)
{
    return recording->container->metadata(recording->file, key);
}

const struct az_tensor *az_recording_tensor(const struct az_recording *recording, const char *name)
{
    return recording->container->find(recording->file, name);
}
