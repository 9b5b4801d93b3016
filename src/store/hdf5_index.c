/* Where the chunks of a dataset lie. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "store/hdf5_bytes.h"
#include "store/hdf5_reader.h"

#define CHUNKS ((uint64_t)8 << 20) /* of one dataset */
enum { DEPTH = 32 };

static enum az_status raise_malformed(const struct az_hdf5_source *source, struct az_error *error)
{
    return az_error_raise(error, AZ_FORMAT, "the index of the chunks of %s is malformed",
                          source->tensor.name);
}

/* Whether it lies within the file is seen when it is read: the file may have grown by then. */
static enum az_status set_entry(struct az_hdf5_source *source, uint64_t number,
                                struct az_hdf5_entry entry, struct az_error *error)
{
    if (entry.address == AZ_HDF5_NOWHERE || entry.bytes == 0) return AZ_OK;
    if (number >= source->entry_count) return raise_malformed(source, error);
    source->entries[number] = entry;
    return AZ_OK;
}

/* ---- B-trees of version 1 ---- */

/* The number of the chunk that begins at the offsets of a key; UINT64_MAX: there is none. */
static uint64_t number_of(const struct az_hdf5_source *source, struct az_hdf5_cursor *key)
{
    const struct az_hdf5_grid *grid = &source->grid;
    uint64_t number = 0;
    bool inside = true;
    for (int n = 0; n < grid->rank; n++) {
        uint64_t offset = az_hdf5_get(key, 8), chunk = (uint64_t)grid->chunk[n];
        inside &= offset % chunk == 0 && offset / chunk < (uint64_t)grid->counts[n];
        number = number * (uint64_t)grid->counts[n] + (inside ? offset / chunk : 0);
    }
    az_hdf5_skip(key, 8);
    return inside ? number : UINT64_MAX;
}

static enum az_status load_tree(struct az_hdf5_reader *reader, struct az_hdf5_source *source,
                                uint64_t address, int depth, struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    size_t key_bytes = 8 + 8 * ((size_t)source->grid.rank + 1);
    AZ_TRY(az_hdf5_fetch(reader, address, 24, &bytes, error));
    unsigned level = bytes[5];
    size_t count = (size_t)(bytes[6] | bytes[7] << 8);
    bool named = memcmp(bytes, "TREE\x01", 5) == 0;
    az_memory_free(bytes);
    bytes = NULL;
    if (!named || depth > DEPTH) AZ_TRY(raise_malformed(source, error));
    AZ_TRY(az_hdf5_fetch(reader, address + 24, count * (key_bytes + 8), &bytes, error));
    struct az_hdf5_cursor from = {bytes, count * (key_bytes + 8), false};
    for (size_t n = 0; n < count; n++) {
        struct az_hdf5_entry entry = {.bytes = az_hdf5_get(&from, 4),
                                      .skipped = (uint32_t)az_hdf5_get(&from, 4)};
        uint64_t number = number_of(source, &from);
        entry.address = az_hdf5_get(&from, 8);
        if (level)
            AZ_TRY(load_tree(reader, source, entry.address, depth + 1, error));
        else if (number != UINT64_MAX) /* a chunk beyond the shape: the dataset has shrunk */
            AZ_TRY(set_entry(source, number, entry, error));
    }
out:
    az_memory_free(bytes);
    return status;
}

/* ---- fixed arrays ---- */

struct array {
    bool filtered;
    size_t element_bytes, size_bytes;
    uint64_t count, page, data_address;
};

static enum az_status load_array_header(struct az_hdf5_reader *reader,
                                        const struct az_hdf5_source *source, struct array *array,
                                        struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    AZ_TRY(az_hdf5_fetch(reader, source->address, 28, &bytes, error));
    struct az_hdf5_cursor from = {bytes, 28, false};
    bool named = memcmp(bytes, "FAHD\0", 5) == 0;
    az_hdf5_skip(&from, 5);
    array->filtered = az_hdf5_get(&from, 1) == 1;
    array->element_bytes = (size_t)az_hdf5_get(&from, 1);
    uint64_t page_bits = az_hdf5_get(&from, 1);
    array->count = az_hdf5_get(&from, 8);
    array->data_address = az_hdf5_get(&from, 8);
    array->page = (uint64_t)1 << (page_bits < 62 ? page_bits : 62);
    bool whole = az_hdf5_checksum_holds(az_hdf5_get(&from, 4), bytes, 24);
    size_t least = array->filtered ? 13 : 8, most = array->filtered ? 20 : 8;
    if (!named || !whole || array->element_bytes < least || array->element_bytes > most)
        status = raise_malformed(source, error);
    array->size_bytes = array->element_bytes - (array->filtered ? 12 : 8);
out:
    az_memory_free(bytes);
    return status;
}

/* Elements first.. of the array, `count` of them; its number counts by the largest shape, which
 * differs from ours along time alone. */
static enum az_status take_elements(struct az_hdf5_source *source, const struct array *array,
                                    uint64_t first, uint64_t count, const unsigned char *bytes,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_cursor from = {bytes, (size_t)count * array->element_bytes, false};
    for (uint64_t n = first; n < first + count && n < source->entry_count; n++) {
        struct az_hdf5_entry entry = {.address = az_hdf5_get(&from, 8),
                                      .bytes = source->grid.chunk_bytes};
        if (array->filtered) {
            entry.bytes = az_hdf5_get(&from, array->size_bytes);
            entry.skipped = (uint32_t)az_hdf5_get(&from, 4);
        }
        AZ_TRY(set_entry(source, n, entry, error));
    }
out:
    return status;
}

/* A run of elements with its checksum behind it; prefix: bytes before them that it covers too. */
static enum az_status load_elements(struct az_hdf5_reader *reader, struct az_hdf5_source *source,
                                    const struct array *array, uint64_t address, size_t prefix,
                                    uint64_t first, uint64_t count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    size_t length = prefix + (size_t)count * array->element_bytes;
    AZ_TRY(az_hdf5_fetch(reader, address, length + 4, &bytes, error));
    struct az_hdf5_cursor end = {bytes + length, 4, false};
    if (!az_hdf5_checksum_holds(az_hdf5_get(&end, 4), bytes, length) ||
        (prefix && memcmp(bytes, "FADB\0", 5) != 0))
        AZ_TRY(raise_malformed(source, error));
    AZ_TRY(take_elements(source, array, first, count, bytes + prefix, error));
out:
    az_memory_free(bytes);
    return status;
}

enum { BLOCK_HEAD = 14 };

static enum az_status load_pages(struct az_hdf5_reader *reader, struct az_hdf5_source *source,
                                 const struct array *array, struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    uint64_t pages = array->count / array->page + (array->count % array->page != 0);
    size_t map = (size_t)((pages + 7) / 8);
    uint64_t page_bytes = array->page * array->element_bytes + 4;
    AZ_TRY(az_hdf5_fetch(reader, array->data_address, BLOCK_HEAD + map + 4, &bytes, error));
    if (memcmp(bytes, "FADB\0", 5) != 0) AZ_TRY(raise_malformed(source, error));
    for (uint64_t n = 0; n < pages; n++) {
        uint64_t first = n * array->page, left = array->count - first;
        if (!(bytes[BLOCK_HEAD + n / 8] >> (7 - n % 8) & 1)) continue; /* never written */
        AZ_TRY(load_elements(reader, source, array,
                             array->data_address + BLOCK_HEAD + map + 4 + n * page_bytes, 0, first,
                             left < array->page ? left : array->page, error));
    }
out:
    az_memory_free(bytes);
    return status;
}

static enum az_status load_array(struct az_hdf5_reader *reader, struct az_hdf5_source *source,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct array array;
    AZ_TRY(load_array_header(reader, source, &array, error));
    if (array.count > 2 * CHUNKS || array.data_address == AZ_HDF5_NOWHERE) {
        if (array.data_address != AZ_HDF5_NOWHERE) AZ_TRY(raise_malformed(source, error));
        goto out;
    }
    for (int n = 1; n < source->tensor.rank; n++)
        if (source->largest[n] != source->tensor.shape[n])
            AZ_RAISE(AZ_UNSUPPORTED, "%s can grow along more than its first dimension",
                     source->tensor.name);
    AZ_TRY(array.count > array.page ? load_pages(reader, source, &array, error)
                                    : load_elements(reader, source, &array, array.data_address,
                                                    BLOCK_HEAD, 0, array.count, error));
out:
    return status;
}

/* Chunks side by side, not filtered. */
static enum az_status load_none(struct az_hdf5_source *source, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (uint64_t n = 0; n < source->entry_count; n++)
        AZ_TRY(set_entry(
            source, n,
            (struct az_hdf5_entry){.address = source->address + n * source->grid.chunk_bytes,
                                   .bytes = source->grid.chunk_bytes},
            error));
out:
    return status;
}

enum az_status az_hdf5_load_index(struct az_hdf5_reader *reader, struct az_hdf5_source *source,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint64_t count = 1, most = 65536 + reader->file_bytes / 16;
    if (most > CHUNKS) most = CHUNKS;
    if (source->entries) return AZ_OK;
    for (int n = 0; n < source->grid.rank; n++) {
        uint64_t along = (uint64_t)source->grid.counts[n];
        if (along > most || count * along > most)
            AZ_RAISE(AZ_UNSUPPORTED, "%s has more than %" PRIu64 " chunks", source->tensor.name,
                     most);
        count *= along;
    }
    AZ_TRY(az_memory_allocate(&source->entries, (size_t)count, sizeof *source->entries,
                              "the index of a dataset", error));
    source->entry_count = (size_t)count;
    if (source->address == AZ_HDF5_NOWHERE) goto out;
    switch (source->index) {
    case AZ_HDF5_INDEX_TREE: AZ_TRY(load_tree(reader, source, source->address, 0, error)); break;
    case AZ_HDF5_INDEX_ARRAY: AZ_TRY(load_array(reader, source, error)); break;
    case AZ_HDF5_INDEX_NONE: AZ_TRY(load_none(source, error)); break;
    default:
        AZ_TRY(set_entry(source, 0,
                         (struct az_hdf5_entry){.address = source->address,
                                                .bytes = source->bytes ? source->bytes
                                                                       : source->grid.chunk_bytes,
                                                .skipped = source->skipped},
                         error));
    }
out:
    if (status != AZ_OK) {
        az_memory_free(source->entries);
        source->entries = NULL;
    }
    return status;
}
