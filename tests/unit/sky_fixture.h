/* sky_fixture.h: small matrices in memory, read with a switch that shares nothing with the library.
 * Included by one source file of a test, after cmocka.h. */
#ifndef AZ_TESTS_SKY_FIXTURE_H
#define AZ_TESTS_SKY_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../store_fixture.h"
#include "base/memory.h"
#include "base/random.h"
#include "sky/census_files.h"

enum { MOST_ROWS = 3000, MOST_DIMS = 24 };

static struct az_pool *pool;
static uint64_t drawn;

static inline uint32_t draw(uint32_t bound)
{
    return (uint32_t)az_random_below(11, AZ_STREAM_SIMULATION, drawn++, bound);
}

/* A matrix of any type in memory, read with a switch that shares nothing with the library. */
struct sky {
    enum az_dtype dtype;
    int64_t rows, dims;
    union {
        uint16_t words[MOST_ROWS * MOST_DIMS];
        uint32_t singles[MOST_ROWS * MOST_DIMS];
    };
};

static inline uint32_t bits_at(const struct sky *sky, int64_t row, int64_t d)
{
    return sky->dtype == AZ_DTYPE_F32 ? sky->singles[row * sky->dims + d]
                                      : sky->words[row * sky->dims + d];
}

static inline void put(struct sky *sky, int64_t row, int64_t d, uint32_t bits)
{
    if (sky->dtype == AZ_DTYPE_F32)
        sky->singles[row * sky->dims + d] = bits;
    else
        sky->words[row * sky->dims + d] = (uint16_t)bits;
}

static inline int mantissa_bits(const struct sky *sky)
{
    return sky->dtype == AZ_DTYPE_F32 ? 23 : sky->dtype == AZ_DTYPE_F16 ? 10 : 7;
}

static inline int exponent_of(const struct sky *sky, uint32_t bits)
{
    int width = sky->dtype == AZ_DTYPE_F16 ? 5 : 8;
    return (int)(bits >> mantissa_bits(sky)) & ((1 << width) - 1);
}

static inline uint32_t sign_of(const struct sky *sky)
{
    return sky->dtype == AZ_DTYPE_F32 ? 0x80000000u : 0x8000u;
}

static inline int64_t ord_of(const struct sky *sky, uint32_t bits)
{
    int64_t magnitude = (int64_t)(bits & ~sign_of(sky));
    return bits & sign_of(sky) ? -magnitude : magnitude;
}

static inline double value_of(const struct sky *sky, uint32_t bits)
{
    int width = sky->dtype == AZ_DTYPE_F16 ? 5 : 8, m = mantissa_bits(sky);
    int exponent = exponent_of(sky, bits), bias = (1 << (width - 1)) - 1;
    double fraction = (double)(bits & ((1u << m) - 1)) / (double)(1u << m);
    double value = exponent ? ldexp(1 + fraction, exponent - bias) : ldexp(fraction, 1 - bias);
    if (exponent == (1 << width) - 1) value = fraction > 0 ? (double)NAN : (double)INFINITY;
    return bits & sign_of(sky) ? -value : value;
}

static inline bool has_nan(const struct sky *sky, int64_t row)
{
    for (int64_t d = 0; d < sky->dims; d++)
        if (isnan(value_of(sky, bits_at(sky, row, d)))) return true;
    return false;
}

static inline bool equal(const struct sky *sky, int64_t a, int64_t b, bool distinct_zero)
{
    if (has_nan(sky, a) || has_nan(sky, b)) return false;
    for (int64_t d = 0; d < sky->dims; d++) {
        uint32_t left = bits_at(sky, a, d), right = bits_at(sky, b, d);
        if (left == right) continue;
        if (distinct_zero || ord_of(sky, left) != 0 || ord_of(sky, right) != 0) return false;
    }
    return true;
}

static inline int64_t steps(const struct sky *sky, int64_t a, int64_t b, int64_t *l1, int64_t *l0)
{
    int64_t most = 0;
    *l1 = *l0 = 0;
    for (int64_t d = 0; d < sky->dims; d++) {
        int64_t gap = llabs(ord_of(sky, bits_at(sky, a, d)) - ord_of(sky, bits_at(sky, b, d)));
        most = gap > most ? gap : most;
        *l1 += gap;
        *l0 += gap > 0;
    }
    return most;
}

/* ---- skies ---- */

static inline uint32_t one(const struct sky *sky) /* the bits of 1.0 */
{
    int width = sky->dtype == AZ_DTYPE_F16 ? 5 : 8;
    return (uint32_t)((1 << (width - 1)) - 1) << mantissa_bits(sky);
}

/* Rows within `spread` steps of a centre whose components lie at binade edges, at zero, among the
 * subnormals and on both sides of the sign: many are equal, many touch. */
static inline void fill_cloud(struct sky *sky, enum az_dtype dtype, int64_t rows, int64_t dims,
                              int spread)
{
    sky->dtype = dtype;
    sky->rows = rows;
    sky->dims = dims;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t d = 0; d < dims; d++) {
            static const int kinds = 5;
            int64_t center[] = {(int64_t)one(sky), -(int64_t)one(sky), 0, 3,
                                (int64_t)one(sky) + (1 << mantissa_bits(sky)) / 2};
            int64_t order = center[d % kinds] + (int64_t)draw((uint32_t)(2 * spread + 1)) - spread;
            uint32_t bits = order < 0 ? (uint32_t)-order | sign_of(sky) : (uint32_t)order;
            if (order == 0 && draw(2)) bits = sign_of(sky);
            put(sky, row, d, bits);
        }
}

static inline struct az_census *take(const struct sky *sky, struct az_matrix **matrix,
                                     const struct az_census_options *options)
{
    struct az_census *census;
    struct az_error error = {0};
    assert_int_equal(az_matrix_wrap(matrix, sky->dtype, sky->rows, sky->dims, sky->words, &error),
                     AZ_OK);
    if (az_census_take(&census, *matrix, options, pool, NULL, &error) != AZ_OK)
        fail_msg("%s", error.message);
    return census;
}

static inline void drop(struct az_census *census, struct az_matrix *matrix)
{
    az_census_free(census);
    az_matrix_close(matrix);
}

static struct sky the_sky;

static inline int setup(void **state)
{
    return fixture_make(state) || az_pool_create(&pool, 2, NULL) != AZ_OK;
}

static inline int teardown(void **state)
{
    az_pool_free(pool);
    return fixture_remove(state);
}

#endif
