#include "engine/team/team.h"

#include <fenv.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/team/barrier.h"
#include "engine/team/machine.h"
#include "engine/team/placement.h"
#include "engine/team/quota.h"
#include "engine/team/report.h"
#include "engine/team/threads.h"

enum { TEAM_LINE_SIZE = 512 };

struct team {
    const struct machine *machine;
    struct placement_request request;
    struct placement placement;
    size_t requested;
    bool *unbound;           /* [threads] whether the last run failed to bind the thread */
    struct barrier *barrier; /* of the run */
    char line[TEAM_LINE_SIZE];
};

struct team_run {
    struct team *team;
    void (*body)(void *context, size_t thread);
    void *context;
    bool alone;              /* no other team runs */
    atomic_size_t started;   /* threads that OpenMP gave */
    atomic_size_t not_bound; /* threads that should be bound and are not */
};

/* Teams that run in this process; on a line of its own, for barriers read it. */
static _Alignas(128) atomic_size_t team_runs;

/* Plans for `threads` (0: auto) and writes the line. The team stays as it was on failure. */
static pn_status team_plan(struct team *team, size_t threads)
{
    struct placement_request request = team->request;
    request.threads = threads;
    struct placement placement;
    const pn_status status = placement_plan(&request, &placement);
    if (status != PN_OK) {
        return status;
    }
    bool *unbound = calloc(placement.threads, sizeof *unbound);
    if (!unbound) {
        const size_t bytes = placement.threads * sizeof *unbound;
        placement_free(&placement);
        return error_memory(bytes, "the team");
    }
    free(team->unbound);
    placement_free(&team->placement);
    team->unbound = unbound;
    team->placement = placement;
    report_line(team->line, sizeof team->line, team->machine, &request, &placement, NULL);
    return PN_OK;
}

pn_run_options pn_run_options_default(void)
{
    return (pn_run_options){.struct_size = sizeof(pn_run_options)};
}

static const char *team_keep_unbound(const struct machine *machine, const pn_run_options *options)
{
    if (!hwloc_topology_is_thissystem(machine->topology)) {
        return "hwloc's environment variables describe another machine";
    }
    if (machine->openmp_binds) {
        return machine->openmp_binds;
    }
    return options->bind == PN_BIND_NONE ? "binding is switched off" : NULL;
}

pn_status team_create(const pn_run_options *options, struct team **team)
{
    *team = NULL;
    const pn_run_options defaults = pn_run_options_default();
    if (!options) {
        options = &defaults;
    }
    pn_status status = check_struct_size(options->struct_size, sizeof *options, "pn_run_options");
    if (status != PN_OK) {
        return status;
    }
    if (options->threads > TEAM_MAX_THREADS) {
        return error_set(PN_ERROR_USAGE,
                         "threads: %zu is more than %d; ask for fewer, or 0 for one "
                         "on each core",
                         options->threads, TEAM_MAX_THREADS);
    }
    const struct machine *machine;
    status = machine_get(&machine);
    if (status != PN_OK) {
        return status;
    }
    struct team *created = calloc(1, sizeof *created);
    if (!created) {
        return error_memory(sizeof *created, "the team");
    }
    created->machine = machine;
    created->requested = options->threads;
    hwloc_bitmap_t mask = machine_save_mask(machine);
    const int limit = omp_get_thread_limit();
    machine_restore_mask(machine, mask);
    created->request = (struct placement_request){
        .topology = machine->topology,
        .allowed = machine->allowed,
        .quota = quota_cpus(""),
        .limit = limit > 0 ? (size_t)limit : 1,
        .keep_unbound = team_keep_unbound(machine, options),
    };
    status = team_plan(created, options->threads);
    if (status != PN_OK) {
        team_free(created);
        return status;
    }
    *team = created;
    return PN_OK;
}

void team_free(struct team *team)
{
    if (team) {
        placement_free(&team->placement);
        free(team->unbound);
        free(team);
    }
}

size_t team_size(const struct team *team)
{
    return team->placement.threads;
}

size_t team_requested(const struct team *team)
{
    return team->requested;
}

bool team_bound(const struct team *team)
{
    for (size_t t = 0; t < team->placement.threads; t++) {
        if (team_pu(team, t) < 0) {
            return false;
        }
    }
    return true;
}

pn_status team_shrink(struct team *team, size_t threads)
{
    if (threads == 0 || threads >= team->placement.threads) {
        return PN_OK;
    }
    return team_plan(team, threads);
}

const char *team_placement_line(const struct team *team)
{
    return team->line;
}

long team_pu(const struct team *team, size_t thread)
{
    if (!team->placement.bind || team->unbound[thread]) {
        return -1;
    }
    return (long)team->placement.pu[thread];
}

static bool team_bind_to(hwloc_topology_t topology, size_t pu)
{
    hwloc_bitmap_t wanted = hwloc_bitmap_alloc();
    hwloc_bitmap_t reached = hwloc_bitmap_alloc();
    bool bound = wanted && reached && hwloc_bitmap_only(wanted, (unsigned)pu) == 0;
    bound = bound && hwloc_set_cpubind(topology, wanted, HWLOC_CPUBIND_THREAD) == 0 &&
            hwloc_get_cpubind(topology, reached, HWLOC_CPUBIND_THREAD) == 0 &&
            hwloc_bitmap_isequal(wanted, reached);
    hwloc_bitmap_free(wanted);
    hwloc_bitmap_free(reached);
    return bound;
}

/*
 * Binds the calling thread to its PU and returns the mask it had before; NULL if nothing was
 * changed. Where another team runs, the thread may roam over all that the process may
 * use: it may have been started by a bound one and have inherited its one core.
 */
static hwloc_bitmap_t team_bind(struct team_run *run, size_t thread)
{
    struct team *team = run->team;
    const hwloc_topology_t topology = team->machine->topology;
    if (!team->placement.bind) {
        return NULL;
    }
    hwloc_bitmap_t before = machine_save_mask(team->machine);
    if (before && !run->alone) {
        hwloc_set_cpubind(topology, team->machine->allowed, HWLOC_CPUBIND_THREAD);
    }
    const bool bound = before && run->alone && team_bind_to(topology, team->placement.pu[thread]);
    team->unbound[thread] = !bound;
    if (!bound) {
        atomic_fetch_add(&run->not_bound, 1);
    }
    return before;
}

/* Says what became of the binding, in the line and, where it is not as planned, to the log. */
static void team_report(const struct team_run *run)
{
    struct team *team = run->team;
    const size_t not_bound = atomic_load(&run->not_bound);
    char why[128];
    snprintf(why, sizeof why, "%zu of %zu threads could not be bound", not_bound,
             team->placement.threads);
    const char *override = !team->placement.bind || not_bound == 0 ? NULL
                           : run->alone                            ? why
                                        : "another fit runs in this process at the same time";
    struct placement_request request = team->request;
    report_line(team->line, sizeof team->line, team->machine, &request, &team->placement, override);
    if (override) {
        log_say(PN_LOG_WARNING, "%s", team->line);
    }
}

/* What each thread does. FE_DFL_ENV rounds to nearest, keeps subnormals and masks traps. */
static void team_thread(struct team_run *run, size_t thread)
{
    fenv_t environment;
    fegetenv(&environment);
    fesetenv(FE_DFL_ENV);
    hwloc_bitmap_t before = team_bind(run, thread);
    team_barrier(run->team, thread);
    if (thread == 0) {
        team_report(run);
    }
    run->body(run->context, thread);
    machine_restore_mask(run->team->machine, before);
    fesetenv(&environment);
}

/* The region, with OpenMP settings under which it can have all its threads; they are the calling
 * task's own and are given back. */
static void team_region(struct team_run *run, size_t threads)
{
    const int dynamic = omp_get_dynamic();
    const int levels = omp_get_max_active_levels();
    const int level = omp_get_active_level();
    omp_set_dynamic(0);
    if (levels <= level) {
        omp_set_max_active_levels(level + 1);
    }
#pragma omp parallel num_threads((int)threads) default(none) firstprivate(run, threads)
    {
        const size_t thread = (size_t)omp_get_thread_num();
        const size_t started = (size_t)omp_get_num_threads();
        if (thread == 0) {
            atomic_store(&run->started, started);
        }
        if (started == threads) {
            team_thread(run, thread);
        }
    }
    omp_set_max_active_levels(levels);
    omp_set_dynamic(dynamic);
}

pn_status team_run(struct team *team, void (*body)(void *context, size_t thread), void *context)
{
    const size_t threads = team->placement.threads;
    /* Within reason OpenMP gets its threads; a large count may be a user's mistake. */
    if (threads > team->placement.cores && !threads_available(threads - 1)) {
        return error_set(PN_ERROR_FAILED,
                         "team: the system does not start %zu threads; ask for fewer, or raise its "
                         "limits (ulimit -u, -v, the cgroup's pids.max)",
                         threads);
    }
    const pn_status status = barrier_create(threads, team->placement.group, &team->barrier);
    if (status != PN_OK) {
        return status;
    }
    struct team_run run = {.team = team, .body = body, .context = context};
    run.alone = atomic_fetch_add(&team_runs, 1) == 0;
    hwloc_bitmap_t mask = machine_save_mask(team->machine);
    team_region(&run, threads);
    machine_restore_mask(team->machine, mask);
    atomic_fetch_sub(&team_runs, 1);
    barrier_free(team->barrier);
    team->barrier = NULL;
    const size_t started = atomic_load(&run.started);
    if (started != threads) {
        return error_set(PN_ERROR_FAILED,
                         "team: OpenMP gave %zu of %zu threads; raise OMP_THREAD_LIMIT or ask for "
                         "%zu threads",
                         started, threads, started);
    }
    return PN_OK;
}

void team_barrier(struct team *team, size_t thread)
{
    const bool spin =
        team->placement.spin && atomic_load_explicit(&team_runs, memory_order_relaxed) == 1;
    barrier_wait(team->barrier, thread, spin);
}
