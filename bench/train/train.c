/*
 * train/train.c: the command that trains networks. It measures their steps against the roofline; or
 * with how many threads they get how much faster, see scaling.h; or how long they take to an
 * accuracy, see accuracy.h. The contenders take turns, so that a slow moment of the machine hits
 * all alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/train/accuracy.h"
#include "bench/command/bench.h"
#include "bench/train/network.h"
#include "bench/command/output.h"
#include "bench/train/scaling.h"
#include "bench/train/rows.h"
#include "bench/train/step.h"
#include "engine/base/error.h"

/* Samples of an epoch of the lesson's network, and its parameters: other epochs cost no more. */
enum { LESSON_SAMPLES = 48000, LESSON_PARAMETERS = 203530 };

/* Probes walk through a gigabyte at most, for each of so few thread counts all the time. */
enum { KEPT_LANES = 2 };

enum { DEFAULT_INPUT = 784 };

static const struct {
    const char *spec;
    size_t input;
    pn_dtype dtype;
} default_networks[] = {
    {"dense 256 relu; dropout 0.2; dense 10 softmax", DEFAULT_INPUT, PN_U8},
    {"dense 2048 relu; dense 2048 relu; dense 1000 softmax", 1024, PN_F32},
};

enum { DEFAULT_NETWORKS = sizeof default_networks / sizeof default_networks[0] };

static const size_t step_batches[] = {32, 480, 4096};
/* Larger ones need many epochs at the same learning rate. */
static const size_t accuracy_batches[] = {32, 480};

struct session {
    const struct bench_options *options;
    struct network networks[BENCH_LIST];
    size_t network_count;
    const struct simd_kernels *tables[TRAIN_MAX_TABLES];
    size_t table_count;
    struct lane lanes[SCALING_MOST];
    size_t lane_count;
    struct contender *contenders; /* the lanes of a network, batch size and table side by side */
    size_t contender_count;
    struct output output;
};

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

/* threads 0: one for each usable core. */
static pn_status add_lane(struct session *session, size_t threads)
{
    return lane_create(threads, &session->lanes[session->lane_count++]);
}

/* All thread counts up to what --threads says or the machine has. */
static pn_status add_scaling_lanes(struct session *session)
{
    struct lane whole;
    pn_status status = lane_create(session->options->threads, &whole);
    if (status == PN_OK) {
        size_t counts[SCALING_MOST];
        const size_t count = scaling_counts(whole.measure.threads, counts);
        for (size_t i = 0; i < count && status == PN_OK; i++) {
            status = add_lane(session, counts[i]);
        }
    }
    lane_free(&whole);
    return status;
}

static pn_status add_lanes(struct session *session)
{
    const struct bench_options *options = session->options;
    if (options->scaling) {
        return add_scaling_lanes(session);
    }
    if (options->threads > 0 || options->all_threads) {
        return add_lane(session, options->threads);
    }
    pn_status status = add_lane(session, 1);
    if (status == PN_OK) {
        status = add_lane(session, 0);
    }
    if (status == PN_OK && session->lanes[1].measure.threads == 1) {
        lane_free(&session->lanes[--session->lane_count]);
    }
    return status;
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
        const struct network *network = &session->networks[rest / options->batch_count];
        const size_t batch = options->batches[rest % options->batch_count];
        struct contender *contender = &session->contenders[session->contender_count++];
        *contender = (struct contender){.network = network,
                                        .lane = &session->lanes[lane],
                                        .kernels = session->tables[table],
                                        .table = table,
                                        .batch = batch,
                                        .samples = choose_samples(session, network, batch),
                                        .rounds = options->rounds};
        const pn_status status = contender_prepare(contender);
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

static pn_status set_up(struct session *session)
{
    pn_status status = bench_tables(session->options->isa, session->tables, TRAIN_MAX_TABLES,
                                    &session->table_count);
    if (status == PN_OK) {
        status = add_networks(session);
    }
    if (status == PN_OK) {
        status = add_lanes(session);
    }
    return status == PN_OK ? add_contenders(session) : status;
}

static void clean_up(struct session *session)
{
    for (size_t i = 0; i < session->contender_count; i++) {
        contender_free(&session->contenders[i]);
    }
    free(session->contenders);
    for (size_t i = 0; i < session->lane_count; i++) {
        lane_free(&session->lanes[i]);
    }
    for (size_t i = 0; i < session->network_count; i++) {
        network_free(&session->networks[i]);
    }
}

/* --- running -------------------------------------------------------------------------------------
 */

/* Forth and, in the next round, back: nobody always comes after the same one. */
static pn_status run_round(struct session *session, size_t round)
{
    pn_status status = PN_OK;
    for (size_t i = 0; i < session->contender_count && status == PN_OK; i++) {
        struct contender *contender =
            &session->contenders[round % 2 == 0 ? i : session->contender_count - 1 - i];
        status = contender_turn(contender, session->options->sample_ns);
        if (session->lane_count > KEPT_LANES) {
            lane_unmap(contender->lane);
        }
    }
    return status;
}

/* The row's line and, under it, one for each part. */
static pn_status report_step(struct session *session, struct contender *contender)
{
    if (contender->finished == 0) {
        return PN_OK;
    }
    const struct train_row row = train_row_of(contender);
    char *line = NULL;
    size_t length;
    FILE *out = open_memstream(&line, &length);
    if (out == NULL) {
        return error_memory(0, "a row of results");
    }
    train_row_print(out, contender, &row);
    train_notes_print(out, contender);
    train_parts_print(out, contender);
    fclose(out);
    const pn_status status =
        line == NULL ? error_memory(length, "a row of results")
                     : output_row(&session->output, train_row_json("step", contender, &row), line);
    free(line);
    return status;
}

/* The rounds that are finished, of an interrupted session too. */
static pn_status report(struct session *session)
{
    const size_t together = session->options->scaling ? session->lane_count : 1;
    pn_status status = PN_OK;
    for (size_t i = 0; i < session->contender_count && status == PN_OK; i += together) {
        struct contender *contender = &session->contenders[i];
        status = session->options->scaling ? scaling_report(contender, together, &session->output)
                                           : report_step(session, contender);
    }
    return status;
}

static pn_status run(struct session *session)
{
    const struct lane *last = &session->lanes[session->lane_count - 1];
    char titles[400];
    snprintf(titles, sizeof titles, "%s\n%s", train_row_titles, train_part_titles);
    const struct output_head head = {
        .command = "train",
        .isa = session->table_count == 1 ? session->tables[0]->name : session->options->isa,
        .threads = last->measure.threads,
        .placement = team_placement_line(last->measure.team),
        .clock_ghz = probe_clock(),
        .titles = session->options->scaling ? scaling_titles : titles,
    };
    pn_status status = output_create(&head, &session->options->output, &session->output);
    if (status != PN_OK) {
        return status;
    }
    for (size_t round = 0; round < session->options->rounds && status == PN_OK; round++) {
        status = run_round(session, round);
    }
    if (status == PN_OK || status == PN_ERROR_INTERRUPTED) {
        const pn_status reported = report(session);
        status = reported != PN_OK ? reported : status;
    }
    return output_end(&session->output, status);
}

static pn_status train_steps(const struct bench_options *options)
{
    struct session session = {.options = options};
    pn_status status = set_up(&session);
    if (status == PN_OK) {
        status = run(&session);
    }
    clean_up(&session);
    return status;
}

/* --- options -------------------------------------------------------------------------------------
 */

/* Options that do not go together. */
static pn_status check_options(const struct bench_options *options)
{
    const bool accuracy = options->accuracy > 0;
    if (accuracy && options->scaling) {
        return error_set(PN_ERROR_USAGE,
                         "--accuracy and --scaling are two measurements; give one of them");
    }
    if (accuracy && options->input > 0) {
        return error_set(PN_ERROR_USAGE,
                         "--input does not go with --accuracy: the data set decides; leave it out");
    }
    const char *alone = options->seeds > 0        ? "--seeds"
                        : options->epochs_max > 0 ? "--epochs-max"
                        : options->data != NULL   ? "--data"
                                                  : NULL;
    if (!accuracy && alone != NULL) {
        return error_set(PN_ERROR_USAGE, "%s: counts with --accuracy only; give a target to reach",
                         alone);
    }
    return PN_OK;
}

static void set_batches(struct bench_options *options)
{
    const size_t *batches = options->accuracy > 0 ? accuracy_batches : step_batches;
    const size_t bytes = options->accuracy > 0 ? sizeof accuracy_batches : sizeof step_batches;
    memcpy(options->batches, batches, bytes);
    options->batch_count = bytes / sizeof *batches;
}

pn_status bench_train(const struct bench_options *given)
{
    const pn_status status = check_options(given);
    if (status != PN_OK) {
        return status;
    }
    struct bench_options options = *given;
    if (options.batch_count == 0) {
        set_batches(&options);
    }
    if (options.accuracy == 0) {
        options.input = options.input > 0 ? options.input : DEFAULT_INPUT;
        return train_steps(&options);
    }
    if (options.net_count == 0) {
        options.nets[options.net_count++] = default_networks[0].spec;
    }
    return bench_accuracy(&options);
}
