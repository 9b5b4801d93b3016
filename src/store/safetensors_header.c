#include "store/safetensors_header.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const struct {
    const char *name;
    unsigned bits;
} dtypes[AZ_DTYPE_COUNT] = {
#define AZ_DTYPE_ROW(id, name, bits) [id] = {name, bits},
    AZ_DTYPE_TABLE(AZ_DTYPE_ROW)
#undef AZ_DTYPE_ROW
};

const char *az_dtype_name(enum az_dtype dtype)
{
    return (unsigned)dtype < AZ_DTYPE_COUNT ? dtypes[dtype].name : "unknown";
}

size_t az_dtype_bytes(enum az_dtype dtype)
{
    return (unsigned)dtype < AZ_DTYPE_COUNT ? dtypes[dtype].bits / 8 : 0;
}

const char *az_tensor_shown(char text[AZ_SHOWN_BYTES], const char *name)
{
    size_t used = 0;
    for (; name[used] && used < AZ_SHOWN_BYTES - 1; used++) {
        unsigned char c = (unsigned char)name[used];
        text[used] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
    /* Not in the middle of a character. */
    if (name[used])
        while (used && ((unsigned char)name[used] & 0xc0) == 0x80) used--;
    text[used] = 0;
    return text;
}

void az_tensor_list(char *text, size_t capacity_bytes, size_t count,
                    const char *(*name)(const void *context, size_t index), const void *context)
{
    char shown[AZ_SHOWN_BYTES];
    size_t used = 0, reserve = sizeof " and 18446744073709551615 more";
    if (count == 0) snprintf(text, capacity_bytes, "nothing");
    for (size_t n = 0; n < count; n++) {
        size_t need = strlen(az_tensor_shown(shown, name(context, n))) + 2;
        if (used + need + reserve > capacity_bytes) {
            snprintf(text + used, capacity_bytes - used, " and %zu more", count - n);
            return;
        }
        used += (size_t)snprintf(text + used, capacity_bytes - used, "%s%s", n ? ", " : "", shown);
    }
}

enum az_status az_tensor_bytes(const struct az_tensor *tensor, uint64_t *bytes,
                               struct az_error *error)
{
    char shown[AZ_SHOWN_BYTES];
    uint64_t elements = 1;
    bool overflow = false;
    /* As the reference does: a zero after an overflowing product does not excuse it. */
    for (int n = 0; n < tensor->rank; n++)
        overflow |= __builtin_mul_overflow(elements, (uint64_t)tensor->shape[n], &elements);
    overflow |= __builtin_mul_overflow(elements, (uint64_t)dtypes[tensor->dtype].bits, bytes);
    if (overflow || *bytes > INT64_MAX)
        return az_error_raise(error, AZ_FORMAT,
                              "the size of tensor \"%s\" overflows: its shape has more elements "
                              "than can be counted",
                              az_tensor_shown(shown, tensor->name));
    if (*bytes % 8)
        return az_error_raise(
            error, AZ_FORMAT, "tensor \"%s\" ends within a byte: %" PRIu64 " elements of %s",
            az_tensor_shown(shown, tensor->name), elements, az_dtype_name(tensor->dtype));
    *bytes /= 8;
    return AZ_OK;
}

enum az_status az_safetensors_header_length(const void *first_bytes, uint64_t file_bytes,
                                            uint64_t *header_bytes, struct az_error *error)
{
    const unsigned char *bytes = first_bytes;
    uint64_t length = 0;
    if (file_bytes < AZ_SAFETENSORS_LENGTH_BYTES)
        return az_error_raise(error, AZ_FORMAT,
                              "too short for a safetensors file: %" PRIu64
                              " bytes, and the length of the header alone takes 8",
                              file_bytes);
    for (int n = 7; n >= 0; n--) length = length << 8 | bytes[n];
    if (length > AZ_SAFETENSORS_HEADER_BYTES)
        return az_error_raise(error, AZ_FORMAT,
                              "not a safetensors file, or damaged: its first 8 bytes give a header "
                              "of %" PRIu64 " bytes, and %d is the limit",
                              length, AZ_SAFETENSORS_HEADER_BYTES);
    if (length > file_bytes - AZ_SAFETENSORS_LENGTH_BYTES)
        return az_error_raise(error, AZ_FORMAT,
                              "cut short: the header has %" PRIu64
                              " bytes and the file only %" PRIu64,
                              length, file_bytes);
    *header_bytes = length;
    return AZ_OK;
}

/* Brackets and commas, an upper bound of the values that jansson will allocate. */
static enum az_status check_value_count(const char *text, uint64_t header_bytes,
                                        struct az_error *error)
{
    uint64_t count = 0;
    for (uint64_t n = 0; n < header_bytes; n++)
        count += text[n] == '[' || text[n] == '{' || text[n] == ',';
    if (count <= AZ_SAFETENSORS_HEADER_VALUES) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "the header has more than %d values; no honest file has so many tensors",
                          AZ_SAFETENSORS_HEADER_VALUES);
}

static enum az_status raise_json(const json_error_t *what, struct az_error *error)
{
    enum az_status status;
    switch (json_error_code(what)) {
    case json_error_out_of_memory:
        status = az_error_raise(error, AZ_MEMORY, "cannot allocate the parsed header");
        break;
    case json_error_invalid_utf8:
        status = az_error_raise(error, AZ_FORMAT, "the header is not valid UTF-8 (%s)", what->text);
        break;
    case json_error_numeric_overflow:
        status = az_error_raise(error, AZ_FORMAT, "a number in the header overflows 64 bits (%s)",
                                what->text);
        break;
    case json_error_duplicate_key:
        status =
            az_error_raise(error, AZ_FORMAT, "the header names something twice (%s)", what->text);
        break;
    default:
        status = az_error_raise(error, AZ_FORMAT, "the header is not valid JSON (%s)", what->text);
    }
    az_error_at(error, NULL, -1, AZ_SAFETENSORS_LENGTH_BYTES + what->position, -1);
    return status;
}

static enum az_status check_metadata(json_t *metadata, struct az_error *error)
{
    const char *key;
    json_t *value;
    char shown[AZ_SHOWN_BYTES];
    if (!json_is_object(metadata))
        return az_error_raise(error, AZ_FORMAT, "__metadata__ is not an object of strings");
    json_object_foreach(metadata, key, value) if (!json_is_string(value)) return az_error_raise(
        error, AZ_FORMAT, "__metadata__: the value of \"%s\" is no string",
        az_tensor_shown(shown, key));
    return AZ_OK;
}

/* list: `count` integers from 0 up into values. */
static bool read_sizes(json_t *list, size_t count, int64_t *values)
{
    for (size_t n = 0; n < count; n++) {
        json_t *value = json_array_get(list, n);
        if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
        values[n] = json_integer_value(value);
    }
    return true;
}

static bool read_dtype(json_t *value, enum az_dtype *dtype)
{
    if (!json_is_string(value)) return false;
    for (int n = 0; n < AZ_DTYPE_COUNT; n++) {
        *dtype = (enum az_dtype)n;
        if (strcmp(json_string_value(value), dtypes[n].name) == 0) return true;
    }
    return false;
}

static enum az_status read_shape(struct az_tensor *tensor, json_t *shape, struct az_error *error)
{
    char shown[AZ_SHOWN_BYTES];
    size_t rank = json_array_size(shape); /* 0 when it is no list */
    if (rank > AZ_TENSOR_DIMS)
        return az_error_raise(error, AZ_UNSUPPORTED,
                              "tensor \"%s\" has %zu dimensions; at most %d are read here",
                              az_tensor_shown(shown, tensor->name), rank, AZ_TENSOR_DIMS);
    tensor->rank = (int)rank;
    if (json_is_array(shape) && read_sizes(shape, rank, tensor->shape)) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT, "the shape of tensor \"%s\" is no list of sizes",
                          az_tensor_shown(shown, tensor->name));
}

/* Offsets are still relative to the data. */
static enum az_status read_tensor(struct az_tensor *tensor, const char *name, json_t *value,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    char shown[AZ_SHOWN_BYTES], other[AZ_SHOWN_BYTES];
    int64_t ends[2];
    uint64_t bytes;
    az_tensor_shown(shown, name);
    if (strlen(name) >= sizeof tensor->name)
        AZ_RAISE(AZ_UNSUPPORTED, "the name of tensor \"%s...\" is longer than %d bytes", shown,
                 AZ_TENSOR_NAME_BYTES - 1);
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    json_t *dtype = json_object_get(value, "dtype");
    json_t *offsets = json_object_get(value, "data_offsets");
    if (!json_is_object(value) || !json_is_string(dtype) || !json_is_array(offsets))
        AZ_RAISE(AZ_FORMAT, "tensor \"%s\" lacks its dtype or data_offsets in the header", shown);
    if (!read_dtype(dtype, &tensor->dtype))
        AZ_RAISE(AZ_UNSUPPORTED, "tensor \"%s\" has the unknown dtype \"%s\"", shown,
                 az_tensor_shown(other, json_string_value(dtype)));
    AZ_TRY(read_shape(tensor, json_object_get(value, "shape"), error));
    if (json_array_size(offsets) != 2 || !read_sizes(offsets, 2, ends) || ends[1] < ends[0])
        AZ_RAISE(AZ_FORMAT, "the data_offsets of tensor \"%s\" are no [begin, end]", shown);
    tensor->offset_bytes = (uint64_t)ends[0];
    tensor->bytes = (uint64_t)(ends[1] - ends[0]);
    AZ_TRY(az_tensor_bytes(tensor, &bytes, error));
    if (bytes != tensor->bytes)
        AZ_RAISE(AZ_FORMAT,
                 "tensor \"%s\" does not fill its place: its shape of %s takes %" PRIu64
                 " bytes and its data_offsets span %" PRIu64,
                 shown, az_dtype_name(tensor->dtype), bytes, tensor->bytes);
out:
    return status;
}

static int compare_places(const void *left, const void *right)
{
    const struct az_tensor *a = left, *b = right;
    if (a->offset_bytes != b->offset_bytes) return a->offset_bytes < b->offset_bytes ? -1 : 1;
    if (a->bytes != b->bytes) return a->bytes < b->bytes ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int compare_names(const void *left, const void *right)
{
    const struct az_tensor *const *a = left, *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

/* The sorted tensors must follow one another from 0 to the end of the file. */
static enum az_status place_tensors(struct az_safetensors_header *header, uint64_t data_bytes,
                                    uint64_t data_begin, struct az_error *error)
{
    char shown[AZ_SHOWN_BYTES];
    uint64_t end = 0;
    for (size_t n = 0; n < header->count; n++) {
        struct az_tensor *tensor = &header->tensors[n];
        if (tensor->offset_bytes != end)
            return az_error_raise(error, AZ_FORMAT,
                                  "%s before tensor \"%s\": it begins at byte %" PRIu64
                                  " of the data and the one before ends at %" PRIu64,
                                  tensor->offset_bytes > end ? "a hole" : "an overlap",
                                  az_tensor_shown(shown, tensor->name), tensor->offset_bytes, end);
        end += tensor->bytes;
        if (end > data_bytes) break;
        tensor->offset_bytes += data_begin;
    }
    if (end == data_bytes) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "%s: the tensors of the header take %" PRIu64
                          " bytes or more and the file holds %" PRIu64 " bytes of data",
                          end > data_bytes ? "cut short" : "bytes beyond the last tensor", end,
                          data_bytes);
}

static enum az_status list_keys(struct az_safetensors_header *header, struct az_error *error)
{
    const char *key;
    json_t *value;
    enum az_status status = az_memory_allocate(&header->keys, json_object_size(header->metadata),
                                               sizeof *header->keys, "the metadata", error);
    if (status != AZ_OK) return status;
    json_object_foreach(header->metadata, key, value) header->keys[header->key_count++] = key;
    return AZ_OK;
}

static enum az_status read_tensors(struct az_safetensors_header *header, json_t *root,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *name;
    json_t *value;
    size_t capacity = json_object_size(root);
    AZ_TRY(az_memory_allocate(&header->tensors, capacity, sizeof *header->tensors,
                              "the list of tensors", error));
    AZ_TRY(az_memory_allocate(&header->by_name, capacity, sizeof *header->by_name,
                              "the list of tensors", error));
    json_object_foreach(root, name, value)
    {
        if (strcmp(name, "__metadata__") == 0) {
            AZ_TRY(check_metadata(value, error));
            header->metadata = json_incref(value);
            AZ_TRY(list_keys(header, error));
            continue;
        }
        AZ_TRY(read_tensor(&header->tensors[header->count], name, value, error));
        header->by_name[header->count] = &header->tensors[header->count];
        header->count++;
    }
    qsort(header->tensors, header->count, sizeof *header->tensors, compare_places);
    qsort(header->by_name, header->count, sizeof *header->by_name, compare_names);
out:
    return status;
}

enum az_status az_safetensors_header_parse(struct az_safetensors_header *header, const char *text,
                                           uint64_t header_bytes, uint64_t file_bytes,
                                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    json_error_t what;
    json_t *root = NULL;
    *header = (struct az_safetensors_header){0};
    AZ_TRY(check_value_count(text, header_bytes, error));
    root = json_loadb(text, header_bytes, JSON_REJECT_DUPLICATES, &what);
    if (!root) {
        status = raise_json(&what, error);
        goto out;
    }
    if (!json_is_object(root)) AZ_RAISE(AZ_FORMAT, "the header is not a JSON object");
    AZ_TRY(read_tensors(header, root, error));
    uint64_t data_begin = AZ_SAFETENSORS_LENGTH_BYTES + header_bytes;
    AZ_TRY(place_tensors(header, file_bytes - data_begin, data_begin, error));
out:
    json_decref(root);
    return status;
}

void az_safetensors_header_free(struct az_safetensors_header *header)
{
    az_memory_free(header->tensors);
    az_memory_free(header->by_name);
    json_decref(header->metadata);
    az_memory_free(header->keys);
    *header = (struct az_safetensors_header){0};
}

const struct az_tensor *az_safetensors_header_find(const struct az_safetensors_header *header,
                                                   const char *name)
{
    size_t low = 0, high = header->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, header->by_name[middle]->name);
        if (order == 0) return header->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
