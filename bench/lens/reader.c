/* Reads all frames of W as the lens does, and does nothing with them: reader RECORDING */
#include <azimuth/azimuth.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
    struct az_recording *recording;
    const struct az_recorded *w;
    struct az_error error;
    az_error_clear(&error);
    if (count != 2 || az_recording_open(&recording, words[1], &error) != AZ_OK ||
        az_recording_require(recording, "W", &w, &error) != AZ_OK) {
        fprintf(stderr, "reader: %s\n", count == 2 ? error.message : "one recording is needed");
        return 2;
    }
    int64_t block = (int64_t)(8000000 / w->frame_bytes) + 1;
    void *bytes = malloc((size_t)block * w->frame_bytes);
    for (int64_t n = 0; bytes && n < w->frames; n += block)
        if (az_recording_read(recording, w, n, w->frames - n < block ? w->frames - n : block, bytes,
                              &error) != AZ_OK) {
            fprintf(stderr, "reader: %s\n", error.message);
            return 3;
        }
    free(bytes);
    az_recording_close(recording);
    return bytes ? 0 : 3;
}
