/* Loss and every gradient against Hugging Face's GPT-2 in PyTorch (make_model_golden.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/model.h"
#include "azimuth/safetensors.h"

enum { MAX_POSITIONS = 128 };

struct golden {
    struct az_safetensors *file;
    struct az_model_plan plan;
    uint32_t inputs[MAX_POSITIONS], targets[MAX_POSITIONS];
};

static struct az_pool *pool;

static int start(void **state)
{
    (void)state;
    return az_pool_create(&pool, 2, NULL) != AZ_OK;
}

static int finish(void **state)
{
    (void)state;
    az_pool_free(pool);
    return 0;
}

static size_t metadata(const struct golden *golden, const char *key)
{
    const char *text = az_safetensors_metadata(golden->file, key);
    assert_non_null(text);
    return strtoul(text, NULL, 10);
}

static const struct az_tensor *tensor(const struct golden *golden, const char *prefix,
                                      const char *name, enum az_dtype dtype)
{
    char full[128];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    const struct az_tensor *found = az_safetensors_find(golden->file, full);
    assert_non_null(found);
    assert_int_equal(found->dtype, dtype);
    return found;
}

static void read_ids(const struct golden *golden, const char *name, uint32_t *ids)
{
    const struct az_tensor *found = tensor(golden, "", name, AZ_DTYPE_I64);
    size_t count = golden->plan.batch * golden->plan.context;
    assert_int_equal(found->bytes, 8 * count);
    assert_in_range(count, 1, MAX_POSITIONS);
    for (size_t n = 0; n < count; n++) {
        int64_t id;
        memcpy(&id, (const char *)found->data + 8 * n, 8);
        ids[n] = (uint32_t)id;
    }
}

static struct golden open_golden(const char *name, enum az_compute compute)
{
    struct golden golden = {.file = NULL};
    char path[1024];
    const char *root = getenv("AZ_SOURCE_ROOT");
    assert_non_null(root);
    snprintf(path, sizeof path, "%s/tests/golden/model_%s.safetensors", root, name);
    assert_int_equal(az_safetensors_open(&golden.file, path, NULL), AZ_OK);
    golden.plan = (struct az_model_plan){.layers = metadata(&golden, "layers"),
                                         .width = metadata(&golden, "width"),
                                         .heads = metadata(&golden, "heads"),
                                         .context = metadata(&golden, "context"),
                                         .ffn_width = metadata(&golden, "ffn"),
                                         .vocabulary = metadata(&golden, "vocabulary"),
                                         .batch = metadata(&golden, "batch"),
                                         .tied = strcmp(name, "tied") == 0,
                                         .compute = compute,
                                         .gradient_f32 = compute == AZ_COMPUTE_F32};
    read_ids(&golden, "inputs", golden.inputs);
    read_ids(&golden, "targets", golden.targets);
    return golden;
}

static struct az_model *build(const struct golden *golden)
{
    struct az_kernels kernels;
    struct az_model *model;
    assert_int_equal(az_kernels_default(&kernels, NULL, NULL), AZ_OK);
    assert_int_equal(az_model_create(&model, &golden->plan, &kernels, pool, NULL), AZ_OK);
    for (size_t n = 0; n < az_model_parameter_count(model); n++) {
        const struct az_parameter *parameter = az_model_parameter(model, n);
        const struct az_tensor *found = tensor(golden, "", parameter->name, AZ_DTYPE_BF16);
        assert_int_equal(found->bytes, 2 * parameter->count);
        memcpy(az_model_values(model) + parameter->offset, found->data, found->bytes);
    }
    az_model_values_changed(model);
    return model;
}

/* Value i of a tensor of BF16 or F32. */
static double value(const struct az_tensor *from, size_t i)
{
    struct az_bf16 half;
    float single;
    if (from->dtype == AZ_DTYPE_BF16) {
        memcpy(&half, (const char *)from->data + 2 * i, 2);
        return (double)az_bf16_to_f32(half);
    }
    memcpy(&single, (const char *)from->data + 4 * i, 4);
    return (double)single;
}

/* Our gradient i of the flat vector. */
static double gradient(struct az_model *model, const struct golden *golden, size_t i)
{
    if (golden->plan.gradient_f32) return (double)((float *)az_model_gradients(model))[i];
    return (double)az_bf16_to_f32(((struct az_bf16 *)az_model_gradients(model))[i]);
}

/* |x - exact| / |exact| of one tensor's gradient, x ours, or PyTorch's in bf16. */
struct errors {
    double ours, theirs;
};

static struct errors errors_of(struct az_model *model, const struct golden *golden, size_t number)
{
    const struct az_parameter *parameter = az_model_parameter(model, number);
    const struct az_tensor *exact = tensor(golden, "grad/", parameter->name, AZ_DTYPE_F32);
    const struct az_tensor *halves = tensor(golden, "grad_bf16/", parameter->name, AZ_DTYPE_BF16);
    double ours = 0, theirs = 0, norm = 0;
    for (size_t i = 0; i < parameter->count; i++) {
        double x = value(exact, i);
        double a = gradient(model, golden, parameter->offset + i) - x, b = value(halves, i) - x;
        ours += a * a;
        theirs += b * b;
        norm += x * x;
    }
    return (struct errors){sqrt(ours / norm), sqrt(theirs / norm)};
}

static double exact_loss(const struct golden *golden)
{
    double loss;
    memcpy(&loss, tensor(golden, "", "loss", AZ_DTYPE_F64)->data, sizeof loss);
    return loss;
}

static void close_golden(struct golden *golden, struct az_model *model)
{
    az_model_free(model);
    az_safetensors_close(golden->file);
}

static void check_f32(const char *name)
{
    struct golden golden = open_golden(name, AZ_COMPUTE_F32);
    struct az_model *model = build(&golden);
    double loss = (double)az_model_gradient(model, golden.inputs, golden.targets);
    assert_true(fabs(loss / exact_loss(&golden) - 1) < 1e-6);
    for (size_t n = 0; n < az_model_parameter_count(model); n++) {
        struct errors errors = errors_of(model, &golden, n);
        if (!(errors.ours < 3e-6))
            fail_msg("%s: relative error %g", az_model_parameter(model, n)->name, errors.ours);
    }
    close_golden(&golden, model);
}

/* In bf16 both are off by the noise of their roundings; ours rounds in no more places, so it may
 * not be further from the truth than PyTorch, half as much again and a thousandth allowed for
 * chance. */
static void check_bf16(const char *name)
{
    struct golden golden = open_golden(name, AZ_COMPUTE_BF16);
    struct az_model *model = build(&golden);
    double loss = (double)az_model_gradient(model, golden.inputs, golden.targets);
    assert_true(fabs(loss / exact_loss(&golden) - 1) < 4e-3);
    for (size_t n = 0; n < az_model_parameter_count(model); n++) {
        struct errors errors = errors_of(model, &golden, n);
        if (!(errors.ours < 1.5 * errors.theirs + 1e-3))
            fail_msg("%s: relative error %g, PyTorch's %g", az_model_parameter(model, n)->name,
                     errors.ours, errors.theirs);
    }
    close_golden(&golden, model);
}

static void f32_loss_and_gradients_of_a_tied_model_equal_pytorch(void **state)
{
    (void)state;
    check_f32("tied");
}

static void f32_loss_and_gradients_of_an_untied_model_equal_pytorch(void **state)
{
    (void)state;
    check_f32("untied");
}

static void bf16_gradients_of_a_tied_model_are_as_near_the_truth_as_pytorch(void **state)
{
    (void)state;
    check_bf16("tied");
}

static void bf16_gradients_of_an_untied_model_are_as_near_the_truth_as_pytorch(void **state)
{
    (void)state;
    check_bf16("untied");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_loss_and_gradients_of_a_tied_model_equal_pytorch),
        cmocka_unit_test(f32_loss_and_gradients_of_an_untied_model_equal_pytorch),
        cmocka_unit_test(bf16_gradients_of_a_tied_model_are_as_near_the_truth_as_pytorch),
        cmocka_unit_test(bf16_gradients_of_an_untied_model_are_as_near_the_truth_as_pytorch),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
