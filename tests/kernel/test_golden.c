/* What each kernel makes of fixed inputs, as a hash: the same constants for every instruction set,
 * compiler and processor. `test_kernel_golden print` prints the table from the reference; it
 * changes only when docs/numerics.md does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/hash.h"
#include "azimuth/kernel.h"
#include "scene.h"
#include "workout.h"

static const struct {
    const char *kernel, *hash;
} golden[] = {
    {"product_bf16", "ec5e0592e1166e12000e79fca32c51f8"},
    {"product_bf16 of a part of B", "fc78d653585dff5413020d7c79faac62"},
    {"product_f32", "f06b6cf9569174b0641dc1ab50a45852"},
    {"product_f32 of a part of B", "2ff92d98976ae08d7d22db5e292bd53b"},
    {"pack_b", "3b1cd75d1d5b411cd5f02deb54714851"},
    {"pack_b of a part of B", "b3b6ee444ec4d5f73bff5060b7b6d743"},
    {"pack_b_transposed", "eb86327bbe7e646f8ee285db95ab44bb"},
    {"pack_b_f32", "c66692f7d8540dbd6429a3e2c191db2e"},
    {"pack_b_f32 of a part of B", "1f9810283bb8f90ce33305a81bc6fcfc"},
    {"pack_b_f32_transposed", "33ccdd4d07bc14f49ee9cbaca05d930e"},
    {"transpose_bf16", "e83287f9f3b74b2480c1e2b76fb8d0a9"},
    {"transpose_f32", "1d0cfe94e919cf81575f1262ab500cb0"},
    {"widen", "784a8087b00071f8ed0ae98dd0cdf0b4"},
    {"narrow", "57083358dc85707a0fdaec39f522cff0"},
    {"add", "da2be9acdf81cb01d49997a9b4151a51"},
    {"scale", "61f57c6192592a68ffdf5533b8a3fad5"},
    {"add_row", "f395ee8cc33a71ba35eee92b54360d88"},
    {"sum_rows", "ffed225e04490f44546955b1869cad29"},
    {"gelu", "5bda48e1b3019d66a2c6f517ffc623b6"},
    {"gelu in place", "65f212a887fadd0e249419575d15e41d"},
    {"gelu_backward", "ec0775c6034fd20c2e1718d52fe3866e"},
    {"gelu_backward in place", "c785ce5b834e9d1512894aa369dc0b29"},
    {"exponential", "2b96754dfc36632d5b0e0184c061f413"},
    {"layernorm", "6cdcdd8fb6177fd963a664b9dc3d6959"},
    {"layernorm_backward", "fca872647f0ea3f7a0cd1cfcf87a2436"},
    {"softmax_exponentials", "9ca878a02229dc1c331ad2c2b8aff2f9"},
    {"softmax_exponentials_bf16", "a2d5cad2eb5d04bf0325e311f8a5727b"},
    {"scale_pair", "6e2f970e9cb1f053b7599818aca28c67"},
    {"softmax_apply", "7040bda22ee39808b7b10b7114e01b01"},
    {"softmax_apply in place", "39e0e29fac4f199d4697b0d65ff23c85"},
    {"softmax_backward", "92ed2089993517d7d086b33ecc75bd87"},
    {"softmax_backward in place", "5bb39864b1ff9a81c66b7f004559247c"},
    {"sum_squares", "f18a76222fc4d34e72ccc007db3d0df3"},
    {"adamw_f32", "389a2624209e39e750c6785331eddd1a"},
    {"adamw_bf16", "42774779e53ade9e348285c36e3315ff"},
    {"adamw_bf16_foreach", "97cdba4c6ea03487d007d4f363b436eb"},
    {"adamw_bf16_legacy", "805d41b798c40841acd8ff5b41ec1640"},
    {"adamw_bf16_fused", "d24303eb01568398f27756c1a8f87ba9"},
    {"adamw_master", "a0680a2c75dd6ec8f55f4ae80d6c72a1"},
};

static struct scene scene;

/* One NaN for all: which one a processor makes is not promised. */
static void settle_nan(struct buffer *buffer)
{
    const uint32_t quiet = 0x7fc00000;
    for (size_t i = 0; buffer->any_nan && i + 4 <= buffer->bytes; i += 4) {
        uint32_t bits;
        memcpy(&bits, buffer->data + i, sizeof bits);
        if ((bits & 0x7fffffff) > 0x7f800000) memcpy(buffer->data + i, &quiet, sizeof quiet);
    }
}

/* Over every fourth shape in every fill. */
static void hash_of(const struct workout *workout, const struct az_kernels *kernels,
                    char text[AZ_HASH_TEXT_BYTES])
{
    struct az_hasher *hasher;
    struct shape shape;
    assert_int_equal(az_hasher_create(&hasher, NULL), AZ_OK);
    for (size_t i = 0; az_test_shape(workout->shapes, i, &shape); i += 4)
        for (enum fill fill = 0; fill < FILL_COUNT; fill++) {
            scene_open(&scene, i + 1, fill, true);
            workout->perform(kernels, &scene, &shape);
            for (size_t b = 0; b < scene.count; b++) {
                settle_nan(&scene.buffers[b]);
                az_hasher_add(hasher, scene.buffers[b].data, scene.buffers[b].bytes);
            }
        }
    az_hash_text(az_hasher_value(hasher), text);
    az_hasher_free(hasher);
}

static void every_instruction_set_has_the_golden_hash(void **state)
{
    const struct workout *workout = *state;
    char text[AZ_HASH_TEXT_BYTES];
    size_t index = (size_t)(workout - az_test_workouts);
    assert_int_equal(sizeof golden / sizeof *golden, az_test_workout_count);
    assert_string_equal(golden[index].kernel, workout->name);
    for (enum az_isa isa = 0; isa < AZ_ISA_COUNT; isa++) {
        struct az_kernels kernels;
        if (!az_isa_available(isa)) continue;
        assert_int_equal(az_kernels_select(&kernels, isa, NULL), AZ_OK);
        hash_of(workout, &kernels, text);
        if (strcmp(text, golden[index].hash) != 0)
            fail_msg("%s of %s: %s expected, %s found", workout->name, kernels.name,
                     golden[index].hash, text);
    }
}

static void print_golden(void)
{
    struct az_kernels kernels;
    char text[AZ_HASH_TEXT_BYTES];
    if (az_kernels_select(&kernels, AZ_ISA_REFERENCE, NULL) != AZ_OK) exit(1);
    for (size_t i = 0; i < az_test_workout_count; i++) {
        hash_of(&az_test_workouts[i], &kernels, text);
        printf("{\"%s\", \"%s\"},\n", az_test_workouts[i].name, text);
    }
}

int main(int argc, char **argv)
{
    struct CMUnitTest *tests = calloc(az_test_workout_count, sizeof *tests);
    if (!tests || !scene_create(&scene)) return 1;
    if (argc > 1 && strcmp(argv[1], "print") == 0) {
        print_golden();
        return 0;
    }
    for (size_t i = 0; i < az_test_workout_count; i++)
        tests[i] =
            (struct CMUnitTest){az_test_workouts[i].name, every_instruction_set_has_the_golden_hash,
                                NULL, NULL, (void *)&az_test_workouts[i]};
    int failed = _cmocka_run_group_tests("golden", tests, az_test_workout_count, NULL, NULL);
    scene_free(&scene);
    free(tests);
    return failed;
}
