#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/safetensors.h"
#include "base/memory.h"
#include "sky/galaxy_parts.h"
#include "sky/galaxy_write.h"

enum { ROWS_PER_CHUNK = 64, ROWS_PER_BLOCK = 4096 };

struct making {
    const struct az_galaxy_core *core;
    const struct az_galaxy_plan *plan;
    const struct az_galaxy_field *field;
    uint16_t *block; /* [ROWS_PER_BLOCK][dims] */
    float *scratch;  /* [threads][dims] */
    int64_t first, end;
};

static void make_chunk(void *context, size_t chunk, int thread)
{
    const struct making *making = context;
    int64_t dims = making->core->dims, row = making->first + (int64_t)chunk * ROWS_PER_CHUNK;
    int64_t end = row + ROWS_PER_CHUNK < making->end ? row + ROWS_PER_CHUNK : making->end;
    for (; row < end; row++) {
        uint16_t *bits = making->block + (row - making->first) * dims;
        int32_t vector = making->plan->vector[row];
        if (vector >= 0)
            memcpy(bits, making->core->bits + vector * dims, (size_t)dims * sizeof *bits);
        else
            az_galaxy_field_row(making->field, row, making->plan->radius[row], bits,
                                making->scratch + thread * dims);
    }
}

static enum az_status make_rows(struct making *making, struct az_safetensors_writer *writer,
                                struct az_pool *pool, struct az_progress *progress,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t rows = making->plan->rows;
    size_t row_bytes = (size_t)making->core->dims * sizeof(uint16_t);
    az_progress_begin(progress);
    for (making->first = 0; making->first < rows; making->first = making->end) {
        making->end = making->first + ROWS_PER_BLOCK < rows ? making->first + ROWS_PER_BLOCK : rows;
        int64_t count = making->end - making->first;
        az_pool_run(pool, make_chunk, making,
                    (size_t)(count + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK);
        AZ_TRY(az_safetensors_write(writer, 0, (uint64_t)making->first * row_bytes, making->block,
                                    (size_t)count * row_bytes, error));
        az_progress_tell(progress, "making a galaxy", "row", (double)making->end, (double)rows, "");
        if (az_progress_stopped(progress)) AZ_RAISE(AZ_INTERRUPTED, "stopped on request");
    }
    az_progress_end(progress, "making a galaxy", "row", (double)rows, (double)rows, "");
out:
    return status;
}

static enum az_status write_matrix(const char *path, const struct az_galaxy_options *options,
                                   struct making *making, struct az_pool *pool,
                                   struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors_writer *writer = NULL;
    char seed[32];
    snprintf(seed, sizeof seed, "%" PRIu64, options->seed);
    const char *metadata[] = {"format", "pt", "generator", "azimuth simulate galaxy",
                              "seed",   seed, NULL};
    struct az_tensor tensor = {.name = "model.embed_tokens.weight",
                               .dtype = AZ_DTYPE_BF16,
                               .rank = 2,
                               .shape = {options->rows, options->dims}};
    AZ_TRY(az_memory_allocate(&making->block, ROWS_PER_BLOCK,
                              (size_t)options->dims * sizeof(uint16_t), "a block of rows", error));
    AZ_TRY(az_memory_allocate(&making->scratch, (size_t)az_pool_threads(pool),
                              (size_t)options->dims * sizeof(float), "scratch for rows", error));
    AZ_TRY(az_safetensors_create(&writer, path, &tensor, 1, metadata, error));
    AZ_TRY(make_rows(making, writer, pool, progress, error));
    status = az_safetensors_commit(writer, error);
    writer = NULL;
out:
    az_safetensors_abort(writer);
    az_memory_free(making->block);
    az_memory_free(making->scratch);
    return status;
}

static enum az_status check(const struct az_galaxy_options *options, struct az_error *error)
{
    if (options->rows >= AZ_GALAXY_LEAST_ROWS && options->rows <= INT32_MAX &&
        options->dims >= AZ_GALAXY_LEAST_DIMS && options->dims <= 65536)
        return AZ_OK;
    return az_error_raise(error, AZ_USAGE,
                          "a galaxy of %" PRId64 " rows of %" PRId64
                          "; its core needs at least %d rows of %d to 65536 dimensions",
                          options->rows, options->dims, AZ_GALAXY_LEAST_ROWS, AZ_GALAXY_LEAST_DIMS);
}

enum az_status az_galaxy_write(const char *path, const struct az_galaxy_options *options,
                               struct az_pool *pool, struct az_galaxy_truth *truth,
                               struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_galaxy_core core = {0};
    struct az_galaxy_plan plan = {0};
    struct az_galaxy_field field = {0};
    struct az_galaxy_truth planted;
    struct making making = {&core, &plan, &field, NULL, NULL, 0, 0};
    AZ_TRY(check(options, error));
    AZ_TRY(az_galaxy_core_make(&core, options->dims, options->seed, error));
    AZ_TRY(az_galaxy_plan_make(&plan, &core, options, error));
    AZ_TRY(az_galaxy_field_make(&field, &core, options->seed, error));
    az_galaxy_tell(&planted, &core, &plan);
    AZ_TRY(write_matrix(path, options, &making, pool, progress, error));
    AZ_TRY(az_galaxy_write_plan(path, options, &core, &plan, &planted, error));
    if (truth) *truth = planted;
out:
    az_galaxy_core_free(&core);
    az_galaxy_plan_free(&plan);
    az_galaxy_field_free(&field);
    return status;
}
