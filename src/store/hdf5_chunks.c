#include "store/hdf5_chunks.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "store/system.h"

#define BATCH_BYTES ((uint64_t)64 << 20) /* of unpacked chunks that are worked on at a time */
enum { DEFLATE = 1, SHUFFLE = 2, FLETCHER32 = 3 };

/* A chunk that is unpacked. Its bytes stay shuffled: they are put in order where they go. */
struct az_hdf5_slot {
    struct az_hdf5_slot *newer;
    struct az_hdf5_entry *entry;
    uint64_t bytes, batch; /* the last batch that wanted it */
    bool filled, shuffled;
    unsigned char *data;
};

/* One call of az_hdf5_read_chunks; a batch of its chunks. */
struct job {
    struct az_hdf5_reader *reader;
    struct az_hdf5_source *source;
    const int64_t *begin, *size;
    unsigned char *to;
    int64_t low[AZ_TENSOR_DIMS], count[AZ_TENSOR_DIMS]; /* chunks along each dimension */
    uint64_t first;
    struct az_error *errors; /* [threads] */
};

/* ---- slots ---- */

/* No longer in the list, nor its chunk's. */
static struct az_hdf5_slot *take_oldest(struct az_hdf5_reader *reader)
{
    struct az_hdf5_slot *slot = reader->oldest;
    reader->oldest = slot->newer;
    if (!reader->oldest) reader->newest = NULL;
    reader->kept_bytes -= slot->bytes;
    slot->entry->slot = NULL;
    return slot;
}

static void free_slot(struct az_hdf5_slot *slot)
{
    if (slot) az_memory_free(slot->data);
    az_memory_free(slot);
}

static void free_slots(struct az_hdf5_reader *reader)
{
    while (reader->oldest) free_slot(take_oldest(reader));
}

/* A place for an unpacked chunk, which takes the memory of one that was dropped for it: new pages
 * would cost as much as unpacking. Those of this batch are kept in any case. */
static enum az_status add_slot(struct az_hdf5_reader *reader, struct az_hdf5_entry *entry,
                               uint64_t bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_slot *slot = NULL;
    while (reader->oldest && reader->oldest->batch != reader->batch &&
           reader->kept_bytes + bytes > reader->keep_bytes) {
        free_slot(slot);
        slot = take_oldest(reader);
    }
    if (slot && slot->bytes != bytes) {
        free_slot(slot);
        slot = NULL;
    }
    if (!slot) AZ_TRY(az_memory_allocate(&slot, 1, sizeof *slot, "a chunk", error));
    *slot = (struct az_hdf5_slot){
        .entry = entry, .bytes = bytes, .batch = reader->batch, .data = slot->data};
    entry->slot = slot;
    if (reader->newest)
        reader->newest->newer = slot;
    else
        reader->oldest = slot;
    reader->newest = slot;
    reader->kept_bytes += bytes;
out:
    return status;
}

void az_hdf5_chunks_free(struct az_hdf5_reader *reader)
{
    free_slots(reader);
    int threads = reader->pool ? az_pool_threads(reader->pool) : 0;
    for (int n = 0; n < threads; n++) {
        if (reader->scratch) az_memory_free(reader->scratch[n]);
        if (reader->inflaters && reader->inflaters[n])
            libdeflate_free_decompressor(reader->inflaters[n]);
    }
    az_memory_free(reader->scratch);
    az_memory_free(reader->scratch_bytes);
    az_memory_free(reader->inflaters);
    az_pool_free(reader->pool);
}

static enum az_status start_pool(struct az_hdf5_reader *reader, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (reader->pool) return AZ_OK;
    AZ_TRY(az_pool_create(&reader->pool, 0, error));
    size_t threads = (size_t)az_pool_threads(reader->pool);
    AZ_TRY(
        az_memory_allocate(&reader->scratch, threads, sizeof *reader->scratch, "unpacking", error));
    AZ_TRY(az_memory_allocate(&reader->scratch_bytes, threads, sizeof *reader->scratch_bytes,
                              "unpacking", error));
    AZ_TRY(az_memory_allocate(&reader->inflaters, threads, sizeof(struct libdeflate_decompressor *),
                              "unpacking", error));
    for (size_t n = 0; n < threads; n++) {
        reader->inflaters[n] = libdeflate_alloc_decompressor();
        if (!reader->inflaters[n]) AZ_RAISE(AZ_MEMORY, "there is no memory to unpack chunks with");
    }
out:
    return status;
}

/* ---- unpacking ---- */

static bool filtered(const struct az_hdf5_source *source, const struct az_hdf5_entry *entry)
{
    for (int n = 0; n < source->filter_count; n++)
        if (!(entry->skipped >> n & 1)) return true;
    return false;
}

static enum az_status raise_chunk(const struct az_hdf5_source *source, const char *what,
                                  struct az_error *error)
{
    return az_error_raise(error, AZ_FORMAT, "a chunk of %s is damaged: %s", source->tensor.name,
                          what);
}

static uint32_t fletcher32(const unsigned char *bytes, size_t length)
{
    uint32_t low = 0, high = 0;
    for (size_t n = 0; n < length; n += 2) {
        low = (low + ((uint32_t)bytes[n] << 8 | (n + 1 < length ? bytes[n + 1] : 0))) % 65535;
        high = (high + low) % 65535;
    }
    return high << 16 | low;
}

static enum az_status check_fletcher32(const struct az_hdf5_source *source,
                                       const unsigned char *bytes, size_t *length,
                                       struct az_error *error)
{
    if (*length < 4) return raise_chunk(source, "it has no checksum", error);
    *length -= 4;
    struct az_hdf5_cursor end = {bytes + *length, 4, false};
    if ((uint32_t)az_hdf5_get(&end, 4) != fletcher32(bytes, *length))
        return raise_chunk(source, "its checksum is another", error);
    return AZ_OK;
}

static int next_filter(const struct az_hdf5_source *source, const struct az_hdf5_entry *entry,
                       int n)
{
    while (n < source->filter_count && entry->skipped >> n & 1) n++;
    return n;
}

/* Filters backwards, from one half of the scratch to the other; the last one writes to the slot.
 * A shuffle that was the first is left to copy_run. */
static enum az_status undo(struct az_hdf5_reader *reader, const struct az_hdf5_source *source,
                           const struct az_hdf5_entry *entry, unsigned char *packed,
                           unsigned char *other, int thread, struct az_error *error)
{
    size_t bytes = (size_t)source->grid.chunk_bytes, length = (size_t)entry->bytes, got;
    unsigned char *from = packed, *to = entry->slot->data;
    int last = next_filter(source, entry, 0);
    entry->slot->shuffled = source->filters[last] == SHUFFLE;
    if (entry->slot->shuffled) last = next_filter(source, entry, last + 1);
    for (int n = source->filter_count - 1; n >= last; n--) {
        if (entry->skipped >> n & 1) continue;
        if (source->filters[n] == FLETCHER32) {
            enum az_status status = check_fletcher32(source, from, &length, error);
            if (status != AZ_OK) return status;
            continue;
        }
        unsigned char *into = n == last ? to : from == packed ? other : packed;
        size_t room = n == last ? bytes : bytes + 4; /* a checksum may follow */
        if (source->filters[n] == DEFLATE) {
            if (libdeflate_zlib_decompress(reader->inflaters[thread], from, length, into, room,
                                           &got) != LIBDEFLATE_SUCCESS)
                return raise_chunk(source, "it cannot be unpacked", error);
            length = got;
        } else {
            if (length != bytes) return raise_chunk(source, "it has another length", error);
            size_t elements = bytes / source->grid.element_bytes;
            az_hdf5_unshuffle(from, elements, elements, source->grid.element_bytes, into);
        }
        from = into;
    }
    if (length != bytes) return raise_chunk(source, "it has another length", error);
    if (from != to) memcpy(to, from, bytes);
    return AZ_OK;
}

static enum az_status grow_scratch(struct az_hdf5_reader *reader, int thread, size_t bytes,
                                   struct az_error *error)
{
    if (reader->scratch_bytes[thread] >= bytes) return AZ_OK;
    az_memory_free(reader->scratch[thread]);
    reader->scratch_bytes[thread] = 0;
    reader->scratch[thread] = NULL;
    enum az_status status =
        az_memory_allocate(&reader->scratch[thread], bytes, 1, "unpacking", error);
    if (status == AZ_OK) reader->scratch_bytes[thread] = bytes;
    return status;
}

static enum az_status unpack(struct az_hdf5_reader *reader, const struct az_hdf5_source *source,
                             struct az_hdf5_entry *entry, int thread, struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint64_t half = source->grid.chunk_bytes + 4;
    if (entry->bytes > half) half = entry->bytes;
    half = (half + AZ_ALIGNMENT_BYTES) / AZ_ALIGNMENT_BYTES * AZ_ALIGNMENT_BYTES;
    AZ_TRY(grow_scratch(reader, thread, 2 * (size_t)half, error));
    unsigned char *packed = reader->scratch[thread];
    if (!entry->slot->data)
        AZ_TRY(az_memory_allocate(&entry->slot->data, (size_t)source->grid.chunk_bytes, 1,
                                  "a chunk", error));
    AZ_TRY(az_hdf5_read_bytes(reader, entry->address, packed, (size_t)entry->bytes, error));
    AZ_TRY(undo(reader, source, entry, packed, packed + half, thread, error));
    entry->slot->filled = true;
out:
    return status;
}

/* ---- boxes ---- */

/* Chunk number `number` of the job: its entry, and the part of the box that it has. */
static struct az_hdf5_entry *locate(const struct job *job, uint64_t number, struct az_hdf5_box *box)
{
    const struct az_hdf5_grid *grid = &job->source->grid;
    uint64_t index = 0, stride = 1;
    *box = (struct az_hdf5_box){.rank = grid->rank, .element_bytes = grid->element_bytes};
    for (int n = grid->rank - 1; n >= 0; n--) {
        int64_t chunk = job->low[n] + (int64_t)(number % (uint64_t)job->count[n]);
        int64_t start = chunk * grid->chunk[n], end = start + grid->chunk[n];
        int64_t first = start > job->begin[n] ? start : job->begin[n];
        int64_t last = job->begin[n] + job->size[n];
        number /= (uint64_t)job->count[n];
        if (end < last) last = end;
        box->size[n] = last - first;
        box->from[n] = first - start;
        box->from_shape[n] = grid->chunk[n];
        box->to[n] = first - job->begin[n];
        box->to_shape[n] = job->size[n];
        index += (uint64_t)chunk * stride;
        stride *= (uint64_t)grid->counts[n];
    }
    return &job->source->entries[index];
}

struct from_chunk {
    const struct job *job;
    const struct az_hdf5_entry *entry;
};

static enum az_status copy_run(void *context, uint64_t from, uint64_t to, size_t length,
                               struct az_error *error)
{
    const struct from_chunk *chunk = context;
    const struct az_hdf5_grid *grid = &chunk->job->source->grid;
    const struct az_hdf5_slot *slot = chunk->entry->slot;
    unsigned char *place = chunk->job->to + to;
    size_t unit = grid->element_bytes;
    if (chunk->entry->bytes == 0 && chunk->job->source->other_fill)
        return az_hdf5_raise_unwritten(chunk->job->source, error);
    if (chunk->entry->bytes == 0)
        memset(place, 0, length);
    else if (slot && slot->shuffled)
        az_hdf5_unshuffle(slot->data + from / unit, (size_t)grid->chunk_bytes / unit, length / unit,
                          unit, place);
    else if (slot)
        memcpy(place, slot->data + from, length);
    else
        return az_hdf5_read_bytes(chunk->job->reader, chunk->entry->address + from, place, length,
                                  error);
    return AZ_OK;
}

static void do_chunk(void *context, size_t chunk, int thread)
{
    struct job *job = context;
    struct az_hdf5_box box;
    struct az_error *error = &job->errors[thread];
    if (error->status != AZ_OK) return;
    struct az_hdf5_entry *entry = locate(job, job->first + chunk, &box);
    struct from_chunk from = {job, entry};
    if (entry->slot && !entry->slot->filled &&
        unpack(job->reader, job->source, entry, thread, error) != AZ_OK)
        return;
    az_hdf5_copy_box(&box, copy_run, &from, error);
}

/* Slots of chunks that turned out not to be readable hold nothing: away with them. */
static enum az_status first_error(struct job *job, struct az_error *error)
{
    int threads = az_pool_threads(job->reader->pool);
    for (int n = 0; n < threads; n++) {
        if (job->errors[n].status == AZ_OK) continue;
        if (error) *error = job->errors[n];
        free_slots(job->reader);
        return job->errors[n].status;
    }
    return AZ_OK;
}

static bool lies_in_file(const struct az_hdf5_reader *reader, const struct az_hdf5_entry *entry)
{
    return entry->address <= reader->file_bytes &&
           entry->bytes <= reader->file_bytes - entry->address;
}

/* A file that is being written has grown since it was opened. */
static enum az_status check_place(struct az_hdf5_reader *reader,
                                  const struct az_hdf5_source *source,
                                  const struct az_hdf5_entry *entry, struct az_error *error)
{
    struct stat about;
    if (lies_in_file(reader, entry)) return AZ_OK;
    if (az_system_stat(reader->fd, &about) == 0) reader->file_bytes = (uint64_t)about.st_size;
    if (lies_in_file(reader, entry)) return AZ_OK;
    return raise_chunk(source, "it lies beyond the end of the file", error);
}

static enum az_status do_batch(struct job *job, uint64_t count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_hdf5_box box;
    struct az_hdf5_reader *reader = job->reader;
    uint64_t bytes = job->source->grid.chunk_bytes;
    reader->batch++;
    for (uint64_t n = 0; n < count; n++) {
        struct az_hdf5_entry *entry = locate(job, job->first + n, &box);
        if (entry->slot) entry->slot->batch = reader->batch;
    }
    for (uint64_t n = 0; n < count; n++) {
        struct az_hdf5_entry *entry = locate(job, job->first + n, &box);
        if (entry->slot || entry->bytes == 0) continue;
        AZ_TRY(check_place(reader, job->source, entry, error));
        /* Deflate makes at most 1,032 bytes of one: no room is taken for a lie. */
        if (entry->bytes < bytes / 1032)
            AZ_TRY(raise_chunk(job->source, "it is too short for its shape", error));
        if (filtered(job->source, entry))
            AZ_TRY(add_slot(reader, entry, bytes, error));
        else if (entry->bytes < bytes)
            AZ_TRY(raise_chunk(job->source, "it is too short", error));
    }
    az_pool_run(reader->pool, do_chunk, job, (size_t)count);
    AZ_TRY(first_error(job, error));
out:
    if (status != AZ_OK) free_slots(reader);
    return status;
}

enum az_status az_hdf5_read_chunks(struct az_hdf5_reader *reader, struct az_hdf5_source *source,
                                   const int64_t *begin, const int64_t *size, void *bytes,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct job job = {
        .reader = reader, .source = source, .begin = begin, .size = size, .to = bytes};
    uint64_t chunks = 1;
    AZ_TRY(start_pool(reader, error));
    AZ_TRY(az_hdf5_load_index(reader, source, error));
    AZ_TRY(az_memory_allocate(&job.errors, (size_t)az_pool_threads(reader->pool),
                              sizeof *job.errors, "unpacking", error));
    for (int n = 0; n < az_pool_threads(reader->pool); n++) az_error_clear(&job.errors[n]);
    for (int n = 0; n < source->grid.rank; n++) {
        job.low[n] = begin[n] / source->grid.chunk[n];
        job.count[n] = (begin[n] + size[n] - 1) / source->grid.chunk[n] - job.low[n] + 1;
        chunks *= (uint64_t)job.count[n];
    }
    uint64_t batch = BATCH_BYTES / source->grid.chunk_bytes + 1;
    for (; job.first < chunks; job.first += batch)
        AZ_TRY(do_batch(&job, chunks - job.first < batch ? chunks - job.first : batch, error));
out:
    az_memory_free(job.errors);
    return status;
}
