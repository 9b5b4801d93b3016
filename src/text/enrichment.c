#include "text/enrichment.h"

#include <math.h>
#include <stdbool.h>

#define NEGLIGIBLE (-60.0) /* e^-60 beside 1 */
#define NO_LIKELIER 1e-7   /* what rounding makes of equal probabilities */
#define BISECTIONS 60

/* Counts 0, 1, ... with a probability each that has one maximum: the law of the live ones in a set.
 * Only ratios of neighbours are needed, so no factorial is ever made. */
struct law {
    double rows, live, set_rows; /* hypergeometric: without putting back */
    double log_odds;             /* binomial where rows is 0: of a row of the set */
};

/* log of the probability of j + 1 over that of j. */
static double log_ratio(const struct law *law, double j)
{
    if (law->rows == 0) return log((law->set_rows - j) / (j + 1)) + law->log_odds;
    double others = law->rows - law->live - law->set_rows;
    return log((law->live - j) / (j + 1)) + log((law->set_rows - j) / (others + j + 1));
}

/* A sum of numbers given as logs. */
struct sum {
    double log_unit, units;
};

static void add(struct sum *sum, double log_value)
{
    if (sum->units == 0) sum->log_unit = log_value;
    if (log_value > sum->log_unit) {
        sum->units *= exp(sum->log_unit - log_value);
        sum->log_unit = log_value;
    }
    sum->units += exp(log_value - sum->log_unit);
}

static double log_of(const struct sum *sum) { return sum->log_unit + log(sum->units); }

enum tail { UP, DOWN, NO_LIKELIER_THAN };

static bool is_in(enum tail tail, double j, double count, double log_value)
{
    if (tail == NO_LIKELIER_THAN) return log_value <= NO_LIKELIER;
    return tail == UP ? j >= count : j <= count;
}

/* log of the probability of a tail about `count`, which lies from least to most. Both sides are
 * walked from it until what follows is negligible beside the count's own probability. */
static double log_tail(const struct law *law, double least, double most, double count,
                       enum tail tail)
{
    struct sum all = {0}, part = {0};
    add(&all, 0);
    add(&part, 0);
    for (int side = 0; side < 2; side++) {
        double value = 0, step = 0;
        for (double j = count; side ? j > least : j < most;) {
            step = side ? -log_ratio(law, j - 1) : log_ratio(law, j);
            j += side ? -1 : 1;
            value += step;
            if (step < 0 && value < NEGLIGIBLE) break;
            add(&all, value);
            if (is_in(tail, j, count, value)) add(&part, value);
        }
    }
    return fmin(0, log_of(&part) - log_of(&all));
}

double az_enrichment_log10_p(size_t rows, size_t live, size_t set_rows, size_t set_live)
{
    struct law law = {(double)rows, (double)live, (double)set_rows, 0};
    if (set_rows == 0) return 0;
    double least = fmax(0, law.live + law.set_rows - law.rows);
    double most = fmin(law.live, law.set_rows);
    return log_tail(&law, least, most, (double)set_live, NO_LIKELIER_THAN) / log(10);
}

/* The chance of a row for which the tail has probability `share`. */
static double solve(double total, double count, enum tail tail, double share)
{
    double low = 0, high = 1;
    for (int n = 0; n < BISECTIONS; n++) {
        double chance = (low + high) / 2;
        struct law law = {.set_rows = total, .log_odds = log(chance) - log1p(-chance)};
        bool less = log_tail(&law, 0, total, count, tail) < log(share);
        if (less == (tail == UP))
            low = chance;
        else
            high = chance;
    }
    return (low + high) / 2;
}

void az_enrichment_interval(size_t total, size_t count, double confidence, double *low,
                            double *high)
{
    double share = (1 - confidence) / 2;
    *low = count == 0 ? 0 : solve((double)total, (double)count, UP, share);
    *high = count == total ? 1 : solve((double)total, (double)count, DOWN, share);
}
