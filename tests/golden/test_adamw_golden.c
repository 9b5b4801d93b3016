/* AdamW against PyTorch's, bit for bit (make_adamw_golden.py draws the same numbers). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/kernel.h"
#include "azimuth/safetensors.h"
#include "base/random.h"

enum { SEED = 20240229, MAX_COUNT = 70007, WIDE = 1, ENDS = 16 };

static struct az_kernels kernels;
static struct az_bf16 p[MAX_COUNT], g[MAX_COUNT];
static float m[MAX_COUNT], v[MAX_COUNT], master[MAX_COUNT]; /* m, v: bf16 in the first half */

struct golden {
    const char *name; /* "012/bf16-fused" in the file */
    struct az_adamw adamw;
    size_t count, hash_count, every; /* a hash after every so many steps */
    bool wide;
    const unsigned char *hashes, *ends;
};

static void draw(struct az_bf16 *to, uint32_t stream, size_t count, uint32_t lowest,
                 uint32_t exponents, bool zeros)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t word = az_random_u32(SEED, stream, i);
        uint32_t exponent = lowest + (word >> 8 & 0xffff) % exponents;
        uint32_t bits = word >> 31 << 15 | exponent << 7 | (word & 0x7f);
        if (zeros && (word >> 24 & 15) == 0) bits &= 0x8000;
        to[i].bits = (uint16_t)bits;
    }
}

static uint32_t word_of(const void *values, size_t size, size_t i)
{
    return size == 2 ? ((const uint16_t *)values)[i] : ((const uint32_t *)values)[i];
}

static uint64_t fnv(uint64_t hash, const void *values, size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++) hash = (hash ^ word_of(values, size, i)) * 0x100000001b3;
    return hash;
}

static uint64_t number_at(const unsigned char *bytes, size_t i)
{
    uint64_t number;
    memcpy(&number, bytes + 8 * i, sizeof number);
    return number;
}

static void compare_ends(const struct golden *golden, const void *values, size_t size,
                         const unsigned char *ends)
{
    size_t sample = golden->count < ENDS ? golden->count : ENDS;
    for (size_t i = 0; i < 2 * sample; i++) {
        uint32_t expected;
        size_t at = i < sample ? i : golden->count - 2 * sample + i;
        memcpy(&expected, ends + 4 * i, sizeof expected);
        if (word_of(values, size, at) != expected)
            print_error("%s: element %zu is %x, PyTorch has %x\n", golden->name, at,
                        (unsigned)word_of(values, size, at), (unsigned)expected);
    }
}

static void one_step(struct golden *golden, int64_t step)
{
    struct az_adamw_range range = {
        .count = golden->count, .p = p, .g = g, .m = m, .v = v, .master = master};
    golden->adamw.step = step;
    az_adamw_prepare(&golden->adamw);
    if (golden->wide)
        draw(g, (uint32_t)step, golden->count, 0, 253, true);
    else
        draw(g, (uint32_t)step, golden->count, 103, 21, true);
    kernels.adamw[golden->adamw.arithmetic](&golden->adamw, &range);
}

static void compare(struct golden *golden)
{
    size_t size = az_arithmetic_state_bytes(golden->adamw.arithmetic), count = golden->count;
    size_t sample = 4 * 2 * (count < ENDS ? count : ENDS), wrong_step = 0;
    uint64_t hash = 0xcbf29ce484222325;
    memset(m, 0, sizeof m), memset(v, 0, sizeof v);
    draw(p, 0, count, 112, 12, false);
    for (size_t i = 0; i < count; i++) master[i] = az_bf16_to_f32(p[i]);
    for (size_t t = 1; t <= golden->hash_count * golden->every; t++) {
        one_step(golden, (int64_t)t);
        hash = fnv(fnv(fnv(hash, p, 2, count), m, size, count), v, size, count);
        if (t % golden->every || wrong_step) continue;
        if (hash != number_at(golden->hashes, t / golden->every - 1)) wrong_step = t;
    }
    if (!wrong_step) return;
    compare_ends(golden, p, 2, golden->ends);
    compare_ends(golden, m, size, golden->ends + sample);
    compare_ends(golden, v, size, golden->ends + 2 * sample);
    fail_msg("%s, %zu elements: differs from PyTorch, first seen after step %zu", golden->name,
             count, wrong_step);
}

static const struct az_tensor *tensor(const struct az_safetensors *file, const char *name,
                                      const char *part)
{
    char full[AZ_TENSOR_NAME_BYTES + 32];
    snprintf(full, sizeof full, "%s/%s", name, part);
    const struct az_tensor *found = az_safetensors_find(file, full);
    assert_non_null(found);
    return found;
}

static enum az_arithmetic arithmetic_named(const char *name)
{
    for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++)
        if (strcmp(name, az_arithmetic_name(a)) == 0) return a;
    fail_msg("%s is no arithmetic", name);
    return 0;
}

static void read_case(struct golden *golden, const struct az_safetensors *file, const char *name)
{
    double hyper[5];
    const struct az_tensor *hashes = tensor(file, name, "hashes");
    memcpy(hyper, tensor(file, name, "hyperparameters")->data, sizeof hyper);
    const unsigned char *shape = tensor(file, name, "count_kind_every")->data;
    *golden = (struct golden){.name = name,
                              .adamw = {.arithmetic = arithmetic_named(name + 4),
                                        .lr = hyper[0],
                                        .beta1 = hyper[1],
                                        .beta2 = hyper[2],
                                        .eps = hyper[3],
                                        .weight_decay = hyper[4],
                                        .gradient_scale = 1},
                              .count = (size_t)number_at(shape, 0),
                              .hash_count = (size_t)hashes->shape[0],
                              .every = (size_t)number_at(shape, 2),
                              .wide = number_at(shape, 1) == WIDE,
                              .hashes = hashes->data,
                              .ends = tensor(file, name, "ends")->data};
    assert_true(golden->count <= MAX_COUNT);
}

static size_t compare_file(const char *file_name)
{
    const char *root = getenv("AZ_SOURCE_ROOT");
    char path[4096];
    struct az_safetensors *file;
    size_t cases = 0;
    snprintf(path, sizeof path, "%s/tests/golden/%s", root ? root : ".", file_name);
    assert_int_equal(az_safetensors_open(&file, path, NULL), AZ_OK);
    for (size_t i = 0; i < az_safetensors_count(file); i++) {
        char name[AZ_TENSOR_NAME_BYTES];
        struct golden golden;
        snprintf(name, sizeof name, "%s", az_safetensors_at(file, i)->name);
        char *part = strrchr(name, '/');
        if (strcmp(part, "/hashes") != 0) continue;
        *part = 0;
        read_case(&golden, file, name);
        compare(&golden);
        cases++;
    }
    az_safetensors_close(file);
    return cases;
}

static void every_available_isa_equals_pytorch(void **state)
{
    (void)state;
    for (enum az_isa isa = 0; isa < AZ_ISA_COUNT; isa++) {
        if (!az_isa_available(isa)) continue;
        assert_int_equal(az_kernels_select(&kernels, isa, NULL), AZ_OK);
        assert_int_equal(compare_file("adamw.safetensors"), 116);
        assert_int_equal(compare_file("adamw_legacy.safetensors"), 21);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_available_isa_equals_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
