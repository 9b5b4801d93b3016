/* Floors by hand, peaks that are within reason, and runs that are thrown away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "azimuth/azimuth.h"
#include "lab/floor.h"
#include "lab/trial.h"
#include "store/file.h"
#include "store/scratch.h"

static const struct az_model_plan plan = {.layers = 2,
                                          .width = 32,
                                          .heads = 2,
                                          .context = 16,
                                          .ffn_width = 64,
                                          .vocabulary = 500,
                                          .batch = 3,
                                          .tied = true};

static void assert_near(double value, double expected)
{
    if (value < expected * 0.999999 || value > expected * 1.000001)
        fail_msg("%.9g instead of %.9g", value, expected);
}

static void floors_are_those_of_the_formulas(void **state)
{
    (void)state;
    struct az_floor floors[AZ_FLOOR_COUNT];
    double tokens = 48, linear = 4 * 32 * 32 + 2 * 32 * 64, pairs = 48 * 8.5 * 2;
    double parameters = 2 * linear + 500 * 32;
    az_floor_fill(&plan, AZ_ARITHMETIC_F32, 1000, floors);
    assert_near(floors[AZ_MODEL_UNEMBEDDING].products, 4 * tokens * 32 * 500);
    assert_near(floors[AZ_MODEL_UNEMBEDDING].others, 18 * tokens * 500);
    assert_near(floors[AZ_MODEL_UNEMBEDDING_WEIGHTS].products, 2 * tokens * 32 * 500);
    assert_near(floors[AZ_MODEL_FORWARD].products, 2 * tokens * 2 * linear + 4 * 32 * pairs);
    assert_near(floors[AZ_MODEL_BACKWARD].products, 2 * tokens * 2 * linear + 10 * 32 * pairs);
    assert_near(floors[AZ_MODEL_WEIGHTS].products, 2 * tokens * 2 * linear);
    assert_near(floors[AZ_FLOOR_OPTIMIZER].bytes, 22 * parameters);
    assert_near(floors[AZ_FLOOR_RECORDING].bytes, 2000);
}

static void the_larger_of_arithmetic_and_memory_is_the_floor(void **state)
{
    (void)state;
    const struct az_bench_peaks peaks = {
        .f32_gflops = 100, .bf16_gflops = 1000, .memory_gbs = 10, .cache_gbs = 100};
    struct az_floor floor = {.products = 2e9, .others = 1e9, .bytes = 1e6};
    assert_near(az_floor_seconds(&floor, &peaks, AZ_COMPUTE_BF16), 0.012);
    assert_near(az_floor_seconds(&floor, &peaks, AZ_COMPUTE_F32), 0.030);
    floor.bytes = 1e9;
    assert_near(az_floor_seconds(&floor, &peaks, AZ_COMPUTE_BF16), 0.1);
}

static void every_phase_of_the_model_is_found_by_its_name(void **state)
{
    (void)state;
    struct az_floor floors[AZ_FLOOR_COUNT];
    az_floor_fill(&plan, AZ_ARITHMETIC_BF16, 0, floors);
    for (int p = 0; p < AZ_MODEL_PHASE_COUNT; p++)
        assert_ptr_equal(az_floor_find(floors, az_model_phase_name((enum az_model_phase)p)),
                         &floors[p]);
    assert_ptr_equal(az_floor_find(floors, "optimizer"), &floors[AZ_FLOOR_OPTIMIZER]);
    assert_null(az_floor_find(floors, "metrics"));
}

static void peaks_are_measured_on_every_instruction_set(void **state)
{
    (void)state;
    for (int isa = 0; isa < AZ_ISA_COUNT; isa++) {
        struct az_bench_peaks peaks;
        if (!az_isa_available((enum az_isa)isa)) continue;
        assert_int_equal(az_bench_measure_peaks((enum az_isa)isa, NULL, 1, &peaks, NULL), AZ_OK);
        assert_true(peaks.f32_gflops > 0.01 && peaks.f32_gflops < 1e5);
        assert_true(peaks.bf16_gflops > 0.01 && peaks.bf16_gflops < 1e6);
        assert_true(peaks.memory_gbs > 0.1 && peaks.memory_gbs < 1e5);
        assert_true(peaks.cache_gbs > 0.1 && peaks.cache_gbs < 1e6);
    }
}

static void a_scratch_directory_goes_with_all_that_is_in_it(void **state)
{
    (void)state;
    char directory[AZ_SCRATCH_BYTES], inner[600], file[700], link[700];
    assert_int_equal(az_scratch_create(directory, NULL), AZ_OK);
    snprintf(inner, sizeof inner, "%s/inner", directory);
    snprintf(file, sizeof file, "%s/file", inner);
    snprintf(link, sizeof link, "ln -s / %s/link", directory);
    assert_int_equal(az_directory_create(inner, NULL), AZ_OK);
    assert_int_equal(az_file_write(file, "x", 1, NULL), AZ_OK);
    assert_int_equal(system(link), 0);
    assert_int_equal(az_scratch_remove(directory, NULL), AZ_OK);
    assert_false(az_file_exists(directory));
    assert_true(az_file_is_directory("/etc"));
    assert_int_equal(az_scratch_remove(directory, NULL), AZ_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floors_are_those_of_the_formulas),
        cmocka_unit_test(the_larger_of_arithmetic_and_memory_is_the_floor),
        cmocka_unit_test(every_phase_of_the_model_is_found_by_its_name),
        cmocka_unit_test(peaks_are_measured_on_every_instruction_set),
        cmocka_unit_test(a_scratch_directory_goes_with_all_that_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
