#include "store/matrix_index.h"

#include <jansson.h>
#include <string.h>

#include "base/memory.h"
#include "store/file.h"
#include "store/json.h"
#include "store/safetensors_header.h"

#define INDEX_LIMIT_BYTES ((size_t)100 << 20)

/* A plain name: what is not in the directory of the index is not the checkpoint's. */
static bool is_file_name(const char *name)
{
    return name && *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static enum az_status take(struct az_matrix_index *index, json_t *map, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char shown[AZ_SHOWN_BYTES], shown_file[AZ_SHOWN_BYTES];
    const char *tensor;
    json_t *value;
    AZ_TRY(az_memory_allocate(&index->shards, json_object_size(map), sizeof *index->shards,
                              "the index of the shards", error));
    json_object_foreach(map, tensor, value)
    {
        const char *file = json_string_value(value);
        az_tensor_shown(shown, tensor);
        if (!file) AZ_RAISE(AZ_FORMAT, "the file of \"%s\" in weight_map is no text", shown);
        if (!is_file_name(file))
            AZ_RAISE(AZ_FORMAT,
                     "weight_map puts \"%s\" into \"%s\"; a plain file name beside the index is "
                     "expected",
                     shown, az_tensor_shown(shown_file, file));
        index->shards[index->count++] = (struct az_matrix_shard){tensor, file};
    }
out:
    return status;
}

enum az_status az_matrix_index_parse(struct az_matrix_index *index, const char *name,
                                     const char *text, size_t length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    json_t *root = NULL;
    *index = (struct az_matrix_index){0};
    AZ_TRY(az_json_parse(name, text, length_bytes, &root, error));
    index->json = root;
    json_t *map = json_object_get(root, "weight_map");
    if (!json_is_object(map))
        AZ_RAISE(AZ_FORMAT, "is no index of a checkpoint: it has no object \"weight_map\"");
    AZ_TRY(take(index, map, error));
    if (!index->count) AZ_RAISE(AZ_FORMAT, "is an index without tensors");
out:
    return status;
}

enum az_status az_matrix_index_read(struct az_matrix_index *index, const char *path,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL;
    size_t length;
    *index = (struct az_matrix_index){0};
    AZ_TRY(az_file_read(path, INDEX_LIMIT_BYTES, &text, &length, error));
    AZ_TRY(az_matrix_index_parse(index, path, text, length, error));
out:
    az_memory_free(text);
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    return status;
}

void az_matrix_index_free(struct az_matrix_index *index)
{
    az_memory_free(index->shards);
    json_decref(index->json);
    *index = (struct az_matrix_index){0};
}

const char *az_matrix_index_file(const struct az_matrix_index *index, const char *tensor)
{
    for (size_t n = 0; n < index->count; n++)
        if (strcmp(index->shards[n].tensor, tensor) == 0) return index->shards[n].file;
    return NULL;
}

static const char *name_of(const void *context, size_t n)
{
    return ((const struct az_matrix_index *)context)->shards[n].tensor;
}

void az_matrix_index_list(const struct az_matrix_index *index, char *text, size_t capacity_bytes)
{
    az_tensor_list(text, capacity_bytes, index->count, name_of, index);
}
