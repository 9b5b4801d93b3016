#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "store/json.h"
#include "store/safetensors_header.h"
#include "store/safetensors_writer.h"

#define HEADER_ALIGNMENT_BYTES 8

static unsigned alignment_of(const struct az_tensor *tensor)
{
    size_t bytes = az_dtype_bytes(tensor->dtype);
    return bytes ? (unsigned)bytes : 1;
}

/* Descending element size, stable. */
static void order_tensors(struct az_safetensors_layout *layout)
{
    size_t used = 0;
    for (unsigned bytes = 8; bytes; bytes /= 2)
        for (size_t n = 0; n < layout->count; n++)
            if (alignment_of(&layout->tensors[n]) == bytes) layout->order[used++] = n;
}

static enum az_status check_tensor(const struct az_tensor *tensor, struct az_error *error)
{
    char shown[AZ_SHOWN_BYTES] = "(without end)";
    bool ended = memchr(tensor->name, 0, sizeof tensor->name) != NULL;
    if (ended) az_tensor_shown(shown, tensor->name);
    bool valid = ended && tensor->rank >= 0 && tensor->rank <= AZ_TENSOR_DIMS &&
                 (unsigned)tensor->dtype < AZ_DTYPE_COUNT &&
                 strcmp(tensor->name, "__metadata__") != 0;
    for (int n = 0; valid && n < tensor->rank; n++) valid = tensor->shape[n] >= 0;
    if (valid) return AZ_OK;
    return az_error_raise(error, AZ_USAGE,
                          "tensor \"%s\" cannot be written: its name, type or shape is not one",
                          shown);
}

static enum az_status place_tensors(struct az_safetensors_layout *layout, uint64_t *data_bytes,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n < layout->count; n++) {
        AZ_TRY(check_tensor(&layout->tensors[n], error));
        AZ_TRY(az_tensor_bytes(&layout->tensors[n], &layout->tensors[n].bytes, error));
    }
    order_tensors(layout);
    *data_bytes = 0;
    for (size_t n = 0; n < layout->count; n++) {
        struct az_tensor *tensor = &layout->tensors[layout->order[n]];
        tensor->offset_bytes = *data_bytes;
        *data_bytes += tensor->bytes;
        if (*data_bytes > INT64_MAX) AZ_RAISE(AZ_USAGE, "the file would exceed 2^63 bytes");
    }
out:
    return status;
}

static void write_tensor(struct az_json *json, const struct az_tensor *tensor)
{
    az_json_open(json, tensor->name, '{');
    az_json_text(json, "dtype", az_dtype_name(tensor->dtype));
    az_json_open(json, "shape", '[');
    for (int n = 0; n < tensor->rank; n++) az_json_integer(json, NULL, tensor->shape[n]);
    az_json_close(json, ']');
    az_json_open(json, "data_offsets", '[');
    az_json_unsigned(json, NULL, tensor->offset_bytes);
    az_json_unsigned(json, NULL, tensor->offset_bytes + tensor->bytes);
    az_json_close(json, ']');
    az_json_close(json, '}');
}

static enum az_status write_json(const struct az_safetensors_layout *layout, char **text,
                                 size_t *length_bytes, struct az_error *error)
{
    struct az_json json;
    az_json_init(&json, false);
    az_json_open(&json, NULL, '{');
    if (layout->metadata && layout->metadata[0]) {
        az_json_open(&json, "__metadata__", '{');
        for (const char *const *pair = layout->metadata; *pair; pair += 2)
            az_json_text(&json, pair[0], pair[1]);
        az_json_close(&json, '}');
    }
    for (size_t n = 0; n < layout->count; n++)
        write_tensor(&json, &layout->tensors[layout->order[n]]);
    az_json_close(&json, '}');
    enum az_status status = az_json_take(&json, text, length_bytes, error);
    az_json_free(&json);
    return status;
}

/* 8 bytes of length, little-endian, then the text and spaces up to the alignment. */
static enum az_status pad_header(struct az_safetensors_layout *layout, const char *text,
                                 size_t length_bytes, struct az_error *error)
{
    uint64_t padded = (length_bytes + HEADER_ALIGNMENT_BYTES - 1) / HEADER_ALIGNMENT_BYTES *
                      HEADER_ALIGNMENT_BYTES;
    layout->header_bytes = AZ_SAFETENSORS_LENGTH_BYTES + padded;
    enum az_status status =
        az_memory_allocate(&layout->header, layout->header_bytes, 1, "the header", error);
    if (status != AZ_OK) return status;
    for (int n = 0; n < AZ_SAFETENSORS_LENGTH_BYTES; n++)
        layout->header[n] = (char)(padded >> (8 * n) & 0xff);
    memcpy(layout->header + AZ_SAFETENSORS_LENGTH_BYTES, text, length_bytes);
    memset(layout->header + AZ_SAFETENSORS_LENGTH_BYTES + length_bytes, ' ', padded - length_bytes);
    return AZ_OK;
}

/* What we write, we can read: bad UTF-8, a name given twice and a header too large show here. */
static enum az_status check_header(const struct az_safetensors_layout *layout,
                                   struct az_error *error)
{
    struct az_safetensors_header header = {0};
    uint64_t length;
    enum az_status status =
        az_safetensors_header_length(layout->header, layout->file_bytes, &length, error);
    if (status == AZ_OK)
        status = az_safetensors_header_parse(&header, layout->header + AZ_SAFETENSORS_LENGTH_BYTES,
                                             length, layout->file_bytes, error);
    az_safetensors_header_free(&header);
    if (status != AZ_FORMAT) return status;
    if (error) error->status = AZ_USAGE;
    return AZ_USAGE;
}

enum az_status az_safetensors_layout(struct az_safetensors_layout *layout, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *text = NULL;
    size_t length;
    uint64_t data_bytes;
    AZ_TRY(az_memory_allocate(&layout->order, layout->count, sizeof *layout->order,
                              "the order of tensors", error));
    AZ_TRY(place_tensors(layout, &data_bytes, error));
    AZ_TRY(write_json(layout, &text, &length, error));
    AZ_TRY(pad_header(layout, text, length, error));
    layout->file_bytes = layout->header_bytes + data_bytes;
    AZ_TRY(check_header(layout, error));
    for (size_t n = 0; n < layout->count; n++)
        layout->tensors[n].offset_bytes += layout->header_bytes;
out:
    az_memory_free(text);
    return status;
}

void az_safetensors_layout_free(struct az_safetensors_layout *layout)
{
    az_memory_free(layout->header);
    az_memory_free(layout->order);
    layout->header = NULL;
    layout->order = NULL;
}
