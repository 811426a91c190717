/* train/best.h: what the library's own callbacks watch. */
#ifndef PINION_TRAIN_BEST_H
#define PINION_TRAIN_BEST_H

#include "engine/train/monitor.h"

/* NULL for other callbacks, and for a checkpoint that saves every epoch. */
const struct monitor *early_stopping_monitor(const pn_callback *callback);
const struct monitor *checkpoint_monitor(const pn_callback *callback);

/* Whether a fit of the model will know what the callback watches. PN_ERROR_USAGE. */
pn_status callback_check(const pn_callback *callback, const pn_model *model, bool validated);

#endif
