#include "store/npy_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/file.h"
#include "store/npy_read.h"
#include "store/safetensors_header.h"
#include "store/system.h"

#define HEADER_BYTES 256 /* magic, version, length, the dictionary of 8 dimensions, spaces */
#define HEADER_UNIT 64

struct az_npy_writer {
    struct az_part part;
    uint64_t wanted_bytes, written_bytes;
};

const char *az_npy_descr(enum az_dtype dtype)
{
    switch (dtype) {
    case AZ_DTYPE_BOOL: return "|b1";
    case AZ_DTYPE_U8: return "|u1";
    case AZ_DTYPE_I8: return "|i1";
    case AZ_DTYPE_I16: return "<i2";
    case AZ_DTYPE_U16:
    case AZ_DTYPE_BF16: return "<u2";
    case AZ_DTYPE_F16: return "<f2";
    case AZ_DTYPE_I32: return "<i4";
    case AZ_DTYPE_U32: return "<u4";
    case AZ_DTYPE_F32: return "<f4";
    case AZ_DTYPE_F64: return "<f8";
    case AZ_DTYPE_I64: return "<i8";
    case AZ_DTYPE_U64: return "<u8";
    case AZ_DTYPE_C64: return "<c8";
    default: return NULL;
    }
}

/* The whole header; returns its length. */
static size_t make_header(char header[HEADER_BYTES + HEADER_UNIT], const char *descr, int rank,
                          const int64_t *shape)
{
    size_t used = AZ_NPY_MAGIC_BYTES + 4;
    used += (size_t)snprintf(header + used, HEADER_BYTES - used,
                             "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int n = 0; n < rank; n++)
        used += (size_t)snprintf(header + used, HEADER_BYTES - used, "%" PRId64 "%s", shape[n],
                                 n + 1 < rank ? ", "
                                 : rank == 1  ? ","
                                              : "");
    used += (size_t)snprintf(header + used, HEADER_BYTES - used, "), }");
    size_t length = (used + 1 + HEADER_UNIT - 1) / HEADER_UNIT * HEADER_UNIT;
    memset(header + used, ' ', length - used);
    header[length - 1] = '\n';
    size_t text = length - AZ_NPY_MAGIC_BYTES - 4;
    memcpy(header, AZ_NPY_MAGIC "\x01\x00", AZ_NPY_MAGIC_BYTES + 2);
    header[AZ_NPY_MAGIC_BYTES + 2] = (char)(text & 0xff);
    header[AZ_NPY_MAGIC_BYTES + 3] = (char)(text >> 8);
    return length;
}

static enum az_status put(struct az_npy_writer *writer, const void *bytes, size_t length_bytes,
                          struct az_error *error)
{
    int code = az_system_write(writer->part.fd, bytes, length_bytes);
    if (!code) return AZ_OK;
    enum az_status status = az_error_system(error, code, "cannot write the file");
    az_error_at(error, writer->part.path, -1, -1, -1);
    return status;
}

enum az_status az_npy_create(struct az_npy_writer **writer_pointer, const char *path,
                             enum az_dtype dtype, int rank, const int64_t *shape,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    char header[HEADER_BYTES + HEADER_UNIT];
    struct az_npy_writer *writer = NULL;
    struct az_tensor tensor = {.dtype = dtype, .rank = rank};
    const char *descr = az_npy_descr(dtype);
    *writer_pointer = NULL;
    if (!descr) AZ_RAISE(AZ_UNSUPPORTED, "npy has no type for %s", az_dtype_name(dtype));
    memcpy(tensor.shape, shape, (size_t)rank * sizeof *shape);
    AZ_TRY(az_memory_allocate(&writer, 1, sizeof *writer, "an npy file", error));
    writer->part.fd = -1;
    AZ_TRY(az_tensor_bytes(&tensor, &writer->wanted_bytes, error));
    AZ_TRY(az_part_open(&writer->part, path, false, error));
    AZ_TRY(put(writer, header, make_header(header, descr, rank, shape), error));
    *writer_pointer = writer;
out:
    if (status != AZ_OK) az_npy_abort(writer);
    return status;
}

enum az_status az_npy_write(struct az_npy_writer *writer, const void *bytes, size_t length_bytes,
                            struct az_error *error)
{
    if (length_bytes > writer->wanted_bytes - writer->written_bytes)
        return az_error_raise(error, AZ_USAGE,
                              "more data than the shape of the array has room for");
    enum az_status status = put(writer, bytes, length_bytes, error);
    if (status == AZ_OK) writer->written_bytes += length_bytes;
    return status;
}

enum az_status az_npy_commit(struct az_npy_writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (writer->written_bytes != writer->wanted_bytes)
        AZ_RAISE(AZ_USAGE, "%" PRIu64 " bytes of %" PRIu64 " were written to the array",
                 writer->written_bytes, writer->wanted_bytes);
    AZ_TRY(az_part_commit(&writer->part, error));
out:
    az_npy_abort(writer);
    return status;
}

void az_npy_abort(struct az_npy_writer *writer)
{
    if (!writer) return;
    az_part_abort(&writer->part);
    az_memory_free(writer);
}
