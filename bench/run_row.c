/*
 * run_row.c: one kernel on one shape against the limit that binds it and against plain loops. What
 * is compared runs in turns, round after round, within milliseconds: a machine that slows down
 * slows all of them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bound.h"
#include "bench/copies.h"
#include "bench/run.h"
#include "bench/stats.h"
#include "engine/base/error.h"

/* This much faster than the fastest that the limit was seen in any round: the work was miscounted
 * or not done. */
static const double IMPOSSIBLE_RATIO = 1.02;

/* Naive products of more multiplications than this run on their first rows only. */
static const double NAIVE_PRODUCTS = 8e6;

/* Where the number of samples is ours to choose, a row takes about so long, but no fewer than an
 * interval of the median at 95 % needs. Plain loops are no subject of ours: a few samples do. */
static const double ROW_NS = 1.2e9;
enum { LEAST_ROUNDS = 7, NAIVE_ROUNDS = 5 };

static const double CONFIDENCE = 0.95;

enum { DATA_SEED = 1 };

/* What takes turns. */
enum { KERNEL, NAIVE_IKJ, NAIVE_IJK, FIRST_PROBE };
enum { CONTENDERS = FIRST_PROBE + RUN_PROBES };

struct contender {
    measure_work work; /* NULL: takes no part */
    void *context;
    size_t iterations;
    double *samples; /* [rounds] ns, or of probes the team's rate; NAN: had no turn */
};

struct contest {
    struct run_team *team;
    const struct row *row;
    const struct naive_kernels *naive_ikj;
    size_t naive_rows;
    double naive_scale;    /* of a naive sample to the whole problem */
    struct copies *copies; /* [threads] */
    /* The work of a call, cut where its data lie in different levels. */
    struct work works[2];
    enum memory_level levels[2];
    struct contender contenders[CONTENDERS];
    size_t rounds;
    double *samples, *sorted; /* [CONTENDERS][rounds], [rounds] of scratch */
    struct run_result *result;
};

/* --- the work of one sample ----------------------------------------------------------------------
 */

static void run_kernel(void *context, size_t thread, size_t iterations)
{
    const struct contest *contest = context;
    struct copies *copies = &contest->copies[thread];
    const struct instance *instance = &copies->instance;
    if (contest->row->key.cache == CACHE_HOT) {
        instance_run(instance, iterations);
        return;
    }
    for (size_t i = 0; i < iterations; i++) {
        const struct operands *operands = copies_next(copies);
        operands->problem->family->run(instance->kernels, operands);
    }
}

static void run_naive(const struct contest *contest, const struct naive_kernels *naive,
                      size_t thread, size_t iterations)
{
    for (size_t i = 0; i < iterations; i++) {
        struct operands operands = *copies_next(&contest->copies[thread]);
        operands.rows = contest->naive_rows;
        operands.problem->family->naive(naive, &operands);
    }
}

static void run_naive_ikj(void *context, size_t thread, size_t iterations)
{
    const struct contest *contest = context;
    run_naive(contest, contest->naive_ikj, thread, iterations);
}

static void run_naive_ijk(void *context, size_t thread, size_t iterations)
{
    run_naive(context, &naive_baseline, thread, iterations);
}

/* --- where the data lie --------------------------------------------------------------------------
 */

/* What a call does to buffers that belong to a layer. */
static struct work weights_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    struct buffer list[PROBLEM_BUFFERS];
    memset(list, 0, sizeof list);
    problem->family->buffers(kernels, problem, list);
    struct work work = {0};
    for (int i = 0; i < PROBLEM_BUFFERS; i++) {
        const struct buffer *buffer = &list[i];
        const double bytes = (double)(buffer->rows * buffer->columns * buffer->element);
        const bool updated = buffer->weight && buffer->use == BUFFER_UPDATED;
        work.read += updated || (buffer->weight && buffer->use == BUFFER_INPUT) ? bytes : 0;
        work.written += updated || (buffer->weight && buffer->use == BUFFER_OUTPUT) ? bytes : 0;
        work.in_place += updated ? bytes : 0;
    }
    return work;
}

/* All of the work and its level; in the state of training what moves a layer's bytes, too, apart.
 */
static void cut_work(const struct machine *machine, const struct row *row, struct work works[2],
                     enum memory_level levels[2])
{
    works[0] = row->problem->family->work(row->kernels, row->problem);
    works[1] = (struct work){0};
    levels[0] = levels[1] = row->key.cache == CACHE_COLD
                                ? LEVEL_DRAM
                                : machine_level(machine, bound_working_set(&works[0]));
    if (row->key.cache != CACHE_TRAIN) {
        return;
    }
    const struct work weights = weights_work(row->kernels, row->problem);
    struct work batch = works[0];
    batch.read = fmax(batch.read - weights.read, 0);
    batch.written = fmax(batch.written - weights.written, 0);
    batch.in_place = fmin(fmax(batch.in_place - weights.in_place, 0), batch.written);
    levels[0] = machine_level(machine, bound_working_set(&batch));
    levels[1] = LEVEL_DRAM;
    if (levels[0] != levels[1]) {
        works[0] = batch;
        works[1] = weights;
    }
}

enum memory_level run_row_depth(const struct machine *machine, const struct row *row)
{
    struct work works[2];
    enum memory_level levels[2];
    cut_work(machine, row, works, levels);
    return levels[0] > levels[1] ? levels[0] : levels[1];
}

/* --- setting up ----------------------------------------------------------------------------------
 */

static void choose_probes(struct contest *contest)
{
    const struct simd_kernels *kernels = contest->row->kernels;
    /* Compilers turn parts of the scalar table into vectors, so the scalar pipes do not bind it. */
    const struct simd_kernels *probing = kernels->lanes > 1 ? kernels : simd_best();
    const struct work *work = &contest->works[0];
    for (int i = 0; i < RUN_PROBES; i++) {
        const bool weights = i >= RUN_WEIGHTS;
        const enum probe_kind kind = (enum probe_kind)(weights ? i - RUN_WEIGHTS + PROBE_READ : i);
        struct run_probe *probe = &contest->result->probes[i];
        probe->probe =
            (struct probe){kind, contest->levels[weights], probing, &contest->team->probes};
        switch (kind) {
        case PROBE_FMA:
            probe->used = work->flops > 0;
            break;
        case PROBE_DIVIDE:
            probe->used = work->divisions > 0;
            break;
        case PROBE_SQRT:
            probe->used = work->roots > 0;
            break;
        default:
            probe->used = contest->works[weights].read + contest->works[weights].written > 0;
        }
    }
}

static void choose_contenders(struct contest *contest)
{
    static const measure_work works[] = {run_kernel, run_naive_ikj, run_naive_ijk};
    for (int i = 0; i < FIRST_PROBE; i++) {
        contest->contenders[i] = (struct contender){.work = works[i], .context = contest};
    }
    for (int i = 0; i < RUN_PROBES; i++) {
        struct run_probe *probe = &contest->result->probes[i];
        contest->contenders[FIRST_PROBE + i] =
            (struct contender){.work = probe->used ? probe_run : NULL, .context = &probe->probe};
    }
}

static pn_status make_room(struct contest *contest)
{
    const size_t rounds = contest->rounds, threads = contest->team->measure.threads;
    const size_t values = (CONTENDERS + 1) * rounds;
    contest->samples = malloc(values * sizeof *contest->samples);
    contest->result->samples = malloc(rounds * sizeof *contest->result->samples);
    contest->copies = calloc(threads, sizeof *contest->copies);
    if (contest->samples == NULL || contest->result->samples == NULL || contest->copies == NULL) {
        return error_memory(values * sizeof *contest->samples, "samples");
    }
    for (size_t i = 0; i < values; i++) {
        contest->samples[i] = NAN;
    }
    for (size_t i = 0; i < CONTENDERS; i++) {
        contest->contenders[i].samples = contest->samples + i * rounds;
    }
    contest->sorted = contest->samples + CONTENDERS * rounds;
    return PN_OK;
}

/* Bytes of the last cache that a thread may count on. */
static size_t last_cache(const struct machine *machine)
{
    size_t bytes = 0;
    for (int level = LEVEL_L1; level < LEVEL_DRAM; level++) {
        bytes = machine->capacity[level] > 0 ? machine->capacity[level] : bytes;
    }
    return bytes;
}

/* Each thread touches its own data first; the first one's result is checked on the way. */
static void check_and_fill(void *context, size_t thread)
{
    const struct contest *contest = context;
    struct copies *copies = &contest->copies[thread];
    struct run_result *result = contest->result;
    if (thread == 0) {
        result->correct =
            instance_check(&copies->instance, DATA_SEED, result->message, sizeof result->message);
    }
    copies_fill(copies, DATA_SEED + (uint32_t)thread);
}

static pn_status contest_create(struct contest *contest)
{
    struct run_team *team = contest->team;
    const struct row *row = contest->row;
    const struct problem *problem = row->problem;
    contest->naive_ikj = naive_for(row->kernels);
    contest->naive_rows = problem->m;
    contest->naive_scale = 1;
    const double products = (double)problem->m * (double)problem->n * (double)problem->k;
    if (problem->family->product && products > NAIVE_PRODUCTS) {
        contest->naive_rows = (size_t)ceil((double)problem->m * NAIVE_PRODUCTS / products);
        contest->naive_scale = (double)problem->m / (double)contest->naive_rows;
    }
    contest->rounds = team->options->rounds > 0 ? team->options->rounds : RUN_ROUNDS;
    cut_work(&team->machine, row, contest->works, contest->levels);
    choose_probes(contest);
    choose_contenders(contest);
    pn_status status = make_room(contest);
    for (size_t t = 0; status == PN_OK && t < team->measure.threads; t++) {
        status = copies_create(row->kernels, problem, row->key.cache, last_cache(&team->machine),
                               &contest->copies[t]);
    }
    return status == PN_OK ? team_run(team->measure.team, check_and_fill, contest) : status;
}

static void contest_free(struct contest *contest)
{
    for (size_t t = 0; contest->copies != NULL && t < contest->team->measure.threads; t++) {
        copies_free(&contest->copies[t]);
    }
    free(contest->copies);
    free(contest->samples);
}

/* --- measuring -----------------------------------------------------------------------------------
 */

static pn_status calibrate(struct contest *contest)
{
    const struct run_options *options = contest->team->options;
    pn_status status = PN_OK;
    for (int i = 0; i < CONTENDERS && status == PN_OK; i++) {
        struct contender *contender = &contest->contenders[i];
        if (contender->work == NULL) {
            continue;
        }
        if (i == KERNEL && options->iterations > 0) {
            double unused;
            contender->iterations = options->iterations;
            status = measure_sample(&contest->team->measure, contender->work, contender->context,
                                    contender->iterations, &unused);
            continue;
        }
        status = measure_calibrate(&contest->team->measure, contender->work, contender->context,
                                   options->sample_ns, &contender->iterations);
    }
    return status;
}

/* Plain loops take part in a few rounds, spread over all. */
static bool has_turn(const struct contest *contest, int contender, size_t round)
{
    const size_t every = (contest->rounds + NAIVE_ROUNDS - 1) / NAIVE_ROUNDS;
    const bool naive = contender == NAIVE_IKJ || contender == NAIVE_IJK;
    return contest->contenders[contender].work != NULL && (!naive || round % every == 0);
}

static pn_status measure_round(struct contest *contest, size_t round)
{
    struct measure *measure = &contest->team->measure;
    for (int i = 0; i < CONTENDERS; i++) {
        struct contender *contender = &contest->contenders[i];
        if (!has_turn(contest, i, round)) {
            continue;
        }
        double ns;
        const pn_status status = measure_sample(measure, contender->work, contender->context,
                                                contender->iterations, &ns);
        if (status != PN_OK) {
            return status;
        }
        contender->samples[round] =
            i < FIRST_PROBE
                ? ns
                : probe_rate(&contest->result->probes[i - FIRST_PROBE].probe, measure->threads, ns);
    }
    return PN_OK;
}

/* What the first round took says how many a costly row can have. */
static void limit_rounds(struct contest *contest, double first_ns)
{
    const double affordable = floor(ROW_NS / first_ns);
    if (contest->team->options->rounds == 0 && affordable < (double)contest->rounds) {
        contest->rounds = affordable > LEAST_ROUNDS ? (size_t)affordable : LEAST_ROUNDS;
    }
}

static pn_status measure_rounds(struct contest *contest)
{
    const double start = measure_now();
    pn_status status = measure_round(contest, 0);
    limit_rounds(contest, measure_now() - start);
    for (size_t round = 1; round < contest->rounds && status == PN_OK; round++) {
        status = measure_round(contest, round);
    }
    return status;
}

/* --- judging -------------------------------------------------------------------------------------
 */

/* The least time of one call by this round's probes, and which limit it comes from. */
static double least_of(const struct contest *contest, size_t round, const char **limit)
{
    const double threads = (double)contest->team->measure.threads;
    struct bound_rates rates = {0};
    for (int i = 0; i < RUN_PROBES; i++) {
        const struct run_probe *probe = &contest->result->probes[i];
        if (probe->used) {
            *bound_rate(&rates, probe->probe.kind, probe->probe.level) =
                contest->contenders[FIRST_PROBE + i].samples[round] / threads;
        }
    }
    const double ns = bound_least(&contest->works[0], &rates, contest->levels[0], limit);
    /* What comes from memory and what a cache gives need not wait for each other. */
    const char *other;
    const double weights_ns = bound_least(&contest->works[1], &rates, contest->levels[1], &other);
    *limit = weights_ns > ns ? other : *limit;
    return fmax(ns, weights_ns);
}

/* Ratios within each round: its samples are milliseconds apart. The limit's name is that of the
 * round in the middle. */
static void judge_limit(struct contest *contest)
{
    struct run_result *result = contest->result;
    double least = INFINITY;
    for (size_t i = 0; i < contest->rounds; i++) {
        const double bound = least_of(contest, i, &result->limit);
        least = fmin(least, bound);
        contest->sorted[i] = 100 * bound / result->samples[i];
    }
    result->percent = stats_median(contest->sorted, contest->rounds);
    result->impossible = result->ns * IMPOSSIBLE_RATIO < least;
    double nearest = INFINITY;
    for (size_t i = 0; i < contest->rounds; i++) {
        const char *limit;
        const double distance =
            fabs(100 * least_of(contest, i, &limit) / result->samples[i] - result->percent);
        if (distance < nearest) {
            nearest = distance;
            result->limit = limit;
        }
    }
}

static double times_naive(struct contest *contest, int naive)
{
    size_t count = 0;
    for (size_t i = 0; i < contest->rounds; i++) {
        if (has_turn(contest, naive, i)) {
            contest->sorted[count++] = contest->naive_scale *
                                       contest->contenders[naive].samples[i] /
                                       contest->result->samples[i];
        }
    }
    return stats_median(contest->sorted, count);
}

static void judge_times(struct contest *contest)
{
    struct run_result *result = contest->result;
    const size_t rounds = contest->rounds;
    double *sorted = contest->sorted;
    memcpy(result->samples, contest->contenders[KERNEL].samples, rounds * sizeof *sorted);
    memcpy(sorted, result->samples, rounds * sizeof *sorted);
    result->ns = stats_median(sorted, rounds);
    stats_median_interval(sorted, rounds, CONFIDENCE, &result->low, &result->high);
    result->least = stats_quantile(sorted, rounds, 0);
    result->p90 = stats_quantile(sorted, rounds, 0.9);
    result->mad = stats_mad(sorted, rounds);
}

static void judge(struct contest *contest)
{
    struct run_result *result = contest->result;
    result->iterations = contest->contenders[KERNEL].iterations;
    result->rounds = contest->rounds;
    judge_times(contest);
    const double threads = (double)contest->team->measure.threads;
    result->rate = (result->product ? result->flops : result->bytes) * threads / result->ns;
    judge_limit(contest);
    result->times_ikj = times_naive(contest, NAIVE_IKJ);
    result->times_ijk = times_naive(contest, NAIVE_IJK);
    for (int i = 0; i < RUN_PROBES; i++) {
        struct run_probe *probe = &result->probes[i];
        const double *samples = contest->contenders[FIRST_PROBE + i].samples;
        memcpy(contest->sorted, samples, contest->rounds * sizeof *samples);
        probe->rate = probe->used ? stats_median(contest->sorted, contest->rounds) : 0;
    }
}

pn_status run_row(struct run_team *team, const struct row *row, struct run_result *result)
{
    const struct work work = row->problem->family->work(row->kernels, row->problem);
    *result = (struct run_result){.flops = work.flops,
                                  .bytes = work.read + work.written,
                                  .product = row->problem->family->product};
    struct contest contest = {.team = team, .row = row, .result = result};
    pn_status status = contest_create(&contest);
    if (status == PN_OK && result->correct) {
        status = calibrate(&contest);
        if (status == PN_OK) {
            status = measure_rounds(&contest);
        }
        if (status == PN_OK) {
            judge(&contest);
        }
    }
    contest_free(&contest);
    if (status != PN_OK) {
        run_result_free(result);
    }
    return status;
}

void run_result_free(struct run_result *result)
{
    free(result->samples);
    *result = (struct run_result){0};
}
