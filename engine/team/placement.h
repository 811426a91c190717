/* team/placement.h: which cores, as a pure function of what is known about the machine. */
#ifndef PINION_TEAM_PLACEMENT_H
#define PINION_TEAM_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"

#include <hwloc.h>

struct placement_request {
    hwloc_topology_t topology;    /* its allowed cpuset limits the plan too */
    hwloc_const_bitmap_t allowed; /* OS indexes: affinity mask or OpenMP places; NULL: all */
    double quota;                 /* CPUs that the cgroup grants; <= 0: no limit */
    size_t threads;               /* 0: as many as sensible; explicit counts override the quota */
    size_t limit;                 /* OMP_THREAD_LIMIT, which caps explicit counts too; 0: none */
    const char *keep_unbound; /* why threads must not be bound, static text; NULL: they may be */
};

struct placement {
    size_t threads;      /* threads to start */
    bool limited;        /* there would be more of them without request.limit */
    size_t cores_used;   /* cores that these threads can keep busy at a time */
    size_t cores;        /* usable cores after mask and cpuset, one for each core object */
    size_t cores_online; /* cores of the machine */
    bool bind;           /* each thread to its PU */
    bool spin; /* threads may spin while they wait: each has a hardware thread of its own */
    const char *why_unbound; /* static text, NULL if bound */
    size_t *pu;              /* [threads] OS index for each thread; NULL if not bound */
    size_t *group;           /* [threads] number of the thread's L3 group (without L3s: NUMA node),
                              * from 0 in order of first use; NULL if not bound */
    size_t numa_nodes, l3_groups; /* spanned by the chosen PUs, unbound by all usable ones */
    size_t smt_idle;              /* usable PUs left idle because their core is already used */
    size_t slower_idle; /* usable cores left idle because they are of a slower kind; unbound: 0 */
};

/*
 * One PU for each core, in order of package, NUMA node and L3, so that a prefix is contiguous. On
 * machines whose kinds of core differ (by name, or in capacity or clock by a factor of at least
 * 1.25) those of the fastest kind come first, and without an explicit count they are all there are.
 * SMT siblings come last, when threads exceed cores. Properties: distinct PUs, all allowed; the
 * plan for T + 1 threads extends that for T.
 *
 * Not bound: more threads than usable PUs; a quota below the usable cores (neighbours under the
 * same scheme would all sit on the first cores); keep_unbound. Under a quota and with more threads
 * than PUs nobody may spin.
 *
 * PN_ERROR_FAILED: no usable PU, or no memory.
 */
pn_status placement_plan(const struct placement_request *request, struct placement *placement);
void placement_free(struct placement *placement);

#endif
