#include "kernel/bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "kernel/guests.h"

#define SAMPLE_NS 3000000
#define SAMPLES_MOST 101
#define BURST_REPEATS 20000

#define MEMORY_ELEMENTS ((size_t)16 << 20) /* 64 MiB of float32 */
#define COLUMNS 128
#define CACHE_ROWS 512
#define MEMORY_ROWS (MEMORY_ELEMENTS / COLUMNS)

/* The operands of all cases; their contents stay small numbers. */
struct desk {
    struct az_kernels kernels;
    size_t rows, columns;
    struct az_product_bf16 bf16;
    struct az_product_f32 f32;
    float *x, *y, *z;       /* [MEMORY_ROWS][COLUMNS], also packed B and C of products */
    float *a, *b, *c, *d;   /* [COLUMNS] */
    float *mean, *rstd;     /* [MEMORY_ROWS] */
    struct az_bf16 *h, *h2; /* [MEMORY_ROWS][COLUMNS] */
    double sink;
};

struct work {
    const char *name;
    void (*call)(struct desk *);
    double bytes; /* an element, read and written */
};

/* ---- time ---- */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds of one call: the median of samples, each of as many calls as take SAMPLE_NS. */
static double median_seconds(void (*call)(struct desk *), struct desk *desk, unsigned samples)
{
    double seconds[SAMPLES_MOST];
    size_t calls = 1;
    if (samples > SAMPLES_MOST) samples = SAMPLES_MOST;
    call(desk);
    for (unsigned s = 0; s < samples;) {
        int64_t start = az_clock_thread_ns();
        for (size_t i = 0; i < calls; i++) call(desk);
        int64_t spent_ns = az_clock_thread_ns() - start;
        if (s == 0 && spent_ns < SAMPLE_NS)
            calls *= 2;
        else
            seconds[s++] = (double)spent_ns * 1e-9 / (double)calls;
    }
    qsort(seconds, samples, sizeof *seconds, compare_doubles);
    return seconds[samples / 2];
}

/* ---- the kernels, each on the desk ---- */

#define ON_DESK(name, ...)                                                                         \
    static void name(struct desk *desk)                                                            \
    {                                                                                              \
        const struct az_kernels *kernels = &desk->kernels;                                         \
        size_t rows = desk->rows, columns = desk->columns, count = rows * columns;                 \
        (void)count;                                                                               \
        __VA_ARGS__;                                                                               \
    }

#define EACH_ROW for (size_t r = 0; r < rows; r++)

ON_DESK(widen, kernels->widen(count, desk->h, desk->y))
ON_DESK(narrow, kernels->narrow(count, desk->x, desk->h2))
ON_DESK(add, kernels->add(count, desk->x, desk->z))
ON_DESK(scale, kernels->scale(count, 0.999f, desk->z))
ON_DESK(add_row, kernels->add_row(rows, columns, desk->a, desk->z))
ON_DESK(sum_rows, kernels->sum_rows(rows, columns, desk->x, desk->c))
ON_DESK(gelu, kernels->gelu(count, desk->x, desk->y))
ON_DESK(gelu_backward, kernels->gelu_backward(count, desk->x, desk->y, desk->z))
ON_DESK(exponential, kernels->exponential(count, desk->x, desk->y))
ON_DESK(layernorm, kernels->layernorm(rows, columns, desk->x, desk->a, desk->b, 1e-5f, desk->y,
                                      desk->mean, desk->rstd))
ON_DESK(layernorm_backward,
        kernels->layernorm_backward(rows, columns, desk->x, desk->a, desk->mean, desk->rstd,
                                    desk->y, desk->z, desk->c, desk->d))
ON_DESK(softmax_statistics, EACH_ROW kernels->softmax_statistics(columns, desk->x + r * columns,
                                                                 desk->mean + r, desk->rstd + r))
ON_DESK(softmax_apply, EACH_ROW kernels->softmax_apply(columns, desk->x + r * columns, 1, 0.01f,
                                                       desk->y + r * columns))
ON_DESK(softmax_backward,
        EACH_ROW kernels->softmax_backward(columns, desk->x + r * columns, desk->y + r * columns,
                                           0.1f, desk->z + r * columns))
ON_DESK(sum_squares, desk->sink += kernels->sum_squares(count, desk->x))
ON_DESK(pack_b, kernels->pack_b(rows, columns, desk->h, columns, desk->h2))
ON_DESK(pack_b_transposed, kernels->pack_b_transposed(columns, rows, desk->h, columns, desk->h2))
ON_DESK(pack_b_f32, kernels->pack_b_f32(rows, columns, desk->x, columns, desk->y))
ON_DESK(pack_b_f32_transposed,
        kernels->pack_b_f32_transposed(columns, rows, desk->x, columns, desk->y))
ON_DESK(transpose_bf16, kernels->transpose_bf16(rows, columns, desk->h, columns, desk->h2, rows))
ON_DESK(transpose_f32, kernels->transpose_f32(rows, columns, desk->x, columns, desk->y, rows))
ON_DESK(product_bf16, kernels->product_bf16(&desk->bf16); (void)rows; (void)columns)
ON_DESK(product_f32, kernels->product_f32(&desk->f32); (void)rows; (void)columns)

static const struct work works[] = {
    {"widen", widen, 6},
    {"narrow", narrow, 6},
    {"add", add, 12},
    {"scale", scale, 8},
    {"add_row", add_row, 8},
    {"sum_rows", sum_rows, 4},
    {"gelu", gelu, 8},
    {"gelu_backward", gelu_backward, 12},
    {"exponential", exponential, 8},
    {"layernorm", layernorm, 8},
    {"layernorm_backward", layernorm_backward, 12},
    {"softmax_statistics", softmax_statistics, 4},
    {"softmax_apply", softmax_apply, 8},
    {"softmax_backward", softmax_backward, 12},
    {"sum_squares", sum_squares, 4},
    {"pack_b", pack_b, 4},
    {"pack_b_transposed", pack_b_transposed, 4},
    {"pack_b_f32", pack_b_f32, 8},
    {"pack_b_f32_transposed", pack_b_f32_transposed, 8},
    {"transpose_bf16", transpose_bf16, 4},
    {"transpose_f32", transpose_f32, 8},
};

/* m, k, n as in the presets: linear layers, attention, weight gradients, the unembedding forward
 * and backward; then larger ones. */
static const size_t products[][3] = {
    {32, 128, 256},  {32, 256, 128},  {32, 64, 128},    {32, 128, 64},    {128, 512, 64},
    {128, 512, 256}, {64, 512, 256},  {32, 64, 256},    {32, 4000, 128},  {32, 10000, 64},
    {512, 64, 512},  {512, 512, 128}, {1024, 512, 512}, {512, 128, 4096},
};

/* ---- peaks ---- */

typedef double burst_function(size_t repeats, double *sink);

static burst_function *burst_of(enum az_isa isa)
{
    switch (isa) {
#if defined(__x86_64__)
    case AZ_ISA_AVX2: return az_guest_burst_avx2;
    case AZ_ISA_AVX512: return az_guest_burst_avx512;
    case AZ_ISA_AMX: return az_guest_burst_amx;
#endif
    default: return az_guest_burst_reference;
    }
}

/* The best of the samples: a peak is what can be reached. */
static double burst_gflops(enum az_isa isa, unsigned samples, double *sink)
{
    double best = 0;
    burst_function *burst = burst_of(isa);
    for (unsigned s = 0; s < samples; s++) {
        int64_t start = az_clock_thread_ns();
        double operations = 0;
        while (az_clock_thread_ns() - start < SAMPLE_NS) operations += burst(BURST_REPEATS, sink);
        double rate = operations / (double)(az_clock_thread_ns() - start);
        if (rate > best) best = rate;
    }
    return best;
}

static void copy(struct desk *desk) { memcpy(desk->z, desk->x, MEMORY_ELEMENTS * sizeof(float)); }

/* ---- the desk ---- */

static void clear_desk(struct desk *desk)
{
    void *blocks[] = {desk->x, desk->y, desk->z,    desk->a,    desk->b, desk->c,
                      desk->d, desk->h, desk->mean, desk->rstd, desk->h2};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) az_memory_free(blocks[i]);
}

static enum az_status lay_desk(struct desk *desk, enum az_isa isa, struct az_error *error)
{
    enum az_status status = AZ_OK;
    float **large[] = {&desk->x, &desk->y, &desk->z}, **rows[] = {&desk->mean, &desk->rstd};
    float **columns[] = {&desk->a, &desk->b, &desk->c, &desk->d};
    struct az_bf16 **halves[] = {&desk->h, &desk->h2};
    memset(desk, 0, sizeof *desk);
    AZ_TRY(az_kernels_select(&desk->kernels, isa, error));
    for (size_t i = 0; i < 3; i++)
        AZ_TRY(az_memory_allocate(large[i], MEMORY_ELEMENTS, sizeof(float), "operands", error));
    for (size_t i = 0; i < 2; i++) {
        AZ_TRY(az_memory_allocate(rows[i], MEMORY_ROWS, sizeof(float), "operands", error));
        AZ_TRY(az_memory_allocate(halves[i], MEMORY_ELEMENTS, sizeof **halves, "operands", error));
    }
    for (size_t i = 0; i < 4; i++)
        AZ_TRY(az_memory_allocate(columns[i], COLUMNS, sizeof(float), "operands", error));
    for (size_t i = 0; i < MEMORY_ELEMENTS; i++)
        desk->x[i] = (float)((int)(i * 2654435761u % 4001) - 2000) * 0x1p-10f;
    memcpy(desk->y, desk->x, MEMORY_ELEMENTS * sizeof(float));
    desk->kernels.narrow(MEMORY_ELEMENTS, desk->x, desk->h);
    for (size_t i = 0; i < COLUMNS; i++) desk->a[i] = 1e-3f, desk->b[i] = 0;
out:
    return status;
}

/* ---- results ---- */

struct report {
    void (*take)(const struct az_bench_result *result, void *context);
    void *context;
    const struct az_bench_peaks *peaks;
    unsigned samples;
};

static void time_work(struct desk *desk, const struct work *work, const char *place,
                      const struct report *report)
{
    struct az_bench_result result = {.kernel = work->name,
                                     .isa = desk->kernels.name,
                                     .place = place,
                                     .rows = desk->rows,
                                     .columns = desk->columns};
    result.seconds = median_seconds(work->call, desk, report->samples);
    result.gbs = work->bytes * (double)(desk->rows * desk->columns) / result.seconds * 1e-9;
    result.share = result.gbs / report->peaks->memory_gbs;
    report->take(&result, report->context);
}

static void finish_product(struct az_bench_result *result, double element_bytes, double peak,
                           const struct report *report)
{
    double m = (double)result->rows, k = (double)result->depth, n = (double)result->columns;
    result->gflops = 2 * m * k * n / result->seconds * 1e-9;
    result->gbs = (element_bytes * (m * k + k * n) + 4 * m * n) / result->seconds * 1e-9;
    result->share = result->gflops / peak;
    report->take(result, report->context);
}

static void time_product(struct desk *desk, const size_t shape[3], const struct report *report)
{
    size_t m = shape[0], k = shape[1], n = shape[2];
    struct az_bench_result result = {.kernel = "product_bf16",
                                     .isa = desk->kernels.name,
                                     .place = "cache",
                                     .rows = m,
                                     .depth = k,
                                     .columns = n};
    desk->kernels.pack_b(k, n, desk->h, n, desk->h2);
    desk->bf16 = (struct az_product_bf16){m,        n,       k, desk->h, (k + 31) / 32 * 32,
                                          desk->h2, desk->z, n, false,   0};
    result.seconds = median_seconds(product_bf16, desk, report->samples);
    finish_product(&result, 2, report->peaks->bf16_gflops, report);
    result.kernel = "product_f32";
    desk->kernels.pack_b_f32(k, n, desk->x, n, desk->y);
    desk->f32 = (struct az_product_f32){m, n, k, desk->x, k, desk->y, desk->z, n, false, 0};
    result.seconds = median_seconds(product_f32, desk, report->samples);
    finish_product(&result, 4, report->peaks->f32_gflops, report);
}

enum az_status az_bench_measure_peaks(enum az_isa isa, unsigned samples,
                                      struct az_bench_peaks *peaks, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct desk desk;
    AZ_TRY(lay_desk(&desk, isa, error));
    peaks->f32_gflops = burst_gflops(isa == AZ_ISA_AMX ? AZ_ISA_AVX512 : isa, samples, &desk.sink);
    peaks->bf16_gflops = burst_gflops(isa, samples, &desk.sink);
    peaks->memory_gbs =
        2.0 * MEMORY_ELEMENTS * sizeof(float) / median_seconds(copy, &desk, samples) * 1e-9;
out:
    clear_desk(&desk);
    return status;
}

enum az_status az_bench_kernels(enum az_isa isa, unsigned samples,
                                const struct az_bench_peaks *peaks,
                                void (*take)(const struct az_bench_result *result, void *context),
                                void *context, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct report report = {take, context, peaks, samples};
    struct desk desk;
    AZ_TRY(lay_desk(&desk, isa, error));
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        time_product(&desk, products[i], &report);
    desk.columns = COLUMNS;
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        desk.rows = CACHE_ROWS;
        time_work(&desk, &works[i], "cache", &report);
        desk.rows = MEMORY_ROWS;
        time_work(&desk, &works[i], "memory", &report);
    }
out:
    clear_desk(&desk);
    return status;
}
