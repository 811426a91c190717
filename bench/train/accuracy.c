/*
 * Time to an accuracy, by rules of our own. What counts is the data set's test samples, evaluated
 * after each epoch over the training samples. `seconds` are of the epochs' training alone;
 * `seconds_total` begin with an empty model and end when the fit does, evaluations and set-up
 * included. Reading the data set counts in neither. A mean is there if every seed reached the
 * target; from five seeds on it leaves out the fastest and the slowest.
 */
#include "bench/train/accuracy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine/measure.h"
#include "bench/train/network.h"
#include "bench/command/interrupt.h"
#include "bench/command/json_text.h"
#include "bench/command/output.h"
#include "bench/machine/probe.h"
#include "engine/base/error.h"

enum { MAX_TABLES = 8, DEFAULT_SEEDS = 5, DEFAULT_EPOCHS = 30, TRIMMED_SEEDS = 5 };

static const char titles[] =
    "network                                               batch isa     thr  target reached     "
    "seconds        from          to      in all\n"
    "  seed  accuracy  epochs     seconds      in all";

/* What came of one seed. */
struct trial {
    uint32_t seed;
    double target;
    double seconds, seconds_total;
    size_t epochs;
    double accuracy; /* after the last epoch */
    bool reached;
    char digest[33];
};

struct row {
    const char *spec;
    size_t batch;
    const struct simd_kernels *kernels;
    struct trial *trials; /* [seeds] */
    size_t finished;      /* of them */
};

struct session {
    struct bench_options options;
    pn_dataset *all, *train, *test;
    struct sample_form form;
    double load_seconds;
    const struct simd_kernels *tables[MAX_TABLES];
    size_t table_count;
    struct measure threads; /* how many, and where */
    struct row *rows;
    size_t row_count;
    struct trial *trials; /* [row_count][seeds] */
    struct trial *sorted; /* [seeds], working memory */
    struct output output;
};

/* What the seeds say together. */
struct summary {
    size_t reached;
    size_t counted; /* in what follows; 0: nothing follows */
    double seconds, low, high, seconds_total, epochs;
};

/* --- training ------------------------------------------------------------------------------------
 */

/* Ends the fit when the target is reached. */
static pn_status look(void *user, pn_fit_view *view)
{
    struct trial *trial = user;
    trial->epochs = view->epoch->epoch;
    trial->seconds += view->epoch->seconds;
    trial->accuracy = view->epoch->val_accuracy;
    trial->reached = trial->accuracy >= trial->target;
    view->stop = trial->reached;
    return PN_OK;
}

static pn_status train(const struct session *session, const struct row *row, struct trial *trial)
{
    const struct bench_options *options = &session->options;
    pn_callback callback = {.user = trial, .on_epoch_end = look};
    pn_fit_options fit = pn_fit_options_default();
    fit.epochs = options->epochs_max;
    fit.batch_size = row->batch;
    fit.validation_data = session->test;
    fit.callbacks = &callback;
    fit.callback_count = 1;
    fit.run.threads = session->threads.threads;
    fit.run.isa = row->kernels->name;
    pn_model *model;
    const double start = measure_now();
    pn_status status =
        network_model(row->spec, &session->form, options->optimizer, trial->seed, &model);
    if (status != PN_OK) {
        return status;
    }
    status = pn_model_fit(model, session->train, &fit, NULL);
    trial->seconds_total = (measure_now() - start) * 1e-9;
    if (status == PN_ERROR_INTERRUPTED) {
        interrupt_check(); /* says what becomes of the results; the fit, in which batch it was */
    }
    pn_model_digest(model, trial->digest);
    pn_model_free(model);
    return status;
}

/* Each row with a seed before the next seed; every other time the rows from the last to the first.
 * What interrupts behind a fit's last batch, no fit sees. */
static pn_status train_all(struct session *session)
{
    for (size_t i = 0; i < session->options.seeds; i++) {
        for (size_t j = 0; j < session->row_count; j++) {
            struct row *row = &session->rows[i % 2 == 0 ? j : session->row_count - 1 - j];
            row->trials[i] =
                (struct trial){.seed = (uint32_t)i + 1, .target = session->options.accuracy};
            pn_status status = interrupt_check();
            if (status == PN_OK) {
                status = train(session, row, &row->trials[i]);
            }
            if (status != PN_OK) {
                return status;
            }
            row->finished++;
        }
    }
    return PN_OK;
}

/* --- results -------------------------------------------------------------------------------------
 */

static int compare_seconds(const void *a, const void *b)
{
    const struct trial *left = a, *right = b;
    return (left->seconds > right->seconds) - (left->seconds < right->seconds);
}

/* Sorts the trials. */
static struct summary summarize(struct trial *trials, size_t count)
{
    struct summary summary = {0};
    for (size_t i = 0; i < count; i++) {
        summary.reached += trials[i].reached;
    }
    if (summary.reached < count) {
        return summary;
    }
    qsort(trials, count, sizeof *trials, compare_seconds);
    const size_t left_out = count >= TRIMMED_SEEDS ? 1 : 0;
    const struct trial *counted = trials + left_out;
    summary.counted = count - 2 * left_out;
    const double share = 1.0 / (double)summary.counted;
    for (size_t i = 0; i < summary.counted; i++) {
        summary.seconds += share * counted[i].seconds;
        summary.seconds_total += share * counted[i].seconds_total;
        summary.epochs += share * (double)counted[i].epochs;
    }
    summary.low = counted[0].seconds;
    summary.high = counted[summary.counted - 1].seconds;
    return summary;
}

static json_t *trial_json(const struct trial *trial)
{
    return json_pack("{s:i, s:f, s:f, s:i, s:f, s:b, s:s}", "seed", (int)trial->seed, "seconds",
                     trial->seconds, "seconds_total", trial->seconds_total, "epochs",
                     (int)trial->epochs, "accuracy", trial->accuracy, "reached", trial->reached,
                     "weights_digest", trial->digest);
}

/* null where there is no mean. */
static void set_mean(json_t *json, const char *key, const struct summary *summary, double value)
{
    json_object_set_new(json, key, summary->counted > 0 ? json_real(value) : json_null());
}

static json_t *row_json(const struct session *session, const struct row *row, json_t *seeds,
                        const struct summary *summary)
{
    const struct bench_options *options = &session->options;
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:o, s:i, s:i, s:i, s:i, s:s, s:f, s:i, s:f, s:o, s:i, s:i}", "kind",
        "accuracy", "network", row->spec, "optimizer",
        options->optimizer == PN_ADAM ? "adam" : "sgd", "dataset", json_text(options->data),
        "samples", (int)pn_dataset_count(session->train), "test_samples",
        (int)pn_dataset_count(session->test), "batch", (int)row->batch, "threads",
        (int)session->threads.threads, "isa", row->kernels->name, "target", options->accuracy,
        "epochs_max", (int)options->epochs_max, "load_seconds", session->load_seconds, "seeds",
        seeds, "reached", (int)summary->reached, "counted", (int)summary->counted);
    if (json != NULL) {
        set_mean(json, "seconds_mean", summary, summary->seconds);
        set_mean(json, "seconds_low", summary, summary->low);
        set_mean(json, "seconds_high", summary, summary->high);
        set_mean(json, "seconds_total_mean", summary, summary->seconds_total);
        set_mean(json, "epochs_mean", summary, summary->epochs);
    }
    return json;
}

static void print_trial(FILE *out, const struct trial *trial)
{
    fprintf(out, "\n  %4u %9.4f %7zu %9.3f s %9.3f s%s", (unsigned)trial->seed, trial->accuracy,
            trial->epochs, trial->seconds, trial->seconds_total,
            trial->reached ? "" : "  not reached");
}

static void print_summary(FILE *out, const struct session *session, const struct row *row,
                          const struct summary *summary)
{
    const size_t seeds = row->finished;
    char reached[48];
    snprintf(reached, sizeof reached, "%zu/%zu", summary->reached, seeds);
    fprintf(out, "%-52s %7zu %-7s %3zu %7.4g %7s", row->spec, row->batch, row->kernels->name,
            session->threads.threads, session->options.accuracy, reached);
    if (summary->counted > 0) {
        fprintf(out, " %9.3f s %9.3f s %9.3f s %9.3f s", summary->seconds, summary->low,
                summary->high, summary->seconds_total);
    } else {
        fprintf(out, "  no mean: %zu of %zu seeds did not get there in %zu epochs",
                seeds - summary->reached, seeds, session->options.epochs_max);
    }
    if (seeds < session->options.seeds) {
        fprintf(out, "  %zu of %zu seeds", seeds, session->options.seeds);
    }
}

static pn_status report_row(struct session *session, const struct row *row)
{
    const size_t count = row->finished;
    memcpy(session->sorted, row->trials, count * sizeof *row->trials);
    const struct summary summary = summarize(session->sorted, count);
    char *line = NULL;
    size_t length;
    FILE *out = open_memstream(&line, &length);
    json_t *seeds = json_array();
    if (out == NULL || seeds == NULL) {
        return error_memory(0, "a row of results");
    }
    print_summary(out, session, row, &summary);
    for (size_t i = 0; i < count; i++) {
        print_trial(out, &row->trials[i]);
        json_array_append_new(seeds, trial_json(&row->trials[i]));
    }
    fclose(out);
    json_t *json = row_json(session, row, seeds, &summary);
    const pn_status status = line == NULL ? error_memory(length, "a row of results")
                                          : output_row(&session->output, json, line);
    free(line);
    return status;
}

/* The seeds that are finished, of an interrupted session too. */
static pn_status report(struct session *session)
{
    pn_status status = PN_OK;
    for (size_t i = 0; i < session->row_count && status == PN_OK; i++) {
        if (session->rows[i].finished > 0) {
            status = report_row(session, &session->rows[i]);
        }
    }
    return status;
}

/* --- setting up ----------------------------------------------------------------------------------
 */

static pn_status load_data(struct session *session)
{
    const struct bench_options *options = &session->options;
    const double start = measure_now();
    pn_status status = pn_dataset_load(options->data, &session->all, &session->test);
    session->load_seconds = (measure_now() - start) * 1e-9;
    if (status != PN_OK) {
        return status;
    }
    const size_t count = pn_dataset_count(session->all);
    const size_t samples = options->samples > 0 ? options->samples : count;
    if (samples > count) {
        return error_set(PN_ERROR_USAGE,
                         "--samples %zu: %s has %zu for training; give at most those", samples,
                         options->data, count);
    }
    for (size_t i = 0; i < options->batch_count; i++) {
        if (options->batches[i] > samples) {
            return error_set(PN_ERROR_USAGE,
                             "--batch %zu: is more than the %zu samples of an epoch; give less",
                             options->batches[i], samples);
        }
    }
    session->form.rank = pn_dataset_shape(session->all, session->form.shape);
    session->form.dtype = pn_dataset_dtype(session->all);
    return pn_dataset_slice(session->all, 0, samples, &session->train);
}

/* Finds fault with the networks before the first of them trains. */
static pn_status check_networks(const struct session *session)
{
    const struct bench_options *options = &session->options;
    const size_t classes = pn_dataset_classes(session->all);
    for (size_t i = 0; i < options->net_count; i++) {
        pn_model *model;
        const pn_status status =
            network_model(options->nets[i], &session->form, options->optimizer, 1, &model);
        if (status != PN_OK) {
            return status;
        }
        const size_t outputs = pn_model_outputs(model);
        pn_model_free(model);
        if (outputs < classes) {
            return error_set(
                PN_ERROR_USAGE,
                "--net '%s': its last layer has %zu units, but %s has %zu classes; give "
                "it one for each",
                options->nets[i], outputs, options->data, classes);
        }
    }
    return PN_OK;
}

static pn_status add_rows(struct session *session)
{
    const struct bench_options *options = &session->options;
    session->row_count = options->net_count * options->batch_count * session->table_count;
    session->rows = calloc(session->row_count, sizeof *session->rows);
    session->trials = calloc(session->row_count * options->seeds, sizeof *session->trials);
    session->sorted = calloc(options->seeds, sizeof *session->sorted);
    if (session->rows == NULL || session->trials == NULL || session->sorted == NULL) {
        return error_memory(session->row_count * options->seeds * sizeof *session->trials,
                            "results");
    }
    for (size_t i = 0; i < session->row_count; i++) {
        const size_t outer = i / session->table_count;
        session->rows[i] = (struct row){.spec = options->nets[outer / options->batch_count],
                                        .batch = options->batches[outer % options->batch_count],
                                        .kernels = session->tables[i % session->table_count],
                                        .trials = session->trials + i * options->seeds};
    }
    return PN_OK;
}

static pn_status set_up(struct session *session)
{
    pn_status status =
        bench_tables(session->options.isa, session->tables, MAX_TABLES, &session->table_count);
    if (status == PN_OK) {
        status = measure_create(session->options.threads, &session->threads);
    }
    if (status == PN_OK) {
        status = load_data(session);
    }
    if (status == PN_OK) {
        status = check_networks(session);
    }
    return status == PN_OK ? add_rows(session) : status;
}

static void clean_up(struct session *session)
{
    free(session->rows);
    free(session->trials);
    free(session->sorted);
    measure_free(&session->threads);
    pn_dataset_free(session->train);
    pn_dataset_free(session->test);
    pn_dataset_free(session->all);
}

static pn_status run(struct session *session)
{
    const struct output_head head = {
        .command = "train",
        .isa = session->table_count == 1 ? session->tables[0]->name : session->options.isa,
        .threads = session->threads.threads,
        .placement = team_placement_line(session->threads.team),
        .clock_ghz = probe_clock(),
        .titles = titles,
    };
    pn_status status = output_create(&head, &session->options.output, &session->output);
    if (status != PN_OK) {
        return status;
    }
    status = train_all(session);
    if (status == PN_OK || status == PN_ERROR_INTERRUPTED) {
        const pn_status reported = report(session);
        status = reported != PN_OK ? reported : status;
    }
    return output_end(&session->output, status);
}

pn_status bench_accuracy(const struct bench_options *options)
{
    struct session session = {.options = *options};
    struct bench_options *own = &session.options;
    own->data = own->data != NULL ? own->data : "fashion-mnist";
    own->seeds = own->seeds > 0 ? own->seeds : DEFAULT_SEEDS;
    own->epochs_max = own->epochs_max > 0 ? own->epochs_max : DEFAULT_EPOCHS;
    pn_status status = set_up(&session);
    if (status == PN_OK) {
        status = run(&session);
    }
    clean_up(&session);
    return status;
}
