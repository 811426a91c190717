/* train.c: pinion train. */
#include <stdio.h>
#include <string.h>

#include "engine/model/net.h"
#include "tools/pinion/callbacks.h"
#include "tools/pinion/commands.h"
#include "tools/pinion/model_file.h"
#include "tools/pinion/progress.h"
#include "tools/pinion/report.h"
#include "tools/pinion/say.h"
#include "tools/program/stop.h"

static const char command[] = "train";

struct training {
    const struct settings *settings;
    struct net net; /* without --model */
    struct callbacks callbacks;
    pn_dataset *dataset;
    pn_model *model;
    bool from_file; /* not made here, nor from a config */
    pn_history *history;
    double load_seconds;
};

/* Options that contradict each other. */
static bool check_options(const struct settings *settings)
{
    static const struct {
        enum option_id option, other;
    } conflicts[] = {{OPTION_MODEL, OPTION_NET},
                     {OPTION_MODEL, OPTION_RESCALE},
                     {OPTION_EXPLAIN, OPTION_JSON},
                     {OPTION_EXPLAIN, OPTION_SAVE},
                     {OPTION_EXPLAIN, OPTION_CHECKPOINT}};
    for (size_t i = 0; i < sizeof conflicts / sizeof conflicts[0]; i++) {
        if (option_given(settings, conflicts[i].option) &&
            option_given(settings, conflicts[i].other)) {
            say_usage(command, "--%s and --%s do not go together",
                      option_table[conflicts[i].option].name,
                      option_table[conflicts[i].other].name);
            return false;
        }
    }
    if (option_given(settings, OPTION_RESCALE) && settings->rescale == 0) {
        say_usage(command, "--rescale 0 leaves nothing of the samples");
        return false;
    }
    return true;
}

/* Options of an optimizer that is not the one used. */
static bool check_optimizer_options(const struct settings *settings, pn_optimizer_kind kind)
{
    static const char *const names[] = {[PN_SGD] = "sgd", [PN_ADAM] = "adam"};
    static const struct {
        enum option_id option;
        pn_optimizer_kind kind;
    } needs[] = {{OPTION_MOMENTUM, PN_SGD},
                 {OPTION_NESTEROV, PN_SGD},
                 {OPTION_BETA_1, PN_ADAM},
                 {OPTION_BETA_2, PN_ADAM},
                 {OPTION_EPSILON, PN_ADAM}};
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        if (option_given(settings, needs[i].option) && kind != needs[i].kind) {
            say_usage(command, "--%s is an option of --optimizer %s, not of %s",
                      option_table[needs[i].option].name, names[needs[i].kind], names[kind]);
            return false;
        }
    }
    return true;
}

static void apply_optimizer_options(const struct settings *settings, pn_optimizer *optimizer)
{
    const struct {
        enum option_id option;
        double value;
        double *field;
    } fields[] = {{OPTION_LEARNING_RATE, settings->learning_rate, &optimizer->learning_rate},
                  {OPTION_MOMENTUM, settings->momentum, &optimizer->momentum},
                  {OPTION_BETA_1, settings->beta_1, &optimizer->beta_1},
                  {OPTION_BETA_2, settings->beta_2, &optimizer->beta_2},
                  {OPTION_EPSILON, settings->epsilon, &optimizer->epsilon}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (option_given(settings, fields[i].option)) {
            *fields[i].field = fields[i].value;
        }
    }
    if (option_given(settings, OPTION_NESTEROV)) {
        optimizer->nesterov = settings->nesterov;
    }
}

static int load_data(struct training *training)
{
    const struct settings *settings = training->settings;
    const double start = seconds_now();
    pn_status status = pn_dataset_load(settings->data, &training->dataset, NULL);
    if (status == PN_OK) {
        status = limit_samples(settings, &training->dataset);
    }
    if (status != PN_OK) {
        return say_failed(command, status);
    }
    training->load_seconds = seconds_now() - start;
    return 0;
}

/* Input, Rescaling and Flatten as the data wants them, then the layers of --net. */
static int build_model(struct training *training)
{
    const struct settings *settings = training->settings;
    size_t shape[PN_MAX_RANK];
    const size_t rank = pn_dataset_shape(training->dataset, shape);
    double scale = settings->rescale;
    if (!option_given(settings, OPTION_RESCALE)) {
        scale = pn_dataset_dtype(training->dataset) == PN_U8 ? 1.0 / 255 : 1;
    }
    pn_status status = pn_model_create(NULL, (uint32_t)settings->seed, &training->model);
    if (status == PN_OK) {
        status = pn_model_add(training->model, pn_input(rank, shape));
    }
    if (status == PN_OK && scale != 1) {
        status = pn_model_add(training->model, pn_rescaling(scale, 0));
    }
    if (status == PN_OK && rank != 1) {
        status = pn_model_add(training->model, pn_flatten());
    }
    if (status != PN_OK) {
        return say_failed(command, status);
    }
    for (size_t i = 0; i < training->net.count && status == PN_OK; i++) {
        const struct net_layer *added = &training->net.layers[i];
        status = pn_model_add(training->model, added->layer);
        if (status != PN_OK) {
            say_error(command, (int)status, "--net at character %zu: %s", added->position,
                      pn_error_message());
        }
    }
    return (int)status;
}

/* Whether a compiled model can go on with its optimizer's state: the options change its rate at
 * most. */
static bool keeps_optimizer(const struct settings *settings)
{
    static const enum option_id anew[] = {OPTION_OPTIMIZER, OPTION_MOMENTUM, OPTION_NESTEROV,
                                          OPTION_BETA_1,    OPTION_BETA_2,   OPTION_EPSILON,
                                          OPTION_METRICS};
    bool keep = true;
    for (size_t i = 0; i < sizeof anew / sizeof anew[0]; i++) {
        keep = keep && !option_given(settings, anew[i]);
    }
    return keep;
}

static int compile_model(struct training *training)
{
    const struct settings *settings = training->settings;
    pn_optimizer optimizer;
    const bool compiled = pn_model_optimizer(training->model, &optimizer);
    if (option_given(settings, OPTION_OPTIMIZER) || !compiled) {
        if (training->from_file && !option_given(settings, OPTION_OPTIMIZER)) {
            say_usage(command,
                      "%s brings no training set-up that pinion takes: name an --optimizer",
                      settings->model);
            return PN_ERROR_USAGE;
        }
        optimizer =
            strcmp(settings->optimizer, "sgd") == 0 ? pn_sgd(0.01, 0, false) : pn_adam(0.001);
    }
    if (!check_optimizer_options(settings, optimizer.kind)) {
        return PN_ERROR_USAGE;
    }
    apply_optimizer_options(settings, &optimizer);
    if (optimizer.nesterov && optimizer.momentum == 0) {
        say_usage(command, "--nesterov needs a --momentum above 0");
        return PN_ERROR_USAGE;
    }
    pn_status status;
    if (compiled && keeps_optimizer(settings)) {
        status = pn_model_set_learning_rate(training->model, optimizer.learning_rate);
    } else {
        if (pn_model_steps(training->model) > 0) {
            say_info("pinion: these options compile the model anew: the optimizer's state is lost");
        }
        status =
            pn_model_compile(training->model, optimizer, settings->loss,
                             strcmp(settings->metrics, "none") == 0 ? NULL : settings->metrics);
    }
    return status == PN_OK ? 0 : say_failed(command, status);
}

static int open_model(struct training *training)
{
    const struct settings *settings = training->settings;
    bool from_config;
    const int status = model_file_open(command, settings->model, (uint32_t)settings->seed,
                                       &from_config, &training->model);
    if (status != 0) {
        return status;
    }
    training->from_file = !from_config;
    if (!from_config && option_given(settings, OPTION_SEED)) {
        say_usage(command, "--seed does not go with a model file, which holds its own");
        return PN_ERROR_USAGE;
    }
    const size_t trained = pn_model_epochs(training->model);
    if (trained >= settings->epochs) {
        say_usage(command, "--epochs %zu: %s has trained %zu already, and --epochs is the last one",
                  (size_t)settings->epochs, settings->model, trained);
        return PN_ERROR_USAGE;
    }
    return 0;
}

static pn_fit_options fit_options(struct training *training)
{
    const struct settings *settings = training->settings;
    pn_fit_options options = pn_fit_options_default();
    options.epochs = settings->epochs;
    options.batch_size = settings->batch_size;
    options.validation_split = settings->validation_split;
    options.shuffle = strcmp(settings->shuffle, "on") == 0;
    options.callbacks = training->callbacks.list;
    options.callback_count = training->callbacks.count;
    options.run = run_options(settings);
    return options;
}

static int explain(struct training *training)
{
    const pn_fit_options options = fit_options(training);
    char *text;
    const pn_status status = pn_model_explain(training->model, training->dataset, &options, &text);
    if (status != PN_OK) {
        return say_failed(command, status);
    }
    fputs(text, stdout);
    pn_string_free(text);
    return 0;
}

static int save(const struct training *training, const char *file)
{
    const pn_status status = pn_model_save(training->model, file);
    return status == PN_OK ? 0 : say_failed(command, status);
}

static int report(const struct training *training)
{
    const struct settings *settings = training->settings;
    const struct callbacks *callbacks = &training->callbacks;
    const pn_callback *kept = callbacks->checkpoint;
    const bool in_file = kept && pn_callback_best_epoch(kept) > 0;
    const pn_callback *best = in_file ? kept : callbacks->early_stopping;
    const struct training_report facts = {.model = training->model,
                                          .history = training->history,
                                          .best_epoch = best ? pn_callback_best_epoch(best) : 0,
                                          .best_file = in_file ? callbacks->checkpoint_file : NULL,
                                          .saved = settings->save,
                                          .load_seconds = training->load_seconds};
    return report_training(command, &facts, settings->json);
}

static int fit(struct training *training)
{
    const struct settings *settings = training->settings;
    struct callbacks *callbacks = &training->callbacks;
    if (!settings->quiet) {
        callbacks->list[callbacks->count++] = progress_callback();
        say_set_before(progress_clear);
    }
    stop_on_signals("\npinion: finishing the step; once more ends at once\n");
    const pn_fit_options options = fit_options(training);
    const pn_status status =
        pn_model_fit(training->model, training->dataset, &options, &training->history);
    const bool interrupted = status == PN_ERROR_INTERRUPTED;
    progress_finish();
    if (status != PN_OK && !interrupted) {
        return say_failed(command, status);
    }
    if (interrupted && callbacks->checkpoint) {
        say_info("pinion: %s was kept", callbacks->checkpoint_file);
    }
    int result = 0;
    if (settings->save) {
        result = save(training, settings->save);
    }
    if (result == 0) {
        result = report(training);
    }
    return result == 0 && interrupted ? 128 + stop_signal() : result;
}

/* Whether --save can work, before hours go by: a checkpoint there would be checked the same. */
static int check_save(const struct settings *settings)
{
    const pn_checkpoint_options options = pn_checkpoint_options_default();
    pn_callback probe;
    const pn_status status = pn_model_checkpoint(settings->save, &options, &probe);
    if (status != PN_OK) {
        return say_failed(command, status);
    }
    pn_callback_free(&probe);
    return 0;
}

static int read_net(struct training *training)
{
    char error[256];
    if (training->settings->model ||
        net_parse(training->settings->net, &training->net, error, sizeof error)) {
        return 0;
    }
    say_usage(command, "--net %s", error);
    return PN_ERROR_USAGE;
}

static int train(struct training *training)
{
    const struct settings *settings = training->settings;
    int status = read_net(training);
    if (status == 0) {
        status = callbacks_create(settings, &training->callbacks);
    }
    if (status == 0 && settings->save) {
        status = check_save(settings);
    }
    if (status == 0) {
        status = load_data(training);
    }
    if (status == 0) {
        status = settings->model ? open_model(training) : build_model(training);
    }
    if (status == 0) {
        status = compile_model(training);
    }
    if (status != 0) {
        return status;
    }
    return settings->explain ? explain(training) : fit(training);
}

int train_run(const struct settings *settings)
{
    if (!check_options(settings)) {
        return PN_ERROR_USAGE;
    }
    struct training training = {.settings = settings};
    const int status = train(&training);
    pn_history_free(training.history);
    callbacks_free(&training.callbacks);
    net_free(&training.net);
    pn_model_free(training.model);
    pn_dataset_free(training.dataset);
    return status;
}
