/* Recordings that others made: PyTorch's own, in the notebooks' schemas, stored beside the golden
 * tests; files that keep silent about what they are. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../account_fixture.h"

static const char *golden(const char *name)
{
    static char path[1024];
    const char *root = getenv("AZ_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/tests/golden/%s", root ? root : ".", name);
    return path;
}

/* Made by scripts/notebooks/thimble1_pytorch.py with torch 2.15: 29 tokens of 12 dimensions, 10
 * steps, a weight decay that acts. tail: elements of the last numel % 16 = 12 that are recorded. */
static const struct {
    const char *file;
    enum az_arithmetic arithmetic;
    int64_t rows, dead, tail;
} recordings[] = {
    {"pytorch_loop.safetensors", AZ_ARITHMETIC_BF16, 29, 10, 0},
    {"pytorch_foreach.safetensors", AZ_ARITHMETIC_BF16_FOREACH, 29, 10, 0},
    {"pytorch_fused.safetensors", AZ_ARITHMETIC_BF16_FUSED, 29, 10, 12},
    {"pytorch_crucible.safetensors", AZ_ARITHMETIC_BF16_FUSED, 10, 10, 0},
};

static void what_pytorch_recorded_is_accounted(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof recordings / sizeof recordings[0]; n++) {
        struct az_account_result result;
        struct az_error error;
        struct az_account_options options = {.automatic = true};
        enum az_status status =
            az_account(golden(recordings[n].file), &options, &result, NULL, &error);
        if (status != AZ_OK) fail_msg("%s: %s", recordings[n].file, error.message);
        assert_int_equal(result.arithmetic, recordings[n].arithmetic);
        assert_int_equal(result.steps_exact, 10);
        assert_int_equal(result.rows, recordings[n].rows);
        assert_int_equal(result.dead, recordings[n].dead);
        assert_int_equal(result.tail.elements, recordings[n].tail);
        for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++) {
            assert_int_equal(result.counts[AZ_ACCOUNT_ALL][tensor].equal,
                             10 * 12 * recordings[n].rows);
            assert_int_equal(result.counts[AZ_ACCOUNT_DEAD][tensor].equal, 10 * 12 * 10);
        }
        for (enum az_arithmetic a = 0; a < AZ_ARITHMETIC_COUNT; a++)
            assert_true((result.explained_share[a] == 1) == (a == recordings[n].arithmetic));
    }
}

static void the_tail_begins_where_whole_groups_end(void **state)
{
    (void)state;
    struct az_account_result result;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16_FUSED};
    assert_int_equal(account(record(&how), NULL, &result, NULL), AZ_OK);
    assert_int_equal(result.tail.elements, N % 16);
    assert_int_equal(result.tail.first_token, V - 1);
    assert_int_equal(result.tail.first_dim, D - N % 16);
    how.some_rows = true; /* the last row is among them */
    assert_int_equal(account(record(&how), NULL, &result, NULL), AZ_OK);
    assert_int_equal(result.tail.elements, N % 16);
    assert_int_equal(result.tail.first_token, V - 1);
}

/* ---- a search that must look again ---- */

static struct {
    int64_t last, starts;
} seen;

static void follow(void *context, const struct az_account_step *step)
{
    (void)context;
    if (step->step == 1) {
        seen.starts++;
        seen.last = 0;
    }
    assert_int_equal(step->step, ++seen.last);
}

static void arithmetics_that_part_after_the_sample_are_told_apart(void **state)
{
    (void)state;
    static const enum az_arithmetic all[] = {AZ_ARITHMETIC_BF16, AZ_ARITHMETIC_BF16_FOREACH,
                                             AZ_ARITHMETIC_BF16_LEGACY, AZ_ARITHMETIC_BF16_FUSED};
    for (size_t n = 0; n < sizeof all / sizeof all[0]; n++) {
        struct az_account_result result;
        struct az_account_options options = {.step = follow};
        struct recorded how = {
            .arithmetic = all[n], .silent = true, .upcast = true, .quiet_steps = 16};
        memset(&seen, 0, sizeof seen);
        assert_int_equal(az_account(record(&how), &options, &result, NULL, NULL), AZ_OK);
        assert_int_equal(result.arithmetic, all[n]);
        assert_int_equal(result.steps_exact, T);
        assert_int_equal(result.counts[AZ_ACCOUNT_ALL][0].equal, T * N);
        assert_int_equal(seen.last, T);
        assert_int_equal(seen.starts, n + 1);
    }
}

/* ---- what a file does not say ---- */

/* A recording of one step, all zeros, without some numbers. */
static const char *write_zeros(enum az_dtype dtype, const char *mask, size_t numbers)
{
    static const unsigned char zeros[4 * 2 * 3 * 5], dead[3] = {1, 0, 1};
    static const char *const names_of[] = {"learning_rate", "weight_decay", "adam_beta1",
                                           "adam_beta2", "adam_epsilon"};
    struct az_tensor tensors[16] = {0};
    size_t count = 0;
    for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++, count++) {
        tensors[count] =
            (struct az_tensor){.dtype = dtype, .rank = 3, .shape = {2, 3, 5}, .data = zeros};
        snprintf(tensors[count].name, sizeof tensors[count].name, "%s", names[n]);
    }
    for (size_t n = 0; n < numbers; n++, count++) {
        tensors[count] = (struct az_tensor){.dtype = AZ_DTYPE_F32, .data = &scalars[n]};
        snprintf(tensors[count].name, sizeof tensors[count].name, "%s", names_of[n]);
    }
    if (mask) {
        tensors[count] =
            (struct az_tensor){.dtype = AZ_DTYPE_BOOL, .rank = 1, .shape = {3}, .data = dead};
        snprintf(tensors[count++].name, sizeof tensors[0].name, "%s", mask);
    }
    const char *path = fixture_path("zeros.safetensors");
    assert_int_equal(az_safetensors_save(path, tensors, count, NULL, NULL), AZ_OK);
    return path;
}

static enum az_status try(const char *path, const char *const *assignments,
                          struct az_account_result *result, struct az_error *error)
{
    struct az_account_options options = {.assignments = assignments};
    az_error_clear(error);
    return az_account(path, &options, result, NULL, error);
}

static void numbers_that_are_missing_are_named_and_can_be_told(void **state)
{
    (void)state;
    struct az_account_result result;
    struct az_error error;
    const char *path = write_zeros(AZ_DTYPE_BF16, NULL, 3);
    assert_int_equal(try(path, NULL, &result, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "optimizer.beta2, optimizer.eps: the recording does"));
    const char *const told[] = {"optimizer.beta2=0.5", "optimizer.eps=1", "optimizer.eps=1e-8",
                                NULL};
    assert_int_equal(try(path, told, &result, &error), AZ_OK);
    assert_int_equal(result.steps_exact, 1);
    const char *const unknown[] = {"optimizer.momentum=1", NULL};
    assert_int_equal(try(path, unknown, &result, &error), AZ_USAGE);
    const char *const part[] = {"optimizer=1", NULL};
    assert_int_equal(try(path, part, &result, &error), AZ_USAGE);
    const char *const wordy[] = {"optimizer.eps=small", NULL};
    assert_int_equal(try(path, wordy, &result, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "is not optimizer.eps=NUMBER"));
}

/* What is told wins over what is recorded: another learning rate explains nothing. */
static void a_number_that_is_told_wins(void **state)
{
    (void)state;
    struct az_account_result result;
    struct az_error error;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16};
    const char *path = record(&how);
    const char *const right[] = {"optimizer.lr=0.002", NULL};
    const char *const wrong[] = {"optimizer.lr=0.003", NULL};
    assert_int_equal(try(path, right, &result, &error), AZ_OK);
    assert_int_equal(try(path, wrong, &result, &error), AZ_DIFFERENCE);
    assert_true(result.counts[AZ_ACCOUNT_ALL][AZ_ACCOUNT_W].worse > N);
    assert_int_equal(result.counts[AZ_ACCOUNT_ALL][AZ_ACCOUNT_M].worse, 0);
}

/* Rows of 5 numbers of an unknown vocabulary: nobody knows which are the last of all. */
static void fused_rows_of_an_unknown_vocabulary_are_refused(void **state)
{
    (void)state;
    static const unsigned char zeros[4 * 2 * 3 * 5];
    static const int64_t dead[3] = {1, 4, 6};
    struct az_tensor tensors[16] = {0};
    struct az_account_result result;
    struct az_error error;
    size_t count = 0;
    for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++, count++) {
        tensors[count] =
            (struct az_tensor){.dtype = AZ_DTYPE_U16, .rank = 3, .shape = {2, 3, 5}, .data = zeros};
        snprintf(tensors[count].name, sizeof tensors[count].name, "%s", names[n]);
    }
    static const char *const numbers[] = {"learning_rate", "weight_decay", "adam_beta1",
                                          "adam_beta2", "adam_epsilon"};
    for (size_t n = 0; n < 5; n++, count++) {
        tensors[count] = (struct az_tensor){.dtype = AZ_DTYPE_F32, .data = &scalars[n]};
        snprintf(tensors[count].name, sizeof tensors[count].name, "%s", numbers[n]);
    }
    tensors[count++] = (struct az_tensor){
        .name = "dead_indices", .dtype = AZ_DTYPE_I64, .rank = 1, .shape = {3}, .data = dead};
    const char *path = fixture_path("unknown.safetensors");
    assert_int_equal(az_safetensors_save(path, tensors, count, NULL, NULL), AZ_OK);
    const char *const told[] = {"vocab_size=7", NULL};
    struct az_account_options options = {.arithmetic = "bf16-fused"};
    assert_int_equal(az_account(path, &options, &result, NULL, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "-P vocab_size=NUMBER"));
    options.assignments = told;
    assert_int_equal(az_account(path, &options, &result, NULL, &error), AZ_OK);
    assert_int_equal(result.dead, 3);
    assert_int_equal(result.tail.elements, 3); /* 35 % 16, all of token 6 */
    assert_int_equal(result.tail.first_dim, 2);
    options = (struct az_account_options){.arithmetic = "bf16"};
    assert_int_equal(az_account(path, &options, &result, NULL, &error), AZ_OK);
}

static void float16_is_refused_with_its_reason(void **state)
{
    (void)state;
    struct az_account_result result;
    struct az_error error;
    const char *path = write_zeros(AZ_DTYPE_F16, NULL, 5);
    assert_int_equal(try(path, NULL, &result, &error), AZ_UNSUPPORTED);
    assert_non_null(strstr(error.message, "W is recorded in float16, which cannot hold bf16"));
}

static void bits_as_uint16_and_a_mask_are_understood(void **state)
{
    (void)state;
    struct az_account_result result;
    struct az_error error;
    const char *path = write_zeros(AZ_DTYPE_U16, "dead_mask", 5);
    assert_int_equal(try(path, NULL, &result, &error), AZ_OK);
    assert_int_equal(result.dead, 2);
    assert_int_equal(result.counts[AZ_ACCOUNT_DEAD][AZ_ACCOUNT_W].equal, 2 * 5);
    assert_int_equal(result.counts[AZ_ACCOUNT_LIVE][AZ_ACCOUNT_W].equal, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_pytorch_recorded_is_accounted),
        cmocka_unit_test(the_tail_begins_where_whole_groups_end),
        cmocka_unit_test(arithmetics_that_part_after_the_sample_are_told_apart),
        cmocka_unit_test(numbers_that_are_missing_are_named_and_can_be_told),
        cmocka_unit_test(a_number_that_is_told_wins),
        cmocka_unit_test(fused_rows_of_an_unknown_vocabulary_are_refused),
        cmocka_unit_test(float16_is_refused_with_its_reason),
        cmocka_unit_test(bits_as_uint16_and_a_mask_are_understood),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
