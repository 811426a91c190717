/* team/barrier.h: a barrier for a fixed number of threads that spins a little, then sleeps. */
#ifndef PINION_TEAM_BARRIER_H
#define PINION_TEAM_BARRIER_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"

struct barrier;

/*
 * group: [threads] numbers of the threads' L3 groups; NULL: unknown. Threads of a group meet first,
 * then the last of each group meet, so that most of the traffic stays inside an L3 and no counter
 * is shared by more than a few threads.
 */
pn_status barrier_create(size_t threads, const size_t *group, struct barrier **barrier);
void barrier_free(struct barrier *barrier);

/*
 * Returns when all threads have called it; what any of them wrote before is then visible to all.
 * spin: whether to watch for up to BARRIER_SPIN_NS before sleeping; false where the thread that is
 * waited for may need this one's hardware thread.
 */
void barrier_wait(struct barrier *barrier, size_t thread, bool spin);

#endif
