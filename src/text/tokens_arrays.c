#include <stdio.h>
#include <string.h>

#include "azimuth/safetensors.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "text/tokens_files.h"

enum array {
    CLASS,
    SCRIPT,
    LENGTH,
    CHARACTERS,
    CLASSES_END,
    REACHABILITY = CLASSES_END,
    ENCODING_LENGTH,
    REACHABLE_MASK,
    UNREACHABLE_MASK,
    REACHABLE,
    UNREACHABLE,
    ARRAYS
};

static const struct {
    const char *name;
    enum az_dtype dtype;
} table[ARRAYS] = {
    [CLASS] = {"class", AZ_DTYPE_I32},
    [SCRIPT] = {"script", AZ_DTYPE_I32},
    [LENGTH] = {"length_bytes", AZ_DTYPE_I32},
    [CHARACTERS] = {"char_count", AZ_DTYPE_I32},
    [REACHABILITY] = {"reachability", AZ_DTYPE_I32},
    [ENCODING_LENGTH] = {"encoding_length", AZ_DTYPE_I32},
    [REACHABLE_MASK] = {"reachable_mask", AZ_DTYPE_BOOL},
    [UNREACHABLE_MASK] = {"unreachable_mask", AZ_DTYPE_BOOL},
    [REACHABLE] = {"reachable", AZ_DTYPE_I64},
    [UNREACHABLE] = {"unreachable", AZ_DTYPE_I64},
};

struct arrays {
    int32_t *numbers[ENCODING_LENGTH + 1];
    uint8_t *reachable, *unreachable;
    int64_t *ids; /* the reachable ones, then the others */
    size_t reachable_count;
};

static bool is_reachable(const struct az_token_row *row)
{
    return row->reach == AZ_REACH_OK || row->reach == AZ_REACH_SPECIAL;
}

static enum az_status allocate(struct arrays *arrays, size_t rows, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n <= ENCODING_LENGTH; n++)
        AZ_TRY(az_memory_allocate(&arrays->numbers[n], rows, sizeof(int32_t), "an array of tokens",
                                  error));
    AZ_TRY(az_memory_allocate(&arrays->reachable, rows, 1, "a mask of tokens", error));
    AZ_TRY(az_memory_allocate(&arrays->unreachable, rows, 1, "a mask of tokens", error));
    AZ_TRY(az_memory_allocate(&arrays->ids, rows, sizeof(int64_t), "the ids of tokens", error));
out:
    return status;
}

static void release(struct arrays *arrays)
{
    for (size_t n = 0; n <= ENCODING_LENGTH; n++) az_memory_free(arrays->numbers[n]);
    az_memory_free(arrays->reachable);
    az_memory_free(arrays->unreachable);
    az_memory_free(arrays->ids);
}

static void fill(struct arrays *arrays, const struct az_tokens *tokens)
{
    for (size_t id = 0; id < tokens->rows; id++)
        arrays->reachable_count += is_reachable(&tokens->row[id]);
    size_t reachable = 0, unreachable = arrays->reachable_count;
    for (size_t id = 0; id < tokens->rows; id++) {
        const struct az_token_row *row = &tokens->row[id];
        bool is = is_reachable(row);
        arrays->numbers[CLASS][id] = row->token_class;
        arrays->numbers[SCRIPT][id] = row->script;
        arrays->numbers[LENGTH][id] = (int32_t)row->length_bytes;
        arrays->numbers[CHARACTERS][id] = (int32_t)row->characters;
        arrays->numbers[REACHABILITY][id] = row->reach;
        arrays->numbers[ENCODING_LENGTH][id] = (int32_t)row->encoding_count;
        arrays->reachable[id] = is;
        arrays->unreachable[id] = !is;
        arrays->ids[is ? reachable++ : unreachable++] = (int64_t)id;
    }
}

/* Names by code, separated by blanks. */
static enum az_status add_names(struct az_buffer *text, const char *(*name)(unsigned),
                                unsigned count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (unsigned n = 0; n < count; n++) {
        if (n) AZ_TRY(az_buffer_add(text, " ", 1, error));
        AZ_TRY(az_buffer_add(text, name(n), strlen(name(n)), error));
    }
    AZ_TRY(az_buffer_add(text, "", 1, error));
out:
    return status;
}

static const char *class_name(unsigned n) { return az_token_class_name((enum az_token_class)n); }
static const char *reach_name(unsigned n) { return az_reach_name((enum az_reach)n); }

static enum az_status save(const struct arrays *arrays, const struct az_tokens *tokens,
                           const char *path, const char *const *metadata, struct az_error *error)
{
    struct az_tensor tensors[ARRAYS];
    size_t count = tokens->reached ? ARRAYS : CLASSES_END;
    const void *data[ARRAYS] = {[REACHABLE_MASK] = arrays->reachable,
                                [UNREACHABLE_MASK] = arrays->unreachable,
                                [REACHABLE] = arrays->ids,
                                [UNREACHABLE] = arrays->ids + arrays->reachable_count};
    memset(tensors, 0, sizeof tensors);
    for (size_t n = 0; n < count; n++) {
        size_t length = n == REACHABLE     ? arrays->reachable_count
                        : n == UNREACHABLE ? tokens->rows - arrays->reachable_count
                                           : tokens->rows;
        snprintf(tensors[n].name, sizeof tensors[n].name, "%s", table[n].name);
        tensors[n].dtype = table[n].dtype;
        tensors[n].rank = 1;
        tensors[n].shape[0] = (int64_t)length;
        tensors[n].data = n <= ENCODING_LENGTH ? arrays->numbers[n] : data[n];
    }
    return az_safetensors_save(path, tensors, count, metadata, error);
}

#define OWN_METADATA 6
#define METADATA_LIMIT 64

enum az_status az_tokens_arrays(const struct az_tokens *tokens, const char *path,
                                const char *const *metadata, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct arrays arrays = {0};
    struct az_buffer classes = {0}, scripts = {0}, reaches = {0};
    const char *all[OWN_METADATA + METADATA_LIMIT + 1] = {0};
    size_t used = OWN_METADATA;
    AZ_TRY(add_names(&classes, class_name, AZ_TOKEN_CLASS_COUNT, error));
    AZ_TRY(add_names(&scripts, az_script_name, az_script_count(), error));
    AZ_TRY(add_names(&reaches, reach_name, AZ_REACH_COUNT, error));
    const char *own[OWN_METADATA] = {"class",       classes.bytes,  "script",
                                     scripts.bytes, "reachability", reaches.bytes};
    memcpy(all, own, sizeof own);
    for (; metadata && *metadata && used < OWN_METADATA + METADATA_LIMIT; metadata++)
        all[used++] = *metadata;
    AZ_TRY(allocate(&arrays, tokens->rows, error));
    fill(&arrays, tokens);
    AZ_TRY(save(&arrays, tokens, path, all, error));
out:
    release(&arrays);
    az_buffer_free(&classes);
    az_buffer_free(&scripts);
    az_buffer_free(&reaches);
    return status;
}
