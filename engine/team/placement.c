#include "engine/team/placement.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"

/* A usable PU with its place in the order in which PUs are given to threads. */
struct placement_candidate {
    hwloc_obj_t pu;
    size_t core;  /* number of its core among the usable cores */
    size_t round; /* usable PUs of that core before it: 0 except for SMT siblings */
    size_t class; /* 0: the fastest kind */
};

static double placement_info_number(const struct hwloc_info_s *infos, unsigned count,
                                    const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            return strtod(infos[i].value, NULL);
        }
    }
    return 0;
}

static const char *placement_info_text(const struct hwloc_info_s *infos, unsigned count,
                                       const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            return infos[i].value;
        }
    }
    return NULL;
}

/* Whether `kind` is so much slower than `top` that an even split of work would wait for it. Small
 * differences are turbo bins and misreported clocks. */
static bool placement_kind_slower(hwloc_topology_t topology, unsigned top, unsigned kind)
{
    static const char *const measures[] = {"LinuxCapacity", "FrequencyMaxMHz", "FrequencyBaseMHz"};
    struct hwloc_info_s *fast, *slow;
    unsigned fast_count, slow_count;
    if (hwloc_cpukinds_get_info(topology, top, NULL, NULL, &fast_count, &fast, 0) < 0 ||
        hwloc_cpukinds_get_info(topology, kind, NULL, NULL, &slow_count, &slow, 0) < 0) {
        return false;
    }
    const char *fast_type = placement_info_text(fast, fast_count, "CoreType");
    const char *slow_type = placement_info_text(slow, slow_count, "CoreType");
    if (fast_type && slow_type && strcmp(fast_type, slow_type) != 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        const double a = placement_info_number(fast, fast_count, measures[i]);
        const double b = placement_info_number(slow, slow_count, measures[i]);
        if (a > 0 && b > 0) {
            return a >= 1.25 * b;
        }
    }
    return false;
}

/* Sets each candidate's class from hwloc's kinds of core. */
static pn_status placement_classify(hwloc_topology_t topology, hwloc_const_bitmap_t usable,
                                    struct placement_candidate *candidates, size_t count)
{
    const int kinds = hwloc_cpukinds_get_nr(topology, 0);
    if (kinds < 2) {
        return PN_OK;
    }
    hwloc_bitmap_t cpuset = hwloc_bitmap_alloc();
    if (!cpuset) {
        return error_memory(sizeof(void *), "a set of cores");
    }
    /* hwloc sorts kinds from slow to fast; without an efficiency it knows no order. */
    size_t class = 0;
    int top = -1;
    for (int kind = kinds - 1; kind >= 0; kind--) {
        int efficiency = -1;
        if (hwloc_cpukinds_get_info(topology, (unsigned)kind, cpuset, &efficiency, NULL, NULL, 0) <
                0 ||
            efficiency < 0) {
            break;
        }
        if (!hwloc_bitmap_intersects(cpuset, usable)) {
            continue;
        }
        if (top < 0) {
            top = kind;
        } else if (placement_kind_slower(topology, (unsigned)top, (unsigned)kind)) {
            class ++;
            top = kind;
        }
        for (size_t i = 0; i < count; i++) {
            if (hwloc_bitmap_isset(cpuset, candidates[i].pu->os_index)) {
                candidates[i].class = class;
            }
        }
    }
    hwloc_bitmap_free(cpuset);
    return PN_OK;
}

/* The core of a PU; a PU that lies under none is its own. */
static hwloc_obj_t placement_core_of(hwloc_topology_t topology, hwloc_obj_t pu)
{
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
    return core ? core : pu;
}

static size_t placement_count_cores(hwloc_topology_t topology)
{
    size_t cores = 0;
    hwloc_obj_t last = NULL;
    for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu));) {
        const hwloc_obj_t core = placement_core_of(topology, pu);
        cores += core != last;
        last = core;
    }
    return cores;
}

/* Usable PUs in logical order, which walks the tree: those of a core, an L3, a NUMA node and a
 * package follow each other. Returns their number; *cores receives that of their cores. */
static size_t placement_collect(hwloc_topology_t topology, hwloc_const_bitmap_t usable,
                                struct placement_candidate *candidates, size_t *cores)
{
    size_t count = 0;
    size_t round = 0;
    hwloc_obj_t last = NULL;
    *cores = 0;
    for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu));) {
        if (!hwloc_bitmap_isset(usable, pu->os_index)) {
            continue;
        }
        const hwloc_obj_t core = placement_core_of(topology, pu);
        if (core != last) {
            ++*cores;
            round = 0;
            last = core;
        }
        candidates[count++] = (struct placement_candidate){pu, *cores - 1, round++, 0};
    }
    return count;
}

static int placement_compare(const void *left, const void *right)
{
    const struct placement_candidate *a = left;
    const struct placement_candidate *b = right;
    if (a->round != b->round) {
        return a->round < b->round ? -1 : 1;
    }
    if (a->class != b->class) {
        return a->class < b->class ? -1 : 1;
    }
    return a->core < b->core ? -1 : a->core > b->core;
}

static size_t placement_count_covering(hwloc_topology_t topology, hwloc_obj_type_t type,
                                       hwloc_const_bitmap_t pus)
{
    size_t count = 0;
    for (hwloc_obj_t object = NULL;
         (object = hwloc_get_next_obj_by_type(topology, type, object));) {
        count += hwloc_bitmap_intersects(object->cpuset, pus) != 0;
    }
    return count;
}

/* What the threads of a group share: the L3, else what has memory of its own. */
static hwloc_obj_t placement_group_of(hwloc_topology_t topology, hwloc_obj_t pu)
{
    hwloc_obj_t object = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_L3CACHE, pu);
    if (object) {
        return object;
    }
    for (object = pu; object->parent && object->memory_arity == 0;) {
        object = object->parent;
    }
    return object;
}

/* Fills pu and group from the first candidates. */
static pn_status placement_assign(hwloc_topology_t topology,
                                  const struct placement_candidate *candidates,
                                  struct placement *placement)
{
    const size_t threads = placement->threads;
    hwloc_obj_t *owners = calloc(threads, sizeof *owners);
    placement->pu = calloc(threads, sizeof *placement->pu);
    placement->group = calloc(threads, sizeof *placement->group);
    if (!owners || !placement->pu || !placement->group) {
        free(owners);
        placement_free(placement);
        return error_memory(3 * threads * sizeof(size_t), "the placement of threads");
    }
    size_t groups = 0;
    for (size_t t = 0; t < threads; t++) {
        const hwloc_obj_t owner = placement_group_of(topology, candidates[t].pu);
        size_t group = 0;
        while (group < groups && owners[group] != owner) {
            group++;
        }
        if (group == groups) {
            owners[groups++] = owner;
        }
        placement->pu[t] = candidates[t].pu->os_index;
        placement->group[t] = group;
    }
    free(owners);
    return PN_OK;
}

/* What a bound team leaves idle. Among the sorted candidates, core c's first PU comes before its
 * siblings, so a core is used iff that PU is among the first `threads`. */
static void placement_count_idle(const struct placement_candidate *candidates, size_t count,
                                 struct placement *placement)
{
    for (size_t i = placement->threads; i < count; i++) {
        if (candidates[i].round == 0) {
            placement->slower_idle += candidates[i].class > 0;
            continue;
        }
        size_t first = 0;
        while (candidates[first].core != candidates[i].core) {
            first++;
        }
        placement->smt_idle += first < placement->threads;
    }
}

/* Decides from the sorted candidates. `scratch` is overwritten. */
static pn_status placement_decide(const struct placement_request *request,
                                  const struct placement_candidate *candidates, size_t count,
                                  hwloc_bitmap_t scratch, struct placement *placement)
{
    const size_t cores = placement->cores;
    size_t fast = 0;
    while (fast < cores && candidates[fast].class == 0) {
        fast++;
    }
    const bool quota_limits = request->quota > 0 && request->quota < (double)cores;
    size_t threads = request->threads;
    if (threads == 0) {
        threads = fast;
        if (quota_limits && request->quota < (double)threads) {
            threads = request->quota < 1 ? 1 : (size_t)request->quota;
        }
    }
    placement->limited = request->limit > 0 && threads > request->limit;
    if (placement->limited) {
        threads = request->limit;
    }
    placement->threads = threads;
    placement->cores_used = threads < cores ? threads : cores;
    placement->spin = threads <= count && !quota_limits;
    if (request->keep_unbound) {
        placement->why_unbound = request->keep_unbound;
    } else if (threads > count) {
        placement->why_unbound = "more threads than usable hardware threads";
    } else if (quota_limits) {
        placement->why_unbound = "the cgroup's CPU quota is below the usable cores";
    }
    placement->bind = !placement->why_unbound;
    if (placement->bind) {
        placement_count_idle(candidates, count, placement);
        hwloc_bitmap_zero(scratch);
        for (size_t t = 0; t < threads; t++) {
            hwloc_bitmap_set(scratch, candidates[t].pu->os_index);
        }
    }
    placement->numa_nodes =
        placement_count_covering(request->topology, HWLOC_OBJ_NUMANODE, scratch);
    placement->l3_groups = placement_count_covering(request->topology, HWLOC_OBJ_L3CACHE, scratch);
    return placement->bind ? placement_assign(request->topology, candidates, placement) : PN_OK;
}

pn_status placement_plan(const struct placement_request *request, struct placement *placement)
{
    *placement = (struct placement){0};
    const hwloc_topology_t topology = request->topology;
    const int pus = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
    struct placement_candidate *candidates = calloc(pus > 0 ? (size_t)pus : 1, sizeof *candidates);
    hwloc_bitmap_t usable = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology));
    if (!candidates || !usable) {
        free(candidates);
        hwloc_bitmap_free(usable);
        return error_memory((size_t)pus * sizeof *candidates, "the placement of threads");
    }
    if (request->allowed) {
        hwloc_bitmap_and(usable, usable, request->allowed);
    }
    pn_status status;
    const size_t count = placement_collect(topology, usable, candidates, &placement->cores);
    if (count == 0) {
        status = error_set(PN_ERROR_FAILED,
                           "no core to run on: the affinity mask and the cpuset have none in "
                           "common; widen the mask (taskset, OMP_PLACES)");
    } else {
        placement->cores_online = placement_count_cores(topology);
        status = placement_classify(topology, usable, candidates, count);
    }
    if (status == PN_OK) {
        qsort(candidates, count, sizeof *candidates, placement_compare);
        status = placement_decide(request, candidates, count, usable, placement);
    }
    hwloc_bitmap_free(usable);
    free(candidates);
    return status;
}

void placement_free(struct placement *placement)
{
    free(placement->pu);
    free(placement->group);
    placement->pu = NULL;
    placement->group = NULL;
}
