#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/safetensors.h"
#include "azimuth/usage.h"
#include "base/memory.h"
#include "config/number.h"
#include "store/file.h"

#define LIST_LIMIT_BYTES ((size_t)1 << 28)
#define PATH_BYTES ((size_t)4096)
#define ENDING ".safetensors"

static enum az_status add_id(uint8_t *member, size_t rows, int64_t id, struct az_error *error)
{
    if (id < 0 || (uint64_t)id >= rows)
        return az_error_raise(error, AZ_FORMAT,
                              "the set has the id %" PRId64 ", and there are %zu rows", id, rows);
    member[id] = 1;
    return AZ_OK;
}

/* ---- lists ---- */

static enum az_status read_list(uint8_t *member, size_t rows, const char *path,
                                struct az_hash *hash, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL;
    size_t length_bytes;
    int64_t line = 1;
    AZ_TRY(az_file_read(path, LIST_LIMIT_BYTES, &text, &length_bytes, error));
    if (hash) *hash = az_hash_bytes(text, length_bytes);
    if (strlen(text) != length_bytes) AZ_RAISE(AZ_FORMAT, "a NUL byte: expected token ids");
    for (char *at = text; *at;) {
        if (*at == '#') at += strcspn(at, "\n");
        size_t length = strcspn(at, " ,\t\r\n#");
        char after = at[length];
        uint64_t id;
        at[length] = 0;
        bool good = !length || (az_number_parse_seed(at, &id) && id <= INT64_MAX);
        if (!good)
            status = az_error_raise(error, AZ_FORMAT, "expected a token id, found \"%.40s\"", at);
        if (good && length) status = add_id(member, rows, (int64_t)id, error);
        if (status != AZ_OK) az_error_at(error, path, line, -1, -1);
        AZ_TRY(status);
        at[length] = after;
        line += after == '\n';
        at += length + (after != 0 && after != '#');
    }
out:
    az_memory_free(text);
    return status;
}

/* ---- tensors ---- */

static int64_t element(const struct az_tensor *tensor, size_t n)
{
    const unsigned char *at =
        (const unsigned char *)tensor->data + n * az_dtype_bytes(tensor->dtype);
    int64_t wide;
    int32_t narrow;
    uint32_t natural;
    switch (tensor->dtype) {
    case AZ_DTYPE_I64: memcpy(&wide, at, sizeof wide); return wide;
    case AZ_DTYPE_I32: memcpy(&narrow, at, sizeof narrow); return narrow;
    default: memcpy(&natural, at, sizeof natural); return natural;
    }
}

static enum az_status take_mask(uint8_t *member, size_t rows, const struct az_tensor *tensor,
                                struct az_error *error)
{
    const uint8_t *bits = tensor->data;
    if ((uint64_t)tensor->shape[0] > rows)
        return az_error_raise(error, AZ_FORMAT,
                              "the mask %s is of %" PRId64
                              " rows, and there are %zu; --rows says how many",
                              tensor->name, tensor->shape[0], rows);
    for (int64_t n = 0; n < tensor->shape[0]; n++) member[n] = bits[n] != 0;
    return AZ_OK;
}

static enum az_status take_tensor(uint8_t *member, size_t rows, const struct az_tensor *tensor,
                                  struct az_error *error)
{
    enum az_dtype dtype = tensor->dtype;
    bool ids = dtype == AZ_DTYPE_I64 || dtype == AZ_DTYPE_I32 || dtype == AZ_DTYPE_U32;
    bool mask = dtype == AZ_DTYPE_BOOL || dtype == AZ_DTYPE_U8;
    if (tensor->rank != 1 || (!ids && !mask))
        return az_error_raise(error, AZ_FORMAT,
                              "the tensor %s is no set: expected one dimension of BOOL or U8 (a "
                              "mask) or of I32, I64 or U32 (ids), found %d of %s",
                              tensor->name, tensor->rank, az_dtype_name(dtype));
    if (mask) return take_mask(member, rows, tensor, error);
    for (size_t n = 0; n < (size_t)tensor->shape[0]; n++) {
        enum az_status status = add_id(member, rows, element(tensor, n), error);
        if (status != AZ_OK) return status;
    }
    return AZ_OK;
}

static enum az_status read_tensor(uint8_t *member, size_t rows, const char *path, const char *name,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors *file = NULL;
    const struct az_tensor *tensor;
    AZ_TRY(az_safetensors_open(&file, path, error));
    if (!*name && az_safetensors_count(file) != 1)
        AZ_RAISE(AZ_USAGE, "has %zu tensors; name one, as %s:TENSOR", az_safetensors_count(file),
                 path);
    if (*name)
        AZ_TRY(az_safetensors_require(file, name, &tensor, error));
    else
        tensor = az_safetensors_at(file, 0);
    AZ_TRY(take_tensor(member, rows, tensor, error));
out:
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    az_safetensors_close(file);
    return status;
}

enum az_status az_token_set_read(uint8_t *member, size_t rows, const char *name,
                                 struct az_hash *hash, struct az_error *error)
{
    char path[PATH_BYTES];
    const char *ending = strstr(name, ENDING);
    memset(member, 0, rows);
    if (!ending || (ending[strlen(ENDING)] && ending[strlen(ENDING)] != ':'))
        return read_list(member, rows, name, hash, error);
    size_t length = (size_t)(ending - name) + strlen(ENDING);
    if (length >= PATH_BYTES) return az_error_raise(error, AZ_USAGE, "the name is too long");
    snprintf(path, sizeof path, "%.*s", (int)length, name);
    enum az_status status =
        read_tensor(member, rows, path, name + length + (name[length] == ':'), error);
    return status == AZ_OK && hash ? az_hash_file(path, hash, error) : status;
}
