#include "store/matrix_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/file.h"
#include "store/matrix_index.h"
#include "store/safetensors_header.h"

/* ---- one safetensors file ---- */

static bool file_has(const void *context, const char *name)
{
    const struct az_tensor *tensor = az_safetensors_find(context, name);
    return tensor && az_matrix_is_one(tensor);
}

/* The only matrix of a file, or NULL; where there is one tensor, that, so that it is told what is
 * wrong with it. */
static const struct az_tensor *only_matrix(const struct az_safetensors *file)
{
    const struct az_tensor *found = NULL;
    if (az_safetensors_count(file) == 1) return az_safetensors_at(file, 0);
    for (size_t n = 0; n < az_safetensors_count(file); n++) {
        const struct az_tensor *tensor = az_safetensors_at(file, n);
        if (!az_matrix_is_one(tensor)) continue;
        if (found) return NULL;
        found = tensor;
    }
    return found;
}

static const char *name_of(const void *context, size_t n)
{
    return az_safetensors_at(context, n)->name;
}

static enum az_status none_found(const struct az_safetensors *file, struct az_error *error)
{
    char list[512];
    az_tensor_list(list, sizeof list, az_safetensors_count(file), name_of, file);
    return az_error_raise(error, AZ_MISSING,
                          "none of its tensors is known as an embedding matrix of BF16, F16, F32 "
                          "or U16 bits; name one as FILE@TENSOR. The file has: %s",
                          list);
}

static enum az_status choose(struct az_matrix *matrix, const struct az_safetensors *file,
                             const char *wanted, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_tensor *tensor = NULL;
    const char *other = NULL, *known;
    if (wanted[0]) {
        AZ_TRY(az_safetensors_require(file, wanted, &tensor, error));
    } else if ((known = az_matrix_known_tensor(file_has, file, &other)) != NULL) {
        tensor = az_safetensors_find(file, known);
    } else {
        tensor = only_matrix(file);
    }
    if (!tensor) return none_found(file, error);
    AZ_TRY(az_matrix_take(matrix, tensor, error));
    if (other) snprintf(matrix->other, sizeof matrix->other, "%s", other);
out:
    return status;
}

enum az_status az_matrix_from_safetensors(struct az_matrix *matrix, const char *path,
                                          const struct az_matrix_name *name, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_matrix_source *source = matrix->source;
    AZ_TRY(az_safetensors_open(&source->file, path, error));
    az_matrix_set_path(matrix, path);
    const char *wanted = name->tensor[0] ? name->tensor : "W";
    const struct az_tensor *tensor = az_safetensors_find(source->file, wanted);
    if (name->has_step || (tensor && tensor->rank == 3)) {
        az_safetensors_close(source->file);
        source->file = NULL;
        return az_matrix_from_recording(matrix, path, name, error);
    }
    AZ_TRY(choose(matrix, source->file, name->tensor, error));
out:
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    return status;
}

/* ---- the shards of a checkpoint ---- */

static bool index_has(const void *context, const char *name)
{
    return az_matrix_index_file(context, name) != NULL;
}

/* The path of a file beside the index. */
static enum az_status beside(char **path, const char *index_path, const char *file,
                             struct az_error *error)
{
    const char *slash = strrchr(index_path, '/');
    size_t directory = slash ? (size_t)(slash - index_path) + 1 : 0;
    size_t capacity = directory + strlen(file) + 1;
    enum az_status status = az_memory_allocate(path, capacity, 1, "a file name", error);
    if (status == AZ_OK) snprintf(*path, capacity, "%.*s%s", (int)directory, index_path, file);
    return status;
}

static enum az_status not_in_index(const struct az_matrix_index *index, const char *wanted,
                                   struct az_error *error)
{
    char list[512], shown[AZ_SHOWN_BYTES];
    az_matrix_index_list(index, list, sizeof list);
    if (wanted[0])
        return az_error_raise(error, AZ_MISSING, "there is no tensor \"%s\"; the index has: %s",
                              az_tensor_shown(shown, wanted), list);
    return az_error_raise(error, AZ_MISSING,
                          "none of its tensors is known as an embedding matrix; name one as "
                          "DIRECTORY@TENSOR. The index has: %s",
                          list);
}

enum az_status az_matrix_from_index(struct az_matrix *matrix, const char *path,
                                    const struct az_matrix_name *name, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_matrix_index index = {0};
    char *shard = NULL;
    const char *other = NULL;
    if (name->has_step) AZ_RAISE(AZ_USAGE, "a checkpoint has no steps: leave the step away");
    AZ_TRY(az_matrix_index_read(&index, path, error));
    const char *tensor =
        name->tensor[0] ? name->tensor : az_matrix_known_tensor(index_has, &index, &other);
    const char *file = tensor ? az_matrix_index_file(&index, tensor) : NULL;
    if (!file) {
        status = not_in_index(&index, name->tensor, error);
        goto out;
    }
    AZ_TRY(beside(&shard, path, file, error));
    AZ_TRY(az_safetensors_open(&matrix->source->file, shard, error));
    az_matrix_set_path(matrix, shard);
    AZ_TRY(choose(matrix, matrix->source->file, tensor, error));
    if (other) snprintf(matrix->other, sizeof matrix->other, "%s", other);
out:
    if (status != AZ_OK) az_error_at(error, shard ? shard : path, -1, -1, -1);
    az_memory_free(shard);
    az_matrix_index_free(&index);
    return status;
}

/* ---- a frame of a recording ---- */

static enum az_status find_frame(const struct az_recorded *movie, const struct az_matrix_name *name,
                                 int64_t *frame, struct az_error *error)
{
    if (!movie->frames)
        return az_error_raise(error, AZ_FORMAT, "%s has no whole frame", movie->name);
    int64_t last = az_recording_step_of(movie, movie->frames - 1);
    *frame = name->has_step ? az_recording_frame_of(movie, name->step) : movie->frames - 1;
    if (*frame >= 0) return AZ_OK;
    return az_error_raise(error, AZ_MISSING,
                          "%s has no frame of step %" PRId64 "; it has %" PRId64
                          " frames from step %" PRId64 " to step %" PRId64,
                          movie->name, name->step, movie->frames, az_recording_step_of(movie, 0),
                          last);
}

static enum az_status copy_ids(struct az_matrix *matrix, const struct az_recorded *movie,
                               struct az_error *error)
{
    if (!movie->token_ids) return AZ_OK;
    size_t count = (size_t)matrix->rows;
    enum az_status status = az_memory_allocate(&matrix->source->token_ids, count,
                                               sizeof *movie->token_ids, "token ids", error);
    if (status != AZ_OK) return status;
    memcpy(matrix->source->token_ids, movie->token_ids, count * sizeof *movie->token_ids);
    matrix->token_ids = matrix->source->token_ids;
    return AZ_OK;
}

enum az_status az_matrix_from_recording(struct az_matrix *matrix, const char *path,
                                        const struct az_matrix_name *name, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_matrix_source *source = matrix->source;
    const struct az_recorded *movie;
    int64_t number = 0;
    AZ_TRY(az_recording_open(&source->recording, path, error));
    az_matrix_set_path(matrix, az_recording_path(source->recording));
    AZ_TRY(az_recording_require(source->recording, name->tensor[0] ? name->tensor : "W", &movie,
                                error));
    AZ_TRY(find_frame(movie, name, &number, error));
    struct az_tensor frame = {.dtype = movie->dtype, .rank = movie->frame_rank};
    memcpy(frame.name, movie->name, sizeof frame.name);
    for (int n = 0; n < movie->frame_rank; n++) frame.shape[n] = movie->frame_shape[n];
    const struct az_tensor *whole = az_recording_tensor(source->recording, movie->name);
    if (whole && whole->data) {
        frame.data = (const char *)whole->data + (uint64_t)number * movie->frame_bytes;
    } else {
        AZ_TRY(az_memory_allocate(&source->copy, movie->frame_bytes, 1, "a frame", error));
        AZ_TRY(az_recording_read(source->recording, movie, number, 1, source->copy, error));
        frame.data = source->copy;
    }
    AZ_TRY(az_matrix_take(matrix, &frame, error));
    matrix->step = az_recording_step_of(movie, number);
    AZ_TRY(copy_ids(matrix, movie, error));
out:
    return status;
}
