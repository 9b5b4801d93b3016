/* Accounting on recordings that are sound: every step is exact; and on those that cannot be. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../account_fixture.h"

static void expect_exact(const struct recorded *how)
{
    struct az_account_result result;
    struct az_error error;
    az_error_clear(&error);
    const char *path = record(how);
    enum az_status status = account(path, NULL, &result, &error);
    if (status != AZ_OK || result.steps_exact != T)
        fail_msg("%s, %s: %s; step %d, %s, token %d, dim %d: expected %x, found %x",
                 az_arithmetic_name(how->arithmetic), az_rounding_name(how->rounding),
                 error.message, (int)result.first.step, result.first.tensor_name,
                 (int)result.first.token, (int)result.first.dim, result.first.expected_bits,
                 result.first.found_bits);
    int64_t rows = how->some_rows ? (V + 1) / 2 : V;
    assert_int_equal(result.steps, T);
    assert_int_equal(result.steps_complete, T);
    for (int n = 0; n < AZ_ACCOUNT_TENSORS; n++) {
        assert_int_equal(result.counts[AZ_ACCOUNT_ALL][n].equal, T * rows * D);
        if (how->silent) continue;
        assert_int_equal(result.counts[AZ_ACCOUNT_DEAD][n].equal, T * result.dead * D);
        assert_int_equal(result.counts[AZ_ACCOUNT_LIVE][n].equal, T * (rows - result.dead) * D);
    }
    assert_int_equal(result.dead, how->silent ? -1 : how->some_rows ? 6 : DEAD);
    assert_int_equal(result.frames_summed, how->silent ? 0 : 4 * (T + 1));
}

static void every_arithmetic_and_rounding_is_exact(void **state)
{
    (void)state;
    for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++)
        for (enum az_rounding r = 0; r < AZ_ROUNDING_COUNT; r++) {
            if (a == AZ_ARITHMETIC_MASTER && r == AZ_ROUNDING_KAHAN) continue;
            struct recorded how = {.arithmetic = a, .rounding = r};
            expect_exact(&how);
            how.scheduled = how.gradient_f32 = true;
            expect_exact(&how);
        }
}

static void rows_that_are_recorded_in_part_are_exact(void **state)
{
    (void)state;
    for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++)
        for (enum az_rounding r = 0; r < AZ_ROUNDING_KAHAN; r++) {
            struct recorded how = {.arithmetic = a, .rounding = r, .some_rows = true};
            expect_exact(&how);
        }
}

static void the_notebooks_schema_is_searched_and_exact(void **state)
{
    (void)state;
    for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++) {
        struct az_account_result result;
        struct recorded how = {
            .arithmetic = a, .silent = true, .upcast = az_arithmetic_state_bytes(a) == 2};
        expect_exact(&how);
        assert_int_equal(account(fixture_path("recording.safetensors"), NULL, &result, NULL),
                         AZ_OK);
        assert_int_equal(result.arithmetic, a);
        assert_true(result.arithmetic_from_search);
        for (enum az_arithmetic other = 0; other < AZ_ARITHMETIC_COUNT; other++) {
            bool fits = az_arithmetic_state_bytes(other) == az_arithmetic_state_bytes(a);
            assert_true(fits ? result.explained_share[other] > 0.3
                             : result.explained_share[other] == -1);
            assert_true((result.explained_share[other] == 1) == (other == a));
        }
    }
}

static void norms_are_those_of_the_changes(void **state)
{
    (void)state;
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    const char *path = record(&how);
    assert_int_equal(account(path, NULL, &result, NULL), AZ_OK);
    for (int64_t t = 1; t <= T; t++) {
        double squares[2] = {0, 0};
        for (size_t i = 0; i < N; i++) {
            bool dead = i / D % 3 == 1 && i / D / 3 < DEAD;
            squares[dead] += pow(
                (double)az_bf16_to_f32(run.w[t][i]) - (double)az_bf16_to_f32(run.w[t - 1][i]), 2);
        }
        assert_true(fabs(steps[t].observed_norm_w[AZ_ACCOUNT_DEAD] / sqrt(squares[1]) - 1) < 1e-12);
        assert_true(fabs(steps[t].predicted_norm_w[AZ_ACCOUNT_LIVE] / sqrt(squares[0]) - 1) <
                    1e-12);
        assert_true(fabs(steps[t].observed_norm_w[AZ_ACCOUNT_ALL] / sqrt(squares[0] + squares[1]) -
                         1) < 1e-12);
        assert_true(steps[t].residual_norm_w[AZ_ACCOUNT_ALL] == 0);
        assert_true(steps[t].cosine[AZ_ACCOUNT_ALL] <= 1 &&
                    steps[t].cosine[AZ_ACCOUNT_ALL] > 1 - 1e-15);
        assert_true(steps[t].ratio[AZ_ACCOUNT_ALL] == 1);
    }
}

static void results_do_not_depend_on_threads_or_instruction_sets(void **state)
{
    (void)state;
    struct az_account_step kept[T + 1];
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16_FUSED};
    const char *path = record(&how);
    assert_int_equal(account(path, "bf16", &result, NULL), AZ_DIFFERENCE);
    memcpy(kept, steps, sizeof kept);
    for (int threads = 1; threads < 5; threads++) {
        int64_t seen = 0;
        struct az_account_options options = {.threads = threads,
                                             .arithmetic = "bf16",
                                             .isa = "reference",
                                             .step = keep,
                                             .context = &seen};
        assert_int_equal(az_account(path, &options, &result, NULL, NULL), AZ_DIFFERENCE);
        assert_memory_equal(kept + 1, steps + 1, sizeof kept - sizeof *kept);
    }
}

static void steps_that_cannot_be_checked_are_not_called_exact(void **state)
{
    (void)state;
    struct az_account_result result;
    struct az_error error;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16, .every = 2};
    assert_int_equal(account(record(&how), NULL, &result, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "none of 20 steps"));
    assert_int_equal(result.steps_complete, 0);
    assert_int_equal(result.steps_exact, 0);
}

static void missing_tensors_are_named_with_what_to_do(void **state)
{
    (void)state;
    for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++) {
        struct az_account_result result;
        struct az_error error;
        struct recorded how = {.without = names[n]};
        assert_int_equal(account(record(&how), NULL, &result, &error), AZ_MISSING);
        assert_int_equal(strncmp(error.message, names[n], strlen(names[n])), 0);
        assert_non_null(strstr(error.message, "record all four"));
        assert_string_equal(error.file, fixture_path("recording.safetensors"));
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct az_account_result result;
    struct az_error error;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    const char *path = record(&how);
    assert_int_equal(account(path, "adam", &result, &error), AZ_USAGE);
    assert_int_equal(account(path, "f32", &result, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "recorded in bf16"));
    struct az_account_options options = {.matrix = "h"};
    assert_int_equal(az_account(path, &options, &result, NULL, &error), AZ_USAGE);
    options.matrix = "U";
    assert_int_equal(az_account(path, &options, &result, NULL, &error), AZ_MISSING);
    assert_int_equal(az_account("/nowhere/x", &options, &result, NULL, &error), AZ_MISSING);
}

static void a_wrong_arithmetic_is_told_by_counts(void **state)
{
    (void)state;
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16_FUSED};
    const char *path = record(&how);
    assert_int_equal(account(path, "bf16", &result, NULL), AZ_DIFFERENCE);
    assert_int_equal(result.frames_altered, 0);
    assert_false(result.first.altered);
    for (int n = 0; n < AZ_ACCOUNT_TENSORS; n++) {
        const struct az_account_counts *counts = &result.counts[AZ_ACCOUNT_ALL][n];
        assert_int_equal(counts->equal + counts->off_by_one + counts->worse, T * N);
    }
    const struct az_account_counts *w = &result.counts[AZ_ACCOUNT_ALL][AZ_ACCOUNT_W];
    assert_true(w->off_by_one > w->worse && w->worse >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_arithmetic_and_rounding_is_exact),
        cmocka_unit_test(rows_that_are_recorded_in_part_are_exact),
        cmocka_unit_test(the_notebooks_schema_is_searched_and_exact),
        cmocka_unit_test(norms_are_those_of_the_changes),
        cmocka_unit_test(results_do_not_depend_on_threads_or_instruction_sets),
        cmocka_unit_test(steps_that_cannot_be_checked_are_not_called_exact),
        cmocka_unit_test(missing_tensors_are_named_with_what_to_do),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_wrong_arithmetic_is_told_by_counts),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
