/* recording_sums.h: two sums over a frame, written beside it (NAME.sums, docs/formats.md), that
 * tell whether its bits are still those that were recorded, and where a single bit is not.
 *
 * The frame is taken as little-endian 32-bit words w_1 ... w_n, the last one filled up with zeros;
 * plain is the sum of all w_i, weighted the sum of i w_i, both modulo 2^64. They are linear, so
 * parts of a frame can be summed apart. One flipped bit k of word i changes them by 2^k and i 2^k,
 * up or down, from which both are read back. They guard against accident, not against intent. */
#ifndef AZ_STORE_RECORDING_SUMS_H
#define AZ_STORE_RECORDING_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/recording.h"

/* Adds a part of a frame that begins at offset_bytes, a multiple of 4; so is its length, unless it
 * ends the frame. Little-endian machines only, as the files are. */
void az_frame_sums_add(struct az_frame_sums *sums, uint64_t offset_bytes, const void *bytes,
                       size_t length_bytes);

/* True when the two differ as after the flip of one bit of a frame of frame_bytes (below 16 GiB):
 * bit 0..7 of the byte at *offset_bytes. */
bool az_frame_sums_locate(struct az_frame_sums written, struct az_frame_sums found,
                          uint64_t frame_bytes, uint64_t *offset_bytes, int *bit);

#endif
