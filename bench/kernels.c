/*
 * kernels.c: the command that times every kernel on every shape against the limit that binds it
 * and against plain loops. What is compared runs in turns, round after round, within milliseconds:
 * a machine that slows down slows all of them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/bound.h"
#include "bench/problems/instance.h"
#include "bench/filter.h"
#include "bench/output.h"
#include "bench/probe.h"
#include "bench/stats.h"
#include "engine/base/error.h"

enum { MAX_TABLES = 8 };

/* This much faster than the fastest that the limit was seen in any round: the work was miscounted
 * or not done. */
static const double IMPOSSIBLE_RATIO = 1.02;

/* Naive products of more multiplications than this run on their first rows only. */
static const double NAIVE_PRODUCTS = 3.2e7;

/* What takes turns on one row. */
enum contender { KERNEL, NAIVE_IKJ, NAIVE_IJK, FIRST_PROBE };
enum { CONTENDERS = FIRST_PROBE + PROBE_KIND_COUNT };

struct session {
    const struct bench_options *options;
    struct measure team;
    struct machine machine;
    struct probe_buffers probes;
    struct output output;
};

/* One row: a case on a table, with every thread's own data. */
struct row {
    struct session *session;
    const struct problem *problem;
    const struct simd_kernels *kernels;
    const struct naive_kernels *naive_ikj;
    struct work work;
    size_t naive_rows;
    double naive_scale;         /* of a naive sample to the whole case */
    struct arena *arenas;       /* [threads] */
    struct instance *instances; /* [threads] */
    struct probe probes[PROBE_KIND_COUNT];
    bool used[CONTENDERS];
    size_t iterations[CONTENDERS];
    double *samples[CONTENDERS]; /* [rounds] ns, or for probes the team's rate */
    double *percents, *sorted;   /* [rounds] scratch */
};

/* --- the work of one sample ------------------------------------------------------------------- */

static void run_kernel(void *context, size_t thread, size_t iterations)
{
    const struct row *row = context;
    instance_run(&row->instances[thread], iterations);
}

static void run_naive(const struct row *row, const struct naive_kernels *naive, size_t thread,
                      size_t iterations)
{
    struct operands operands = row->instances[thread].operands;
    operands.rows = row->naive_rows;
    for (size_t i = 0; i < iterations; i++) {
        row->problem->family->naive(naive, &operands);
    }
}

static void run_naive_ikj(void *context, size_t thread, size_t iterations)
{
    const struct row *row = context;
    run_naive(row, row->naive_ikj, thread, iterations);
}

static void run_naive_ijk(void *context, size_t thread, size_t iterations)
{
    run_naive(context, &naive_baseline, thread, iterations);
}

static measure_work contender_work(struct row *row, int contender, void **context)
{
    static const measure_work works[] = {run_kernel, run_naive_ikj, run_naive_ijk};
    if (contender < FIRST_PROBE) {
        *context = row;
        return works[contender];
    }
    *context = &row->probes[contender - FIRST_PROBE];
    return probe_run;
}

/* --- data ---------------------------------------------------------------------------------------
 */

enum { DATA_SEED = 1 };

static void fill_instance(void *context, size_t thread)
{
    const struct row *row = context;
    instance_fill(&row->instances[thread], DATA_SEED + (uint32_t)thread);
}

static pn_status map_instances(struct row *row)
{
    const size_t threads = row->session->team.threads;
    size_t batch, weights;
    uint64_t layout;
    instance_sizes(row->kernels, row->problem, &batch, &weights, &layout);
    row->arenas = calloc(threads, sizeof *row->arenas);
    row->instances = calloc(threads, sizeof *row->instances);
    if (row->arenas == NULL || row->instances == NULL) {
        return error_memory(threads * sizeof *row->instances, "operands");
    }
    for (size_t t = 0; t < threads; t++) {
        struct arena *arena = &row->arenas[t];
        if (!arena_reserve(arena, batch, 1) || !arena_reserve(arena, weights, 1)) {
            return error_memory(batch, "operands");
        }
        const pn_status status = arena_map(arena, "operands of a kernel");
        if (status != PN_OK) {
            return status;
        }
        void *batch_memory = arena_take(arena, batch, 1);
        instance_bind(row->kernels, row->problem, batch_memory, arena_take(arena, weights, 1),
                      &row->instances[t]);
    }
    return team_run(row->session->team.team, fill_instance, row);
}

static pn_status row_create(struct session *session, const struct problem *problem,
                            const struct simd_kernels *kernels, struct row *row)
{
    *row = (struct row){.session = session,
                        .problem = problem,
                        .kernels = kernels,
                        .naive_ikj = naive_for(kernels),
                        .work = problem->family->work(kernels, problem),
                        .naive_rows = problem->m,
                        .naive_scale = 1};
    const double products = (double)problem->m * (double)problem->n * (double)problem->k;
    if (problem->family->product && products > NAIVE_PRODUCTS) {
        row->naive_rows = (size_t)ceil((double)problem->m * NAIVE_PRODUCTS / products);
        row->naive_scale = (double)problem->m / (double)row->naive_rows;
    }

    const struct work *work = &row->work;
    const enum memory_level level = machine_level(&session->machine, bound_working_set(work));
    /* Compilers turn parts of the scalar table into vectors, so the scalar pipes do not bind it. */
    const struct simd_kernels *probing = kernels->lanes > 1 ? kernels : simd_best();
    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++) {
        row->probes[kind] = (struct probe){(enum probe_kind)kind, level, probing, &session->probes};
    }
    for (int i = 0; i < CONTENDERS; i++) {
        row->used[i] = true;
    }
    row->used[FIRST_PROBE + PROBE_FMA] = work->flops > 0;
    row->used[FIRST_PROBE + PROBE_DIVIDE] = work->divisions > 0;
    row->used[FIRST_PROBE + PROBE_SQRT] = work->roots > 0;
    const size_t rounds = session->options->rounds;
    const size_t bytes = (CONTENDERS + 2) * rounds * sizeof(double);
    double *samples = malloc(bytes);
    row->samples[0] = samples;
    if (samples == NULL) {
        return error_memory(bytes, "samples");
    }
    for (int i = 0; i < CONTENDERS; i++) {
        row->samples[i] = samples + (size_t)i * rounds;
    }
    row->percents = samples + CONTENDERS * rounds;
    row->sorted = row->percents + rounds;
    return map_instances(row);
}

static void row_free(struct row *row)
{
    for (size_t t = 0; row->arenas != NULL && t < row->session->team.threads; t++) {
        arena_free(&row->arenas[t]);
    }
    free(row->arenas);
    free(row->instances);
    free(row->samples[0]);
}

/* --- measuring and judging -----------------------------------------------------------------------
 */

static pn_status measure_row(struct row *row)
{
    struct session *session = row->session;
    void *context;
    for (int i = 0; i < CONTENDERS; i++) {
        if (row->used[i]) {
            const measure_work work = contender_work(row, i, &context);
            const pn_status status = measure_calibrate(
                &session->team, work, context, session->options->sample_ns, &row->iterations[i]);
            if (status != PN_OK) {
                return status;
            }
        }
    }
    for (size_t round = 0; round < session->options->rounds; round++) {
        for (int i = 0; i < CONTENDERS; i++) {
            if (!row->used[i]) {
                continue;
            }
            const measure_work work = contender_work(row, i, &context);
            double ns;
            const pn_status status =
                measure_sample(&session->team, work, context, row->iterations[i], &ns);
            if (status != PN_OK) {
                return status;
            }
            row->samples[i][round] = i < FIRST_PROBE ? ns
                                                     : probe_rate(&row->probes[i - FIRST_PROBE],
                                                                  session->team.threads, ns);
        }
    }
    return PN_OK;
}

/* The least time of one iteration by this round's probes, and which limit it comes from. */
static double limit_of(const struct row *row, size_t round, const char **limit)
{
    const double threads = (double)row->session->team.threads;
    struct bound_rates rates = {0};
    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++) {
        const struct probe *probe = &row->probes[kind];
        if (row->used[FIRST_PROBE + kind]) {
            *bound_rate(&rates, probe->kind, probe->level) =
                row->samples[FIRST_PROBE + kind][round] / threads;
        }
    }
    return bound_least(&row->work, &rates, row->probes[PROBE_READ].level, limit);
}

static double times_naive(struct row *row, int naive)
{
    const size_t rounds = row->session->options->rounds;
    for (size_t i = 0; i < rounds; i++) {
        row->sorted[i] = row->naive_scale * row->samples[naive][i] / row->samples[KERNEL][i];
    }
    return stats_median(row->sorted, rounds);
}

static pn_status report_row(struct row *row)
{
    struct session *session = row->session;
    const size_t rounds = session->options->rounds;
    const double threads = (double)session->team.threads;

    /* Ratios within each round: one round's samples are milliseconds apart. The limit's name is
     * that of the round in the middle. */
    const char *limit = NULL;
    double least = INFINITY;
    for (size_t i = 0; i < rounds; i++) {
        const double bound = limit_of(row, i, &limit);
        least = fmin(least, bound);
        row->percents[i] = row->sorted[i] = 100 * bound / row->samples[KERNEL][i];
    }
    const double percent = stats_median(row->sorted, rounds);
    size_t middle = 0;
    for (size_t i = 1; i < rounds; i++) {
        if (fabs(row->percents[i] - percent) < fabs(row->percents[middle] - percent)) {
            middle = i;
        }
    }
    limit_of(row, middle, &limit);
    const double times_ikj = times_naive(row, NAIVE_IKJ);
    const double times_ijk = times_naive(row, NAIVE_IJK);
    const double ns = stats_median(row->samples[KERNEL], rounds);

    const bool product = row->problem->family->product;
    const double work = product ? row->work.flops : row->work.read + row->work.written;
    const bool impossible = ns * IMPOSSIBLE_RATIO < least;
    char kernel[PROBLEM_NAME_SIZE], shape[PROBLEM_NAME_SIZE], line[256];
    problem_kernel(row->problem, kernel);
    problem_shape(row->problem, shape);
    snprintf(line, sizeof line, "%-32s %-14s %-7s %3zu %12.1f %8.2f %-7s %6.1f %-5s%s %8.2f %8.2f",
             kernel, shape, row->kernels->name, session->team.threads, ns, work * threads / ns,
             product ? "GFLOP/s" : "GB/s", percent, limit, impossible ? " IMPOSSIBLE" : "",
             times_ikj, times_ijk);
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:i, s:f, s:f, s:f, s:s, s:f, s:f, s:b}", "kernel", kernel, "isa",
        row->kernels->name, "shape", shape, "threads", (int)session->team.threads, "ns", ns,
        product ? "gflops" : "gbps", work * threads / ns, "percent_of_limit", percent, "limit",
        limit, "times_naive", times_ikj, "times_naive_ijk", times_ijk, "impossible", impossible);
    return output_row(&session->output, json, line);
}

/* --- the command
 * ---------------------------------------------------------------------------------- */

static bool matches(const regex_t *regex, const struct problem *problem)
{
    char kernel[PROBLEM_NAME_SIZE], shape[PROBLEM_NAME_SIZE];
    problem_kernel(problem, kernel);
    problem_shape(problem, shape);
    return filter_matches(regex, kernel, shape);
}

/* The filtered cases; the deepest level that any of them works in. */
static pn_status choose_cases(const char *filter, const struct simd_kernels *kernels,
                              const struct machine *machine, bool *chosen,
                              enum memory_level *deepest)
{
    regex_t regex;
    const pn_status status = filter_compile(filter, &regex);
    if (status != PN_OK) {
        return status;
    }
    size_t count = 0;
    *deepest = LEVEL_L1;
    for (size_t i = 0; i < problem_count; i++) {
        const struct problem *problem = &problem_list[i];
        chosen[i] = matches(&regex, problem);
        if (chosen[i]) {
            const struct work work = problem->family->work(kernels, problem);
            const enum memory_level level = machine_level(machine, bound_working_set(&work));
            *deepest = level > *deepest ? level : *deepest;
            count++;
        }
    }
    regfree(&regex);
    if (count == 0) {
        return error_set(PN_ERROR_USAGE,
                         "--filter '%s': no kernel and shape match; without it all are listed",
                         filter);
    }
    return PN_OK;
}

static pn_status run_rows(struct session *session, const bool *chosen,
                          const struct simd_kernels **tables, size_t count)
{
    for (size_t i = 0; i < problem_count; i++) {
        for (size_t table = 0; chosen[i] && table < count; table++) {
            struct row row;
            pn_status status = row_create(session, &problem_list[i], tables[table], &row);
            if (status == PN_OK) {
                status = measure_row(&row);
            }
            if (status == PN_OK) {
                status = report_row(&row);
            }
            row_free(&row);
            if (status != PN_OK) {
                return status;
            }
        }
    }
    return PN_OK;
}

static pn_status run_session(struct session *session, const bool *chosen, enum memory_level deepest,
                             const struct simd_kernels **tables, size_t count)
{
    pn_status status =
        probe_buffers_create(&session->team, &session->machine, deepest, &session->probes);
    if (status != PN_OK) {
        return status;
    }
    status = output_create(
        "kernels", session->options->json, count == 1 ? tables[0]->name : "all",
        session->team.threads, team_placement_line(session->team.team), probe_clock(),
        "kernel                           shape          isa     thr           ns     rate         "
        "% of limit    x ikj    x ijk",
        &session->output);
    if (status == PN_OK) {
        status = run_rows(session, chosen, tables, count);
        if (status == PN_OK) {
            return output_finish(&session->output);
        }
        output_discard(&session->output);
    }
    return status;
}

pn_status bench_kernels(const struct bench_options *options)
{
    const struct simd_kernels *tables[MAX_TABLES];
    size_t count;
    pn_status status = bench_tables(options->isa, tables, MAX_TABLES, &count);
    if (status != PN_OK) {
        return status;
    }
    struct session session = {.options = options};
    const size_t threads = options->threads == 0 && !options->all_threads ? 1 : options->threads;
    status = measure_create(threads, &session.team);
    if (status != PN_OK) {
        return status;
    }
    bool *chosen = calloc(problem_count, sizeof *chosen);
    enum memory_level deepest = LEVEL_L1;
    status = chosen == NULL ? error_memory(problem_count, "cases")
                            : machine_create(session.team.threads, &session.machine);
    if (status == PN_OK) {
        status = choose_cases(options->filter, tables[0], &session.machine, chosen, &deepest);
    }
    if (status == PN_OK) {
        status = run_session(&session, chosen, deepest, tables, count);
    }
    free(chosen);
    probe_buffers_free(&session.probes);
    measure_free(&session.team);
    return status;
}
