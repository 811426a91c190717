#include <math.h>

#include "bench/stats/stats.h"

static const double PI = 3.14159265358979323846;

/* What Stirling's formula for ln gamma(z) leaves out. */
static double stirling_rest(double z)
{
    if (z < 10) {
        return lgamma(z) - ((z - .5) * log(z) - z + .5 * log(2 * PI));
    }
    const double w = 1 / (z * z);
    return (1. / 12 - w * (1. / 360 - w * (1. / 1260 - w * (1. / 1680 - w / 1188)))) / z;
}

/* ln(numerator / of), where difference = numerator - of is known better than by subtraction. */
static double log_ratio(double numerator, double of, double difference)
{
    return fabs(difference) < of / 2 ? log1p(difference / of) : log(numerator / of);
}

/* x^a y^b / B(a, b). The great terms of the three gammas are taken out together, before they could
 * cancel. */
static double beta_power(double a, double b, double x, double y)
{
    const double sum = a + b, excess = x * b - y * a;
    const double exponent = a * log_ratio(x * sum, a, excess) + b * log_ratio(y * sum, b, -excess) +
                            (stirling_rest(sum) - stirling_rest(a) - stirling_rest(b));
    return sqrt(a / sum * b / (2 * PI)) * exp(exponent);
}

/* The continued fraction of a I_x(a, b) over beta_power, by Lentz's method. All its partial
 * denominators are 1; it converges fast for x below the mean. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double value = 1, c = 1, d = 0, step = 0;
    for (size_t i = 1; i < 100000 && fabs(step - 1) > 1e-15; i++) {
        const size_t half = i / 2;
        const double m = (double)half, at = a + 2 * m;
        const double numerator = i % 2 == 0 ? m * (b - m) * x / ((at - 1) * at)
                                            : -(a + m) * (a + b + m) * x / (at * (at + 1));
        d = 1 + numerator * d;
        c = 1 + numerator / c;
        d = 1 / (d == 0 ? tiny : d);
        c = c == 0 ? tiny : c;
        step = c * d;
        value *= step;
    }
    return 1 / value;
}

/* The regularized incomplete beta function I_x(a, b), y = 1 - x. */
static double incomplete_beta(double a, double b, double x, double y)
{
    if (x <= 0 || y <= 0) {
        return x <= 0 ? 0 : 1;
    }
    const double power = beta_power(a, b, x, y);
    if (x * (a + b + 2) <= a + 1) {
        return power / a * beta_fraction(a, b, x);
    }
    return 1 - power / b * beta_fraction(b, a, y);
}

double stats_t_upper_tail(double t, double df)
{
    const double ratio = t * t / df;
    const double tail = incomplete_beta(df / 2, .5, 1 / (1 + ratio), 1 / (1 + 1 / ratio)) / 2;
    return t < 0 ? 1 - tail : tail;
}

double stats_t_quantile(double p, double df)
{
    if (p <= 0 || p >= 1) {
        return p <= 0 ? -INFINITY : INFINITY;
    }
    const double tail = p < .5 ? p : 1 - p;
    double low = 0, high = 1;
    while (stats_t_upper_tail(high, df) > tail) {
        low = high;
        high *= 2;
    }
    double t = tail == .5 ? 0 : low + (high - low) / 2;
    while (t > low && t < high) {
        if (stats_t_upper_tail(t, df) > tail) {
            low = t;
        } else {
            high = t;
        }
        t = low + (high - low) / 2;
    }
    return p < .5 ? -t : t;
}

/* The least probability that gives `successes` or more with at least the probability `tail`. */
static double least_probability(size_t successes, size_t trials, double tail)
{
    if (successes == 0) {
        return 0;
    }
    const double a = (double)successes, b = (double)(trials - successes + 1);
    double low = 0, high = 1, x = .5;
    while (x > low && x < high) {
        if (incomplete_beta(a, b, x, 1 - x) < tail) {
            low = x;
        } else {
            high = x;
        }
        x = low + (high - low) / 2;
    }
    return x;
}

void stats_clopper_pearson(size_t successes, size_t trials, double confidence, double *low,
                           double *high)
{
    const double tail = (1 - confidence) / 2;
    *low = least_probability(successes, trials, tail);
    *high = 1 - least_probability(trials - successes, trials, tail);
}
