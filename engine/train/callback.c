#include "engine/train/best.h"

static const struct monitor *watched(const pn_callback *callback)
{
    const struct monitor *monitor = early_stopping_monitor(callback);
    return monitor != NULL ? monitor : checkpoint_monitor(callback);
}

pn_status callback_check(const pn_callback *callback, const pn_model *model, bool validated)
{
    const struct monitor *monitor = watched(callback);
    return monitor != NULL ? monitor_check(monitor, model, validated) : PN_OK;
}

size_t pn_callback_best_epoch(const pn_callback *callback)
{
    const struct monitor *monitor = watched(callback);
    return monitor != NULL ? monitor->best_epoch : 0;
}

void pn_callback_free(pn_callback *callback)
{
    if (callback == NULL) {
        return;
    }
    if (callback->free_user != NULL) {
        callback->free_user(callback->user);
    }
    *callback = (pn_callback){0};
}
