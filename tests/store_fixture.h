/* store_fixture.h: what the tests of files share: a directory of their own, the shared data, and
 * headers written by hand. Included by one source file of a test. */
#ifndef AZ_TESTS_STORE_FIXTURE_H
#define AZ_TESTS_STORE_FIXTURE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char fixture_directory[256];

/* cmocka group setup and teardown: a fresh directory under $TMPDIR. */
static inline int fixture_make(void **state)
{
    (void)state;
    const char *root = getenv("TMPDIR");
    snprintf(fixture_directory, sizeof fixture_directory, "%s/azimuth-test-XXXXXX",
             root ? root : "/tmp");
    return mkdtemp(fixture_directory) ? 0 : -1;
}

static inline int fixture_count_files(void)
{
    int count = 0;
    DIR *directory = opendir(fixture_directory);
    while (readdir(directory)) count++;
    closedir(directory);
    return count - 2;
}

static inline void fixture_empty(void)
{
    DIR *directory = opendir(fixture_directory);
    struct dirent *entry;
    char path[640];
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", fixture_directory, entry->d_name);
        if (unlink(path) != 0) rmdir(path);
    }
    closedir(directory);
}

static inline int fixture_remove(void **state)
{
    (void)state;
    fixture_empty();
    return rmdir(fixture_directory);
}

/* The path of a file in the fixture's directory; valid until four calls later. */
static inline const char *fixture_path(const char *name)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", fixture_directory, name);
    return path;
}

static inline void fixture_write(const char *path, const void *bytes, size_t length_bytes)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, length_bytes, file) != length_bytes || fclose(file) != 0) abort();
}

/* Reads up to capacity_bytes; returns the length of the file, -1 where there is none. */
static inline long fixture_read(const char *path, void *bytes, size_t capacity_bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file) return -1;
    size_t length = fread(bytes, 1, capacity_bytes, file);
    fclose(file);
    return (long)length;
}

/* A safetensors file of this header and data_bytes zeros into bytes; returns its length. */
static inline size_t fixture_safetensors(unsigned char *bytes, const char *header,
                                         size_t data_bytes)
{
    size_t length = strlen(header);
    for (int n = 0; n < 8; n++) bytes[n] = (unsigned char)(length >> 8 * n);
    memcpy(bytes + 8, header, length);
    memset(bytes + 8 + length, 0, data_bytes);
    return 8 + length + data_bytes;
}

/* A file of the data beside the project, "safetensors_vectors/MANIFEST.tsv"; NULL when absent. */
static inline const char *fixture_shared(const char *name)
{
    static char path[1024];
    const char *shared = getenv("AZ_SHARED"), *source = getenv("AZ_SOURCE_ROOT");
    if (shared)
        snprintf(path, sizeof path, "%s/data/%s", shared, name);
    else
        snprintf(path, sizeof path, "%s/../shared/data/%s", source ? source : ".", name);
    return access(path, R_OK) == 0 ? path : NULL;
}

#endif
