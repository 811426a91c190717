/* stats.h: what is made of repeated measurements. */
#ifndef PINION_BENCH_STATS_H
#define PINION_BENCH_STATS_H

#include <stddef.h>

/* Sorts values. The middle one, or the mean of the two middle ones; count >= 1. */
double stats_median(double *values, size_t count);
double stats_max(const double *values, size_t count);

#endif
