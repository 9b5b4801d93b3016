/* The model: its gradient by finite differences, its bits, and what is known of it beforehand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/model.h"
#include "base/memory.h"
#include "base/random.h"

/* A model with its pool, random values and a batch. */
struct bench {
    struct az_pool *pool;
    struct az_kernels kernels;
    struct az_model *model;
    struct az_model_plan plan;
    uint32_t *inputs, *targets;
};

static const struct az_model_plan small = {.layers = 2,
                                           .width = 16,
                                           .heads = 2,
                                           .context = 12,
                                           .ffn_width = 40,
                                           .vocabulary = 50,
                                           .batch = 3,
                                           .tied = true,
                                           .compute = AZ_COMPUTE_F32,
                                           .gradient_f32 = true};

/* Two panels of attention, the second short; two panels of rows; three blocks of the vocabulary. */
static const struct az_model_plan large = {.layers = 2,
                                           .width = 24,
                                           .heads = 3,
                                           .context = 150,
                                           .ffn_width = 40,
                                           .vocabulary = 530,
                                           .batch = 4,
                                           .tied = false,
                                           .compute = AZ_COMPUTE_F32,
                                           .gradient_f32 = true};

/* Two panels of attention, for finite differences. */
static const struct az_model_plan lengthy = {.layers = 1,
                                             .width = 24,
                                             .heads = 3,
                                             .context = 150,
                                             .ffn_width = 36,
                                             .vocabulary = 40,
                                             .batch = 1,
                                             .tied = false,
                                             .compute = AZ_COMPUTE_F32,
                                             .gradient_f32 = true};

/* Two panels of rows, whose border cuts a sequence, for finite differences. */
static const struct az_model_plan wide = {.layers = 1,
                                          .width = 8,
                                          .heads = 1,
                                          .context = 70,
                                          .ffn_width = 20,
                                          .vocabulary = 30,
                                          .batch = 6,
                                          .tied = true,
                                          .compute = AZ_COMPUTE_F32,
                                          .gradient_f32 = true};

static float normal(uint64_t index) { return (float)az_random_normal(7, AZ_STREAM_BODY, index); }

static void fill_values(struct az_model *model, float sigma)
{
    struct az_bf16 *values = az_model_values(model);
    for (size_t n = 0; n < az_model_parameter_count(model); n++) {
        const struct az_parameter *parameter = az_model_parameter(model, n);
        float mean = parameter->rank == 1 && strstr(parameter->name, "ln_") &&
                             strstr(parameter->name, "weight")
                         ? 1
                         : 0;
        for (size_t i = parameter->offset; i < parameter->offset + parameter->count; i++)
            values[i] = az_bf16_from_f32(mean + sigma * normal(i));
    }
    az_model_values_changed(model);
}

/* Inputs from the lower half of the vocabulary, targets from all of it. */
static struct bench set_up(const struct az_model_plan *plan, enum az_isa isa, int threads)
{
    struct bench bench = {.plan = *plan};
    size_t count = plan->batch * plan->context;
    assert_int_equal(az_kernels_select(&bench.kernels, isa, NULL), AZ_OK);
    assert_int_equal(az_pool_create(&bench.pool, threads, NULL), AZ_OK);
    assert_int_equal(az_model_create(&bench.model, plan, &bench.kernels, bench.pool, NULL), AZ_OK);
    assert_int_equal(az_memory_allocate(&bench.inputs, count, 4, "inputs", NULL), AZ_OK);
    assert_int_equal(az_memory_allocate(&bench.targets, count, 4, "targets", NULL), AZ_OK);
    for (size_t n = 0; n < count; n++) {
        bench.inputs[n] = (uint32_t)az_random_below(3, AZ_STREAM_DATA, n, plan->vocabulary / 2);
        bench.targets[n] = (uint32_t)az_random_below(4, AZ_STREAM_DATA, n, plan->vocabulary);
    }
    fill_values(bench.model, 0.2f);
    return bench;
}

static enum az_isa best(void)
{
    struct az_kernels kernels;
    assert_int_equal(az_kernels_default(&kernels, NULL, NULL), AZ_OK);
    return kernels.isa;
}

static void tear_down(struct bench *bench)
{
    az_memory_free(bench->inputs);
    az_memory_free(bench->targets);
    az_model_free(bench->model);
    az_pool_free(bench->pool);
}

static float gradient(struct bench *bench)
{
    return az_model_gradient(bench->model, bench->inputs, bench->targets);
}

static float loss(struct bench *bench)
{
    return az_model_loss(bench->model, bench->inputs, bench->targets);
}

static const struct az_parameter *parameter_named(struct az_model *model, const char *name)
{
    for (size_t n = 0; n < az_model_parameter_count(model); n++)
        if (strcmp(az_model_parameter(model, n)->name, name) == 0)
            return az_model_parameter(model, n);
    fail_msg("no parameter %s", name);
    return NULL;
}

/* ---- the gradient is that of the loss ---- */

/* Moves a tensor along its own gradient, on the lattice, far enough that the loss changes by about
 * 0.006, half of it to each side, and compares with what the gradient says of that very move. */
static void check_tensor(struct bench *bench, const struct az_parameter *parameter,
                         const float *gradients)
{
    struct az_bf16 *values = az_model_values(bench->model) + parameter->offset, *saved;
    const float *g = gradients + parameter->offset;
    double norm = 0, expected = 0;
    assert_int_equal(az_memory_allocate(&saved, parameter->count, 2, "values", NULL), AZ_OK);
    memcpy(saved, values, 2 * parameter->count);
    for (size_t i = 0; i < parameter->count; i++) norm += (double)g[i] * (double)g[i];
    float step = (float)(0.003 / norm), losses[2];
    for (int side = 0; side < 2; side++) {
        float way = side ? step : -step;
        for (size_t i = 0; i < parameter->count; i++) {
            values[i] = az_bf16_from_f32(az_bf16_to_f32(saved[i]) + way * g[i]);
            double moved = (double)az_bf16_to_f32(values[i]);
            expected += (side ? 1 : -1) * (double)g[i] * moved;
        }
        az_model_values_changed(bench->model);
        losses[side] = loss(bench);
    }
    double found = (double)losses[1] - (double)losses[0];
    if (!(fabs(found / expected - 1) < 0.02))
        fail_msg("%s: loss changed by %g, the gradient says %g", parameter->name, found, expected);
    memcpy(values, saved, 2 * parameter->count);
    az_memory_free(saved);
}

static void check_finite_differences(const struct az_model_plan *plan)
{
    struct bench bench = set_up(plan, best(), 2);
    float *gradients;
    size_t size = az_model_size(bench.model);
    gradient(&bench);
    assert_int_equal(az_memory_allocate(&gradients, size, 4, "gradients", NULL), AZ_OK);
    memcpy(gradients, az_model_gradients(bench.model), 4 * size);
    for (size_t n = 0; n < az_model_parameter_count(bench.model); n++)
        check_tensor(&bench, az_model_parameter(bench.model, n), gradients);
    az_memory_free(gradients);
    tear_down(&bench);
}

static void every_gradient_of_a_tied_model_agrees_with_finite_differences(void **state)
{
    (void)state;
    check_finite_differences(&small);
}

static void every_gradient_of_a_long_untied_model_agrees_with_finite_differences(void **state)
{
    (void)state;
    check_finite_differences(&lengthy);
}

static void every_gradient_of_a_batch_of_two_panels_agrees_with_finite_differences(void **state)
{
    (void)state;
    check_finite_differences(&wide);
}

/* ---- bits ---- */

static void check_same_bits(const struct az_model_plan *plan, enum az_isa isa, int threads,
                            const void *gradients, const void *hidden, float expected_loss)
{
    struct bench bench = set_up(plan, isa, threads);
    size_t element = plan->gradient_f32 ? 4 : 2;
    float found_loss = gradient(&bench);
    assert_memory_equal(&found_loss, &expected_loss, sizeof found_loss);
    assert_memory_equal(az_model_gradients(bench.model), gradients,
                        element * az_model_size(bench.model));
    assert_memory_equal(az_model_hidden(bench.model), hidden,
                        2 * plan->batch * plan->context * plan->width);
    tear_down(&bench);
}

static void check_bits(struct az_model_plan plan, enum az_compute compute)
{
    plan.compute = compute;
    plan.gradient_f32 = compute == AZ_COMPUTE_F32;
    struct bench bench = set_up(&plan, AZ_ISA_REFERENCE, 1);
    float first_loss = gradient(&bench);
    const void *gradients = az_model_gradients(bench.model), *hidden = az_model_hidden(bench.model);
    static const int threads[] = {2, 3, 5};
    for (size_t n = 0; n < sizeof threads / sizeof *threads; n++)
        check_same_bits(&plan, best(), threads[n], gradients, hidden, first_loss);
    for (int isa = 0; isa < AZ_ISA_COUNT; isa++)
        if (az_isa_available((enum az_isa)isa))
            check_same_bits(&plan, (enum az_isa)isa, 2, gradients, hidden, first_loss);
    tear_down(&bench);
}

static void bf16_bits_depend_on_neither_threads_nor_instruction_set(void **state)
{
    (void)state;
    check_bits(small, AZ_COMPUTE_BF16);
    check_bits(large, AZ_COMPUTE_BF16);
}

static void f32_bits_depend_on_neither_threads_nor_instruction_set(void **state)
{
    (void)state;
    check_bits(small, AZ_COMPUTE_F32);
    check_bits(large, AZ_COMPUTE_F32);
}

static void a_second_pass_gives_the_same_bits_and_the_loss_alone_the_same_loss(void **state)
{
    (void)state;
    struct bench bench = set_up(&large, best(), 2);
    size_t bytes = 4 * az_model_size(bench.model);
    void *gradients;
    float first = gradient(&bench);
    assert_int_equal(az_memory_allocate(&gradients, bytes, 1, "gradients", NULL), AZ_OK);
    memcpy(gradients, az_model_gradients(bench.model), bytes);
    assert_true(loss(&bench) == first);
    assert_true(gradient(&bench) == first);
    assert_memory_equal(az_model_gradients(bench.model), gradients, bytes);
    az_memory_free(gradients);
    tear_down(&bench);
}

/* ---- what is known beforehand ---- */

static void a_position_sees_only_itself_and_those_before(void **state)
{
    (void)state;
    struct bench bench = set_up(&large, best(), 2);
    size_t context = large.context, row = large.width, bytes = 2 * large.batch * context * row;
    size_t changed = context + 140; /* position 140 of sequence 1 */
    struct az_bf16 *before;
    loss(&bench);
    assert_int_equal(az_memory_allocate(&before, bytes, 1, "hidden", NULL), AZ_OK);
    memcpy(before, az_model_hidden(bench.model), bytes);
    bench.inputs[changed] ^= 1;
    loss(&bench);
    const struct az_bf16 *after = az_model_hidden(bench.model);
    assert_memory_equal(after, before, 2 * changed * row);
    for (size_t n = changed; n < 2 * context; n++)
        assert_memory_not_equal(after + n * row, before + n * row, 2 * row);
    assert_memory_equal(after + 2 * context * row, before + 2 * context * row,
                        bytes - 4 * context * row);
    az_memory_free(before);
    tear_down(&bench);
}

static void a_small_start_gives_a_loss_near_ln_v_and_hidden_norms_of_sqrt_d(void **state)
{
    (void)state;
    struct az_model_plan plan = large;
    plan.compute = AZ_COMPUTE_BF16;
    struct bench bench = set_up(&plan, best(), 2);
    size_t width = plan.width;
    fill_values(bench.model, 0.02f);
    assert_true(fabsf(loss(&bench) - logf((float)plan.vocabulary)) < 0.05f);
    const struct az_bf16 *hidden = az_model_hidden(bench.model);
    for (size_t n = 0; n < plan.batch * plan.context; n++) {
        double norm = 0;
        for (size_t d = 0; d < width; d++) {
            double x = (double)az_bf16_to_f32(hidden[n * width + d]);
            norm += x * x;
        }
        assert_true(fabs(sqrt(norm / (double)width) - 1) < 0.05);
    }
    tear_down(&bench);
}

static void tokens_that_are_never_read_get_no_gradient_in_an_untied_embedding(void **state)
{
    (void)state;
    struct bench bench = set_up(&large, best(), 2);
    gradient(&bench);
    const float *wte = az_model_gradients(bench.model);
    const float *head =
        wte + parameter_named(bench.model, "lm_head.weight")->offset + 265 * large.width;
    for (size_t i = 265 * large.width; i < 530 * large.width; i++, head++) {
        assert_true(wte[i] == 0);
        assert_true(*head != 0);
    }
    tear_down(&bench);
}

static void equal_dead_rows_of_a_tied_embedding_get_equal_gradients(void **state)
{
    (void)state;
    struct az_model_plan plan = large;
    plan.tied = true;
    plan.compute = AZ_COMPUTE_BF16;
    plan.gradient_f32 = false;
    struct bench bench = set_up(&plan, best(), 2);
    struct az_bf16 *values = az_model_values(bench.model);
    size_t row = plan.width, bytes = 2 * row;
    for (size_t v = 400; v < 530; v++) memcpy(values + v * row, values + 399 * row, bytes);
    az_model_values_changed(bench.model);
    for (size_t n = 0; n < plan.batch * plan.context; n++) bench.targets[n] %= 399;
    gradient(&bench);
    const struct az_bf16 *gradients = az_model_gradients(bench.model);
    for (size_t v = 400; v < 530; v++)
        assert_memory_equal(gradients + v * row, gradients + 399 * row, bytes);
    tear_down(&bench);
}

/* ---- plans ---- */

static void a_thimble_fits_in_400_mb(void **state)
{
    (void)state;
    const struct az_model_plan thimble = {.layers = 2,
                                          .width = 64,
                                          .heads = 2,
                                          .context = 128,
                                          .ffn_width = 256,
                                          .vocabulary = 10000,
                                          .batch = 128,
                                          .tied = true};
    struct az_model_memory memory;
    assert_int_equal(az_model_memory_plan(&thimble, 2, &memory, NULL), AZ_OK);
    size_t sum = memory.parameters + memory.gradients + memory.activations + memory.scratch;
    assert_in_range(sum, 50 << 20, 300 << 20);
}

static void impossible_plans_are_refused_with_the_reason(void **state)
{
    (void)state;
    struct az_model_memory memory;
    struct az_error error;
    struct az_model_plan plan = small;
    plan.heads = 3;
    az_error_clear(&error);
    assert_int_equal(az_model_memory_plan(&plan, 1, &memory, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "3 does not divide 16"));
    plan = small;
    plan.layers = 0;
    assert_int_equal(az_model_memory_plan(&plan, 1, &memory, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "layers must be 1 to 1024, not 0"));
    plan = small;
    plan.batch = plan.context = plan.width = plan.heads = 65536;
    assert_int_equal(az_model_memory_plan(&plan, 1, &memory, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "2^32"));
}

static void a_failed_allocation_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    struct az_pool *pool;
    struct az_kernels kernels;
    struct az_model *model = NULL;
    assert_int_equal(az_pool_create(&pool, 1, NULL), AZ_OK);
    assert_int_equal(az_kernels_default(&kernels, NULL, NULL), AZ_OK);
    enum az_status status = AZ_MEMORY;
    size_t failures = 0;
    for (size_t n = 1; status == AZ_MEMORY; n++) {
        az_memory_fail_after(n);
        status = az_model_create(&model, &small, &kernels, pool, NULL);
        az_memory_fail_after(0);
        if (status == AZ_MEMORY) assert_null(model), failures++;
    }
    assert_int_equal(status, AZ_OK);
    assert_true(failures >= 8);
    az_model_free(model);
    az_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_gradient_of_a_tied_model_agrees_with_finite_differences),
        cmocka_unit_test(every_gradient_of_a_long_untied_model_agrees_with_finite_differences),
        cmocka_unit_test(every_gradient_of_a_batch_of_two_panels_agrees_with_finite_differences),
        cmocka_unit_test(bf16_bits_depend_on_neither_threads_nor_instruction_set),
        cmocka_unit_test(f32_bits_depend_on_neither_threads_nor_instruction_set),
        cmocka_unit_test(a_second_pass_gives_the_same_bits_and_the_loss_alone_the_same_loss),
        cmocka_unit_test(a_position_sees_only_itself_and_those_before),
        cmocka_unit_test(a_small_start_gives_a_loss_near_ln_v_and_hidden_norms_of_sqrt_d),
        cmocka_unit_test(tokens_that_are_never_read_get_no_gradient_in_an_untied_embedding),
        cmocka_unit_test(equal_dead_rows_of_a_tied_embedding_get_equal_gradients),
        cmocka_unit_test(a_thimble_fits_in_400_mb),
        cmocka_unit_test(impossible_plans_are_refused_with_the_reason),
        cmocka_unit_test(a_failed_allocation_is_told_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
