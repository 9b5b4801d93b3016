/* Learning-rate schedules, against their closed forms. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab/schedule.h"

static struct az_experiment experiment_of(enum az_schedule schedule, int64_t steps,
                                          int64_t warmup_steps, double final_lr_ratio)
{
    static struct az_experiment experiment;
    experiment.optimizer.lr = 1e-3;
    experiment.optimizer.schedule = schedule;
    experiment.optimizer.warmup_steps = warmup_steps;
    experiment.optimizer.final_lr_ratio = final_lr_ratio;
    experiment.train.steps = steps;
    return experiment;
}

static void constant_is_the_same_at_every_step(void **state)
{
    (void)state;
    struct az_experiment experiment = experiment_of(AZ_SCHEDULE_CONSTANT, 50, 0, 0);
    for (int64_t step = 1; step <= 50; step++)
        assert_true(az_schedule_lr(&experiment, step) == 1e-3);
}

/* Hugging Face: lr * (T - (t - 1)) / T, so that step 1000 of 1000 has 1e-6. */
static void linear_with_ratio_one_over_steps_is_that_of_hugging_face(void **state)
{
    (void)state;
    struct az_experiment experiment = experiment_of(AZ_SCHEDULE_LINEAR, 1000, 0, 1e-3);
    for (int64_t step = 1; step <= 1000; step++) {
        double expected = 1e-3 * (double)(1000 - (step - 1)) / 1000;
        assert_true(fabs(az_schedule_lr(&experiment, step) - expected) < 1e-18);
    }
}

static void cosine_follows_the_cosine_and_ends_at_its_ratio(void **state)
{
    (void)state;
    struct az_experiment experiment = experiment_of(AZ_SCHEDULE_COSINE, 401, 0, 0.1);
    for (int64_t step = 1; step <= 401; step++) {
        double x = (double)(step - 1) / 400;
        double expected = 1e-3 * (0.1 + 0.9 * (1 + cos(acos(-1.0) * x)) / 2);
        assert_true(fabs(az_schedule_lr(&experiment, step) - expected) < 1e-17);
    }
    assert_true(az_schedule_lr(&experiment, 1) == 1e-3);
    assert_true(fabs(az_schedule_lr(&experiment, 401) - 1e-4) < 1e-18);
}

static void warm_up_climbs_evenly_and_reaches_the_full_rate_at_its_last_step(void **state)
{
    (void)state;
    for (int schedule = AZ_SCHEDULE_CONSTANT; schedule <= AZ_SCHEDULE_COSINE; schedule++) {
        struct az_experiment experiment = experiment_of((enum az_schedule)schedule, 100, 10, 0);
        for (int64_t step = 1; step < 10; step++)
            assert_true(az_schedule_lr(&experiment, step) == 1e-3 * (double)step / 10);
        assert_true(az_schedule_lr(&experiment, 10) == 1e-3);
        assert_true(az_schedule_lr(&experiment, 11) <= 1e-3);
    }
}

static void a_schedule_shorter_than_its_warm_up_never_divides_by_zero(void **state)
{
    (void)state;
    struct az_experiment experiment = experiment_of(AZ_SCHEDULE_COSINE, 5, 10, 0);
    assert_true(az_schedule_lr(&experiment, 5) == 1e-3 * 5 / 10);
    experiment = experiment_of(AZ_SCHEDULE_LINEAR, 1, 0, 0);
    assert_true(az_schedule_lr(&experiment, 1) == 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_is_the_same_at_every_step),
        cmocka_unit_test(linear_with_ratio_one_over_steps_is_that_of_hugging_face),
        cmocka_unit_test(cosine_follows_the_cosine_and_ends_at_its_ratio),
        cmocka_unit_test(warm_up_climbs_evenly_and_reaches_the_full_rate_at_its_last_step),
        cmocka_unit_test(a_schedule_shorter_than_its_warm_up_never_divides_by_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
