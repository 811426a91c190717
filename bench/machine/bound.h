/* machine/bound.h: the least time that work takes by the machine's measured limits. */
#ifndef PINION_BENCH_BOUND_H
#define PINION_BENCH_BOUND_H

#include "bench/problems/problem.h"
#include "bench/machine/probe.h"

/* One thread's rates, as probe_rate() gives them. */
struct bound_rates {
    double compute[PROBE_READ];                                   /* PROBE_FMA ... PROBE_SQRT */
    double bandwidth[LEVEL_COUNT][PROBE_KIND_COUNT - PROBE_READ]; /* PROBE_READ ... PROBE_TRIAD */
};

/* The place of a kind's rate; `level` counts for bandwidths. */
static inline double *bound_rate(struct bound_rates *rates, enum probe_kind kind,
                                 enum memory_level level)
{
    return kind < PROBE_READ ? &rates->compute[kind] : &rates->bandwidth[level][kind - PROBE_READ];
}

/* Bytes that the work touches. */
size_t bound_working_set(const struct work *work);

/* Nanoseconds that one thread needs at least for work whose data lies in `level`; *limit receives
 * the name of what binds. Rates that the work does not need may be 0. */
double bound_least(const struct work *work, const struct bound_rates *rates,
                   enum memory_level level, const char **limit);

#endif
