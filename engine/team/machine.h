/* team/machine.h: what is found out about this machine once, at first use. */
#ifndef PINION_TEAM_MACHINE_H
#define PINION_TEAM_MACHINE_H

#include "engine/pinion.h"

#include <hwloc.h>

struct machine {
    hwloc_topology_t topology; /* all of the machine; its allowed cpuset is that of the cgroup */
    hwloc_bitmap_t allowed;    /* OpenMP places where OpenMP binds, else the process's mask */
    const char *openmp_binds;  /* the setting that makes OpenMP bind, as text; NULL: it does not */
};

/*
 * Loads the topology (hwloc's environment variables apply) and remembers which PUs the process may
 * use. That is asked once: later the asking thread may be bound, by pinion or by OpenMP, and its
 * mask would say nothing about the process. The result lives as long as the process.
 */
pn_status machine_get(const struct machine **machine);

/*
 * The calling thread's mask, to be given back after calls to OpenMP: libomp widens the mask of a
 * thread that it sees for the first time to that of the process. NULL, and nothing is given back,
 * where OpenMP binds threads on the user's demand. restore frees the mask.
 */
hwloc_bitmap_t machine_save_mask(const struct machine *machine);
void machine_restore_mask(const struct machine *machine, hwloc_bitmap_t mask);

#endif
