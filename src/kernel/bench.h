/* bench.h: how fast each kernel is on this machine, against what the machine can do.
 *
 * Kernels run on the calling thread and are timed by the time that it ran: other programs count as
 * little as can be. Times are medians of `samples` samples, each of as many calls as make a few
 * milliseconds. */
#ifndef AZ_KERNEL_BENCH_H
#define AZ_KERNEL_BENCH_H

#include "azimuth/kernel.h"
#include "azimuth/pool.h"

/* What the machine can do, measured. */
struct az_bench_peaks {
    double f32_gflops;  /* fused multiply-adds between registers, two operations each */
    double bf16_gflops; /* tile products where there are tiles, else the same as f32_gflops */
    double memory_gbs;  /* bytes read and written in arrays much larger than all caches */
    double cache_gbs;   /* the same in arrays of 128 KiB */
};

struct az_bench_result {
    const char *kernel, *isa;
    const char *place; /* "cache": operands of about 256 KiB; "memory": of 64 MiB and more */
    size_t rows, depth, columns; /* depth is 0 except for products */
    double seconds;              /* of one call */
    double gflops;               /* of products, else 0 */
    double gbs;                  /* bytes read and written by the contract, each once, a second */
    /* The floor by seconds. The floor is the larger of operations by the peak for their type, and
     * bytes by the bandwidth of the place. A multiplication, fused multiply-add, division or root
     * counts two operations, as a multiply-add does in the peak; additions are not counted, since
     * some processors have units of their own for them. */
    double share;
};

/* Peaks of an available instruction set: of the calling thread, or with a pool of all its threads
 * together, working at the same time. */
enum az_status az_bench_measure_peaks(enum az_isa isa, struct az_pool *pool, unsigned samples,
                                      struct az_bench_peaks *peaks, struct az_error *error);

/* Entries that az_bench_kernels hands to `take`. */
size_t az_bench_kernel_count(void);

/* Times every kernel of one instruction set; `take` gets one result after the other, and returns
 * false to end it. peaks: those of one thread. */
enum az_status az_bench_kernels(enum az_isa isa, unsigned samples,
                                const struct az_bench_peaks *peaks,
                                bool (*take)(const struct az_bench_result *result, void *context),
                                void *context, struct az_error *error);

#endif
