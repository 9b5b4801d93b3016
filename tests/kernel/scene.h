/* scene.h: the stage on which a kernel performs: guarded buffers with reproducible contents.
 *
 * Two scenes opened alike hand out buffers with the same contents in the same order; after the same
 * performance by two kernels they must be equal to the bit, inputs included. Each buffer lies
 * against an unreadable page, at its end or at its start; on its other side stand marks that must
 * survive. */
#ifndef AZ_TESTS_KERNEL_SCENE_H
#define AZ_TESTS_KERNEL_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/bf16.h"

#define SCENE_BUFFERS 12
#define SCENE_BUFFER_BYTES ((size_t)2 << 20)

/* What the buffers hold. */
enum fill {
    FILL_PLAIN,   /* numbers like weights and activations, 2^-6 .. 2^3 */
    FILL_TINY,    /* products of two lie around the smallest normal number */
    FILL_WIDE,    /* the whole range of exponents */
    FILL_SPECIAL, /* plain, with zeros, subnormals, halves, extremes, infinities and NaN among it */
    FILL_COUNT
};

struct buffer {
    unsigned char *page; /* SCENE_BUFFER_BYTES that may be touched, guards around */
    unsigned char *data;
    size_t bytes;
    bool any_nan; /* float32 in which one NaN is as good as another */
};

struct scene {
    struct buffer buffers[SCENE_BUFFERS];
    size_t count;
    uint64_t seed;
    enum fill fill;
    bool at_end; /* buffers end at a guard; else they begin at one */
};

bool scene_create(struct scene *scene);
void scene_free(struct scene *scene);

/* Forgets all buffers. */
void scene_open(struct scene *scene, uint64_t seed, enum fill fill, bool at_end);

/* The next buffer, filled. scene_zeros: with zero bytes, aligned to 64 bytes as packed B must be.
 */
float *scene_floats(struct scene *scene, size_t count);
struct az_bf16 *scene_bf16(struct scene *scene, size_t count);
void *scene_zeros(struct scene *scene, size_t bytes);

/* Any NaN will do in the buffer handed out last. */
void scene_allow_any_nan(struct scene *scene);

/* A random number in [0, bound) that depends on the seed and on which only. */
size_t scene_choice(const struct scene *scene, uint32_t which, size_t bound);

/* NULL when equal and all marks stand; else what differs, in static memory. */
const char *scene_difference(const struct scene *expected, const struct scene *found);

#endif
