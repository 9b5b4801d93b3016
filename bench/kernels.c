/* Times every kernel of every instruction set of this machine: CSV on stdout.
 * bench_kernels [ISA [SAMPLES]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/bench.h"

static void print(const struct az_bench_result *result, void *context)
{
    (void)context;
    printf("%s,%s,%s,%zu,%zu,%zu,%.9f,%.2f,%.2f,%.3f\n", result->kernel, result->isa, result->place,
           result->rows, result->depth, result->columns, result->seconds, result->gflops,
           result->gbs, result->share);
    fflush(stdout);
}

static enum az_status bench(enum az_isa isa, unsigned samples, struct az_error *error)
{
    struct az_bench_peaks peaks;
    enum az_status status = az_bench_measure_peaks(isa, samples, &peaks, error);
    if (status != AZ_OK) return status;
    fprintf(stderr, "%s: peak %.1f GFLOP/s f32, %.1f GFLOP/s bf16, memory %.1f GB/s\n",
            az_isa_name(isa), peaks.f32_gflops, peaks.bf16_gflops, peaks.memory_gbs);
    return az_bench_kernels(isa, samples, &peaks, print, NULL, error);
}

int main(int argc, char **argv)
{
    unsigned samples = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 9;
    struct az_error error;
    az_error_clear(&error);
    printf("kernel,isa,place,rows,depth,columns,seconds,gflops,gbs,share_of_peak\n");
    for (enum az_isa isa = 0; isa < AZ_ISA_COUNT; isa++) {
        bool wanted = argc > 1 ? strcmp(argv[1], az_isa_name(isa)) == 0 : az_isa_available(isa);
        if (!wanted) continue;
        if (bench(isa, samples ? samples : 1, &error) != AZ_OK) {
            fprintf(stderr, "bench_kernels: %s\n", error.message);
            return az_status_exit_code(error.status);
        }
    }
    return 0;
}
