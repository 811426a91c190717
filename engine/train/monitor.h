/* train/monitor.h: what early stopping and checkpoints watch. */
#ifndef PINION_TRAIN_MONITOR_H
#define PINION_TRAIN_MONITOR_H

#include "engine/pinion.h"

enum { MONITOR_NAME_SIZE = 32 };

/* A metric and the best it has been. Accuracies want to rise, losses to fall. */
struct monitor {
    char name[MONITOR_NAME_SIZE];
    double min_delta;
    double best;
    size_t best_epoch; /* 0: none yet */
};

/* PN_ERROR_USAGE, naming `who` and the known metrics, if there is no such metric. */
pn_status monitor_init(struct monitor *monitor, const char *who, const char *name,
                       double min_delta);

/* Forgets the best. */
void monitor_reset(struct monitor *monitor);

/* Takes an epoch's value; *improved tells whether it is better than the best by more than min_delta
 * (NaN never is). PN_ERROR_USAGE if the metric needs validation data and there is none. */
pn_status monitor_take(struct monitor *monitor, const char *who, const pn_epoch *epoch,
                       bool *improved);

#endif
