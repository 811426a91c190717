#include "engine/train/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"

pn_history *history_create(void)
{
    return calloc(1, sizeof(pn_history));
}

pn_status history_add(pn_history *history, const pn_epoch *epoch)
{
    if (history->count == history->capacity) {
        const size_t capacity = 2 * history->capacity + 8;
        pn_epoch *grown = realloc(history->epochs, capacity * sizeof *grown);
        if (grown == NULL) {
            return error_memory(capacity * sizeof *grown, "the history");
        }
        history->epochs = grown;
        history->capacity = capacity;
    }
    history->epochs[history->count++] = *epoch;
    return PN_OK;
}

bool epoch_value(const pn_epoch *epoch, const char *name, double *value)
{
    const struct {
        const char *name;
        double value;
    } metrics[] = {{"loss", epoch->loss},
                   {"accuracy", epoch->accuracy},
                   {"val_loss", epoch->val_loss},
                   {"val_accuracy", epoch->val_accuracy}};
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        if (strcmp(metrics[i].name, name) == 0) {
            *value = metrics[i].value;
            return true;
        }
    }
    return false;
}

size_t pn_history_count(const pn_history *history)
{
    return history->count;
}

const pn_epoch *pn_history_epochs(const pn_history *history)
{
    return history->epochs;
}

double pn_history_value(const pn_history *history, const char *name, size_t index)
{
    double value;
    if (index >= history->count || !epoch_value(&history->epochs[index], name, &value)) {
        return NAN;
    }
    return value;
}

size_t pn_history_stopped_epoch(const pn_history *history)
{
    return history->stopped_epoch;
}

size_t pn_history_interrupted(const pn_history *history, size_t *batch)
{
    if (batch != NULL) {
        *batch = history->interrupted_batch;
    }
    return history->interrupted_epoch;
}

size_t pn_history_threads(const pn_history *history, size_t *requested)
{
    if (requested != NULL) {
        *requested = history->requested;
    }
    return history->threads;
}

const char *pn_history_isa(const pn_history *history)
{
    return history->isa;
}

const char *pn_history_placement(const pn_history *history)
{
    return history->placement;
}

double pn_history_seconds(const pn_history *history, double *plan)
{
    if (plan != NULL) {
        *plan = history->plan_seconds;
    }
    return history->seconds;
}

void pn_history_free(pn_history *history)
{
    if (history == NULL) {
        return;
    }
    free(history->epochs);
    free(history);
}
