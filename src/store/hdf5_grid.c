#include "store/hdf5_grid.h"

#include <string.h>

#define SLICE_ELEMENTS 2048 /* of one step in a chunk: its two planes of bf16 are 4 KiB */
#define DIRECT_FRAME_BYTES 1024
#define DIRECT_CHUNK_BYTES ((int64_t)64 << 10)
/* The layout of Thimble 7: this many whole frames, within the 4 GiB that a chunk may have. */
#define PLAIN_FRAMES 1600
#define PLAIN_CHUNK_BYTES ((int64_t)2 << 30)

static const struct {
    int level;
    int64_t frames;
} packings[] = {[AZ_COMPRESSION_NONE] = {0, 0},
                [AZ_COMPRESSION_FAST] = {1, 32},
                [AZ_COMPRESSION_SMALL] = {9, 64}};

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t divide_up(int64_t a, int64_t b) { return a / b + (a % b != 0); }

void az_hdf5_measure_grid(struct az_hdf5_grid *grid)
{
    grid->blocks = 1;
    grid->frame_bytes = grid->chunk_bytes = grid->element_bytes;
    for (int n = 0; n < grid->rank; n++) {
        grid->counts[n] = divide_up(grid->shape[n], grid->chunk[n]);
        grid->chunk_bytes *= (uint64_t)grid->chunk[n];
        if (n == 0) continue;
        grid->frame_bytes *= (uint64_t)grid->shape[n];
        grid->blocks *= (size_t)grid->counts[n];
    }
}

/* Frames as they are: nearly equal chunks, so that the last one is full. */
static void choose_plain(struct az_hdf5_grid *grid, int64_t most_frames)
{
    int64_t frames = grid->shape[0];
    for (int n = 0; n < grid->rank; n++) grid->chunk[n] = grid->shape[n] > 0 ? grid->shape[n] : 1;
    grid->level = 0;
    grid->chunk[0] = 1;
    if (frames > 1) grid->chunk[0] = divide_up(frames, divide_up(frames, most_frames));
}

/* The last dimensions whole, as far as a slice goes. Hidden states, which have more dimensions than
 * rows and columns, and gradients do not repeat themselves from step to step: few steps are enough.
 * Gradients repeat themselves from row to row, those of tokens that are pushed alike. */
static void choose_packed(struct az_hdf5_grid *grid, bool gradient, int level, int64_t frames)
{
    int64_t left = gradient ? 16 * SLICE_ELEMENTS : SLICE_ELEMENTS;
    bool few = gradient || grid->rank > 3;
    for (int n = grid->rank - 1; n > 0; n--) {
        int64_t length = least(grid->shape[n], left);
        grid->chunk[n] = length > 0 ? length : 1;
        left /= grid->chunk[n];
    }
    grid->chunk[0] = least(few && frames > 4 ? 4 : frames, grid->shape[0] > 0 ? grid->shape[0] : 1);
    grid->level = level;
}

static void begin_grid(struct az_hdf5_grid *grid, const struct az_tensor *tensor)
{
    *grid =
        (struct az_hdf5_grid){.rank = tensor->rank, .element_bytes = az_dtype_bytes(tensor->dtype)};
    memcpy(grid->shape, tensor->shape, sizeof grid->shape);
    for (int n = 0; n < grid->rank; n++) grid->chunk[n] = 1;
    az_hdf5_measure_grid(grid);
}

static void choose_grid(struct az_hdf5_grid *grid, const struct az_tensor *tensor,
                        enum az_compression compression, int64_t frames)
{
    begin_grid(grid, tensor);
    int64_t bytes = (int64_t)grid->frame_bytes;
    if (bytes <= DIRECT_FRAME_BYTES)
        choose_plain(grid, DIRECT_CHUNK_BYTES / (bytes ? bytes : 1));
    else if (compression == AZ_COMPRESSION_NONE)
        choose_plain(grid, bytes > PLAIN_CHUNK_BYTES / PLAIN_FRAMES
                               ? (bytes < PLAIN_CHUNK_BYTES ? PLAIN_CHUNK_BYTES / bytes : 1)
                               : PLAIN_FRAMES);
    else
        choose_packed(grid, strncmp(tensor->name, "grad_", 5) == 0, packings[compression].level,
                      frames);
    az_hdf5_measure_grid(grid);
}

void az_hdf5_choose_grids(struct az_hdf5_grid *grids, const struct az_tensor *tensors, size_t count,
                          enum az_compression compression)
{
    for (int64_t frames = packings[compression].frames;; frames /= 2) {
        uint64_t waiting = 0;
        for (size_t n = 0; n < count; n++) {
            if (tensors[n].data || tensors[n].rank == 0) continue;
            choose_grid(&grids[n], &tensors[n], compression, frames);
            if (grids[n].level) waiting += 2 * (uint64_t)grids[n].chunk[0] * grids[n].frame_bytes;
        }
        if (waiting <= AZ_HDF5_WAITING_BYTES || frames <= 2) return;
    }
}

/* ---- shuffle ---- */

static void shuffle_run(const unsigned char *from, size_t elements, size_t element_bytes,
                        unsigned char *to, size_t plane_bytes)
{
    if (element_bytes == 2) {
        unsigned char *low = to, *high = to + plane_bytes;
        for (size_t n = 0; n < elements; n++) {
            low[n] = from[2 * n];
            high[n] = from[2 * n + 1];
        }
        return;
    }
    for (size_t byte = 0; byte < element_bytes; byte++)
        for (size_t n = 0; n < elements; n++)
            to[byte * plane_bytes + n] = from[n * element_bytes + byte];
}

void az_hdf5_unshuffle(const unsigned char *planes, size_t plane_bytes, size_t elements,
                       size_t element_bytes, unsigned char *plain)
{
    const unsigned char *p0 = planes, *p1 = p0 + plane_bytes;
    if (element_bytes == 2) {
        for (size_t n = 0; n < elements; n++) {
            plain[2 * n] = p0[n];
            plain[2 * n + 1] = p1[n];
        }
    } else if (element_bytes == 4) {
        const unsigned char *p2 = p1 + plane_bytes, *p3 = p2 + plane_bytes;
        for (size_t n = 0; n < elements; n++) {
            plain[4 * n] = p0[n];
            plain[4 * n + 1] = p1[n];
            plain[4 * n + 2] = p2[n];
            plain[4 * n + 3] = p3[n];
        }
    } else {
        for (size_t byte = 0; byte < element_bytes; byte++)
            for (size_t n = 0; n < elements; n++)
                plain[n * element_bytes + byte] = planes[byte * plane_bytes + n];
    }
}

/* Runs of elements that lie side by side in the frames and in the chunk: along `outer`, the last
 * dimension that the chunk cuts, with all that is inside it. */
void az_hdf5_gather(const struct az_hdf5_grid *grid, size_t block, const void *slab, int64_t frames,
                    unsigned char *shuffled)
{
    int64_t begin[AZ_TENSOR_DIMS] = {0}, size[AZ_TENSOR_DIMS], at[AZ_TENSOR_DIMS] = {0};
    size_t plane_bytes = (size_t)(grid->chunk_bytes / grid->element_bytes);
    int outer = grid->rank - 1;
    int64_t unit = 1;
    bool whole = frames == grid->chunk[0];
    if (outer < 0 || outer >= AZ_TENSOR_DIMS) return;
    size[0] = frames;
    for (int n = grid->rank - 1; n > 0; n--) {
        begin[n] = (int64_t)(block % (size_t)grid->counts[n]) * grid->chunk[n];
        block /= (size_t)grid->counts[n];
        size[n] = least(grid->chunk[n], grid->shape[n] - begin[n]);
        whole &= size[n] == grid->chunk[n];
    }
    if (!whole) memset(shuffled, 0, (size_t)grid->chunk_bytes);
    while (outer > 0 && grid->chunk[outer] == grid->shape[outer]) unit *= grid->chunk[outer--];
    int64_t runs = 1;
    for (int n = 0; n < outer; n++) runs *= size[n];
    for (int64_t run = 0; run < runs; run++) {
        int64_t from = 0, to = 0;
        for (int n = 0; n <= outer; n++) {
            from = from * (n ? grid->shape[n] : 1) + begin[n] + at[n];
            to = to * grid->chunk[n] + at[n];
        }
        shuffle_run((const unsigned char *)slab + (size_t)(from * unit) * grid->element_bytes,
                    (size_t)(size[outer] * unit), grid->element_bytes,
                    shuffled + (size_t)(to * unit), plane_bytes);
        for (int n = outer - 1; n >= 0 && ++at[n] == size[n]; n--) at[n] = 0;
    }
}
