/* team/report.h: what was decided about threads and cores, as text. */
#ifndef PINION_TEAM_REPORT_H
#define PINION_TEAM_REPORT_H

#include "engine/team/machine.h"
#include "engine/team/placement.h"

/*
 * Writes a line such as
 *   2 threads on 2 of 2 cores (affinity mask; 2 online), 1 NUMA node, 1 L3 group, bound one to a
 * core why_unbound overrides the plan's; NULL: the plan's.
 */
void report_line(char *line, size_t size, const struct machine *machine,
                 const struct placement_request *request, const struct placement *placement,
                 const char *why_unbound);

#endif
