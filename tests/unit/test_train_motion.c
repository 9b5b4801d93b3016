/* Motion and freezing of dead tokens on matrices that are moved by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab/train_motion.h"

enum { ROWS = 600, DIMS = 3 };

static struct az_pool *pool;
static struct az_bf16 embedding[ROWS * DIMS], unembedding[ROWS * DIMS];
static int64_t tokens[ROWS / 2]; /* the odd ones are dead */

static int start(void **state)
{
    (void)state;
    for (size_t n = 0; n < ROWS / 2; n++) tokens[n] = (int64_t)(2 * n + 1);
    for (size_t i = 0; i < ROWS * DIMS; i++) embedding[i].bits = unembedding[i].bits = 0x3c00;
    return az_pool_create(&pool, 3, NULL) != AZ_OK;
}

static int finish(void **state)
{
    (void)state;
    az_pool_free(pool);
    return 0;
}

static void only_dead_rows_count_and_a_sign_flip_of_zero_does_not(void **state)
{
    (void)state;
    struct az_train_motion *motion;
    embedding[7 * DIMS].bits = 0x0000;
    assert_int_equal(az_train_motion_create(&motion, ROWS / 2, DIMS, tokens, embedding, NULL, NULL),
                     AZ_OK);
    embedding[7 * DIMS].bits = 0x8000; /* dead, only the sign of a zero */
    embedding[8 * DIMS].bits++;        /* live */
    az_train_motion_step(motion, 1, pool);
    assert_int_equal(motion->moved, 0);
    embedding[9 * DIMS + 2].bits++;
    embedding[599 * DIMS].bits++;
    az_train_motion_step(motion, 2, pool);
    assert_int_equal(motion->moved, 2);
    az_train_motion_step(motion, 3, pool);
    assert_int_equal(motion->moved, 0);
    assert_int_equal(motion->last_motion_step[4], 2);
    assert_int_equal(motion->last_motion_step[299], 2);
    assert_int_equal(motion->last_motion_step[3], 0);
    az_train_motion_free(motion);
}

static void in_an_untied_model_a_row_of_either_matrix_moves_the_token(void **state)
{
    (void)state;
    struct az_train_motion *motion;
    assert_int_equal(
        az_train_motion_create(&motion, ROWS / 2, DIMS, tokens, embedding, unembedding, NULL),
        AZ_OK);
    unembedding[1 * DIMS].bits++;
    embedding[3 * DIMS].bits++;
    unembedding[3 * DIMS].bits++;
    az_train_motion_step(motion, 1, pool);
    assert_int_equal(motion->moved, 2);
    az_train_motion_free(motion);
}

/* 300 dead tokens; token n moves at every step up to n: guard 100 of 350 steps leaves 0..250. */
static void freeze_steps_follow_the_last_motion_and_the_guard_censors(void **state)
{
    (void)state;
    struct az_train_motion *motion;
    assert_int_equal(az_train_motion_create(&motion, ROWS / 2, DIMS, tokens, embedding, NULL, NULL),
                     AZ_OK);
    for (int64_t step = 1; step <= 350; step++) {
        for (size_t n = 0; n < ROWS / 2; n++)
            if ((int64_t)n >= step) embedding[(size_t)tokens[n] * DIMS].bits ^= 1;
        az_train_motion_step(motion, step, pool);
        assert_int_equal(motion->moved, step < 300 ? 300 - step : 0);
    }
    struct az_train_result result;
    assert_int_equal(az_train_motion_freeze(motion, 350, &result, NULL), AZ_OK);
    assert_int_equal(result.dead, 300);
    assert_int_equal(result.guard_steps, 100);
    assert_int_equal(result.frozen, 251);
    assert_int_equal(result.first_freeze_step, 1);
    assert_int_equal(result.median_freeze_step, 126);
    assert_int_equal(result.last_freeze_step, 251);
    assert_int_equal(az_train_motion_freeze(motion, 3000, &result, NULL), AZ_OK);
    assert_int_equal(result.guard_steps, 300);
    assert_int_equal(result.frozen, 300);
    assert_int_equal(az_train_motion_freeze(motion, 50, &result, NULL), AZ_OK);
    assert_int_equal(result.frozen, 0);
    assert_int_equal(result.last_freeze_step, 0);
    az_train_motion_free(motion);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_dead_rows_count_and_a_sign_flip_of_zero_does_not,
                                        start, finish),
        cmocka_unit_test_setup_teardown(in_an_untied_model_a_row_of_either_matrix_moves_the_token,
                                        start, finish),
        cmocka_unit_test_setup_teardown(freeze_steps_follow_the_last_motion_and_the_guard_censors,
                                        start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
