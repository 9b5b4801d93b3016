/* The fast products that choose candidates for neighbours keep to their bound. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "sky/neighbours_parts.h"

/* A product of every instruction set keeps to the bound that candidates rely on. */
static void check_estimate(const struct az_near_code *code, const struct az_kernels *kernels,
                           size_t m, size_t n, size_t k)
{
    size_t stride = (k + 31) / 32 * 32 + 32;
    struct az_bf16 *a, *b, *packed;
    float *c;
    assert_int_equal(az_memory_allocate(&a, (m + AZ_NEAR_ROWS) * stride, 2, "test", NULL), AZ_OK);
    assert_int_equal(az_memory_allocate(&b, n * stride, 2, "test", NULL), AZ_OK);
    assert_int_equal(az_memory_allocate(&packed, az_packed_bf16(k, n), 2, "test", NULL), AZ_OK);
    assert_int_equal(az_memory_allocate(&c, m * (n + 3), sizeof *c, "test", NULL), AZ_OK);
    for (size_t i = 0; i < (m > n ? m : n) * stride; i++) {
        bool padding = i % stride >= k;
        uint32_t r = az_random_u32(8, AZ_STREAM_SIMULATION, i);
        /* of one magnitude, of many, and subnormal */
        uint16_t bits = (uint16_t)(i / stride % 3 == 0   ? (r & 0x807f) | 0x3f80
                                   : i / stride % 3 == 1 ? (r & 0x83ff) | 0x3c00
                                                         : r & 0x807f);
        if (i < m * stride) a[i].bits = padding ? 0 : bits;
        if (i < n * stride) b[i].bits = padding ? 0 : (uint16_t)(bits ^ (r >> 16 & 0x8000));
    }
    for (size_t i = 0; i < m * (n + 3); i++) c[i] = 0.5f;
    kernels->pack_b_transposed(k, n, b, stride, packed);
    for (int twice = 0; twice < 2; twice++)
        code->estimate(&(struct az_product_bf16){.m = m,
                                                 .n = n,
                                                 .k = k,
                                                 .a = a,
                                                 .a_stride = stride,
                                                 .b = packed,
                                                 .c = c,
                                                 .c_stride = n + 3,
                                                 .accumulate = twice});
    double units = (code->roundings + 2) * 0x1p-24, gamma = units / (1 - units);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n + 3; j++) {
            double sum = 0, magnitude = 0;
            for (size_t d = 0; d < k && j < n; d++) {
                double product = (double)az_bf16_to_f32(a[i * stride + d]) *
                                 (double)az_bf16_to_f32(b[j * stride + d]);
                sum += 2 * product;
                magnitude += 2 * fabs(product);
            }
            if (j >= n) assert_true(c[i * (n + 3) + j] == 0.5f); /* not touched */
            if (j < n)
                assert_true(fabs((double)c[i * (n + 3) + j] - sum) <=
                            gamma * magnitude + 0x1p-124 * (double)k * 4);
        }
    az_memory_free(a);
    az_memory_free(b);
    az_memory_free(packed);
    az_memory_free(c);
}

static void test_estimates(void **state)
{
    (void)state;
    static const size_t sizes[][3] = {{1, 1, 2}, {12, 32, 256}, {13, 17, 256}, {37, 70, 200}};
    for (int isa = 0; isa < AZ_ISA_COUNT; isa++) {
        struct az_kernels kernels;
        struct az_near_code code;
        if (!az_isa_available((enum az_isa)isa)) continue;
        assert_int_equal(az_kernels_select(&kernels, (enum az_isa)isa, NULL), AZ_OK);
        az_near_code_select(&code, &kernels, AZ_NEAR_PANEL);
        for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++)
            check_estimate(&code, &kernels, sizes[n][0], sizes[n][1], sizes[n][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_estimates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
