/* team/cgroup.h: the cgroups that share out the CPU time of this process. */
#ifndef PINION_TEAM_CGROUP_H
#define PINION_TEAM_CGROUP_H

#include <stdbool.h>
#include <stdio.h>

/* Its files lie in root + folder. */
struct cgroup {
    const char *root, *folder;
    bool v2; /* else of v1's hierarchy that has the cpu controller */
};

typedef void (*cgroup_visitor)(const struct cgroup *cgroup, void *context);

/*
 * Visits, in each hierarchy, the process's cgroup and then those above it, as far as they are
 * visible. `root` is "" (tests pass a fixture tree that holds proc/self/cgroup,
 * proc/self/mountinfo and the mount points named there). What cannot be read is not visited.
 */
void cgroup_visit_all(const char *root, cgroup_visitor visit, void *context);

/* Opens one of the cgroup's files to read; NULL if it has none of that name. */
FILE *cgroup_open(const struct cgroup *cgroup, const char *name);

#endif
