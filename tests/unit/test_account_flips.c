/* Accounting on recordings of which bits were flipped: each is caught, and its place found. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../account_fixture.h"

static uint64_t tensor_offset(const char *path, const char *name, size_t *bytes)
{
    struct az_safetensors *file;
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    const struct az_tensor *tensor = az_safetensors_find(file, name);
    assert_non_null(tensor);
    uint64_t offset = tensor->offset_bytes;
    *bytes = (size_t)tensor->bytes;
    az_safetensors_close(file);
    return offset;
}

static void flip(const char *path, uint64_t offset, int bit)
{
    FILE *file = fopen(path, "r+b");
    unsigned char byte;
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    assert_int_equal(fread(&byte, 1, 1, file), 1);
    byte ^= (unsigned char)(1 << bit);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    assert_int_equal(fwrite(&byte, 1, 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

struct flipped {
    uint64_t offset;
    int bit, tensor, width;
    int64_t step, token, dim;
};

static struct flipped flip_somewhere(const char *path, uint32_t number)
{
    struct flipped f = {.tensor = (int)(draw(number) % AZ_ACCOUNT_INPUTS),
                        .bit = (int)(draw(number + 1) % 8)};
    size_t bytes;
    uint64_t start = tensor_offset(path, names[f.tensor], &bytes);
    uint64_t within = draw(number + 2) % bytes;
    f.width = (int)(bytes / ((T + 1) * N));
    f.offset = start + within;
    f.step = (int64_t)(within / (size_t)f.width / N);
    f.token = (int64_t)(within / (size_t)f.width % N / D);
    f.dim = (int64_t)(within / (size_t)f.width % D);
    flip(path, f.offset, f.bit);
    return f;
}

static void every_flipped_bit_is_caught_and_found(void **state)
{
    (void)state;
    static const struct recorded cases[] = {
        {.arithmetic = AZ_ARITHMETIC_F32, .gradient_f32 = true},
        {.arithmetic = AZ_ARITHMETIC_BF16},
        {.arithmetic = AZ_ARITHMETIC_BF16_FUSED, .upcast = true},
        {.arithmetic = AZ_ARITHMETIC_MASTER}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const char *path = record(&cases[c]);
        for (uint32_t n = 0; n < 100; n++) {
            struct az_account_result result;
            struct flipped f = flip_somewhere(path, 3 * n + 10000 * (uint32_t)c);
            assert_int_equal(account(path, NULL, &result, NULL), AZ_DIFFERENCE);
            const struct az_account_place *first = &result.first;
            assert_int_equal(result.frames_altered, 1);
            assert_true(first->altered);
            assert_int_equal(first->step, f.step);
            assert_int_equal(first->tensor, f.tensor);
            assert_string_equal(first->tensor_name, names[f.tensor]);
            assert_int_equal(first->token, f.token);
            assert_int_equal(first->dim, f.dim);
            assert_int_equal(first->bits, 8 * f.width);
            uint32_t changed = first->expected_bits ^ first->found_bits;
            assert_int_equal(changed & (changed - 1), 0);
            assert_int_not_equal(changed, 0);
            if (f.step > 0) assert_false(steps[f.step].exact);
            flip(path, f.offset, f.bit);
        }
        struct az_account_result result;
        assert_int_equal(account(path, NULL, &result, NULL), AZ_OK);
    }
}

/* Without sums the formula alone must do: what changes W, m or v of its own frame is found there;
 * a gradient where it acts. */
static void without_sums_the_formula_finds_what_it_can(void **state)
{
    (void)state;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16, .silent = true};
    const char *path = record(&how);
    int unseen = 0, seen_gradients = 0;
    for (uint32_t n = 0; n < 300; n++) {
        struct az_account_result result;
        struct flipped f = flip_somewhere(path, 50000 + 3 * n);
        enum az_status status = account(path, "bf16", &result, NULL);
        const struct az_account_place *first = &result.first;
        if (f.tensor == AZ_ACCOUNT_G || f.step == 0) {
            unseen += status == AZ_OK;
            if (status == AZ_DIFFERENCE) {
                seen_gradients += f.tensor == AZ_ACCOUNT_G;
                assert_int_equal(first->step, f.step ? f.step : 1);
                assert_int_equal(first->token, f.token);
                assert_int_equal(first->dim, f.dim);
            }
        } else {
            assert_int_equal(status, AZ_DIFFERENCE);
            assert_false(first->altered);
            assert_int_equal(first->step, f.step);
            assert_int_equal(first->tensor, f.tensor);
            assert_int_equal(first->token, f.token);
            assert_int_equal(first->dim, f.dim);
            assert_int_equal(first->found_bits ^ first->expected_bits,
                             1u << (8 * (f.offset % 2) + (uint64_t)f.bit));
        }
        flip(path, f.offset, f.bit);
    }
    assert_in_range(unseen, 1, 60); /* such as a gradient at frame 0, or below rounding */
    assert_true(seen_gradients > 20);
}

static void several_flips_in_a_frame_are_caught_and_the_frame_is_named(void **state)
{
    (void)state;
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    const char *path = record(&how);
    size_t bytes;
    uint64_t start = tensor_offset(path, "grad_W", &bytes), at = start + 7 * N * 2;
    for (int n = 0; n < 5; n++) flip(path, at + (uint64_t)(100 * n), n);
    assert_int_equal(account(path, NULL, &result, NULL), AZ_DIFFERENCE);
    assert_int_equal(result.frames_altered, 1);
    assert_int_equal(result.first.step, 7);
    assert_int_equal(result.first.tensor, AZ_ACCOUNT_G);
    assert_int_equal(result.first.token, -1);
}

static void a_nan_is_compared_by_its_bits(void **state)
{
    (void)state;
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16, .silent = true};
    const char *path = record(&how);
    uint16_t nan = 0x7fc0;
    size_t bytes;
    FILE *file = fopen(path, "r+b");
    assert_int_equal(
        fseek(file, (long)tensor_offset(path, "grad_W", &bytes) + 2 * (3 * N + 5), SEEK_SET), 0);
    assert_int_equal(fwrite(&nan, 2, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(account(path, "bf16", &result, NULL), AZ_DIFFERENCE);
    assert_int_equal(result.first.step, 3);
    assert_int_equal(result.first.expected_bits, 0x7fc0);
    assert_int_equal(steps[3].counts[AZ_ACCOUNT_ALL][AZ_ACCOUNT_W].worse, 1);
    assert_int_equal(steps[4].counts[AZ_ACCOUNT_ALL][AZ_ACCOUNT_M].worse, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_bit_is_caught_and_found),
        cmocka_unit_test(without_sums_the_formula_finds_what_it_can),
        cmocka_unit_test(several_flips_in_a_frame_are_caught_and_the_frame_is_named),
        cmocka_unit_test(a_nan_is_compared_by_its_bits),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
