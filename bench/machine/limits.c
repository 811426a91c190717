/* machine/limits.c: the command that measures what the machine can do at most. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/command/bench.h"
#include "bench/command/output.h"
#include "bench/machine/probe.h"
#include "bench/stats/stats.h"
#include "engine/base/error.h"

enum { MAX_TABLES = 8, MAX_PROBES = 128 };

/* One line of the results. */
struct limit {
    struct probe probe;
    struct measure *measure;
    size_t iterations;
    double *rates; /* [rounds] */
};

/* What the command holds: a team of one and the whole team, each with buffers of its own. */
struct session {
    struct measure teams[2];
    struct machine machines[2];
    struct probe_buffers buffers[2];
    size_t team_count;
    struct limit limits[MAX_PROBES];
    size_t limit_count;
    size_t rounds;
    size_t measured; /* rounds of which all limits are there */
    double *rates;   /* [limit_count][rounds] */
};

static void session_free(struct session *session)
{
    for (size_t i = 0; i < session->team_count; i++) {
        probe_buffers_free(&session->buffers[i]);
        measure_free(&session->teams[i]);
    }
    free(session->rates);
}

/* threads 0: one for each usable core. A second team of one is not kept. */
static pn_status add_team(struct session *session, size_t threads)
{
    const size_t i = session->team_count;
    pn_status status = measure_create(threads, &session->teams[i]);
    if (status != PN_OK) {
        return status;
    }
    if (i > 0 && session->teams[i].threads == 1) {
        measure_free(&session->teams[i]);
        return PN_OK;
    }
    session->team_count++;
    status = machine_create(session->teams[i].threads, &session->machines[i]);
    if (status == PN_OK) {
        status = probe_buffers_create(&session->teams[i], &session->machines[i], LEVEL_DRAM,
                                      &session->buffers[i]);
    }
    return status;
}

static void add_limit(struct session *session, enum probe_kind kind, enum memory_level level,
                      const struct simd_kernels *kernels, size_t team)
{
    if (session->limit_count == MAX_PROBES ||
        (probe_is_bandwidth(kind) && session->machines[team].probe[level] == 0)) {
        return;
    }
    session->limits[session->limit_count++] = (struct limit){
        .probe = {kind, level, kernels, &session->buffers[team]}, .measure = &session->teams[team]};
}

static void add_limits(struct session *session, const struct simd_kernels **tables, size_t count)
{
    for (int kind = PROBE_FMA; kind <= PROBE_SQRT; kind++) {
        for (size_t i = 0; i < count; i++) {
            for (size_t team = 0; team < session->team_count; team++) {
                add_limit(session, (enum probe_kind)kind, LEVEL_L1, tables[i], team);
            }
        }
    }
    for (int level = LEVEL_L1; level < LEVEL_COUNT; level++) {
        for (int kind = PROBE_READ; kind <= PROBE_TRIAD; kind++) {
            for (size_t team = 0; team < session->team_count; team++) {
                add_limit(session, (enum probe_kind)kind, (enum memory_level)level, tables[0],
                          team);
            }
        }
    }
}

/* All limits in turn, round after round, so that a slow moment of the machine hits all alike. */
static pn_status measure_limits(struct session *session, double sample_ns)
{
    const size_t values = session->limit_count * session->rounds;
    session->rates = malloc(values * sizeof *session->rates);
    if (session->rates == NULL) {
        return error_memory(values * sizeof *session->rates, "samples");
    }
    for (size_t i = 0; i < session->limit_count; i++) {
        struct limit *limit = &session->limits[i];
        limit->rates = session->rates + i * session->rounds;
        const pn_status status = measure_calibrate(limit->measure, probe_run, &limit->probe,
                                                   sample_ns, &limit->iterations);
        if (status != PN_OK) {
            return status;
        }
    }
    for (size_t round = 0; round < session->rounds; round++) {
        for (size_t i = 0; i < session->limit_count; i++) {
            struct limit *limit = &session->limits[i];
            double ns;
            const pn_status status =
                measure_sample(limit->measure, probe_run, &limit->probe, limit->iterations, &ns);
            if (status != PN_OK) {
                return status;
            }
            limit->rates[round] = probe_rate(&limit->probe, limit->measure->threads, ns);
        }
        session->measured++;
    }
    return PN_OK;
}

/* Bytes moved over bytes asked for when a missed store first reads its line. */
static double write_allocate(enum probe_kind kind)
{
    return kind == PROBE_COPY ? 3.0 / 2 : kind == PROBE_TRIAD ? 4.0 / 3 : 1;
}

static pn_status print_row(struct output *output, const char *limit, const char *level,
                           const char *isa, size_t threads, const char *unit, double median,
                           double best, double allocated)
{
    char line[200];
    int length = snprintf(line, sizeof line, "%-8s %-5s %-7s %7zu %10.2f %10.2f  %s", limit, level,
                          isa, threads, median, best, unit);
    json_t *row = json_pack("{s:s, s:s, s:i, s:s, s:f, s:f}", "limit", limit, "isa", isa, "threads",
                            (int)threads, "unit", unit, "value", median, "best", best);
    if (level[0] != '\0') {
        json_object_set_new(row, "level", json_string(level));
    }
    if (allocated > 0) {
        json_object_set_new(row, "with_write_allocate", json_real(allocated));
        if (allocated > median && length > 0 && (size_t)length < sizeof line) {
            snprintf(line + length, sizeof line - (size_t)length, " (%.2f with write-allocate)",
                     allocated);
        }
    }
    return output_row(output, row, line);
}

static pn_status print_limit(struct output *output, const struct session *session,
                             const struct limit *limit)
{
    static const char *const units[] = {"GFLOP/s", "Gdiv/s", "Gsqrt/s", "GB/s", "GB/s", "GB/s"};
    const struct probe *probe = &limit->probe;
    const bool bandwidth = probe_is_bandwidth(probe->kind);
    const double best = stats_max(limit->rates, session->measured);
    const double median = stats_median(limit->rates, session->measured);
    return print_row(output, probe_name(probe->kind),
                     bandwidth ? machine_level_name(probe->level) : "", probe->kernels->name,
                     limit->measure->threads, units[probe->kind], median, best,
                     bandwidth ? median * write_allocate(probe->kind) : 0);
}

static void run_barriers(void *context, size_t thread, size_t iterations)
{
    const struct measure *measure = context;
    for (size_t i = 0; i < iterations; i++) {
        team_barrier(measure->team, thread);
    }
}

static void run_nothing(void *context, size_t thread)
{
    (void)context;
    (void)thread;
}

/* What the team itself costs: a barrier, and the start and end of a region. */
static pn_status print_team(struct output *output, const struct session *session,
                            struct measure *measure, double sample_ns)
{
    size_t iterations;
    pn_status status = measure_calibrate(measure, run_barriers, measure, sample_ns, &iterations);
    double *samples = session->rates;
    double best = INFINITY;
    for (size_t round = 0; status == PN_OK && round < session->rounds; round++) {
        status = measure_sample(measure, run_barriers, measure, iterations, &samples[round]);
        best = fmin(best, samples[round]);
    }
    if (status == PN_OK) {
        status = print_row(output, "barrier", "", "-", measure->threads, "ns",
                           stats_median(samples, session->rounds), best, 0);
    }
    best = INFINITY;
    for (size_t round = 0; status == PN_OK && round < session->rounds; round++) {
        enum { REGIONS = 20 };
        const double start = measure_now();
        for (int i = 0; status == PN_OK && i < REGIONS; i++) {
            status = team_run(measure->team, run_nothing, NULL);
        }
        samples[round] = (measure_now() - start) / REGIONS;
        best = fmin(best, samples[round]);
    }
    if (status == PN_OK) {
        status = print_row(output, "region", "", "-", measure->threads, "ns",
                           stats_median(samples, session->rounds), best, 0);
    }
    return status;
}

/* What was measured, of an interrupted session too. */
static pn_status print_limits(struct output *output, const struct session *session)
{
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && session->measured > 0 && i < session->limit_count; i++) {
        status = print_limit(output, session, &session->limits[i]);
    }
    return status;
}

static pn_status run(struct session *session, const struct bench_options *options, const char *isa)
{
    const struct measure *whole = &session->teams[session->team_count - 1];
    struct output output;
    const struct output_head head = {
        .command = "limits",
        .isa = isa,
        .threads = whole->threads,
        .placement = team_placement_line(whole->team),
        .clock_ghz = probe_clock(),
        .titles = "limit    level isa     threads     median       best",
    };
    pn_status status = output_create(&head, &options->output, &output);
    if (status != PN_OK) {
        return status;
    }
    status = measure_limits(session, options->sample_ns);
    if (status == PN_OK || status == PN_ERROR_INTERRUPTED) {
        const pn_status printed = print_limits(&output, session);
        status = printed != PN_OK ? printed : status;
    }
    for (size_t i = 0; status == PN_OK && i < session->team_count; i++) {
        status = print_team(&output, session, &session->teams[i], options->sample_ns);
    }
    return output_end(&output, status);
}

pn_status bench_limits(const struct bench_options *options)
{
    const struct simd_kernels *tables[MAX_TABLES];
    size_t count;
    const char *isa = options->isa == NULL ? "all" : options->isa;
    pn_status status = bench_tables(isa, tables, MAX_TABLES, &count);
    if (status != PN_OK) {
        return status;
    }
    struct session session = {.rounds = options->rounds};
    status = add_team(&session, 1);
    if (status == PN_OK) {
        status = add_team(&session, options->all_threads ? 0 : options->threads);
    }
    if (status == PN_OK) {
        add_limits(&session, tables, count);
        status = run(&session, options, count == 1 ? tables[0]->name : isa);
    }
    session_free(&session);
    return status;
}
