/* Any bytes as an HDF5 recording: opened or refused; every frame that is promised is read or
 * refused with its reason. Checksums of structures are taken to hold, or nothing behind one is ever
 * reached.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "azimuth/recording.h"
#include "store/hdf5_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

static void use(const struct az_recording *recording)
{
    static unsigned char frame[1 << 20];
    struct az_error error;
    double value;
    for (size_t n = 0; n < az_recording_count(recording); n++) {
        const struct az_recorded *tensor = az_recording_at(recording, n);
        if (tensor->frame_bytes > sizeof frame) continue;
        int64_t some = tensor->frames < 8 ? tensor->frames : 8;
        for (int64_t t = 0; t < some; t++) {
            az_error_clear(&error);
            if (az_recording_read(recording, tensor, t, 1, frame, &error) && !error.message[0])
                abort();
            if (tensor->frame_rank > 0)
                az_recording_read_rows(recording, tensor, t, 1, 0, tensor->frame_shape[0] > 0,
                                       frame, NULL);
        }
    }
    az_recording_last_step(recording);
    az_recording_number(recording, "learning_rate", &value, NULL);
    az_recording_number(recording, "adam_beta1", &value, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    struct az_recording *recording;
    struct az_error error;
    char path[64];
    az_hdf5_trust_checksums(true);
    int fd = memfd_create("recording", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, length_bytes) != (ssize_t)length_bytes) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum az_status status = az_recording_open(&recording, path, &error);
    if (status == AZ_OK)
        use(recording);
    else if (recording || !error.message[0])
        abort();
    az_recording_close(recording);
    close(fd);
    return 0;
}
