/* ab/inject.h: gives rows of a comparison slow-downs whose size is known. */
#ifndef PINION_BENCH_AB_INJECT_H
#define PINION_BENCH_AB_INJECT_H

#include "bench/ab/scorecard.h"

/* Gives each of the slow-downs to a few rows drawn at random. injected[row] becomes 0 or one more
 * than the index of the slow-down. PN_ERROR_USAGE if the rolled build has none of the products that
 * are compared. */
pn_status inject(struct suite *suite, const struct slow_downs *slow_downs, size_t *injected);

#endif
