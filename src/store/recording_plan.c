#include "store/recording_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/recording_names.h"
#include "store/safetensors_header.h"

#define NO_NOTE "-00000000001" /* as the writer prints -1 */

static bool needs_steps(const struct az_recorded *movie)
{
    return movie->steps || movie->first_step != az_known_first_step(movie->name);
}

static enum az_status check_list(const struct az_recorded *movie, const int64_t *values,
                                 int64_t count, const char *what, struct az_error *error)
{
    for (int64_t n = 0; values && n < count; n++)
        if (values[n] < 0 || (n && values[n] <= values[n - 1]))
            return az_error_raise(error, AZ_USAGE,
                                  "%s of %s must ascend from 0 up; they do not at %" PRId64, what,
                                  movie->name, n);
    return AZ_OK;
}

static enum az_status check_movie(const struct az_recorded *movie, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_known_movie *known = az_known_movie(movie->name);
    bool rows = movie->token_ids != NULL;
    if (!movie->name[0] || strchr(movie->name, ' '))
        AZ_RAISE(AZ_USAGE, "the name \"%s\" cannot be listed: it is empty or has a space",
                 movie->name);
    if (movie->frame_rank < 0 || movie->frame_rank >= AZ_TENSOR_DIMS || movie->frames < 0 ||
        movie->first_step < 0 || (rows && movie->frame_rank == 0))
        AZ_RAISE(AZ_USAGE, "%s: a recording has no such frames", movie->name);
    if (known && known->frame_rank != movie->frame_rank)
        AZ_RAISE(AZ_USAGE, "a frame of %s has %d dimensions, not %d", movie->name,
                 known->frame_rank, movie->frame_rank);
    AZ_TRY(check_list(movie, movie->steps, movie->frames, "the steps", error));
    AZ_TRY(check_list(movie, movie->token_ids, movie->frame_shape[0], "the token ids", error));
out:
    return status;
}

static struct az_tensor *add_tensor(struct az_recording_layout *layout, const char *name,
                                    enum az_dtype dtype, int rank)
{
    struct az_tensor *tensor = &layout->tensors[layout->count];
    layout->movie_of[layout->count] = SIZE_MAX;
    layout->count++;
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensor->dtype = dtype;
    tensor->rank = rank;
    return tensor;
}

static enum az_status add_movie(struct az_recording_layout *layout, const struct az_recorded *movie,
                                struct az_error *error)
{
    enum az_status status = check_movie(movie, error);
    if (status != AZ_OK) return status;
    struct az_tensor *tensor = add_tensor(layout, movie->name, movie->dtype, movie->frame_rank + 1);
    tensor->shape[0] = movie->frames;
    for (int n = 0; n < movie->frame_rank; n++) tensor->shape[n + 1] = movie->frame_shape[n];
    return AZ_OK;
}

static enum az_status add_list(struct az_recording_layout *layout, const struct az_recorded *movie,
                               const char *suffix, const int64_t *values, int64_t count,
                               struct az_error *error)
{
    char name[AZ_TENSOR_NAME_BYTES];
    if (!az_companion_name(name, movie->name, suffix))
        return az_error_raise(error, AZ_USAGE, "the name %s%s is too long", movie->name, suffix);
    struct az_tensor *tensor = add_tensor(layout, name, AZ_DTYPE_I64, 1);
    tensor->shape[0] = count;
    tensor->data = values;
    return AZ_OK;
}

/* Filled by the writer, frame by frame. A frame of one number is not worth its sums. */
static enum az_status add_sums(struct az_recording_layout *layout, const struct az_recorded *movie,
                               size_t number, struct az_error *error)
{
    char name[AZ_TENSOR_NAME_BYTES];
    layout->sums_of[number] = SIZE_MAX;
    if (movie->frame_rank == 0) return AZ_OK;
    if (!az_companion_name(name, movie->name, AZ_RECORDING_SUMS_SUFFIX))
        return az_error_raise(error, AZ_USAGE, "the name %s%s is too long", movie->name,
                              AZ_RECORDING_SUMS_SUFFIX);
    layout->sums_of[number] = layout->count;
    struct az_tensor *tensor = add_tensor(layout, name, AZ_DTYPE_I64, 2);
    tensor->shape[0] = movie->frames;
    tensor->shape[1] = 2;
    layout->movie_of[layout->sums_of[number]] = number;
    return AZ_OK;
}

/* made: room for the steps of movies that begin elsewhere than their name says. */
static enum az_status add_companions(struct az_recording_layout *layout,
                                     const struct az_recorded *movie, size_t number, int64_t **made,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    const int64_t *steps = movie->steps;
    if (needs_steps(movie)) {
        for (int64_t n = 0; !movie->steps && n < movie->frames; n++)
            (*made)[n] = movie->first_step + n;
        if (!steps) {
            steps = *made;
            *made += movie->frames;
        }
        AZ_TRY(add_list(layout, movie, AZ_RECORDING_STEPS_SUFFIX, steps, movie->frames, error));
        layout->movie_of[layout->count - 1] = number;
    }
    if (movie->token_ids)
        AZ_TRY(add_list(layout, movie, AZ_RECORDING_IDS_SUFFIX, movie->token_ids,
                        movie->frame_shape[0], error));
    AZ_TRY(add_sums(layout, movie, number, error));
out:
    return status;
}

static enum az_status add_movies(struct az_recording_layout *layout,
                                 const struct az_recording_plan *plan, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t made = 0;
    for (size_t n = 0; n < plan->tensor_count; n++) {
        const struct az_recorded *movie = &plan->tensors[n];
        AZ_TRY(add_movie(layout, movie, error));
        if (needs_steps(movie) && !movie->steps)
            AZ_TRY(az_size_add(made, (size_t)movie->frames, &made, error));
    }
    AZ_TRY(az_memory_allocate(&layout->made_steps, made, sizeof *layout->made_steps,
                              "the list of steps", error));
    int64_t *next = layout->made_steps;
    for (size_t n = 0; n < plan->tensor_count; n++)
        AZ_TRY(add_companions(layout, &plan->tensors[n], n, &next, error));
out:
    return status;
}

static enum az_status add_constants(struct az_recording_layout *layout,
                                    const struct az_recording_plan *plan, struct az_error *error)
{
    uint64_t bytes;
    for (size_t n = 0; n < plan->constant_count; n++) {
        const struct az_tensor *constant = &plan->constants[n];
        enum az_status status = az_tensor_bytes(constant, &bytes, error);
        if (status != AZ_OK) return status;
        if (!constant->data && bytes)
            return az_error_raise(error, AZ_USAGE, "the constant %s has no value", constant->name);
        layout->movie_of[layout->count] = SIZE_MAX;
        layout->tensors[layout->count++] = *constant;
    }
    return AZ_OK;
}

/* The names of the movies, separated by spaces. */
static enum az_status list_movies(struct az_recording_layout *layout,
                                  const struct az_recording_plan *plan, struct az_error *error)
{
    size_t capacity = 1, used = 0;
    for (size_t n = 0; n < plan->tensor_count; n++) capacity += strlen(plan->tensors[n].name) + 1;
    enum az_status status =
        az_memory_allocate(&layout->movies_text, capacity, 1, "the list of tensors", error);
    for (size_t n = 0; status == AZ_OK && n < plan->tensor_count; n++)
        used += (size_t)snprintf(layout->movies_text + used, capacity - used, "%s%s", n ? " " : "",
                                 plan->tensors[n].name);
    return status;
}

static enum az_status add_metadata(struct az_recording_layout *layout,
                                   const struct az_recording_plan *plan, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count = 0;
    while (plan->metadata && plan->metadata[count]) count++;
    AZ_TRY(az_memory_allocate(&layout->metadata, count + 8, sizeof *layout->metadata,
                              "the metadata", error));
    AZ_TRY(list_movies(layout, plan, error));
    const char *const ours[] = {AZ_RECORDING_NOTE_KEY,   NO_NOTE,
                                AZ_RECORDING_FORMAT_KEY, AZ_RECORDING_FORMAT,
                                AZ_RECORDING_MOVIES_KEY, layout->movies_text};
    memcpy(layout->metadata, ours, sizeof ours);
    if (count) memcpy(layout->metadata + 6, plan->metadata, count * sizeof *layout->metadata);
out:
    return status;
}

enum az_status az_recording_layout(struct az_recording_layout *layout,
                                   const struct az_recording_plan *plan, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t capacity;
    *layout = (struct az_recording_layout){.container = az_container_of(plan->container),
                                           .movie_count = plan->tensor_count};
    if (!layout->container)
        AZ_RAISE(AZ_UNSUPPORTED, "this build writes recordings into safetensors only; set "
                                 "record.container = safetensors");
    AZ_TRY(az_size_multiply(plan->tensor_count, 4, &capacity, error));
    AZ_TRY(az_size_add(capacity, plan->constant_count, &capacity, error));
    AZ_TRY(az_memory_allocate(&layout->tensors, capacity, sizeof *layout->tensors,
                              "the list of tensors", error));
    AZ_TRY(az_memory_allocate(&layout->movie_of, capacity, sizeof *layout->movie_of,
                              "the list of tensors", error));
    AZ_TRY(az_memory_allocate(&layout->sums_of, plan->tensor_count, sizeof *layout->sums_of,
                              "the list of tensors", error));
    AZ_TRY(add_movies(layout, plan, error));
    AZ_TRY(add_constants(layout, plan, error));
    AZ_TRY(add_metadata(layout, plan, error));
out:
    return status;
}

void az_recording_layout_free(struct az_recording_layout *layout)
{
    az_memory_free(layout->tensors);
    az_memory_free(layout->movie_of);
    az_memory_free(layout->sums_of);
    az_memory_free(layout->metadata);
    az_memory_free(layout->movies_text);
    az_memory_free(layout->made_steps);
    *layout = (struct az_recording_layout){0};
}

uint64_t az_recording_layout_frame_bytes(const struct az_recording_layout *layout, size_t movie)
{
    struct az_tensor frame = layout->tensors[movie];
    uint64_t bytes = 0;
    frame.shape[0] = 1;
    az_tensor_bytes(&frame, &bytes, NULL);
    return bytes;
}

void az_recording_layout_shrink(const struct az_recording_layout *layout, const int64_t *frames,
                                int64_t *dims)
{
    for (size_t n = 0; n < layout->count; n++) {
        size_t movie = n < layout->movie_count ? n : layout->movie_of[n];
        dims[n] = movie == SIZE_MAX ? layout->tensors[n].shape[0] : frames[movie];
    }
}

enum az_status az_recording_plan_memory(const struct az_recording_plan *plan, uint64_t *bytes,
                                        struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording_layout layout;
    *bytes = 0;
    AZ_TRY(az_recording_layout(&layout, plan, error));
    if (layout.container->plan_memory)
        *bytes = layout.container->plan_memory(layout.tensors, layout.count, plan->compression);
out:
    az_recording_layout_free(&layout);
    return status;
}

enum az_status az_recording_plan_bytes(const struct az_recording_plan *plan, uint64_t *bytes,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording_layout layout;
    *bytes = 0;
    AZ_TRY(az_recording_layout(&layout, plan, error));
    AZ_TRY(layout.container->plan_bytes(layout.tensors, layout.count, layout.metadata,
                                        plan->compression, bytes, error));
out:
    az_recording_layout_free(&layout);
    return status;
}
