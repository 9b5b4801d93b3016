/* hdf5_grid.h: how a tensor with frames is cut into chunks, and how a chunk is packed.
 *
 * A chunk of a packed tensor holds a few rows for many steps, so that a row which has stopped
 * moving lies again and again within the reach of deflate (32 KiB) and costs almost nothing. Its
 * bytes are shuffled: first the lowest byte of every element, then the next. */
#ifndef AZ_STORE_HDF5_GRID_H
#define AZ_STORE_HDF5_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/experiment.h"
#include "azimuth/safetensors.h"

struct az_hdf5_grid {
    int rank;
    int64_t shape[AZ_TENSOR_DIMS]; /* the first is time */
    int64_t chunk[AZ_TENSOR_DIMS];
    int64_t counts[AZ_TENSOR_DIMS]; /* chunks along each dimension */
    size_t blocks;                  /* chunks of one time */
    size_t element_bytes;
    uint64_t frame_bytes, chunk_bytes; /* chunk_bytes: before packing */
    int level;                         /* of deflate; 0: nothing is packed */
};

/* The grids of tensors[count] that are recorded together: compression decides, and that the frames
 * on their way to be packed take no more than AZ_HDF5_WAITING_BYTES. */
#define AZ_HDF5_WAITING_BYTES ((uint64_t)1 << 30)
void az_hdf5_choose_grids(struct az_hdf5_grid *grids, const struct az_tensor *tensors, size_t count,
                          enum az_compression compression);

/* Counts, blocks and bytes of a grid whose shape, chunk and element_bytes are set. */
void az_hdf5_measure_grid(struct az_hdf5_grid *grid);

/* Bytes of the elements of block `block`, shuffled, from `frames` whole frames that lie one behind
 * the other; what the chunk has beyond them and beyond the shape is zero. */
void az_hdf5_gather(const struct az_hdf5_grid *grid, size_t block, const void *slab, int64_t frames,
                    unsigned char *shuffled);

/* plain[elements]: their bytes of place 0 lie from planes on, those of place 1 plane_bytes behind.
 */
void az_hdf5_unshuffle(const unsigned char *planes, size_t plane_bytes, size_t elements,
                       size_t element_bytes, unsigned char *plain);

#endif
