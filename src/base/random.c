#include "base/random.h"

#include <math.h>

#define ROUNDS 10

void az_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t words[4])
{
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53 * x0;
        uint64_t p1 = (uint64_t)0xCD9E8D57 * x2;
        uint32_t y0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
        uint32_t y2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x1 = (uint32_t)p1;
        x3 = (uint32_t)p0;
        x0 = y0;
        x2 = y2;
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    words[0] = x0;
    words[1] = x1;
    words[2] = x2;
    words[3] = x3;
}

static void block(uint64_t seed, uint32_t stream, uint64_t number, uint32_t words[4])
{
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t counter[4] = {(uint32_t)number, (uint32_t)(number >> 32), stream, 0};
    az_philox(key, counter, words);
}

uint32_t az_random_u32(uint64_t seed, uint32_t stream, uint64_t index)
{
    uint32_t words[4];
    block(seed, stream, index / 4, words);
    return words[index % 4];
}

/* High 64 bits of a * b, from 32-bit halves (ISO C has no 128-bit integer). */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
    uint64_t cross = a0 * b1 + (uint32_t)middle;
    return a1 * b1 + (middle >> 32) + (cross >> 32);
}

uint64_t az_random_below(uint64_t seed, uint32_t stream, uint64_t index, uint64_t bound)
{
    uint32_t words[4];
    block(seed, stream, index / 2, words);
    const uint32_t *pair = words + 2 * (index % 2);
    return multiply_high((uint64_t)pair[0] << 32 | pair[1], bound);
}

/* x = m 2^e with m in [sqrt(1/2), sqrt 2); ln m = 2 atanh((m-1)/(m+1)), whose
 * series is cut where the next term is below 2^-53. Only +, *, / and exact operations. */
double az_logarithm(double x)
{
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752440) {
        m *= 2;
        exponent--;
    }
    double z = (m - 1) / (m + 1), w = z * z, sum = 0;
    for (int n = 23; n >= 1; n -= 2) sum = sum * w + 1.0 / n;
    return 2 * z * sum + exponent * 0.69314718055994530942;
}

/* Folded to an eighth of a turn, then the Taylor series. The folds are exact: above 0.5 for
 * multiples of 2^-53, below it because the two numbers lie within a factor of two. */
double az_cosine_turns(double u)
{
    if (u > 0.5) u = 1 - u;
    double sign = 1;
    if (u > 0.25) {
        u = 0.5 - u;
        sign = -1;
    }
    int swap = u > 0.125;
    double a = (swap ? 0.25 - u : u) * 6.28318530717958647692, w = a * a, sum = 0;
    if (swap) {
        for (int n = 17; n >= 3; n -= 2) sum = (1 + sum) * -w / (n * (n - 1));
        return sign * a * (1 + sum);
    }
    for (int n = 18; n >= 2; n -= 2) sum = (1 + sum) * -w / (n * (n - 1));
    return sign * (1 + sum);
}

double az_random_normal(uint64_t seed, uint32_t stream, uint64_t index)
{
    uint32_t words[4];
    block(seed, stream, index / 2, words);
    const uint32_t *pair = words + 2 * (index % 2);
    double radius_uniform = ((double)pair[0] + 1) * 0x1p-32; /* (0, 1] */
    double angle_turns = (double)pair[1] * 0x1p-32;          /* [0, 1) */
    return sqrt(-2 * az_logarithm(radius_uniform)) * az_cosine_turns(angle_turns);
}
