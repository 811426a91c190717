/* ab/trial.h: one comparison of which the right answer is known. */
#ifndef PINION_BENCH_AB_TRIAL_H
#define PINION_BENCH_AB_TRIAL_H

#include "bench/ab/scorecard.h"

struct trial_options {
    const char *library; /* is old, placebo and new */
    const char *rolled;  /* NULL: none */
    const struct suite_options *suite;
    size_t threads; /* 0: one for each usable core */
    double turn_ns;
};

/* Compares the build with itself, as it is or with the card's slow-downs in rows drawn at random,
 * and counts the verdicts. Mistakes are kept with all of their samples. PN_ERROR_FAILED for a build
 * that crashes; then nothing is counted. */
pn_status trial_run(const struct trial_options *options, uint32_t seed, bool clean,
                    struct scorecard *card);

/* Everything but measuring, to be done before hours of trials: whether the builds can be measured
 * and have rows for the slow-downs. isa receives what their rows are of: "avx512", "all". Errors as
 * of session_create(), suite_create() and inject(). */
pn_status trial_rehearse(const struct trial_options *options, uint32_t seed,
                         char isa[BENCH_ABI_TEXT]);

#endif
