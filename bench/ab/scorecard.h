/*
 * ab/scorecard.h: how often the comparison was right where the answer is known, counted by
 * condition and injection, for this program and for the rules of other tools on the same
 * recordings.
 */
#ifndef PINION_BENCH_AB_SCORECARD_H
#define PINION_BENCH_AB_SCORECARD_H

#include <stddef.h>

#include <jansson.h>

#include "bench/ab/suite.h"

enum judge { JUDGE_PINION, JUDGE_GOOGLE, JUDGE_CRITERION, JUDGE_ASV, JUDGE_THRESHOLD, JUDGE_COUNT };

/* "pinion", "google", ... */
const char *judge_name(enum judge judge);

/* What is done to a row of the new build, and by how much. */
struct slow_down {
    const char *name; /* "tax 5 %" */
    struct injection injection;
};

enum { SCORECARD_SLOW_DOWNS = 8 };

struct slow_downs {
    const struct slow_down *list[SCORECARD_SLOW_DOWNS];
    size_t count;
};

/* Those that a team of `threads` can suffer, with or without a build whose loops are rolled. */
struct slow_downs scorecard_slow_downs(size_t threads, bool rolled);

/* Trials of one kind, and how many each judge called regressed. */
struct tally {
    size_t trials, inconclusive;
    size_t detected[JUDGE_COUNT];
};

/* Of one condition. */
struct scorecard {
    const char *condition; /* "quiet" */
    struct slow_downs slow_downs;
    json_t *mistakes;    /* array: receives rows that were judged wrongly */
    struct tally suites; /* nothing injected: whole comparisons, any row or the mean regressed */
    struct tally rows;   /* rows with nothing injected, of all comparisons */
    struct tally injected[SCORECARD_SLOW_DOWNS]; /* in the order of slow_downs */
};

/* Counts a comparison in which nothing, or only rows with a slow-down, changed. injected: for each
 * row 0 or one more than the index of what it got. */
pn_status scorecard_count(const struct suite *suite, const size_t *injected, bool clean,
                          struct scorecard *card);

/* Whether the verdict on a row is wrong, where `slow_down` (NULL: none) was injected: a false
 * alarm, or a tax beyond the margin that was not called REGRESSED. What other slow-downs cost is up
 * to the kernel. */
bool scorecard_mistaken(const struct suite *suite, const struct suite_row *row,
                        const struct slow_down *slow_down);

/* Adds the counts of more trials with the same slow-downs. */
void scorecard_add(struct scorecard *sum, const struct scorecard *more);

/* Rows {"condition", "injection", "runs", "inconclusive", "detected": {judge: n}, "low", "high"}:
 * 95 % Clopper-Pearson bounds of what pinion detected. */
pn_status scorecard_rows(const struct scorecard *card, json_t *rows);

/* Whether rows can be added to a file, to be asked before they are measured. Errors as below. */
pn_status scorecard_check(const char *path);

/*
 * Adds rows to those of a file for the same processor, instruction set, threads, options and
 * version, and writes it anew; a file that is not there is begun. Each entry keeps the first and
 * the last date. PN_ERROR_DATA for one that is no scorecard, PN_ERROR_IO.
 */
pn_status scorecard_accumulate(const char *path, const json_t *key, json_t *date,
                               const json_t *rows);

#endif
