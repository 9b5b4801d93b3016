/* The optimizer over the flat vector: chunks and threads change nothing; clipping by the norm. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "lab/optimizer.h"

/* Two tensors, neither of a whole number of chunks. */
enum { FIRST = 2 * 4096 + 19, COUNT = FIRST + 4096 + 77, STEPS = 4 };

static const struct az_parameter parameters[2] = {
    {.name = "first", .rank = 1, .shape = {FIRST}, .offset = 0, .count = FIRST},
    {.name = "second",
     .rank = 1,
     .shape = {COUNT - FIRST},
     .offset = FIRST,
     .count = COUNT - FIRST}};

static struct az_kernels kernels;
static struct az_bf16 values[COUNT], narrow[COUNT];
static float wide[COUNT];

static int start(void **state)
{
    (void)state;
    return az_kernels_select(&kernels, AZ_ISA_REFERENCE, NULL) != AZ_OK;
}

static void set_values(void)
{
    for (size_t i = 0; i < COUNT; i++)
        values[i] = az_bf16_from_f32((float)(0.02 * az_random_normal(1, 1, i)));
}

static void set_gradients(int64_t step)
{
    for (size_t i = 0; i < COUNT; i++) {
        wide[i] = (float)(1e-3 * az_random_normal((uint64_t)step, 2, i));
        narrow[i] = az_bf16_from_f32(wide[i]);
    }
}

static struct az_experiment experiment_of(enum az_arithmetic arithmetic, enum az_rounding rounding,
                                          double clip_norm)
{
    static struct az_experiment experiment;
    az_experiment_init(&experiment);
    experiment.optimizer.arithmetic = arithmetic;
    experiment.optimizer.rounding = rounding;
    experiment.optimizer.clip_norm = clip_norm;
    experiment.optimizer.weight_decay = 0.1;
    return experiment;
}

static struct az_optimizer *create(const struct az_experiment *experiment, struct az_pool *pool,
                                   bool gradients_f32)
{
    struct az_optimizer *optimizer;
    struct az_optimizer_target target = {.values = values,
                                         .gradients = gradients_f32 ? (const void *)wide
                                                                    : (const void *)narrow,
                                         .gradients_f32 = gradients_f32,
                                         .count = COUNT,
                                         .parameters = parameters,
                                         .parameter_count = 2};
    set_values();
    assert_int_equal(az_optimizer_create(&optimizer, experiment, &kernels, pool, &target, NULL),
                     AZ_OK);
    return optimizer;
}

/* The same steps by one call of the kernel for each tensor. */
static void step_at_once(const struct az_experiment *experiment, bool gradients_f32,
                         struct az_bf16 *p)
{
    static double m[COUNT], v[COUNT]; /* room for either type */
    static float master[COUNT];
    static struct az_bf16 residue[COUNT];
    enum az_arithmetic arithmetic = experiment->optimizer.arithmetic;
    bool kahan = experiment->optimizer.rounding == AZ_ROUNDING_KAHAN;
    memset(m, 0, sizeof m);
    memset(v, 0, sizeof v);
    memset(residue, 0, sizeof residue);
    set_values();
    memcpy(p, values, sizeof values);
    for (size_t i = 0; i < COUNT; i++) master[i] = az_bf16_to_f32(p[i]);
    size_t state_bytes = az_arithmetic_state_bytes(arithmetic);
    for (int64_t step = 1; step <= STEPS; step++) {
        struct az_adamw adamw = {.arithmetic = arithmetic,
                                 .rounding = experiment->optimizer.rounding,
                                 .step = step,
                                 .lr = 1e-3,
                                 .beta1 = experiment->optimizer.beta1,
                                 .beta2 = experiment->optimizer.beta2,
                                 .eps = experiment->optimizer.eps,
                                 .weight_decay = experiment->optimizer.weight_decay,
                                 .gradient_scale = 1,
                                 .rounding_seed = experiment->seed.rounding};
        set_gradients(step);
        az_adamw_prepare(&adamw);
        for (size_t n = 0; n < 2; n++) {
            size_t first = parameters[n].offset;
            struct az_adamw_range range = {
                .count = parameters[n].count,
                .p = p + first,
                .g = gradients_f32 ? (const void *)(wide + first) : (const void *)(narrow + first),
                .g_is_f32 = gradients_f32,
                .m = (unsigned char *)m + first * state_bytes,
                .v = (unsigned char *)v + first * state_bytes,
                .master = arithmetic == AZ_ARITHMETIC_MASTER ? master + first : NULL,
                .residue = kahan ? residue + first : NULL,
                .first_index = first};
            kernels.adamw[arithmetic](&adamw, &range);
        }
    }
}

static void chunks_and_threads_change_no_bit(void **state)
{
    (void)state;
    static struct az_bf16 expected[COUNT];
    for (int threads = 1; threads <= 3; threads += 2) {
        struct az_pool *pool;
        assert_int_equal(az_pool_create(&pool, threads, NULL), AZ_OK);
        for (int a = 0; a < AZ_ARITHMETIC_COUNT; a++)
            for (int r = 0; r < AZ_ROUNDING_COUNT; r++) {
                if (a == AZ_ARITHMETIC_MASTER && r == AZ_ROUNDING_KAHAN) continue;
                struct az_experiment experiment =
                    experiment_of((enum az_arithmetic)a, (enum az_rounding)r, 0);
                bool gradients_f32 = a % 2;
                step_at_once(&experiment, gradients_f32, expected);
                struct az_optimizer *optimizer = create(&experiment, pool, gradients_f32);
                for (int64_t step = 1; step <= STEPS; step++) {
                    set_gradients(step);
                    az_optimizer_step(optimizer, step, 1e-3);
                }
                assert_memory_equal(values, expected, sizeof expected);
                az_optimizer_free(optimizer);
            }
        az_pool_free(pool);
    }
}

/* torch.nn.utils.clip_grad_norm_: min(1, clip / (norm + 1e-6)). */
static void the_clip_coefficient_is_that_of_the_global_norm(void **state)
{
    (void)state;
    struct az_pool *pool;
    assert_int_equal(az_pool_create(&pool, 2, NULL), AZ_OK);
    for (int f32 = 0; f32 < 2; f32++) {
        struct az_experiment experiment =
            experiment_of(AZ_ARITHMETIC_F32, AZ_ROUNDING_NEAREST, 0.05);
        struct az_optimizer *optimizer = create(&experiment, pool, f32);
        set_gradients(1);
        double sum = 0;
        for (size_t i = 0; i < COUNT; i++) {
            double g = f32 ? (double)wide[i] : (double)az_bf16_to_f32(narrow[i]);
            sum += g * g;
        }
        az_optimizer_step(optimizer, 1, 1e-3);
        assert_true(fabs(optimizer->gradient_norm / sqrt(sum) - 1) < 1e-12);
        assert_true(optimizer->adamw.gradient_scale ==
                    (double)(float)(0.05 / (optimizer->gradient_norm + 1e-6)));
        assert_true(optimizer->adamw.gradient_scale < 1);
        optimizer->clip_norm = 1e6;
        az_optimizer_step(optimizer, 2, 1e-3);
        assert_true(optimizer->adamw.gradient_scale == 1);
        az_optimizer_free(optimizer);
    }
    az_pool_free(pool);
}

static void a_clipped_gradient_gives_the_first_moment_of_the_scaled_one(void **state)
{
    (void)state;
    struct az_pool *pool;
    assert_int_equal(az_pool_create(&pool, 1, NULL), AZ_OK);
    struct az_experiment experiment = experiment_of(AZ_ARITHMETIC_F32, AZ_ROUNDING_NEAREST, 0.01);
    struct az_optimizer *optimizer = create(&experiment, pool, true);
    set_gradients(1);
    az_optimizer_step(optimizer, 1, 1e-3);
    float scale = (float)optimizer->adamw.gradient_scale;
    const float *m = optimizer->m;
    for (size_t i = 0; i < COUNT; i++) {
        float expected = 0.1f * (scale * wide[i]);
        assert_true(fabsf(m[i] - expected) <= 1e-6f * fabsf(expected));
    }
    az_optimizer_free(optimizer);
    az_pool_free(pool);
}

static void planned_memory_is_what_the_state_takes(void **state)
{
    (void)state;
    static const struct {
        enum az_arithmetic arithmetic;
        enum az_rounding rounding;
        size_t bytes;
    } cases[] = {{AZ_ARITHMETIC_F32, AZ_ROUNDING_NEAREST, 8 * COUNT},
                 {AZ_ARITHMETIC_BF16, AZ_ROUNDING_NEAREST, 4 * COUNT},
                 {AZ_ARITHMETIC_BF16, AZ_ROUNDING_KAHAN, 6 * COUNT},
                 {AZ_ARITHMETIC_MASTER, AZ_ROUNDING_NEAREST, 12 * COUNT},
                 {AZ_ARITHMETIC_MASTER, AZ_ROUNDING_STOCHASTIC, 12 * COUNT}};
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        struct az_experiment experiment = experiment_of(cases[n].arithmetic, cases[n].rounding, 0);
        size_t bytes;
        assert_int_equal(az_optimizer_memory(&experiment, COUNT, &bytes, NULL), AZ_OK);
        assert_int_equal(bytes, cases[n].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_and_threads_change_no_bit),
        cmocka_unit_test(the_clip_coefficient_is_that_of_the_global_norm),
        cmocka_unit_test(a_clipped_gradient_gives_the_first_moment_of_the_scaled_one),
        cmocka_unit_test(planned_memory_is_what_the_state_takes),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
