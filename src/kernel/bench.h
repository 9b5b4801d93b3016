/* bench.h: how fast each kernel is on this machine, against what the machine can do.
 *
 * Everything runs on the calling thread and is timed by the time that it ran. Times are medians of
 * `samples` samples, each of as many calls as make a few milliseconds. */
#ifndef AZ_KERNEL_BENCH_H
#define AZ_KERNEL_BENCH_H

#include "azimuth/kernel.h"

/* What one core can do, measured. */
struct az_bench_peaks {
    double f32_gflops;  /* fused multiply-adds between registers, two operations each */
    double bf16_gflops; /* tile products where there are tiles, else the same as f32_gflops */
    double memory_gbs;  /* bytes read and written by a copy much larger than all caches */
};

struct az_bench_result {
    const char *kernel, *isa;
    const char *place; /* "cache": operands of about 256 KiB; "memory": of 64 MiB and more */
    size_t rows, depth, columns; /* depth is 0 except for products */
    double seconds;              /* of one call */
    double gflops;               /* of products, else 0 */
    double gbs;                  /* bytes read and written by the contract, each once, a second */
    double share;                /* of the peak that limits it: arithmetic or memory */
};

/* Fills peaks for an available instruction set. */
enum az_status az_bench_measure_peaks(enum az_isa isa, unsigned samples,
                                      struct az_bench_peaks *peaks, struct az_error *error);

/* Times every kernel of one instruction set; `take` gets one result after the other. */
enum az_status az_bench_kernels(enum az_isa isa, unsigned samples,
                                const struct az_bench_peaks *peaks,
                                void (*take)(const struct az_bench_result *result, void *context),
                                void *context, struct az_error *error);

#endif
