/* Any bytes as a catalog that is there: written anew with a table more, or refused and left alone.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/catalog.h"
#include "store/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes);

static enum az_status write_usage(const char *path, struct az_error *error)
{
    static const struct az_catalog_provenance provenance = {"fuzz", NULL, 0, NULL, 0};
    struct az_catalog *catalog;
    enum az_status status = az_catalog_open(&catalog, path, error);
    if (status != AZ_OK) return status;
    status = az_catalog_begin(catalog, "usage", error);
    az_catalog_integer(catalog, 1);
    az_catalog_integer(catalog, 2);
    if (status == AZ_OK) status = az_catalog_row(catalog, error);
    if (status == AZ_OK) status = az_catalog_end(catalog, &provenance, error);
    if (status == AZ_OK) return az_catalog_commit(catalog, error);
    az_catalog_abort(catalog);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length_bytes)
{
    char path[64], *after;
    size_t after_bytes;
    struct az_error error;
    snprintf(path, sizeof path, "/tmp/azimuth-fuzz-%ld.db", (long)getpid());
    FILE *file = fopen(path, "wb");
    if (!file) return 0;
    fwrite(bytes, 1, length_bytes, file);
    fclose(file);
    enum az_status status = write_usage(path, &error);
    if (status != AZ_OK && (!error.message[0] || strlen(error.message) >= sizeof error.message))
        abort();
    if (az_file_read(path, 0, &after, &after_bytes, NULL) != AZ_OK) abort();
    bool same = after_bytes == length_bytes &&
                (length_bytes == 0 || memcmp(after, bytes, length_bytes) == 0);
    az_memory_free(after);
    unlink(path);
    if (status != AZ_OK && !same) abort();
    return 0;
}
