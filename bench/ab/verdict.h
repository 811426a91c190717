/*
 * ab/verdict.h: what recordings say. The launch is the unit of evidence: where the system put code
 * and stack is the same for all samples of a launch, so they repeat each other's luck. A launch's
 * value is ln new - (ln old + ln placebo) / 2 of the arms' lower quartiles: noise only ever adds
 * time.
 *
 * A row is REGRESSED when the lower bound of its mean passes the margin and the exact sign-flip
 * test says so too, under Holm's correction over the rows that were measured again; OK when the
 * upper bound lies below the equivalence bound: shown equal; else INCONCLUSIVE, which it also is
 * where the placebo alone seems to have changed by more than the margin.
 */
#ifndef PINION_BENCH_AB_VERDICT_H
#define PINION_BENCH_AB_VERDICT_H

#include "bench/ab/recording.h"

enum verdict { VERDICT_OK, VERDICT_IMPROVED, VERDICT_INCONCLUSIVE, VERDICT_REGRESSED };

/* "OK", "IMPROVED", ... */
const char *verdict_name(enum verdict verdict);

/* Changes are ln new / old; times the mean. */
struct evidence {
    size_t launches;
    double change, low, high; /* mean and its one-sided 97.5 % bounds */
    double placebo;           /* what the placebo shows against old, where nothing changed */
    double placebo_error;     /* its standard error */
    double error;             /* standard error of the mean */
    double p;                 /* sign-flip: of "slower by more than the margin" */
    double p_faster;          /* of "faster by more than the margin" */
    double old_ns, new_ns;    /* medians over launches */
};

/* A change as a share: 0.05 is 5 % slower. */
double change_share(double change);

/* What the launches of a stage say; 0: of all stages. False with fewer than two launches. */
bool evidence_of(const struct recording *recording, int stage, double margin,
                 struct evidence *evidence);

/* The same of the mean over many rows, each of which has every launch of the stage: a change too
 * small to be seen in any row may show in all. Times are not set. */
bool evidence_of_suite(const struct recording *const *recordings, size_t count, int stage,
                       double margin, struct evidence *evidence);

/* From this change on a row is not equal, unless the margin is wider: a row shown to change less is
 * OK. */
#define VERDICT_EQUIVALENCE 0.03

/* Probability that any of the rows that were measured again is called REGRESSED, or IMPROVED, where
 * none is. */
#define VERDICT_FAMILY_ALPHA 0.01

/* About the smallest change that would have been found with 80 % probability. */
double evidence_detectable(const struct evidence *evidence, double margin);

/* Whether the row changed for the worse by its bounds, if not by the tests that condemn it. */
bool evidence_seems_slower(const struct evidence *evidence, double margin);

/* Whether a row must be measured again: it may have changed, or cannot be called equal yet. */
bool evidence_suspicious(const struct evidence *evidence, double margin);

/* Whether the launches of a stage so far show that the row changed by less than the margin, so that
 * no more are needed: it is OK. May be asked after each launch. */
bool evidence_settled(const struct recording *recording, int stage, double margin);

/* By the bounds and by the sign-flip tests. p_adjusted: Holm's, of `p` and of `p_faster`; of
 * evidence that stands alone they are those themselves. */
enum verdict evidence_verdict(const struct evidence *evidence, double margin, double p_adjusted,
                              double p_faster_adjusted);

#endif
