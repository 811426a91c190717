/* train/scaling.h: how the steps of a network speed up with threads, beside what the machine
 * allows. */
#ifndef PINION_BENCH_SCALING_H
#define PINION_BENCH_SCALING_H

#include "bench/command/output.h"
#include "bench/train/step.h"

enum { SCALING_MOST = 32 };

/* The thread counts of a curve that ends at `most`, ascending from 1: dense at first, from 8 on two
 * for each doubling. */
size_t scaling_counts(size_t most, size_t counts[SCALING_MOST]);

extern const char scaling_titles[];

/* Rows of one curve: contenders that differ in nothing but the thread count, the first has one.
 * The points up to the first that has finished no round. */
pn_status scaling_report(struct contender *contenders, size_t count, struct output *output);

#endif
