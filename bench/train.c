/*
 * train.c: the command that trains networks and measures their steps against the roofline. The
 * contenders, each a network with a batch size, a thread count and a table of kernels, take turns.
 * A turn is two epochs of a fit: the first warms up and is timed part by part, the second counts.
 * The limits are measured before and after it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/bench.h"
#include "bench/bound.h"
#include "bench/network.h"
#include "bench/output.h"
#include "bench/parts.h"
#include "bench/stats.h"
#include "engine/base/error.h"
#include "engine/train/fit.h"
#include "engine/train/profile.h"

enum { MAX_TABLES = 8, MAX_TEAMS = 2 };

/* Samples of an epoch of the lesson's network, and its parameters: other epochs cost no more. */
enum { LESSON_SAMPLES = 48000, LESSON_PARAMETERS = 203530 };

static const struct {
    const char *spec;
    size_t input;
    pn_dtype dtype;
} default_networks[] = {
    {"dense 256 relu; dropout 0.2; dense 10 softmax", 784, PN_U8},
    {"dense 2048 relu; dense 2048 relu; dense 1000 softmax", 1024, PN_F32},
};

enum { DEFAULT_NETWORKS = sizeof default_networks / sizeof default_networks[0] };

/* A thread count: threads to measure limits on, as many as the fit's own. */
struct lane {
    struct measure measure;
    struct machine machine;
    struct probe_buffers buffers;
    bool levels[LEVEL_COUNT];                                     /* where some part's data lies */
    size_t iterations[MAX_TABLES][LEVEL_COUNT][PROBE_KIND_COUNT]; /* of probes; 0: not known yet */
};

/* What the rounds say of a part. */
struct part_sum {
    double least;      /* nanoseconds of all rounds' epochs */
    const char *limit; /* what bound it in the last one; NULL: overhead */
};

struct contender {
    const struct network *network;
    struct lane *lane;
    const struct simd_kernels *kernels;
    size_t table;
    size_t batch, samples, steps;
    pn_dataset *data;
    struct plan plan;
    struct profile profile;
    struct parts parts, rest_parts; /* of a whole step, of the epoch's last if it is smaller */
    double *seconds, *percents;     /* [rounds] of an epoch */
    struct part_sum *sums;          /* [parts] */
    long switches;                  /* of the process before an epoch that counts */
    long preemptions;               /* in the epochs that count, all threads together */
};

struct session {
    const struct bench_options *options;
    struct network networks[BENCH_LIST];
    size_t network_count;
    const struct simd_kernels *tables[MAX_TABLES];
    size_t table_count;
    struct lane lanes[MAX_TEAMS];
    size_t lane_count;
    struct contender *contenders;
    size_t contender_count;
    struct output output;
};

/* --- limits -------------------------------------------------------------------------------------
 */

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
static pn_status sample_probe(struct session *session, const struct contender *contender,
                              struct probe *probe, struct bound_rates *rates)
{
    struct lane *lane = contender->lane;
    size_t *iterations = &lane->iterations[contender->table][probe->level][probe->kind];
    pn_status status = PN_OK;
    if (*iterations == 0) {
        status = measure_calibrate(&lane->measure, probe_run, probe, session->options->sample_ns,
                                   iterations);
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

static pn_status sample_limits(struct session *session, const struct contender *contender,
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
                status = sample_probe(session, contender, &probe, rates);
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

static pn_status run_fit(struct contender *contender, double *seconds)
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
    contender->preemptions += involuntary_switches() - contender->switches;
    if (status == PN_OK) {
        *seconds = pn_history_epochs(history)[pn_history_count(history) - 1].seconds;
    }
    pn_history_free(history);
    return status;
}

static pn_status run_turn(struct session *session, struct contender *contender, size_t round)
{
    struct bound_rates rates = {0};
    pn_status status = sample_limits(session, contender, &rates);
    if (status == PN_OK) {
        status = run_fit(contender, &contender->seconds[round]);
    }
    if (status == PN_OK) {
        status = sample_limits(session, contender, &rates);
    }
    if (status != PN_OK) {
        return status;
    }
    double least = 0;
    for (size_t i = 0; i < contender->parts.count; i++) {
        struct part_sum *sum = &contender->sums[i];
        const double part = epoch_least(contender, i, &rates, &sum->limit);
        sum->least += part;
        least += part;
    }
    contender->percents[round] = 100 * least * 1e-9 / contender->seconds[round];
    return PN_OK;
}

/* --- results -------------------------------------------------------------------------------------
 */

/* What is said of a part: nanoseconds of a step, of one thread, as means of the rounds' epochs. */
struct part_report {
    const char *name, *limit;
    double ns, least;
    double percent_of_time;
    struct work work; /* of all threads, in a whole step */
};

static struct part_report report_part(const struct contender *contender, size_t index,
                                      size_t rounds, double total)
{
    const struct part *part = &contender->parts.list[index];
    uint64_t ns = 0;
    for (size_t i = 0; i < contender->parts.of_count; i++) {
        ns += contender->parts.of[i] == index ? profile_nanoseconds(&contender->profile, i) : 0;
    }
    struct part_report report = {.name = part->name, .limit = contender->sums[index].limit};
    const double steps = (double)(rounds * contender->steps);
    report.ns = (double)ns / steps / (double)contender->plan.threads;
    report.least = contender->sums[index].least / steps;
    report.percent_of_time = 100 * (double)ns / total;
    for (size_t i = 0; i < PART_WORKS; i++) {
        report.work.flops += part->works[i].flops;
        report.work.divisions += part->works[i].divisions;
        report.work.roots += part->works[i].roots;
        report.work.read += part->works[i].read;
        report.work.written += part->works[i].written;
    }
    return report;
}

static void print_part(FILE *out, const struct part_report *part)
{
    fprintf(out, "\n  %-40s %6.1f %% %11.2f us", part->name, part->percent_of_time,
            part->ns * 1e-3);
    if (part->limit != NULL) {
        fprintf(out, " %11.2f us %6.1f %% %s", part->least * 1e-3, 100 * part->least / part->ns,
                part->limit);
    }
}

static json_t *part_json(const struct part_report *part)
{
    json_t *json =
        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "percent_of_time", part->percent_of_time,
                  "microseconds", part->ns * 1e-3, "roofline_microseconds", part->least * 1e-3,
                  "flops", part->work.flops, "divisions", part->work.divisions, "roots",
                  part->work.roots, "bytes", part->work.read + part->work.written);
    if (json != NULL && part->limit != NULL) {
        json_object_set_new(json, "limit", json_string(part->limit));
    }
    return json;
}

/* The row's line and, under it, one for each part. */
static pn_status report(struct session *session, struct contender *contender)
{
    const struct network *network = contender->network;
    const size_t rounds = session->options->rounds, threads = contender->plan.threads;
    const double seconds = stats_median(contender->seconds, rounds);
    const double percent = stats_median(contender->percents, rounds);
    const double rate = (double)contender->samples / seconds;
    const double step_us = seconds * 1e6 / (double)contender->steps;
    char *line = NULL;
    size_t length;
    FILE *out = open_memstream(&line, &length);
    json_t *parts = json_object();
    if (out == NULL || parts == NULL) {
        return error_memory(0, "a row of results");
    }
    fprintf(out, "%-52s %5zu %7zu %-7s %3zu %11.0f %11.2f %10.1f", network->spec, network->input,
            contender->batch, contender->kernels->name, threads, rate, step_us, percent);
    if (contender->preemptions > 0) {
        fprintf(out, "  preempted %ld times", contender->preemptions);
    }
    double total = 0;
    for (size_t i = 0; i < contender->profile.parts; i++) {
        total += (double)profile_nanoseconds(&contender->profile, i);
    }
    for (size_t i = 0; i < contender->parts.count; i++) {
        const struct part_report part = report_part(contender, i, rounds, total);
        print_part(out, &part);
        json_object_set_new(parts, part.name, part_json(&part));
    }
    fclose(out);
    json_t *row =
        json_pack("{s:s, s:i, s:s, s:s, s:i, s:i, s:s, s:i, s:f, s:f, s:f, s:I, s:o}", "network",
                  network->spec, "input", (int)network->input, "dtype",
                  network->dtype == PN_U8 ? "u8" : "f32", "optimizer",
                  network->model->optimizer.kind == PN_ADAM ? "adam" : "sgd", "batch",
                  (int)contender->batch, "threads", (int)threads, "isa", contender->kernels->name,
                  "samples", (int)contender->samples, "samples_per_second", rate,
                  "microseconds_per_step", step_us, "percent_of_roofline", percent, "preemptions",
                  (json_int_t)contender->preemptions, "parts", parts);
    const pn_status status = line == NULL ? error_memory(length, "a row of results")
                                          : output_row(&session->output, row, line);
    free(line);
    return status;
}

/* --- setting up ----------------------------------------------------------------------------------
 */

static pn_status add_network(struct session *session, const char *spec, size_t input,
                             pn_dtype dtype)
{
    const pn_status status = network_create(spec, input, dtype, session->options->optimizer,
                                            &session->networks[session->network_count]);
    session->network_count += status == PN_OK;
    return status;
}

/* Samples of an epoch: as many as asked for, or whole batches that cost what the lesson's do. */
static size_t choose_samples(const struct session *session, const struct network *network,
                             size_t batch)
{
    if (session->options->samples > 0) {
        return session->options->samples;
    }
    const double budget =
        (double)LESSON_SAMPLES * LESSON_PARAMETERS / (double)network->model->parameters;
    if (budget >= LESSON_SAMPLES) {
        return batch > LESSON_SAMPLES ? batch : LESSON_SAMPLES;
    }
    return ((size_t)budget + batch) / batch * batch;
}

static pn_status add_networks(struct session *session)
{
    const struct bench_options *options = session->options;
    pn_status status = PN_OK;
    for (size_t i = 0; i < options->net_count && status == PN_OK; i++) {
        status = add_network(session, options->nets[i], options->input, options->dtype);
    }
    for (size_t i = 0; i < DEFAULT_NETWORKS && options->net_count == 0 && status == PN_OK; i++) {
        status = add_network(session, default_networks[i].spec, default_networks[i].input,
                             default_networks[i].dtype);
    }
    for (size_t i = 0; i < session->network_count && status == PN_OK; i++) {
        size_t most = 0;
        for (size_t b = 0; b < options->batch_count; b++) {
            const size_t samples =
                choose_samples(session, &session->networks[i], options->batches[b]);
            if (samples < options->batches[b]) {
                return error_set(PN_ERROR_USAGE, "--samples %zu: is less than a batch of %zu",
                                 samples, options->batches[b]);
            }
            most = samples > most ? samples : most;
        }
        status = network_make_data(&session->networks[i], most);
    }
    return status;
}

/* threads 0: one for each usable core. A second lane of as many threads is not kept. */
static pn_status add_lane(struct session *session, size_t threads)
{
    struct lane *lane = &session->lanes[session->lane_count];
    pn_status status = measure_create(threads, &lane->measure);
    if (status != PN_OK) {
        return status;
    }
    if (session->lane_count > 0 && session->lanes[0].measure.threads == lane->measure.threads) {
        measure_free(&lane->measure);
        return PN_OK;
    }
    session->lane_count++;
    return machine_create(lane->measure.threads, &lane->machine);
}

static pn_status add_lanes(struct session *session)
{
    const struct bench_options *options = session->options;
    if (options->threads > 0 || options->all_threads) {
        return add_lane(session, options->threads);
    }
    const pn_status status = add_lane(session, 1);
    return status == PN_OK ? add_lane(session, 0) : status;
}

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

static pn_status prepare(struct session *session, struct contender *contender)
{
    const pn_model *model = contender->network->model;
    const size_t rounds = session->options->rounds;
    contender->samples = choose_samples(session, contender->network, contender->batch);
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
    contender->seconds = calloc(rounds, sizeof *contender->seconds);
    contender->percents = calloc(rounds, sizeof *contender->percents);
    contender->sums = calloc(contender->parts.count, sizeof *contender->sums);
    if (contender->seconds == NULL || contender->percents == NULL || contender->sums == NULL) {
        return error_memory(rounds * sizeof *contender->seconds, "samples");
    }
    note_levels(contender);
    return PN_OK;
}

static pn_status add_contenders(struct session *session)
{
    const struct bench_options *options = session->options;
    const size_t most =
        session->network_count * options->batch_count * session->lane_count * session->table_count;
    session->contenders = calloc(most, sizeof *session->contenders);
    if (session->contenders == NULL) {
        return error_memory(most * sizeof *session->contenders, "contenders");
    }
    for (size_t i = 0; i < most; i++) {
        size_t rest = i;
        const size_t lane = rest % session->lane_count;
        rest /= session->lane_count;
        const size_t table = rest % session->table_count;
        rest /= session->table_count;
        struct contender *contender = &session->contenders[session->contender_count++];
        *contender = (struct contender){.network = &session->networks[rest / options->batch_count],
                                        .lane = &session->lanes[lane],
                                        .kernels = session->tables[table],
                                        .table = table,
                                        .batch = options->batches[rest % options->batch_count]};
        const pn_status status = prepare(session, contender);
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

static pn_status map_probes(struct lane *lane)
{
    enum memory_level deepest = LEVEL_L1;
    for (int level = LEVEL_L1; level < LEVEL_COUNT; level++) {
        deepest = lane->levels[level] ? (enum memory_level)level : deepest;
    }
    return probe_buffers_create(&lane->measure, &lane->machine, deepest, &lane->buffers);
}

static pn_status set_up(struct session *session)
{
    pn_status status =
        bench_tables(session->options->isa, session->tables, MAX_TABLES, &session->table_count);
    if (status == PN_OK) {
        status = add_networks(session);
    }
    if (status == PN_OK) {
        status = add_lanes(session);
    }
    if (status == PN_OK) {
        status = add_contenders(session);
    }
    for (size_t i = 0; i < session->lane_count && status == PN_OK; i++) {
        status = map_probes(&session->lanes[i]);
    }
    return status;
}

static void clean_up(struct session *session)
{
    for (size_t i = 0; i < session->contender_count; i++) {
        struct contender *contender = &session->contenders[i];
        parts_free(&contender->parts);
        parts_free(&contender->rest_parts);
        profile_free(&contender->profile);
        plan_free(&contender->plan);
        pn_dataset_free(contender->data);
        free(contender->seconds);
        free(contender->percents);
        free(contender->sums);
    }
    free(session->contenders);
    for (size_t i = 0; i < session->lane_count; i++) {
        probe_buffers_free(&session->lanes[i].buffers);
        measure_free(&session->lanes[i].measure);
    }
    for (size_t i = 0; i < session->network_count; i++) {
        network_free(&session->networks[i]);
    }
}

static pn_status run(struct session *session)
{
    const struct lane *last = &session->lanes[session->lane_count - 1];
    pn_status status = output_create(
        "train", session->options->json,
        session->table_count == 1 ? session->tables[0]->name : "all", last->measure.threads,
        team_placement_line(last->measure.team), probe_clock(),
        "network                                              input   batch isa     thr   "
        "samples/s "
        "    us/step % of roofline\n"
        "  part                                    % of time     a step          roofline  % of it",
        &session->output);
    if (status != PN_OK) {
        return status;
    }
    for (size_t round = 0; round < session->options->rounds && status == PN_OK; round++) {
        for (size_t i = 0; i < session->contender_count && status == PN_OK; i++) {
            status = run_turn(session, &session->contenders[i], round);
        }
    }
    for (size_t i = 0; i < session->contender_count && status == PN_OK; i++) {
        status = report(session, &session->contenders[i]);
    }
    if (status != PN_OK) {
        output_discard(&session->output);
        return status;
    }
    return output_finish(&session->output);
}

pn_status bench_train(const struct bench_options *options)
{
    struct session session = {.options = options};
    pn_status status = set_up(&session);
    if (status == PN_OK) {
        status = run(&session);
    }
    clean_up(&session);
    return status;
}
