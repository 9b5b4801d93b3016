/* Fisher's exact test against all tables of small sets, the interval against sums of the binomial
 * law, and both against scipy.stats (fisher_exact, binomtest) where the sets are large. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/enrichment.h"

#define MOST 16

static double choose(int n, int k)
{
    double ways = 1;
    for (int i = 1; i <= k; i++) ways = ways * (n - k + i) / i;
    return k < 0 || k > n ? 0 : ways;
}

static double p_by_counting(int rows, int live, int set_rows, int set_live)
{
    double all = 0, part = 0;
    double seen = choose(live, set_live) * choose(rows - live, set_rows - set_live);
    for (int k = 0; k <= set_rows; k++) {
        double ways = choose(live, k) * choose(rows - live, set_rows - k);
        all += ways;
        if (ways <= seen) part += ways;
    }
    return part / all;
}

static void p_is_that_of_all_tables(void **state)
{
    (void)state;
    for (int rows = 1; rows <= MOST; rows++)
        for (int live = 0; live <= rows; live++)
            for (int n = 1; n <= rows; n++)
                for (int k = 0; k <= n; k++) {
                    if (k > live || n - k > rows - live) continue;
                    double p = pow(10, az_enrichment_log10_p((size_t)rows, (size_t)live, (size_t)n,
                                                             (size_t)k));
                    double expected = p_by_counting(rows, live, n, k);
                    if (fabs(p - expected) > 1e-13)
                        fail_msg("%d of %d, %d of %d: %.17g, not %.17g", live, rows, k, n, p,
                                 expected);
                }
}

/* Probability of counts from `from` to `to`. */
static double binomial(int total, double chance, int from, int to)
{
    double sum = 0;
    for (int k = from; k <= to; k++)
        sum += choose(total, k) * pow(chance, k) * pow(1 - chance, total - k);
    return sum;
}

static void the_interval_leaves_a_fortieth_on_each_side(void **state)
{
    (void)state;
    for (int total = 1; total <= MOST; total++)
        for (int count = 0; count <= total; count++) {
            double low, high;
            az_enrichment_interval((size_t)total, (size_t)count, 0.95, &low, &high);
            if (count == 0) assert_true(low == 0);
            if (count == total) assert_true(high == 1);
            if (count > 0) assert_true(fabs(binomial(total, low, count, total) - 0.025) < 1e-12);
            if (count < total) assert_true(fabs(binomial(total, high, 0, count) - 0.025) < 1e-12);
        }
}

static void large_sets_agree_with_scipy(void **state)
{
    (void)state;
    static const struct {
        size_t rows, live, set_rows, set_live;
        double log10_p, low, high;
    } cases[] = {
        {20, 8, 6, 5, -1.7432857283644707, 0.3587654210025136, 0.9957892554855104},
        {151936, 14852, 2566, 910, -277.2472596483556, 0.33610705164965515, 0.3735003746891756},
        {100, 50, 20, 10, 0, 0.27195784956079133, 0.7280421504392086},
        {9, 0, 4, 0, 0, 0, 0.6023646356164858},
        {12, 12, 3, 3, 0, 0.2924017738212867, 1},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        double low, high;
        double p = az_enrichment_log10_p(cases[n].rows, cases[n].live, cases[n].set_rows,
                                         cases[n].set_live);
        az_enrichment_interval(cases[n].set_rows, cases[n].set_live, 0.95, &low, &high);
        assert_true(fabs(p - cases[n].log10_p) < 1e-8);
        assert_true(fabs(low - cases[n].low) < 1e-12 && fabs(high - cases[n].high) < 1e-12);
    }
    /* p is too small for a double: 0 of 25,527, ln p = sum of ln((N - K - i) / (N - i)) at least */
    double expected = 0;
    for (int i = 0; i < 25527; i++) expected += log10((151936 - 14852 - i) / (151936.0 - i));
    double p = az_enrichment_log10_p(151936, 14852, 25527, 0);
    assert_true(p >= expected && p < expected + 1);
    assert_true(az_enrichment_log10_p(10, 5, 0, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p_is_that_of_all_tables),
        cmocka_unit_test(the_interval_leaves_a_fortieth_on_each_side),
        cmocka_unit_test(large_sets_agree_with_scipy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
