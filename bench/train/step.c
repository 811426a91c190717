/*
 * A turn is two epochs of a fit: the first warms up and is timed part by part, the second counts.
 * The limits are measured before and after it.
 */
#include "bench/train/step.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/command/interrupt.h"
#include "engine/base/error.h"
#include "engine/train/fit.h"

/* --- limits -------------------------------------------------------------------------------------
 */

pn_status lane_create(size_t threads, struct lane *lane)
{
    *lane = (struct lane){0};
    pn_status status = measure_create(threads, &lane->measure);
    if (status == PN_OK) {
        status = machine_create(lane->measure.threads, &lane->machine);
    }
    return status;
}

static pn_status lane_map(struct lane *lane)
{
    enum memory_level deepest = LEVEL_L1;
    for (int level = LEVEL_L1; level < LEVEL_COUNT; level++) {
        deepest = lane->levels[level] ? (enum memory_level)level : deepest;
    }
    const pn_status status =
        probe_buffers_create(&lane->measure, &lane->machine, deepest, &lane->buffers);
    lane->mapped = status == PN_OK;
    return status;
}

void lane_unmap(struct lane *lane)
{
    probe_buffers_free(&lane->buffers);
    lane->mapped = false;
}

void lane_free(struct lane *lane)
{
    lane_unmap(lane);
    measure_free(&lane->measure);
}

/* The work of one thread if all have the same share. */
static struct work share(const struct work *work, size_t threads)
{
    const double part = 1.0 / (double)threads;
    return (struct work){.flops = work->flops * part,
                         .divisions = work->divisions * part,
                         .roots = work->roots * part,
                         .read = work->read * part,
                         .written = work->written * part,
                         .in_place = work->in_place * part};
}

static enum memory_level level_of(const struct lane *lane, const struct work *work)
{
    return machine_level(&lane->machine, bound_working_set(work));
}

/* The least time of a part in nanoseconds; *limit receives what binds its larger piece. */
static double part_least(const struct contender *contender, const struct part *part,
                         const struct bound_rates *rates, const char **limit)
{
    double sum = 0, largest = 0;
    *limit = NULL;
    for (size_t i = 0; i < PART_WORKS; i++) {
        const struct work work = share(&part->works[i], contender->plan.threads);
        const char *name;
        const double least = bound_least(&work, rates, level_of(contender->lane, &work), &name);
        if (least > largest) {
            largest = least;
            *limit = name;
        }
        sum += least;
    }
    return sum;
}

/* The same for all steps of an epoch. */
static double epoch_least(const struct contender *contender, size_t part,
                          const struct bound_rates *rates, const char **limit)
{
    const double whole = part_least(contender, &contender->parts.list[part], rates, limit);
    const double steps = (double)(contender->samples / contender->batch);
    const char *ignored;
    return contender->samples % contender->batch == 0
               ? steps * whole
               : steps * whole +
                     part_least(contender, &contender->rest_parts.list[part], rates, &ignored);
}

/* Raises *rate to what the probe shows now. */
static pn_status sample_probe(const struct contender *contender, struct probe *probe,
                              double sample_ns, struct bound_rates *rates)
{
    struct lane *lane = contender->lane;
    size_t *iterations = &lane->iterations[contender->table][probe->level][probe->kind];
    pn_status status = PN_OK;
    if (*iterations == 0) {
        status = measure_calibrate(&lane->measure, probe_run, probe, sample_ns, iterations);
    }
    double ns;
    if (status == PN_OK) {
        status = measure_sample(&lane->measure, probe_run, probe, *iterations, &ns);
    }
    if (status == PN_OK) {
        double *rate = bound_rate(rates, probe->kind, probe->level);
        *rate = fmax(*rate, probe_rate(probe, 1, ns));
    }
    return status;
}

static pn_status sample_limits(const struct contender *contender, double sample_ns,
                               struct bound_rates *rates)
{
    /* Compilers turn parts of the scalar table into vectors, so the scalar pipes do not bind it. */
    const struct simd_kernels *kernels =
        contender->kernels->lanes > 1 ? contender->kernels : simd_best();
    pn_status status = PN_OK;
    for (int kind = 0; kind < PROBE_KIND_COUNT && status == PN_OK; kind++) {
        const int levels = probe_is_bandwidth((enum probe_kind)kind) ? LEVEL_COUNT : 1;
        for (int level = LEVEL_L1; level < levels && status == PN_OK; level++) {
            struct probe probe = {(enum probe_kind)kind, (enum memory_level)level, kernels,
                                  &contender->lane->buffers};
            if (levels == 1 || contender->lane->levels[level]) {
                status = sample_probe(contender, &probe, sample_ns, rates);
            }
        }
    }
    return status;
}

/* --- turns ---------------------------------------------------------------------------------------
 */

/* Involuntary context switches of the process so far. */
static long involuntary_switches(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}

/* Attaches the profile for the first of the two epochs. */
static pn_status watch(void *user, pn_fit_view *view)
{
    struct contender *contender = user;
    const bool first = view->epoch->epoch < view->epochs;
    fit_set_profile(view->model->running, first ? &contender->profile : NULL);
    contender->switches = involuntary_switches();
    return PN_OK;
}

/* What a turn has seen. */
struct turn {
    struct bound_rates rates;
    double seconds; /* of the epoch that counts */
    long preemptions;
};

static pn_status run_fit(struct contender *contender, struct turn *turn)
{
    pn_callback callback = {.user = contender, .on_epoch_begin = watch};
    pn_fit_options options = pn_fit_options_default();
    options.epochs = contender->network->model->epochs + 2;
    options.batch_size = contender->batch;
    options.callbacks = &callback;
    options.callback_count = 1;
    options.run.threads = contender->plan.threads;
    options.run.isa = contender->kernels->name;
    pn_history *history;
    const pn_status status =
        pn_model_fit(contender->network->model, contender->data, &options, &history);
    turn->preemptions = involuntary_switches() - contender->switches;
    if (status == PN_OK) {
        turn->seconds = pn_history_epochs(history)[pn_history_count(history) - 1].seconds;
    } else if (status == PN_ERROR_INTERRUPTED) {
        interrupt_check(); /* says what becomes of the results; the fit, in which batch it was */
    }
    pn_history_free(history);
    return status;
}

static void finish_round(struct contender *contender, const struct turn *turn)
{
    const size_t round = contender->finished++;
    double least = 0;
    for (size_t i = 0; i < contender->parts.count; i++) {
        struct part_sum *sum = &contender->sums[i];
        const double part = epoch_least(contender, i, &turn->rates, &sum->limit);
        sum->least += part;
        least += part;
    }
    for (size_t i = 0; i < contender->profile.parts; i++) {
        contender->profiled[i] = profile_nanoseconds(&contender->profile, i);
    }
    contender->seconds[round] = turn->seconds;
    contender->least[round] = least * 1e-9;
    contender->percents[round] = 100 * contender->least[round] / turn->seconds;
    contender->preemptions += turn->preemptions;
}

pn_status contender_turn(struct contender *contender, double sample_ns)
{
    struct turn turn = {0};
    pn_status status = contender->lane->mapped ? PN_OK : lane_map(contender->lane);
    if (status == PN_OK) {
        status = sample_limits(contender, sample_ns, &turn.rates);
    }
    if (status == PN_OK) {
        status = run_fit(contender, &turn);
    }
    if (status == PN_OK) {
        status = sample_limits(contender, sample_ns, &turn.rates);
    }
    if (status == PN_OK) {
        finish_round(contender, &turn);
    }
    return status;
}

/* --- setting up ----------------------------------------------------------------------------------
 */

static void note_levels(struct contender *contender)
{
    for (size_t i = 0; i < contender->parts.count; i++) {
        for (size_t j = 0; j < PART_WORKS; j++) {
            const struct work work =
                share(&contender->parts.list[i].works[j], contender->plan.threads);
            contender->lane->levels[level_of(contender->lane, &work)] = true;
        }
    }
}

pn_status contender_prepare(struct contender *contender)
{
    const pn_model *model = contender->network->model;
    contender->steps = (contender->samples + contender->batch - 1) / contender->batch;
    pn_status status =
        pn_dataset_slice(contender->network->data, 0, contender->samples, &contender->data);
    if (status == PN_OK) {
        status = plan_build(model, PLAN_TRAIN, contender->network->dtype, contender->batch,
                            contender->lane->measure.threads, contender->kernels, &contender->plan);
    }
    if (status == PN_OK) {
        status = profile_create(&contender->plan, &contender->profile);
    }
    if (status == PN_OK) {
        status = parts_create(&contender->plan, model, contender->batch, &contender->parts);
    }
    const size_t rest = contender->samples % contender->batch;
    if (status == PN_OK && rest > 0) {
        status = parts_create(&contender->plan, model, rest, &contender->rest_parts);
    }
    if (status != PN_OK) {
        return status;
    }
    const size_t rounds = contender->rounds;
    contender->seconds = calloc(rounds, sizeof *contender->seconds);
    contender->least = calloc(rounds, sizeof *contender->least);
    contender->percents = calloc(rounds, sizeof *contender->percents);
    contender->sums = calloc(contender->parts.count, sizeof *contender->sums);
    contender->profiled = calloc(contender->profile.parts, sizeof *contender->profiled);
    if (contender->seconds == NULL || contender->least == NULL || contender->percents == NULL ||
        contender->sums == NULL || contender->profiled == NULL) {
        return error_memory(rounds * sizeof *contender->seconds, "samples");
    }
    note_levels(contender);
    return PN_OK;
}

void contender_free(struct contender *contender)
{
    parts_free(&contender->parts);
    parts_free(&contender->rest_parts);
    profile_free(&contender->profile);
    plan_free(&contender->plan);
    pn_dataset_free(contender->data);
    free(contender->seconds);
    free(contender->least);
    free(contender->percents);
    free(contender->sums);
    free(contender->profiled);
    *contender = (struct contender){0};
}
