/* Any bytes as a recording that verify, compare and export take: they end, and in their own way. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "azimuth/compare.h"
#include "azimuth/exchange.h"
#include "azimuth/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

#define FRAME_LIMIT 65536 /* larger ones take long and show nothing new */

static bool is_small(const struct az_recording *recording)
{
    for (size_t n = 0; n < az_recording_count(recording); n++) {
        const struct az_recorded *tensor = az_recording_at(recording, n);
        if (tensor->frame_bytes > FRAME_LIMIT || tensor->frames > 1000) return false;
    }
    return true;
}

/* A file equals itself and the whole of it can be read; what it says of its sums may be wrong. */
static void use(const struct az_recording *recording)
{
    static const char *const rows[] = {NULL, "dead", "live", "0:2", "2"};
    struct az_verify_options verify = {.threads = 1};
    struct az_verify_result verified;
    struct az_compare_options compare = {.threads = 1};
    struct az_compare_result compared;
    struct az_exchange_result exchanged;
    enum az_status status = az_verify(recording, &verify, &verified, NULL, NULL);
    if (status != AZ_OK && status != AZ_DIFFERENCE) abort();
    if (verified.first.tensor && verified.first.unreadable) abort();
    az_compare(recording, recording, &compare, &compared, NULL, NULL);
    if (compared.frames_differing) abort();
    for (size_t n = 0; n < az_recording_count(recording); n++) {
        const char *const tensors[] = {az_recording_at(recording, n)->name, NULL};
        struct az_selection selection = {.tensors = tensors,
                                         .first_step = (int64_t)n % 2,
                                         .every = 1 + (int64_t)n % 3,
                                         .rows = rows[n % 5],
                                         .dims = (int64_t)n % 3,
                                         .threads = 1};
        az_exchange_array(recording, &selection, "/dev/null",
                          n % 2 ? AZ_EXCHANGE_NPY : AZ_EXCHANGE_CSV, n % 4 > 1, &exchanged, NULL,
                          NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    struct az_recording *recording;
    char path[64];
    int fd = memfd_create("recording", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, length_bytes) != (ssize_t)length_bytes) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (az_recording_open(&recording, path, NULL) == AZ_OK && is_small(recording)) use(recording);
    az_recording_close(recording);
    close(fd);
    return 0;
}
