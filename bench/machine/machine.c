#include "bench/machine/machine.h"

#include <hwloc.h>
#include <unistd.h>

#include "engine/base/error.h"

const char *machine_level_name(enum memory_level level)
{
    static const char *const names[LEVEL_COUNT] = {"L1", "L2", "L3", "DRAM"};
    return names[level];
}

enum memory_level machine_level(const struct machine *machine, size_t bytes)
{
    for (int level = LEVEL_L1; level < LEVEL_DRAM; level++) {
        if (bytes <= machine->capacity[level]) {
            return (enum memory_level)level;
        }
    }
    return LEVEL_DRAM;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Size of the first cache of that kind, and the cores below it. */
static size_t cache_size(hwloc_topology_t topology, hwloc_obj_type_t type, size_t *cores)
{
    const hwloc_obj_t cache = hwloc_get_obj_by_type(topology, type, 0);
    *cores = 1;
    if (cache == NULL) {
        return 0;
    }
    const int inside =
        hwloc_get_nbobjs_inside_cpuset_by_type(topology, cache->cpuset, HWLOC_OBJ_CORE);
    *cores = inside > 1 ? (size_t)inside : 1;
    return cache->attr->cache.size;
}

pn_status machine_create(size_t threads, struct machine *machine)
{
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0) {
        return error_memory(0, "the topology");
    }
    if (hwloc_topology_load(topology) != 0) {
        hwloc_topology_destroy(topology);
        return error_set(PN_ERROR_FAILED,
                         "hwloc: cannot read this machine's topology; try lstopo to see why");
    }
    static const hwloc_obj_type_t types[] = {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE,
                                             HWLOC_OBJ_L3CACHE};
    *machine = (struct machine){0};
    size_t last = (size_t)1 << 20, below = 0;
    for (int level = LEVEL_L1; level < LEVEL_DRAM; level++) {
        size_t cores;
        const size_t size = cache_size(topology, types[level], &cores);
        if (size == 0) {
            continue;
        }
        /* A level shared by n cores serves each of the team's threads below it a part. */
        machine->capacity[level] = size / smaller(cores, threads);
        /* Half of it, so that what else runs does not push the buffer out; a shared level is also
         * used by strangers. At least twice the level below, or that one would answer. */
        machine->probe[level] =
            larger(machine->capacity[level] / (level == LEVEL_L3 ? 4 : 2), 2 * below);
        last = size * (size_t)hwloc_get_nbobjs_by_type(topology, types[level]);
        below = machine->capacity[level];
    }
    hwloc_topology_destroy(topology);

    /* Four times the last level, but never more than a quarter of memory or 1 GiB. */
    const size_t memory = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    const size_t dram = smaller(smaller(4 * last, memory / 4), (size_t)1 << 30);
    machine->probe[LEVEL_DRAM] = larger(dram / threads, 2 * below);
    return PN_OK;
}
