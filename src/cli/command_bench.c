#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cli/bar.h"
#include "cli/bench.h"
#include "cli/commands.h"
#include "cli/print_json.h"
#include "kernel/bench.h"
#include "store/csv.h"

struct timing {
    struct az_bench_peaks peaks[AZ_ISA_COUNT];
    struct az_bench_result *results;
    size_t count, capacity;
    struct az_progress *progress;
};

static bool take(const struct az_bench_result *result, void *context)
{
    struct timing *timing = context;
    if (timing->count < timing->capacity) timing->results[timing->count++] = *result;
    az_progress_tell(timing->progress, "timing kernels", "kernel", (double)timing->count,
                     (double)timing->capacity, result->isa);
    return !az_progress_stopped(timing->progress);
}

static enum az_status time_kernels(struct timing *timing, const struct az_bench_isas *isas,
                                   unsigned samples, struct az_error *error)
{
    enum az_status status = AZ_OK;
    timing->capacity = isas->count * az_bench_kernel_count();
    AZ_TRY(az_memory_allocate(&timing->results, timing->capacity, sizeof *timing->results,
                              "the results", error));
    az_progress_begin(timing->progress);
    for (size_t n = 0; n < isas->count; n++) {
        enum az_isa isa = isas->list[n];
        AZ_TRY(az_bench_measure_peaks(isa, NULL, samples, &timing->peaks[isa], error));
        AZ_TRY(az_bench_kernels(isa, samples, &timing->peaks[isa], take, timing, error));
        if (az_progress_stopped(timing->progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped on request; nothing is printed of a part");
    }
    az_progress_end(timing->progress, "timing kernels", "kernel", (double)timing->count,
                    (double)timing->capacity, "");
out:
    return status;
}

static void print_result(const struct az_bench_result *result)
{
    char shape[64], time[32];
    if (result->depth)
        snprintf(shape, sizeof shape, "%zu x %zu x %zu", result->rows, result->depth,
                 result->columns);
    else
        snprintf(shape, sizeof shape, "%zu x %zu", result->rows, result->columns);
    bool micro = result->seconds < 1e-3;
    snprintf(time, sizeof time, "%.2f %s", result->seconds * (micro ? 1e6 : 1e3),
             micro ? "us" : "ms");
    printf("%-22s %-6s %-18s %11s %8.1f %-7s %6.1f %%\n", result->kernel, result->place, shape,
           time, result->gflops > 0 ? result->gflops : result->gbs,
           result->gflops > 0 ? "GFLOP/s" : "GB/s", 100 * result->share);
}

static void print_table(const struct timing *timing, const struct az_bench_isas *isas)
{
    az_bench_print_machine();
    for (size_t n = 0; n < isas->count; n++) {
        const struct az_bench_peaks *peaks = &timing->peaks[isas->list[n]];
        const char *name = az_isa_name(isas->list[n]);
        printf("\n%s, one thread; peaks: float32 %.0f, bf16 %.0f GFLOP/s; memory %.0f, "
               "cache %.0f GB/s\n",
               name, peaks->f32_gflops, peaks->bf16_gflops, peaks->memory_gbs, peaks->cache_gbs);
        printf("%-22s %-6s %-18s %11s %16s %8s\n", "kernel", "in", "shape", "a call", "rate",
               "of peak");
        for (size_t r = 0; r < timing->count; r++)
            if (strcmp(timing->results[r].isa, name) == 0) print_result(&timing->results[r]);
    }
}

static enum az_status write_csv(const struct timing *timing, const char *path,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "kernel,isa,place,rows,depth,columns,seconds,gflops,gbs,share_of_peak",
                         error));
    for (size_t n = 0; n < timing->count; n++) {
        const struct az_bench_result *result = &timing->results[n];
        az_csv_text(csv, result->kernel);
        az_csv_text(csv, result->isa);
        az_csv_text(csv, result->place);
        az_csv_integer(csv, (int64_t)result->rows);
        az_csv_integer(csv, (int64_t)result->depth);
        az_csv_integer(csv, (int64_t)result->columns);
        az_csv_f64(csv, result->seconds);
        az_csv_f64(csv, result->gflops);
        az_csv_f64(csv, result->gbs);
        az_csv_f64(csv, result->share);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

static void add_peaks(struct az_json *json, const struct az_bench_peaks *peaks, const char *isa)
{
    az_json_open(json, isa, '{');
    az_json_real(json, "f32_gflops", peaks->f32_gflops);
    az_json_real(json, "bf16_gflops", peaks->bf16_gflops);
    az_json_real(json, "memory_gbs", peaks->memory_gbs);
    az_json_real(json, "cache_gbs", peaks->cache_gbs);
    az_json_close(json, '}');
}

static void add_result(struct az_json *json, const struct az_bench_result *result)
{
    az_json_open(json, NULL, '{');
    az_json_text(json, "kernel", result->kernel);
    az_json_text(json, "isa", result->isa);
    az_json_text(json, "place", result->place);
    az_json_unsigned(json, "rows", result->rows);
    az_json_unsigned(json, "depth", result->depth);
    az_json_unsigned(json, "columns", result->columns);
    az_json_real(json, "seconds", result->seconds);
    az_json_real(json, "gflops", result->gflops);
    az_json_real(json, "gbs", result->gbs);
    az_json_real(json, "share_of_peak", result->share);
    az_json_close(json, '}');
}

static enum az_status print_json(const struct timing *timing, const struct az_bench_isas *isas,
                                 struct az_error *error)
{
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_bench_add_machine(&json);
    az_json_open(&json, "peaks", '{');
    for (size_t n = 0; n < isas->count; n++)
        add_peaks(&json, &timing->peaks[isas->list[n]], az_isa_name(isas->list[n]));
    az_json_close(&json, '}');
    az_json_open(&json, "kernels", '[');
    for (size_t n = 0; n < timing->count; n++) add_result(&json, &timing->results[n]);
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *path = az_arguments_value(arguments, "--csv");
    struct az_bench_isas isas;
    int64_t samples = 5;
    struct az_bar bar;
    struct timing timing = {.progress = az_bar_start(&bar)};
    AZ_TRY(az_bench_isas(arguments, &isas, error));
    AZ_TRY(az_arguments_integer(arguments, "--rounds", 1, 101, &samples, error));
    AZ_TRY(time_kernels(&timing, &isas, (unsigned)samples, error));
    az_bar_end(&bar);
    if (path) AZ_TRY(write_csv(&timing, path, error));
    if (az_arguments_has(arguments, "--json"))
        AZ_TRY(print_json(&timing, &isas, error));
    else
        print_table(&timing, &isas);
out:
    az_bar_end(&bar);
    az_memory_free(timing.results);
    return status;
}

static const struct az_option options[] = {
    AZ_OPTION_BENCH_ISA,
    {"--rounds", NULL, "N", "5", AZ_COMPLETE_NONE, false, false,
     "samples of each kernel; the median is told"},
    AZ_OPTION_BENCH_CSV,
    AZ_OPTION_JSON,
    AZ_OPTION_END,
};

const struct az_command az_command_bench_kernels = {
    .name = "bench kernels",
    .summary = "times each kernel against what this machine can do",
    .operands = "",
    .description =
        "Measures what one core can do (multiply-adds between registers, bytes to memory and to "
        "the cache), then every kernel of each instruction set: products of the presets' shapes, "
        "the others with operands in the cache and in memory. The last column is the kernel's "
        "floor by its time: the larger of its operations by the peak and its bytes by the "
        "bandwidth. Times are those that the thread ran, so other programs hardly count.",
    .options = options,
    .examples = "azimuth bench kernels --isa avx512\n"
                "azimuth bench kernels --csv kernels.csv\n",
    .run = run,
};
