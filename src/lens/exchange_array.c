#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/bf16.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "lens/dead_rows.h"
#include "lens/exchange_state.h"
#include "store/csv.h"
#include "store/npy_write.h"

/* Where numbers go, and how. */
struct sink {
    enum az_exchange_form form;
    bool bits;
    enum az_dtype dtype; /* of what is read */
    struct az_npy_writer *npy;
    struct az_csv *csv;
    float *wide; /* a frame of BF16 as float32, for npy */
};

static enum az_dtype npy_type(const struct sink *sink)
{
    switch (sink->dtype) {
    case AZ_DTYPE_BF16: return sink->bits ? AZ_DTYPE_U16 : AZ_DTYPE_F32;
    case AZ_DTYPE_F16: return sink->bits ? AZ_DTYPE_U16 : AZ_DTYPE_F16;
    case AZ_DTYPE_F32: return sink->bits ? AZ_DTYPE_U32 : AZ_DTYPE_F32;
    case AZ_DTYPE_F64: return sink->bits ? AZ_DTYPE_U64 : AZ_DTYPE_F64;
    default: return sink->dtype;
    }
}

/* ---- npy ---- */

static enum az_status npy_frame(struct sink *sink, const unsigned char *bytes, size_t length_bytes,
                                struct az_error *error)
{
    if (!sink->wide) return az_npy_write(sink->npy, bytes, length_bytes, error);
    for (size_t i = 0; i < length_bytes / 2; i++) {
        struct az_bf16 value;
        memcpy(&value, bytes + 2 * i, sizeof value);
        sink->wide[i] = az_bf16_to_f32(value);
    }
    return az_npy_write(sink->npy, sink->wide, 2 * length_bytes, error);
}

/* ---- csv ---- */

static void csv_number(struct sink *sink, const unsigned char *at)
{
    union {
        uint8_t u8;
        int8_t i8;
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        uint64_t u64;
        int64_t i64;
        float f32;
        double f64;
    } x = {0};
    memcpy(&x, at, az_dtype_bytes(sink->dtype));
    bool real = sink->dtype == AZ_DTYPE_BF16 || sink->dtype == AZ_DTYPE_F32 ||
                sink->dtype == AZ_DTYPE_F64 || sink->dtype == AZ_DTYPE_F16;
    if (real && (sink->bits || sink->dtype == AZ_DTYPE_F16)) {
        az_csv_integer(sink->csv, (int64_t)x.u64); /* float16 is given by its bits */
        return;
    }
    switch (sink->dtype) {
    case AZ_DTYPE_BF16: az_csv_f32(sink->csv, az_bf16_to_f32((struct az_bf16){x.u16})); break;
    case AZ_DTYPE_F32: az_csv_f32(sink->csv, x.f32); break;
    case AZ_DTYPE_F64: az_csv_f64(sink->csv, x.f64); break;
    case AZ_DTYPE_I8: az_csv_integer(sink->csv, x.i8); break;
    case AZ_DTYPE_I16: az_csv_integer(sink->csv, x.i16); break;
    case AZ_DTYPE_I32: az_csv_integer(sink->csv, x.i32); break;
    default: az_csv_integer(sink->csv, x.i64); break; /* unsigned ones fill x from the low end */
    }
}

/* step, then the place within the frame, then the last dimension: "step,token,d0,d1" */
static enum az_status csv_header(const struct az_slice *slice, struct az_buffer *header,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char text[64];
    int rank = slice->out.frame_rank;
    AZ_TRY(az_buffer_add(header, "step", 4, error));
    for (int n = 0; n + 1 < rank; n++) {
        int length = rank == 2 ? snprintf(text, sizeof text, ",token")
                               : snprintf(text, sizeof text, ",index%d", n);
        AZ_TRY(az_buffer_add(header, text, (size_t)length, error));
    }
    if (rank == 0) AZ_TRY(az_buffer_add(header, ",value", 6, error));
    for (int64_t d = 0; rank && d < slice->out.frame_shape[rank - 1]; d++) {
        int length = snprintf(text, sizeof text, ",d%" PRId64, slice->begin[rank - 1] + d);
        AZ_TRY(az_buffer_add(header, text, (size_t)length, error));
    }
    AZ_TRY(az_buffer_add(header, "", 1, error)); /* its end */
out:
    return status;
}

/* The place of row number `row` of a frame. */
static void csv_place(struct sink *sink, const struct az_slice *slice, int64_t row)
{
    int rank = slice->out.frame_rank;
    int64_t index[AZ_TENSOR_DIMS];
    if (rank == 2) {
        az_csv_integer(sink->csv, az_recorded_token(&slice->out, row));
        return;
    }
    for (int n = rank - 2; n >= 0; n--) {
        index[n] = row % slice->out.frame_shape[n];
        row /= slice->out.frame_shape[n];
    }
    for (int n = 0; n + 1 < rank; n++) az_csv_integer(sink->csv, index[n]);
}

static enum az_status csv_frame(struct sink *sink, const struct az_slice *slice, int64_t frame,
                                const unsigned char *bytes, struct az_error *error)
{
    int rank = slice->out.frame_rank;
    size_t element = az_dtype_bytes(sink->dtype);
    size_t columns = rank ? (size_t)slice->out.frame_shape[rank - 1] : 1;
    size_t rows = (size_t)slice->out.frame_bytes / element / columns;
    for (size_t row = 0; row < rows; row++) {
        az_csv_integer(sink->csv, slice->steps[frame]);
        csv_place(sink, slice, (int64_t)row);
        for (size_t d = 0; d < columns; d++)
            csv_number(sink, bytes + (row * columns + d) * element);
        enum az_status status = az_csv_end(sink->csv, error);
        if (status != AZ_OK) return status;
    }
    return AZ_OK;
}

/* ---- the whole ---- */

static enum az_status open_sink(struct sink *sink, const char *path, const struct az_slice *slice,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer header = {0};
    int64_t shape[AZ_TENSOR_DIMS] = {slice->out.frames};
    int rank = slice->out.frame_rank;
    if (sink->form == AZ_EXCHANGE_CSV) {
        AZ_TRY(csv_header(slice, &header, error));
        AZ_TRY(az_csv_create(&sink->csv, path, AZ_CSV_WHOLE, header.bytes, error));
        goto out;
    }
    memcpy(shape + 1, slice->out.frame_shape, (size_t)rank * sizeof *shape);
    if (npy_type(sink) == AZ_DTYPE_F32 && sink->dtype == AZ_DTYPE_BF16)
        AZ_TRY(az_memory_allocate(&sink->wide, (size_t)slice->out.frame_bytes / 2,
                                  sizeof *sink->wide, "a frame", error));
    AZ_TRY(az_npy_create(&sink->npy, path, npy_type(sink), rank + 1, shape, error));
out:
    az_buffer_free(&header);
    return status;
}

static enum az_status close_sink(struct sink *sink, struct az_error *error)
{
    struct az_npy_writer *npy = sink->npy;
    struct az_csv *csv = sink->csv;
    sink->npy = NULL;
    sink->csv = NULL;
    return npy ? az_npy_commit(npy, error) : az_csv_commit(csv, error);
}

static enum az_status write_frames(struct az_exchange *exchange, struct sink *sink,
                                   struct az_exchange_result *result, struct az_progress *progress,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    double total = (double)exchange->total_frames;
    struct az_exchange_frame *frame = &exchange->frames[0];
    const struct az_slice *slice = &exchange->slices[0];
    size_t bytes = (size_t)slice->out.frame_bytes;
    az_progress_begin(progress);
    for (az_exchange_read(exchange, frame); frame->slice != SIZE_MAX;
         az_exchange_read(exchange, frame)) {
        if (frame->status != AZ_OK && error) *error = frame->error;
        AZ_TRY(frame->status);
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped after %" PRId64 " frames of %" PRId64, result->frames,
                     exchange->total_frames);
        AZ_TRY(sink->npy ? npy_frame(sink, frame->bytes, bytes, error)
                         : csv_frame(sink, slice, frame->frame, frame->bytes, error));
        result->frames++;
        result->bytes += bytes;
        az_progress_tell(progress, "exporting", "frame", (double)result->frames, total, "");
    }
    az_progress_end(progress, "exporting", "frame", total, total, "");
out:
    return status;
}

/* A constant is one frame without a step. */
static enum az_status write_constant(const struct az_recording *recording,
                                     const struct az_tensor *constant, struct sink *sink,
                                     const char *path, struct az_exchange_result *result,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    unsigned char *bytes = NULL;
    sink->dtype = constant->dtype;
    size_t element = az_dtype_bytes(constant->dtype);
    if (!element) AZ_RAISE(AZ_UNSUPPORTED, "%s has elements of less than a byte", constant->name);
    AZ_TRY(az_memory_allocate(&bytes, (size_t)constant->bytes, 1, "a constant", error));
    AZ_TRY(az_recording_read_constant(recording, constant, bytes, error));
    size_t count = (size_t)constant->bytes / element;
    if (sink->form == AZ_EXCHANGE_NPY) {
        if (npy_type(sink) == AZ_DTYPE_F32 && constant->dtype == AZ_DTYPE_BF16)
            AZ_TRY(az_memory_allocate(&sink->wide, count, sizeof *sink->wide, "numbers", error));
        AZ_TRY(az_npy_create(&sink->npy, path, npy_type(sink), constant->rank, constant->shape,
                             error));
        AZ_TRY(npy_frame(sink, bytes, (size_t)constant->bytes, error));
    } else {
        AZ_TRY(az_csv_create(&sink->csv, path, AZ_CSV_WHOLE, "index,value", error));
        for (size_t n = 0; n < count; n++) {
            az_csv_integer(sink->csv, (int64_t)n);
            csv_number(sink, bytes + n * element);
            AZ_TRY(az_csv_end(sink->csv, error));
        }
    }
    result->bytes = constant->bytes;
    result->frames = 1;
    AZ_TRY(close_sink(sink, error));
out:
    az_memory_free(bytes);
    return status;
}

static const struct az_tensor *find_constant(const struct az_recording *recording, const char *name)
{
    size_t cursor = 0;
    const struct az_tensor *constant = az_recording_constant_next(recording, &cursor);
    while (constant && strcmp(constant->name, name) != 0)
        constant = az_recording_constant_next(recording, &cursor);
    return constant;
}

static enum az_status write_movie(const struct az_recording *recording,
                                  const struct az_selection *selection, struct sink *sink,
                                  const char *path, struct az_exchange_result *result,
                                  struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_exchange exchange;
    AZ_TRY(az_exchange_open(&exchange, recording, selection, error));
    sink->dtype = exchange.slices[0].tensor->dtype;
    AZ_TRY(open_sink(sink, path, &exchange.slices[0], error));
    AZ_TRY(write_frames(&exchange, sink, result, progress, error));
    AZ_TRY(close_sink(sink, error));
out:
    az_exchange_close(&exchange);
    return status;
}

enum az_status az_exchange_array(const struct az_recording *recording,
                                 const struct az_selection *selection, const char *path,
                                 enum az_exchange_form form, bool bits,
                                 struct az_exchange_result *result, struct az_progress *progress,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct sink sink = {.form = form, .bits = bits};
    *result = (struct az_exchange_result){0};
    if (!selection->tensors || !selection->tensors[0] || selection->tensors[1])
        AZ_RAISE(AZ_USAGE, "an array holds one tensor; a safetensors or HDF5 file holds several");
    AZ_TRY(az_exchange_check_path(recording, path, error));
    const struct az_tensor *constant = find_constant(recording, selection->tensors[0]);
    AZ_TRY(constant ? write_constant(recording, constant, &sink, path, result, error)
                    : write_movie(recording, selection, &sink, path, result, progress, error));
out:
    az_npy_abort(sink.npy);
    az_csv_abort(sink.csv);
    az_memory_free(sink.wide);
    return status;
}
