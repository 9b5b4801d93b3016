/* Where everything lies in an HDF5 recording, and the metadata that say so. */
#include <string.h>

#include "base/memory.h"
#include "store/hdf5_writer.h"

#define SECTOR_BYTES ((uint64_t)512)

/* The text of the attribute by which uint16 are known to be bf16. */
static const char bf16_text[] = "bfloat16";

static uint64_t aligned(uint64_t address)
{
    return (address + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
}

/* What az_hdf5_place works with. */
struct placing {
    struct az_hdf5_writer *writer;
    struct az_hdf5_bytes *image;
    uint64_t base; /* address of the image */
    size_t pairs;
    const char **values; /* [pairs + 1] */
    uint64_t heap_address;
    struct az_hdf5_attribute *attributes; /* [pairs] */
    struct az_hdf5_link *links;           /* of one group */
    char (*groups)[AZ_TENSOR_NAME_BYTES]; /* paths of the groups below the root, ascending */
    uint64_t *group_addresses;
    size_t group_count;
};

static uint64_t address_of(const struct placing *placing)
{
    return placing->base + placing->image->length;
}

static void align(struct placing *placing)
{
    static const unsigned char zeros[512];
    uint64_t address = address_of(placing);
    az_hdf5_put(placing->image, zeros, (size_t)(aligned(address) - address));
}

static size_t count_chunks(const struct az_hdf5_dataset *dataset)
{
    return (size_t)dataset->grid.counts[0] * dataset->grid.blocks;
}

static uint64_t packed_chunk_bytes(const struct az_hdf5_grid *grid)
{
    return grid->level ? grid->chunk_bytes : 0;
}

void az_hdf5_put_header(const struct az_hdf5_writer *writer, const struct az_hdf5_dataset *dataset,
                        struct az_hdf5_bytes *to)
{
    int64_t shape[AZ_TENSOR_DIMS];
    size_t pairs = 0;
    while (writer->metadata[pairs]) pairs += 2;
    struct az_hdf5_attribute bf16 = {.name = "dtype",
                                     .value_bytes = sizeof bf16_text - 1,
                                     .heap_address = writer->heap_address,
                                     .heap_index = (unsigned)(pairs / 2 + 1)};
    struct az_hdf5_description about = {.dtype = dataset->tensor.dtype,
                                        .rank = dataset->tensor.rank,
                                        .shape = shape,
                                        .address = dataset->data_address,
                                        .bytes = dataset->tensor.bytes};
    memcpy(shape, dataset->tensor.shape, sizeof shape);
    if (dataset->grows) {
        shape[0] = dataset->told;
        about.largest = dataset->tensor.shape;
        about.chunk = dataset->grid.chunk;
        about.level = dataset->grid.level;
        about.index_address =
            dataset->told > 0 ? dataset->index_address[dataset->turn] : AZ_HDF5_NOWHERE;
    }
    if (about.dtype == AZ_DTYPE_BF16) about.attribute = &bf16;
    az_hdf5_put_dataset(to, &about);
}

/* ---- groups: a tensor params/NAME lies in the group params ---- */

static bool has_group(const struct placing *placing, const char *path, size_t length)
{
    for (size_t n = 0; n < placing->group_count; n++)
        if (strlen(placing->groups[n]) == length && memcmp(placing->groups[n], path, length) == 0)
            return true;
    return false;
}

/* Longer paths lie behind shorter ones, so that the last groups are written first. */
static void add_group(struct placing *placing, const char *path, size_t length)
{
    if (has_group(placing, path, length)) return;
    size_t at = placing->group_count++;
    for (; at > 0 && strlen(placing->groups[at - 1]) > length; at--)
        memcpy(placing->groups[at], placing->groups[at - 1], sizeof placing->groups[at]);
    memset(placing->groups[at], 0, sizeof placing->groups[at]);
    memcpy(placing->groups[at], path, length);
}

static enum az_status find_groups(struct placing *placing, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t most = 0;
    const struct az_hdf5_writer *writer = placing->writer;
    for (size_t n = 0; n < writer->count; n++)
        for (const char *at = writer->datasets[n].tensor.name; *at; at++) most += *at == '/';
    AZ_TRY(az_memory_allocate(&placing->groups, most, sizeof *placing->groups,
                              "the groups of the file", error));
    AZ_TRY(az_memory_allocate(&placing->group_addresses, most, sizeof *placing->group_addresses,
                              "the groups of the file", error));
    AZ_TRY(az_memory_allocate(&placing->links, most + writer->count, sizeof *placing->links,
                              "the groups of the file", error));
    for (size_t n = 0; n < writer->count; n++) {
        const char *name = writer->datasets[n].tensor.name;
        if (name[0] == '/' || name[strlen(name) - 1] == '/' || strstr(name, "//"))
            AZ_RAISE(AZ_USAGE, "\"%s\" cannot be a name in an HDF5 file", name);
        for (const char *at = name; (at = strchr(at, '/')) != NULL; at++)
            add_group(placing, name, (size_t)(at - name));
    }
out:
    return status;
}

/* The part of `name` below the group, or NULL. */
static const char *below(const char *name, const char *group)
{
    size_t length = strlen(group);
    if (length == 0) return strchr(name, '/') ? NULL : name;
    if (strncmp(name, group, length) != 0 || name[length] != '/') return NULL;
    return strchr(name + length + 1, '/') ? NULL : name + length + 1;
}

/* path: "" for the root, which has the metadata. */
static uint64_t put_group(struct placing *placing, const char *path)
{
    size_t links = 0;
    const struct az_hdf5_writer *writer = placing->writer;
    for (size_t n = 0; n < writer->count; n++) {
        const char *name = below(writer->datasets[n].tensor.name, path);
        if (name)
            placing->links[links++] =
                (struct az_hdf5_link){name, writer->datasets[n].header_address};
    }
    for (size_t n = 0; n < placing->group_count; n++) {
        const char *name = below(placing->groups[n], path);
        if (name)
            placing->links[links++] = (struct az_hdf5_link){name, placing->group_addresses[n]};
    }
    align(placing);
    uint64_t address = address_of(placing);
    az_hdf5_put_group(placing->image, placing->links, links, placing->attributes,
                      path[0] ? 0 : placing->pairs);
    return address;
}

static void put_groups(struct placing *placing)
{
    for (size_t n = placing->group_count; n-- > 0;)
        placing->group_addresses[n] = put_group(placing, placing->groups[n]);
    placing->writer->root_address = put_group(placing, "");
}

/* ---- the whole ---- */

static enum az_status put_texts(struct placing *placing, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_writer *writer = placing->writer;
    while (writer->metadata[2 * placing->pairs]) placing->pairs++;
    size_t count = placing->pairs + 1;
    AZ_TRY(az_memory_allocate(&placing->values, count, sizeof *placing->values, "the metadata",
                              error));
    AZ_TRY(az_memory_allocate(&placing->attributes, count, sizeof *placing->attributes,
                              "the metadata", error));
    for (size_t n = 0; n < placing->pairs; n++) placing->values[n] = writer->metadata[2 * n + 1];
    placing->values[placing->pairs] = bf16_text;
    align(placing);
    writer->heap_address = address_of(placing);
    az_hdf5_put_heap(placing->image, placing->values, count, writer->places);
    for (size_t n = 0; n < count; n++) writer->places[n] += writer->heap_address;
    for (size_t n = 0; n < placing->pairs; n++)
        placing->attributes[n] =
            (struct az_hdf5_attribute){.name = writer->metadata[2 * n],
                                       .value_bytes = strlen(placing->values[n]),
                                       .heap_address = writer->heap_address,
                                       .heap_index = (unsigned)n + 1};
out:
    return status;
}

/* Frames that are not packed have their places from the beginning where they are large: chunk by
 * chunk along time, so that a run which ends early can be cut off. */
static void place_plain_chunks(struct az_hdf5_writer *writer)
{
    bool more = true;
    for (int64_t chunk = 0; more; chunk++) {
        more = false;
        for (size_t n = 0; n < writer->count; n++) {
            struct az_hdf5_dataset *dataset = &writer->datasets[n];
            if (!dataset->grows || dataset->grid.level || chunk >= dataset->grid.counts[0] ||
                writer->compression != AZ_COMPRESSION_NONE)
                continue;
            more = true;
            if (dataset->chunks[chunk].bytes) continue; /* of a recording that goes on */
            dataset->chunks[chunk] =
                (struct az_hdf5_chunk){writer->end_address, (uint32_t)dataset->grid.chunk_bytes};
            writer->end_address += aligned(dataset->grid.chunk_bytes);
        }
    }
}

static void place_data(struct az_hdf5_writer *writer)
{
    for (size_t n = 0; n < writer->count; n++) {
        struct az_hdf5_dataset *dataset = &writer->datasets[n];
        if (!dataset->grows) {
            dataset->data_address = writer->end_address;
            writer->end_address += aligned(dataset->tensor.bytes);
            continue;
        }
        uint64_t bytes =
            aligned(az_hdf5_index_bytes(count_chunks(dataset), packed_chunk_bytes(&dataset->grid)));
        for (int turn = 0; turn < 2; turn++) {
            dataset->index_address[turn] = writer->end_address;
            writer->end_address += bytes;
        }
    }
    place_plain_chunks(writer);
}

static size_t image_bytes(const struct az_hdf5_writer *writer)
{
    size_t bytes = 8192 + writer->count * (2 * AZ_HDF5_HEADER_BYTES + 2 * AZ_TENSOR_NAME_BYTES);
    for (size_t n = 0; writer->metadata[n]; n++) bytes += 128 + strlen(writer->metadata[n]);
    for (size_t n = 0; n < writer->count; n++)
        for (const char *at = writer->datasets[n].tensor.name; *at; at++)
            bytes += *at == '/' ? (size_t)1024 + AZ_TENSOR_NAME_BYTES : 0;
    return bytes;
}

/* The image has the superblock (at the beginning of a file), headers, texts and groups; the data of
 * constants and the indexes come behind it. */
enum az_status az_hdf5_place(struct az_hdf5_writer *writer, uint64_t address,
                             struct az_hdf5_bytes *image, struct az_error *error)
{
    enum az_status status = AZ_OK;
    static const unsigned char zeros[AZ_HDF5_HEADER_BYTES];
    struct placing placing = {.writer = writer, .image = image, .base = address};
    image->capacity = image_bytes(writer);
    AZ_TRY(az_memory_allocate(&image->bytes, image->capacity, 1, "the header of the file", error));
    AZ_TRY(find_groups(&placing, error));
    if (address == 0) az_hdf5_put(image, zeros, AZ_HDF5_HEADER_BYTES);
    for (size_t n = 0; n < writer->count; n++) {
        writer->datasets[n].header_address = address_of(&placing);
        az_hdf5_put(image, zeros, AZ_HDF5_HEADER_BYTES);
    }
    AZ_TRY(put_texts(&placing, error));
    put_groups(&placing);
    align(&placing);
    writer->end_address = address_of(&placing);
    place_data(writer);
    for (size_t n = 0; n < writer->count; n++) {
        struct az_hdf5_bytes header = {.bytes = image->bytes +
                                                (writer->datasets[n].header_address - address),
                                       .capacity = AZ_HDF5_HEADER_BYTES};
        az_hdf5_put_header(writer, &writer->datasets[n], &header);
        image->full |= header.full;
    }
    struct az_hdf5_bytes superblock = {.bytes = image->bytes, .capacity = AZ_HDF5_HEADER_BYTES};
    if (address == 0)
        az_hdf5_put_superblock(&superblock, writer->end_address, writer->root_address);
    if (image->full) AZ_RAISE(AZ_USAGE, "the header of the file does not fit where it should");
out:
    az_memory_free(placing.values);
    az_memory_free(placing.attributes);
    az_memory_free(placing.links);
    az_memory_free(placing.groups);
    az_memory_free(placing.group_addresses);
    return status;
}
