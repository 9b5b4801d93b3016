/* Object headers and groups: what is in the file. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/hdf5_bytes.h"
#include "store/hdf5_reader.h"
#include "store/recording_names.h"
#include "store/safetensors_header.h"

enum { DEPTH = 8, OBJECTS = 65536, NODES = 32 };

/* An object while its messages come by. */
struct object {
    char path[AZ_TENSOR_NAME_BYTES]; /* "" for the root */
    int depth;
    struct az_hdf5_source source;
    bool has_space, has_type, has_layout, is_group, bf16;
    struct az_hdf5_type type;
    uint64_t tree_address, heap_address; /* of a symbol table */
};

static enum az_status walk_object(struct az_hdf5_reader *reader, const char *path, int depth,
                                  uint64_t address, struct az_error *error);

static enum az_status walk_child(struct az_hdf5_reader *reader, const struct object *parent,
                                 const char *name, size_t length, uint64_t address,
                                 struct az_error *error)
{
    char path[AZ_TENSOR_NAME_BYTES];
    size_t before = strlen(parent->path);
    if (length == 0 || before + length + 2 > sizeof path || parent->depth >= DEPTH ||
        memchr(name, 0, length))
        return AZ_OK; /* no name that a recording has */
    memcpy(path, parent->path, before);
    if (before) path[before++] = '/';
    memcpy(path + before, name, length);
    path[before + length] = 0;
    return walk_object(reader, path, parent->depth + 1, address, error);
}

/* ---- messages ---- */

static enum az_status add_metadata(struct az_hdf5_reader *reader, const char *name, char *value,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (reader->metadata_count + 2 > reader->metadata_capacity) {
        size_t capacity = reader->metadata_capacity + 128;
        AZ_TRY(az_memory_grow(&reader->metadata, reader->metadata_capacity, capacity,
                              sizeof *reader->metadata, "the metadata", error));
        reader->metadata_capacity = capacity;
    }
    AZ_TRY(az_memory_copy_string(&reader->metadata[reader->metadata_count], name, error));
    reader->metadata[reader->metadata_count + 1] = value;
    reader->metadata_count += 2;
    value = NULL;
out:
    az_memory_free(value);
    return status;
}

static enum az_status take_attribute(struct az_hdf5_reader *reader, struct object *object,
                                     struct az_hdf5_cursor from, struct az_error *error)
{
    char name[AZ_TENSOR_NAME_BYTES], *value;
    enum az_status status = az_hdf5_parse_attribute(reader, from, name, &value, error);
    if (status != AZ_OK || !value) return status;
    if (object->path[0] == 0) return add_metadata(reader, name, value, error);
    object->bf16 |= strcmp(name, "dtype") == 0 && strcmp(value, "bfloat16") == 0;
    az_memory_free(value);
    return AZ_OK;
}

static enum az_status take_link(struct az_hdf5_reader *reader, struct object *object,
                                struct az_hdf5_cursor from, struct az_error *error)
{
    uint64_t version = az_hdf5_get(&from, 1), flags = az_hdf5_get(&from, 1);
    uint64_t kind = flags & 8 ? az_hdf5_get(&from, 1) : 0;
    az_hdf5_skip(&from, (flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0));
    size_t length = (size_t)az_hdf5_get(&from, (size_t)1 << (flags & 3));
    struct az_hdf5_cursor name = az_hdf5_take(&from, length);
    uint64_t address = kind == 0 ? az_hdf5_get(&from, 8) : 0;
    object->is_group = true;
    if (from.bad || version != 1)
        return az_error_raise(error, AZ_FORMAT, "a link in the group \"/%s\" is malformed",
                              object->path);
    if (kind != 0) return AZ_OK; /* soft and external links lead elsewhere */
    return walk_child(reader, object, (const char *)name.at, length, address, error);
}

static enum az_status take_link_info(struct object *object, struct az_hdf5_cursor from,
                                     struct az_error *error)
{
    az_hdf5_skip(&from, 1);
    az_hdf5_skip(&from, az_hdf5_get(&from, 1) & 1 ? 8 : 0);
    object->is_group = true;
    if (az_hdf5_get(&from, 8) == AZ_HDF5_NOWHERE || from.bad) return AZ_OK;
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "keeps the links of its group \"/%s\" in a fractal heap, which is not "
                          "read: write it with h5py's default libver, or h5repack it with --low=0 "
                          "--high=1",
                          object->path);
}

static enum az_status take_attribute_info(struct object *object, struct az_hdf5_cursor from,
                                          struct az_error *error)
{
    az_hdf5_skip(&from, 1);
    az_hdf5_skip(&from, az_hdf5_get(&from, 1) & 1 ? 2 : 0);
    if (az_hdf5_get(&from, 8) == AZ_HDF5_NOWHERE || from.bad) return AZ_OK;
    if (object->path[0]) {
        az_hdf5_refuse(&object->source, "it keeps its attributes in a fractal heap");
        return AZ_OK;
    }
    return az_error_raise(
        error, AZ_UNSUPPORTED,
        "keeps its attributes in a fractal heap, which is not read: write it with "
        "h5py's default libver, or h5repack it with --low=0 --high=1");
}

/* The header that the bytes lie in does not outlive its messages. */
static enum az_status keep_compact(struct az_hdf5_source *source, struct az_hdf5_cursor compact,
                                   struct az_error *error)
{
    enum az_status status = az_memory_allocate(&source->own, compact.left, 1, "a dataset", error);
    if (status != AZ_OK) return status;
    if (compact.left) memcpy(source->own, compact.at, compact.left);
    source->bytes = compact.left;
    return AZ_OK;
}

static enum az_status take_message(struct az_hdf5_reader *reader, struct object *object,
                                   unsigned type, unsigned flags, struct az_hdf5_cursor from,
                                   struct az_error *error)
{
    struct az_hdf5_source *source = &object->source;
    struct az_hdf5_cursor compact = {0};
    if (flags & 2) { /* shared: the message lies elsewhere */
        if (type == AZ_HDF5_DATATYPE || type == AZ_HDF5_DATASPACE || type == AZ_HDF5_PIPELINE)
            az_hdf5_refuse(source, "its type is a named one");
        object->has_type |= type == AZ_HDF5_DATATYPE;
        return AZ_OK;
    }
    switch (type) {
    case AZ_HDF5_DATASPACE:
        object->has_space = true;
        if (!az_hdf5_parse_space(from, &source->tensor.rank, source->tensor.shape,
                                 source->largest)) {
            source->tensor.rank = 0;
            az_hdf5_refuse(source, "it has a shape that is not read");
        }
        break;
    case AZ_HDF5_DATATYPE:
        object->has_type = true;
        az_hdf5_parse_type(from, &object->type);
        break;
    case AZ_HDF5_LAYOUT:
        object->has_layout = true;
        az_memory_free(source->own); /* of a layout before this one */
        source->own = NULL;
        az_hdf5_parse_layout(from, source, &compact);
        if (compact.at) return keep_compact(source, compact, error);
        break;
    case AZ_HDF5_PIPELINE: az_hdf5_parse_filters(from, source); break;
    case AZ_HDF5_OLD_FILL_VALUE:
    case AZ_HDF5_FILL_VALUE:
        az_hdf5_parse_fill(from, type == AZ_HDF5_OLD_FILL_VALUE, source);
        break;
    case AZ_HDF5_EXTERNAL: az_hdf5_refuse(source, "its numbers lie in other files"); break;
    case AZ_HDF5_ATTRIBUTE_INFO: return take_attribute_info(object, from, error);
    case AZ_HDF5_ATTRIBUTE: return take_attribute(reader, object, from, error);
    case AZ_HDF5_LINK: return take_link(reader, object, from, error);
    case AZ_HDF5_LINK_INFO: return take_link_info(object, from, error);
    case AZ_HDF5_SYMBOL_TABLE:
        object->is_group = true;
        object->tree_address = az_hdf5_get(&from, 8);
        object->heap_address = az_hdf5_get(&from, 8);
        break;
    default: break;
    }
    return AZ_OK;
}

/* version: of the object header. order: each message has two bytes of its order of creation. */
static enum az_status take_messages(struct az_hdf5_reader *reader, struct object *object,
                                    struct az_hdf5_cursor from, int version, bool order, int depth,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    size_t head = version == 1 ? 8 : order ? 6 : 4;
    while (from.left >= head) {
        unsigned type = (unsigned)az_hdf5_get(&from, version == 1 ? 2 : 1);
        size_t length = (size_t)az_hdf5_get(&from, 2);
        unsigned flags = (unsigned)az_hdf5_get(&from, 1);
        az_hdf5_skip(&from, version == 1 ? 3 : order ? 2 : 0);
        struct az_hdf5_cursor message = az_hdf5_take(&from, length);
        if (from.bad) AZ_RAISE(AZ_FORMAT, "the header of \"/%s\" is malformed", object->path);
        if (type != AZ_HDF5_CONTINUATION) {
            AZ_TRY(take_message(reader, object, type, flags, message, error));
            continue;
        }
        uint64_t address = az_hdf5_get(&message, 8), bytes_there = az_hdf5_get(&message, 8);
        if (message.bad || depth > NODES || (version == 2 && bytes_there < 8))
            AZ_RAISE(AZ_FORMAT, "the header of \"/%s\" does not end", object->path);
        AZ_TRY(az_hdf5_fetch(reader, address, bytes_there, &bytes, error));
        struct az_hdf5_cursor more = {bytes, (size_t)bytes_there, false};
        if (version == 2) {
            az_hdf5_skip(&more, 4); /* "OCHK" */
            more.left -= 4;         /* its checksum */
        }
        AZ_TRY(take_messages(reader, object, more, version, order, depth + 1, error));
        az_memory_free(bytes);
        bytes = NULL;
    }
out:
    az_memory_free(bytes);
    return status;
}

static enum az_status take_header_1(struct az_hdf5_reader *reader, struct object *object,
                                    uint64_t address, struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    AZ_TRY(az_hdf5_fetch(reader, address, 16, &bytes, error));
    struct az_hdf5_cursor from = {bytes, 16, false};
    az_hdf5_skip(&from, 8);
    uint64_t length = az_hdf5_get(&from, 4);
    az_memory_free(bytes);
    bytes = NULL;
    AZ_TRY(az_hdf5_fetch(reader, address + 16, length, &bytes, error));
    from = (struct az_hdf5_cursor){bytes, (size_t)length, false};
    AZ_TRY(take_messages(reader, object, from, 1, false, 0, error));
out:
    az_memory_free(bytes);
    return status;
}

static enum az_status take_header_2(struct az_hdf5_reader *reader, struct object *object,
                                    uint64_t address, struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    AZ_TRY(az_hdf5_fetch(reader, address, 16, &bytes, error));
    unsigned flags = bytes[5];
    size_t head = 6u + (flags & 32 ? 16u : 0u) + (flags & 16 ? 4u : 0u);
    size_t width = (size_t)1 << (flags & 3);
    az_memory_free(bytes);
    bytes = NULL;
    AZ_TRY(az_hdf5_fetch(reader, address, head + width, &bytes, error));
    struct az_hdf5_cursor from = {bytes + head, width, false};
    uint64_t length = az_hdf5_get(&from, width);
    az_memory_free(bytes);
    bytes = NULL;
    if (length > reader->file_bytes)
        AZ_RAISE(AZ_FORMAT, "the header of \"/%s\" is malformed", object->path);
    size_t total = head + width + (size_t)length;
    AZ_TRY(az_hdf5_fetch(reader, address, total + 4, &bytes, error));
    from = (struct az_hdf5_cursor){bytes + total, 4, false};
    if (!az_hdf5_checksum_holds(az_hdf5_get(&from, 4), bytes, total))
        AZ_RAISE(AZ_FORMAT, "the header of \"/%s\" is damaged: its checksum is another",
                 object->path);
    from = (struct az_hdf5_cursor){bytes + head + width, (size_t)length, false};
    AZ_TRY(take_messages(reader, object, from, 2, flags & 4, 0, error));
out:
    az_memory_free(bytes);
    return status;
}

/* ---- symbol tables ---- */

static enum az_status take_symbols(struct az_hdf5_reader *reader, const struct object *object,
                                   uint64_t address, struct az_hdf5_cursor names,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    AZ_TRY(az_hdf5_fetch(reader, address, 8, &bytes, error));
    size_t count = (size_t)(bytes[6] | bytes[7] << 8);
    bool named = memcmp(bytes, "SNOD\x01", 5) == 0;
    az_memory_free(bytes);
    bytes = NULL;
    if (!named) AZ_RAISE(AZ_FORMAT, "the group \"/%s\" is malformed", object->path);
    AZ_TRY(az_hdf5_fetch(reader, address + 8, 40 * count, &bytes, error));
    struct az_hdf5_cursor from = {bytes, 40 * count, false};
    for (size_t n = 0; n < count; n++) {
        struct az_hdf5_cursor name = names;
        az_hdf5_skip(&name, (size_t)az_hdf5_get(&from, 8));
        uint64_t child = az_hdf5_get(&from, 8), kind = az_hdf5_get(&from, 4);
        az_hdf5_skip(&from, 20);
        const unsigned char *end = name.bad ? NULL : memchr(name.at, 0, name.left);
        if (!end) AZ_RAISE(AZ_FORMAT, "a name in the group \"/%s\" is malformed", object->path);
        if (kind > 1) continue; /* a soft link */
        AZ_TRY(walk_child(reader, object, (const char *)name.at, (size_t)(end - name.at), child,
                          error));
    }
out:
    az_memory_free(bytes);
    return status;
}

static enum az_status take_tree(struct az_hdf5_reader *reader, const struct object *object,
                                uint64_t address, struct az_hdf5_cursor names, int depth,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    AZ_TRY(az_hdf5_fetch(reader, address, 24, &bytes, error));
    unsigned level = bytes[5];
    size_t count = (size_t)(bytes[6] | bytes[7] << 8);
    bool named = memcmp(bytes, "TREE\0", 5) == 0;
    az_memory_free(bytes);
    bytes = NULL;
    if (!named || depth > NODES)
        AZ_RAISE(AZ_FORMAT, "the group \"/%s\" is malformed", object->path);
    AZ_TRY(az_hdf5_fetch(reader, address + 24, 16 * count + 8, &bytes, error));
    struct az_hdf5_cursor from = {bytes, 16 * count + 8, false};
    for (size_t n = 0; n < count; n++) {
        az_hdf5_skip(&from, 8);
        uint64_t child = az_hdf5_get(&from, 8);
        AZ_TRY(level ? take_tree(reader, object, child, names, depth + 1, error)
                     : take_symbols(reader, object, child, names, error));
    }
out:
    az_memory_free(bytes);
    return status;
}

static enum az_status take_group(struct az_hdf5_reader *reader, const struct object *object,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL, *names = NULL;
    AZ_TRY(az_hdf5_fetch(reader, object->heap_address, 32, &bytes, error));
    struct az_hdf5_cursor from = {bytes, 32, false};
    bool named = memcmp(bytes, "HEAP\0", 5) == 0;
    az_hdf5_skip(&from, 8);
    uint64_t length = az_hdf5_get(&from, 8);
    az_hdf5_skip(&from, 8);
    uint64_t address = az_hdf5_get(&from, 8);
    if (!named) AZ_RAISE(AZ_FORMAT, "the group \"/%s\" is malformed", object->path);
    AZ_TRY(az_hdf5_fetch(reader, address, length, &names, error));
    from = (struct az_hdf5_cursor){names, (size_t)length, false};
    AZ_TRY(take_tree(reader, object, object->tree_address, from, 0, error));
out:
    az_memory_free(bytes);
    az_memory_free(names);
    return status;
}

/* ---- objects ---- */

/* bf16 in a uint16 by its attribute, or as the notebooks wrote it, by the name alone. */
static void name_type(struct object *object)
{
    struct az_tensor *tensor = &object->source.tensor;
    const struct az_known_movie *known = az_known_movie(object->path);
    tensor->dtype = object->type.number ? object->type.dtype : AZ_DTYPE_U8;
    if (tensor->dtype == AZ_DTYPE_U16 && (object->bf16 || (known && known->frame_rank > 0)))
        tensor->dtype = AZ_DTYPE_BF16;
    if (!object->type.number)
        az_hdf5_refuse(&object->source,
                       "it has a type that is not read (class %u, %zu bytes): "
                       "numbers in little-endian order are",
                       object->type.class, object->type.bytes);
}

static void check_chunks(struct az_hdf5_source *source)
{
    struct az_hdf5_grid *grid = &source->grid;
    uint64_t bytes = grid->element_bytes;
    if (!source->readable) return;
    if (grid->rank != source->tensor.rank ||
        grid->element_bytes != az_dtype_bytes(source->tensor.dtype)) {
        az_hdf5_refuse(source, "its chunks have another shape or type than it has");
        return;
    }
    memcpy(grid->shape, source->tensor.shape, sizeof grid->shape);
    for (int n = 0; n < grid->rank; n++) {
        bytes *= (uint64_t)grid->chunk[n]; /* both below 2^32 */
        if (bytes > UINT32_MAX) {
            az_hdf5_refuse(source, "its chunks are larger than 4 GiB");
            return;
        }
    }
    if (source->tensor.bytes) az_hdf5_measure_grid(grid);
}

static enum az_status add_source(struct az_hdf5_reader *reader, struct object *object,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_source *source = &object->source;
    if (reader->count == OBJECTS) AZ_RAISE(AZ_FORMAT, "has more than %d datasets", OBJECTS);
    snprintf(source->tensor.name, sizeof source->tensor.name, "%s", object->path);
    name_type(object);
    if (!object->type.number && az_known_movie(object->path))
        AZ_RAISE(AZ_UNSUPPORTED, "%s cannot be read: %s", object->path, source->reason);
    if (az_tensor_bytes(&source->tensor, &source->tensor.bytes, NULL) != AZ_OK) {
        source->tensor.bytes = 0;
        az_hdf5_refuse(source, "its shape is larger than any file");
    }
    if (source->layout == AZ_HDF5_CHUNKS) check_chunks(source);
    if (reader->count == reader->capacity) {
        AZ_TRY(az_memory_grow(&reader->sources, reader->capacity, reader->capacity + 64,
                              sizeof *reader->sources, "the list of datasets", error));
        reader->capacity += 64;
    }
    reader->sources[reader->count++] = *source;
    source->own = NULL; /* it is the reader's */
out:
    return status;
}

static enum az_status walk_object(struct az_hdf5_reader *reader, const char *path, int depth,
                                  uint64_t address, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct object *object = NULL;
    unsigned char *bytes = NULL;
    AZ_TRY(az_memory_allocate(&object, 1, sizeof *object, "an object of the file", error));
    snprintf(object->path, sizeof object->path, "%s", path);
    object->depth = depth;
    object->source.readable = true;
    object->tree_address = AZ_HDF5_NOWHERE;
    AZ_TRY(az_hdf5_fetch(reader, address, 4, &bytes, error));
    if (memcmp(bytes, "OHDR", 4) == 0)
        AZ_TRY(take_header_2(reader, object, address, error));
    else if (bytes[0] == 1)
        AZ_TRY(take_header_1(reader, object, address, error));
    else
        AZ_RAISE(AZ_FORMAT, "there is no object at %" PRIu64 ", where \"/%s\" should be", address,
                 path);
    if (object->tree_address != AZ_HDF5_NOWHERE) AZ_TRY(take_group(reader, object, error));
    if (object->has_space && object->has_type && object->has_layout && !object->is_group)
        AZ_TRY(add_source(reader, object, error));
out:
    az_memory_free(bytes);
    if (object) az_memory_free(object->source.own);
    az_memory_free(object);
    return status;
}

enum az_status az_hdf5_walk(struct az_hdf5_reader *reader, uint64_t root_address,
                            struct az_error *error)
{
    return walk_object(reader, "", 0, root_address, error);
}
