/*
 * machine/calibration.h: how much of a piece of work takes long enough to be timed. Start with
 * count 1, and time `count` of it until calibration_done().
 */
#ifndef PINION_BENCH_CALIBRATION_H
#define PINION_BENCH_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>

struct calibration {
    double sample_ns; /* long enough */
    size_t count;
    int reached; /* times in a row that `count` took so long */
};

/* Takes what `count` took. It must be long enough twice before it is believed, since one preemption
 * would otherwise give far too few; else `count` grows. */
bool calibration_done(struct calibration *calibration, double taken_ns);

#endif
