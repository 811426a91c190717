/* Machines with more than one kind of core. */
#include "engine/team/placement.h"

#include <criterion/criterion.h>

#include "tests/team/machines.h"

/* 8 cores with two PUs each (0..15, siblings side by side), then 8 with one (16, 18, ... 30). */
static hwloc_topology_t hybrid_build(void)
{
    hwloc_topology_t topology = machine_build("pack:1 numa:1 l3:1 core:16 pu:2");
    hwloc_bitmap_t keep = hwloc_bitmap_alloc();
    hwloc_bitmap_list_sscanf(keep, "0-15,16,18,20,22,24,26,28,30");
    cr_assert_eq(hwloc_topology_restrict(topology, keep, 0), 0);
    hwloc_bitmap_free(keep);
    cr_assert_eq(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU), 24);
    return topology;
}

static void add_kind(hwloc_topology_t topology, const char *pus, int efficiency, char *name,
                     char *value)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    hwloc_bitmap_list_sscanf(set, pus);
    struct hwloc_info_s info = {name, value};
    cr_assert_eq(hwloc_cpukinds_register(topology, set, efficiency, name ? 1 : 0, &info, 0), 0);
    hwloc_bitmap_free(set);
}

static void expect(hwloc_topology_t topology, const char *mask, size_t threads, size_t count,
                   const size_t *pus)
{
    hwloc_bitmap_t allowed = hwloc_bitmap_alloc_full();
    if (mask) {
        hwloc_bitmap_list_sscanf(allowed, mask);
    }
    const struct placement_request request = {topology, allowed, 0, threads, 0, NULL};
    struct placement placement;
    cr_assert_eq(placement_plan(&request, &placement), PN_OK);
    cr_assert_eq(placement.threads, count, "%zu threads", placement.threads);
    cr_assert(placement.bind);
    for (size_t t = 0; t < count; t++) {
        cr_assert_eq(placement.pu[t], pus[t], "thread %zu on %zu instead of %zu", t,
                     placement.pu[t], pus[t]);
    }
    placement_free(&placement);
    hwloc_bitmap_free(allowed);
}

static const char *const fast_pus = "0-15";
static const char *const slow_pus = "16,18,20,22,24,26,28,30";
/* Fast cores, slow cores, second siblings of the fast ones. */
static const size_t fast_first[] = {0,  2,  4,  6,  8, 10, 12, 14, 16, 18, 20, 22,
                                    24, 26, 28, 30, 1, 3,  5,  7,  9,  11, 13, 15};
static const size_t slow_only[] = {16, 18, 20, 22, 24, 26, 28, 30};

static void expect_hybrid(hwloc_topology_t topology)
{
    expect(topology, NULL, 0, 8, fast_first);
    expect(topology, NULL, 3, 3, fast_first);
    expect(topology, NULL, 12, 12, fast_first);
    expect(topology, NULL, 16, 16, fast_first);
    expect(topology, NULL, 24, 24, fast_first);
    /* Under a mask without fast cores the slow ones are the fastest there are. */
    expect(topology, slow_pus, 0, 8, slow_only);
    /* Three fast cores (of one only the second sibling) and two slow ones. */
    expect(topology, "4,5,9,14,16,30", 0, 3, (const size_t[]){4, 9, 14});
    expect(topology, "4,5,9,14,16,30", 6, 6, (const size_t[]){4, 9, 14, 16, 30, 5});
}

Test(hybrid, kinds_of_core_by_name)
{
    hwloc_topology_t topology = hybrid_build();
    add_kind(topology, slow_pus, 0, "CoreType", "IntelAtom");
    add_kind(topology, fast_pus, 1, "CoreType", "IntelCore");
    expect_hybrid(topology);
    const struct placement_request request = {topology, NULL, 0, 0, 0, NULL};
    struct placement placement;
    cr_assert_eq(placement_plan(&request, &placement), PN_OK);
    cr_assert_eq(placement.cores, 16);
    cr_assert_eq(placement.slower_idle, 8);
    cr_assert_eq(placement.smt_idle, 8);
    placement_free(&placement);
    hwloc_topology_destroy(topology);
}

Test(hybrid, kinds_of_core_by_capacity)
{
    hwloc_topology_t topology = hybrid_build();
    add_kind(topology, slow_pus, 0, "LinuxCapacity", "446");
    add_kind(topology, fast_pus, 1, "LinuxCapacity", "1024");
    expect_hybrid(topology);
    hwloc_topology_destroy(topology);
}

Test(hybrid, kinds_of_core_by_clock)
{
    hwloc_topology_t topology = hybrid_build();
    add_kind(topology, slow_pus, 0, "FrequencyMaxMHz", "4000");
    add_kind(topology, fast_pus, 1, "FrequencyMaxMHz", "5000");
    expect_hybrid(topology);
    hwloc_topology_destroy(topology);
}

/* All cores in order, as if there were no kinds. */
static const size_t in_order[] = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};

Test(hybrid, small_differences_are_none)
{
    hwloc_topology_t topology = hybrid_build();
    add_kind(topology, "0-3", 1, "FrequencyMaxMHz", "5800");
    add_kind(topology, "4-15,16,18,20,22,24,26,28,30", 0, "FrequencyMaxMHz", "5500");
    expect(topology, NULL, 0, 16, in_order);
    hwloc_topology_destroy(topology);
}

Test(hybrid, kinds_without_a_known_order_are_none)
{
    hwloc_topology_t topology = hybrid_build();
    add_kind(topology, "0-3", -1, NULL, NULL);
    add_kind(topology, "4-15,16,18,20,22,24,26,28,30", -1, "Colour", "blue");
    expect(topology, NULL, 0, 16, in_order);
    hwloc_topology_destroy(topology);
}

/* Arm's three steps: 1024 and 870 work as one class, 400 does not. */
Test(hybrid, three_kinds_in_two_classes)
{
    hwloc_topology_t topology = machine_build("pack:1 core:8 pu:1");
    add_kind(topology, "0-3", 0, "LinuxCapacity", "400");
    add_kind(topology, "4-6", 1, "LinuxCapacity", "870");
    add_kind(topology, "7", 2, "LinuxCapacity", "1024");
    expect(topology, NULL, 0, 4, (const size_t[]){4, 5, 6, 7});
    expect(topology, NULL, 8, 8, (const size_t[]){4, 5, 6, 7, 0, 1, 2, 3});
    hwloc_topology_destroy(topology);
}
