/* Writes and reads HDF5 recordings for hdf5_exchange.py.
 *
 *     hdf5_tool write FILE none|fast|small STEPS PAUSE_MS   prints "through STEP" after each sync
 *     hdf5_tool read FILE NAME                              prints the frames of NAME, raw
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "azimuth/recording.h"

enum { V = 100, D = 40, ROWS = 30, SYNC = 5 };

static int fail(const struct az_error *error)
{
    fprintf(stderr, "%s\n", error->message);
    return az_status_exit_code(error->status);
}

/* Byte n of a frame: (7 n + 13 step + movie) mod 251. */
static void fill(unsigned char *bytes, size_t length, size_t movie, int64_t step)
{
    for (size_t n = 0; n < length; n++)
        bytes[n] = (unsigned char)((7 * n + 13 * (uint64_t)step + movie) % 251);
}

static int write_recording(const char *path, const char *compression, int64_t steps, unsigned pause)
{
    static int64_t ids[ROWS], moment_steps[1 << 16];
    static unsigned char bytes[V * D * 4];
    struct az_recorded movies[] = {
        {.name = "W", .dtype = AZ_DTYPE_BF16, .frame_rank = 2, .frame_shape = {V, D}},
        {.name = "momentum_W",
         .dtype = AZ_DTYPE_F32,
         .frame_rank = 2,
         .frame_shape = {ROWS, D},
         .steps = moment_steps,
         .token_ids = ids},
        {.name = "losses", .dtype = AZ_DTYPE_F32}};
    const size_t sizes[] = {(size_t)V * D * 2, (size_t)ROWS * D * 4, 4};
    const float lr = 0.001f;
    const struct az_tensor constants[] = {
        {.name = "learning_rate", .dtype = AZ_DTYPE_F32, .data = &lr}};
    static const char *const metadata[] = {"fingerprint", "0000", "optimizer.lr", "0.001", NULL};
    const struct az_recording_plan plan = {.container = AZ_CONTAINER_HDF5,
                                           .compression =
                                               (enum az_compression)(*compression == 'f'   ? 1
                                                                     : *compression == 's' ? 2
                                                                                           : 0),
                                           .tensors = movies,
                                           .tensor_count = 3,
                                           .constants = constants,
                                           .constant_count = 1,
                                           .metadata = metadata};
    struct az_recording_writer *writer;
    struct az_error error;
    az_error_clear(&error);
    for (int n = 0; n < ROWS; n++) ids[n] = 2 * n;
    for (int64_t n = 0; 3 * n <= steps; n++) moment_steps[movies[1].frames++] = 3 * n;
    movies[0].frames = movies[2].frames = steps + 1;
    if (az_recording_create(&writer, path, &plan, &error)) return fail(&error);
    for (int64_t step = 0; step <= steps; step++) {
        for (size_t m = 0; m < 3; m++) {
            if (m == 1 && step % 3) continue;
            fill(bytes, sizes[m], m, step);
            if (az_recording_write(writer, m, m == 1 ? step / 3 : step, bytes, &error))
                return fail(&error);
        }
        if (step % SYNC) continue;
        int64_t through;
        if (az_recording_sync(writer, &through, &error)) return fail(&error);
        printf("through %lld\n", (long long)through);
        fflush(stdout);
        usleep(pause * 1000);
    }
    const int64_t frames[] = {steps + 1, steps / 3 + 1, steps + 1};
    return az_recording_commit(writer, frames, &error) ? fail(&error) : 0;
}

static int read_recording(const char *path, const char *name)
{
    struct az_recording *recording;
    const struct az_recorded *tensor;
    struct az_error error;
    az_error_clear(&error);
    if (az_recording_open(&recording, path, &error)) return fail(&error);
    if (az_recording_require(recording, name, &tensor, &error)) return fail(&error);
    unsigned char *frame = malloc((size_t)tensor->frame_bytes);
    int result = frame ? 0 : 3;
    for (int64_t n = 0; result == 0 && n < tensor->frames; n++) {
        if (az_recording_read(recording, tensor, n, 1, frame, &error)) result = fail(&error);
        if (result == 0) fwrite(frame, 1, (size_t)tensor->frame_bytes, stdout);
    }
    free(frame);
    az_recording_close(recording);
    return result;
}

int main(int count, char **arguments)
{
    if (count == 6 && strcmp(arguments[1], "write") == 0)
        return write_recording(arguments[2], arguments[3], atoll(arguments[4]),
                               (unsigned)atoi(arguments[5]));
    if (count == 4 && strcmp(arguments[1], "read") == 0)
        return read_recording(arguments[2], arguments[3]);
    return 2;
}
