/*
 * team/team.h: an OpenMP team of fixed size whose threads are pinned with hwloc, and its barrier.
 * One region lives for a whole fit.
 */
#ifndef PINION_TEAM_TEAM_H
#define PINION_TEAM_TEAM_H

#include "engine/pinion.h"

struct team;

enum { TEAM_MAX_THREADS = 4096 };

/*
 * Looks at the machine (mask, cgroup, OpenMP settings) and plans; options NULL: the defaults.
 * Starts nothing. An explicit count is taken as it is, except that OMP_THREAD_LIMIT caps it;
 * OMP_NUM_THREADS is not read (launchers set it to 1 unasked). PN_ERROR_USAGE for options without
 * struct_size or more than TEAM_MAX_THREADS.
 */
pn_status team_create(const pn_run_options *options, struct team **team);
void team_free(struct team *team);

size_t team_size(const struct team *team);
size_t team_requested(const struct team *team); /* 0: auto */
/* Whether each thread is (before a run: will be) bound to its PU. */
bool team_bound(const struct team *team);
/* Lowers the number of threads before team_run: small work wants fewer. The others keep their
 * cores. A larger count, or 0, changes nothing. */
pn_status team_shrink(struct team *team, size_t threads);
/* One line: cores used/allowed/online and what decided about them, NUMA, L3 groups, idle SMT
 * siblings, bound or not and why. Valid as long as the team; team_shrink changes it, and team_run
 * where binding turns out otherwise than planned. */
const char *team_placement_line(const struct team *team);
/* OS index of thread t's PU, or -1 if unbound. */
long team_pu(const struct team *team, size_t thread);

/*
 * Runs body(context, thread) once on each thread of the team, thread 0 being the caller, and
 * returns when all have. Binds the threads at the start; gives the caller's and the other threads'
 * affinity and floating-point control back at the end (inside, rounding is to nearest, subnormals
 * are kept and nothing traps). A thread that cannot be bound runs unbound; the placement line and
 * the log say so. So does a second team_run at the same time in one process, which runs unbound.
 * Works within a caller's own OpenMP region, where OpenMP makes the threads anew.
 * PN_ERROR_FAILED if the system or OpenMP gives fewer threads; body has not run then. Results never
 * depend on the number of threads, so asking again for fewer is safe.
 */
pn_status team_run(struct team *team, void (*body)(void *context, size_t thread), void *context);

/* All threads of the team wait for each other; for use inside body. Spins a little, then sleeps;
 * sleeps at once where threads outnumber hardware threads, under a cgroup quota below the usable
 * cores, and while another team runs. */
void team_barrier(struct team *team, size_t thread);

#endif
