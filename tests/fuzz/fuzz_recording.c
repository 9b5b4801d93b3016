/* Any bytes as a recording: opened or refused; every frame that is promised can be read. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "azimuth/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

static void use(const struct az_recording *recording)
{
    static unsigned char frame[1 << 20];
    double value;
    for (size_t n = 0; n < az_recording_count(recording); n++) {
        const struct az_recorded *tensor = az_recording_at(recording, n);
        int64_t last = tensor->frames - 1;
        if (last < 0 || tensor->frame_bytes > sizeof frame) continue;
        if (az_recording_read(recording, tensor, last, 1, frame, NULL) != AZ_OK) abort();
        if (az_recording_frame_of(tensor, az_recording_step_of(tensor, last)) != last) abort();
        if (az_recording_read(recording, tensor, last, 2, frame, NULL) != AZ_USAGE) abort();
    }
    az_recording_last_step(recording);
    az_recording_number(recording, "learning_rate", &value, NULL);
    az_recording_number(recording, "vocab_size", &value, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    struct az_recording *recording;
    struct az_error error;
    char path[64];
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
