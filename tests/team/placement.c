/* Planned cores on machines of up to 4096 hardware threads. */
#include "engine/team/placement.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/team/machines.h"

/* Siblings are numbered behind all cores, as Linux does on x86: thread t has PU t all along. */
static size_t expect_same(size_t t)
{
    return t;
}

/* Two siblings side by side: even PUs first. */
static size_t expect_pairs_of_224(size_t t)
{
    return t < 224 ? 2 * t : 2 * (t - 224) + 1;
}

static size_t expect_fours_of_64(size_t t)
{
    return 4 * (t % 64) + t / 64;
}

/* Even PUs in package 0, odd ones in package 1, siblings + 56. */
static size_t expect_odd_even(size_t t)
{
    const size_t core = t % 56;
    return core / 28 + 2 * (core % 28) + 56 * (t / 56);
}

const struct machine_case machine_cases[] = {
    {"2x EPYC 9654 NPS4", "pack:2 numa:4 l3:3 core:8 pu:2(indexes=core)", 192, 384, 8, 24, 8,
     expect_same},
    {"2x EPYC 7763, SMT off", "pack:2 l3:8 core:8 pu:1", 128, 128, 1, 16, 8, expect_same},
    {"8-socket Xeon", "pack:8 numa:1 l3:1 core:28 pu:2", 224, 448, 8, 8, 28, expect_pairs_of_224},
    {"KNL SNC4 flat", "pack:1 group:4 [numa] [numa] core:16 pu:4", 64, 256, 8, 0, 16,
     expect_fours_of_64},
    {"4 sockets x 2 NUMA", "pack:4 numa:2 l3:1 core:32 pu:1", 256, 256, 8, 8, 32, expect_same},
    {"odd and even sockets", "pack:2 numa:1 l3:1 core:28 pu:2(indexes=pack:core)", 56, 112, 2, 2,
     28, expect_odd_even},
    {"2048 cores", "pack:16 numa:4 l3:4 core:8 pu:2(indexes=core)", 2048, 4096, 64, 256, 8,
     expect_same},
};
const size_t machine_case_count = sizeof machine_cases / sizeof *machine_cases;

hwloc_topology_t machine_build(const char *synthetic)
{
    hwloc_topology_t topology;
    cr_assert_eq(hwloc_topology_init(&topology), 0);
    cr_assert_eq(hwloc_topology_set_synthetic(topology, synthetic), 0, "%s", synthetic);
    cr_assert_eq(hwloc_topology_load(topology), 0);
    return topology;
}

static struct placement plan(hwloc_topology_t topology, hwloc_const_bitmap_t allowed, double quota,
                             size_t threads)
{
    const struct placement_request request = {topology, allowed, quota, threads, 0, NULL};
    struct placement placement;
    cr_assert_eq(placement_plan(&request, &placement), PN_OK);
    return placement;
}

Test(placement, auto_takes_one_thread_for_each_core)
{
    for (size_t m = 0; m < machine_case_count; m++) {
        const struct machine_case *machine = &machine_cases[m];
        hwloc_topology_t topology = machine_build(machine->synthetic);
        struct placement placement = plan(topology, NULL, 0, 0);
        cr_assert_eq(placement.threads, machine->cores, "%s", machine->name);
        cr_assert_eq(placement.cores, machine->cores);
        cr_assert_eq(placement.cores_used, machine->cores);
        cr_assert_eq(placement.cores_online, machine->cores);
        cr_assert_eq(placement.numa_nodes, machine->numa_nodes, "%s", machine->name);
        cr_assert_eq(placement.l3_groups, machine->l3_groups, "%s", machine->name);
        cr_assert_eq(placement.smt_idle, machine->pus - machine->cores);
        cr_assert_eq(placement.slower_idle, 0);
        cr_assert(placement.bind && placement.spin && !placement.why_unbound);
        placement_free(&placement);
        hwloc_topology_destroy(topology);
    }
}

Test(placement, threads_get_the_expected_cores)
{
    for (size_t m = 0; m < machine_case_count; m++) {
        const struct machine_case *machine = &machine_cases[m];
        hwloc_topology_t topology = machine_build(machine->synthetic);
        const size_t counts[] = {1,
                                 2,
                                 7,
                                 machine->group_cores,
                                 machine->group_cores + 1,
                                 machine->cores - 1,
                                 machine->cores,
                                 machine->cores + 1,
                                 machine->pus};
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            const size_t threads = counts[i] < machine->pus ? counts[i] : machine->pus;
            struct placement placement = plan(topology, NULL, 0, threads);
            cr_assert_eq(placement.threads, threads);
            cr_assert(placement.bind && placement.spin);
            for (size_t t = 0; t < threads; t++) {
                cr_assert_eq(placement.pu[t], machine->expected(t), "%s: thread %zu of %zu on %zu",
                             machine->name, t, threads, placement.pu[t]);
                cr_assert_eq(placement.group[t], t % machine->cores / machine->group_cores,
                             "%s: thread %zu in group %zu", machine->name, t, placement.group[t]);
            }
            const size_t used = threads < machine->cores ? threads : machine->cores;
            const size_t groups = (used + machine->group_cores - 1) / machine->group_cores;
            cr_assert_eq(placement.cores_used, used);
            cr_assert_eq(placement.l3_groups, machine->l3_groups ? groups : 0);
            cr_assert_eq(placement.smt_idle, threads < machine->cores
                                                 ? threads * (machine->pus / machine->cores - 1)
                                                 : machine->pus - threads);
            placement_free(&placement);
        }
        hwloc_topology_destroy(topology);
    }
}

Test(placement, more_threads_than_hardware_threads_are_not_bound)
{
    for (size_t m = 0; m < machine_case_count; m++) {
        hwloc_topology_t topology = machine_build(machine_cases[m].synthetic);
        struct placement placement = plan(topology, NULL, 0, machine_cases[m].pus + 1);
        cr_assert_eq(placement.threads, machine_cases[m].pus + 1);
        cr_assert(!placement.bind && !placement.spin && placement.why_unbound);
        cr_assert_eq(placement.cores_used, machine_cases[m].cores);
        cr_assert_eq(placement.numa_nodes, machine_cases[m].numa_nodes);
        cr_assert_null(placement.pu);
        placement_free(&placement);
        hwloc_topology_destroy(topology);
    }
}

Test(placement, a_mask_is_kept)
{
    hwloc_bitmap_t mask = hwloc_bitmap_alloc();

    /* The second NUMA node of the EPYC machine, both siblings: cores 24..47. */
    hwloc_topology_t topology = machine_build(machine_cases[0].synthetic);
    hwloc_bitmap_list_sscanf(mask, "24-47,216-239");
    struct placement placement = plan(topology, mask, 0, 0);
    cr_assert_eq(placement.threads, 24);
    cr_assert_eq(placement.cores, 24);
    cr_assert_eq(placement.cores_online, 192);
    cr_assert_eq(placement.numa_nodes, 1);
    cr_assert_eq(placement.l3_groups, 3);
    cr_assert_eq(placement.smt_idle, 24);
    for (size_t t = 0; t < 24; t++) {
        cr_assert_eq(placement.pu[t], 24 + t);
    }
    placement_free(&placement);
    hwloc_topology_destroy(topology);

    /* Only second siblings of six cores, in both packages of the odd-even machine. */
    topology = machine_build(machine_cases[5].synthetic);
    hwloc_bitmap_list_sscanf(mask, "56,57,58,59,110,111");
    const size_t expected[] = {56, 58, 110, 57, 59, 111};
    placement = plan(topology, mask, 0, 0);
    cr_assert_eq(placement.threads, 6);
    cr_assert_eq(placement.smt_idle, 0);
    for (size_t t = 0; t < 6; t++) {
        cr_assert_eq(placement.pu[t], expected[t]);
    }
    placement_free(&placement);

    /* A mask with nothing of this machine. */
    hwloc_bitmap_only(mask, 4000);
    const struct placement_request request = {topology, mask, 0, 0, 0, NULL};
    cr_assert_eq(placement_plan(&request, &placement), PN_ERROR_FAILED);
    cr_assert(strstr(pn_error_message(), "mask"));
    hwloc_topology_destroy(topology);
    hwloc_bitmap_free(mask);
}

Test(placement, the_allowed_cpuset_of_the_topology_is_kept)
{
    hwloc_topology_t topology;
    hwloc_topology_init(&topology);
    hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    hwloc_topology_set_synthetic(topology, machine_cases[1].synthetic);
    hwloc_topology_load(topology);
    hwloc_bitmap_t cpuset = hwloc_bitmap_alloc();
    hwloc_bitmap_t mask = hwloc_bitmap_alloc();
    hwloc_bitmap_set_range(cpuset, 60, 67);
    hwloc_bitmap_set_range(mask, 62, 127);
    cr_assert_eq(hwloc_topology_allow(topology, cpuset, NULL, HWLOC_ALLOW_FLAG_CUSTOM), 0);
    struct placement placement = plan(topology, mask, 0, 0);
    cr_assert_eq(placement.threads, 6);
    cr_assert_eq(placement.cores_online, 128);
    for (size_t t = 0; t < 6; t++) {
        cr_assert_eq(placement.pu[t], 62 + t);
    }
    placement_free(&placement);
    hwloc_bitmap_free(mask);
    hwloc_bitmap_free(cpuset);
    hwloc_topology_destroy(topology);
}

Test(placement, a_limit_caps_explicit_counts_too)
{
    hwloc_topology_t topology = machine_build("pack:1 core:4 pu:1");
    const size_t cases[][3] = {{0, 0, 4}, {0, 3, 3}, {6, 3, 3}, {3, 3, 3}, {2, 3, 2}, {6, 0, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct placement_request request = {
            .topology = topology, .threads = cases[i][0], .limit = cases[i][1]};
        struct placement placement;
        cr_assert_eq(placement_plan(&request, &placement), PN_OK);
        cr_assert_eq(placement.threads, cases[i][2], "case %zu", i);
        cr_assert_eq(placement.limited, i == 1 || i == 2, "case %zu", i);
        placement_free(&placement);
    }
    hwloc_topology_destroy(topology);
}

Test(placement, a_quota_caps_auto_and_unbinds)
{
    static const struct {
        double quota;
        size_t asked, threads;
        bool bind;
    } cases[] = {
        {0, 0, 192, true},   {192, 0, 192, true}, {1000, 0, 192, true}, {191.9, 0, 191, false},
        {3.99, 0, 3, false}, {1.5, 0, 1, false},  {1, 0, 1, false},     {0.25, 0, 1, false},
        {3.99, 8, 8, false}, {0.5, 2, 2, false},  {8, 4, 4, false},     {192, 4, 4, true},
    };
    hwloc_topology_t topology = machine_build(machine_cases[0].synthetic);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct placement placement = plan(topology, NULL, cases[i].quota, cases[i].asked);
        cr_assert_eq(placement.threads, cases[i].threads, "quota %g: %zu threads", cases[i].quota,
                     placement.threads);
        cr_assert_eq(placement.bind, cases[i].bind, "quota %g", cases[i].quota);
        cr_assert_eq(placement.spin, cases[i].bind, "quota %g", cases[i].quota);
        placement_free(&placement);
    }
    hwloc_topology_destroy(topology);
}

Test(placement, what_must_stay_unbound_does_and_says_why)
{
    hwloc_topology_t topology = machine_build(machine_cases[1].synthetic);
    const struct placement_request request = {topology, NULL, 0, 4, 0, "the reason"};
    struct placement placement;
    cr_assert_eq(placement_plan(&request, &placement), PN_OK);
    cr_assert(!placement.bind && placement.spin);
    cr_assert_str_eq(placement.why_unbound, "the reason");
    placement_free(&placement);
    hwloc_topology_destroy(topology);
}

/* --- properties over random masks and counts ------------------------------------------------- */

enum { PROPERTY_CORES = 256 }; /* larger machines are left out: the checks are quadratic */

static uint64_t random_next(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static hwloc_obj_t ancestor(hwloc_topology_t topology, hwloc_obj_type_t type, size_t pu)
{
    return hwloc_get_ancestor_obj_by_type(topology, type,
                                          hwloc_get_pu_obj_by_os_index(topology, (unsigned)pu));
}

/* Thread t may take a core that has u used PUs only if no core with a free usable PU has fewer. */
static void check_siblings_last(hwloc_topology_t topology, hwloc_const_bitmap_t mask,
                                const struct placement *placement, uint64_t seed)
{
    unsigned used[PROPERTY_CORES] = {0};
    unsigned usable[PROPERTY_CORES] = {0};
    const size_t cores = (size_t)hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    cr_assert_leq(cores, PROPERTY_CORES);
    for (size_t c = 0; c < cores; c++) {
        hwloc_bitmap_t both =
            hwloc_bitmap_dup(hwloc_get_obj_by_type(topology, HWLOC_OBJ_CORE, (unsigned)c)->cpuset);
        hwloc_bitmap_and(both, both, mask);
        usable[c] = (unsigned)hwloc_bitmap_weight(both);
        hwloc_bitmap_free(both);
    }
    for (size_t t = 0; t < placement->threads; t++) {
        const unsigned core = ancestor(topology, HWLOC_OBJ_CORE, placement->pu[t])->logical_index;
        for (size_t c = 0; c < cores; c++) {
            cr_assert(used[c] == usable[c] || used[c] >= used[core],
                      "seed %llu: thread %zu shares core %u while core %zu is free",
                      (unsigned long long)seed, t, core, c);
        }
        used[core]++;
    }
}

/* Among the threads that have a core for themselves, those under one object follow each other. */
static void check_contiguous(hwloc_topology_t topology, hwloc_obj_type_t type,
                             const struct placement *placement, uint64_t seed)
{
    const size_t count = placement->cores_used;
    for (size_t t = 1; t < count; t++) {
        const hwloc_obj_t here = ancestor(topology, type, placement->pu[t]);
        if (!here || here == ancestor(topology, type, placement->pu[t - 1])) {
            continue;
        }
        for (size_t s = 0; s < t; s++) {
            cr_assert_neq(ancestor(topology, type, placement->pu[s]), here,
                          "seed %llu: threads %zu and %zu share what %zu does not",
                          (unsigned long long)seed, s, t, t - 1);
        }
    }
}

static void check_plan(hwloc_topology_t topology, hwloc_const_bitmap_t mask, size_t threads,
                       uint64_t seed)
{
    struct placement placement = plan(topology, mask, 0, threads);
    struct placement next = plan(topology, mask, 0, threads + 1);
    cr_assert(placement.bind);
    hwloc_bitmap_t seen = hwloc_bitmap_alloc();
    for (size_t t = 0; t < threads; t++) {
        const unsigned pu = (unsigned)placement.pu[t];
        cr_assert(!hwloc_bitmap_isset(seen, pu), "seed %llu: PU %u twice", (unsigned long long)seed,
                  pu);
        cr_assert(hwloc_bitmap_isset(mask, pu), "seed %llu: PU %u is not in the mask",
                  (unsigned long long)seed, pu);
        hwloc_bitmap_set(seen, pu);
        cr_assert(!next.bind || next.pu[t] == pu, "seed %llu: %zu threads move thread %zu",
                  (unsigned long long)seed, threads + 1, t);
    }
    check_siblings_last(topology, mask, &placement, seed);
    check_contiguous(topology, HWLOC_OBJ_L3CACHE, &placement, seed);
    check_contiguous(topology, HWLOC_OBJ_GROUP, &placement, seed);
    check_contiguous(topology, HWLOC_OBJ_PACKAGE, &placement, seed);
    hwloc_bitmap_free(seen);
    placement_free(&placement);
    placement_free(&next);
}

Test(placement, properties_hold_under_random_masks)
{
    const char *replay = getenv("PINION_TEST_SEED");
    for (size_t m = 0; m < machine_case_count; m++) {
        if (machine_cases[m].cores > PROPERTY_CORES) {
            continue;
        }
        hwloc_topology_t topology = machine_build(machine_cases[m].synthetic);
        hwloc_bitmap_t mask = hwloc_bitmap_alloc();
        for (uint64_t i = 0; i < 40; i++) {
            const uint64_t seed = replay ? strtoull(replay, NULL, 10) : m * 1000 + i;
            uint64_t state = seed;
            const uint64_t density = 1 + random_next(&state) % 16;
            hwloc_bitmap_zero(mask);
            for (size_t pu = 0; pu < machine_cases[m].pus; pu++) {
                if (random_next(&state) % 16 < density) {
                    hwloc_bitmap_set(mask, (unsigned)pu);
                }
            }
            const int usable = hwloc_bitmap_weight(mask);
            if (usable > 0) {
                check_plan(topology, mask, 1 + random_next(&state) % (uint64_t)usable, seed);
            }
        }
        hwloc_bitmap_free(mask);
        hwloc_topology_destroy(topology);
    }
}
