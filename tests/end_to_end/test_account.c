/* Every run that we can make is accounted for: each component of each step equals the formula's. */
#include <stdio.h>
#include <string.h>

#include "tiny.h"

static void account_matrix(const char *overrides, const char *matrix)
{
    struct az_experiment experiment = tiny_experiment(overrides);
    struct az_train_result run = tiny_run_well(&experiment, "run");
    struct az_account_options options = {.matrix = matrix};
    struct az_account_result result;
    struct az_error error;
    az_error_clear(&error);
    enum az_status status = az_account(tiny_path("run"), &options, &result, NULL, &error);
    if (status != AZ_OK) fail_msg("%s of %s: %s", matrix, overrides, error.message);
    assert_int_equal(result.steps, run.steps);
    assert_int_equal(result.steps_complete, run.steps);
    assert_int_equal(result.steps_exact, run.steps);
    assert_false(result.first.found);
    bool both = strstr(overrides, "record.U=1") != NULL;
    assert_true(both == (result.other_matrix != NULL));
    if (both) assert_int_equal(result.other_matrix[0], matrix[0] == 'W' ? 'U' : 'W');
    assert_int_equal(result.arithmetic, experiment.optimizer.arithmetic);
}

static void account(const char *overrides) { account_matrix(overrides, "W"); }

static void every_arithmetic_and_rounding_is_accounted(void **state)
{
    (void)state;
    for (int a = 0; a < AZ_ARITHMETIC_COUNT; a++)
        for (int r = 0; r < AZ_ROUNDING_COUNT; r++) {
            if (a == AZ_ARITHMETIC_MASTER && r == AZ_ROUNDING_KAHAN) continue;
            char overrides[128];
            snprintf(overrides, sizeof overrides,
                     "optimizer.arithmetic=%s optimizer.rounding=%s optimizer.weight_decay=0.1",
                     az_arithmetic_name((enum az_arithmetic)a),
                     az_rounding_name((enum az_rounding)r));
            account(overrides);
        }
}

static void clipping_and_schedules_are_accounted(void **state)
{
    (void)state;
    account("optimizer.clip_norm=0.3 optimizer.schedule=cosine optimizer.warmup_steps=3");
    account("optimizer.clip_norm=0.3 optimizer.arithmetic=bf16 optimizer.schedule=linear "
            "optimizer.lr=0.01 optimizer.weight_decay=1");
}

static void every_shape_of_run_is_accounted(void **state)
{
    (void)state;
    account("model.compute=f32");
    account("model.tied=false");
    account("model.width=20 model.heads=4"); /* tensors with a tail of less than 16 */
    account("record.rows=dead");
    account("record.rows=live optimizer.arithmetic=bf16-fused");
}

/* U is the last tensor of the flat vector; its random numbers begin there, and its tail is its own.
 */
static void the_unembedding_of_an_untied_model_is_accounted(void **state)
{
    (void)state;
    static const char *const how[] = {
        "optimizer.rounding=stochastic optimizer.weight_decay=0.1",
        "optimizer.rounding=stochastic optimizer.arithmetic=bf16 record.rows=dead",
        "optimizer.rounding=kahan",
        "optimizer.arithmetic=master",
        "optimizer.arithmetic=bf16-fused model.width=20 model.heads=4 tokenizer.vocabulary=421",
        "optimizer.arithmetic=bf16-foreach optimizer.clip_norm=0.3 record.rows=live",
    };
    for (size_t n = 0; n < sizeof how / sizeof *how; n++) {
        char overrides[512];
        snprintf(overrides, sizeof overrides,
                 "%s model.tied=false record.U=1 record.grad_U=1 record.momentum_U=1 "
                 "record.variance_U=1",
                 how[n]);
        account_matrix(overrides, "U");
        account_matrix(overrides, "W");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_arithmetic_and_rounding_is_accounted),
        cmocka_unit_test(clipping_and_schedules_are_accounted),
        cmocka_unit_test(every_shape_of_run_is_accounted),
        cmocka_unit_test(the_unembedding_of_an_untied_model_is_accounted),
    };
    return cmocka_run_group_tests(tests, tiny_start, tiny_finish);
}
