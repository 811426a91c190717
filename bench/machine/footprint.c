#include "bench/machine/footprint.h"

#include "bench/machine/system_files.h"
#include "engine/base/error.h"
#include "engine/team/machine.h"
#include "engine/team/team.h"

void footprint_core(const char *root, unsigned processor, hwloc_bitmap_t core)
{
    if (!system_list(root, core, "sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
                     processor) ||
        !hwloc_bitmap_isset(core, processor)) {
        hwloc_bitmap_only(core, processor);
    }
}

static pn_status of_this_machine(size_t threads, struct footprint *footprint)
{
    const struct machine *machine;
    pn_status status = machine_get(&machine);
    if (status != PN_OK) {
        return status;
    }
    hwloc_bitmap_and(footprint->usable, machine->allowed,
                     hwloc_topology_get_allowed_cpuset(machine->topology));
    pn_run_options run = pn_run_options_default();
    run.threads = threads;
    struct team *team;
    status = team_create(&run, &team);
    if (status != PN_OK) {
        return status;
    }
    footprint->threads = team_size(team);
    if (team_bound(team)) {
        for (size_t t = 0; t < footprint->threads; t++) {
            hwloc_bitmap_set(footprint->used, (unsigned)team_pu(team, t));
        }
    } else {
        hwloc_bitmap_copy(footprint->used, footprint->usable);
    }
    team_free(team);
    return PN_OK;
}

static pn_status of_files(size_t threads, const char *root, struct footprint *footprint)
{
    hwloc_bitmap_t core = hwloc_bitmap_alloc(), rest = hwloc_bitmap_alloc();
    if (core == NULL || rest == NULL) {
        hwloc_bitmap_free(core);
        hwloc_bitmap_free(rest);
        return error_memory(0, "sets of processors");
    }
    if (!system_mask(root, footprint->usable) &&
        !system_list(root, footprint->usable, "sys/devices/system/cpu/online")) {
        hwloc_bitmap_zero(footprint->usable);
    }
    size_t chosen = 0;
    hwloc_bitmap_copy(rest, footprint->usable);
    for (int p = hwloc_bitmap_first(rest); p >= 0; p = hwloc_bitmap_next(rest, p)) {
        footprint_core(root, (unsigned)p, core);
        if (!hwloc_bitmap_intersects(core, footprint->used) && (threads == 0 || chosen < threads)) {
            hwloc_bitmap_set(footprint->used, (unsigned)p);
            chosen++;
        }
    }
    hwloc_bitmap_andnot(rest, footprint->usable, footprint->used);
    for (int p = hwloc_bitmap_first(rest); p >= 0 && chosen < threads;
         p = hwloc_bitmap_next(rest, p)) {
        hwloc_bitmap_set(footprint->used, (unsigned)p);
        chosen++;
    }
    footprint->threads = threads > 0 ? threads : chosen;
    hwloc_bitmap_free(core);
    hwloc_bitmap_free(rest);
    return PN_OK;
}

pn_status footprint_create(size_t threads, const char *root, struct footprint *footprint)
{
    *footprint = (struct footprint){.usable = hwloc_bitmap_alloc(), .used = hwloc_bitmap_alloc()};
    pn_status status;
    if (footprint->usable == NULL || footprint->used == NULL) {
        status = error_memory(0, "sets of processors");
    } else if (*root == '\0') {
        status = of_this_machine(threads, footprint);
    } else {
        status = of_files(threads, root, footprint);
    }
    if (status != PN_OK) {
        footprint_free(footprint);
    }
    return status;
}

void footprint_free(struct footprint *footprint)
{
    hwloc_bitmap_free(footprint->usable);
    hwloc_bitmap_free(footprint->used);
    *footprint = (struct footprint){0};
}
