#include "engine/train/best.h"
#include "engine/train/monitor.h"

size_t pn_callback_best_epoch(const pn_callback *callback)
{
    if (!early_stopping_is(callback) && !checkpoint_is(callback)) {
        return 0;
    }
    return ((const struct monitor *)callback->user)->best_epoch;
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
