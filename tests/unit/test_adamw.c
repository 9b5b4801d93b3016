/* Facts of AdamW on the bf16 lattice, docs/numerics.md, section 4, over every value they name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "azimuth/kernel.h"

enum { FIRST_NORMAL = 0x0080, NORMALS = 32512, D = 64 };

static struct az_kernels kernels;
static struct az_bf16 p[NORMALS], g[NORMALS], m[NORMALS], v[NORMALS], residue[NORMALS];
static float m_f32[NORMALS], v_f32[NORMALS], master[NORMALS];

static int select_kernels(void **state)
{
    (void)state;
    return az_kernels_default(&kernels, NULL, NULL) != AZ_OK;
}

static int clear(void **state)
{
    (void)state;
    memset(p, 0, sizeof p), memset(g, 0, sizeof g), memset(m, 0, sizeof m), memset(v, 0, sizeof v);
    memset(residue, 0, sizeof residue), memset(master, 0, sizeof master);
    memset(m_f32, 0, sizeof m_f32), memset(v_f32, 0, sizeof v_f32);
    return 0;
}

static struct az_adamw usual(enum az_arithmetic arithmetic)
{
    return (struct az_adamw){.arithmetic = arithmetic,
                             .step = 1,
                             .lr = 1e-3,
                             .beta1 = 0.9,
                             .beta2 = 0.999,
                             .eps = 1e-8,
                             .gradient_scale = 1};
}

static void step_from(struct az_adamw *adamw, size_t first, size_t count)
{
    bool wide = az_arithmetic_state_bytes(adamw->arithmetic) == sizeof(float);
    struct az_adamw_range range = {
        .count = count,
        .p = p + first,
        .g = g + first,
        .first_index = first,
        .m = wide ? (void *)(m_f32 + first) : m + first,
        .v = wide ? (void *)(v_f32 + first) : v + first,
        .master = adamw->arithmetic == AZ_ARITHMETIC_MASTER ? master + first : NULL,
        .residue = adamw->rounding == AZ_ROUNDING_KAHAN ? residue + first : NULL};
    az_adamw_prepare(adamw);
    kernels.adamw[adamw->arithmetic](adamw, &range);
}

static void step(struct az_adamw *adamw, size_t count) { step_from(adamw, 0, count); }

static void all_normals(struct az_bf16 *values)
{
    for (size_t i = 0; i < NORMALS; i++) values[i].bits = (uint16_t)(FIRST_NORMAL + i);
}

static size_t kept(const struct az_bf16 *values, size_t first)
{
    size_t same = 0;
    for (size_t i = first; i < NORMALS; i++) same += values[i].bits == FIRST_NORMAL + i;
    return same;
}

static void the_second_moment_never_decays_at_beta2_0999(void **state)
{
    (void)state;
    struct az_adamw adamw = usual(AZ_ARITHMETIC_BF16);
    all_normals(v);
    step(&adamw, NORMALS);
    assert_int_equal(kept(v, 0), NORMALS);
}

static void stuck_mantissas_depend_on_beta2(void **state)
{
    (void)state;
    static const struct {
        double beta2;
        size_t stuck;
    } cases[] = {{0.9999, 128}, {0.999, 128}, {0.998, 122}, {0.997, 38}, {0.996, 0}, {0.9, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct az_adamw adamw = usual(AZ_ARITHMETIC_BF16);
        adamw.beta2 = cases[i].beta2;
        all_normals(v);
        step(&adamw, NORMALS); /* the lowest binade has no finer one below it: left out */
        assert_int_equal(kept(v, 128), cases[i].stuck * (NORMALS / 128 - 1));
    }
}

/* Lowest ratio g^2 / v at which v grows, over the 128 mantissas of v in one binade. */
static void growth_thresholds(enum az_arithmetic arithmetic, double *lowest, double *highest)
{
    struct az_adamw adamw = usual(arithmetic);
    *lowest = INFINITY, *highest = 0;
    for (uint16_t bits = 0x3f80; bits < 0x4000; bits++) {
        double value = az_bf16_to_f32((struct az_bf16){bits}), threshold = INFINITY;
        for (size_t i = 0; i < 256; i++) {
            g[i].bits = (uint16_t)(0x3f80 + i); /* 1 <= g < 4 */
            v[i].bits = bits;
        }
        step(&adamw, 256);
        for (size_t i = 256; i-- > 0;) {
            double gradient = az_bf16_to_f32(g[i]);
            if (v[i].bits > bits) threshold = gradient * gradient / value;
        }
        if (threshold < *lowest) *lowest = threshold;
        if (threshold > *highest) *highest = threshold;
    }
}

static void the_second_moment_grows_only_beyond_a_threshold(void **state)
{
    (void)state;
    double lowest, highest;
    growth_thresholds(AZ_ARITHMETIC_BF16, &lowest, &highest);
    assert_true(lowest > 1.95 && lowest < 2.00); /* 1.96, seen through bf16 gradients */
    assert_true(highest > 3.85 && highest < 3.97);
    growth_thresholds(AZ_ARITHMETIC_BF16_FUSED, &lowest, &highest);
    assert_true(lowest > 2.95 && lowest < 3.00);
    assert_true(highest > 4.85 && highest < 4.99);
}

static void under_a_constant_gradient_the_second_moment_stalls_on_a_power_of_two(void **state)
{
    (void)state;
    struct az_adamw adamw = usual(AZ_ARITHMETIC_BF16);
    int64_t last_change[128] = {0};
    for (uint16_t i = 0; i < 128; i++) g[i].bits = (uint16_t)(0x3c00 + i);
    for (adamw.step = 1; adamw.step <= 2000; adamw.step++) {
        struct az_bf16 before[128];
        memcpy(before, v, sizeof before);
        step(&adamw, 128);
        for (size_t i = 0; i < 128; i++)
            if (v[i].bits != before[i].bits) last_change[i] = adamw.step;
    }
    for (size_t i = 0; i < 128; i++) {
        double gradient = az_bf16_to_f32(g[i]),
               ratio = az_bf16_to_f32(v[i]) / (gradient * gradient);
        assert_int_equal(v[i].bits & 0x7f, 0);
        assert_true(ratio >= 0.256 && ratio <= 0.512);
        assert_true(last_change[i] >= 257 && last_change[i] <= 384);
    }
}

static void small_weight_decay_does_nothing(void **state)
{
    (void)state;
    struct az_adamw adamw = usual(AZ_ARITHMETIC_BF16);
    adamw.lr = 1e-2, adamw.weight_decay = 0.19;
    all_normals(p);
    step(&adamw, NORMALS);
    assert_int_equal(kept(p, 0), NORMALS);
    adamw.weight_decay = 0.4;
    step(&adamw, NORMALS);
    assert_int_equal(kept(p, 0), 0);
}

static void the_first_moment_decays_859_steps_and_sticks_at_4(void **state)
{
    (void)state;
    struct az_adamw adamw = usual(AZ_ARITHMETIC_BF16);
    int64_t last_change = 0;
    m[0] = az_bf16_from_f32(1);
    for (adamw.step = 1; adamw.step < 1000; adamw.step++) {
        uint16_t before = m[0].bits;
        step(&adamw, 1);
        if (m[0].bits != before) last_change = adamw.step;
    }
    assert_int_equal(last_change, 859);
    assert_int_equal(m[0].bits, 0x0004);
}

static void the_first_step_moves_every_coordinate_by_lr(void **state)
{
    for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++) {
        struct az_adamw adamw = usual(a);
        double squares = 0;
        clear(state);
        for (size_t i = 0; i < D; i++)
            g[i] = az_bf16_from_f32((i % 2 ? -1.0f : 1.0f) * (float)(i + 1));
        step(&adamw, D);
        for (size_t i = 0; i < D; i++) squares += pow(az_bf16_to_f32(p[i]) / adamw.lr, 2);
        assert_true(fabs(sqrt(squares) - sqrt(D)) < 0.01 * sqrt(D));
    }
}

static void bias_corrections_are_right_for_every_step(void **state)
{
    (void)state;
    static const double betas[] = {0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999};
    for (size_t i = 0; i < sizeof betas / sizeof *betas; i++)
        for (int64_t t = 1; t < 20000; t += t / 50 + 1) {
            struct az_adamw adamw = usual(AZ_ARITHMETIC_F32);
            adamw.beta1 = adamw.beta2 = betas[i], adamw.step = t;
            az_adamw_prepare(&adamw);
            double power = (double)powl(betas[i], t);
            assert_true(adamw.bias1 == (float)(1 - power));
            assert_true(adamw.sqrt_bias2 == (float)sqrt(1 - power));
            assert_true(adamw.step_size == (float)(adamw.lr / (1 - power)));
        }
}

static void stochastic_rounding_is_right_on_average(void **state)
{
    (void)state;
    struct az_adamw adamw = usual(AZ_ARITHMETIC_F32);
    adamw.rounding = AZ_ROUNDING_STOCHASTIC, adamw.rounding_seed = 42, adamw.lr = 1e-3;
    double sum = 0;
    for (size_t i = 0; i < NORMALS; i++) p[i] = az_bf16_from_f32(1), g[i] = az_bf16_from_f32(-1);
    step(&adamw, NORMALS);
    for (size_t i = 0; i < NORMALS; i++) {
        assert_in_range(p[i].bits, 0x3f80, 0x3f81);
        sum += az_bf16_to_f32(p[i]) - 1;
    }
    assert_true(fabs(sum / NORMALS - 1e-3) < 5 * 0.0078125 * 0.5 / sqrt(NORMALS));
}

static void stochastic_rounding_does_not_depend_on_how_the_work_is_cut(void **state)
{
    struct az_bf16 whole[NORMALS];
    for (int cut = 0; cut < 2; cut++) {
        struct az_adamw adamw = usual(AZ_ARITHMETIC_BF16);
        adamw.rounding = AZ_ROUNDING_STOCHASTIC, adamw.rounding_seed = 7, adamw.step = 3;
        clear(state);
        all_normals(p);
        for (size_t i = 0; i < NORMALS; i++) g[i].bits = (uint16_t)(0x3000 + i % 0x900);
        for (size_t first = 0, size = cut ? 48 : NORMALS; first < NORMALS; first += size)
            step_from(&adamw, first, first + size < NORMALS ? size : NORMALS - first);
        if (!cut) memcpy(whole, p, sizeof p);
    }
    assert_memory_equal(whole, p, sizeof p);
}

/* 100 steps of 1e-4 from 1: nearest never moves, Kahan arrives as far as its bf16 carries. */
static void kahan_keeps_what_rounding_loses(void **state)
{
    for (enum az_rounding rounding = 0; rounding < AZ_ROUNDING_COUNT; rounding++) {
        struct az_adamw adamw = usual(AZ_ARITHMETIC_F32);
        adamw.lr = 1e-4, adamw.rounding = rounding;
        clear(state);
        for (size_t i = 0; i < D; i++) p[i] = az_bf16_from_f32(1), g[i] = az_bf16_from_f32(-1);
        for (adamw.step = 1; adamw.step <= 100; adamw.step++) step(&adamw, D);
        double moved = (double)az_bf16_to_f32(p[0]) - 1;
        if (rounding == AZ_ROUNDING_NEAREST) assert_true(moved == 0);
        if (rounding == AZ_ROUNDING_KAHAN)
            assert_true(fabs(moved + az_bf16_to_f32(residue[0]) - 0.01) < 3e-4);
    }
}

static void subnormals_are_kept(void **state)
{
    (void)state;
    struct az_adamw adamw = usual(AZ_ARITHMETIC_F32);
    m_f32[0] = 0x1p-130f, v_f32[0] = 0x1p-140f;
    step(&adamw, 1);
    assert_true(m_f32[0] == 0.9f * 0x1p-130f && m_f32[0] > 0);
    assert_true(v_f32[0] == 0.999f * 0x1p-140f && v_f32[0] > 0);
}

static void a_nan_has_one_form(void **state)
{
    for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++) {
        struct az_adamw adamw = usual(a);
        clear(state);
        for (size_t i = 0; i < D; i++) g[i].bits = (uint16_t)(0xff81 + i);
        step(&adamw, D - 1); /* body and tail */
        for (size_t i = 0; i < D - 1; i++) {
            assert_int_equal(p[i].bits, 0x7fc0);
            if (az_arithmetic_state_bytes(a) == 2) {
                assert_int_equal(m[i].bits, 0x7fc0);
                assert_int_equal(v[i].bits, 0x7fc0);
            } else {
                assert_int_equal(az_f32_bits(m_f32[i]), 0x7fc00000);
                assert_int_equal(az_f32_bits(v_f32[i]), 0x7fc00000);
            }
        }
    }
}

static void clipping_scales_the_gradient_and_rounds_it_in_bf16(void **state)
{
    (void)state;
    struct az_adamw adamw = usual(AZ_ARITHMETIC_BF16);
    adamw.gradient_scale = 0.3, adamw.beta1 = 0;
    g[0] = az_bf16_from_f32(1.25f);
    step(&adamw, 1);
    assert_int_equal(m[0].bits, az_bf16_from_f32(1.25f * 0.3f).bits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_second_moment_never_decays_at_beta2_0999, clear),
        cmocka_unit_test_setup(stuck_mantissas_depend_on_beta2, clear),
        cmocka_unit_test_setup(the_second_moment_grows_only_beyond_a_threshold, clear),
        cmocka_unit_test_setup(under_a_constant_gradient_the_second_moment_stalls_on_a_power_of_two,
                               clear),
        cmocka_unit_test_setup(small_weight_decay_does_nothing, clear),
        cmocka_unit_test_setup(the_first_moment_decays_859_steps_and_sticks_at_4, clear),
        cmocka_unit_test(the_first_step_moves_every_coordinate_by_lr),
        cmocka_unit_test(bias_corrections_are_right_for_every_step),
        cmocka_unit_test_setup(stochastic_rounding_is_right_on_average, clear),
        cmocka_unit_test(stochastic_rounding_does_not_depend_on_how_the_work_is_cut),
        cmocka_unit_test(kahan_keeps_what_rounding_loses),
        cmocka_unit_test_setup(subnormals_are_kept, clear),
        cmocka_unit_test(a_nan_has_one_form),
        cmocka_unit_test_setup(clipping_scales_the_gradient_and_rounds_it_in_bf16, clear),
    };
    return cmocka_run_group_tests(tests, select_kernels, NULL);
}
