/* team/placement.h: which cores, as a pure function of what is known about the machine. */
#ifndef PINION_TEAM_PLACEMENT_H
#define PINION_TEAM_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"

#include <hwloc.h>

enum placement_source { PLACEMENT_MASK, PLACEMENT_OMP_PLACES }; /* where the usable set came from */

struct placement_request {
    hwloc_topology_t topology;
    hwloc_const_bitmap_t allowed; /* affinity mask or OpenMP places; NULL: all */
    enum placement_source source;
    double quota;   /* CPUs that the cgroup grants; <= 0: no limit */
    size_t threads; /* 0: as many as sensible; explicit counts override the quota */
};

struct placement {
    size_t threads;          /* threads to start */
    size_t cores;            /* usable cores after mask and cpuset, one for each core object */
    size_t cores_online;     /* cores of the machine */
    size_t *pu;              /* [threads] OS index for each thread; valid if bind */
    bool bind;               /* false: oversubscribed, quota-limited or the user's OpenMP places */
    const char *why_unbound; /* static text, NULL if bound */
    size_t numa_nodes, l3_groups; /* spanned by the chosen PUs */
    size_t smt_skipped;           /* allowed PUs left idle because their core is already used */
};

/*
 * One PU for each core, in order of L3, NUMA node and package, so that a prefix is contiguous; SMT
 * siblings only when threads exceed cores; hybrid machines: the fastest kind only (while it has
 * enough cores) where kinds differ by a factor of at least 1.25. Properties: distinct PUs, all
 * allowed; the plan for T + 1 threads extends that for T.
 */
pn_status placement_plan(const struct placement_request *request, struct placement *placement);
void placement_free(struct placement *placement);

/* CPUs granted by cgroup v1 and v2 quotas: the least over the process's cgroup and all its
 * ancestors. `root` is "/" (tests pass a fixture tree holding proc/self/cgroup, proc/self/mountinfo
 * and sys/fs/cgroup). 0: no limit. */
double placement_cgroup_quota(const char *root);

#endif
