/* What is seen only over a whole run. */
#include "bench/machine/environment.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "bench/machine/cgroup.h"
#include "bench/machine/environment_checks.h"
#include "bench/machine/probe.h"
#include "engine/base/error.h"

static const double DRIFT_MOST = 0.02;

/* The state at one end of it. */
struct moment {
    double clock_ghz;
    struct system_ticks ticks;
    uint64_t throttled; /* periods, by the cgroups */
    long long hot;      /* times that used processors slowed down to cool */
};

struct environment_run {
    const char *root;
    struct footprint footprint;
    struct cgroup_stats cgroups;
    struct moment before;
};

/* The clock once it rises no more: an idle core takes a while to reach its own. */
static double settled_clock(void)
{
    enum { MOST = 50 };
    double best = probe_clock();
    for (int i = 0, still = 0; i < MOST && still < 5; i++) {
        const double next = probe_clock();
        still = next > 1.002 * best ? 0 : still + 1;
        best = next > best ? next : best;
    }
    return best;
}

static long long read_hot(const char *root, hwloc_const_bitmap_t used)
{
    long long sum = 0, count;
    for (int p = hwloc_bitmap_first(used); p >= 0; p = hwloc_bitmap_next(used, p)) {
        if (system_number(root, &count,
                          "sys/devices/system/cpu/cpu%d/thermal_throttle/core_throttle_count", p)) {
            sum += count < INT32_MAX ? count : 0;
        }
    }
    return sum;
}

static void take(const struct environment_run *run, struct moment *moment)
{
    system_ticks_read(run->root, &moment->ticks);
    moment->throttled = cgroup_stats_throttled(&run->cgroups);
    moment->hot = read_hot(run->root, run->footprint.used);
}

pn_status environment_begin(size_t threads, const char *root, struct environment_run **result)
{
    *result = NULL;
    struct environment_run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        return error_memory(sizeof *run, "watching the machine");
    }
    const pn_status status = footprint_create(threads, root, &run->footprint);
    if (status != PN_OK) {
        free(run);
        return status;
    }
    run->root = root;
    cgroup_stats_open(root, &run->cgroups);
    run->before.clock_ghz = settled_clock();
    take(run, &run->before);
    *result = run;
    return PN_OK;
}

static void warn_drift(struct checks *checks, double before, double after)
{
    if (before > 0 && after > 0 && fabs(after / before - 1) > DRIFT_MOST) {
        checks_warn(checks, "clock_drift",
                    "the core ran at %.2f GHz before the run and at %.2f GHz after it: results of "
                    "its beginning and its end differ for that alone; fix the clock (performance "
                    "governor, no boost), let the machine cool or warm up, and measure again",
                    before, after);
    }
}

pn_status environment_warn_drift(double before, double after, json_t *warnings)
{
    struct checks checks = {.warnings = warnings};
    warn_drift(&checks, before, after);
    return checks_status(&checks);
}

static pn_status compare(const struct environment_run *run, const struct moment *after,
                         json_t *warnings)
{
    const struct moment *before = &run->before;
    struct checks checks = {.root = run->root, .footprint = &run->footprint, .warnings = warnings};
    checks_ticks(&checks, &before->ticks, &after->ticks);
    if (after->throttled > before->throttled) {
        checks_warn(&checks, "cgroup_throttled",
                    "the cgroup used up its CPU quota in %llu periods of the run and was stopped "
                    "until the next; raise the quota, or use fewer --threads",
                    (unsigned long long)(after->throttled - before->throttled));
    }
    if (after->hot > before->hot) {
        checks_warn(&checks, "thermal_throttled",
                    "cores slowed down %lld times during the run because they were too hot; let "
                    "them cool, see to the fans, or switch boost off",
                    after->hot - before->hot);
    }
    warn_drift(&checks, before->clock_ghz, after->clock_ghz);
    return checks_status(&checks);
}

pn_status environment_end(struct environment_run *run, json_t *warnings)
{
    pn_status status = PN_OK;
    if (run == NULL) {
        return status;
    }
    if (warnings != NULL) {
        struct moment after;
        take(run, &after); /* before the clock is measured, which is no part of the run */
        after.clock_ghz = settled_clock();
        status = compare(run, &after, warnings);
        system_ticks_free(&after.ticks);
    }
    system_ticks_free(&run->before.ticks);
    cgroup_stats_close(&run->cgroups);
    footprint_free(&run->footprint);
    free(run);
    return status;
}
