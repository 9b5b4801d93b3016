#define _GNU_SOURCE
/* Motion and lifecycle on planted recordings, where every number is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lens_fixture.h"
#include "azimuth/lifecycle.h"
#include "azimuth/motion.h"

static struct az_displacement displacement(int64_t step, int64_t row)
{
    return az_bf16_displacement(at(step - 1, row, 0), at(step, row, 0), DIMS);
}

static bool in_set(enum az_lens_set set, int64_t row)
{
    return set == AZ_LENS_ALL || is_dead(row) == (set == AZ_LENS_DEAD);
}

static int compare_f64(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What az_motion says of a token at a step, taken from the definitions one by one. */
static double planted_value(int64_t step, int64_t row, enum az_motion_quantity quantity)
{
    struct az_displacement cells = displacement(step, row);
    double sum = 0, squares = 0, most = 0, length = 0;
    for (int64_t d = 0; d < DIMS; d++) {
        struct az_bf16 a = *at(step - 1, row, d), b = *at(step, row, d);
        double ulps = fabs(az_bf16_ulp_start(a, b));
        double apart = (double)az_bf16_to_f32(b) - (double)az_bf16_to_f32(a);
        sum += ulps;
        squares += ulps * ulps;
        most = fmax(most, ulps);
        length += apart * apart;
    }
    switch (quantity) {
    case AZ_MOTION_L1: return (double)cells.l1_cells;
    case AZ_MOTION_L2: return cells.l2_cells;
    case AZ_MOTION_LINF: return cells.linf_cells;
    case AZ_MOTION_HOPS: return cells.hops;
    case AZ_MOTION_L1_ULP: return sum;
    case AZ_MOTION_L2_ULP: return sqrt(squares);
    case AZ_MOTION_LINF_ULP: return most;
    default: return sqrt(length);
    }
}

static void check_quantiles(const struct az_lens *lens, enum az_lens_set set, int64_t step,
                            enum az_motion_quantity quantity)
{
    double values[ROWS];
    int64_t count = 0;
    for (int64_t row = 0; row < ROWS; row++)
        if (in_set(set, row)) values[count++] = planted_value(step, row, quantity);
    qsort(values, (size_t)count, sizeof *values, compare_f64);
    assert_int_equal(count, lens->subject.counts[set]);
    for (int q = 0; q < AZ_MOTION_QUANTILES; q++) {
        int64_t rank = (int64_t)ceil(az_motion_share(q) * (double)count);
        double expected = values[rank ? rank - 1 : 0];
        double found = lens->motion->steps[set][step - 1].quantiles[quantity][q];
        if (fabs(found - expected) > 1e-6 * fabs(expected))
            fail_msg("%s of step %d, quantile %d: %g, not %g", az_motion_name(quantity), (int)step,
                     q, found, expected);
    }
}

static void quantiles_of_every_step_are_those_of_the_tokens(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){0});
    for (enum az_lens_set set = AZ_LENS_ALL; set <= AZ_LENS_LIVE; set++)
        for (int64_t step = 1; step <= STEPS; step++)
            for (enum az_motion_quantity quantity = 0; quantity < AZ_MOTION_QUANTITIES; quantity++)
                check_quantiles(lens, set, step, quantity);
    az_lens_free(lens);
}

static struct az_motion_step count_planted(enum az_lens_set set, int64_t step)
{
    struct az_motion_step sum = {0};
    for (int64_t row = 0; row < ROWS; row++) {
        if (!in_set(set, row)) continue;
        struct az_displacement cells = displacement(step, row);
        sum.movers += cells.hops > 0;
        sum.l1_cells += cells.l1_cells;
        sum.hops += cells.hops;
        sum.zero_flips += cells.sign_flips_of_zero;
        for (int64_t d = 0; d < DIMS; d++) {
            struct az_bf16 a = *at(step - 1, row, d), b = *at(step, row, d);
            int32_t before = az_bf16_ord(a), after = az_bf16_ord(b);
            sum.down_hops += after < before;
            sum.sign_crossings += (before < 0 && after > 0) || (before > 0 && after < 0);
            sum.binade_crossings += (a.bits >> 7 & 0xff) != (b.bits >> 7 & 0xff);
            sum.zeros += after == 0;
        }
    }
    return sum;
}

static void hops_signs_crossings_and_zeros_are_counted(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){0});
    int64_t signs = 0, binades = 0, flips = 0;
    for (enum az_lens_set set = AZ_LENS_ALL; set <= AZ_LENS_LIVE; set++) {
        for (int64_t step = 1; step <= STEPS; step++) {
            const struct az_motion_step *found = &lens->motion->steps[set][step - 1];
            struct az_motion_step expected = count_planted(set, step);
            assert_memory_equal(found, &expected, offsetof(struct az_motion_step, quantiles));
            signs += found->sign_crossings;
            binades += found->binade_crossings;
            flips += found->zero_flips;
        }
    }
    assert_true(signs >= 2 && binades >= 2); /* the crosser's, at least */
    assert_int_equal(flips, 2 * STEPS);      /* the flipper's, in all and in dead */
    az_lens_free(lens);
}

static void sizes_and_strata_of_hops_add_up_window_by_window(void **state)
{
    (void)state;
    static int64_t sizes[AZ_LENS_WINDOWS][AZ_MOTION_SIZES][2];
    static struct az_motion_stratum strata[AZ_LENS_WINDOWS][AZ_MOTION_EXPONENTS];
    struct az_lens *lens = look_at(&(struct planted){0});
    for (int64_t step = 1; step <= STEPS; step++) {
        int window = step > 10;
        for (int64_t n = 0; n < SIZE; n++) {
            int32_t cells = az_bf16_cells(movie[step - 1][n], movie[step][n]);
            int exponent = movie[step - 1][n].bits >> 7 & 0xff, bin = 0;
            struct az_motion_stratum *stratum = &strata[window][exponent];
            int64_t size = cells < 0 ? -cells : cells;
            stratum->coordinates++;
            if (!cells) continue;
            while (size > az_motion_size_to(bin)) bin++;
            assert_true(size >= az_motion_size_from(bin));
            sizes[window][bin][cells < 0]++;
            stratum->hops++;
            stratum->down_hops += cells < 0;
            stratum->cells += size;
        }
    }
    assert_memory_equal(lens->motion->sizes[AZ_LENS_ALL], sizes, sizeof sizes);
    assert_memory_equal(lens->motion->strata[AZ_LENS_ALL], strata, sizeof strata);
    assert_int_equal(az_motion_size_to(AZ_MOTION_SIZES - 1), 65534);
    az_lens_free(lens);
}

/* ---- lives ---- */

static void the_planted_lives_are_told_step_by_step(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){0});
    const struct az_token_life *tokens = lens->lifecycle->tokens, *life = &tokens[LIFE];
    assert_int_equal(life->end_step[AZ_LIFE_HYPERNOVA], 2);
    assert_int_equal(life->end_step[AZ_LIFE_EARLY], 5);
    assert_int_equal(life->end_step[AZ_LIFE_MIDLIFE], 9);
    assert_int_equal(life->end_step[AZ_LIFE_LATE], 20);
    assert_int_equal(life->freeze_step, 21);
    assert_false(life->censored);
    assert_int_equal(life->moving_steps, 14);
    assert_int_equal(life->stumbles, 1);
    assert_int_equal(life->reheats, 1);
    assert_int_equal(life->cools, 5);
    assert_int_equal(life->first_still_step, 14);
    assert_int_equal(life->still_runs, 1);
    assert_int_equal(life->longest_still_steps, 6);
    assert_int_equal(life->hops, 2 + 3 * DIMS + 4 + 5);
    assert_int_equal(life->l1_cells, 2501 + 6 * DIMS + 8 + 5);
    assert_int_equal(tokens[FROZEN].freeze_step, 1);
    assert_int_equal(tokens[FROZEN].first_still_step, 1);
    assert_int_equal(tokens[FROZEN].stumbles, 0);
    assert_int_equal(tokens[FLIPPER].moving_steps, 0);
    assert_int_equal(tokens[WALKER].end_step[AZ_LIFE_LATE], 17);
    assert_int_equal(tokens[WALKER].end_step[AZ_LIFE_MIDLIFE], 0);
    assert_int_equal(tokens[CROSSER].end_step[AZ_LIFE_MIDLIFE], 6);
    assert_int_equal(tokens[STUMBLER].stumbles, 5);
    assert_int_equal(tokens[STUMBLER].still_runs, 6);
    assert_int_equal(tokens[STUMBLER].longest_still_steps, 9);
    assert_int_equal(tokens[STUMBLER].reheats, 6);
    assert_true(tokens[STUMBLER].censored);
    assert_true(tokens[RESTLESS].censored);
    assert_int_equal(tokens[RESTLESS].first_still_step, 0);
    az_lens_free(lens);
}

static enum az_life planted_state(int64_t step, int64_t row)
{
    struct az_displacement cells = displacement(step, row);
    if (cells.l2_cells > 1000) return AZ_LIFE_HYPERNOVA;
    if (cells.l2_cells > sqrt(DIMS)) return AZ_LIFE_EARLY;
    if (cells.linf_cells > 1) return AZ_LIFE_MIDLIFE;
    return cells.l1_cells > 0 ? AZ_LIFE_LATE : AZ_LIFE_STILL;
}

/* The hottest state from this step on: the phase, said the other way round. */
static enum az_life planted_phase(int64_t step, int64_t row)
{
    enum az_life phase = AZ_LIFE_STILL;
    for (int64_t t = step; t <= STEPS; t++)
        if (planted_state(t, row) > phase) phase = planted_state(t, row);
    return phase;
}

static void states_and_phases_of_every_step_nest(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){0});
    for (enum az_lens_set set = AZ_LENS_ALL; set <= AZ_LENS_LIVE; set++) {
        for (int64_t step = 1; step <= STEPS; step++) {
            int64_t states[AZ_LIVES] = {0}, phases[AZ_LIVES] = {0};
            for (int64_t row = 0; row < ROWS; row++) {
                if (!in_set(set, row)) continue;
                states[planted_state(step, row)]++;
                phases[planted_phase(step, row)]++;
            }
            assert_memory_equal(lens->lifecycle->states[set][step - 1], states, sizeof states);
            assert_memory_equal(lens->lifecycle->phases[set][step - 1], phases, sizeof phases);
        }
    }
    for (int64_t row = 0; row < ROWS; row++)
        for (int life = AZ_LIFE_LATE; life < AZ_LIFE_HYPERNOVA; life++)
            assert_true(lens->lifecycle->tokens[row].end_step[life] >=
                        lens->lifecycle->tokens[row].end_step[life + 1]);
    az_lens_free(lens);
}

static void onsets_name_their_rule_and_runs_are_counted(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){0});
    const struct az_set_life *life = &lens->lifecycle->sets[AZ_LENS_LIVE];
    int64_t(*states)[AZ_LIVES] = lens->lifecycle->states[AZ_LENS_LIVE];
    int64_t count = lens->subject.counts[AZ_LENS_LIVE], run = 0, longest = 0, still = 0;
    for (int n = 0; n < AZ_LIFE_SHARES; n++) {
        int64_t first = -1, last = 1;
        for (int64_t step = 1; step <= STEPS; step++) {
            bool reached = (double)states[step - 1][0] >= az_life_share(n) * (double)count;
            if (reached && first < 0) first = step;
            if (!reached) last = step + 1;
        }
        assert_int_equal(life->first_onset_step[n], first);
        assert_int_equal(life->last_onset_step[n], last > STEPS ? -1 : last);
    }
    for (int64_t step = 1; step <= STEPS; step++) {
        run = states[step - 1][0] == count ? run + 1 : 0;
        still += run > 0;
        if (run > longest) longest = run;
    }
    assert_int_equal(life->still_steps, still);
    assert_int_equal(life->longest.frames, longest);
    assert_true(longest > 0 && life->longest.last_step - life->longest.first_step + 1 == longest);
    assert_true(run > 0);
    assert_int_equal(life->fimbulwinter_steps, run); /* the last run goes on to the end */
    assert_int_equal(life->fimbulwinter_step, STEPS + 1 - run);
    assert_true(life->censored);
    assert_int_equal(lens->lifecycle->sets[AZ_LENS_DEAD].fimbulwinter_step, STEPS + 1);
    assert_int_equal(lens->lifecycle->sets[AZ_LENS_DEAD].runs, 0);
    az_lens_free(lens);
}

static void stragglers_are_the_latest_dead_tokens(void **state)
{
    (void)state;
    struct az_lens *lens = look_at(&(struct planted){0});
    const struct az_lifecycle *lifecycle = lens->lifecycle;
    assert_true(lifecycle->straggler_count > 0);
    assert_int_equal(lifecycle->stragglers[0], RESTLESS); /* row 6 is dead */
    for (int64_t n = 0; n < lifecycle->straggler_count; n++) {
        const struct az_token_life *life = &lifecycle->tokens[lifecycle->stragglers[n]];
        assert_true(is_dead(lifecycle->stragglers[n]));
        assert_true(life->censored ||
                    life->freeze_step > lifecycle->sets[AZ_LENS_DEAD].straggler_step);
        if (n)
            assert_true(lifecycle->tokens[lifecycle->stragglers[n - 1]].freeze_step >=
                        life->freeze_step);
    }
    az_lens_free(lens);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_of_every_step_are_those_of_the_tokens),
        cmocka_unit_test(hops_signs_crossings_and_zeros_are_counted),
        cmocka_unit_test(sizes_and_strata_of_hops_add_up_window_by_window),
        cmocka_unit_test(the_planted_lives_are_told_step_by_step),
        cmocka_unit_test(states_and_phases_of_every_step_nest),
        cmocka_unit_test(onsets_name_their_rule_and_runs_are_counted),
        cmocka_unit_test(stragglers_are_the_latest_dead_tokens),
    };
    plant();
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
