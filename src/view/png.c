#include "view/png.h"

#include <libdeflate.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
#define HEADER_BYTES (8 + 25)

static void put_u32(unsigned char *at, size_t value)
{
    for (int n = 0; n < 4; n++) at[n] = (unsigned char)(value >> (24 - 8 * n));
}

/* Length, type, data, CRC of type and data. */
static enum az_status add_chunk(struct az_buffer *buffer, const char *type, const void *data,
                                size_t bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char head[8], tail[4];
    put_u32(head, bytes);
    memcpy(head + 4, type, 4);
    uint32_t crc = libdeflate_crc32(libdeflate_crc32(0, type, 4), data, bytes);
    put_u32(tail, crc);
    AZ_TRY(az_buffer_add(buffer, head, sizeof head, error));
    AZ_TRY(az_buffer_add(buffer, data, bytes, error));
    AZ_TRY(az_buffer_add(buffer, tail, sizeof tail, error));
out:
    return status;
}

/* Each line as differences from the pixel to the left (filter 1). */
static void filter(const unsigned char *rgb, size_t width, size_t height, unsigned char *lines)
{
    for (size_t y = 0; y < height; y++) {
        const unsigned char *from = rgb + y * width * 3;
        unsigned char *to = lines + y * (width * 3 + 1);
        *to++ = 1;
        for (size_t i = 0; i < width * 3; i++)
            to[i] = (unsigned char)(from[i] - (i < 3 ? 0 : from[i - 3]));
    }
}

enum az_status az_png_encode(const unsigned char *rgb, size_t width, size_t height, char **bytes,
                             size_t *length_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer buffer = {0};
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(4);
    unsigned char *lines = NULL, *packed = NULL, header[13] = {0};
    size_t length, line_bytes = width * 3 + 1;
    if (!compressor) AZ_RAISE(AZ_MEMORY, "no memory for compressing a picture");
    AZ_TRY(az_size_multiply(line_bytes, height, &length, error));
    AZ_TRY(az_memory_allocate(&lines, length, 1, "a picture", error));
    filter(rgb, width, height, lines);
    size_t bound = libdeflate_zlib_compress_bound(compressor, length);
    AZ_TRY(az_memory_allocate(&packed, bound, 1, "a picture", error));
    size_t packed_bytes = libdeflate_zlib_compress(compressor, lines, length, packed, bound);
    if (packed_bytes == 0) AZ_RAISE(AZ_MEMORY, "a picture did not fit its bound");
    put_u32(header, width);
    put_u32(header + 4, height);
    header[8] = 8; /* bits */
    header[9] = 2; /* RGB */
    AZ_TRY(az_buffer_add(&buffer, signature, sizeof signature, error));
    AZ_TRY(add_chunk(&buffer, "IHDR", header, sizeof header, error));
    AZ_TRY(add_chunk(&buffer, "IDAT", packed, packed_bytes, error));
    AZ_TRY(add_chunk(&buffer, "IEND", "", 0, error));
    AZ_TRY(az_buffer_take(&buffer, bytes, length_bytes, error));
out:
    if (compressor) libdeflate_free_compressor(compressor);
    az_memory_free(lines);
    az_memory_free(packed);
    az_buffer_free(&buffer);
    return status;
}

enum az_status az_png_stamp(const char *bytes, size_t length_bytes, double dots_per_inch,
                            char **stamped, size_t *stamped_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer buffer = {0};
    unsigned char resolution[9] = {0};
    if (length_bytes < HEADER_BYTES || memcmp(bytes, signature, sizeof signature) != 0)
        AZ_RAISE(AZ_IO, "gnuplot did not draw a PNG file");
    put_u32(resolution, (size_t)lround(dots_per_inch / 0.0254)); /* dots per metre */
    put_u32(resolution + 4, (size_t)lround(dots_per_inch / 0.0254));
    resolution[8] = 1;
    AZ_TRY(az_buffer_add(&buffer, bytes, HEADER_BYTES, error));
    AZ_TRY(add_chunk(&buffer, "pHYs", resolution, sizeof resolution, error));
    AZ_TRY(az_buffer_add(&buffer, bytes + HEADER_BYTES, length_bytes - HEADER_BYTES, error));
    AZ_TRY(az_buffer_take(&buffer, stamped, stamped_bytes, error));
out:
    az_buffer_free(&buffer);
    return status;
}
