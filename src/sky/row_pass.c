#include "sky/row_pass.h"

#include "base/memory.h"

#define CHUNKS_AT_ONCE 64 /* between two looks at the progress */

static void run_chunk(void *context, size_t chunk, int thread)
{
    struct az_row_pass *pass = context;
    int64_t first = pass->begin + (int64_t)chunk * AZ_ROW_PASS_ROWS, end = first + AZ_ROW_PASS_ROWS;
    char *scratch = pass->scratch + (size_t)thread * pass->scratch_bytes;
    if (end > pass->matrix->rows) end = pass->matrix->rows;
    pass->task(pass, first, end,
               &(struct az_row_pass_thread){thread, scratch,
                                            (float *)(void *)(scratch + pass->scratch_bytes / 2)});
}

/* Bytes of one thread: a row as it is and a row as floats, each aligned. */
static enum az_status size_scratch(struct az_row_pass *pass, int threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t bytes, total;
    AZ_TRY(az_size_multiply((size_t)pass->matrix->dims, sizeof(float), &bytes, error));
    AZ_TRY(az_size_add(bytes, AZ_ALIGNMENT_BYTES, &bytes, error));
    pass->scratch_bytes = bytes / AZ_ALIGNMENT_BYTES * AZ_ALIGNMENT_BYTES * 2;
    AZ_TRY(az_size_multiply(pass->scratch_bytes, (size_t)threads, &total, error));
    AZ_TRY(az_memory_allocate(&pass->scratch, total, 1, "scratch for rows", error));
out:
    return status;
}

enum az_status az_row_pass_run(struct az_row_pass *pass, struct az_pool *pool,
                               struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_matrix *matrix = pass->matrix;
    double row_mb = (double)matrix->row_bytes / 1e6, total = (double)matrix->rows * row_mb;
    pass->begin = 0;
    pass->scratch = NULL;
    AZ_TRY(size_scratch(pass, az_pool_threads(pool), error));
    az_progress_begin(progress);
    while (pass->begin < matrix->rows) {
        int64_t chunks = (matrix->rows - pass->begin + AZ_ROW_PASS_ROWS - 1) / AZ_ROW_PASS_ROWS;
        if (chunks > CHUNKS_AT_ONCE) chunks = CHUNKS_AT_ONCE;
        az_pool_run(pool, run_chunk, pass, (size_t)chunks);
        pass->begin += chunks * AZ_ROW_PASS_ROWS;
        az_progress_tell(progress, pass->stage, "MB", (double)pass->begin * row_mb, total, "");
        if (az_progress_stopped(progress)) AZ_RAISE(AZ_INTERRUPTED, "stopped on request");
    }
    az_progress_end(progress, pass->stage, "MB", total, total, "");
out:
    az_memory_free(pass->scratch);
    pass->scratch = NULL;
    return status;
}
