#include "engine/team/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Appends to line, cutting what does not fit. */
static void __attribute__((format(printf, 3, 4)))
report_add(char *line, size_t size, const char *format, ...)
{
    const size_t used = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + used, size - used, format, arguments);
    va_end(arguments);
}

static void report_count(char *line, size_t size, size_t count, const char *noun)
{
    if (count > 0) {
        report_add(line, size, ", %zu %s%s", count, noun, count == 1 ? "" : "s");
    }
}

/* Everything that made the set of usable cores, and the number of threads, what it is. */
static void report_source(char *line, size_t size, const struct machine *machine,
                          const struct placement_request *request,
                          const struct placement *placement)
{
    const hwloc_topology_t topology = machine->topology;
    report_add(line, size, "%s",
               !hwloc_topology_is_thissystem(topology) ? "hwloc's environment variables"
               : machine->openmp_binds                 ? "OpenMP places"
                                                       : "affinity mask");
    if (!hwloc_bitmap_isincluded(hwloc_topology_get_topology_cpuset(topology),
                                 hwloc_topology_get_allowed_cpuset(topology))) {
        report_add(line, size, ", cgroup cpuset");
    }
    if (request->quota > 0) {
        report_add(line, size, ", cgroup quota of %.2f CPUs", request->quota);
    }
    if (placement->limited) {
        report_add(line, size, ", OMP_THREAD_LIMIT of %zu", request->limit);
    }
}

void report_line(char *line, size_t size, const struct machine *machine,
                 const struct placement_request *request, const struct placement *placement,
                 const char *why_unbound)
{
    *line = '\0';
    report_add(line, size, "%zu thread%s on %zu of %zu core%s (", placement->threads,
               placement->threads == 1 ? "" : "s", placement->cores_used, placement->cores,
               placement->cores == 1 ? "" : "s");
    report_source(line, size, machine, request, placement);
    report_add(line, size, "; %zu online)", placement->cores_online);
    report_count(line, size, placement->numa_nodes, "NUMA node");
    report_count(line, size, placement->l3_groups, "L3 group");
    if (placement->bind) {
        report_count(line, size, placement->smt_idle, "idle SMT sibling");
        report_count(line, size, placement->slower_idle, "idle slower core");
    }
    if (!why_unbound) {
        why_unbound = placement->why_unbound;
    }
    if (why_unbound) {
        report_add(line, size, ", not bound: %s", why_unbound);
    } else {
        report_add(line, size, ", bound one to a %s",
                   placement->threads > placement->cores ? "hardware thread" : "core");
    }
}
