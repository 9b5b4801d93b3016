/* The messages of an object header: types, shapes, layouts, filters. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/raise.h"
#include "store/hdf5_bytes.h"
#include "store/hdf5_reader.h"

uint64_t az_hdf5_get(struct az_hdf5_cursor *from, size_t length)
{
    uint64_t value = 0;
    from->bad |= length > from->left || length > 8;
    if (from->bad) return 0;
    for (size_t n = 0; n < length; n++) value |= (uint64_t)from->at[n] << 8 * n;
    from->at += length;
    from->left -= length;
    return value;
}

void az_hdf5_skip(struct az_hdf5_cursor *from, size_t length)
{
    from->bad |= length > from->left;
    if (from->bad) return;
    from->at += length;
    from->left -= length;
}

struct az_hdf5_cursor az_hdf5_take(struct az_hdf5_cursor *from, size_t length)
{
    struct az_hdf5_cursor part = {from->at, length, from->bad || length > from->left};
    az_hdf5_skip(from, length);
    if (part.bad) part.left = 0;
    return part;
}

void az_hdf5_refuse(struct az_hdf5_source *source, const char *format, ...)
{
    va_list arguments;
    if (!source->readable) return;
    source->readable = false;
    va_start(arguments, format);
    vsnprintf(source->reason, sizeof source->reason, format, arguments);
    va_end(arguments);
}

/* ---- types ---- */

enum { FIXED = 0, FLOAT = 1, TEXT = 3, ENUMERATION = 8, VARIABLE = 9 };

static void parse_integer(struct az_hdf5_cursor from, unsigned bits, struct az_hdf5_type *type)
{
    static const enum az_dtype dtypes[2][9] = {
        {[1] = AZ_DTYPE_U8, [2] = AZ_DTYPE_U16, [4] = AZ_DTYPE_U32, [8] = AZ_DTYPE_U64},
        {[1] = AZ_DTYPE_I8, [2] = AZ_DTYPE_I16, [4] = AZ_DTYPE_I32, [8] = AZ_DTYPE_I64}};
    uint64_t offset = az_hdf5_get(&from, 2), precision = az_hdf5_get(&from, 2);
    size_t bytes = type->bytes;
    bool plain = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    type->number = plain && !from.bad && offset == 0 && precision == 8 * bytes &&
                   (bytes == 1 || (bits & 1) == 0);
    if (type->number) type->dtype = dtypes[bits >> 3 & 1][bytes];
}

static void parse_float(struct az_hdf5_cursor from, unsigned bits, struct az_hdf5_type *type)
{
    static const struct {
        unsigned char bytes, exponent_at, exponent_bits, mantissa_bits;
        enum az_dtype dtype;
    } formats[] = {{2, 10, 5, 10, AZ_DTYPE_F16},
                   {2, 7, 8, 7, AZ_DTYPE_BF16},
                   {4, 23, 8, 23, AZ_DTYPE_F32},
                   {8, 52, 11, 52, AZ_DTYPE_F64}};
    az_hdf5_skip(&from, 4);
    uint64_t exponent_at = az_hdf5_get(&from, 1), exponent_bits = az_hdf5_get(&from, 1);
    uint64_t mantissa_at = az_hdf5_get(&from, 1), mantissa_bits = az_hdf5_get(&from, 1);
    if (from.bad || (bits & 0x41) || mantissa_at) return;
    for (size_t n = 0; n < sizeof formats / sizeof formats[0]; n++)
        if (formats[n].bytes == type->bytes && formats[n].exponent_at == exponent_at &&
            formats[n].exponent_bits == exponent_bits &&
            formats[n].mantissa_bits == mantissa_bits) {
            type->number = true;
            type->dtype = formats[n].dtype;
        }
}

void az_hdf5_parse_type(struct az_hdf5_cursor from, struct az_hdf5_type *type)
{
    unsigned first = (unsigned)az_hdf5_get(&from, 1), bits = (unsigned)az_hdf5_get(&from, 3);
    *type = (struct az_hdf5_type){.class = first & 15, .bytes = (size_t)az_hdf5_get(&from, 4)};
    if (from.bad) return;
    switch (type->class) {
    case FIXED: parse_integer(from, bits, type); break;
    case FLOAT: parse_float(from, bits, type); break;
    case TEXT: type->text = true; break;
    case VARIABLE: type->long_text = (bits & 15) == 1; break;
    case ENUMERATION: {
        struct az_hdf5_type base;
        if ((az_hdf5_get(&from, 1) & 15) != FIXED) break;
        from.at--;
        from.left++;
        az_hdf5_parse_type(from, &base);
        if (base.bytes != type->bytes) break;
        type->number = base.number;
        /* h5py keeps a bool as an enumeration of FALSE and TRUE. */
        type->dtype = base.bytes == 1 && (bits & 0xffff) == 2 ? AZ_DTYPE_BOOL : base.dtype;
        break;
    }
    default: break;
    }
}

/* ---- shapes ---- */

bool az_hdf5_parse_space(struct az_hdf5_cursor from, int *rank, int64_t *shape, int64_t *largest)
{
    uint64_t version = az_hdf5_get(&from, 1), dimensions = az_hdf5_get(&from, 1);
    uint64_t flags = az_hdf5_get(&from, 1), kind = az_hdf5_get(&from, 1);
    if (version == 1) az_hdf5_skip(&from, 4);
    if (version < 1 || version > 2 || dimensions > AZ_TENSOR_DIMS || (version == 2 && kind > 1))
        return false;
    *rank = (int)dimensions;
    for (size_t n = 0; n < dimensions; n++) {
        uint64_t length = az_hdf5_get(&from, 8);
        if (length > INT64_MAX) return false;
        shape[n] = largest[n] = (int64_t)length;
    }
    for (size_t n = 0; (flags & 1) && n < dimensions; n++) {
        uint64_t length = az_hdf5_get(&from, 8);
        largest[n] = length > INT64_MAX ? INT64_MAX : (int64_t)length;
        if (largest[n] < shape[n]) return false;
    }
    return !from.bad;
}

/* ---- layouts ---- */

/* Lengths of a chunk; the last is the size of an element. */
static void parse_chunk(struct az_hdf5_cursor *from, size_t dimensions, size_t length,
                        struct az_hdf5_source *source)
{
    source->layout = AZ_HDF5_CHUNKS;
    if (dimensions < 2 || dimensions > AZ_TENSOR_DIMS + 1) {
        az_hdf5_refuse(source, "its chunks have %zu dimensions", dimensions);
        return;
    }
    source->grid.rank = (int)dimensions - 1;
    for (size_t n = 0; n < dimensions; n++) {
        uint64_t value = az_hdf5_get(from, length);
        if (value == 0 || value > UINT32_MAX) az_hdf5_refuse(source, "its chunks are malformed");
        if (n + 1 < dimensions)
            source->grid.chunk[n] = (int64_t)value;
        else
            source->grid.element_bytes = (size_t)value;
    }
}

static void parse_new_chunks(struct az_hdf5_cursor *from, struct az_hdf5_source *source)
{
    uint64_t flags = az_hdf5_get(from, 1), dimensions = az_hdf5_get(from, 1);
    uint64_t length = az_hdf5_get(from, 1);
    parse_chunk(from, (size_t)dimensions, (size_t)length, source);
    uint64_t kind = az_hdf5_get(from, 1);
    source->index = AZ_HDF5_INDEX_OTHER;
    if (flags & 1) az_hdf5_refuse(source, "chunks at its edge are not filtered");
    switch (kind) {
    case 1:
        source->index = AZ_HDF5_INDEX_SINGLE;
        source->bytes = flags & 2 ? az_hdf5_get(from, 8) : 0;
        source->skipped = flags & 2 ? (uint32_t)az_hdf5_get(from, 4) : 0;
        break;
    case 2: source->index = AZ_HDF5_INDEX_NONE; break;
    case 3:
        source->index = AZ_HDF5_INDEX_ARRAY;
        az_hdf5_skip(from, 1);
        break;
    default:
        az_hdf5_refuse(source,
                       "its chunks are indexed by %s, which is not read: write it with "
                       "h5py's default libver, or h5repack it with --low=0 --high=1",
                       kind == 4   ? "an extensible array"
                       : kind == 5 ? "a B-tree of version 2"
                                   : "something unknown");
        return;
    }
    source->address = az_hdf5_get(from, 8);
}

void az_hdf5_parse_layout(struct az_hdf5_cursor from, struct az_hdf5_source *source,
                          struct az_hdf5_cursor *compact)
{
    uint64_t version = az_hdf5_get(&from, 1), class = az_hdf5_get(&from, 1);
    if (version < 3 || version > 5 || class > 2) {
        az_hdf5_refuse(source, "its layout is of version %" PRIu64 ", class %" PRIu64, version,
                       class);
        return;
    }
    if (class == 0) {
        size_t length = (size_t)az_hdf5_get(&from, 2);
        *compact = az_hdf5_take(&from, length);
    } else if (class == 1) {
        source->address = az_hdf5_get(&from, 8);
        source->bytes = az_hdf5_get(&from, 8);
    } else if (version == 3) {
        size_t dimensions = (size_t)az_hdf5_get(&from, 1);
        source->address = az_hdf5_get(&from, 8);
        parse_chunk(&from, dimensions, 4, source);
        source->index = AZ_HDF5_INDEX_TREE;
    } else {
        parse_new_chunks(&from, source);
    }
    if (from.bad) az_hdf5_refuse(source, "its layout is cut short");
}

/* ---- filters ---- */

static void add_filter(struct az_hdf5_source *source, unsigned id)
{
    static const struct {
        unsigned id;
        const char *name;
    } others[] = {{4, "szip"},    {5, "nbit"},      {6, "scaleoffset"}, {307, "bzip2"},
                  {32000, "lzf"}, {32001, "blosc"}, {32004, "lz4"},     {32015, "zstd"}};
    const char *name = "unknown";
    if (id >= 1 && id <= 3) {
        source->filters[source->filter_count++] = (int)id;
        return;
    }
    for (size_t n = 0; n < sizeof others / sizeof others[0]; n++)
        if (others[n].id == id) name = others[n].name;
    az_hdf5_refuse(source,
                   "it is compressed by the filter %u (%s), which is not read: shuffle, gzip and "
                   "fletcher32 are",
                   id, name);
}

void az_hdf5_parse_filters(struct az_hdf5_cursor from, struct az_hdf5_source *source)
{
    uint64_t version = az_hdf5_get(&from, 1), count = az_hdf5_get(&from, 1);
    if (version == 1) az_hdf5_skip(&from, 6);
    if (version < 1 || version > 2 || count > AZ_HDF5_FILTERS) {
        az_hdf5_refuse(source, "its filters are of version %" PRIu64 ", %" PRIu64 " of them",
                       version, count);
        return;
    }
    for (uint64_t n = 0; n < count; n++) {
        unsigned id = (unsigned)az_hdf5_get(&from, 2);
        size_t name = version == 1 || id >= 256 ? (size_t)az_hdf5_get(&from, 2) : 0;
        az_hdf5_skip(&from, 2);
        size_t values = (size_t)az_hdf5_get(&from, 2);
        az_hdf5_skip(&from, version == 1 ? (name + 7) / 8 * 8 : name);
        az_hdf5_skip(&from, 4 * (version == 1 ? values + values % 2 : values));
        if (!from.bad) add_filter(source, id);
    }
    if (from.bad) az_hdf5_refuse(source, "its filters are cut short");
}

/* ---- fill values ---- */

void az_hdf5_parse_fill(struct az_hdf5_cursor from, bool old, struct az_hdf5_source *source)
{
    uint64_t version = old ? 0 : az_hdf5_get(&from, 1);
    bool defined = true;
    if (version == 3) {
        defined = az_hdf5_get(&from, 1) & 32;
    } else if (version) {
        az_hdf5_skip(&from, 2);
        defined = az_hdf5_get(&from, 1) != 0;
    }
    size_t length = defined ? (size_t)az_hdf5_get(&from, 4) : 0;
    struct az_hdf5_cursor value = az_hdf5_take(&from, length);
    if (version > 3 || (defined && value.bad))
        az_hdf5_refuse(source, "its fill value is malformed");
    for (size_t n = 0; n < value.left; n++) source->other_fill |= value.at[n] != 0;
}

enum az_status az_hdf5_raise_unwritten(const struct az_hdf5_source *source, struct az_error *error)
{
    return az_error_raise(error, AZ_UNSUPPORTED,
                          "%s has parts that were never written, for which another number than 0 "
                          "stands; that is not read",
                          source->tensor.name);
}
