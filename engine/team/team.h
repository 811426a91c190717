/*
 * team/team.h: an OpenMP team of fixed size whose threads are pinned with hwloc, and its barrier.
 * One region lives for a whole fit.
 */
#ifndef PINION_TEAM_TEAM_H
#define PINION_TEAM_TEAM_H

#include "engine/pinion.h"

struct team;

/* Looks at the machine (mask, cgroup, OpenMP settings) and plans. Starts nothing. */
pn_status team_create(const pn_run_options *options, struct team **team);
void team_free(struct team *team);

size_t team_size(const struct team *team);
size_t team_requested(const struct team *team); /* 0: auto */
bool team_bound(const struct team *team);
/* Lowers the number of threads before team_run: small work wants fewer. */
void team_shrink(struct team *team, size_t threads);
/* One line: source of the set, cores used/allowed/online, NUMA, L3 groups, SMT skipped, bound or
 * not and why. Lives as long as the team. */
const char *team_placement_line(const struct team *team);
/* OS index of thread t's PU, or -1 if unbound. */
long team_pu(const struct team *team, size_t thread);

/*
 * Runs body(context, thread) once on each thread of the team, thread 0 being the caller, and
 * returns when all have. Binds the threads at the start; gives the caller's affinity and every
 * thread's floating-point control back at the end (inside, rounding is to nearest and subnormals
 * are kept). A second team_run at the same time in one process runs unbound and says so.
 * PN_ERROR_FAILED if the threads cannot be had.
 */
pn_status team_run(struct team *team, void (*body)(void *context, size_t thread), void *context);

/* All threads of the team wait for each other; for use inside body. Spins a little, then sleeps. */
void team_barrier(struct team *team, size_t thread);

#endif
