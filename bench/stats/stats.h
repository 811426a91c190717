/* stats/stats.h: what is made of repeated measurements. Values are finite, counts at least 1 unless
 * said otherwise. Functions without const sort what they are given: none of them looks at the
 * order. */
#ifndef PINION_BENCH_STATS_H
#define PINION_BENCH_STATS_H

#include <stddef.h>

/* stats.c: order, location, spread. */

void stats_sort(double *values, size_t count);
double stats_mean(const double *values, size_t count);
/* The middle one, or the mean of the two middle ones. */
double stats_median(double *values, size_t count);
double stats_max(const double *values, size_t count);
/* p from 0 to 1, linear between neighbours: 0 gives the least, 1 the greatest. */
double stats_quantile(double *values, size_t count, double p);
/* Median distance from the median, without a factor for the normal distribution. */
double stats_mad(double *values, size_t count);
/* Two of the values between which the population's median lies with at least this confidence,
 * whatever the distribution. Too few values for that: the least and the greatest. */
void stats_median_interval(double *values, size_t count, double confidence, double *low,
                           double *high);

/* stats_beta.c: exact distributions that rest on the incomplete beta function. */

/* P(T > t) of Student's t; df > 0. */
double stats_t_upper_tail(double t, double df);
/* The t below which lies the share p; infinite at 0 and 1. */
double stats_t_quantile(double p, double df);
/* Bounds of a probability of which `successes` of `trials` were seen. Each fails with at most
 * (1 - confidence) / 2: with .9 each alone is a one-sided bound at 95 %. No trials: 0 and 1. */
void stats_clopper_pearson(size_t successes, size_t trials, double confidence, double *low,
                           double *high);

/* stats_significance.c: tests of one sample, and of many at once. */

/* One-sided p of "the mean is greater than margin": the share of all ways to flip the signs of
 * values - margin that give as large a mean. Exact up to 28 values; beyond, of up to about a
 * thousand, a few percent too large at most. Valid for values that lie symmetrically about their
 * mean. */
double stats_sign_flip(const double *values, size_t count, double margin);
/* Holm: of those whose adjusted p is at most alpha, any is wrong with probability at most alpha.
 * adjusted is another array; order is kept; count may be 0. */
void stats_holm(const double *p, size_t count, double *adjusted);

/* stats_mann_whitney.c */

/* Pairs of one value of x and one of y. */
struct stats_pairs {
    size_t greater, equal; /* x > y; x = y */
    double ties;           /* sum of t^3 - t over groups of t equal values of both samples */
};

struct stats_pairs stats_count_pairs(double *x, size_t x_count, double *y, size_t y_count);
/* P(at most u pairs are greater) when all orders of x_count and y_count different values are
 * equally likely; u <= STATS_MOST_PAIRS. */
enum { STATS_MOST_PAIRS = 8191 };
double stats_pairs_lower_tail(size_t x_count, size_t y_count, size_t u);
/* Two-sided p of the Mann-Whitney U test: exact if one side has 8 values or fewer and no values are
 * equal (and stats_pairs_lower_tail reaches: x_count * y_count < 16384), else by the normal
 * distribution, corrected for ties and continuity. The same p as mannwhitneyu's of SciPy. */
double stats_mann_whitney(double *x, size_t x_count, double *y, size_t y_count);

#endif
