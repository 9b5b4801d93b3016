/* random.h: Philox4x32-10, a counter-based generator: any element of any stream can be drawn alone.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); the
 * known answers of its reference implementation are in tests/unit. Key = seed; counter = (index
 * low, index high, stream, 0). */
#ifndef AZ_BASE_RANDOM_H
#define AZ_BASE_RANDOM_H

#include <stdint.h>

/* Streams never share numbers, whatever the seed. */
enum az_stream {
    AZ_STREAM_EMBEDDING = 1, /* initial token embedding */
    AZ_STREAM_BODY = 2,      /* all other initial parameters; bits 8.. hold the tensor's number */
    AZ_STREAM_DATA = 3,      /* order of sequences; bits 8.. hold the epoch */
    AZ_STREAM_ROUNDING = 4,  /* stochastic rounding; bits 8.. hold the step */
    AZ_STREAM_SIMULATION = 5
};

/* Four words for (key, counter). */
void az_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t words[4]);

/* Word `index` of the stream: word index%4 of block index/4. */
uint32_t az_random_u32(uint64_t seed, uint32_t stream, uint64_t index);

/* Uniform integer in 0..bound-1 (bound > 0), by multiply-and-shift of 64 random bits; its bias is
 * below 2^-32 for bounds below 2^32. */
uint64_t az_random_below(uint64_t seed, uint32_t stream, uint64_t index, uint64_t bound);

/* Normal deviate N(0, 1), in double, from two words by the Box-Muller transform, with a polynomial
 * logarithm, sine and cosine of our own, so that its bits are the same on every system. */
double az_random_normal(uint64_t seed, uint32_t stream, uint64_t index);

/* cos(2 pi u) for u in [0, 1), the cosine of az_random_normal: the same bits on every system. */
double az_cosine_turns(double u);
/* ln x for finite x > 0, likewise, to about one unit in the last place. */
double az_logarithm(double x);

#endif
