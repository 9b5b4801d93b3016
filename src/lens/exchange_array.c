#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/bf16.h"
#include "azimuth/pool.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "config/number.h"
#include "lens/dead_rows.h"
#include "lens/exchange_state.h"
#include "store/csv.h"
#include "store/npy_write.h"

#define BF16_COUNT ((size_t)1 << 16)
enum { PIECES = 64, TEXT_BLOCKS = 64 };

/* Where numbers go, and how. */
struct sink {
    enum az_exchange_form form;
    bool bits;
    enum az_dtype dtype; /* of what is read */
    struct az_npy_writer *npy;
    float *wide; /* a frame of BF16 as float32, for npy */
    struct az_csv *csv;
    struct az_csv *pieces[PIECES];       /* the rows of a frame, cut alike for any threads */
    char (*texts)[AZ_NUMBER_TEXT_BYTES]; /* of each bf16, where many are written; else NULL */
};

/* A movie on its way: frames are read while the one before is written. */
struct copy {
    struct az_exchange exchange;
    struct sink *sink;
    struct az_pool *pool;
    struct az_exchange_frame *now, *next;
    enum az_status status; /* of writing */
    struct az_error error;
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

static void csv_bf16(const struct sink *sink, struct az_csv *csv, uint16_t bits)
{
    if (sink->texts)
        az_csv_text(csv, sink->texts[bits]);
    else
        az_csv_f32(csv, az_bf16_to_f32((struct az_bf16){bits}));
}

static void csv_number(const struct sink *sink, struct az_csv *csv, const unsigned char *at)
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
        az_csv_integer(csv, (int64_t)x.u64); /* float16 is given by its bits */
        return;
    }
    switch (sink->dtype) {
    case AZ_DTYPE_BF16: csv_bf16(sink, csv, x.u16); break;
    case AZ_DTYPE_F32: az_csv_f32(csv, x.f32); break;
    case AZ_DTYPE_F64: az_csv_f64(csv, x.f64); break;
    case AZ_DTYPE_I8: az_csv_integer(csv, x.i8); break;
    case AZ_DTYPE_I16: az_csv_integer(csv, x.i16); break;
    case AZ_DTYPE_I32: az_csv_integer(csv, x.i32); break;
    default: az_csv_integer(csv, x.i64); break; /* unsigned ones fill x from the low end */
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
static void csv_place(struct az_csv *csv, const struct az_slice *slice, int64_t row)
{
    int rank = slice->out.frame_rank;
    int64_t index[AZ_TENSOR_DIMS];
    if (rank == 2) {
        az_csv_integer(csv, az_recorded_token(&slice->out, row));
        return;
    }
    for (int n = rank - 2; n >= 0; n--) {
        index[n] = row % slice->out.frame_shape[n];
        row /= slice->out.frame_shape[n];
    }
    for (int n = 0; n + 1 < rank; n++) az_csv_integer(csv, index[n]);
}

/* Failures stay with the rows until they are appended. */
static void csv_piece(const struct copy *copy, size_t piece)
{
    const struct sink *sink = copy->sink;
    const struct az_slice *slice = &copy->exchange.slices[0];
    struct az_csv *csv = sink->pieces[piece];
    int rank = slice->out.frame_rank;
    size_t element = az_dtype_bytes(sink->dtype);
    size_t columns = rank ? (size_t)slice->out.frame_shape[rank - 1] : 1;
    size_t rows = (size_t)slice->out.frame_bytes / element / columns;
    for (size_t row = rows * piece / PIECES; row < rows * (piece + 1) / PIECES; row++) {
        az_csv_integer(csv, slice->steps[copy->now->frame]);
        csv_place(csv, slice, (int64_t)row);
        for (size_t d = 0; d < columns; d++)
            csv_number(sink, csv, copy->now->bytes + (row * columns + d) * element);
        az_csv_end(csv, NULL);
    }
}

static void make_texts(void *context, size_t block, int thread)
{
    (void)thread;
    const struct sink *sink = context;
    for (size_t n = block * BF16_COUNT / TEXT_BLOCKS; n < (block + 1) * BF16_COUNT / TEXT_BLOCKS;
         n++)
        az_number_format_f32(az_bf16_to_f32((struct az_bf16){(uint16_t)n}), sink->texts[n]);
}

/* A bf16 has few values: where more of them are written, each is put into decimal once. */
static enum az_status prepare_csv(struct copy *copy, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct sink *sink = copy->sink;
    bool few = copy->exchange.total_bytes / sizeof(uint16_t) < BF16_COUNT;
    for (int n = 0; n < PIECES; n++)
        AZ_TRY(az_csv_create(&sink->pieces[n], NULL, AZ_CSV_ROWS, NULL, error));
    if (sink->bits || sink->dtype != AZ_DTYPE_BF16 || few) return AZ_OK;
    AZ_TRY(az_memory_allocate(&sink->texts, BF16_COUNT, sizeof *sink->texts, "texts", error));
    az_pool_run(copy->pool, make_texts, sink, TEXT_BLOCKS);
out:
    return status;
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

/* Chunk 0 reads the next frame; the others write this one, or make its rows. */
static void work(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct copy *copy = context;
    if (chunk == 0)
        az_exchange_read(&copy->exchange, copy->next);
    else if (copy->sink->csv)
        csv_piece(copy, chunk - 1);
    else
        copy->status = npy_frame(copy->sink, copy->now->bytes,
                                 (size_t)copy->exchange.slices[0].out.frame_bytes, &copy->error);
}

static enum az_status write_frame(struct copy *copy, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct sink *sink = copy->sink;
    az_pool_run(copy->pool, work, copy, 1 + (sink->csv ? PIECES : 1));
    if (copy->status != AZ_OK && error) *error = copy->error;
    AZ_TRY(copy->status);
    for (int n = 0; sink->csv && n < PIECES; n++)
        AZ_TRY(az_csv_append(sink->csv, sink->pieces[n], error));
out:
    return status;
}

static enum az_status write_frames(struct copy *copy, struct az_exchange_result *result,
                                   struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_exchange *exchange = &copy->exchange;
    double total = (double)exchange->total_frames;
    az_exchange_read(exchange, &exchange->frames[0]);
    az_progress_begin(progress);
    for (size_t turn = 0; exchange->frames[turn % 2].slice != SIZE_MAX; turn++) {
        copy->now = &exchange->frames[turn % 2];
        copy->next = &exchange->frames[(turn + 1) % 2];
        if (copy->now->status != AZ_OK && error) *error = copy->now->error;
        AZ_TRY(copy->now->status);
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped after %" PRId64 " frames of %" PRId64, result->frames,
                     exchange->total_frames);
        AZ_TRY(write_frame(copy, error));
        result->frames++;
        result->bytes += exchange->slices[0].out.frame_bytes;
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
            csv_number(sink, sink->csv, bytes + n * element);
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
    struct copy copy = {.sink = sink};
    AZ_TRY(az_exchange_open(&copy.exchange, recording, selection, error));
    AZ_TRY(az_pool_create(&copy.pool, selection->threads, error));
    sink->dtype = copy.exchange.slices[0].tensor->dtype;
    AZ_TRY(open_sink(sink, path, &copy.exchange.slices[0], error));
    if (sink->csv) AZ_TRY(prepare_csv(&copy, error));
    AZ_TRY(write_frames(&copy, result, progress, error));
    AZ_TRY(close_sink(sink, error));
out:
    az_pool_free(copy.pool);
    az_exchange_close(&copy.exchange);
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
    for (int n = 0; n < PIECES; n++) az_csv_abort(sink.pieces[n]);
    az_memory_free(sink.texts);
    az_memory_free(sink.wide);
    return status;
}
