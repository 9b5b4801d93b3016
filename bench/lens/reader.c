/* Reads all frames of tensors as the lens does, one tensor after the other, and does nothing with
 * them; prints their bytes and the seconds it took: reader RECORDING [TENSOR...]; W alone by
 * default. */
#define _GNU_SOURCE
#include <azimuth/azimuth.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static enum az_status read_tensor(const struct az_recording *recording, const char *name,
                                  double *total_bytes, struct az_error *error)
{
    const struct az_recorded *tensor;
    enum az_status status = az_recording_require(recording, name, &tensor, error);
    if (status != AZ_OK) return status;
    int64_t block = (int64_t)(8000000 / tensor->frame_bytes) + 1;
    void *bytes = malloc((size_t)block * tensor->frame_bytes);
    if (!bytes) return AZ_MEMORY;
    for (int64_t n = 0; n < tensor->frames && status == AZ_OK; n += block) {
        int64_t count = tensor->frames - n < block ? tensor->frames - n : block;
        status = az_recording_read(recording, tensor, n, count, bytes, error);
    }
    *total_bytes += (double)tensor->frames * (double)tensor->frame_bytes;
    free(bytes);
    return status;
}

int main(int count, char **words)
{
    static char *const w[] = {"W"};
    struct az_recording *recording = NULL;
    struct az_error error;
    double begin = seconds(), bytes = 0;
    az_error_clear(&error);
    if (count < 2 || az_recording_open(&recording, words[1], &error) != AZ_OK) {
        fprintf(stderr, "reader: %s\n", count < 2 ? "a recording is needed" : error.message);
        return 2;
    }
    char *const *names = count > 2 ? words + 2 : w;
    for (int n = 0; n < (count > 2 ? count - 2 : 1); n++)
        if (read_tensor(recording, names[n], &bytes, &error) != AZ_OK) {
            fprintf(stderr, "reader: %s\n", error.message);
            return 3;
        }
    az_recording_close(recording);
    printf("%.0f %.6f\n", bytes, seconds() - begin);
    return 0;
}
