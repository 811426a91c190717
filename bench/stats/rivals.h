/* stats/rivals.h: what other tools would say of two samples of times: the rules by which they call
 * the new one slower, with their default settings. The times are of one call each, in any unit;
 * they get sorted, for no rule looks at their order. */
#ifndef PINION_BENCH_RIVALS_H
#define PINION_BENCH_RIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Google Benchmark's compare.py. It has no verdict: it paints each row red where new / old - 1 is
 * above 5 %, and prints the p of a two-sided Mann-Whitney test over all repetitions, green below
 * 5 %. Who reads it sees a slow-down where the row of the median is red and the p is green. (The
 * row of the mean, which outliers move, would raise more false alarms.) It tests from 2 repetitions
 * on; fewer: false. */
bool rival_google(double *old, size_t old_count, double *new, size_t new_count);

/* criterion.rs: a two-sample t statistic (of unequal variances), as extreme under resampling from
 * both samples together with p < 5 %, and a bootstrapped 95 % interval (percentiles) of the change
 * of the mean that is above +1 % as a whole. Resamples 10,000 times, not 100,000, which moves p by
 * about 0.002 near 5 %; for the interval it draws both samples anew each time, where criterion
 * keeps one of them for some 300 draws. Fewer than 2 values: false. */
bool rival_criterion(double *old, size_t old_count, double *new, size_t new_count, uint64_t seed);

/* asv continuous: two-sided Mann-Whitney p < 0.002, and a median more than 1.1 times the old one.
 * Its own test: exact up to 20 values on each side, with ties broken the way that speaks least for
 * a difference; beyond, the normal distribution without corrections. With one value on a side the
 * ratio alone decides. With so few that the test could not say yes it compares intervals from a
 * model of the noise; here the answer is false then (5 values or fewer against as many). */
bool rival_asv(double *old, size_t old_count, double *new, size_t new_count);

/* The median changed by more than threshold, 0.05 for 5 %. */
bool rival_threshold(double *old, size_t old_count, double *new, size_t new_count,
                     double threshold);

#endif
