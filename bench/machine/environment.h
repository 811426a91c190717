/*
 * machine/environment.h: the machine that results were measured on, and what about it may spoil
 * them. Whatever cannot be found out is left out. `root` is put before the paths of all files of
 * /proc and /sys; "" is the machine itself.
 */
#ifndef PINION_BENCH_ENVIRONMENT_H
#define PINION_BENCH_ENVIRONMENT_H

#include <stddef.h>

#include <jansson.h>

#include "bench/machine/build_kind.h"
#include "engine/pinion.h"

/*
 * An object. Always: "processor", "isas" (names of the tables that run here), "cores" and
 * "processors_online" (of the machine), "processors" (usable by this process), "caches" (one for
 * each kind: "level", "type" "Data"|"Instruction"|"Unified", "size" in bytes, "num_sharing"
 * processors), "numa_nodes", "memory_bytes", "kernel", "compiler", "build", "assertions",
 * "sanitizers", "host_name". Where known: "mhz" (nominal), "load_average" [3], "virtual_machine",
 * "governor", "boost", "clocksource", "transparent_huge_pages", "aslr", "cgroup_cpus" (only under
 * a quota). PN_ERROR_FAILED: no memory, or hwloc cannot read the machine.
 */
pn_status environment_card(json_t **card);

/*
 * An array of {"code", "text"}; each text says what is so, why it matters and what to do. Looks at
 * what a team of `threads` (0: one for each usable core) would meet; takes 0.1 s to see what is
 * busy. Codes: "debug_build", "virtual_machine", "affinity", "cgroup_quota", "core_kinds",
 * "smt_shared", "smt_siblings" or "smt_busy", "governor", "boost", "battery", "clocksource",
 * "load_average", "steal_time".
 */
pn_status environment_warnings(size_t threads, const char *root, json_t **warnings);

/* What is seen only over a whole run. */
struct environment_run;

/* `root` must last until the end. Measures this thread's clock, for some milliseconds. */
pn_status environment_begin(size_t threads, const char *root, struct environment_run **run);

/*
 * Adds to an array of warnings, in place of those with the same code: "smt_busy", "steal_time",
 * "cgroup_throttled", "thermal_throttled", "clock_drift". Frees the run, also when it fails; for a
 * run that came to nothing `warnings` may be NULL.
 */
pn_status environment_end(struct environment_run *run, json_t *warnings);

/* Parts of the above, for a build and for clocks in GHz (0: unknown) that are given. */
pn_status environment_warn_build(const struct build_kind *build, json_t *warnings);
pn_status environment_warn_drift(double before, double after, json_t *warnings);

#endif
