/* machine/measure.h: timed samples of work that every thread of a pinned team does at once. */
#ifndef PINION_BENCH_MEASURE_H
#define PINION_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"
#include "engine/team/team.h"

/* Does a piece of work `iterations` times on the data of `thread`. */
typedef void (*measure_work)(void *context, size_t thread, size_t iterations);

struct measure_span; /* when a thread started and ended */

/* A team to measure on, or the calling thread alone. */
struct measure {
    struct team *team; /* NULL: alone */
    size_t threads;
    struct measure_span *spans; /* [threads] */
};

/* threads 0: one for each usable core. */
pn_status measure_create(size_t threads, struct measure *measure);
/* For work that starts threads of its own: it is called as thread 0, on the caller, unbound. Holds
 * nothing that must be freed. */
void measure_create_alone(struct measure *measure);
void measure_free(struct measure *measure);

/* Nanoseconds that the iterations take together, from the first thread's start to the last one's
 * end; false in *clean if a thread was preempted. */
pn_status measure_once(struct measure *measure, measure_work work, void *context, size_t iterations,
                       double *nanoseconds, bool *clean);

/* Nanoseconds from the first thread's start to the last one's end, for one iteration. A short
 * sample in which a thread was preempted is taken again a few times; the fastest counts then.
 * PN_ERROR_INTERRUPTED after a signal, see interrupt.h. */
pn_status measure_sample(struct measure *measure, measure_work work, void *context,
                         size_t iterations, double *nanoseconds);

/* The number of iterations that takes at least `sample_ns`. Warms caches and clocks up. */
pn_status measure_calibrate(struct measure *measure, measure_work work, void *context,
                            double sample_ns, size_t *iterations);

/* Nanoseconds of the monotonic clock. */
double measure_now(void);

#endif
