/* machine/probe.h: the limits of the machine, each measured by a kernel that does nothing else. */
#ifndef PINION_BENCH_PROBE_H
#define PINION_BENCH_PROBE_H

#include <stdbool.h>

#include "bench/machine/machine.h"
#include "bench/machine/measure.h"
#include "engine/base/memory.h"
#include "simd/simd.h"

enum probe_kind {
    PROBE_FMA,    /* flop/ns, registers only */
    PROBE_DIVIDE, /* divisions/ns */
    PROBE_SQRT,   /* square roots/ns */
    PROBE_READ,   /* byte/ns from here on, counting what the program asks for */
    PROBE_COPY,
    PROBE_TRIAD,
    PROBE_KIND_COUNT
};

/* Buffers of every thread of a team, large enough for all levels up to one. */
struct probe_buffers {
    const struct machine *machine;
    size_t threads;
    struct arena *arenas; /* [threads] */
    float **floats;       /* [threads] */
    size_t *slices;       /* [threads] the next one of sliced probes */
};

struct probe {
    enum probe_kind kind;
    enum memory_level level; /* bandwidths only */
    const struct simd_kernels *kernels;
    const struct probe_buffers *buffers; /* bandwidths only */
    /* Of memory: an iteration walks a part of the buffer, the next one another part, so that a
     * sample is short. Sliced probes on the same buffers take turns in one order of the parts. */
    bool sliced;
};

/* Maps and first touches the buffers on the team's threads. `machine` must outlive them. */
pn_status probe_buffers_create(struct measure *measure, const struct machine *machine,
                               enum memory_level largest, struct probe_buffers *buffers);
void probe_buffers_free(struct probe_buffers *buffers);

/* "fma", "divide", ... */
const char *probe_name(enum probe_kind kind);
static inline bool probe_is_bandwidth(enum probe_kind kind)
{
    return kind >= PROBE_READ;
}

/* A measure_work whose context is a struct probe. */
void probe_run(void *probe, size_t thread, size_t iterations);

/* The whole team's rate in units of the kind (each per nanosecond: flops, bytes, ...) when an
 * iteration takes `nanoseconds`. */
double probe_rate(const struct probe *probe, size_t threads, double nanoseconds);

/* Clock of this core in GHz from a chain of dependent integer additions, one a cycle; 0 where there
 * is no such chain for the processor. */
double probe_clock(void);

#endif
