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
    monitor->who = who;
    monitor->min_delta = fabs(min_delta);
    monitor_reset(monitor);
    return PN_OK;
}

pn_status monitor_check(const struct monitor *monitor, const pn_model *model, bool validated)
{
    static const char validation[] = "val_";
    const size_t prefix = sizeof validation - 1;
    if (strncmp(monitor->name, validation, prefix) == 0 && !validated) {
        return error_set(PN_ERROR_USAGE,
                         "%s monitors %s, but there is no validation data; give a validation split "
                         "or validation data, or monitor %s",
                         monitor->who, monitor->name, monitor->name + prefix);
    }
    if (wants_to_rise(monitor) && !model->accuracy) {
        return error_set(PN_ERROR_USAGE,
                         "%s monitors %s, but model %s is compiled without the metric accuracy; "
                         "compile it with that, or monitor %s",
                         monitor->who, monitor->name, model->name, validated ? "val_loss" : "loss");
    }
    return PN_OK;
}

bool monitor_take(struct monitor *monitor, const pn_epoch *epoch)
{
    double value = NAN;
    epoch_value(epoch, monitor->name, &value);
    const bool improved = wants_to_rise(monitor) ? value - monitor->min_delta > monitor->best
                                                 : value + monitor->min_delta < monitor->best;
    if (improved) {
        monitor->best = value;
        monitor->best_epoch = epoch->epoch;
    }
    return improved;
}
