/* Keras's EarlyStopping: the rules of Keras 3 (patience 0 and 1 alike, never at the first epoch).
 */
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/model/model.h"
#include "engine/train/best.h"
#include "engine/train/monitor.h"

static const char *const who = "early stopping";

struct early_stopping {
    struct monitor monitor;
    size_t patience, wait;
    size_t epochs; /* seen in this fit */
    bool restore;
    float *weights; /* of the best epoch */
    size_t weights_size;
};

struct copy {
    float *at;
    bool to_model;
};

static bool copy_parameter(void *context, struct layer *layer, struct parameter *parameter,
                           const char *role)
{
    (void)layer;
    (void)role;
    struct copy *copy = context;
    float *destination = copy->to_model ? parameter->values : copy->at;
    const float *source = copy->to_model ? copy->at : parameter->values;
    memcpy(destination, source, parameter->count * sizeof(float));
    copy->at += parameter->count;
    return true;
}

static pn_status keep_weights(struct early_stopping *stopping, pn_model *model)
{
    if (stopping->weights_size != model->parameters) {
        free(stopping->weights);
        stopping->weights_size = 0;
        stopping->weights = malloc(model->parameters * sizeof(float));
        if (stopping->weights == NULL) {
            return error_memory(model->parameters * sizeof(float), "the best epoch's weights");
        }
        stopping->weights_size = model->parameters;
    }
    model_sync(model);
    struct copy copy = {stopping->weights, false};
    model_each_parameter(model, copy_parameter, &copy);
    return PN_OK;
}

static pn_status on_train_begin(void *user, pn_fit_view *view)
{
    (void)view;
    struct early_stopping *stopping = user;
    monitor_reset(&stopping->monitor);
    stopping->wait = stopping->epochs = 0;
    return PN_OK;
}

static pn_status on_epoch_end(void *user, pn_fit_view *view)
{
    struct early_stopping *stopping = user;
    pn_status status = PN_OK;
    const bool improved = monitor_take(&stopping->monitor, view->epoch);
    if (stopping->restore && (improved || stopping->epochs == 0)) {
        status = keep_weights(stopping, view->model);
    }
    stopping->epochs++;
    stopping->wait = improved ? 0 : stopping->wait + 1;
    if (!improved && view->epoch->epoch > 1 && stopping->wait >= stopping->patience) {
        view->stop = true;
    }
    return status;
}

static pn_status on_train_end(void *user, pn_fit_view *view)
{
    struct early_stopping *stopping = user;
    /* An interrupted fit stays where it stopped, so that another can go on from there. */
    if (stopping->restore && stopping->epochs > 0 && !view->interrupted) {
        struct copy copy = {stopping->weights, true};
        model_each_parameter(view->model, copy_parameter, &copy);
    }
    return PN_OK;
}

static void free_user(void *user)
{
    struct early_stopping *stopping = user;
    free(stopping->weights);
    free(stopping);
}

pn_early_stopping_options pn_early_stopping_options_default(void)
{
    return (pn_early_stopping_options){.struct_size = sizeof(pn_early_stopping_options),
                                       .monitor = "val_loss"};
}

pn_status pn_early_stopping(const pn_early_stopping_options *options, pn_callback *callback)
{
    const pn_early_stopping_options defaults = pn_early_stopping_options_default();
    options = options != NULL ? options : &defaults;
    *callback = (pn_callback){0};
    pn_status status =
        check_struct_size(options->struct_size, sizeof *options, "pn_early_stopping_options");
    if (status != PN_OK) {
        return status;
    }
    struct early_stopping *stopping = calloc(1, sizeof *stopping);
    if (stopping == NULL) {
        return error_memory(sizeof *stopping, who);
    }
    stopping->patience = options->patience;
    stopping->restore = options->restore_best_weights;
    status = monitor_init(&stopping->monitor, who, options->monitor, options->min_delta);
    if (status != PN_OK) {
        free_user(stopping);
        return status;
    }
    *callback = (pn_callback){.user = stopping,
                              .on_train_begin = on_train_begin,
                              .on_epoch_end = on_epoch_end,
                              .on_train_end = on_train_end,
                              .free_user = free_user};
    return PN_OK;
}

const struct monitor *early_stopping_monitor(const pn_callback *callback)
{
    const struct early_stopping *stopping = callback->user;
    return callback->on_epoch_end == on_epoch_end ? &stopping->monitor : NULL;
}
