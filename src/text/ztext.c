#include "text/ztext.h"

#include <libdeflate.h>
#include <stdint.h>
#include <stdio.h>

#include "base/memory.h"
#include "store/file.h"
#include "text/markup.h"
#include "text/utf8.h"

#define PATH_BYTES 4096
#define ENTRY_BYTES 12
#define FILE_LIMIT_BYTES ((size_t)1 << 30)
/* No deflate stream grows more than this, so a larger claim is a lie. */
#define DEFLATE_RATIO 1032

struct testament {
    char path[PATH_BYTES]; /* of the .bzs */
    char *index, *blocks;
    size_t index_bytes, blocks_bytes;
    struct libdeflate_decompressor *decompressor;
};

static uint32_t read_u32(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static enum az_status open_testament(struct testament *testament, const char *directory,
                                     const char *name, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES], file[16];
    snprintf(file, sizeof file, "%s.bzz", name);
    AZ_TRY(az_path_join(path, sizeof path, directory, file, error));
    AZ_TRY(
        az_file_read(path, FILE_LIMIT_BYTES, &testament->blocks, &testament->blocks_bytes, error));
    snprintf(file, sizeof file, "%s.bzs", name);
    AZ_TRY(az_path_join(testament->path, PATH_BYTES, directory, file, error));
    AZ_TRY(az_file_read(testament->path, FILE_LIMIT_BYTES, &testament->index,
                        &testament->index_bytes, error));
    if (testament->index_bytes % ENTRY_BYTES != 0)
        AZ_RAISE(AZ_FORMAT,
                 "%zu bytes are no whole number of entries of %d; install the package "
                 "again",
                 testament->index_bytes, ENTRY_BYTES);
    testament->decompressor = libdeflate_alloc_decompressor();
    if (!testament->decompressor) AZ_RAISE(AZ_MEMORY, "cannot allocate a decompressor");
out:
    if (status != AZ_OK) az_error_at(error, testament->path, -1, -1, -1);
    return status;
}

static void close_testament(struct testament *testament)
{
    az_memory_free(testament->index);
    az_memory_free(testament->blocks);
    if (testament->decompressor) libdeflate_free_decompressor(testament->decompressor);
}

static enum az_status read_block(struct testament *testament, size_t number,
                                 struct az_buffer *prose, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *entry = testament->index + number * ENTRY_BYTES;
    size_t offset = read_u32(entry), compressed = read_u32(entry + 4), length = read_u32(entry + 8);
    char *text = NULL;
    if (compressed == 0) goto out;
    if (offset > testament->blocks_bytes || compressed > testament->blocks_bytes - offset ||
        length / DEFLATE_RATIO > compressed)
        AZ_RAISE(AZ_FORMAT,
                 "block %zu: %zu bytes at %zu, %zu bytes of text, do not fit a file of "
                 "%zu bytes; install the package again",
                 number, compressed, offset, length, testament->blocks_bytes);
    AZ_TRY(az_memory_allocate(&text, length, 1, "a book", error));
    /* Debian's modules have blocks with a byte too many, so what is left over is no fault. */
    if (libdeflate_zlib_decompress(testament->decompressor, testament->blocks + offset, compressed,
                                   text, length, NULL) != LIBDEFLATE_SUCCESS)
        AZ_RAISE(AZ_FORMAT, "block %zu is damaged; install the package again", number);
    size_t fault = az_utf8_invalid(text, length);
    if (fault < length)
        AZ_RAISE(AZ_FORMAT,
                 "block %zu: invalid UTF-8 at byte %zu of its text; install the package "
                 "again",
                 number, fault);
    AZ_TRY(az_markup_strip(text, length, prose, error));
out:
    az_memory_free(text);
    if (status != AZ_OK)
        az_error_at(error, testament->path, -1, (int64_t)(number * ENTRY_BYTES), -1);
    return status;
}

static enum az_status read_testament(const char *directory, const char *name,
                                     struct az_buffer *prose, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct testament testament = {0};
    AZ_TRY(open_testament(&testament, directory, name, error));
    for (size_t n = 0; n < testament.index_bytes / ENTRY_BYTES; n++)
        AZ_TRY(read_block(&testament, n, prose, error));
out:
    close_testament(&testament);
    return status;
}

enum az_status az_ztext_read(const char *directory, struct az_buffer *prose, struct az_error *error)
{
    enum az_status status = read_testament(directory, "ot", prose, error);
    return status == AZ_OK ? read_testament(directory, "nt", prose, error) : status;
}
