/* team/quota.h: how many CPUs' worth of time the cgroups of this process grant. */
#ifndef PINION_TEAM_QUOTA_H
#define PINION_TEAM_QUOTA_H

/*
 * CPUs granted by cgroup v1 (cpu.cfs_quota_us / cpu.cfs_period_us) and v2 (cpu.max): the least over
 * the process's cgroup and all its ancestors that are visible, of both hierarchies. `root` as for
 * cgroup_visit_all(). 0: no limit, or none that can be read.
 */
double quota_cpus(const char *root);

#endif
