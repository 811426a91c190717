#include "engine/pinion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/base/kernels.h"
#include "engine/team/machine.h"
#include "engine/team/team.h"
#include "simd/cpu.h"
#include "simd/simd.h"

static void topology_print_count(FILE *text, const struct machine *machine, hwloc_obj_type_t type,
                                 const char *noun, const char *before)
{
    const int count = hwloc_get_nbobjs_by_type(machine->topology, type);
    if (count > 0) {
        fprintf(text, "%s%d %s%s", before, count, noun, count == 1 ? "" : "s");
    }
}

/* Each name once: tables that differ only in what they need share one. */
static void topology_print_kernels(FILE *text, const struct simd_kernels *chosen)
{
    size_t count;
    const struct simd_kernels *const *list = simd_list(&count);
    fprintf(text, "kernels    ");
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(list[i]->name, list[i - 1]->name) == 0) {
            continue;
        }
        const struct simd_kernels *const kernels = simd_find(list[i]->name);
        fprintf(text, "%s%s%s", i > 0 ? ", " : "", kernels->name,
                kernels == chosen    ? " (used)"
                : simd_runs(kernels) ? ""
                                     : " (not on this processor)");
    }
    fprintf(text, "\n");
}

static void topology_print(FILE *text, const struct machine *machine, const struct team *team,
                           const struct simd_kernels *chosen)
{
    char processor[SIMD_CPU_NAME_SIZE];
    fprintf(text, "processor  %s\nmachine    ", simd_cpu_name(processor, sizeof processor));
    topology_print_count(text, machine, HWLOC_OBJ_PU, "hardware thread", "");
    topology_print_count(text, machine, HWLOC_OBJ_CORE, "core", ", ");
    topology_print_count(text, machine, HWLOC_OBJ_L3CACHE, "L3 cache", ", ");
    topology_print_count(text, machine, HWLOC_OBJ_NUMANODE, "NUMA node", ", ");
    topology_print_count(text, machine, HWLOC_OBJ_PACKAGE, "package", ", ");
    fprintf(text, "\nthreads    %s\n", team_placement_line(team));
    if (team_bound(team)) {
        fprintf(text, "bound to   PU");
        for (size_t t = 0; t < team_size(team); t++) {
            fprintf(text, " %ld", team_pu(team, t));
        }
        fprintf(text, "\n");
    }
    topology_print_kernels(text, chosen);
}

pn_status pn_topology(const pn_run_options *options, char **text)
{
    *text = NULL;
    const struct simd_kernels *kernels;
    struct team *team;
    const struct machine *machine;
    pn_status status = kernels_select(options ? options->isa : NULL, &kernels);
    if (status != PN_OK) {
        return status;
    }
    status = machine_get(&machine);
    if (status == PN_OK) {
        status = team_create(options, &team);
    }
    if (status != PN_OK) {
        return status;
    }
    size_t size = 0;
    FILE *stream = open_memstream(text, &size);
    if (stream) {
        topology_print(stream, machine, team, kernels);
    }
    team_free(team);
    if (!stream || fclose(stream) != 0) {
        free(*text);
        *text = NULL;
        return error_memory(size, "the text about the machine");
    }
    return PN_OK;
}
