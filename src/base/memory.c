#define _GNU_SOURCE
#include "base/memory.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

static atomic_size_t allocations_until_failure; /* 0: never fail; 1: fail from now on */

enum az_status az_size_multiply(size_t a, size_t b, size_t *product, struct az_error *error)
{
    if (__builtin_mul_overflow(a, b, product))
        return az_error_raise(error, AZ_MEMORY, "size overflow: %zu x %zu bytes", a, b);
    return AZ_OK;
}

enum az_status az_size_add(size_t a, size_t b, size_t *sum, struct az_error *error)
{
    if (__builtin_add_overflow(a, b, sum))
        return az_error_raise(error, AZ_MEMORY, "size overflow: %zu + %zu bytes", a, b);
    return AZ_OK;
}

void az_memory_fail_after(size_t n) { atomic_store(&allocations_until_failure, n); }

static int fails_on_request(void)
{
    size_t left = atomic_load(&allocations_until_failure);
    if (left == 0) return 0;
    if (left == 1) return 1;
    atomic_store(&allocations_until_failure, left - 1);
    return 0;
}

enum az_status az_memory_allocate(void *block_pointer, size_t count, size_t size, const char *what,
                                  struct az_error *error)
{
    void **block = block_pointer;
    *block = NULL;
    size_t bytes;
    enum az_status status = az_size_multiply(count, size, &bytes, error);
    if (status != AZ_OK) return status;
    if (bytes > SIZE_MAX / 2)
        return az_error_raise(error, AZ_MEMORY, "cannot allocate %zu bytes for %s", bytes, what);
    size_t alignment = bytes >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : AZ_ALIGNMENT_BYTES;
    size_t padded = (bytes + AZ_ALIGNMENT_BYTES) / AZ_ALIGNMENT_BYTES * AZ_ALIGNMENT_BYTES;
    void *memory = NULL;
    if (fails_on_request() || posix_memalign(&memory, alignment, padded) != 0)
        return az_error_raise(error, AZ_MEMORY, "cannot allocate %zu bytes for %s", bytes, what);
    if (bytes >= HUGE_PAGE_BYTES) madvise(memory, padded, MADV_HUGEPAGE);
    memset(memory, 0, padded);
    *block = memory;
    return AZ_OK;
}

enum az_status az_memory_grow(void *block_pointer, size_t old_count, size_t new_count, size_t size,
                              const char *what, struct az_error *error)
{
    void **block = block_pointer;
    void *larger;
    enum az_status status = az_memory_allocate(&larger, new_count, size, what, error);
    if (status != AZ_OK) return status;
    if (old_count) memcpy(larger, *block, (old_count < new_count ? old_count : new_count) * size);
    az_memory_free(*block);
    *block = larger;
    return AZ_OK;
}

enum az_status az_memory_copy_string(char **copy, const char *string, struct az_error *error)
{
    size_t bytes = strlen(string) + 1;
    enum az_status status = az_memory_allocate(copy, bytes, 1, "a string", error);
    if (status == AZ_OK) memcpy(*copy, string, bytes);
    return status;
}

void az_memory_free(void *block) { free(block); }

size_t az_memory_peak_bytes(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return (size_t)usage.ru_maxrss * 1024;
}

/* proc(5): writing 5 resets the peak of resident memory. */
bool az_memory_peak_reset(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file) return false;
    az_memory_trim();
    bool written = fputs("5\n", file) >= 0;
    return fclose(file) == 0 && written;
}

/* /proc/self/statm: total, resident, ... in pages. */
size_t az_memory_resident_bytes(void)
{
    unsigned long total, resident;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    int fields = fscanf(file, "%lu %lu", &total, &resident);
    fclose(file);
    return fields == 2 ? resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

size_t az_memory_available_bytes(void)
{
    unsigned long kilobytes = 0;
    char line[128];
    FILE *file = fopen("/proc/meminfo", "r");
    if (!file) return 0;
    while (!kilobytes && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %lu kB", &kilobytes) != 1) kilobytes = 0;
    fclose(file);
    return (size_t)kilobytes * 1024;
}

void az_memory_trim(void)
{
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

void az_arena_init(struct az_arena *arena, void *base, size_t capacity_bytes)
{
    *arena = (struct az_arena){.base = base, .capacity_bytes = capacity_bytes};
}

void *az_arena_take(struct az_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2) return NULL;
    bytes = (bytes + AZ_ALIGNMENT_BYTES - 1) / AZ_ALIGNMENT_BYTES * AZ_ALIGNMENT_BYTES;
    if (bytes > arena->capacity_bytes - arena->used_bytes) return NULL;
    void *block = arena->base + arena->used_bytes;
    arena->used_bytes += bytes;
    return block;
}
