/* What the machine can do, measured: the best of the samples, since a peak is what can be reached.
 * Each thread is timed by the time that it ran, and the rates of all threads are added. */
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "kernel/bench.h"
#include "kernel/guests.h"

#define SAMPLE_NS 3000000
#define BURST_REPEATS 20000
#define MEMORY_ELEMENTS ((size_t)16 << 20) /* 64 MiB of float32 in each array */
#define CACHE_ELEMENTS ((size_t)32 << 10)  /* 128 KiB in each array of each thread */
#define THREADS_MOST 256

typedef double burst_function(size_t repeats, double *sink);

/* One thing whose rate is measured, on all threads at once. */
struct probe {
    /* Works on a part of the arrays; returns how much was done: operations or bytes. */
    double (*work)(const struct probe *probe, size_t part);
    burst_function *burst;
    const struct az_kernels *kernels;
    float *from, *to;
    size_t elements; /* of the arrays that one thread takes */
    size_t repeats;  /* of the work between two looks at the clock */
    double rates[THREADS_MOST];
};

static burst_function *burst_of(enum az_isa isa)
{
    switch (isa) {
#if defined(__x86_64__)
    case AZ_ISA_AVX2: return az_guest_burst_avx2;
    case AZ_ISA_AVX512:
    case AZ_ISA_AVX512BF16: return az_guest_burst_avx512;
    case AZ_ISA_AMX: return az_guest_burst_amx;
#elif defined(__aarch64__)
    case AZ_ISA_NEON: return az_guest_burst_neon;
#endif
    default: return az_guest_burst_reference;
    }
}

static double calculate(const struct probe *probe, size_t part)
{
    double sink = (double)part;
    return probe->burst(BURST_REPEATS, &sink);
}

static double copy(const struct probe *probe, size_t part)
{
    size_t first = part * probe->elements;
    memcpy(probe->to + first, probe->from + first, probe->elements * sizeof(float));
    return 2.0 * sizeof(float) * (double)probe->elements;
}

/* In place: a cache line that is written whole is read first all the same, here it counts. */
static double scale(const struct probe *probe, size_t part)
{
    probe->kernels->scale(probe->elements, 1, probe->to + part * probe->elements);
    return 2.0 * sizeof(float) * (double)probe->elements;
}

static void run_part(void *context, size_t part, int thread)
{
    (void)thread;
    struct probe *probe = context;
    int64_t start_ns = az_clock_thread_ns(), spent_ns;
    double done = 0;
    do {
        for (size_t r = 0; r < probe->repeats; r++) done += probe->work(probe, part);
        spent_ns = az_clock_thread_ns() - start_ns;
    } while (spent_ns < SAMPLE_NS);
    probe->rates[part] = done / (double)spent_ns;
}

/* Billions a second. */
static double best_rate(struct probe *probe, struct az_pool *pool, unsigned samples)
{
    double best = 0;
    size_t threads = pool ? (size_t)az_pool_threads(pool) : 1;
    if (threads > THREADS_MOST) threads = THREADS_MOST;
    for (unsigned s = 0; s < samples; s++) {
        double sum = 0;
        if (pool)
            az_pool_run(pool, run_part, probe, threads);
        else
            run_part(probe, 0, 0);
        for (size_t t = 0; t < threads; t++) sum += probe->rates[t];
        if (sum > best) best = sum;
    }
    return best;
}

static double best_gflops(enum az_isa isa, struct az_pool *pool, unsigned samples)
{
    struct probe probe = {.work = calculate, .burst = burst_of(isa), .repeats = 1};
    return best_rate(&probe, pool, samples);
}

static double best_gbs(struct probe *probe, struct az_pool *pool, unsigned samples)
{
    probe->work = copy;
    double copied = best_rate(probe, pool, samples);
    probe->work = scale;
    double scaled = best_rate(probe, pool, samples);
    return copied > scaled ? copied : scaled;
}

enum az_status az_bench_measure_peaks(enum az_isa isa, struct az_pool *pool, unsigned samples,
                                      struct az_bench_peaks *peaks, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_kernels kernels;
    struct probe probe = {.kernels = &kernels};
    size_t threads = pool ? (size_t)az_pool_threads(pool) : 1;
    size_t elements = MEMORY_ELEMENTS;
    if (elements < threads * CACHE_ELEMENTS) elements = threads * CACHE_ELEMENTS;
    AZ_TRY(az_kernels_select(&kernels, isa, error));
    AZ_TRY(az_memory_allocate(&probe.from, elements, sizeof(float), "operands", error));
    AZ_TRY(az_memory_allocate(&probe.to, elements, sizeof(float), "operands", error));
    for (size_t e = 0; e < elements; e++) probe.from[e] = 1; /* pages of zeros are one page */
    peaks->f32_gflops = best_gflops(isa == AZ_ISA_AMX ? AZ_ISA_AVX512 : isa, pool, samples);
    peaks->bf16_gflops = isa == AZ_ISA_AMX ? best_gflops(isa, pool, samples) : peaks->f32_gflops;
    probe.elements = elements / threads;
    probe.repeats = 1;
    peaks->memory_gbs = best_gbs(&probe, pool, samples);
    probe.elements = CACHE_ELEMENTS;
    probe.repeats = 256;
    peaks->cache_gbs = best_gbs(&probe, pool, samples);
out:
    az_memory_free(probe.from);
    az_memory_free(probe.to);
    return status;
}
