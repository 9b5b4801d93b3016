/* The C side of safetensors_exchange.py: writes a file that follows a formula, or tells what a file
 * holds.
 *
 *     safetensors_tool write FILE SEED
 *     safetensors_tool tell FILE        a line per tensor: hex of the name, type, Adler-32, shape
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/safetensors.h"

enum { COUNT = 15, BYTES = 4096 };

static uint32_t adler32(const unsigned char *bytes, uint64_t length_bytes)
{
    uint32_t a = 1, b = 0;
    for (uint64_t n = 0; n < length_bytes; n++) {
        a = (a + bytes[n]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* Tensor n has the nth type and shape [seed % 5 + n][3]; byte i of it is 7i + n + seed, but for
 * booleans i + n + seed odd. */
static int write_file(const char *path, unsigned seed, struct az_error *error)
{
    static unsigned char data[COUNT][BYTES];
    struct az_tensor tensors[COUNT];
    static const char *const metadata[] = {"quote", "say \"\xc3\xa9\"\n", NULL};
    for (unsigned n = 0; n < COUNT; n++) {
        tensors[n] = (struct az_tensor){.dtype = (enum az_dtype)n, .rank = 2, .data = data[n]};
        tensors[n].shape[0] = seed % 5 + n;
        tensors[n].shape[1] = 3;
        snprintf(tensors[n].name, sizeof tensors[n].name, "t\xc3\xa9nsor \"%u\"", n);
        for (unsigned i = 0; i < BYTES; i++)
            data[n][i] =
                (unsigned char)(n == AZ_DTYPE_BOOL ? (i + n + seed) & 1 : 7 * i + n + seed);
    }
    return az_safetensors_save(path, tensors, COUNT, metadata, error) != AZ_OK;
}

static int tell_file(const char *path, struct az_error *error)
{
    struct az_safetensors *file;
    if (az_safetensors_open(&file, path, error) != AZ_OK) return 1;
    for (size_t n = 0; n < az_safetensors_count(file); n++) {
        const struct az_tensor *tensor = az_safetensors_at(file, n);
        for (const char *c = tensor->name; *c; c++) printf("%02x", (unsigned char)*c);
        printf(" %s %" PRIu32, az_dtype_name(tensor->dtype), adler32(tensor->data, tensor->bytes));
        for (int d = 0; d < tensor->rank; d++) printf(" %" PRId64, tensor->shape[d]);
        printf("\n");
    }
    az_safetensors_close(file);
    return 0;
}

int main(int count, char **arguments)
{
    struct az_error error;
    int failed = 2;
    az_error_clear(&error);
    if (count == 4 && strcmp(arguments[1], "write") == 0)
        failed = write_file(arguments[2], (unsigned)atoi(arguments[3]), &error);
    if (count == 3 && strcmp(arguments[1], "tell") == 0) failed = tell_file(arguments[2], &error);
    if (failed) fprintf(stderr, "safetensors_tool: %s\n", error.message);
    return failed;
}
