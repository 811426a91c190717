/* check/limb.h: which limit binds a row, and so which yardstick its speed is told in. */
#ifndef PINION_BENCH_CHECK_LIMB_H
#define PINION_BENCH_CHECK_LIMB_H

#include "bench/problems/abi.h"
#include "bench/command/rows.h"
#include "bench/machine/yardstick.h"

/* A yardstick, and how much of its work one call of the row does. */
struct limb {
    struct yardstick yardstick;
    double work; /* of one thread, in the yardstick's units; above 0 */
};

enum { LIMB_MOST = 5 };

/* Every limb that may bind the row; at least one. A scalar table is measured by the best one, since
 * compilers turn parts of it into vectors. */
size_t limb_list(const struct bench_abi_problem *about, const char *isa, enum cache_state cache,
                 const struct machine *machine, struct limb list[LIMB_MOST]);

/* The index of the one that takes longest when a unit of each takes so many nanoseconds. Divisions
 * and roots wait for each other: together they are one limb, told in the larger one. */
size_t limb_binding(const struct limb *list, size_t count, const double *unit_ns);

bool limb_equals(const struct limb *a, const struct limb *b);

#endif
