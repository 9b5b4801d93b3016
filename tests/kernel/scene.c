#define _GNU_SOURCE

#include "scene.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MARK_BYTES 256
#define MARK 0xa5

bool scene_create(struct scene *scene)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    memset(scene, 0, sizeof *scene);
    for (size_t i = 0; i < SCENE_BUFFERS; i++) {
        unsigned char *base = mmap(NULL, SCENE_BUFFER_BYTES + 2 * page, PROT_NONE,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (base == MAP_FAILED) return false;
        scene->buffers[i].page = base + page;
        if (mprotect(base + page, SCENE_BUFFER_BYTES, PROT_READ | PROT_WRITE) != 0) return false;
    }
    return true;
}

void scene_free(struct scene *scene)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < SCENE_BUFFERS; i++)
        if (scene->buffers[i].page)
            munmap(scene->buffers[i].page - page, SCENE_BUFFER_BYTES + 2 * page);
}

void scene_open(struct scene *scene, uint64_t seed, enum fill fill, bool at_end)
{
    scene->count = 0;
    scene->seed = seed;
    scene->fill = fill;
    scene->at_end = at_end;
}

/* Marks stand on the side that is not guarded. */
static unsigned char *marks_of(const struct scene *scene, const struct buffer *buffer)
{
    return scene->at_end ? buffer->data - MARK_BYTES : buffer->data + buffer->bytes;
}

static struct buffer *next_buffer(struct scene *scene, size_t bytes, size_t alignment)
{
    struct buffer *buffer = &scene->buffers[scene->count++];
    size_t start = scene->at_end ? SCENE_BUFFER_BYTES - bytes : 0;
    if (alignment > 1) start = start / alignment * alignment;
    buffer->bytes = bytes;
    buffer->data = buffer->page + start;
    buffer->any_nan = false;
    memset(marks_of(scene, buffer), MARK, MARK_BYTES);
    return buffer;
}

static uint32_t special(uint32_t random)
{
    static const uint32_t values[] = {
        0,          0x80000000, 0x00000001, 0x807fffff, 0x00400000, 0x00800000, 0x80800001,
        0x3f000000, 0x3f008000, 0x3f018000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
        0x7fc00000, 0xffc01234, 0x7f800001, 0x42b17218, 0xc2aeac4f, 0x3f7fffff,
    };
    return values[random % (sizeof values / sizeof *values)];
}

static uint32_t with_exponent(uint32_t random, int low, int high)
{
    uint32_t span = (uint32_t)(high - low + 1), exponent = (uint32_t)(low + 127);
    exponent += (random >> 23 & 0xff) % span;
    return (random & 0x807fffff) | exponent << 23;
}

/* The finalizer of SplitMix64 (Steele, Lea, Flood 2014): quick, and the same everywhere. */
static uint32_t mixed(uint64_t seed, size_t which, size_t i)
{
    uint64_t z = seed * 0x9e3779b97f4a7c15u + ((uint64_t)which << 40) + i;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

static uint32_t value_bits(const struct scene *scene, size_t buffer, size_t i)
{
    uint32_t random = mixed(scene->seed, buffer, i);
    switch (scene->fill) {
    case FILL_TINY: return with_exponent(random, -66, -58);
    case FILL_WIDE: return with_exponent(random, -126, 127);
    case FILL_SPECIAL:
        if (random % 37 == 0) return special(random / 37);
        return with_exponent(random, -6, 3);
    default: return with_exponent(random, -6, 3);
    }
}

float *scene_floats(struct scene *scene, size_t count)
{
    size_t index = scene->count;
    struct buffer *buffer = next_buffer(scene, count * sizeof(float), 1);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = value_bits(scene, index, i);
        memcpy(buffer->data + i * sizeof bits, &bits, sizeof bits);
    }
    return (float *)(void *)buffer->data;
}

struct az_bf16 *scene_bf16(struct scene *scene, size_t count)
{
    size_t index = scene->count;
    struct buffer *buffer = next_buffer(scene, count * sizeof(struct az_bf16), 1);
    for (size_t i = 0; i < count; i++) {
        uint16_t bits = (uint16_t)(value_bits(scene, index, i) >> 16);
        memcpy(buffer->data + i * sizeof bits, &bits, sizeof bits);
    }
    return (struct az_bf16 *)(void *)buffer->data;
}

void *scene_zeros(struct scene *scene, size_t bytes)
{
    struct buffer *buffer = next_buffer(scene, bytes, 64);
    memset(buffer->data, 0, bytes);
    return buffer->data;
}

void scene_allow_any_nan(struct scene *scene) { scene->buffers[scene->count - 1].any_nan = true; }

size_t scene_choice(const struct scene *scene, uint32_t which, size_t bound)
{
    return mixed(scene->seed, 1000 + which, 0) % bound;
}

static bool is_nan(uint32_t bits) { return (bits & 0x7fffffff) > 0x7f800000; }

/* The first 32-bit word that differs, or -1. */
static ptrdiff_t first_difference(const struct buffer *a, const struct buffer *b)
{
    if (memcmp(a->data, b->data, a->bytes) == 0) return -1;
    for (size_t i = 0; i + 4 <= a->bytes; i += 4) {
        uint32_t x, y;
        memcpy(&x, a->data + i, sizeof x);
        memcpy(&y, b->data + i, sizeof y);
        if (x != y && !(a->any_nan && is_nan(x) && is_nan(y))) return (ptrdiff_t)(i / 4);
    }
    return a->bytes % 4 ? (ptrdiff_t)(a->bytes / 4) : -1;
}

static bool marks_stand(const struct scene *scene, const struct buffer *buffer)
{
    const unsigned char *marks = marks_of(scene, buffer);
    for (size_t i = 0; i < MARK_BYTES; i++)
        if (marks[i] != MARK) return false;
    return true;
}

const char *scene_difference(const struct scene *expected, const struct scene *found)
{
    static char text[200];
    for (size_t i = 0; i < found->count; i++) {
        const struct buffer *a = &expected->buffers[i], *b = &found->buffers[i];
        if (!marks_stand(found, b)) {
            snprintf(text, sizeof text, "buffer %zu: written beyond its bounds", i);
            return text;
        }
        ptrdiff_t word = first_difference(a, b);
        if (word < 0) continue;
        uint32_t x = 0, y = 0;
        size_t bytes = a->bytes - (size_t)word * 4 < 4 ? a->bytes - (size_t)word * 4 : 4;
        memcpy(&x, a->data + word * 4, bytes);
        memcpy(&y, b->data + word * 4, bytes);
        snprintf(text, sizeof text, "buffer %zu, word %td of %zu: %08x expected, %08x found", i,
                 word, a->bytes / 4, x, y);
        return text;
    }
    return NULL;
}
