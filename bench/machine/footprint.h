/* machine/footprint.h: the processors that a measurement runs on. */
#ifndef PINION_BENCH_FOOTPRINT_H
#define PINION_BENCH_FOOTPRINT_H

#include <stddef.h>

#include <hwloc.h>

#include "engine/pinion.h"

struct footprint {
    size_t threads;
    hwloc_bitmap_t usable; /* that the process may use; empty: unknown */
    hwloc_bitmap_t used;   /* that the threads are bound to; all usable ones if they are not */
};

/*
 * Of `threads` threads; 0: one for each usable core. With root "" as the engine's team will place
 * them. A team knows only the machine itself: under another root, whose files are then read, one
 * processor of each core is used first, in the order of their numbers, and siblings after that.
 */
pn_status footprint_create(size_t threads, const char *root, struct footprint *footprint);
void footprint_free(struct footprint *footprint);

/* The processors of the same core, itself included; only itself where nothing is known. */
void footprint_core(const char *root, unsigned processor, hwloc_bitmap_t core);

#endif
