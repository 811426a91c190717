/* machine/machine.h: the cache levels that bandwidths and working sets are counted in. */
#ifndef PINION_BENCH_MACHINE_H
#define PINION_BENCH_MACHINE_H

#include <stddef.h>

#include "engine/pinion.h"

enum memory_level { LEVEL_L1, LEVEL_L2, LEVEL_L3, LEVEL_DRAM, LEVEL_COUNT };

struct machine {
    size_t
        capacity[LEVEL_COUNT]; /* bytes one thread may count on; 0: no such level; DRAM: unused */
    size_t probe[LEVEL_COUNT]; /* bytes that each thread walks to measure the level; 0: absent */
};

/* Looks the caches up for a team of `threads`. */
pn_status machine_create(size_t threads, struct machine *machine);

/* The smallest level that holds a thread's working set of `bytes`. */
enum memory_level machine_level(const struct machine *machine, size_t bytes);

/* "L1", ..., "DRAM". */
const char *machine_level_name(enum memory_level level);

#endif
