#include "engine/team/machine.h"

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>

#include "engine/base/error.h"

static struct machine machine_here;
static const char *machine_failure; /* NULL: machine_here is valid */
static pthread_once_t machine_once = PTHREAD_ONCE_INIT;

/* The variable that made OpenMP bind threads. libgomp without settings has no places; libomp then
 * has one that holds everything, and binds to places even under OMP_PROC_BIND=false. */
static const char *machine_openmp_binds(void)
{
    const int places = omp_get_num_places();
    if (places < 1 || (places == 1 && omp_get_proc_bind() == omp_proc_bind_false)) {
        return NULL;
    }
    return getenv("OMP_PROC_BIND")       ? "OMP_PROC_BIND is set"
           : getenv("OMP_PLACES")        ? "OMP_PLACES is set"
           : getenv("GOMP_CPU_AFFINITY") ? "GOMP_CPU_AFFINITY is set"
           : getenv("KMP_AFFINITY")      ? "KMP_AFFINITY is set"
                                         : "OpenMP binds its threads";
}

/* Adds the PUs of all OpenMP places; false without memory. */
static bool machine_add_places(hwloc_bitmap_t set)
{
    const int places = omp_get_num_places();
    for (int place = 0; place < places; place++) {
        const int count = omp_get_place_num_procs(place);
        int *ids = malloc((size_t)(count > 0 ? count : 1) * sizeof *ids);
        if (!ids) {
            return false;
        }
        omp_get_place_proc_ids(place, ids);
        for (int i = 0; i < count; i++) {
            hwloc_bitmap_set(set, (unsigned)ids[i]);
        }
        free(ids);
    }
    return true;
}

static const char *machine_load(struct machine *machine)
{
    if (hwloc_topology_init(&machine->topology) < 0) {
        return "hwloc_topology_init failed";
    }
    /* All that is online, so that the placement line can tell it from what is allowed. */
    hwloc_topology_set_flags(machine->topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    if (hwloc_topology_load(machine->topology) < 0) {
        hwloc_topology_destroy(machine->topology);
        return "hwloc_topology_load failed";
    }
    machine->allowed = hwloc_bitmap_alloc();
    if (!machine->allowed) {
        hwloc_topology_destroy(machine->topology);
        return "out of memory";
    }
    hwloc_bitmap_t mask = machine_save_mask(machine);
    machine->openmp_binds = machine_openmp_binds();
    machine_restore_mask(machine, mask);
    if (!hwloc_topology_is_thissystem(machine->topology)) {
        hwloc_bitmap_fill(machine->allowed);
    } else if (machine->openmp_binds) {
        if (!machine_add_places(machine->allowed)) {
            hwloc_bitmap_free(machine->allowed);
            hwloc_topology_destroy(machine->topology);
            return "out of memory";
        }
    } else if (hwloc_get_cpubind(machine->topology, machine->allowed, HWLOC_CPUBIND_PROCESS) < 0) {
        hwloc_bitmap_fill(machine->allowed); /* a system without masks */
    }
    return NULL;
}

static void machine_load_once(void)
{
    machine_failure = machine_load(&machine_here);
}

pn_status machine_get(const struct machine **machine)
{
    pthread_once(&machine_once, machine_load_once);
    if (machine_failure) {
        return error_set(PN_ERROR_FAILED, "reading the machine's topology: %s; see hwloc's lstopo",
                         machine_failure);
    }
    *machine = &machine_here;
    return PN_OK;
}

hwloc_bitmap_t machine_save_mask(const struct machine *machine)
{
    hwloc_bitmap_t mask = machine->openmp_binds ? NULL : hwloc_bitmap_alloc();
    if (mask && hwloc_get_cpubind(machine->topology, mask, HWLOC_CPUBIND_THREAD) < 0) {
        hwloc_bitmap_free(mask);
        return NULL;
    }
    return mask;
}

void machine_restore_mask(const struct machine *machine, hwloc_bitmap_t mask)
{
    if (mask) {
        if (!machine->openmp_binds) {
            hwloc_set_cpubind(machine->topology, mask, HWLOC_CPUBIND_THREAD);
        }
        hwloc_bitmap_free(mask);
    }
}
