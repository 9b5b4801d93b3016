#include "store/hdf5_bytes.h"

#include <string.h>

void az_hdf5_put(struct az_hdf5_bytes *to, const void *bytes, size_t length)
{
    to->full |= length > to->capacity - to->length;
    if (to->full) return;
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

void az_hdf5_put_number(struct az_hdf5_bytes *to, uint64_t value, size_t length)
{
    unsigned char bytes[8];
    for (size_t n = 0; n < length; n++) bytes[n] = (unsigned char)(value >> 8 * n);
    az_hdf5_put(to, bytes, length);
}

/* ---- lookup3 ---- */

static uint32_t turn(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }

static void mix(uint32_t s[3])
{
    static const int bits[6] = {4, 6, 8, 16, 19, 4};
    for (int n = 0; n < 6; n++) {
        uint32_t *a = &s[n % 3], *b = &s[(n + 1) % 3], *c = &s[(n + 2) % 3];
        *a -= *c;
        *a ^= turn(*c, bits[n]);
        *c += *b;
    }
}

static void mix_last(uint32_t s[3])
{
    static const int bits[7] = {14, 11, 25, 16, 4, 14, 24};
    for (int n = 0; n < 7; n++) {
        uint32_t *c = &s[(n + 2) % 3];
        const uint32_t *b = &s[(n + 1) % 3];
        *c ^= *b;
        *c -= turn(*b, bits[n]);
    }
}

uint32_t az_hdf5_checksum(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint32_t s[3];
    s[0] = s[1] = s[2] = 0xdeadbeefu + (uint32_t)length;
    if (length == 0) return s[2];
    for (;;) {
        size_t now = length < 12 ? length : 12;
        for (size_t n = 0; n < now; n++) s[n / 4] += (uint32_t)at[n] << 8 * (n % 4);
        if (length <= 12) break;
        mix(s);
        at += 12;
        length -= 12;
    }
    mix_last(s);
    return s[2];
}

static bool trusts;

void az_hdf5_trust_checksums(bool trust) { trusts = trust; }

bool az_hdf5_checksum_holds(uint64_t checksum, const void *bytes, size_t length)
{
    return trusts || checksum == az_hdf5_checksum(bytes, length);
}

static void put_checksum(struct az_hdf5_bytes *to, size_t from)
{
    if (!to->full) az_hdf5_put_number(to, az_hdf5_checksum(to->bytes + from, to->length - from), 4);
}

void az_hdf5_put_superblock(struct az_hdf5_bytes *to, uint64_t end_address, uint64_t root_address)
{
    size_t from = to->length;
    az_hdf5_put(to, "\x89HDF\r\n\x1a\n\x03\x08\x08\x00", 12); /* version 3, sizes 8, not in use */
    az_hdf5_put_number(to, 0, 8);                             /* base address */
    az_hdf5_put_number(to, AZ_HDF5_NOWHERE, 8);               /* no extension */
    az_hdf5_put_number(to, end_address, 8);
    az_hdf5_put_number(to, root_address, 8);
    put_checksum(to, from);
}

/* ---- object headers ---- */

enum { CONSTANT = 1, KEEP_UNKNOWN = 4 }; /* flags of a message */

static void patch(struct az_hdf5_bytes *to, size_t at, uint64_t value, size_t length)
{
    if (to->full) return;
    for (size_t n = 0; n < length; n++) to->bytes[at + n] = (unsigned char)(value >> 8 * n);
}

/* Links and attributes stay in the header, however many others add: it is where our reader looks.
 */
#define COMPACT "\xff\xff\xf0\xff" /* at most so many there, at least so many elsewhere */

/* Version 2; limits of compact attributes and four bytes of size follow, no times. Returns where
 * the object begins. */
static size_t begin_object(struct az_hdf5_bytes *to)
{
    size_t from = to->length;
    az_hdf5_put(to, "OHDR\x02\x12" COMPACT, 10);
    az_hdf5_put_number(to, 0, 4);
    return from;
}

static void end_object(struct az_hdf5_bytes *to, size_t from)
{
    patch(to, from + 10, to->length - from - 14, 4);
    put_checksum(to, from);
}

static size_t begin_message(struct az_hdf5_bytes *to, enum az_hdf5_message type, unsigned flags)
{
    az_hdf5_put_number(to, type, 1);
    az_hdf5_put_number(to, 0, 2);
    az_hdf5_put_number(to, flags, 1);
    return to->length;
}

static void end_message(struct az_hdf5_bytes *to, size_t from)
{
    patch(to, from - 3, to->length - from, 2);
}

/* One byte of class and version, three of class bits, size, properties. */
struct type {
    enum az_dtype dtype;
    unsigned char bits[24], length;
};

#define INTEGER(dtype, sign, bytes)                                                                \
    {                                                                                              \
        dtype, {0x10, sign, 0, 0, bytes, 0, 0, 0, 0, 0, 8 * (bytes), 0}, 12                        \
    }

static const struct type types[] = {
    INTEGER(AZ_DTYPE_BOOL, 0, 1),
    INTEGER(AZ_DTYPE_U8, 0, 1),
    INTEGER(AZ_DTYPE_I8, 8, 1),
    INTEGER(AZ_DTYPE_I16, 8, 2),
    INTEGER(AZ_DTYPE_U16, 0, 2),
    INTEGER(AZ_DTYPE_BF16, 0, 2),
    INTEGER(AZ_DTYPE_I32, 8, 4),
    INTEGER(AZ_DTYPE_U32, 0, 4),
    INTEGER(AZ_DTYPE_I64, 8, 8),
    INTEGER(AZ_DTYPE_U64, 0, 8),
    {AZ_DTYPE_F16, {0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0}, 20},
    {AZ_DTYPE_F32, {0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0}, 20},
    {AZ_DTYPE_F64, {0x11, 0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0}, 20},
};

static const struct type *type_of(enum az_dtype dtype)
{
    for (size_t n = 0; n < sizeof types / sizeof types[0]; n++)
        if (types[n].dtype == dtype) return &types[n];
    return NULL;
}

bool az_hdf5_can_hold(enum az_dtype dtype) { return type_of(dtype) != NULL; }

static void put_attribute(struct az_hdf5_bytes *to, const struct az_hdf5_attribute *attribute)
{
    static const char text[] = "\x19\x01\x01\0\x10\0\0\0"       /* UTF-8 of any length */
                               "\x10\0\0\0\x01\0\0\0\0\0\x08\0" /* of bytes */
                               "\x02\0\0";                      /* dataspace: one value */
    size_t name_bytes = strlen(attribute->name) + 1;
    size_t from = begin_message(to, AZ_HDF5_ATTRIBUTE, 0);
    az_hdf5_put_number(to, 3, 2);
    az_hdf5_put_number(to, name_bytes, 2);
    az_hdf5_put_number(to, 20, 2);
    az_hdf5_put_number(to, 4, 2);
    az_hdf5_put_number(to, 1, 1); /* the name is UTF-8 */
    az_hdf5_put(to, attribute->name, name_bytes);
    az_hdf5_put(to, text, sizeof text);
    az_hdf5_put_number(to, attribute->value_bytes, 4);
    az_hdf5_put_number(to, attribute->value_bytes ? attribute->heap_address : 0, 8);
    az_hdf5_put_number(to, attribute->value_bytes ? attribute->heap_index : 0, 4);
    end_message(to, from);
}

static void put_attribute_info(struct az_hdf5_bytes *to)
{
    size_t from = begin_message(to, AZ_HDF5_ATTRIBUTE_INFO, KEEP_UNKNOWN);
    az_hdf5_put_number(to, 0, 2);
    az_hdf5_put_number(to, AZ_HDF5_NOWHERE, 8);
    az_hdf5_put_number(to, AZ_HDF5_NOWHERE, 8);
    end_message(to, from);
}

static void put_link(struct az_hdf5_bytes *to, const struct az_hdf5_link *link)
{
    size_t from = begin_message(to, AZ_HDF5_LINK, 0), length = strlen(link->name);
    az_hdf5_put_number(to, 1, 1);
    az_hdf5_put_number(to, 0x11, 1); /* two bytes of length; the character set is told */
    az_hdf5_put_number(to, 1, 1);
    az_hdf5_put_number(to, length, 2);
    az_hdf5_put(to, link->name, length);
    az_hdf5_put_number(to, link->address, 8);
    end_message(to, from);
}

void az_hdf5_put_group(struct az_hdf5_bytes *to, const struct az_hdf5_link *links,
                       size_t link_count, const struct az_hdf5_attribute *attributes,
                       size_t attribute_count)
{
    size_t object = begin_object(to);
    size_t from = begin_message(to, AZ_HDF5_LINK_INFO, 0);
    az_hdf5_put_number(to, 0, 2);
    az_hdf5_put_number(to, AZ_HDF5_NOWHERE, 8);
    az_hdf5_put_number(to, AZ_HDF5_NOWHERE, 8);
    end_message(to, from);
    from = begin_message(to, AZ_HDF5_GROUP_INFO, CONSTANT);
    az_hdf5_put(to, "\x00\x01" COMPACT, 6);
    end_message(to, from);
    for (size_t n = 0; n < link_count; n++) put_link(to, &links[n]);
    put_attribute_info(to);
    for (size_t n = 0; n < attribute_count; n++) put_attribute(to, &attributes[n]);
    end_object(to, object);
}

static void put_shape(struct az_hdf5_bytes *to, const struct az_hdf5_description *dataset)
{
    size_t from = begin_message(to, AZ_HDF5_DATASPACE, 0);
    az_hdf5_put_number(to, 2, 1);
    az_hdf5_put_number(to, (uint64_t)dataset->rank, 1);
    az_hdf5_put_number(to, dataset->largest != NULL, 1);
    az_hdf5_put_number(to, dataset->rank > 0, 1);
    for (int n = 0; n < dataset->rank; n++) az_hdf5_put_number(to, (uint64_t)dataset->shape[n], 8);
    for (int n = 0; dataset->largest && n < dataset->rank; n++)
        az_hdf5_put_number(to, (uint64_t)dataset->largest[n], 8);
    end_message(to, from);
}

static void put_pipeline(struct az_hdf5_bytes *to, size_t element_bytes, int level)
{
    size_t from = begin_message(to, AZ_HDF5_PIPELINE, CONSTANT);
    az_hdf5_put(to, "\x02\x02", 2);                 /* version 2, two filters */
    az_hdf5_put(to, "\x02\x00\x01\x00\x01\x00", 6); /* shuffle, optional, one value */
    az_hdf5_put_number(to, element_bytes, 4);
    az_hdf5_put(to, "\x01\x00\x01\x00\x01\x00", 6); /* deflate, likewise */
    az_hdf5_put_number(to, (uint64_t)level, 4);
    end_message(to, from);
}

#define PAGE_BITS 30 /* an index of fewer chunks lies in one piece */

/* Bytes of each length of a chunk: as few as hold the largest, which the library insists on. */
static size_t chunk_number_bytes(const struct az_hdf5_description *dataset)
{
    size_t bytes = 1;
    for (int n = 0; n < dataset->rank; n++)
        while (bytes < 8 && (uint64_t)dataset->chunk[n] >> 8 * bytes) bytes++;
    return bytes;
}

static void put_layout(struct az_hdf5_bytes *to, const struct az_hdf5_description *dataset)
{
    size_t from = begin_message(to, AZ_HDF5_LAYOUT, 0);
    if (!dataset->chunk) {
        az_hdf5_put(to, "\x03\x01", 2);
        az_hdf5_put_number(to, dataset->bytes ? dataset->address : AZ_HDF5_NOWHERE, 8);
        az_hdf5_put_number(to, dataset->bytes, 8);
    } else {
        az_hdf5_put(to, "\x04\x02\x00", 3);
        az_hdf5_put_number(to, (uint64_t)dataset->rank + 1, 1);
        size_t length = chunk_number_bytes(dataset);
        az_hdf5_put_number(to, length, 1);
        for (int n = 0; n < dataset->rank; n++)
            az_hdf5_put_number(to, (uint64_t)dataset->chunk[n], length);
        az_hdf5_put_number(to, az_dtype_bytes(dataset->dtype), length);
        az_hdf5_put_number(to, 3, 1); /* fixed array */
        az_hdf5_put_number(to, PAGE_BITS, 1);
        az_hdf5_put_number(to, dataset->index_address, 8);
    }
    end_message(to, from);
}

void az_hdf5_put_dataset(struct az_hdf5_bytes *to, const struct az_hdf5_description *dataset)
{
    const struct type *type = type_of(dataset->dtype);
    size_t object = begin_object(to);
    put_shape(to, dataset);
    size_t from = begin_message(to, AZ_HDF5_DATATYPE, CONSTANT);
    az_hdf5_put(to, type->bits, type->length);
    end_message(to, from);
    /* Version 3, no value: space is taken as chunks come, or late. */
    from = begin_message(to, AZ_HDF5_FILL_VALUE, CONSTANT);
    az_hdf5_put_number(to, 3, 1);
    az_hdf5_put_number(to, dataset->chunk ? 0x0b : 0x0a, 1);
    end_message(to, from);
    if (dataset->chunk && dataset->level)
        put_pipeline(to, az_dtype_bytes(dataset->dtype), dataset->level);
    put_layout(to, dataset);
    if (dataset->attribute) {
        put_attribute_info(to);
        put_attribute(to, dataset->attribute);
    }
    end_object(to, object);
}

/* ---- texts ---- */

enum { HEAP_HEADER_BYTES = 16, HEAP_LEAST_BYTES = 4096 };

static size_t padded(size_t length) { return (length + 7) / 8 * 8; }

size_t az_hdf5_heap_bytes(const char *const *values, size_t count)
{
    size_t bytes = 2 * HEAP_HEADER_BYTES;
    for (size_t n = 0; n < count; n++) bytes += HEAP_HEADER_BYTES + padded(strlen(values[n]));
    return bytes < HEAP_LEAST_BYTES ? HEAP_LEAST_BYTES : bytes;
}

static void put_heap_object(struct az_hdf5_bytes *to, uint64_t index, uint64_t bytes)
{
    az_hdf5_put_number(to, index, 2);
    az_hdf5_put_number(to, index ? 1 : 0, 6); /* references, reserved */
    az_hdf5_put_number(to, bytes, 8);
}

void az_hdf5_put_heap(struct az_hdf5_bytes *to, const char *const *values, size_t count,
                      size_t *places)
{
    size_t from = to->length, total = az_hdf5_heap_bytes(values, count);
    az_hdf5_put(to, "GCOL\x01\0\0", 8);
    az_hdf5_put_number(to, total, 8);
    for (size_t n = 0; n < count; n++) {
        size_t length = strlen(values[n]);
        put_heap_object(to, n + 1, length);
        places[n] = to->length - from;
        az_hdf5_put(to, values[n], length);
        az_hdf5_put_number(to, 0, padded(length) - length);
    }
    size_t left = total - (to->length - from);
    put_heap_object(to, 0, left);
    for (left -= HEAP_HEADER_BYTES; left; left -= 8) az_hdf5_put_number(to, 0, 8);
}

/* ---- the index of chunks ---- */

/* Bytes of the number that tells a chunk's size, as the library computes it. */
static size_t size_bytes(uint64_t chunk_bytes)
{
    size_t log2 = 0;
    while (chunk_bytes >> (log2 + 1)) log2++;
    size_t bytes = 1 + (log2 + 8) / 8;
    return bytes < 8 ? bytes : 8;
}

static size_t element_bytes(uint64_t chunk_bytes)
{
    return chunk_bytes ? 8 + size_bytes(chunk_bytes) + 4 : 8;
}

enum { INDEX_HEADER_BYTES = 28, INDEX_BLOCK_BYTES = 18 };

size_t az_hdf5_index_bytes(size_t chunks, uint64_t chunk_bytes)
{
    return INDEX_HEADER_BYTES + INDEX_BLOCK_BYTES + chunks * element_bytes(chunk_bytes);
}

void az_hdf5_put_index(struct az_hdf5_bytes *to, uint64_t address,
                       const struct az_hdf5_chunk *chunks, size_t count, uint64_t chunk_bytes)
{
    size_t from = to->length;
    az_hdf5_put(to, "FAHD", 5);
    az_hdf5_put_number(to, chunk_bytes != 0, 1); /* of filtered chunks, or of plain ones */
    az_hdf5_put_number(to, element_bytes(chunk_bytes), 1);
    az_hdf5_put_number(to, PAGE_BITS, 1);
    az_hdf5_put_number(to, count, 8);
    az_hdf5_put_number(to, address + INDEX_HEADER_BYTES, 8);
    put_checksum(to, from);
    from = to->length;
    az_hdf5_put(to, "FADB", 5);
    az_hdf5_put_number(to, chunk_bytes != 0, 1);
    az_hdf5_put_number(to, address, 8);
    for (size_t n = 0; n < count; n++) {
        az_hdf5_put_number(to, chunks[n].bytes ? chunks[n].address : AZ_HDF5_NOWHERE, 8);
        if (!chunk_bytes) continue;
        az_hdf5_put_number(to, chunks[n].bytes, size_bytes(chunk_bytes));
        az_hdf5_put_number(to, 0, 4); /* no filter was left out */
    }
    put_checksum(to, from);
}
