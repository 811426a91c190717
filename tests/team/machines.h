/* Machines described to hwloc by its synthetic strings, and the PU that thread t must get. */
#ifndef PINION_TESTS_TEAM_MACHINES_H
#define PINION_TESTS_TEAM_MACHINES_H

#include <stddef.h>

#include <hwloc.h>

struct machine_case {
    const char *name;
    const char *synthetic;
    size_t cores, pus, numa_nodes, l3_groups;
    size_t group_cores;           /* cores that share an L3, or a NUMA node where there is no L3 */
    size_t (*expected)(size_t t); /* OS index of thread t's PU */
};

extern const struct machine_case machine_cases[];
extern const size_t machine_case_count;

hwloc_topology_t machine_build(const char *synthetic);

#endif
