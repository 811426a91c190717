/* machine/cgroup.h: how often the cgroups of this process have stopped it for using up its CPU
 * quota. */
#ifndef PINION_BENCH_CGROUP_H
#define PINION_BENCH_CGROUP_H

#include <stddef.h>
#include <stdint.h>

enum { CGROUP_MOST = 8 };

/* cpu.stat of those cgroups of the process (v1 and v2, its own and all that hold it, as far as they
 * are visible) that have a quota: only there can anything be throttled. */
struct cgroup_stats {
    int descriptors[CGROUP_MOST];
    size_t count;
};

/* Paths are resolved and quotas looked at here only. Without quotas count is 0. */
void cgroup_stats_open(const char *root, struct cgroup_stats *stats);
void cgroup_stats_close(struct cgroup_stats *stats);

/* Periods in which a cgroup was throttled, added up. May be called by several threads at once. */
uint64_t cgroup_stats_throttled(const struct cgroup_stats *stats);

#endif
