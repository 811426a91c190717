/* ab/worker.h: the process that measures one build at the controller's word. */
#ifndef PINION_BENCH_AB_WORKER_H
#define PINION_BENCH_AB_WORKER_H

#include "engine/pinion.h"

/*
 * Serves until told to quit or its controller ends. Arguments: the library, descriptors of its
 * copy, of the page and of the shared memory, the number of threads, and how many bytes lower the
 * stack starts. PN_ERROR_USAGE, or why the worker cannot work; what goes wrong later is replied.
 */
pn_status worker_main(int count, char **arguments);

#endif
