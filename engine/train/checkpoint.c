/* Keras's ModelCheckpoint for whole models. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/format/save.h"
#include "engine/train/best.h"
#include "engine/train/monitor.h"

static const char *const who = "checkpoint";

struct checkpoint {
    struct monitor monitor; /* if save_best_only */
    bool save_best_only;
    bool saved; /* in this fit */
    char *file;
};

static pn_status save(struct checkpoint *checkpoint, const pn_model *model)
{
    const pn_status status = pn_model_save(model, checkpoint->file);
    checkpoint->saved = checkpoint->saved || status == PN_OK;
    return status;
}

static pn_status on_train_begin(void *user, pn_fit_view *view)
{
    (void)view;
    struct checkpoint *checkpoint = user;
    monitor_reset(&checkpoint->monitor);
    checkpoint->saved = false;
    return PN_OK;
}

static pn_status on_epoch_end(void *user, pn_fit_view *view)
{
    struct checkpoint *checkpoint = user;
    if (checkpoint->save_best_only && !monitor_take(&checkpoint->monitor, view->epoch)) {
        return PN_OK;
    }
    return save(checkpoint, view->model);
}

/* An interrupted fit leaves where it stands, but a best epoch's file is not given up for that. */
static pn_status on_train_end(void *user, pn_fit_view *view)
{
    struct checkpoint *checkpoint = user;
    const bool best_saved = checkpoint->save_best_only && checkpoint->saved;
    if (view->interrupted && !best_saved) {
        return save(checkpoint, view->model);
    }
    if (checkpoint->save_best_only && !checkpoint->saved) {
        log_say(PN_LOG_WARNING, "%s: %s was not written, as no epoch had a %s that is a number",
                who, checkpoint->file, checkpoint->monitor.name);
    }
    return PN_OK;
}

static void free_user(void *user)
{
    struct checkpoint *checkpoint = user;
    free(checkpoint->file);
    free(checkpoint);
}

pn_checkpoint_options pn_checkpoint_options_default(void)
{
    return (pn_checkpoint_options){.struct_size = sizeof(pn_checkpoint_options),
                                   .monitor = "val_loss"};
}

pn_status pn_model_checkpoint(const char *file, const pn_checkpoint_options *options,
                              pn_callback *callback)
{
    const pn_checkpoint_options defaults = pn_checkpoint_options_default();
    options = options != NULL ? options : &defaults;
    *callback = (pn_callback){0};
    pn_status status =
        check_struct_size(options->struct_size, sizeof *options, "pn_checkpoint_options");
    if (status != PN_OK) {
        return status;
    }
    struct checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (checkpoint == NULL) {
        return error_memory(sizeof *checkpoint, who);
    }
    checkpoint->save_best_only = options->save_best_only;
    checkpoint->file = strdup(file);
    status = checkpoint->file != NULL
                 ? monitor_init(&checkpoint->monitor, who, options->monitor, 0.0)
                 : error_memory(strlen(file) + 1, who);
    if (status == PN_OK) {
        status = format_check_path(file);
    }
    if (status != PN_OK) {
        free_user(checkpoint);
        return status;
    }
    *callback = (pn_callback){.user = checkpoint,
                              .on_train_begin = on_train_begin,
                              .on_epoch_end = on_epoch_end,
                              .on_train_end = on_train_end,
                              .free_user = free_user};
    return PN_OK;
}

const struct monitor *checkpoint_monitor(const pn_callback *callback)
{
    const struct checkpoint *checkpoint = callback->user;
    const bool watches = callback->on_epoch_end == on_epoch_end && checkpoint->save_best_only;
    return watches ? &checkpoint->monitor : NULL;
}
