/* train/history.h: what a fit tells afterwards. */
#ifndef PINION_TRAIN_HISTORY_H
#define PINION_TRAIN_HISTORY_H

#include "engine/pinion.h"

struct pn_history {
    pn_epoch *epochs;
    size_t count, capacity;
    size_t stopped_epoch;
    size_t interrupted_epoch, interrupted_batch;
    size_t threads, requested;
    const char *isa;
    char placement[512];
    double seconds, plan_seconds;
};

/* NULL: out of memory. */
pn_history *history_create(void);
pn_status history_add(pn_history *history, const pn_epoch *epoch);

/* Keras's name -> the value; false if there is no such metric. */
bool epoch_value(const pn_epoch *epoch, const char *name, double *value);

#endif
