/* ab/suite.h: the rows of a comparison, from the first launch to the verdict. */
#ifndef PINION_BENCH_AB_SUITE_H
#define PINION_BENCH_AB_SUITE_H

#include "bench/ab/session.h"
#include "bench/ab/verdict.h"

/* Of how builds are compared. Raised with every change of measuring or judging: what was counted of
 * another method says nothing of this one. */
enum { SUITE_METHOD = 3 };

struct suite_options {
    const char *filter; /* over row names; NULL: all */
    const char *isa;    /* NULL: the best that both builds have; "all" */
    unsigned caches;    /* a bit for each enum cache_state */
    double budget_s;    /* about how long it may take */
    double margin;      /* smallest change that counts, as a share */
    double longest_ns;  /* rows whose call takes longer are left out; 0: none is */
    bool unchecked;     /* do not compare with plain loops first */
    bool progress;      /* on standard error */
};

struct suite_row {
    struct ab_row row;
    bool left_out; /* takes too long */
    int stage;     /* that decided: 1 or 2 */
    bool judged;   /* false: there is no evidence, the run was cut short */
    struct evidence evidence;
    double p_adjusted; /* Holm's, of rows of stage 2 */
    enum verdict verdict;
};

struct suite {
    const struct suite_options *options;
    struct session *session;
    struct suite_row *rows;
    size_t count;
    char **only_old, **only_new; /* names of rows that one build lacks */
    size_t only_old_count, only_new_count;
    char version[ARM_COUNT][REPLY_MESSAGE];
    double margin; /* of ln new / old */
    double noise;  /* 99th percentile over rows of what the placebo shows */
    bool mean_known;
    struct evidence all;  /* of the mean over rows, if that is known */
    enum verdict mean;    /* of that; INCONCLUSIVE: of too few rows to decide anything */
    enum verdict verdict; /* a wrong result is a regression too */
    size_t verdicts[4], wrong, left_out;
};

/* Launches, and chooses the rows. PN_ERROR_USAGE if none is left. */
pn_status suite_create(struct session *session, const struct suite_options *options,
                       struct suite *suite);
void suite_free(struct suite *suite);

/* Measures all rows, those that may have changed again with fresh launches, and judges.
 * Interrupted, it judges what there is and returns PN_ERROR_INTERRUPTED. */
pn_status suite_run(struct suite *suite);

#endif
