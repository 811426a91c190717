/* team/threads.h: whether the system would start so many threads. */
#ifndef PINION_TEAM_THREADS_H
#define PINION_TEAM_THREADS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether this process can have `count` more threads at once: starts them, with default stacks, and
 * lets them end. OpenMP runtimes exit the process when they cannot have a thread. */
bool threads_available(size_t count);

#endif
