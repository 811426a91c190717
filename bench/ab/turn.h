/* ab/turn.h: what a worker does before others have their turn: calls that nobody times, then a few
 * samples. */
#ifndef PINION_BENCH_AB_TURN_H
#define PINION_BENCH_AB_TURN_H

#include <math.h>
#include <stddef.h>

/* A turn is cut into so many samples, of which the fastest counts: where others take the processor
 * now and then, some are whole. */
enum { TURN_SAMPLES = 4 };

/* Fewer calls than this fill any sample, if they do anything. */
enum { TURN_MOST_CALLS = 1000000000 };

/* As many as fit, at least one. */
static inline size_t turn_samples(double turn_ns, double sample_ns)
{
    return (size_t)fmin(fmax(turn_ns / sample_ns, 1), TURN_SAMPLES);
}

/* So many that caches hold again what others displaced. */
static inline size_t turn_warm_calls(size_t calls, size_t samples)
{
    const double share = 0.15;
    return (size_t)ceil(share * (double)(calls * samples));
}

#endif
