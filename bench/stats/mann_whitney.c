#include <math.h>
#include <stdbool.h>

#include "bench/stats/stats.h"

/* SciPy's limit, of the smaller sample. */
enum { EXACT_MOST = 8 };

/* How many of sorted values, from `start` on, are equal to value. */
static size_t run_of(const double *values, size_t count, size_t start, double value)
{
    size_t end = start;
    while (end < count && values[end] == value) {
        end++;
    }
    return end - start;
}

struct stats_pairs stats_count_pairs(double *x, size_t x_count, double *y, size_t y_count)
{
    stats_sort(x, x_count);
    stats_sort(y, y_count);
    struct stats_pairs pairs = {0};
    size_t i = 0, j = 0;
    while (i < x_count || j < y_count) {
        const double value = j == y_count || (i < x_count && x[i] < y[j]) ? x[i] : y[j];
        const size_t x_run = run_of(x, x_count, i, value), y_run = run_of(y, y_count, j, value);
        const double run = (double)(x_run + y_run);
        pairs.greater += x_run * j;
        pairs.equal += x_run * y_run;
        pairs.ties += run * run * run - run;
        i += x_run;
        j += y_run;
    }
    return pairs;
}

/* The orders with u greater pairs are the coefficients of the Gaussian binomial, the product of
 * (1 - q^(large + i)) / (1 - q^i) for i up to the smaller count; its quotients up to any i are
 * polynomials with whole coefficients too. */
double stats_pairs_lower_tail(size_t x_count, size_t y_count, size_t u)
{
    const size_t small = x_count < y_count ? x_count : y_count;
    const size_t large = x_count < y_count ? y_count : x_count;
    double orders[STATS_MOST_PAIRS + 1] = {1}, all = 1;
    for (size_t i = 1; i <= small; i++) {
        for (size_t k = u; k >= large + i; k--) {
            orders[k] -= orders[k - large - i];
        }
        for (size_t k = i; k <= u; k++) {
            orders[k] += orders[k - i];
        }
        all = all * (double)(large + i) / (double)i;
    }
    double sum = 0;
    for (size_t k = 0; k <= u; k++) {
        sum += orders[k];
    }
    return sum / all;
}

static double normal_p(const struct stats_pairs *pairs, size_t x_count, size_t y_count)
{
    const double m = (double)x_count, n = (double)y_count, all = m + n;
    const double variance = m * n / 12 * (all + 1 - pairs->ties / (all * (all - 1)));
    if (variance <= 0) {
        return 1; /* all values are equal */
    }
    const double u = (double)pairs->greater + (double)pairs->equal / 2;
    const double distance = fabs(u - m * n / 2) - .5;
    return fmin(1, erfc(distance / sqrt(2 * variance)));
}

double stats_mann_whitney(double *x, size_t x_count, double *y, size_t y_count)
{
    const struct stats_pairs pairs = stats_count_pairs(x, x_count, y, y_count);
    const size_t all = x_count * y_count;
    const bool small = x_count <= EXACT_MOST || y_count <= EXACT_MOST;
    if (!small || pairs.ties > 0 || all / 2 > STATS_MOST_PAIRS) {
        return normal_p(&pairs, x_count, y_count);
    }
    const size_t least = pairs.greater < all - pairs.greater ? pairs.greater : all - pairs.greater;
    return fmin(1, 2 * stats_pairs_lower_tail(x_count, y_count, least));
}
