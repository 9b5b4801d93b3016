#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "azimuth/bf16.h"

static struct az_bf16 bits(unsigned value) { return (struct az_bf16){(uint16_t)value}; }

static int is_nan(struct az_bf16 x) { return (x.bits & 0x7fff) > 0x7f80; }

static void widening_and_rounding_are_inverse_on_the_lattice(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 0x10000; b++) {
        struct az_bf16 back = az_bf16_from_f32(az_bf16_to_f32(bits(b)));
        if (is_nan(bits(b)))
            assert_true(is_nan(back));
        else
            assert_int_equal(back.bits, b);
    }
}

/* Every midpoint, and its neighbours in float32, of all finite pairs. */
static void rounding_is_to_nearest_with_ties_to_even(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 0x7f80; b++) {
        float middle = az_f32_from_bits((b << 16) + 0x8000);
        assert_int_equal(az_bf16_from_f32(middle).bits, b + (b & 1));
        assert_int_equal(az_bf16_from_f32(nextafterf(middle, 0)).bits, b);
        assert_int_equal(az_bf16_from_f32(nextafterf(middle, INFINITY)).bits, b + 1);
        assert_int_equal(az_bf16_from_f32(-middle).bits, 0x8000 | (b + (b & 1)));
    }
    assert_int_equal(az_bf16_from_f32(INFINITY).bits, 0x7f80);
    assert_true(is_nan(az_bf16_from_f32(az_f32_from_bits(0x7f800001))));
}

static void ord_is_monotone_and_counts_lattice_points(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 0x7f80; b++) {
        assert_int_equal(az_bf16_cells(bits(b), bits(b + 1)), 1);
        assert_int_equal(az_bf16_cells(bits(0x8000 | b), bits(0x8000 | (b + 1))), -1);
    }
    assert_int_equal(az_bf16_cells(bits(0x8000), bits(0)), 0);
    assert_int_equal(az_bf16_cells(bits(0x8001), bits(0x0001)), 2);
}

static void ulp_is_the_gap_above(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 0x7f7f; b++) {
        double gap = (double)az_bf16_to_f32(bits(b + 1)) - (double)az_bf16_to_f32(bits(b));
        assert_true(az_bf16_ulp(bits(b)) == gap);
    }
    /* upstream's half-integers: a step down across a binade */
    assert_true(az_bf16_ulp_start(bits(0x3f80), bits(0x3f7f)) == -0.5);
}

static void stochastic_rounding_is_fair_and_stays_between_neighbours(void **state)
{
    (void)state;
    float value = az_f32_from_bits(0x3f804000); /* a quarter of the gap above 1 */
    int up = 0;
    for (unsigned r = 0; r < 0x10000; r++) {
        struct az_bf16 x = az_bf16_from_f32_stochastic(value, r);
        assert_in_range(x.bits, 0x3f80, 0x3f81);
        up += x.bits == 0x3f81;
    }
    assert_int_equal(up, 0x4000);
    assert_int_equal(az_bf16_from_f32_stochastic(1.0f, 0xffff).bits, 0x3f80);
}

static void displacement_of_a_row(void **state)
{
    (void)state;
    struct az_bf16 a[] = {bits(0x3f80), bits(0x8000), bits(0x0001), bits(0x4000)};
    struct az_bf16 b[] = {bits(0x3f83), bits(0x0000), bits(0x8003), bits(0x4000)};
    struct az_displacement d = az_bf16_displacement(a, b, 4);
    assert_int_equal(d.l1_cells, 7);
    assert_int_equal(d.linf_cells, 4);
    assert_int_equal(d.hops, 2);
    assert_int_equal(d.sign_flips_of_zero, 1);
    assert_true(d.l2_cells == 5);
    assert_true(az_bf16_row_moved(a, b, 4));
    assert_false(az_bf16_row_moved(a + 1, b + 1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widening_and_rounding_are_inverse_on_the_lattice),
        cmocka_unit_test(rounding_is_to_nearest_with_ties_to_even),
        cmocka_unit_test(ord_is_monotone_and_counts_lattice_points),
        cmocka_unit_test(ulp_is_the_gap_above),
        cmocka_unit_test(stochastic_rounding_is_fair_and_stays_between_neighbours),
        cmocka_unit_test(displacement_of_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
