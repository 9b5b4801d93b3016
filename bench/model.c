/* Times forward and backward passes of a model by phase, without optimizer or recording.
 *
 *   build/bench/bench_model [rich|lean|balanced|thimble [bf16|f32 [ISA [THREADS [STEPS]]]]]
 *
 * The weights are packed once a step, as after an optimizer's step. Inputs are drawn at random:
 * the time does not depend on them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "azimuth/model.h"
#include "base/clock.h"
#include "base/random.h"

static const struct {
    const char *name;
    struct az_model_plan plan;
} shapes[] = {
    {"rich",
     {.layers = 4,
      .width = 128,
      .heads = 2,
      .context = 128,
      .ffn_width = 256,
      .vocabulary = 3988,
      .batch = 8,
      .tied = true}},
    {"balanced",
     {.layers = 3,
      .width = 96,
      .heads = 2,
      .context = 128,
      .ffn_width = 192,
      .vocabulary = 3988,
      .batch = 16,
      .tied = true}},
    {"lean",
     {.layers = 2,
      .width = 64,
      .heads = 2,
      .context = 128,
      .ffn_width = 128,
      .vocabulary = 3988,
      .batch = 32,
      .tied = true}},
    {"thimble",
     {.layers = 2,
      .width = 64,
      .heads = 2,
      .context = 128,
      .ffn_width = 256,
      .vocabulary = 10000,
      .batch = 128,
      .tied = true}},
};

static const struct az_model_plan *shape_named(const char *name)
{
    for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++)
        if (strcmp(shapes[n].name, name) == 0) return &shapes[n].plan;
    return NULL;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Milliseconds a step: median and fastest of the wall clock, mean of the processors' own time,
 * which tells more on a machine that others use, and means by phase. */
static void print_result(const struct az_model *model, int64_t *ns, int steps, double cpu_s)
{
    qsort(ns, (size_t)steps, sizeof *ns, compare);
    size_t middle = (size_t)steps / 2;
    double median = (double)ns[middle] / 1e6;
    printf("median %.2f ms (%.2f steps/s), fastest %.2f, processor %.2f |", median, 1e3 / median,
           (double)ns[0] / 1e6, cpu_s * 1e3 / steps);
    for (int phase = 0; phase < AZ_MODEL_PHASE_COUNT; phase++)
        printf(" %s %.2f", az_model_phase_name((enum az_model_phase)phase),
               (double)az_model_phase_ns(model, (enum az_model_phase)phase) / (steps + 1) / 1e6);
    printf("\n");
}

static double cpu_seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

static void run_steps(struct az_model *model, const uint32_t *tokens, const uint32_t *targets,
                      int steps)
{
    int64_t *ns = calloc((size_t)steps, sizeof *ns);
    if (!ns) return;
    az_model_gradient(model, tokens, targets);
    double cpu_s = cpu_seconds();
    for (int step = 0; step < steps; step++) {
        int64_t start = az_clock_ns();
        az_model_values_changed(model);
        az_model_gradient(model, tokens, targets);
        ns[step] = az_clock_ns() - start;
    }
    print_result(model, ns, steps, cpu_seconds() - cpu_s);
    free(ns);
}

static enum az_status measure(const struct az_model_plan *plan, const char *isa, int threads,
                              int steps, struct az_error *error)
{
    struct az_kernels kernels;
    struct az_pool *pool = NULL;
    struct az_model *model = NULL;
    struct az_experiment experiment;
    size_t count = plan->batch * plan->context;
    uint32_t *tokens = calloc(2 * count, sizeof *tokens);
    if (!tokens) return AZ_MEMORY;
    for (size_t n = 0; n < 2 * count; n++)
        tokens[n] = (uint32_t)az_random_below(1, AZ_STREAM_DATA, n, plan->vocabulary);
    az_experiment_init(&experiment);
    enum az_status status = az_kernels_default(&kernels, isa, error);
    if (status == AZ_OK) status = az_pool_create(&pool, threads, error);
    if (status == AZ_OK) status = az_model_create(&model, plan, &kernels, pool, error);
    if (status == AZ_OK) status = az_model_initialise(model, &experiment, error);
    if (status == AZ_OK) {
        printf("%s, %d threads: ", kernels.name, az_pool_threads(pool));
        run_steps(model, tokens, tokens + count, steps);
    }
    az_model_free(model);
    az_pool_free(pool);
    free(tokens);
    return status;
}

int main(int count, char **arguments)
{
    struct az_error error;
    const struct az_model_plan *shape = shape_named(count > 1 ? arguments[1] : "rich");
    if (!shape) return 2;
    struct az_model_plan plan = *shape;
    if (count > 2 && strcmp(arguments[2], "f32") == 0) plan.compute = AZ_COMPUTE_F32;
    const char *isa = count > 3 && strcmp(arguments[3], "best") != 0 ? arguments[3] : NULL;
    az_error_clear(&error);
    enum az_status status = measure(&plan, isa, count > 4 ? atoi(arguments[4]) : 0,
                                    count > 5 ? atoi(arguments[5]) : 20, &error);
    if (status == AZ_OK) return 0;
    char text[2048];
    az_error_format(&error, text, sizeof text);
    fprintf(stderr, "%s\n", text);
    return az_status_exit_code(status);
}
