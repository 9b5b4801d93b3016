#include "kernel/bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

#define SAMPLE_NS 3000000
#define SAMPLES_MOST 101

#define MEMORY_ELEMENTS ((size_t)16 << 20) /* 64 MiB of float32 */
#define COLUMNS 128
#define CACHE_ROWS 512
#define MEMORY_ROWS (MEMORY_ELEMENTS / COLUMNS)
#define ADAMW_ARITHMETIC 10 /* an element, f32; the others differ by a few */

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
    struct az_adamw adamw;
    struct az_adamw_range range;
    double sink;
};

struct work {
    const char *name;
    void (*call)(struct desk *);
    double bytes;   /* an element, read and written */
    int arithmetic; /* multiplications, fused multiply-adds, divisions, roots an element */
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
/* The exponentials of exponentials: numbers between 0 and 1 after the first call. */
ON_DESK(softmax_exponentials,
        EACH_ROW kernels->softmax_exponentials(columns, desk->z + r * columns, desk->mean + r,
                                               desk->rstd + r))
ON_DESK(softmax_exponentials_bf16,
        EACH_ROW kernels->softmax_exponentials_bf16(columns, desk->h + r * columns,
                                                    desk->y + r * columns, desk->mean + r,
                                                    desk->rstd + r))
/* Pairs of rows, packed into one place for each two. */
ON_DESK(scale_pair, for (size_t r = 0; r + 1 < rows; r += 2) kernels->scale_pair(
                        columns, &(struct az_scaled_pair){
                                     .x = {desk->x + r * columns, desk->x + (r + 1) * columns},
                                     .factor = {0.5f, 0.25f},
                                     .y = {desk->h2 + r * columns, desk->h2 + (r + 1) * columns},
                                     .packed = (struct az_bf16 *)(desk->y + r * columns),
                                     .group = 2 * AZ_PACK_COLUMNS}))
ON_DESK(softmax_apply, EACH_ROW kernels->softmax_apply(columns, desk->x + r * columns, 1, 0.01f,
                                                       desk->y + r * columns))
ON_DESK(softmax_backward,
        EACH_ROW kernels->softmax_backward(columns, desk->x + r * columns, desk->y + r * columns,
                                           0.1f, desk->z + r * columns))
ON_DESK(sum_squares, desk->sink += kernels->sum_squares(count, desk->x))
ON_DESK(pack_b, kernels->pack_b(rows, columns, desk->h, columns, desk->h2, 0))
ON_DESK(pack_b_transposed, kernels->pack_b_transposed(columns, rows, desk->h, columns, desk->h2))
ON_DESK(pack_b_f32, kernels->pack_b_f32(rows, columns, desk->x, columns, desk->y, 0))
ON_DESK(pack_b_f32_transposed,
        kernels->pack_b_f32_transposed(columns, rows, desk->x, columns, desk->y))
ON_DESK(transpose_bf16, kernels->transpose_bf16(rows, columns, desk->h, columns, desk->h2, rows))
ON_DESK(transpose_f32, kernels->transpose_f32(rows, columns, desk->x, columns, desk->y, rows))
ON_DESK(adamw, kernels->adamw[desk->adamw.arithmetic](&desk->adamw, &desk->range))
ON_DESK(product_bf16, kernels->product_bf16(&desk->bf16); (void)rows; (void)columns)
ON_DESK(product_f32, kernels->product_f32(&desk->f32); (void)rows; (void)columns)

static const struct work works[] = {
    {"widen", widen, 6, 0},
    {"narrow", narrow, 6, 0},
    {"add", add, 12, 0},
    {"scale", scale, 8, 1},
    {"add_row", add_row, 8, 0},
    {"sum_rows", sum_rows, 4, 0},
    {"gelu", gelu, 8, 13},
    {"gelu_backward", gelu_backward, 12, 19},
    {"exponential", exponential, 8, 9},
    {"layernorm", layernorm, 8, 3},
    {"layernorm_backward", layernorm_backward, 12, 6},
    {"softmax_exponentials", softmax_exponentials, 8, 9},
    {"softmax_exponentials_bf16", softmax_exponentials_bf16, 6, 9},
    {"scale_pair", scale_pair, 8, 1},
    {"softmax_apply", softmax_apply, 8, 10},
    {"softmax_backward", softmax_backward, 12, 3},
    {"sum_squares", sum_squares, 4, 2},
    {"pack_b", pack_b, 4, 0},
    {"pack_b_transposed", pack_b_transposed, 4, 0},
    {"pack_b_f32", pack_b_f32, 8, 0},
    {"pack_b_f32_transposed", pack_b_f32_transposed, 8, 0},
    {"transpose_bf16", transpose_bf16, 4, 0},
    {"transpose_f32", transpose_f32, 8, 0},
};

/* m, k, n as in the presets: linear layers, attention, weight gradients, the unembedding forward
 * and backward; then larger ones. */
static const size_t products[][3] = {
    {32, 128, 256},  {32, 256, 128},  {32, 64, 128},    {32, 128, 64},    {128, 512, 64},
    {128, 512, 256}, {64, 512, 256},  {32, 64, 256},    {32, 4000, 128},  {32, 10000, 64},
    {512, 64, 512},  {512, 512, 128}, {1024, 512, 512}, {512, 128, 4096},
};

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
    bool (*take)(const struct az_bench_result *result, void *context);
    void *context;
    const struct az_bench_peaks *peaks;
    unsigned samples;
    bool ended;
};

static struct az_bench_result begin(const struct desk *desk, const char *kernel, const char *place)
{
    return (struct az_bench_result){.kernel = kernel,
                                    .isa = desk->kernels.name,
                                    .place = place,
                                    .rows = desk->rows,
                                    .columns = desk->columns};
}

/* bytes and operations are those of one call, peak that of their type. */
static void finish(struct az_bench_result *result, double bytes, double operations, double peak,
                   struct report *report)
{
    bool memory = strcmp(result->place, "memory") == 0;
    double bandwidth = memory ? report->peaks->memory_gbs : report->peaks->cache_gbs;
    double moving = bytes / bandwidth, calculating = operations / peak;
    double floor_ns = moving > calculating ? moving : calculating;
    result->gbs = bytes / result->seconds * 1e-9;
    result->share = floor_ns * 1e-9 / result->seconds;
    report->ended = !report->take(result, report->context);
}

static void time_work(struct desk *desk, const struct work *work, const char *place,
                      struct report *report)
{
    struct az_bench_result result = begin(desk, work->name, place);
    double elements = (double)(desk->rows * desk->columns);
    result.seconds = median_seconds(work->call, desk, report->samples);
    finish(&result, work->bytes * elements, 2 * work->arithmetic * elements,
           report->peaks->f32_gflops, report);
}

static void time_works(struct desk *desk, struct report *report)
{
    desk->columns = COLUMNS;
    for (size_t i = 0; i < sizeof works / sizeof *works && !report->ended; i++) {
        desk->rows = CACHE_ROWS;
        time_work(desk, &works[i], "cache", report);
        if (report->ended) return;
        desk->rows = MEMORY_ROWS;
        time_work(desk, &works[i], "memory", report);
    }
}

static void finish_product(struct az_bench_result *result, double element_bytes, double peak,
                           struct report *report)
{
    double m = (double)result->rows, k = (double)result->depth, n = (double)result->columns;
    double operations = 2 * m * k * n;
    result->gflops = operations / result->seconds * 1e-9;
    finish(result, element_bytes * (m * k + k * n) + 4 * m * n, operations, peak, report);
}

static void time_product(struct desk *desk, const size_t shape[3], struct report *report)
{
    size_t m = shape[0], k = shape[1], n = shape[2];
    desk->rows = m;
    desk->columns = n;
    struct az_bench_result result = begin(desk, "product_bf16", "cache");
    result.depth = k;
    desk->kernels.pack_b(k, n, desk->h, n, desk->h2, 0);
    desk->bf16 = (struct az_product_bf16){m,        n,       k, desk->h, (k + 31) / 32 * 32,
                                          desk->h2, desk->z, n, false,   0};
    result.seconds = median_seconds(product_bf16, desk, report->samples);
    finish_product(&result, 2, report->peaks->bf16_gflops, report);
    if (report->ended) return;
    result.kernel = "product_f32";
    desk->kernels.pack_b_f32(k, n, desk->x, n, desk->y, 0);
    desk->f32 = (struct az_product_f32){m, n, k, desk->x, k, desk->y, desk->z, n, false, 0};
    result.seconds = median_seconds(product_f32, desk, report->samples);
    finish_product(&result, 4, report->peaks->f32_gflops, report);
}

#define ADAMW_NAME(id, name, ...) "adamw " name,
static const char *const adamw_names[] = {AZ_ARITHMETIC_TABLE(ADAMW_NAME)};

/* p, g, m, v as they come in a run whose gradients have the type of the activations. */
static void time_adamw(struct desk *desk, enum az_arithmetic arithmetic, const char *place,
                       struct report *report)
{
    size_t state_bytes = az_arithmetic_state_bytes(arithmetic), count = desk->rows * COLUMNS;
    bool master = arithmetic == AZ_ARITHMETIC_MASTER;
    struct az_bench_result result = begin(desk, adamw_names[arithmetic], place);
    desk->adamw = (struct az_adamw){.arithmetic = arithmetic,
                                    .lr = 1e-3,
                                    .beta1 = 0.9,
                                    .beta2 = 0.999,
                                    .eps = 1e-8,
                                    .gradient_scale = 1,
                                    .step = 1};
    az_adamw_prepare(&desk->adamw);
    desk->range = (struct az_adamw_range){.count = count,
                                          .p = desk->h2,
                                          .g = desk->h,
                                          .m = desk->y,
                                          .v = desk->z,
                                          .master = master ? desk->x : NULL};
    memset(desk->y, 0, count * sizeof(float));
    memset(desk->z, 0, count * sizeof(float));
    result.seconds = median_seconds(adamw, desk, report->samples);
    double bytes = 6 + 4 * (double)state_bytes + (master ? 8 : 0);
    finish(&result, bytes * (double)count, 2 * ADAMW_ARITHMETIC * (double)count,
           report->peaks->f32_gflops, report);
}

static void time_adamws(struct desk *desk, struct report *report)
{
    desk->columns = COLUMNS;
    for (int a = 0; a < AZ_ARITHMETIC_COUNT && !report->ended; a++) {
        desk->rows = CACHE_ROWS;
        time_adamw(desk, (enum az_arithmetic)a, "cache", report);
        if (report->ended) return;
        desk->rows = MEMORY_ROWS;
        time_adamw(desk, (enum az_arithmetic)a, "memory", report);
    }
}

size_t az_bench_kernel_count(void)
{
    return 2 * (sizeof products / sizeof *products + sizeof works / sizeof *works +
                AZ_ARITHMETIC_COUNT);
}

enum az_status az_bench_kernels(enum az_isa isa, unsigned samples,
                                const struct az_bench_peaks *peaks,
                                bool (*take)(const struct az_bench_result *result, void *context),
                                void *context, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct report report = {take, context, peaks, samples, false};
    struct desk desk;
    AZ_TRY(lay_desk(&desk, isa, error));
    for (size_t i = 0; i < sizeof products / sizeof *products && !report.ended; i++)
        time_product(&desk, products[i], &report);
    if (!report.ended) time_works(&desk, &report);
    if (!report.ended) time_adamws(&desk, &report);
out:
    clear_desk(&desk);
    return status;
}
