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

/* What was done to a row of the new build, and by how much. */
struct injection_kind_of_row {
    const char *name; /* "tax 5 %" */
    struct injection injection;
};

/* Those that a team of `threads` can suffer; *count receives their number. */
const struct injection_kind_of_row *scorecard_injections(size_t threads, size_t *count);

/* Trials of one kind, and how many each judge called regressed. */
struct tally {
    size_t trials, inconclusive;
    size_t detected[JUDGE_COUNT];
};

enum { SCORECARD_INJECTIONS = 8 };

/* Of one condition. */
struct scorecard {
    struct tally suites; /* nothing injected: whole comparisons, any row or the mean regressed */
    struct tally rows;   /* rows with nothing injected, of all comparisons */
    struct tally injected[SCORECARD_INJECTIONS];
};

/* Counts a comparison in which nothing, or only rows with an injection, changed. */
pn_status scorecard_count(const struct suite *suite, const size_t *injection_of_row, bool clean,
                          struct scorecard *card);

/* Rows {"condition", "injection", "runs", "inconclusive", "detected": {judge: n}, "low", "high"}:
 * 95 % Clopper-Pearson bounds of what pinion detected. */
pn_status scorecard_rows(const struct scorecard *card, const char *condition, size_t threads,
                         json_t *rows);

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
