/* train/best.h: telling the library's own callbacks, which all start with a struct monitor. */
#ifndef PINION_TRAIN_BEST_H
#define PINION_TRAIN_BEST_H

#include "engine/pinion.h"

bool early_stopping_is(const pn_callback *callback);
bool checkpoint_is(const pn_callback *callback);

#endif
