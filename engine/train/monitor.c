#include "engine/train/monitor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/train/history.h"

static bool wants_to_rise(const struct monitor *monitor)
{
    return strstr(monitor->name, "accuracy") != NULL;
}

void monitor_reset(struct monitor *monitor)
{
    monitor->best = wants_to_rise(monitor) ? -INFINITY : INFINITY;
    monitor->best_epoch = 0;
}

pn_status monitor_init(struct monitor *monitor, const char *who, const char *name, double min_delta)
{
    const pn_epoch none = {0};
    double value;
    if (name == NULL || strlen(name) >= sizeof monitor->name || !epoch_value(&none, name, &value)) {
        return error_set(PN_ERROR_USAGE,
                         "%s: no metric \"%s\" to monitor; known: loss, accuracy, val_loss, "
                         "val_accuracy",
                         who, name != NULL ? name : "");
    }
    if (!isfinite(min_delta)) {
        return error_set(PN_ERROR_USAGE, "%s: min_delta must be a finite number", who);
    }
    snprintf(monitor->name, sizeof monitor->name, "%s", name);
    monitor->min_delta = fabs(min_delta);
    monitor_reset(monitor);
    return PN_OK;
}

pn_status monitor_take(struct monitor *monitor, const char *who, const pn_epoch *epoch,
                       bool *improved)
{
    double value = NAN;
    epoch_value(epoch, monitor->name, &value);
    if (isnan(value) && strncmp(monitor->name, "val_", 4) == 0 && epoch->val_seconds == 0.0) {
        return error_set(PN_ERROR_USAGE,
                         "%s monitors %s, but there is no validation data; give a validation split "
                         "or validation data, or monitor %s",
                         who, monitor->name, monitor->name + 4);
    }
    *improved = wants_to_rise(monitor) ? value - monitor->min_delta > monitor->best
                                       : value + monitor->min_delta < monitor->best;
    if (*improved) {
        monitor->best = value;
        monitor->best_epoch = epoch->epoch;
    }
    return PN_OK;
}
