/*
 * machine/yardstick.h: frozen routines that speeds are told in: "this kernel takes 1.3 times what
 * fma alone would". They are the probes of simd.h on memory of their own; unlike the limits of
 * probe.h, how much memory a walk takes is part of the yardstick and not found anew on each
 * machine.
 */
#ifndef PINION_BENCH_YARDSTICK_H
#define PINION_BENCH_YARDSTICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/machine/probe.h"

enum { YARDSTICK_TABLE_SIZE = 16, YARDSTICK_LEAST_BYTES = 1 << 10, YARDSTICK_MOST_BYTES = 1 << 30 };

struct yardstick {
    char table[YARDSTICK_TABLE_SIZE]; /* of kernels, of this program */
    enum probe_kind kind;
    enum memory_level level; /* of walks: the one that `bytes` was chosen for; else LEVEL_L1 */
    size_t bytes;            /* of walks: what each thread goes through; else 0 */
};

bool yardstick_equals(const struct yardstick *a, const struct yardstick *b);

/* "fma", "divide", "L2": the limit that it stands for, as rows of run name it. */
const char *yardstick_limit(const struct yardstick *yardstick);

/* The table's kernels; NULL where there is no such table or it does not run here. */
const struct simd_kernels *yardstick_kernels(const struct yardstick *yardstick);

/* What one round of one thread does: flops, divisions, roots, or bytes. The table runs here. */
double yardstick_units(const struct yardstick *yardstick);

/* All yardsticks of a team, which share each thread's memory. */
struct yardsticks {
    struct yardstick current;
    const struct simd_kernels *kernels;
    size_t threads, bytes;        /* of memory, of each thread */
    struct yardstick_walk *walks; /* [threads] */
};

/* Makes one the current one. All zero is a good start. */
pn_status yardsticks_open(struct yardsticks *yardsticks, struct measure *measure,
                          const struct yardstick *yardstick);
void yardsticks_free(struct yardsticks *yardsticks);

/* A measure_work whose context is a struct yardsticks. */
void yardsticks_run(void *yardsticks, size_t thread, size_t rounds);

/*
 * A hash of what the probes of all tables that run here compute from given operands. It tells a
 * probe that does something else, if SIMD_PROBE_REVISION was not raised for it. It does not tell
 * the same work done by other instructions: machine code is not hashed, since addresses in it move
 * with every build; which compiler made it must stand for that.
 */
uint64_t yardstick_fingerprint(void);

#endif
