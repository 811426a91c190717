/* The statistics of pinion-bench, against NumPy and SciPy, and by what they promise. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/stats.h"
#include "tests/bench/data/stats_vectors.h"

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof *(ARRAY))
#define EACH(VECTOR, VECTORS)                                                                      \
    for (const struct VECTORS *VECTOR = VECTORS; VECTOR < VECTORS + COUNT(VECTORS); VECTOR++)

static void expect_near(double value, double expected, double relative, const char *what,
                        size_t index)
{
    const double error = fabs(value - expected);
    cr_expect(value == expected || error <= relative * fabs(expected) || error <= 1e-300,
              "%s %zu: %.17g, expected %.17g", what, index, value, expected);
}

/* The seed is in the state: the same numbers in each run. */
static double uniform(unsigned short state[3])
{
    return erand48(state);
}

static double normal(unsigned short state[3])
{
    const double radius = sqrt(-2 * log(1 - uniform(state)));
    return radius * cos(2 * 3.14159265358979323846 * uniform(state));
}

/* Skewed, as times are. */
static double exponential(unsigned short state[3])
{
    return -log(1 - uniform(state));
}

static void shuffle(double *values, size_t count, unsigned short state[3])
{
    for (size_t i = count; i > 1; i--) {
        const size_t other = (size_t)(uniform(state) * (double)i);
        const double value = values[i - 1];
        values[i - 1] = values[other];
        values[other] = value;
    }
}

Test(stats, location_and_spread_are_numpys)
{
    unsigned short state[3] = {1, 2, 3};
    EACH(vector, sample_vectors)
    {
        const size_t index = (size_t)(vector - sample_vectors);
        double values[64];
        memcpy(values, vector->values, sizeof values);
        expect_near(stats_mean(values, vector->count), vector->mean, 1e-14, "mean", index);
        for (size_t i = 0; i < COUNT(vector->p); i++) {
            shuffle(values, vector->count, state);
            expect_near(stats_quantile(values, vector->count, vector->p[i]), vector->quantiles[i],
                        1e-14, "quantile", index);
        }
        shuffle(values, vector->count, state);
        expect_near(stats_mad(values, vector->count), vector->mad, 1e-14, "mad", index);
        shuffle(values, vector->count, state);
        cr_expect_eq(stats_median(values, vector->count),
                     stats_quantile(values, vector->count, .5));
    }
}

Test(stats, quantiles_grow_with_p)
{
    double values[] = {3, 3, 8, 1, 2, 3, 2, 1e9, -4};
    double previous = -4;
    for (int step = 0; step <= 1000; step++) {
        const double quantile = stats_quantile(values, COUNT(values), step / 1000.);
        cr_expect_geq(quantile, previous);
        previous = quantile;
    }
    cr_expect_eq(previous, 1e9);
}

Test(stats, median_interval_leaves_out_what_the_binomial_distribution_allows)
{
    static double values[5000];
    unsigned short state[3] = {4, 5, 6};
    EACH(vector, interval_vectors)
    {
        for (size_t i = 0; i < vector->count; i++) {
            values[i] = (double)i;
        }
        shuffle(values, vector->count, state);
        double low = -1, high = -1;
        stats_median_interval(values, vector->count, vector->confidence, &low, &high);
        cr_expect_eq(low, (double)vector->left_out, "%zu at %g: %g", vector->count,
                     vector->confidence, low);
        cr_expect_eq(high, (double)(vector->count - 1 - vector->left_out));
    }
}

/* The share of simulated intervals that hold the true median; the sizes are such that the interval
 * can reach its confidence. */
static double coverage(size_t count, double confidence)
{
    enum { TRIALS = 20000 };
    unsigned short state[3] = {7, (unsigned short)count, 9};
    size_t covered = 0;
    for (size_t trial = 0; trial < TRIALS; trial++) {
        double values[64], low, high;
        for (size_t i = 0; i < count; i++) {
            values[i] = exponential(state);
        }
        stats_median_interval(values, count, confidence, &low, &high);
        covered += low <= log(2) && high >= log(2);
    }
    return (double)covered / TRIALS;
}

Test(stats, median_interval_covers)
{
    /* 3 standard errors below the confidence. */
    for (size_t count = 8; count <= 64; count += 7) {
        cr_expect_geq(coverage(count, .95), .95 - .0047, "%zu", count);
        cr_expect_geq(coverage(count, .99), .99 - .0022, "%zu", count);
    }
    /* Not by being all too wide: here 95 % can be met almost exactly. */
    cr_expect_lt(coverage(49, .95), .98);
}

Test(stats, t_tail_is_scipys)
{
    EACH(vector, t_tail_vectors)
    {
        expect_near(stats_t_upper_tail(vector->t, vector->df), vector->p, 1e-10, "tail",
                    (size_t)(vector - t_tail_vectors));
    }
}

Test(stats, t_tail_of_one_and_two_degrees_has_closed_forms)
{
    for (double t = 1e-3; t < 1e6; t *= 1.7) {
        expect_near(stats_t_upper_tail(t, 1), atan2(1, t) / 3.14159265358979323846, 1e-12, "Cauchy",
                    1);
        const double root = sqrt(2 + t * t);
        expect_near(stats_t_upper_tail(t, 2), 1 / (root * (root + t)), 1e-12, "two degrees", 2);
        cr_expect_float_eq(stats_t_upper_tail(t, 7) + stats_t_upper_tail(-t, 7), 1, 1e-15);
    }
    cr_expect_eq(stats_t_upper_tail(0, 3), .5);
    cr_expect_eq(stats_t_upper_tail(INFINITY, 3), 0);
    cr_expect_eq(stats_t_upper_tail(-INFINITY, 3), 1);
}

Test(stats, t_quantile_is_scipys)
{
    EACH(vector, t_quantile_vectors)
    {
        expect_near(stats_t_quantile(vector->p, vector->df), vector->t, 1e-10, "quantile",
                    (size_t)(vector - t_quantile_vectors));
    }
    cr_expect_eq(stats_t_quantile(0, 4), -INFINITY);
    cr_expect_eq(stats_t_quantile(1, 4), INFINITY);
}

Test(stats, t_quantile_undoes_the_tail)
{
    for (double df = 1; df < 1e5; df *= 3) {
        double previous = -INFINITY;
        for (int step = 1; step < 100; step++) {
            const double p = step / 100., t = stats_t_quantile(p, df);
            cr_expect_float_eq(stats_t_upper_tail(t, df), 1 - p, 1e-13);
            cr_expect_gt(t, previous);
            previous = t;
        }
    }
}

Test(stats, clopper_pearson_is_scipys)
{
    EACH(vector, clopper_pearson_vectors)
    {
        const size_t index = (size_t)(vector - clopper_pearson_vectors);
        double low, high;
        stats_clopper_pearson(vector->successes, vector->trials, vector->confidence, &low, &high);
        expect_near(low, vector->low, 1e-10, "low", index);
        expect_near(high, vector->high, 1e-10, "high", index);
    }
}

Test(stats, clopper_pearson_at_the_ends)
{
    double low, high;
    stats_clopper_pearson(0, 0, .95, &low, &high);
    cr_expect(low == 0 && high == 1);
    for (size_t trials = 1; trials < 2000; trials = trials * 3 + 1) {
        /* None in n: (1 - high)^n is the share of the tail. */
        stats_clopper_pearson(0, trials, .9, &low, &high);
        cr_expect_eq(low, 0);
        cr_expect_float_eq(high, 1 - pow(.05, 1 / (double)trials), 1e-13);
        stats_clopper_pearson(trials, trials, .9, &low, &high);
        cr_expect_eq(high, 1);
        cr_expect_float_eq(low, pow(.05, 1 / (double)trials), 1e-13);
    }
}

/* Exactly, by the binomial distribution: no probability is missed more often than stated. */
Test(stats, clopper_pearson_covers_every_probability)
{
    enum { TRIALS = 23 };
    double low[TRIALS + 1], high[TRIALS + 1];
    for (size_t s = 0; s <= TRIALS; s++) {
        stats_clopper_pearson(s, TRIALS, .95, &low[s], &high[s]);
        cr_expect(s == 0 || (low[s] > low[s - 1] && high[s] > high[s - 1]));
    }
    for (int step = 1; step < 500; step++) {
        const double p = step / 500.;
        double below = 0, above = 0;
        for (size_t s = 0; s <= TRIALS; s++) {
            const double choices =
                lgamma(TRIALS + 1) - lgamma((double)s + 1) - lgamma((double)(TRIALS - s) + 1);
            const double share =
                exp(choices + (double)s * log(p) + (double)(TRIALS - s) * log(1 - p));
            below += p < low[s] ? share : 0;
            above += p > high[s] ? share : 0;
        }
        cr_expect_leq(below, .025 + 1e-12, "%g", p);
        cr_expect_leq(above, .025 + 1e-12, "%g", p);
    }
}

Test(stats, sign_flip_is_exact_or_close)
{
    EACH(vector, sign_flip_vectors)
    {
        const double p = stats_sign_flip(vector->values, vector->count, vector->margin);
        const double above = vector->count <= 28 ? 0 : 0.03 * vector->p;
        cr_expect(p >= vector->p - 1e-14 && p <= vector->p + above + 1e-14,
                  "%zu values: %.12g, not %.12g", vector->count, p, vector->p);
    }
}

Test(stats, sign_flip_of_few_values)
{
    cr_expect_eq(stats_sign_flip((double[]){2}, 1, 0), .5);
    cr_expect_eq(stats_sign_flip((double[]){2}, 1, 2), 1);
    cr_expect_eq(stats_sign_flip((double[]){2}, 1, 3), 1);
    cr_expect_eq(stats_sign_flip((double[]){.1, .2}, 2, 0), .25);
    cr_expect_eq(stats_sign_flip((double[]){.1, -.2}, 2, 0), .75);
    /* Sums that are equal but for rounding count as equal: .1 + .2 - .3. */
    cr_expect_eq(stats_sign_flip((double[]){.1, .2, -.3}, 3, 0), .625);
    cr_expect_eq(stats_sign_flip((double[]){.1, .2, .3, -.6}, 4, 0),
                 stats_sign_flip((double[]){1, 2, 3, -6}, 4, 0));
    cr_expect_eq(stats_sign_flip((double[]){2}, 0, 0), 1);
}

Test(stats, sign_flip_grows_with_the_margin)
{
    unsigned short state[3] = {3, 1, 4};
    double values[40];
    for (size_t i = 0; i < COUNT(values); i++) {
        values[i] = 1 + normal(state);
    }
    for (size_t count = 5; count <= 40; count += 35) {
        double previous = 0;
        for (double margin = -1; margin < 3; margin += .25) {
            const double p = stats_sign_flip(values, count, margin);
            cr_expect(p >= previous && p > 0 && p <= 1, "%zu, %g: %g", count, margin, p);
            previous = p;
        }
        cr_expect_gt(previous, .9);
    }
}

/* Symmetric about the margin, with tails much heavier than the normal distribution's. */
Test(stats, sign_flip_keeps_its_rate_of_false_alarms)
{
    enum { TRIALS = 20000 };
    const double alphas[] = {.01, .05, .2};
    size_t alarms[COUNT(alphas)] = {0}, found = 0;
    unsigned short state[3] = {1, 6, 1};
    for (size_t trial = 0; trial < TRIALS; trial++) {
        double values[12];
        for (size_t i = 0; i < COUNT(values); i++) {
            const double noise = normal(state);
            values[i] = .5 + noise * noise * noise;
        }
        const double p = stats_sign_flip(values, COUNT(values), .5);
        for (size_t i = 0; i < COUNT(alphas); i++) {
            alarms[i] += p <= alphas[i];
        }
        found += stats_sign_flip(values, COUNT(values), -6) <= .05;
    }
    for (size_t i = 0; i < COUNT(alphas); i++) {
        const double error = sqrt(alphas[i] * (1 - alphas[i]) / TRIALS);
        cr_expect_leq((double)alarms[i] / TRIALS, alphas[i] + 3 * error, "%g", alphas[i]);
        cr_expect_geq((double)alarms[i] / TRIALS, alphas[i] * .9 - 3 * error, "%g", alphas[i]);
    }
    cr_expect_gt((double)found / TRIALS, .9);
}

Test(stats, holm_is_its_definition)
{
    EACH(vector, holm_vectors)
    {
        double adjusted[40];
        stats_holm(vector->p, vector->count, adjusted);
        for (size_t i = 0; i < vector->count; i++) {
            expect_near(adjusted[i], vector->adjusted[i], 1e-15, "adjusted", i);
            cr_expect(adjusted[i] >= vector->p[i] && adjusted[i] <= 1);
        }
    }
    double none = 7;
    stats_holm(NULL, 0, &none);
    cr_expect_eq(none, 7);
}

/* 20 true hypotheses and 5 false ones: any false alarm in at most alpha of the runs. */
Test(stats, holm_keeps_the_rate_of_any_false_alarm)
{
    enum { RUNS = 20000, TRUE_ONES = 20, ALL = 25 };
    unsigned short state[3] = {2, 7, 1};
    size_t alarmed = 0, found = 0;
    for (size_t run = 0; run < RUNS; run++) {
        double p[ALL], adjusted[ALL];
        for (size_t i = 0; i < ALL; i++) {
            p[i] = uniform(state) * (i < TRUE_ONES ? 1 : 1e-3);
        }
        stats_holm(p, ALL, adjusted);
        bool any = false;
        for (size_t i = 0; i < ALL; i++) {
            any = any || (i < TRUE_ONES && adjusted[i] <= .05);
            found += i >= TRUE_ONES && adjusted[i] <= .05;
        }
        alarmed += any;
    }
    cr_expect_leq((double)alarmed / RUNS, .05 + 3 * .0016);
    cr_expect_gt((double)alarmed / RUNS, .03);
    cr_expect_eq(found, 5 * RUNS);
}

Test(stats, mann_whitney_is_scipys)
{
    unsigned short state[3] = {8, 2, 8};
    EACH(vector, rivals_vectors)
    {
        const size_t index = (size_t)(vector - rivals_vectors);
        double x[64], y[64];
        memcpy(x, vector->old, sizeof x);
        memcpy(y, vector->new, sizeof y);
        shuffle(x, vector->old_count, state);
        shuffle(y, vector->new_count, state);
        expect_near(stats_mann_whitney(x, vector->old_count, y, vector->new_count), vector->p,
                    1e-11, "p", index);
        shuffle(x, vector->old_count, state);
        expect_near(stats_mann_whitney(y, vector->new_count, x, vector->old_count), vector->p,
                    1e-11, "p, other way round", index);
    }
}

Test(stats, tail_of_pairs_is_the_share_of_orders)
{
    EACH(vector, pairs_vectors)
    {
        const size_t index = (size_t)(vector - pairs_vectors);
        expect_near(stats_pairs_lower_tail(vector->x_count, vector->y_count, vector->u), vector->p,
                    1e-12, "tail", index);
        expect_near(stats_pairs_lower_tail(vector->y_count, vector->x_count, vector->u), vector->p,
                    1e-12, "tail, other way round", index);
    }
}

/* Where the exact table ends, the normal distribution goes on without a jump. */
Test(stats, mann_whitney_of_large_samples)
{
    static double x[8], y[2100];
    double p[2];
    for (size_t round = 0; round < 2; round++) {
        const size_t count = round == 0 ? 2047 : 2049;
        for (size_t i = 0; i < count; i++) {
            y[i] = (double)i;
        }
        for (size_t i = 0; i < 8; i++) {
            x[i] = 1000.5 + 130 * (double)i;
        }
        p[round] = stats_mann_whitney(x, 8, y, count);
    }
    cr_expect(p[0] > .01 && p[0] < .05, "%g", p[0]);
    cr_expect_float_eq(p[0], p[1], .004, "%g, %g", p[0], p[1]);
}

Test(stats, pairs_are_counted)
{
    double x[] = {3, 1, 2, 2}, y[] = {2, 0, 5, 2, 2};
    const struct stats_pairs pairs = stats_count_pairs(x, 4, y, 5);
    cr_expect_eq(pairs.greater, 4 + 1 + 1 + 1);
    cr_expect_eq(pairs.equal, 6);
    cr_expect_eq(pairs.ties, 5 * 5 * 5 - 5);
}
