/* The planted galaxy in its full size, 151,936 x 2,560: a census finds what was published of the
 * core, and the other commands see it where it lies. Writes 778 MB into the temporary folder. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* The above come before cmocka.h. */
#include <cmocka.h>

#include "program.h"

static int make_galaxy(void **state)
{
    if (enter(state) != 0 || setenv("AZ_CACHE", "cache", 1) != 0) return -1;
    return azimuth("simulate galaxy -o g.safetensors");
}

static void assert_all(const char *const *parts)
{
    for (; *parts; parts++) assert_has(out, *parts);
}

static void the_census_finds_the_published_core(void **state)
{
    (void)state;
    static const char *const found[] = {
        "151,936 tokens x 2,560 dimensions, BF16",
        "149,849 unique vectors; 2,087 rows in excess; 651,034 pairs at distance 0",
        "13 with 2,100 tokens: 814 704 306 228 11 10 6 5 4 4 3 3 2",
        "token 80091, the largest black hole",
        "rows within 0: 2,139, 1: 2,177, 2: 2,195, 3: 2,205, 4: 2,211, 5: 2,212, 6: 2,215",
        "plateau 3 to 7, threshold 5",
        "black_holes            2,100        13          13          0",
        "same_exponents         2,139        52          13         39",
        "neighborhood           2,212       125          13        112",
        "spongecrystal          2,123        36          13         23",
        "core                   2,159        75          12         63",
        "oort                      53        50           1         49",
        "36 vectors, 2,123 tokens in 3 waves",
        "100 of 125 vectors at Linf <= 1, L1 1: 24, L1 2: 37, L1 3: 24, L1 4: 13, L1 7: 2",
        "96, 91 of them alone",
        "C1: 15 vectors, 1,070 tokens, 5 black holes, 66 edges",
        "C2: 8 vectors, 712 tokens, 2 black holes, 19 edges",
        "C3: 7 vectors, 312 tokens, 1 black hole, 13 edges",
        "1: 96/100/15  2: 86/280/32  3: 85/380/33  4: 82/486/34  5: 81/540/34",
        "20 of the black holes",
        "token 27487 at 0.00549",
        NULL};
    assert_int_equal(azimuth("census g.safetensors -o census"), 0);
    assert_all(found);
}

static void the_sky_shows_it_where_it_lies(void **state)
{
    (void)state;
    static const char *const seen[] = {"2,214 rows within 0.01 degrees",
                                       "of black_hole_mask: 2100 of 2100", NULL};
    assert_int_equal(azimuth("telescope g.safetensors --axes=2,-1,3 --diameter 0.02 --dpi 40 "
                             "--overlay census/masks.safetensors:black_hole_mask -o sky"),
                     0);
    assert_all(seen);
    assert_has(out, "latitude -7.30");
    assert_int_equal(azimuth("sky g.safetensors --axes=2,-1,3 --dpi 40 -o sky"), 0);
    assert_has(out, "151,936 stars from origin, north PC2, meridian PC-1, equinox PC3");
}

static void a_token_touches_what_was_planted(void **state)
{
    (void)state;
    assert_int_equal(azimuth("inspect g.safetensors 125 -k 1"), 0);
    assert_has(out, "on the lattice, all rows compared: 703 equal (-0 as +0)");
    assert_int_equal(azimuth("neighbours g.safetensors --rows 80091 -k 2"), 0);
    assert_has(out, "1  token    80117  0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_census_finds_the_published_core),
        cmocka_unit_test(the_sky_shows_it_where_it_lies),
        cmocka_unit_test(a_token_touches_what_was_planted),
    };
    return cmocka_run_group_tests(tests, make_galaxy, leave);
}
