/* run/contest.c: who takes part in measuring a row, and on which data. */
#include "bench/run/contest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"

/* Naive products of more multiplications than this run on their first rows only. */
static const double NAIVE_PRODUCTS = 8e6;

enum { DATA_SEED = 1 };

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

/* What a call, of which `work` is all, does to buffers that belong to a layer. */
static struct work weights_work(const struct row *row, const struct work *work)
{
    struct buffer list[PROBLEM_BUFFERS];
    memset(list, 0, sizeof list);
    row->problem->family->buffers(row->kernels, row->problem, list);
    double bytes[BUFFER_SCRATCH + 1] = {0};
    for (int i = 0; i < PROBLEM_BUFFERS; i++) {
        const struct buffer *buffer = &list[i];
        if (buffer->weight) {
            bytes[buffer->use] += (double)(buffer->rows * buffer->columns * buffer->element);
        }
    }
    /* Optimizers that need less state leave the rest of it alone. */
    const double updated = fmin(bytes[BUFFER_UPDATED], work->in_place);
    return (struct work){.read = bytes[BUFFER_INPUT] + updated,
                         .written = bytes[BUFFER_OUTPUT] + updated,
                         .in_place = updated};
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
    const struct work weights = weights_work(row, &works[0]);
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
        probe->probe = (struct probe){.kind = kind,
                                      .level = contest->levels[weights],
                                      .kernels = probing,
                                      .buffers = &contest->team->probes,
                                      .sliced = true};
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

pn_status contest_create(struct contest *contest)
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

void contest_free(struct contest *contest)
{
    for (size_t t = 0; contest->copies != NULL && t < contest->team->measure.threads; t++) {
        copies_free(&contest->copies[t]);
    }
    free(contest->copies);
    free(contest->samples);
}
