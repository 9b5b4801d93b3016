/* The ledger against a slow count of the same recording, and causes that were planted. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../account_fixture.h"
#include "azimuth/ledger.h"

static struct az_ledger_step told[T + 1];
static struct az_ledger_entry entries[T * D];
static size_t step_count, entry_count;

static void take_step(void *context, const struct az_ledger_step *step)
{
    (void)context;
    told[step_count++] = *step;
}

static void take_entry(void *context, const struct az_ledger_entry *entry)
{
    (void)context;
    entries[entry_count++] = *entry;
}

static enum az_status make(struct az_ledger *ledger, const char *path, int threads, int64_t token,
                           struct az_error *error)
{
    struct az_ledger_options options = {.threads = threads,
                                        .guard_steps = 5,
                                        .token = token,
                                        .step = take_step,
                                        .entry = take_entry};
    step_count = entry_count = 0;
    if (error) az_error_clear(error);
    return az_ledger_make(ledger, path, &options, NULL, error);
}

/* ---- against a slow count ---- */

/* The neighbour of w on the side to which -a points, by counting on the lattice. */
static double slow_half_gap(struct az_bf16 w, double a)
{
    int32_t next = az_bf16_ord(w) + (a > 0 ? -1 : 1);
    uint16_t bits = (uint16_t)(next < 0 ? (-next) | 0x8000 : next);
    double gap = (double)az_bf16_to_f32((struct az_bf16){bits}) - (double)az_bf16_to_f32(w);
    return fabs(gap) / 2;
}

static double slow_drive(int64_t t, size_t i)
{
    double m = (double)run.m[t][i] / (1 - pow(0.9, (double)t));
    double v = (double)run.v[t][i] / (1 - pow(0.95, (double)t));
    double a = 2e-3 * m / (sqrt(v) + 1e-8);
    return m == 0 ? 0 : fabs(a) / slow_half_gap(run.w[t - 1][i], a);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool is_dead(size_t token)
{
    for (size_t n = 0; n < DEAD; n++)
        if (dead_tokens[n] == (int64_t)token) return true;
    return false;
}

static void check_step(int64_t t, int set)
{
    static double drives[N];
    size_t count = 0, above = 0, moved = 0, unchanged = 0, power = 0, positive = 0;
    for (size_t i = 0; i < N; i++) {
        int exponent;
        if (is_dead(i / D) != (set == AZ_LEDGER_DEAD)) continue;
        drives[count] = slow_drive(t, i);
        above += drives[count++] > 1;
        moved += az_bf16_cells(run.w[t - 1][i], run.w[t][i]) != 0;
        unchanged += run.v[t][i] == run.v[t - 1][i];
        positive += run.v[t][i] > 0;
        power += run.v[t][i] > 0 && frexpf(run.v[t][i], &exponent) == 0.5f;
    }
    qsort(drives, count, sizeof *drives, ascending);
    const struct az_ledger_set_step *of = &told[t - 1].sets[set];
    for (int q = 0; q < AZ_LEDGER_QUANTILES; q++) {
        double exact = drives[(size_t)floor(az_ledger_quantile(q) * (double)(count - 1))];
        assert_true(fabs(of->drive[q] - exact) <= exact / 250);
    }
    double n = (double)count;
    assert_true(of->drive_share == (double)above / n && of->moved_share == (double)moved / n);
    assert_true(of->v_unchanged_share == (double)unchanged / n);
    assert_true(of->v_power_share == (double)power / (double)positive);
}

static void every_step_is_as_a_slow_count_says(void **state)
{
    (void)state;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_F32};
    struct az_ledger ledger;
    const char *path = record(&how);
    assert_int_equal(make(&ledger, path, 2, 7, NULL), AZ_OK);
    assert_int_equal(step_count, T);
    assert_int_equal(entry_count, T * D);
    assert_int_equal(ledger.rows_of[AZ_LEDGER_DEAD], DEAD);
    for (int64_t t = 1; t <= T; t++)
        for (int set = 0; set < AZ_LEDGER_SETS; set++) check_step(t, set);
    for (size_t e = 0; e < entry_count; e++) {
        size_t i = (size_t)(7 * D + entries[e].dim);
        int64_t t = entries[e].step;
        assert_true(fabs(entries[e].drive - slow_drive(t, i)) <= 1e-12 * entries[e].drive);
        assert_true(entries[e].m == (double)run.m[t][i] && entries[e].v == (double)run.v[t][i]);
        assert_int_equal(entries[e].cells_seen, az_bf16_cells(run.w[t - 1][i], run.w[t][i]));
        /* rounding once in float64 and the float32 kernel part near ties only */
        assert_true(abs(entries[e].cells_predicted - entries[e].cells_seen) <= 1);
    }
    az_ledger_free(&ledger);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_BF16, .upcast = true};
    static struct az_ledger_step first[T];
    struct az_ledger one, many;
    const char *path = record(&how);
    assert_int_equal(make(&one, path, 1, -1, NULL), AZ_OK);
    memcpy(first, told, sizeof first);
    assert_int_equal(make(&many, path, 3, -1, NULL), AZ_OK);
    assert_memory_equal(first, told, sizeof first);
    assert_memory_equal(one.tokens, many.tokens, (size_t)one.rows * sizeof *one.tokens);
    az_ledger_free(&one);
    az_ledger_free(&many);
}

/* ---- planted causes ---- */

enum { HOP = 10, BY_M, BY_V, BY_GAP, BY_LR, STILL, LATE };

/* A token's row: w before and after the hop; mhat and vhat at a step. */
static void plant(size_t token, uint16_t before, uint16_t after, int64_t hop,
                  double (*m_hat)(int64_t t), double (*v_hat)(int64_t t))
{
    for (int64_t t = 0; t <= T; t++) {
        for (size_t d = 0; d < D; d++) {
            size_t i = token * D + d;
            bool hopped = d == 3 && hop > 0 && t >= hop;
            run.w[t][i].bits = hopped ? after : before;
            run.m[t][i] = (float)(m_hat(t) * (1 - pow(0.9, (double)t)));
            run.v[t][i] = (float)(v_hat(t) * (1 - pow(0.95, (double)t)));
        }
    }
}

static double one(int64_t t) { return t > 0; }
static double minus_one(int64_t t) { return t > 0 ? -1 : 0; }
static double halving(int64_t t) { return t <= HOP ? 1 : ldexp(1, (int)(HOP - t)); }
static double growing(int64_t t) { return t <= HOP ? 1 : 4; }

static const char *planted(bool scheduled)
{
    struct recorded how = {.arithmetic = AZ_ARITHMETIC_F32, .scheduled = scheduled};
    const char *path = record(&how); /* dead tokens, scalars; everything else is written over */
    for (int64_t t = 1; t <= T; t++) run.rates[t] = scheduled && t > HOP ? 2e-4 : 2e-3;
    for (size_t n = 0; n < V; n++) plant(n, 0x3f40, 0x3f40, 0, one, one);
    plant((size_t)dead_tokens[0], 0x3f40, 0x3f3f, HOP, halving, one);
    plant((size_t)dead_tokens[1], 0x3f40, 0x3f3f, HOP, one, growing);
    plant((size_t)dead_tokens[2], 0x3f7f, 0x3f80, HOP, minus_one, one);
    plant((size_t)dead_tokens[3], 0x3f40, 0x3f3f, HOP, one, one);
    plant((size_t)dead_tokens[4], 0x3f40, 0x3f3f, T - 2, one, one);
    write_ours(&how, path);
    return path;
}

static const struct az_ledger_token *dead_token(const struct az_ledger *ledger, size_t n)
{
    return &ledger->tokens[dead_tokens[n]];
}

static void planted_causes_are_found(void **state)
{
    (void)state;
    struct az_ledger ledger;
    assert_int_equal(make(&ledger, planted(false), 2, -1, NULL), AZ_OK);
    static const enum az_cause causes[] = {AZ_CAUSE_M, AZ_CAUSE_V, AZ_CAUSE_GAP};
    static const double parts[] = {-3 * 0.693147180559945, -0.693147180559945, -0.693147180559945};
    for (size_t n = 0; n < 3; n++) {
        const struct az_ledger_token *token = dead_token(&ledger, n);
        assert_true(token->frozen);
        assert_int_equal(token->last_motion_step, HOP);
        assert_int_equal(token->dim, 3);
        assert_int_equal(token->cause, causes[n]);
        assert_true(fabs(token->parts[causes[n]] - parts[n]) < 1e-5);
        assert_true(fabs(token->drive_at_last_hop - 2e-3 * 512) < 1e-5);
        assert_false(token->v_locked);
    }
    const struct az_ledger_token *grown = dead_token(&ledger, 1); /* mhat is 1, vhat 4 */
    assert_true(fabs(grown->m_end - 1) < 1e-5 && fabs(grown->v_root_end - 2) < 1e-5);
    assert_true(grown->half_gap_end_w == ldexp(1, -9));
    assert_true(fabs(grown->m_needed_end * 2e-3 * 512 - grown->v_root_end) < 1e-9);
    assert_false(dead_token(&ledger, 4)->frozen);
    assert_int_equal(dead_token(&ledger, 5)->last_motion_step, 0);
    assert_int_equal(ledger.frozen, 4);
    assert_int_equal(ledger.causes[AZ_CAUSE_GAP], 1);
    assert_int_equal(ledger.censored, 1);
    assert_int_equal(ledger.never_moved, DEAD - 5);
    az_ledger_free(&ledger);
    assert_int_equal(make(&ledger, planted(true), 2, -1, NULL), AZ_OK);
    assert_int_equal(dead_token(&ledger, 3)->cause, AZ_CAUSE_LR);
    assert_true(fabs(dead_token(&ledger, 3)->parts[AZ_CAUSE_LR] - log(0.1)) < 1e-9);
    az_ledger_free(&ledger);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    struct az_ledger ledger;
    struct az_error error;
    struct recorded sparse = {.arithmetic = AZ_ARITHMETIC_F32, .every = 2};
    struct recorded without = {.arithmetic = AZ_ARITHMETIC_F32, .without = "variance_W"};
    struct recorded whole = {.arithmetic = AZ_ARITHMETIC_F32};
    assert_int_equal(make(&ledger, record(&sparse), 1, -1, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "W has no frame of step 1"));
    az_ledger_free(&ledger);
    assert_int_equal(make(&ledger, record(&without), 1, -1, &error), AZ_MISSING);
    assert_non_null(strstr(error.message, "variance_W"));
    az_ledger_free(&ledger);
    assert_int_equal(make(&ledger, record(&whole), 1, V, &error), AZ_USAGE);
    assert_non_null(strstr(error.message, "was not recorded"));
    az_ledger_free(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_is_as_a_slow_count_says),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(planted_causes_are_found),
        cmocka_unit_test(what_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
