/* Any bytes as a set of rows (a list, and a safetensors file): read or refused, never more. The
 * first byte chooses which. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "azimuth/usage.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

enum { ROWS = 100 };

static void read_set(const char *path)
{
    uint8_t member[ROWS + 1];
    struct az_error error;
    member[ROWS] = 0x5a;
    enum az_status status = az_token_set_read(member, ROWS, path, NULL, &error);
    if (status != AZ_OK && (!error.message[0] || strlen(error.message) >= sizeof error.message))
        abort();
    for (size_t n = 0; n < ROWS; n++)
        if (member[n] > 1) abort();
    if (member[ROWS] != 0x5a) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    char path[64];
    if (length_bytes == 0) return 0;
    snprintf(path, sizeof path, "/tmp/azimuth-fuzz-%ld%s", (long)getpid(),
             bytes[0] & 1 ? ".safetensors" : ".txt");
    FILE *file = fopen(path, "wb");
    if (!file) return 0;
    fwrite(bytes + 1, 1, length_bytes - 1, file);
    fclose(file);
    read_set(path);
    unlink(path);
    return 0;
}
