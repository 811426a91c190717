/* ab/load.h: other work on the machine, for selftest. */
#ifndef PINION_BENCH_AB_LOAD_H
#define PINION_BENCH_AB_LOAD_H

#include <stddef.h>
#include <sys/types.h>

#include "engine/pinion.h"

enum { LOAD_MOST = 256 };

struct load {
    pid_t processes[LOAD_MOST];
    size_t count;
};

/* Starts a process for every second core, at least one, that computes, streams memory and sleeps by
 * turns, wherever the system puts it. They end with this program. */
pn_status load_start(size_t cores, struct load *load);
void load_stop(struct load *load);

#endif
