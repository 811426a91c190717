/* train/monitor.h: what early stopping and checkpoints watch. */
#ifndef PINION_TRAIN_MONITOR_H
#define PINION_TRAIN_MONITOR_H

#include "engine/model/model.h"

enum { MONITOR_NAME_SIZE = 32 };

/* A metric and the best it has been. Accuracies want to rise, losses to fall. */
struct monitor {
    const char *who; /* watches, for messages */
    char name[MONITOR_NAME_SIZE];
    double min_delta;
    double best;
    size_t best_epoch; /* 0: none yet */
};

/* PN_ERROR_USAGE, naming `who` (which must stay) and the known metrics, if there is no such metric.
 */
pn_status monitor_init(struct monitor *monitor, const char *who, const char *name,
                       double min_delta);

/* Forgets the best. */
void monitor_reset(struct monitor *monitor);

/* Whether a fit of the model will know the metric: PN_ERROR_USAGE if it is compiled without it, or
 * the metric needs validation data and there are none. */
pn_status monitor_check(const struct monitor *monitor, const pn_model *model, bool validated);

/* Takes an epoch's value; true if it is better than the best by more than min_delta, which NaN
 * never is. */
bool monitor_take(struct monitor *monitor, const pn_epoch *epoch);

#endif
