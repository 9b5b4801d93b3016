/* Attributes, and the global heap that holds their texts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/number.h"
#include "store/hdf5_reader.h"

#define HEAP_BYTES ((uint64_t)16 << 20)

static enum az_status load_heap(struct az_hdf5_reader *reader, uint64_t address,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    if (reader->heap && reader->heap_address == address) return AZ_OK;
    AZ_TRY(az_hdf5_fetch(reader, address, 16, &bytes, error));
    struct az_hdf5_cursor from = {bytes, 16, false};
    bool named = memcmp(bytes, "GCOL\x01", 5) == 0;
    az_hdf5_skip(&from, 8);
    uint64_t length = az_hdf5_get(&from, 8);
    if (!named || length < 16 || length > HEAP_BYTES)
        AZ_RAISE(AZ_FORMAT, "there is no heap of texts at %" PRIu64, address);
    az_memory_free(reader->heap);
    reader->heap = NULL;
    AZ_TRY(az_hdf5_fetch(reader, address, length, &reader->heap, error));
    reader->heap_address = address;
    reader->heap_bytes = (size_t)length;
out:
    az_memory_free(bytes);
    return status;
}

/* The object of a number in the heap; length 0 when it is not there. */
static struct az_hdf5_cursor find_object(const struct az_hdf5_reader *reader, uint64_t number)
{
    struct az_hdf5_cursor from = {reader->heap + 16, reader->heap_bytes - 16, false};
    const struct az_hdf5_cursor none = {NULL, 0, true};
    while (from.left >= 16) {
        uint64_t index = az_hdf5_get(&from, 2);
        az_hdf5_skip(&from, 6);
        uint64_t length = az_hdf5_get(&from, 8);
        if (index == 0 || length > from.left) return none;
        if (index == number) return az_hdf5_take(&from, (size_t)length);
        uint64_t padded = (length + 7) / 8 * 8;
        if (padded > from.left) return none;
        az_hdf5_skip(&from, (size_t)padded);
    }
    return none;
}

static enum az_status copy_text(const unsigned char *bytes, size_t length, char **value,
                                struct az_error *error)
{
    enum az_status status = az_memory_allocate(value, length + 1, 1, "an attribute", error);
    if (status == AZ_OK && length) memcpy(*value, bytes, length);
    return status;
}

static enum az_status long_text(struct az_hdf5_reader *reader, struct az_hdf5_cursor from,
                                char **value, struct az_error *error)
{
    size_t length = (size_t)az_hdf5_get(&from, 4);
    uint64_t address = az_hdf5_get(&from, 8), number = az_hdf5_get(&from, 4);
    if (from.bad || length == 0) return copy_text(NULL, 0, value, error);
    enum az_status status = load_heap(reader, address, error);
    if (status != AZ_OK) return status;
    struct az_hdf5_cursor object = find_object(reader, number);
    if (object.bad || object.left < length)
        return az_error_raise(error, AZ_FORMAT, "the text of an attribute is not in its heap");
    return copy_text(object.at, length, value, error);
}

static enum az_status number_text(const struct az_hdf5_type *type, struct az_hdf5_cursor from,
                                  char **value, struct az_error *error)
{
    char text[64] = "";
    size_t bytes = type->bytes;
    float narrow;
    double wide;
    if (from.left < bytes || bytes > 8) return AZ_OK;
    uint64_t raw = az_hdf5_get(&from, bytes);
    uint32_t low = (uint32_t)raw;
    switch (type->dtype) {
    case AZ_DTYPE_F32:
        memcpy(&narrow, &low, sizeof narrow);
        snprintf(text, sizeof text, "%.17g", az_number_meant(narrow));
        break;
    case AZ_DTYPE_F64:
        memcpy(&wide, &raw, sizeof wide);
        snprintf(text, sizeof text, "%.17g", wide);
        break;
    case AZ_DTYPE_I8:
    case AZ_DTYPE_I16:
    case AZ_DTYPE_I32:
    case AZ_DTYPE_I64: {
        uint64_t sign = (uint64_t)1 << (8 * bytes - 1);
        snprintf(text, sizeof text, "%" PRId64, (int64_t)((raw ^ sign) - sign));
        break;
    }
    case AZ_DTYPE_F16:
    case AZ_DTYPE_BF16: return AZ_OK;
    default: snprintf(text, sizeof text, "%" PRIu64, raw);
    }
    return copy_text((const unsigned char *)text, strlen(text), value, error);
}

static size_t padded(size_t length, uint64_t version)
{
    return version == 1 ? (length + 7) / 8 * 8 : length;
}

enum az_status az_hdf5_parse_attribute(struct az_hdf5_reader *reader, struct az_hdf5_cursor from,
                                       char name[AZ_TENSOR_NAME_BYTES], char **value,
                                       struct az_error *error)
{
    struct az_hdf5_type type;
    int rank;
    int64_t shape[AZ_TENSOR_DIMS], largest[AZ_TENSOR_DIMS];
    uint64_t version = az_hdf5_get(&from, 1);
    az_hdf5_skip(&from, 1);
    size_t name_bytes = (size_t)az_hdf5_get(&from, 2), type_bytes = (size_t)az_hdf5_get(&from, 2);
    size_t space_bytes = (size_t)az_hdf5_get(&from, 2);
    if (version == 3) az_hdf5_skip(&from, 1);
    struct az_hdf5_cursor name_text = az_hdf5_take(&from, padded(name_bytes, version));
    struct az_hdf5_cursor type_text = az_hdf5_take(&from, padded(type_bytes, version));
    struct az_hdf5_cursor space_text = az_hdf5_take(&from, padded(space_bytes, version));
    *value = NULL;
    name[0] = 0;
    if (from.bad || version < 1 || version > 3 || name_bytes == 0 ||
        name_bytes > AZ_TENSOR_NAME_BYTES)
        return AZ_OK;
    memcpy(name, name_text.at, name_bytes);
    name[name_bytes - 1] = 0;
    az_hdf5_parse_type(type_text, &type);
    if (!az_hdf5_parse_space(space_text, &rank, shape, largest) || rank > 1 ||
        (rank == 1 && shape[0] != 1))
        return AZ_OK;
    if (type.long_text) return long_text(reader, from, value, error);
    if (type.text && type.bytes <= from.left) return copy_text(from.at, type.bytes, value, error);
    if (type.number) return number_text(&type, from, value, error);
    return AZ_OK;
}
