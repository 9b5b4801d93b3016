/* Every kernel of every instruction set that this machine has against the reference, to the bit.
 * AZ_MUTATE=NUMBER (from 1) makes one kernel of every guest wrong: then the program must fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/kernel.h"
#include "mutation.h"
#include "scene.h"
#include "workout.h"

static struct scene expected_scene, found_scene;
static struct az_kernels reference;

/* A difference between kernels and the reference in all shapes and fills; NULL when there is none.
 * The text lives in static memory. */
static const char *difference(const struct workout *workout, const struct az_kernels *kernels)
{
    static char text[400];
    struct shape shape;
    for (size_t i = 0; az_test_shape(workout->shapes, i, &shape); i++)
        for (enum fill fill = 0; fill < FILL_COUNT; fill++) {
            bool at_end = (i + fill) % 2;
            uint64_t seed = 1 + i * FILL_COUNT + fill;
            scene_open(&expected_scene, seed, fill, at_end);
            scene_open(&found_scene, seed, fill, at_end);
            workout->perform(&reference, &expected_scene, &shape);
            workout->perform(kernels, &found_scene, &shape);
            const char *what = scene_difference(&expected_scene, &found_scene);
            if (!what) continue;
            snprintf(text, sizeof text, "%s of %s, %zu x %zu (depth %zu), fill %d, seed %d: %s",
                     workout->name, kernels->name, shape.rows, shape.columns, shape.depth,
                     (int)fill, (int)seed, what);
            return text;
        }
    return NULL;
}

static const struct workout *workout_of(const char *name)
{
    size_t w = 0;
    while (strcmp(az_test_workouts[w].name, name) != 0) w++;
    return &az_test_workouts[w];
}

/* The kernels of one guest, with one of them made wrong where AZ_MUTATE says so. */
static struct az_kernels guest(enum az_isa isa)
{
    struct az_kernels kernels;
    assert_int_equal(az_kernels_select(&kernels, isa, NULL), AZ_OK);
    const char *which = getenv("AZ_MUTATE");
    size_t number = which ? strtoul(which, NULL, 10) : 0;
    assert_in_range(number, 0, az_test_mutation_count);
    if (number) az_test_mutate(&kernels, &az_test_mutations[number - 1]);
    return kernels;
}

static void every_guest_equals_the_reference(void **state)
{
    const struct workout *workout = *state;
    for (enum az_isa isa = AZ_ISA_REFERENCE; isa < AZ_ISA_COUNT; isa++) {
        if (!az_isa_available(isa)) continue;
        struct az_kernels kernels = guest(isa);
        const char *what = difference(workout, &kernels);
        if (what) fail_msg("%s", what);
    }
}

void az_test_fill_emulated_amx(struct az_kernels *kernels);

/* The walk of the AMX guest over tiles in plain C, on any machine. */
static void the_product_in_emulated_tiles_equals_the_reference(void **state)
{
    (void)state;
    struct az_kernels kernels;
    assert_int_equal(az_kernels_select(&kernels, AZ_ISA_REFERENCE, NULL), AZ_OK);
    az_test_fill_emulated_amx(&kernels);
    kernels.name = "emulated amx";
    for (size_t w = 0; w < az_test_workout_count; w++) {
        if (strncmp(az_test_workouts[w].name, "product_bf16", 12) != 0) continue;
        const char *what = difference(&az_test_workouts[w], &kernels);
        if (what) fail_msg("%s", what);
    }
}

/* With the highest instruction set; the workouts that find it may be any of the mutated kernel. */
static void every_mutation_is_found(void **state)
{
    (void)state;
    struct az_kernels kernels;
    for (size_t i = 0; i < az_test_mutation_count; i++) {
        const char *what = NULL, *name = az_test_mutations[i].name;
        assert_int_equal(az_kernels_default(&kernels, NULL, NULL), AZ_OK);
        az_test_mutate(&kernels, &az_test_mutations[i]);
        for (size_t w = 0; w < az_test_workout_count && !what; w++) {
            size_t length = strcspn(az_test_workouts[w].name, " ");
            if (strncmp(name, az_test_workouts[w].name, length) == 0 && name[length] == ':')
                what = difference(&az_test_workouts[w], &kernels);
        }
        if (!what) fail_msg("not found: %s", name);
    }
}

/* Every kernel has a mutation, so that none is compared in vain. */
static void every_kernel_has_a_mutation(void **state)
{
    (void)state;
    for (size_t w = 0; w < az_test_workout_count; w++) {
        size_t length = strcspn(az_test_workouts[w].name, " "), found = 0;
        for (size_t i = 0; i < az_test_mutation_count; i++)
            found += strncmp(az_test_mutations[i].name, az_test_workouts[w].name, length) == 0 &&
                     az_test_mutations[i].name[length] == ':';
        if (!found) fail_msg("no mutation of %s", az_test_workouts[w].name);
    }
}

static void the_product_leaves_the_mode_of_the_processor(void **state)
{
    (void)state;
    for (enum az_isa isa = 0; isa < AZ_ISA_COUNT; isa++) {
        if (!az_isa_available(isa)) continue;
        struct az_kernels kernels = guest(isa);
        struct shape shape = {8, 16, 32};
        volatile float smallest = 0x1p-126f, half;
        scene_open(&found_scene, 1, FILL_TINY, true);
        workout_of("product_bf16")->perform(&kernels, &found_scene, &shape);
        half = smallest / 2;
        assert_true(half != 0);
        assert_true(half * 2 == smallest);
    }
}

int main(void)
{
    struct CMUnitTest *tests = calloc(az_test_workout_count + 4, sizeof *tests);
    if (!tests || !scene_create(&expected_scene) || !scene_create(&found_scene)) return 1;
    if (az_kernels_select(&reference, AZ_ISA_REFERENCE, NULL) != AZ_OK) return 1;
    size_t count = 0;
    for (; count < az_test_workout_count; count++)
        tests[count] =
            (struct CMUnitTest){az_test_workouts[count].name, every_guest_equals_the_reference,
                                NULL, NULL, (void *)&az_test_workouts[count]};
    tests[count++] =
        (struct CMUnitTest)cmocka_unit_test(the_product_in_emulated_tiles_equals_the_reference);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_mutation_is_found);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_kernel_has_a_mutation);
    tests[count++] =
        (struct CMUnitTest)cmocka_unit_test(the_product_leaves_the_mode_of_the_processor);
    int failed = _cmocka_run_group_tests("guests", tests, count, NULL, NULL);
    scene_free(&expected_scene);
    scene_free(&found_scene);
    free(tests);
    return failed;
}
