/* The reference against independent definitions in other words: products in exact integers and
 * double, exp and GELU against the C library in double. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/kernel.h"
#include "base/random.h"

static struct az_kernels kernels;

/* x rounded to 24 bits with an unbounded exponent, then flushed below FLT_MIN: the definition of
 * flushing after rounding. x is exact in long double (64 bits) for the operands used here. */
static float round_then_flush(long double x)
{
    if (x == 0) return (float)x;
    int exponent;
    long double fraction = frexpl(x, &exponent); /* [0.5, 1) */
    long double rounded = ldexpl(rintl(ldexpl(fraction, 24)), exponent - 24);
    if (fabsl(rounded) < (long double)FLT_MIN) return copysignf(0, (float)copysignl(1, x));
    return (float)rounded;
}

/* C[0][0] of a 1 x 32 x 1 product with two nonzero even pairs: fma(a2, b2, a1 * b1), where the sum
 * of the odd chain is 0. */
static float chain_of_two(float a1, float b1, float a2, float b2)
{
    _Alignas(64) struct az_bf16 a[32] = {0}, packed[32 * 16] = {0};
    float c;
    a[0] = az_bf16_from_f32(a1), a[2] = az_bf16_from_f32(a2);
    packed[0] = az_bf16_from_f32(b1), packed[AZ_PACK_COLUMNS * 2] = az_bf16_from_f32(b2);
    struct az_product_bf16 product = {1, 1, 32, a, 32, packed, &c, 1, false, 0};
    kernels.product_bf16(&product);
    return c;
}

static float random_bf16(uint32_t index, int low, int high)
{
    uint32_t word = az_random_u32(7, 99, index);
    float mantissa = 1 + (float)(word & 0x7f) / 128;
    int exponent = low + (int)((word >> 8) % (uint32_t)(high - low + 1));
    return (word >> 31 ? -1.0f : 1.0f) * ldexpf(mantissa, exponent);
}

static void check_flushing_after_rounding(void)
{
    /* exactly FLT_MIN minus a little more than 2^-151: rounds to FLT_MIN on the subnormal grid */
    float almost = chain_of_two(0x1p-63f, 0x1p-63f, -0x1p-75f, 0x1.8p-76f);
    assert_int_equal(az_f32_bits(almost), 0);
    /* minus a little less: rounds to FLT_MIN on the unbounded grid too */
    almost = chain_of_two(-0x1p-63f, 0x1p-63f, 0x1p-77f, 0x1.8p-77f);
    assert_true(almost == -FLT_MIN);
    for (uint32_t i = 0; i < 400000; i += 4) {
        float a1 = random_bf16(i, -64, -62), b1 = random_bf16(i + 1, -64, -62);
        float a2 = random_bf16(i + 2, -76, -60), b2 = random_bf16(i + 3, -76, -60);
        float first = round_then_flush((long double)a1 * b1);
        float expected = round_then_flush((long double)a2 * b2 + first);
        /* the sum with the empty odd chain turns -0 into +0 */
        assert_int_equal(az_f32_bits(chain_of_two(a1, b1, a2, b2)), az_f32_bits(expected + 0.0f));
    }
}

static void check_subnormal_inputs(void)
{
    _Alignas(64) struct az_bf16 a[32] = {[0] = {0x007f}}, packed[32 * 16] = {[0] = {0x7f00}};
    float c = 0x1p-130f;
    struct az_product_bf16 product = {1, 1, 32, a, 32, packed, &c, 1, true, 0};
    kernels.product_bf16(&product);
    assert_int_equal(az_f32_bits(c), 0);
}

/* Of every instruction set: that processors decide after rounding is what the canonical product
 * rests on. */
static void the_product_flushes_after_rounding_and_reads_subnormals_as_zero(void **state)
{
    (void)state;
    for (enum az_isa isa = AZ_ISA_COUNT; isa-- > 0;) {
        if (!az_isa_available(isa)) continue;
        assert_int_equal(az_kernels_select(&kernels, isa, NULL), AZ_OK);
        check_flushing_after_rounding();
        check_subnormal_inputs();
    }
    assert_int_equal(kernels.isa, AZ_ISA_REFERENCE);
}

/* The definition once more, over unpacked B, with double arithmetic: a product of two bf16 is exact
 * in double, and a sum with a float32 of similar size too, so one rounding to float is fmaf. Values
 * are within 2^-6 .. 2^6. */
static float dot(size_t k, const float *a, const float *b)
{
    float total = 0;
    for (size_t panel = 0; panel < k; panel += 512) {
        float acc = 0;
        for (size_t block = panel; block < k && block < panel + 512; block += 32) {
            float chain[2] = {0, 0};
            for (size_t i = block; i < k && i < block + 32; i++)
                chain[i & 1] = (float)((double)a[i] * b[i] + chain[i & 1]);
            acc += chain[0] + chain[1];
        }
        total = panel == 0 ? acc : total + acc;
    }
    return total;
}

enum { M = 5, N = 19, K_MAX = 1100 };

static void a_product_is_what_its_definition_says(void **state)
{
    (void)state;
    static float a[M][K_MAX], b[N][K_MAX];
    static struct az_bf16 a_bf16[M][1120], b_bf16[N][K_MAX], b_rows[K_MAX][N];
    static struct az_bf16 packed[32 * 1120], packed_too[32 * 1120];
    const size_t sizes[] = {1, 2, 31, 32, 33, 64, 511, 512, 513, 545, 1024, 1100};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t k = sizes[s];
        float c[M][N];
        memset(a_bf16, 0, sizeof a_bf16);
        for (size_t i = 0; i < M * k; i++)
            a_bf16[i / k][i % k] =
                az_bf16_from_f32(a[i / k][i % k] = random_bf16((uint32_t)i, -6, 6));
        for (size_t i = 0; i < N * k; i++) {
            float value = b[i / k][i % k] = random_bf16((uint32_t)(i + 100000), -6, 6);
            b_bf16[i / k][i % k] = b_rows[i % k][i / k] = az_bf16_from_f32(value);
        }
        kernels.pack_b(k, N, b_rows[0], N, packed, 0);
        kernels.pack_b_transposed(k, N, b_bf16[0], K_MAX, packed_too);
        assert_memory_equal(packed, packed_too, az_packed_bf16(k, N) * sizeof *packed);
        struct az_product_bf16 product = {M, N, k, a_bf16[0], 1120, packed, c[0], N, false, 0};
        kernels.product_bf16(&product);
        for (size_t i = 0; i < M * N; i++) {
            float expected = dot(k, a[i / N], b[i % N]);
            assert_int_equal(az_f32_bits(c[i / N][i % N]), az_f32_bits(expected));
        }
        product.accumulate = true;
        float before = c[4][18];
        kernels.product_bf16(&product);
        if (k <= 512) assert_true(c[4][18] == before + before);
    }
}

static void exp_is_within_its_bound_and_never_subnormal(void **state)
{
    (void)state;
    double worst_ulp = 0;
    for (uint32_t sign = 0; sign < 2; sign++) {
        uint32_t last = az_f32_bits(sign ? -AZ_EXP_LOWEST : AZ_EXP_HIGHEST);
        for (uint32_t bits = 0x30000000; bits <= last; bits += 97) {
            float x = az_f32_from_bits(bits | sign << 31), y;
            kernels.exponential(1, &x, &y);
            double exact = exp((double)x), error = fabs(y - exact) / ldexp(1, ilogb(exact) - 23);
            if (error > worst_ulp) worst_ulp = error;
            assert_true(y >= FLT_MIN);
        }
    }
    assert_true(worst_ulp < 0.9);
    float x[] = {0,
                 -INFINITY,
                 nextafterf(AZ_EXP_LOWEST, -INFINITY),
                 AZ_EXP_LOWEST,
                 AZ_EXP_HIGHEST,
                 nextafterf(AZ_EXP_HIGHEST, INFINITY),
                 NAN};
    float y[7];
    kernels.exponential(7, x, y);
    assert_true(y[0] == 1 && y[1] == 0 && y[2] == 0 && y[3] >= FLT_MIN);
    assert_true(y[4] > 0x1.fffp127f && y[5] == INFINITY && isnan(y[6]));
    assert_true(y[4] < INFINITY);
}

static double gelu(double x)
{
    return x / (1 + exp(-2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

/* Relative to the true value where |x| < 3, to 1 elsewhere. */
static void gelu_and_its_derivative_are_right(void **state)
{
    (void)state;
    for (float x = -30; x < 30; x += 0.0003f) {
        float y, dx, one = 1;
        kernels.gelu(1, &x, &y);
        kernels.gelu_backward(1, &x, &one, &dx);
        double exact = gelu(x), h = 1e-5, slope = (gelu(x + h) - gelu(x - h)) / (2 * h);
        assert_true(fabs(y - exact) <= 1e-6 * fabs(x < -3 ? 1e-2 : exact));
        assert_true(fabs(dx - slope) <= 2e-6 * fmax(1, fabs(slope)));
    }
    float x[] = {-INFINITY, -3e38f, 0, 3e38f, INFINITY}, y[5], dx[5], dy[] = {1, 1, 1, 1, 1};
    kernels.gelu(5, x, y);
    kernels.gelu_backward(5, x, dy, dx);
    assert_true(fabsf(y[0]) < 1e-30f && fabsf(y[1]) < 1e-30f && y[2] == 0 && y[3] == 3e38f);
    assert_true(y[4] == INFINITY && fabsf(dx[0]) < 1e-30f && dx[2] == 0.5f && dx[4] == 1);
}

static void rows_are_normalised_and_their_gradient_is_right(void **state)
{
    (void)state;
    enum { D = 37 };
    float x[D], gain[D], bias[D], y[D], dy[D], dx[D], dgain[D] = {0}, dbias[D] = {0}, mean, rstd;
    for (uint32_t i = 0; i < D; i++) {
        x[i] = random_bf16(i, -2, 1), gain[i] = random_bf16(i + 50, -1, 0);
        bias[i] = random_bf16(i + 100, -3, 0), dy[i] = random_bf16(i + 150, -2, 2);
    }
    kernels.layernorm(1, D, x, gain, bias, 1e-5f, y, &mean, &rstd);
    kernels.layernorm_backward(1, D, x, gain, &mean, &rstd, dy, dx, dgain, dbias);
    for (size_t j = 0; j < D; j++) {
        double loss[2] = {0, 0}, h = 1e-4;
        for (int side = 0; side < 2; side++) {
            double sum = 0, squares = 0, moved[D];
            for (size_t i = 0; i < D; i++) {
                moved[i] = x[i] + (i == j ? (side ? h : -h) : 0);
                sum += moved[i];
            }
            for (size_t i = 0; i < D; i++) squares += pow(moved[i] - sum / D, 2);
            for (size_t i = 0; i < D; i++) {
                double n = (moved[i] - sum / D) / sqrt(squares / D + 1e-5);
                loss[side] += dy[i] * (n * gain[i] + bias[i]);
                if (side == 0) assert_true(fabs(n * gain[i] + bias[i] - y[i]) < 1e-3);
            }
        }
        assert_true(fabs((loss[1] - loss[0]) / (2 * h) - dx[j]) < 1e-4);
        assert_true(fabs(dgain[j] - dy[j] * (x[j] - mean) * rstd) < 1e-5);
        assert_true(dbias[j] == dy[j]);
    }
}

static void softmax_sums_to_one_and_its_gradient_to_zero(void **state)
{
    (void)state;
    enum { COUNT = 301 };
    float x[COUNT], e[COUNT], p[COUNT], dp[COUNT], dx[COUNT], max, sum;
    for (uint32_t i = 0; i < COUNT; i++)
        x[i] = random_bf16(i, -4, 3), dp[i] = random_bf16(i, -1, 1);
    memcpy(e, x, sizeof e);
    kernels.softmax_exponentials(COUNT, e, &max, &sum);
    kernels.softmax_apply(COUNT, x, max, 1 / sum, p);
    kernels.softmax_backward(COUNT, p, dp, 0.125f, dx);
    double total = 0, gradient = 0, squares = 0;
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(x[i] <= max && p[i] == e[i] * (1 / sum));
        total += p[i], gradient += dx[i], squares += (double)x[i] * x[i];
    }
    assert_true(fabs(total - 1) < 1e-6 && fabs(gradient) < 1e-6);
    assert_true(fabs(kernels.sum_squares(COUNT, x) - squares) < 1e-12 * squares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_product_flushes_after_rounding_and_reads_subnormals_as_zero),
        cmocka_unit_test(a_product_is_what_its_definition_says),
        cmocka_unit_test(exp_is_within_its_bound_and_never_subnormal),
        cmocka_unit_test(gelu_and_its_derivative_are_right),
        cmocka_unit_test(rows_are_normalised_and_their_gradient_is_right),
        cmocka_unit_test(softmax_sums_to_one_and_its_gradient_to_zero),
    };
    if (az_kernels_select(&kernels, AZ_ISA_REFERENCE, NULL) != AZ_OK) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
