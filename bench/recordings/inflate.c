/* The floor of reading packed chunks: inflates them from the file with threads that do nothing
 * else.
 *
 *     inflate FILE THREADS CHUNK_BYTES < "ADDRESS BYTES" of each chunk, a line each
 *
 * Prints the seconds it took. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct chunk {
    unsigned long address, bytes;
};

static struct chunk *chunks;
static size_t count, chunk_bytes, packed_bytes;
static int file;
static atomic_size_t next, failed;

static void *inflate_on(void *context)
{
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    unsigned char *packed = malloc(packed_bytes), *plain = malloc(chunk_bytes);
    size_t got;
    (void)context;
    for (size_t n; (n = atomic_fetch_add(&next, 1)) < count;) {
        ssize_t length = pread(file, packed, chunks[n].bytes, (off_t)chunks[n].address);
        if (length != (ssize_t)chunks[n].bytes ||
            libdeflate_zlib_decompress(inflater, packed, (size_t)length, plain, chunk_bytes,
                                       &got) != LIBDEFLATE_SUCCESS)
            atomic_fetch_add(&failed, 1);
    }
    free(packed);
    free(plain);
    libdeflate_free_decompressor(inflater);
    return NULL;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argument_count, char **words)
{
    struct chunk chunk;
    pthread_t threads[64];
    if (argument_count != 4) return 2;
    int thread_count = atoi(words[2]);
    chunk_bytes = strtoul(words[3], NULL, 10);
    file = open(words[1], O_RDONLY);
    if (file < 0 || thread_count < 1 || thread_count > 64) return 2;
    while (scanf("%lu %lu", &chunk.address, &chunk.bytes) == 2) {
        if ((count & (count - 1)) == 0)
            chunks = realloc(chunks, (count ? 2 * count : 1) * sizeof *chunks);
        if (!chunks) return 3;
        chunks[count++] = chunk;
        if (chunk.bytes > packed_bytes) packed_bytes = chunk.bytes;
    }
    double begin = seconds();
    for (int n = 0; n < thread_count; n++) pthread_create(&threads[n], NULL, inflate_on, NULL);
    for (int n = 0; n < thread_count; n++) pthread_join(threads[n], NULL);
    printf("%.6f\n", seconds() - begin);
    return failed ? 1 : 0;
}
