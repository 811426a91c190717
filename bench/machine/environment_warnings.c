/* What can be seen before a run. */
#include "bench/machine/environment.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/machine/environment_checks.h"
#include "engine/base/error.h"
#include "engine/team/quota.h"

static const double LOAD_IDLE = 0.5;        /* runnable threads, or so many of the processors ... */
static const double LOAD_IDLE_SHARE = 0.05; /* ... if that is more */
static const double KINDS_DIFFER = 1.25;    /* ratio of speeds, as for the engine's placement */
static const struct timespec LOOK = {.tv_nsec = 100000000}; /* ten ticks */

static void warn_build(struct checks *checks, const struct build_kind *build)
{
    if (build->optimized && !build->asserts && !build->sanitized) {
        return;
    }
    checks_warn(checks, "debug_build",
                "this program was compiled %s%s%s: times say nothing about a release; configure "
                "with -DCMAKE_BUILD_TYPE=Release and no sanitizers",
                build->optimized ? "with optimization" : "without optimization",
                build->asserts ? ", with assertions" : "",
                build->sanitized ? ", with sanitizers" : "");
}

pn_status environment_warn_build(const struct build_kind *build, json_t *warnings)
{
    struct checks checks = {.warnings = warnings};
    warn_build(&checks, build);
    return checks_status(&checks);
}

static void check_virtual_machine(struct checks *checks)
{
    if (system_virtual_machine(checks->root) == SYSTEM_YES) {
        checks_warn(checks, "virtual_machine",
                    "this is a virtual machine: its processors and caches may be shared with "
                    "strangers; compare only what was measured in turns, and take times of a "
                    "real machine where they matter by themselves");
    }
}

static void check_affinity(struct checks *checks)
{
    const size_t usable = (size_t)hwloc_bitmap_weight(checks->footprint->usable);
    if (usable > 0 && usable < checks->footprint->threads) {
        char list[CHECKS_LIST_SIZE];
        checks_warn(checks, "affinity",
                    "%zu threads may run on %zu processor%s only (%s): they take turns; widen the "
                    "affinity mask or cpuset (taskset -c, docker --cpuset-cpus), or use --threads "
                    "%zu",
                    checks->footprint->threads, usable, usable == 1 ? "" : "s",
                    checks_processors(checks->footprint->usable, list), usable);
    }
}

static void check_quota(struct checks *checks)
{
    const double cpus = quota_cpus(checks->root);
    if (cpus > 0 && cpus < (double)checks->footprint->threads) {
        checks_warn(checks, "cgroup_quota",
                    "the cgroup grants %.3g CPUs to %zu thread%s, which are stopped once they have "
                    "used that up; raise the quota (docker --cpus, systemd CPUQuota=), or use "
                    "fewer --threads",
                    cpus, checks->footprint->threads, checks->footprint->threads == 1 ? "" : "s");
    }
}

/* Those of `used` whose number in a file is so much smaller than the largest that they are of a
 * slower kind. Nothing where a file is missing. */
static void find_slower(const char *root, hwloc_const_bitmap_t used, const char *file,
                        hwloc_bitmap_t slower)
{
    hwloc_bitmap_zero(slower);
    long long most = 0, speed;
    for (int pass = 0; pass < 2; pass++) {
        for (int p = hwloc_bitmap_first(used); p >= 0; p = hwloc_bitmap_next(used, p)) {
            if (!system_number(root, &speed, "sys/devices/system/cpu/cpu%d/%s", p, file)) {
                hwloc_bitmap_zero(slower);
                return;
            }
            most = speed > most ? speed : most;
            if (pass == 1 && KINDS_DIFFER * (double)speed <= (double)most) {
                hwloc_bitmap_set(slower, (unsigned)p);
            }
        }
    }
}

static void check_core_kinds(struct checks *checks)
{
    hwloc_const_bitmap_t used = checks->footprint->used;
    enum { SLOWER, FAST, SETS };
    hwloc_bitmap_t sets[SETS];
    if (!checks_sets_create(checks, sets, SETS)) {
        return;
    }
    hwloc_bitmap_t slower = sets[SLOWER], fast = sets[FAST];
    /* Intel lists its two kinds. */
    if (system_list(checks->root, fast, "sys/devices/cpu_core/cpus") &&
        system_list(checks->root, slower, "sys/devices/cpu_atom/cpus")) {
        hwloc_bitmap_and(slower, slower, used);
        if (!hwloc_bitmap_intersects(fast, used)) {
            hwloc_bitmap_zero(slower);
        }
    } else {
        find_slower(checks->root, used, "cpu_capacity", slower);
    }
    if (hwloc_bitmap_iszero(slower)) {
        find_slower(checks->root, used, "cpufreq/cpuinfo_max_freq", slower);
    }
    if (!hwloc_bitmap_iszero(slower)) {
        char list[CHECKS_LIST_SIZE];
        const int faster = hwloc_bitmap_weight(used) - hwloc_bitmap_weight(slower);
        checks_warn(checks, "core_kinds",
                    "%s: slower cores than the others that are used, and all wait for them; use "
                    "--threads %d or fewer, or a mask of equal cores (taskset -c)",
                    checks_processors(slower, list), faster);
    }
    checks_sets_free(sets, SETS);
}

/* Threads that share a core, and siblings that are to stay idle. */
static void check_smt(struct checks *checks)
{
    hwloc_const_bitmap_t used = checks->footprint->used;
    enum { CORE, SEEN, SHARED, IDLE, SETS };
    hwloc_bitmap_t sets[SETS];
    if (!checks_sets_create(checks, sets, SETS)) {
        return;
    }
    hwloc_bitmap_t core = sets[CORE], seen = sets[SEEN], shared = sets[SHARED], idle = sets[IDLE];
    size_t cores = 0;
    for (int p = hwloc_bitmap_first(used); p >= 0; p = hwloc_bitmap_next(used, p)) {
        footprint_core(checks->root, (unsigned)p, core);
        cores += !hwloc_bitmap_isset(seen, (unsigned)p);
        hwloc_bitmap_or(seen, seen, core);
        hwloc_bitmap_clr(core, (unsigned)p);
        if (hwloc_bitmap_intersects(core, used)) {
            hwloc_bitmap_set(shared, (unsigned)p);
        }
    }
    hwloc_bitmap_andnot(idle, seen, used);
    char list[CHECKS_LIST_SIZE];
    if (!hwloc_bitmap_iszero(shared)) {
        checks_warn(checks, "smt_shared",
                    "%s: some are SMT siblings, so that threads may share a core and get in each "
                    "other's way; use --threads %zu, one for each core",
                    checks_processors(shared, list), cores);
    }
    if (!hwloc_bitmap_iszero(idle)) {
        checks_warn(checks, "smt_siblings",
                    "%s: SMT siblings of those measured on; whatever the system starts there "
                    "slows the measurement down; keep them idle, or switch SMT off "
                    "(/sys/devices/system/cpu/smt/control)",
                    checks_processors(idle, list));
    }
    checks_sets_free(sets, SETS);
}

static void check_governor(struct checks *checks)
{
    hwloc_const_bitmap_t used = checks->footprint->used;
    hwloc_bitmap_t others;
    if (!checks_sets_create(checks, &others, 1)) {
        return;
    }
    char first[SYSTEM_TEXT_SIZE] = "", governor[SYSTEM_TEXT_SIZE];
    for (int p = hwloc_bitmap_first(used); p >= 0; p = hwloc_bitmap_next(used, p)) {
        if (system_governor(checks->root, (unsigned)p, governor) &&
            strcmp(governor, "performance") != 0) {
            hwloc_bitmap_set(others, (unsigned)p);
            if (*first == '\0') {
                memcpy(first, governor, sizeof first);
            }
        }
    }
    if (!hwloc_bitmap_iszero(others)) {
        char list[CHECKS_LIST_SIZE];
        checks_warn(checks, "governor",
                    "%s: the clock follows the load (governor '%s'); run 'cpupower frequency-set "
                    "-g performance'",
                    checks_processors(others, list), first);
    }
    checks_sets_free(&others, 1);
}

static void check_boost(struct checks *checks)
{
    if (system_boost(checks->root) == SYSTEM_YES) {
        checks_warn(checks, "boost",
                    "boost (turbo) is on: the clock depends on heat and on what other cores do; "
                    "for steady times write 0 to /sys/devices/system/cpu/cpufreq/boost, or 1 to "
                    "/sys/devices/system/cpu/intel_pstate/no_turbo");
    }
}

static void check_battery(struct checks *checks)
{
    if (system_on_battery(checks->root) == SYSTEM_YES) {
        checks_warn(checks, "battery",
                    "this machine runs on its battery, which holds clocks down; plug it in");
    }
}

static void check_clock_source(struct checks *checks)
{
    char name[SYSTEM_TEXT_SIZE];
    if (system_clock_source(checks->root, name) && strcmp(name, "tsc") != 0 &&
        strcmp(name, "arch_sys_counter") != 0) {
        checks_warn(checks, "clocksource",
                    "the system reads the time from '%s', which may be slow or coarse: take long "
                    "samples (--min-time), or write tsc to /sys/devices/system/clocksource/"
                    "clocksource0/current_clocksource if available_clocksource lists it",
                    name);
    }
}

static void check_load(struct checks *checks)
{
    double load[3];
    if (!system_load(checks->root, load)) {
        return;
    }
    const double share = LOAD_IDLE_SHARE * hwloc_bitmap_weight(checks->footprint->usable);
    if (load[0] > (share > LOAD_IDLE ? share : LOAD_IDLE)) {
        checks_warn(checks, "load_average",
                    "on average %.2f threads wanted to run over the last minute (this program's "
                    "own of earlier runs included): others may take processors, caches and clock "
                    "away; stop them, or wait until 'uptime' shows less",
                    load[0]);
    }
}

static void check_activity(struct checks *checks)
{
    struct system_ticks before, after;
    system_ticks_read(checks->root, &before);
    if (before.count > 0) {
        nanosleep(&LOOK, NULL);
    }
    system_ticks_read(checks->root, &after);
    checks_ticks(checks, &before, &after);
    system_ticks_free(&before);
    system_ticks_free(&after);
}

pn_status environment_warnings(size_t threads, const char *root, json_t **warnings)
{
    *warnings = NULL;
    struct footprint footprint;
    pn_status status = footprint_create(threads, root, &footprint);
    if (status != PN_OK) {
        return status;
    }
    struct checks checks = {.root = root, .footprint = &footprint, .warnings = json_array()};
    const struct build_kind build = build_kind();
    warn_build(&checks, &build);
    check_virtual_machine(&checks);
    check_affinity(&checks);
    check_quota(&checks);
    check_core_kinds(&checks);
    check_smt(&checks);
    check_governor(&checks);
    check_boost(&checks);
    check_battery(&checks);
    check_clock_source(&checks);
    check_load(&checks);
    check_activity(&checks);
    footprint_free(&footprint);
    status = checks_status(&checks);
    if (status != PN_OK) {
        json_decref(checks.warnings);
        return status;
    }
    *warnings = checks.warnings;
    return PN_OK;
}
