/*
 * check/judge.h: what launches say of a row beside those of a baseline's runs. A launch's value is
 * the ln of its ratio to the yardstick.
 *
 * The runs of one key differ by more than their launches do: the machine has other neighbours, the
 * processor another temperature. So a row's margin is at least 5 %, and where the key has a history
 * at least what that shows: 2.906 times the median distance between runs that follow each other,
 * which is where 95 % of the distances between two runs lie if they are normal. Neighbours, because
 * a row that was made faster for good once is no noise.
 *
 * Reference is one run, the middle one of the newest three that have the row (of two the slower):
 * one odd run does not count, and after two saved runs a new speed is what is normal.
 */
#ifndef PINION_BENCH_CHECK_JUDGE_H
#define PINION_BENCH_CHECK_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/ab/verdict.h"

/* Launches of one run, and runs of one key. */
enum { JUDGE_LAUNCHES = 64, JUDGE_RUNS = 20 };

struct launches {
    size_t count;
    double values[JUDGE_LAUNCHES];
};

double launches_mean(const struct launches *launches);
/* The mean's standard error; of two launches or more. */
double launches_error(const struct launches *launches);

/* The index of the reference among runs given from the newest to the oldest; at least one. */
size_t judge_reference(const double *means, size_t count);

/* The margin in ln, from the means of such runs. */
double judge_margin(const double *means, size_t count);

/* Changes are ln now / then; times of the mean. Bounds and tests are Welch's. */
struct change {
    double change, low, high; /* and its one-sided 97.5 % bounds */
    double p, p_faster;       /* of "slower", "faster by more than the margin" */
};

/* Needs two launches on each side, or says false. */
bool judge_change(const struct launches *now, const struct launches *then, double margin,
                  struct change *change);

/* Whether a row must be measured again with fresh launches before it may fail or cannot be called
 * equal yet. */
bool judge_suspicious(const struct change *change, double margin);

/* A change that was shown to be less than this share is OK. */
#define JUDGE_EQUIVALENCE 0.10

/* p_adjusted: Holm's, of `p` and of `p_faster`, over the rows that were measured again. */
enum verdict judge_verdict(const struct change *change, double margin, double p_adjusted,
                           double p_faster_adjusted);

#endif
